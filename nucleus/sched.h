/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scheduler: per CPU the highest runnable priority runs, FIFO among equals, and Linux, the
 * root thread, when there is none. Nothing moves between CPUs.
 *
 * Whoever makes a thread ready sets resched on its rq, under the rq lock, when it beats what
 * runs there, and kicks that CPU if it is another one. The switch itself happens in
 * nk_sched() or at the end of the interrupt, in nk_hal_preempt(). hal_switch() wants no lock
 * held: between the release of the rq lock and the switch others may queue threads here, but
 * only this CPU takes one off to run, and it is hard masked.
 */
#ifndef NUCLEUS_SCHED_H
#define NUCLEUS_SCHED_H

#include "nucleus/class.h"
#include "nucleus/runq.h"
#include "nucleus/share.h"
#include "nucleus/thread.h"

struct nk_rq {
	struct nk_lock lock;
	int cpu;			/* (c) */
	int resched;			/* (q) something better is ready, or curr stopped */
	int irq_depth;			/* (o) in an interrupt handler: do not switch */
	int living;			/* (q) threads between start/enter and off */
	struct nk_thread *curr;		/* (q) written by this CPU only */
	struct nk_thread *prev;		/* (q) who had the CPU before curr, as long as it is there; snapshot.c */
	struct nk_thread *leaving;	/* (o) to be published once its stack is left */
	int classed;			/* threads here that have a class: under the class lock */
	struct nk_timer_base timers;
	struct nk_runq ready;		/* (q) */

	nk_time_t charged;		/* (o) until when time of threads was counted */
	nk_time_t run_ns;		/* (o) of all threads */

	struct nk_timer watchdog;	/* see watchdog.h */
	nk_time_t waits_since;		/* (o) Linux waits since */
	unsigned long waits_switches;	/* (o) root.switches at that time */

	struct nk_share share;
	struct nk_thread root;		/* Linux */
} __attribute__((aligned(64)));

extern struct nk_rq nk_rqs[HAL_MAX_CPUS];

/* Context: hard masked, or an oob thread. */
static inline struct nk_rq *nk_rq_this(void)
{
	return hal_local();
}

/* Context: hard masked, or an oob thread. */
static inline struct nk_thread *nk_thread_current(void)
{
	return nk_rq_this()->curr;
}

/* 1 when Linux has @cpu. Context: any; stable only on that CPU, hard masked. */
static inline int nk_root_active(int cpu)
{
	return nk_rqs[cpu].curr == &nk_rqs[cpu].root;
}

/* Let interrupts in between two steps of something long, pinned or listed. Linux as the caller
 * stays masked: it could lose the CPU to its own scheduler meanwhile.
 * Context: hard masked by @flags = hal_oob_save(), no lock held; may switch. */
static inline void nk_breathe(hal_flags_t flags)
{
	if (nk_root_active(hal_cpu()))
		return;
	hal_oob_restore(flags);
	hal_oob_save();
}

static inline void nk_weak_call_ends(void)
{
	struct nk_thread *t = nk_thread_current();

	if (nk_unlikely(t->class == &nk_class_weak))
		nk_weak_call_ended(t);
}

#define nk_assert_can_block()						\
	nk_assert(!nk_rq_this()->irq_depth && !nk_root_active(hal_cpu()))

/* Count @t's time on @rq's CPU up to @now: since this CPU went from one thread to another, or from Linux,
 * which hal knows; so the way from Linux to a thread costs nothing. Returns what is new.
 * Context: hard masked, on that CPU, which @t has or is about to lose. */
static inline nk_time_t nk_rq_charge(struct nk_rq *rq, struct nk_thread *t, nk_time_t now)
{
	nk_time_t since = hal_inband_left(), ran;

	if (since < rq->charged)
		since = rq->charged;
	ran = now - since;
	rq->charged = now;
	rq->run_ns += ran;
	t->run_ns += ran;
	return ran;
}

/* Make @rq's CPU look again. Context: rq lock held. */
static inline void nk_rq_resched(struct nk_rq *rq)
{
	rq->resched = 1;
	if (rq->cpu != hal_cpu())
		hal_ipi_send(rq->cpu);
}

/* Queue @t, which is new on @rq or woken, behind its equals; 1 when it beats what runs there.
 * Context: rq lock held. */
