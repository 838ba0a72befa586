// SPDX-License-Identifier: GPL-2.0
/*
 * What the classes share: coming and going, run time, budgets.
 *
 * C1 A thread with a class is queued where nk_rq_check() expects it: at its eprio; held, eprio 0, nowhere;
 *    at NK_PRIO_EDF by deadline, first come first served among equals. Only EDF threads stand there.
 * C2 base_prio = class->base(), or NK_PRIO_LOCK with the scheduler lock, whenever the class lock is free.
 * C3 Budgets belong to the CPU of the thread and are touched there alone, hard masked. Whoever changes
 *    the class is the thread itself, or in-band on its CPU, or on any when that is offline: nothing is
 *    counted meanwhile.
 * C4 A thread without a class has an armed timer without a handler, one with a class has one with:
 *    so the wake-up by a timer, which is the way most periodic threads go, need not ask.
 *
 * When run time is counted: at a switch from one thread to another, or to Linux (nk_hal_thread_off());
 * when the timer of the CPU's budgets fires; when a thread with a class stops wanting the CPU. Linux to
 * a thread is not among these, as that is the wake-up path: hal keeps the time at which Linux lost the
 * CPU. The timer for a thread that gets the CPU from Linux is started before that, when it becomes the
 * best: nk_class_watch(). A timer too many does no harm, it finds what there is.
 *
 * The class lock comes before all others. It is held while a member's base priority changes, chain walks
 * included; so these do not let interrupts in. They are as long as mutexes are nested.
 */
#include "nucleus/class.h"
#include "nucleus/pi.h"
#include "nucleus/sched.h"

struct nk_class_cpu nk_class_cpus[HAL_MAX_CPUS];

/* ---- run time --------------------------------------------------------------------------------- */

static void charge(struct nk_thread *t, nk_time_t ran)
{
	if (t->class && t->class->charge)
		t->class->charge(t, ran);
}

void nk_class_count(int cpu, nk_time_t now)
{
	struct nk_rq *rq = &nk_rqs[cpu];

	if (!nk_root_active(cpu))
		charge(rq->curr, nk_rq_charge(rq, rq->curr, now));
}

void nk_class_budget(const struct nk_thread *t, const struct nk_budget_at *at, struct nk_budget *b)
{
	b->of = t->sched.attr.budget;
	b->left = t->sched.left - (at->curr == t ? at->ran : 0);
}

static void arm_for(struct nk_class_cpu *c, const struct nk_thread *t, nk_time_t now)
{
	nk_time_t left = NK_TIME_NEVER;

	if (t->class && t->class->left)
		left = t->class->left(t);
	if (left != NK_TIME_NEVER)
		nk_timer_start(&c->timer, now + (left > 0 ? left : 0), 0);
	else if (c->timer.armed)
		nk_timer_stop(&c->timer);
}

nk_cold void nk_class_passed(struct nk_thread *t, nk_time_t ran, nk_time_t now)
{
	int cpu = hal_cpu();

	charge(t, ran);
	arm_for(&nk_class_cpus[cpu], nk_rqs[cpu].curr, now);
}

static void watch_locked(struct nk_rq *rq)
{
	const struct nk_thread *next = nk_rq_pick(rq);

	if (rq->curr == &rq->root && next->class)
		arm_for(&nk_class_cpus[rq->cpu], next, hal_clock_now());
}

nk_cold void nk_class_watch(struct nk_rq *rq)
{
	if (!nk_root_active(rq->cpu))
		return;
	nk_lock_acquire(&rq->lock);
	watch_locked(rq);
	nk_lock_release(&rq->lock);
}

void nk_class_arm(int cpu, nk_time_t now)
{
	if (nk_root_active(cpu))
		nk_class_watch(&nk_rqs[cpu]);
	else
		arm_for(&nk_class_cpus[cpu], nk_rqs[cpu].curr, now);
}

static void budget_fires(struct nk_timer *timer, nk_time_t now)
{
	struct nk_class_cpu *c = nk_container_of(timer, struct nk_class_cpu, timer);
	struct nk_rq *rq = &nk_rqs[timer->cpu];
	struct nk_thread *t = rq->curr;

	nk_lock_acquire(&c->lock);
	nk_class_count(rq->cpu, now);
	if (t->class && t->class->left && t->class->left(t) <= 0)
		t->class->spent(t, now);
	nk_lock_release(&c->lock);
	nk_class_arm(rq->cpu, now);
}

/* ---- the run queue ------------------------------------------------------------------------------ */

static void add_by_deadline(struct nk_runq *q, struct nk_thread *t)
{
	struct nk_list *first = q->first[NK_PRIO_EDF], *l = first;

	if (!first || t->sched.deadline <
		      nk_container_of(first, struct nk_thread, run_node)->sched.deadline) {
		nk_runq_add_head(q, &t->run_node, NK_PRIO_EDF);
		return;
	}
	do
		l = l->prev;	/* from the last on: NK_EDF_MAX of them at most */
	while (nk_container_of(l, struct nk_thread, run_node)->sched.deadline > t->sched.deadline);
	nk_list_add_before(&t->run_node, l->next);
}

