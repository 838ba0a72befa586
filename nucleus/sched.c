// SPDX-License-Identifier: GPL-2.0
/*
 * The scheduler. Invariants, whenever the rq lock is free:
 *
 * Q1 a level's bit is set exactly when its list is not empty;
 * Q2 what is queued is READY or RUNNING, belongs to this CPU and stands at its priority, those at
 *    NK_PRIO_EDF by their deadlines;
 * Q3 only curr is RUNNING; root is READY while another runs, and queued only in a slice (share.c);
 * Q4 unless resched is set, curr is what nk_runq_first() finds, or root when that is NULL.
 */
#include "nucleus/sched.h"
#include "nucleus/trace.h"

struct nk_rq nk_rqs[HAL_MAX_CPUS];

void nk_rq_init(struct nk_rq *rq, int cpu)
{
	nk_lock_init(&rq->lock, NK_RANK_RQ);
	rq->cpu = cpu;
	rq->resched = 0;
	rq->irq_depth = 0;
	rq->living = 0;
	rq->charged = 0;
	rq->run_ns = 0;
	rq->leaving = NULL;
	rq->prev = NULL;
	rq->classed = 0;
	nk_runq_init(&rq->ready);
	nk_timer_base_init(&rq->timers, cpu);
	nk_thread_init(&rq->root, "root", NK_PRIO_ROOT, cpu);
	rq->root.state = NK_RUNNING;
	rq->curr = &rq->root;
	hal_local_set(cpu, rq);
}

/*
 * The CPU has left the stack of rq->leaving: only now may its memory go, or its Linux task
 * take the context, perhaps at once on another CPU.
 */
static nk_cold void publish_leaving(struct nk_rq *rq)
{
	struct nk_thread *t = rq->leaving;
	int inband;

	rq->leaving = NULL;
	nk_lock_acquire(&rq->lock);
	rq->living--;
	if (rq->prev == t)
		rq->prev = NULL;
	inband = t->state == NK_INBAND;
	nk_lock_release(&rq->lock);
	__atomic_store_n(&t->leaving, 0, __ATOMIC_RELEASE);
	if (inband)
		hal_inband_wake(&t->ctx);
}

static inline void finish_switch(struct nk_rq *rq)
{
	if (nk_unlikely(rq->leaving))
		publish_leaving(rq);
}

/* Inlined into its callers, as the interrupt path counts each instruction. The rq lock is held, and
 * released. */
static inline __attribute__((always_inline)) void switch_locked(struct nk_rq *rq)
{
	struct nk_thread *prev, *next;

	rq->resched = 0;
	prev = rq->curr;
	next = nk_rq_pick(rq);
	if (prev->state == NK_RUNNING)
		prev->state = NK_READY;
	next->state = NK_RUNNING;
	if (nk_unlikely(prev == next)) {
		nk_lock_release(&rq->lock);
		return;
	}
	rq->prev = prev;
	rq->curr = next;
	next->switches++;
	nk_lock_release(&rq->lock);
	nk_trace_switch(prev, next);
	hal_switch(&prev->ctx, &next->ctx);
	/* Here prev runs again, on the same CPU as before. */
	finish_switch(rq);
}

static inline __attribute__((always_inline)) void switch_to_best(struct nk_rq *rq)
{
	nk_assert_masked();
	nk_lock_acquire(&rq->lock);
	switch_locked(rq);
}

void nk_rq_switch(struct nk_rq *rq)
{
	switch_to_best(rq);
}

void nk_rq_switch_locked(struct nk_rq *rq)
{
	nk_assert_held(&rq->lock);
	switch_locked(rq);
}

void nk_sched(void)
{
	struct nk_rq *rq = nk_rq_this();

	nk_assert_masked();
	if (rq->resched && !rq->irq_depth) {
		if (rq->curr == &rq->root)
			nk_share_watch(rq);
		nk_rq_switch(rq);
	}
}

void nk_hal_preempt(void)
{
	struct nk_rq *rq = nk_rq_this();

	if (rq->resched)
		switch_to_best(rq);
}

/* Never inlined: registers there are few. But what it calls is, as each switch between threads pays for it. */
__attribute__((__noinline__, __flatten__)) void nk_hal_thread_off(struct hal_context *ctx)
{
	struct nk_thread *t = nk_container_of(ctx, struct nk_thread, ctx);
	struct nk_rq *rq = nk_rq_this();
	nk_time_t now = hal_clock_near();
	nk_time_t ran = nk_rq_charge(rq, t, now);

	hal_trace_ran(ctx, ran, t->state, now);
	if (nk_unlikely(rq->classed))
		nk_class_passed(t, ran, now);
	__atomic_store_n(&t->charges, t->charges + 1, __ATOMIC_RELEASE);
}

void nk_hal_thread_begin(void)
{
	finish_switch(nk_rq_this());
}

