/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scheduling classes. A thread without one is FIFO, and pays nothing for those that have one. What a
 * class decides is a thread's base priority at any time; all else, the run queue and inheritance too,
 * goes by that. A base of NK_PRIO_ROOT means that it is held: runnable, and in no queue. So whoever is
 * held, or lowered, while others wait for a mutex of his runs on with what they lend him.
 *
 * From above:	Linux in its slice; who has the scheduler lock; who holds what an EDF thread waits for;
 *		EDF, by deadline; 99 to 1: FIFO, RR, sporadic, quota and partitions alike, first come
 *		first served, weak ones at 1; Linux
 *
 * Budgets are counted in run time, by the CPU, at each switch from one thread to another, and one timer
 * of the CPU runs while the current thread has a budget. class.c has the rules.
 *
 * Keys as in thread.h, and (l) lock of the CPU's nk_class_cpu, (m) of the CPU it is on, hard masked.
 */
#ifndef NUCLEUS_CLASS_H
#define NUCLEUS_CLASS_H

#include "nucleus/thread.h"

#define NK_BUDGET_MIN	1000LL			/* ns */
#define NK_PERIOD_MIN	10000LL
#define NK_PERIOD_MAX	3600000000000LL
#define NK_EDF_MAX	64	/* threads of a CPU */
#define NK_GROUPS	16	/* of a CPU, from 0 */
#define NK_PARTITIONS	16	/* likewise */
#define NK_WINDOWS	32
#define NK_LOCKS_MAX	65535

struct nk_rq;

/* A moment at which all is counted but what @curr ran last. */
struct nk_budget_at {
	const struct nk_thread *curr;
	nk_time_t ran;
	nk_time_t now;
};

struct nk_class {
	/* What the base priority is now. (l) */
	int (*base)(const struct nk_thread *t);
	/* It becomes ready, or stops wanting the CPU; may be NULL. (q) */
	void (*wakes)(struct nk_thread *t, nk_time_t now);
	void (*stops)(struct nk_thread *t, nk_time_t now);
	/* It has run for so long; how long it may run on, or NK_TIME_NEVER; both may be NULL. (m) */
	void (*charge)(struct nk_thread *t, nk_time_t ran);
	nk_time_t (*left)(const struct nk_thread *t);
	/* What is left at @at, or would be if it woke up then; may be NULL. (l) (q) */
	void (*budget)(const struct nk_thread *t, const struct nk_budget_at *at, struct nk_budget *b);
	/* The current thread has nothing left. (l) */
	void (*spent)(struct nk_thread *t, nk_time_t now);
	/* It comes to this CPU, t->sched.cpu: 0, or an error and nothing has changed; and goes. (l) */
	int (*join)(struct nk_thread *t);
	void (*quit)(struct nk_thread *t);
};

extern const struct nk_class nk_class_rr, nk_class_edf, nk_class_sporadic, nk_class_quota, nk_class_tp,
	nk_class_weak;

/* Threads that are held and let go together. */
struct nk_gate {
	int open;		/* (l) */
	struct nk_list members;	/* (l) by sched.node */
};

struct nk_group {
	struct nk_gate gate;
	nk_time_t budget;	/* (l) 0: there is no such group */
	nk_time_t period;	/* (l) */
	nk_time_t left;		/* (m) */
	struct nk_timer timer;
};

struct nk_window {
	int partition;		/* -1: nobody's */
	nk_time_t length;
};

struct nk_frame {
	struct nk_window windows[NK_WINDOWS];
	int count;		/* 0: no partition ever runs */
};

/* Of a CPU. */
struct nk_class_cpu {
	struct nk_lock lock;
	struct nk_timer timer;		/* (m) end of the current thread's budget */
	int edf_count;			/* (l) */
	struct nk_list edf;		/* (l) */
	struct nk_group groups[NK_GROUPS];
	struct nk_gate partitions[NK_PARTITIONS];
	struct nk_frame frame;		/* (l) */
	int window;			/* (l) the one that is open */
	nk_time_t window_end;		/* (l) */
	struct nk_timer tp_timer;
};

extern struct nk_class_cpu nk_class_cpus[HAL_MAX_CPUS];

/* Percent of a CPU that EDF threads may be promised. Context: in-band writes, any reads. */
extern int nk_edf_percent;

/* ---- for users ------------------------------------------------------------------------------ */

/* Give @t another class and parameters: 0; -EINVAL: out of range, no such group; -EPERM: above @t's
 * limit; -EBUSY: it does not fit; -EWOULDBLOCK: its CPU is another that is online, ask there; then nothing has
 * changed. A thread asks for itself, in-band for any that is pinned.
 * Context: any; may switch; takes all ranks up to timer base. */
int nk_class_set(struct nk_thread *t, const struct nk_sched_attr *attr);

/* What @t has. Context: as set. */
void nk_class_get(const struct nk_thread *t, struct nk_sched_attr *attr);

/* The user's priority is another one: by nk_thread_set_prio(). -EPERM: its limit; -EINVAL: of EDF and weak threads it
 * is not theirs to say, and a sporadic server's stays above its low one.
 * Context: any, hard masked, @flags as saved; takes all ranks. */