static inline int nk_rq_add(struct nk_rq *rq, struct nk_thread *t)
{
	t->state = NK_READY;
	if (nk_unlikely(t->class))
		return nk_class_add(rq, t);
	nk_runq_add_tail(&rq->ready, &t->run_node, t->eprio);
	return t->eprio > rq->curr->eprio;
}

/* @t stops wanting the CPU. Context: rq lock held, on its CPU. */
static inline void nk_rq_del(struct nk_rq *rq, struct nk_thread *t)
{
	if (nk_unlikely(t->class))
		nk_class_stop(rq, t);
	else
		nk_runq_del(&rq->ready, &t->run_node, t->eprio);
}

/* The best thread. Context: rq lock held. */
static inline struct nk_thread *nk_rq_pick(struct nk_rq *rq)
{
	struct nk_list *node = nk_runq_first(&rq->ready);

	return node ? nk_container_of(node, struct nk_thread, run_node) : &rq->root;
}

/* The same, and make the CPU look. Context: rq lock held. */
static inline void nk_rq_enqueue(struct nk_rq *rq, struct nk_thread *t)
{
	if (nk_rq_add(rq, t))
		nk_rq_resched(rq);
}

/* End @t's wait, which has begun and not ended. Context: rq lock held. */
static inline void nk_rq_wake(struct nk_rq *rq, struct nk_thread *t, int error)
{
	t->waiting = 0;
	t->wait_error = error;
	if (t->state == NK_BLOCKED) {
		nk_trace_wake(t);
		nk_rq_enqueue(rq, t);
	}
}

/* @t's timer has expired; it is armed on its own CPU only, so this is that. Without a handler, so @t
 * has no class.
 * Context: irq on @rq's CPU; takes the rq lock. */
static inline void nk_rq_timeout(struct nk_rq *rq, struct nk_thread *t)
{
	nk_lock_acquire(&rq->lock);
	if (nk_likely(t->state == NK_BLOCKED)) {
		t->waiting = 0;
		t->wait_error = t->timeout_error;
		nk_trace_timeout(t);
		t->state = NK_READY;
		nk_runq_add_tail(&rq->ready, &t->run_node, t->eprio);
		if (t->eprio > rq->curr->eprio)
			rq->resched = 1;
	}
	nk_lock_release(&rq->lock);
}

/* Lock the rq of @t and return it. Its CPU may change until the lock is held.
 * Context: hard masked; takes the rq lock. */
static inline struct nk_rq *nk_rq_lock_of(const struct nk_thread *t)
{
	for (;;) {
		int cpu = __atomic_load_n(&t->cpu, __ATOMIC_RELAXED);
		struct nk_rq *rq = &nk_rqs[cpu];

		/* Hide where it comes from, or it is computed anew at each use. */
		__asm__("" : "+r"(rq));
		nk_lock_acquire(&rq->lock);
		if (nk_likely(__atomic_load_n(&t->cpu, __ATOMIC_RELAXED) == cpu))
			return rq;
		nk_lock_release(&rq->lock);
	}
}

/* Context: any; never blocks. Fills nk_rqs[@cpu]; nothing runs on it yet. */
void nk_rq_init(struct nk_rq *rq, int cpu);

/* Switch now if something better is ready; nothing in an interrupt handler.
 * Context: hard masked, no lock held; may switch. */
void nk_sched(void);

/* Give the CPU to the best thread. Context: hard masked on @rq's CPU, no lock held. */
void nk_rq_switch(struct nk_rq *rq);

/* The same with @rq's lock held, and no other; it is released. */
void nk_rq_switch_locked(struct nk_rq *rq);

/* Take the current thread off its CPU for good, as NK_DEAD or NK_INBAND.
 * Context: oob, hard masked; never returns; takes the rq lock. */
void nk_rq_leave(enum nk_thread_state state) HAL_NORETURN;

/* Change @t's effective priority and its place. Does not switch.
 * Context: @t's lock held; takes the rq lock. */
void nk_rq_set_eprio(struct nk_thread *t, int prio);

/* Let the threads of the caller's priority go first. Context: oob; may switch. */
void nk_yield(void);

/* 0 when the invariants of sched.c hold, else the number of the broken one.
 * Context: rq lock held, or nobody else running. */
int nk_rq_check(const struct nk_rq *rq);

#endif
