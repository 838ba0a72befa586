/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timers: per CPU a queue of deadlines in ns. A timer is one-shot (interval 0) or periodic on
 * the exact grid first + k * interval; grid points that pass unserved are counted in
 * overruns. Its times are on the monotonic clock or on CLOCK_REALTIME; there it follows each set of
 * that clock. Handlers run in the timer interrupt, hard masked, with no lock held; they may
 * start and stop any timer, their own too. One caller at a time may start a given timer.
 */
#ifndef NUCLEUS_TIMER_H
#define NUCLEUS_TIMER_H

#include "nucleus/lock.h"
#include "nucleus/tree.h"

#define NK_TIMER_BATCH 16	/* most expiries served in one interrupt */

enum nk_clock {
	NK_CLOCK_MONOTONIC,
	NK_CLOCK_REALTIME,
};

/*
 * Gravity: how much earlier than due the interrupt is asked for, as it takes a while from there to
 * where the time was meant to be met. Of all timers started from then on; 0 at first. A handler
 * may so run early, by less than that; a wait spends what is left of it before it returns, so
 * no thread sees the end of a wait before its time.
 */
enum nk_gravity_level {
	NK_GRAVITY_IRQ,			/* handlers */
	NK_GRAVITY_KERNEL,		/* waits of kernel threads */
	NK_GRAVITY_USER,		/* waits of user threads */
	NK_GRAVITY_LEVELS,
};

#define NK_GRAVITY_MAX	100000	/* ns; more than any latency worth living with */

extern int nk_gravity[NK_GRAVITY_LEVELS];

struct nk_timer {
	struct nk_tree_node node;	/* (b) in the queue of cpu, by its next interrupt */
	int armed;			/* (b) */
	int cpu;			/* (b) whose queue */
	int anticipates;		/* (c) by NK_GRAVITY_IRQ: initialised with a handler */
	int pinned;			/* (c) about its CPU: does not move when that goes offline */
	enum nk_clock clock;		/* (b) of first and due */
	nk_time_t early;		/* (b) how much before due it stands in its queue */
	nk_time_t interval;		/* (b) 0: one-shot */
	nk_time_t due;			/* (b) the expiry being, or last, served */
	unsigned long overruns;		/* (b) grid points skipped since the start */
	/* (c) NULL: the timer of a thread */
	void (*handler)(struct nk_timer *timer, nk_time_t now);
};

struct nk_timer_base {
	struct nk_lock lock;
	struct nk_tree queue;		/* (b) by the monotonic clock */
	struct nk_timer *running;	/* (a) whose handler runs on this CPU now */
	int serves;			/* (b) the CPU whose queue is used: another one's while offline */
	nk_time_t programmed;		/* (b) what the hardware waits for */
	int in_tick;			/* this CPU only: the hardware comes last */
	struct nk_tree real;		/* (b) by CLOCK_REALTIME */
	struct nk_timer alarm;		/* (b) for the first of these, in the queue */
};

/* The end of a wait, where that is an nk_time_t, at @t on CLOCK_REALTIME: a number below 0. */
static inline nk_time_t nk_until_realtime(nk_time_t t)
{
	return t == NK_TIME_NEVER ? t : ~t;
}

/* Context: any; never blocks. */
void nk_timer_base_init(struct nk_timer_base *base, int cpu);
void nk_timer_init(struct nk_timer *timer,
		   void (*handler)(struct nk_timer *timer, nk_time_t now));

/* Of a timer that is not armed: its clock from the next start on. Context: any; never blocks. */
void nk_timer_set_clock(struct nk_timer *timer, enum nk_clock clock);

/* What is started on CPU @cpu from now on goes to @to, which is online, or @cpu itself again.
 * Context: any; never blocks; takes the base lock. */
void nk_timer_redirect(int cpu, int to);

/* Move all timers of @cpu, which is redirected to @to, there, in order, but those that are pinned.
 * Context: in-band on @cpu, not hard masked; takes both base locks for a few timers at a time. */
void nk_timer_move_all(int cpu, int to);

/* Arm, or arm anew, for @first (absolute) and then each @interval (0: once) on this CPU.
 * Context: any; never blocks; takes the base lock. */
void nk_timer_start(struct nk_timer *timer, nk_time_t first, nk_time_t interval);

/* The same on CPU @cpu, which must have seen nk_cpu_init(), or on another if it is offline.
 * Context: any; never blocks; takes the base lock. */
void nk_timer_start_on(struct nk_timer *timer, int cpu, nk_time_t first, nk_time_t interval);

/* Disarm; returns 1 when it was armed. The handler may still run on another CPU.
 * Context: any; never blocks; takes the base lock. */
int nk_timer_stop(struct nk_timer *timer);

/* How long until it expires next, at least 1; 0: it is not armed.
 * Context: any; never blocks; takes the base lock. */
nk_time_t nk_timer_left(struct nk_timer *timer);

/* Disarm and wait until no CPU runs the handler, even one that starts the timer again.
 * Context: in-band, not hard masked; waits for at most one interrupt handler. */
int nk_timer_stop_sync(struct nk_timer *timer);

/* Program the hardware if another CPU queued something earlier here, or CLOCK_REALTIME was set.
 * Context: hard masked, on the CPU of @base; never blocks; takes the base lock. */
void nk_timer_kick(struct nk_timer_base *base);

/* Arm @timer, one-shot and of this CPU, for @after behind the first of the others; without any disarm
 * it. The hardware waits for the first then, and for nothing earlier.
 * Context: hard masked; never blocks; takes the base lock. */
void nk_timer_start_behind(struct nk_timer *timer, nk_time_t after);

/* 0 when the invariants of timer.c hold, else the number of the broken one.
 * Context: base lock held, or nobody else running. */
int nk_timer_base_check(const struct nk_timer_base *base);

#endif