int nk_class_set_prio(struct nk_thread *t, int prio, hal_flags_t flags);

/* Quota group @group of @cpu: @budget in each @period for all its threads; 0: no more. While it has threads its
 * budget may change, from the next period on, and nothing else.
 * -EINVAL; -EBUSY: it has threads. Context: in-band; takes all ranks. */
int nk_group_set(int cpu, int group, nk_time_t budget, nk_time_t period);

/* The first that there is not: its number, -EINVAL or -ENOSPC. Context: in-band; takes all ranks. */
int nk_group_add(int cpu, nk_time_t budget, nk_time_t period);

/* What a group has; budget 0: there is none. -EINVAL. Context: in-band; takes the class lock. */
int nk_group_get(int cpu, int group, nk_time_t *budget, nk_time_t *period);

/* The windows of @cpu, from now on; those of no partition stay empty. -EINVAL.
 * Context: in-band; takes all ranks. */
int nk_frame_set(int cpu, const struct nk_frame *frame);

/* Those that @cpu has. -EINVAL. Context: in-band; takes the class lock. */
int nk_frame_get(int cpu, struct nk_frame *frame);

/* No other thread gets the caller's CPU while it wants that, until as many unlocks. -EPERM: it is not
 * locked, or the caller's limit is below the highest priority; -EOVERFLOW. Linux gets its share all the same.
 * Context: oob; may switch. */
int nk_sched_lock(void);
int nk_sched_unlock(void);

/* The caller's call on an object is over: a weak thread without a mutex is to go in-band now.
 * Context: oob, hard masked; never blocks. */
void nk_weak_call_ended(struct nk_thread *t);

/* ---- for the nucleus ------------------------------------------------------------------------ */

/* Context: in-band, before CPU @cpu runs anything, and after; the second waits for handlers. */
void nk_class_init(int cpu);
void nk_class_exit(int cpu);

/* @t, in-band, comes to @cpu from another, by @move: -EBUSY when its class has no room there.
 * Context: hard masked, on @cpu; takes all ranks. */
int nk_class_move(struct nk_thread *t, int cpu, void (*move)(struct nk_thread *t, int cpu));

/* @t, which has a class, is recalled, or is not any more: then a class does not hold it.
 * Context: hard masked; takes all ranks. */
void nk_class_recalled(struct nk_thread *t);

/* @t ends. Context: in-band; waits for handlers. */
void nk_class_end(struct nk_thread *t);

/* As nk_rq_add(), a queue's delete, and a change of level, for @t with a class.
 * Context: rq lock held; the second: on @t's CPU. */
int nk_class_add(struct nk_rq *rq, struct nk_thread *t);
void nk_class_stop(struct nk_rq *rq, struct nk_thread *t);
void nk_class_requeue(struct nk_rq *rq, struct nk_thread *t, int prio);

/* @t's place in the run queue, as C1 in class.c says; @first: before its equals. Context: rq lock held. */
void nk_class_place(struct nk_rq *rq, struct nk_thread *t, int first);
void nk_class_unqueue(struct nk_rq *rq, struct nk_thread *t);

/* Behind its equals. Context: rq lock held, @t is current. */
void nk_class_yield(struct nk_rq *rq, struct nk_thread *t);

/* @t, which ran for so long since it was charged, has lost its CPU to who is current now, at @now.
 * Context: hard masked, on that CPU; takes the timer base lock. */
void nk_class_passed(struct nk_thread *t, nk_time_t ran, nk_time_t now);

/* Linux has the CPU, and the best thread, which may have a budget, is about to get it.
 * Context: hard masked, on @rq's CPU; takes the timer base lock. */
void nk_class_watch(struct nk_rq *rq);

/* ---- for classes ---------------------------------------------------------------------------- */

/* The classes of the CPU that @t has, locked: it keeps that meanwhile. Context: hard masked. */
struct nk_class_cpu *nk_class_lock_of(const struct nk_thread *t);

/* What the base priority is to be. Context: @t's lock held, and (l) if it has a class. */
int nk_class_base(const struct nk_thread *t);

/* What @t's own budget is. Context: as budget. */
void nk_class_budget(const struct nk_thread *t, const struct nk_budget_at *at, struct nk_budget *b);

/* It may be another one. Context: (l), hard masked; takes all ranks. */
void nk_class_rebase(struct nk_thread *t);

/* Count the current thread's run time up to @now, and start the timer for what is left to it.
 * Context: hard masked, on @cpu. */
void nk_class_count(int cpu, nk_time_t now);
void nk_class_arm(int cpu, nk_time_t now);

/* Open or close; each member changes. Context: (l). */
void nk_gate_set(struct nk_gate *gate, int open);
void nk_gate_init(struct nk_gate *gate);
int nk_gate_base(const struct nk_gate *gate, const struct nk_thread *t);
void nk_gate_join(struct nk_gate *gate, struct nk_thread *t);
void nk_gate_quit(struct nk_thread *t);

/* Context: in-band; quota.c and tp.c. */
void nk_quota_init(struct nk_class_cpu *c, int cpu);
void nk_tp_init(struct nk_class_cpu *c, int cpu);

#endif
