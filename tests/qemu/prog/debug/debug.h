/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Debuggers by hand: a tracer and a victim, a process with a hard thread that it forks.
 */
#ifndef DEBUG_H
#define DEBUG_H

#include <sys/ptrace.h>
#include <sys/user.h>
#include "hard.h"

/* What tracer and victim share. */
struct shared {
	int tid;		/* of the hard thread */
	int count;		/* what it has done */
	int stop;		/* it is to end */
	int value;		/* what may be watched */
	int hard;		/* it is hard now */
	long hardens;
	long faults;		/* relaxes of that reason */
};

extern struct shared *shared;

/* Fork a victim whose hard thread is @fn, on CPU @cpu; it is that far when this returns. */
pid_t victim_start(void *(*fn)(void *arg), void *arg, int cpu);

/* The victim's @fn calls this first: in-band, then hard. */
void victim_begin(void);

/* What is kept of the counters, for the tracer to see. Context: hard too. */
void victim_note(void);

/* Ask the victim to end, which must be by itself and well. */
void victim_end(pid_t pid);

/* Follow the hard thread, and stop it. */
void trace_begin(void);
void trace_interrupt(void);
void trace_end(void);

/* Go on by @request until the thread stops: the status as of waitpid(), shifted by 8. */
int trace_go(int request, int signal);

struct user_regs_struct trace_regs(void);
void trace_regs_set(const struct user_regs_struct *regs);
int trace_si_code(void);
void trace_debugreg_set(int n, unsigned long value);
unsigned long trace_debugreg(int n);

/* regs.c */
void regs_running(void);
void regs_changed(void);

/* waits.c */
void wait_sleep(void);
void wait_period(void);
void wait_mutex(void);
void wait_listen(void);
void attach_loop(void);
void tracer_killed(void);

/* breaks.c */
void break_watch(void);
void break_execute(void);
void break_neighbour(void);
void break_cpu_wide(void);
void step_calls(void);
void step_harden(void);

/* calls.c */
void calls_traced(void);
void calls_emulated(void);

#endif
