/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What Linux keeps per task, beside a hard thread that has it or whose neighbour has it.
 */
#ifndef TASK_H
#define TASK_H

#include "hard.h"

/* Run @fn as a hard thread on @cpu, or -1, to its end. */
static inline void hard_run(int cpu, void *(*fn)(void *arg), void *arg)
{
	pthread_join(hard_create("task", 15, cpu, fn, arg), NULL);
}

/* A process that is busy on CPU 1 once it has done @prepare; it ends with this one, or by
 * neighbour_end(), which calls @last in it. */
void neighbour_start(void (*prepare)(void), void (*last)(void));
void neighbour_end(void);

/* seccomp.c */
void filter_allows(void);
void filter_errno(void);
void filter_trap(void);
void filter_kill(void);
void filter_kill_thread(void);
void filter_park(void);
void filter_attach(void);
void filter_notify(void);
void filter_notify_keel(void);
void filter_strict(void);

/* cpu.c */
void rseq_forgotten(void);
void rseq_moved(void);
void membarrier_private(void);
void membarrier_global(void);
void membarrier_stranger(void);

/* odd.c */
void odd_refused(void);
void odd_ldt(void);
void odd_own(void);
void odd_ports(void);
void odd_tsc(void);
void odd_pkeys(void);
void odd_pkey_fault(void);

#endif