void nk_class_place(struct nk_rq *rq, struct nk_thread *t, int first)
{
	if (t->eprio == NK_PRIO_ROOT)
		return;
	if (t->eprio == NK_PRIO_EDF)
		add_by_deadline(&rq->ready, t);
	else if (first)
		nk_runq_add_head(&rq->ready, &t->run_node, t->eprio);
	else
		nk_runq_add_tail(&rq->ready, &t->run_node, t->eprio);
}

void nk_class_unqueue(struct nk_rq *rq, struct nk_thread *t)
{
	if (t->eprio != NK_PRIO_ROOT)
		nk_runq_del(&rq->ready, &t->run_node, t->eprio);
}

/* The best one may have changed. */
static int best_differs(struct nk_rq *rq)
{
	if (rq->cpu == hal_cpu())
		watch_locked(rq);
	return nk_rq_pick(rq) != rq->curr;
}

nk_cold int nk_class_add(struct nk_rq *rq, struct nk_thread *t)
{
	if (t->class->wakes)
		t->class->wakes(t, hal_clock_now());
	nk_class_place(rq, t, 0);
	return best_differs(rq);
}

nk_cold void nk_class_stop(struct nk_rq *rq, struct nk_thread *t)
{
	nk_time_t now = hal_clock_now();

	nk_class_count(rq->cpu, now);
	if (t->class->stops)
		t->class->stops(t, now);
	nk_class_unqueue(rq, t);
}

nk_cold void nk_class_requeue(struct nk_rq *rq, struct nk_thread *t, int prio)
{
	nk_class_unqueue(rq, t);
	t->eprio = prio;
	nk_class_place(rq, t, rq->curr == t);
	if (best_differs(rq))
		nk_rq_resched(rq);
}

nk_cold void nk_class_yield(struct nk_rq *rq, struct nk_thread *t)
{
	nk_class_unqueue(rq, t);
	nk_class_place(rq, t, 0);
}

/* ---- base priorities ------------------------------------------------------------------------------ */

int nk_class_base(const struct nk_thread *t)
{
	int prio = t->class ? t->class->base(t) : t->prio;

	if (t->sched_locks)
		return NK_PRIO_LOCK;
	/* Linux waits for it: it has to run to get home. */
	return prio == NK_PRIO_ROOT && t->recall ? t->prio : prio;
}

nk_cold void nk_class_recalled(struct nk_thread *t)
{
	struct nk_class_cpu *c = nk_class_lock_of(t);

	nk_class_rebase(t);
	nk_lock_release(&c->lock);
}

void nk_class_rebase(struct nk_thread *t)
{
	/* Masked already, so the walk lets nothing in. */
	nk_pi_set_base(t, 0, hal_oob_save());
}

int nk_class_set_prio(struct nk_thread *t, int prio, hal_flags_t flags)
{
	struct nk_class_cpu *c;
	int ret = 0;

	if (prio > nk_thread_limit(t))
		return -NK_EPERM;
	if (!t->class) {
		nk_pi_set_base(t, prio, flags);
		return 0;
	}
	c = &nk_class_cpus[t->sched.cpu];
	nk_lock_acquire(&c->lock);
	if (t->class == &nk_class_edf || t->class == &nk_class_weak || prio <= t->sched.attr.low_prio) {
		ret = -NK_EINVAL;
	} else {
		nk_pi_set_base(t, prio, hal_oob_save());
	}
	nk_lock_release(&c->lock);
	return ret;
}

static int lock_by(int by)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_thread *t = nk_thread_current();
	int ret = 0;

	nk_assert_can_block();
	if (by < 0 ? !t->sched_locks : nk_thread_limit(t) < NK_PRIO_MAX) {
		ret = -NK_EPERM;
	} else if (t->sched_locks == NK_LOCKS_MAX && by > 0) {
		ret = -NK_EOVERFLOW;
	} else {
		struct nk_class_cpu *c = &nk_class_cpus[hal_cpu()];

		nk_lock_acquire(&c->lock);
		nk_lock_acquire(&t->lock);
		t->sched_locks += by;
		nk_lock_release(&t->lock);
		nk_class_rebase(t);
		nk_lock_release(&c->lock);
		nk_sched();
	}
	hal_oob_restore(flags);
	return ret;
}

int nk_sched_lock(void)
{
	return lock_by(1);
}

int nk_sched_unlock(void)
{
	return lock_by(-1);
}

/* ---- begin and end ------------------------------------------------------------------------------- */

void nk_class_init(int cpu)
{
	struct nk_class_cpu *c = &nk_class_cpus[cpu];

	*c = (struct nk_class_cpu){ .edf_count = 0 };
	nk_lock_init(&c->lock, NK_RANK_CLASS);
	nk_list_init(&c->edf);
	nk_timer_init(&c->timer, budget_fires);
	c->timer.pinned = 1;
	c->timer.cpu = cpu;
	nk_quota_init(c, cpu);
	nk_tp_init(c, cpu);
}

void nk_class_exit(int cpu)
{
	struct nk_class_cpu *c = &nk_class_cpus[cpu];
	int i;

	for (i = 0; i < NK_GROUPS; i++)
		nk_timer_stop_sync(&c->groups[i].timer);
	nk_timer_stop_sync(&c->tp_timer);
	nk_timer_stop_sync(&c->timer);
}
