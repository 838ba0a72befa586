// SPDX-License-Identifier: GPL-2.0
/*
 * Round robin: FIFO, and behind its equals when its slice of run time is used. Who is preempted by
 * something better goes on with the rest of his slice; who wakes up has a new one.
 */
#include "nucleus/sched.h"

static int rr_base(const struct nk_thread *t)
{
	return t->prio;
}

static void rr_wakes(struct nk_thread *t, nk_time_t now)
{
	(void)now;
	t->sched.left = t->sched.attr.budget;
}

static void rr_charge(struct nk_thread *t, nk_time_t ran)
{
	t->sched.left -= ran;
}

static nk_time_t rr_left(const struct nk_thread *t)
{
	return t->sched.left;
}

/* A slice begins with each wake-up. */
static void rr_budget(const struct nk_thread *t, const struct nk_budget_at *at, struct nk_budget *b)
{
	nk_class_budget(t, at, b);
	if (t->state == NK_BLOCKED)
		b->left = b->of;
}

static void rr_spent(struct nk_thread *t, nk_time_t now)
{
	struct nk_rq *rq = &nk_rqs[t->cpu];

	rr_wakes(t, now);
	nk_lock_acquire(&rq->lock);
	nk_class_yield(rq, t);
	rq->resched = 1;
	nk_lock_release(&rq->lock);
}

static int rr_join(struct nk_thread *t)
{
	(void)t;
	return 0;
}

static void rr_quit(struct nk_thread *t)
{
	(void)t;
}

const struct nk_class nk_class_rr = {
	.base = rr_base,
	.wakes = rr_wakes,
	.charge = rr_charge,
	.left = rr_left,
	.budget = rr_budget,
	.spent = rr_spent,
	.join = rr_join,
	.quit = rr_quit,
};