/*
 * Whoever sent the kick has set resched, or queued an early timer; preempt does the rest. It may have done
 * so at the end of another interrupt, and then nothing limits the budget of who has the CPU yet:
 *
 *	CPU 0, Linux, interrupted	CPU 1
 *					starts B with a budget on CPU 0: resched, kick
 *	nk_hal_preempt(): to B
 *	kick, beneath B
 */
void nk_hal_kick(void)
{
	struct nk_rq *rq = nk_rq_this();

	nk_timer_kick(&rq->timers);
	nk_share_watch(rq);
	if (nk_unlikely(rq->classed))
		nk_class_arm(rq->cpu, hal_clock_now());
}

void nk_rq_leave(enum nk_thread_state state)
{
	struct nk_rq *rq = nk_rq_this();
	struct nk_thread *t = rq->curr;

	nk_assert_can_block();
	nk_assert(!t->waiting && !t->wait_on);
	nk_lock_acquire(&rq->lock);
	nk_rq_del(rq, t);
	t->state = state;
	if (state == NK_INBAND)
		hal_inband_prio(&t->ctx);
	t->leaving = 1;
	rq->leaving = t;
	rq->resched = 1;
	nk_lock_release(&rq->lock);
	nk_rq_switch(rq);
	hal_panic(__FILE__, __LINE__, "a thread that left runs again");
}

/* curr stays first of its level, so a change never makes it yield to an equal. */
static void requeue(struct nk_rq *rq, struct nk_thread *t, int prio)
{
	if (t->class) {
		nk_class_requeue(rq, t, prio);
		return;
	}
	nk_runq_del(&rq->ready, &t->run_node, t->eprio);
	t->eprio = prio;
	if (rq->curr == t) {
		nk_runq_add_head(&rq->ready, &t->run_node, prio);
		if (nk_runq_top(&rq->ready) > prio)
			nk_rq_resched(rq);
	} else {
		nk_rq_enqueue(rq, t);
	}
}

void nk_rq_set_eprio(struct nk_thread *t, int prio)
{
	struct nk_rq *rq = &nk_rqs[t->cpu];
	int before = t->eprio;

	nk_assert_held(&t->lock);
	nk_lock_acquire(&rq->lock);
	if (t->state == NK_READY || t->state == NK_RUNNING)
		requeue(rq, t, prio);
	else
		t->eprio = prio;
	nk_trace_boost(t, before, prio);
	if (nk_unlikely(t->state == NK_INBAND))
		hal_inband_prio(&t->ctx);
	nk_lock_release(&rq->lock);
}

void nk_yield(void)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_rq *rq = nk_rq_this();
	struct nk_thread *t = rq->curr;

	nk_assert_can_block();
	nk_lock_acquire(&rq->lock);
	if (t->class) {
		nk_class_yield(rq, t);
	} else {
		nk_runq_del(&rq->ready, &t->run_node, t->eprio);
		nk_runq_add_tail(&rq->ready, &t->run_node, t->eprio);
	}
	rq->resched = 1;
	nk_lock_release(&rq->lock);
	nk_sched();
	hal_oob_restore(flags);
}

static int queued_check(const struct nk_rq *rq, const struct nk_thread *t, int prio)
{
	if (t->cpu != rq->cpu || t->eprio != prio)
		return 2;
	if (t->state != NK_READY && t->state != NK_RUNNING)
		return 2;
	return t->state == NK_RUNNING && t != rq->curr ? 3 : 0;
}

static nk_time_t edf_deadline(const struct nk_list *l)
{
	return nk_container_of(l, struct nk_thread, run_node)->sched.deadline;
}

static int level_check(const struct nk_rq *rq, int prio)
{
	const struct nk_list *first = rq->ready.first[prio], *l = first;
	int used = rq->ready.used[prio / 64] >> (prio % 64) & 1;
	int broken;

	if (used != (first != NULL))
		return 1;
	if (!first)
		return 0;
	do {
		broken = queued_check(rq, nk_container_of(l, struct nk_thread, run_node), prio);
		if (broken)
			return broken;
		if (prio == NK_PRIO_EDF && l->next != first && edf_deadline(l->next) < edf_deadline(l))
			return 2;
		l = l->next;
	} while (l != first);
	return 0;
}

int nk_rq_check(const struct nk_rq *rq)
{
	const struct nk_list *first = nk_runq_first(&rq->ready);
	int prio, broken;

	for (prio = 0; prio < NK_PRIO_LEVELS; prio++) {
		broken = level_check(rq, prio);
		if (broken)
			return broken;
	}
	if (rq->root.state != (rq->curr == &rq->root ? NK_RUNNING : NK_READY))
		return 3;
	if (!rq->resched && (first ? first != &rq->curr->run_node : rq->curr != &rq->root))
		return 4;
	return 0;
}
