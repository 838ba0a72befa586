/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What can go wrong in a hard thread, a row each.
 */
#ifndef FAULTS_H
#define FAULTS_H

/* exception.c: with a handler each is compared with the same in an ordinary thread. */
void exception_null(void);
void exception_divide(void);
void exception_ud2(void);
void exception_int3(void);
void exception_int3_long(void);
void exception_int4(void);
void exception_icebp(void);
void exception_step(void);
void exception_jump(void);
void exception_privileged(void);
void exception_x87(void);
void exception_fatal(void);

/* memory.c: a sibling takes memory away. */
void memory_unmap(void);

/* life.c: ends and beginnings */
void life_exit(void);
void life_thread_exit(void);
void life_owner_dead(void);
void life_fork(void);
void life_exec(void);
void life_kill_blocked(void);
void life_kill_ready(void);
void life_kill_hog(void);

/* signals.c */
void signal_stop(void);
void signal_stop_hog(void);
void signal_restart(void);
void signal_eintr(void);
void signal_hog(void);

#endif
