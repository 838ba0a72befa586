// SPDX-License-Identifier: GPL-2.0
/*
 * Earliest deadline first, each thread with a constant-bandwidth server of its own: a budget Q of run
 * time in each period T. The hard variant, which holds who has used its budget:
 *
 * E1 It wakes up at t, with q of the budget left until deadline d: if t >= d or q / (d - t) > Q / T then
 *    d = t + T and q = Q. Else both stay. One that is held stays so.
 * E2 q falls as it runs. At 0 it is held until d; then d = d + T and q = Q. Who runs on with a lent
 *    priority meanwhile pays that back.
 * E3 Admission: the sum of all Q / T of a CPU is at most nk_edf_percent. By integers, each fraction to
 *    60 bits and rounded down: a sum that fits is never refused, and one too large by less than 2^-54,
 *    a nanosecond in half a year, may pass.
 *
 * Held or not, a thread counts as long as it has the class. It moves only if it fits there (E3).
 * Who waits for a mutex lends its owner NK_PRIO_EDF_LENT, which goes before all deadlines: what a
 * thread can lose by it is a critical section, and no order of deadlines along a chain has to be kept.
 */
#include "nucleus/sched.h"

#define PART_BITS	20	/* a period has 42 bits, so a part can be computed in 64 */
#define PARTS		3

int nk_edf_percent = 95;

/* 60 bits of @budget / @period, rounded down. */
static nk_u64 share_of(nk_u64 budget, nk_u64 period)
{
	nk_u64 share = 0;
	int i;

	for (i = 0; i < PARTS; i++) {
		share = (share << PART_BITS) + (budget << PART_BITS) / period;
		budget = (budget << PART_BITS) % period;
	}
	return share;
}

static nk_u64 promised(const struct nk_class_cpu *c)
{
	const struct nk_list *l = c->edf.next;
	nk_u64 sum = 0;

	for (; l != &c->edf; l = l->next) {
		const struct nk_thread *t = nk_container_of(l, struct nk_thread, sched.node);

		sum += share_of((nk_u64)t->sched.attr.budget, (nk_u64)t->sched.attr.period);
	}
	return sum;
}

static int edf_base(const struct nk_thread *t)
{
	return t->sched.held ? NK_PRIO_ROOT : NK_PRIO_EDF;
}

/* E1's comparison, where products have 84 bits. */
static int budget_is_too_dense(const struct nk_sched *s, nk_time_t now)
{
	return s->left > 0 && (unsigned __int128)s->left * (nk_u64)s->attr.period >
			      (unsigned __int128)(s->deadline - now) * (nk_u64)s->attr.budget;
}

/* E1 */
static int begins_anew(const struct nk_sched *s, nk_time_t now)
{
	return !s->held && (now >= s->deadline || budget_is_too_dense(s, now));
}

static void edf_wakes(struct nk_thread *t, nk_time_t now)
{
	struct nk_sched *s = &t->sched;

	if (!begins_anew(s, now))
		return;
	s->deadline = now + s->attr.period;
	s->left = s->attr.budget;
}

static void edf_charge(struct nk_thread *t, nk_time_t ran)
{
	t->sched.left -= ran;
}

static nk_time_t edf_left(const struct nk_thread *t)
{
	return t->sched.held ? NK_TIME_NEVER : t->sched.left;
}

static void edf_budget(const struct nk_thread *t, const struct nk_budget_at *at, struct nk_budget *b)
{
	int runnable = t->state == NK_READY || t->state == NK_RUNNING;

	nk_class_budget(t, at, b);
	if (!runnable && begins_anew(&t->sched, at->now))
		b->left = b->of;
}

static void edf_spent(struct nk_thread *t, nk_time_t now)
{
	struct nk_sched *s = &t->sched;

	s->held = 1;
	t->budget_overruns++;
	nk_timer_start_on(&s->timer, s->cpu, s->deadline > now ? s->deadline : now, 0);
	nk_class_rebase(t);
}

static void replenish(struct nk_thread *t, nk_time_t now)
{
	struct nk_sched *s = &t->sched;

	s->deadline += s->attr.period;
	if (s->deadline <= now)
		s->deadline = now + s->attr.period;
	s->left = s->left < 0 ? s->left + s->attr.budget : s->attr.budget;
	if (s->left <= 0) {
		nk_timer_start_on(&s->timer, s->cpu, s->deadline, 0);
		return;
	}
	s->held = 0;
	nk_class_rebase(t);
}

/* On its CPU; but the thread may have left while the lock was waited for. */
static void edf_fires(struct nk_timer *timer, nk_time_t now)
{
	struct nk_thread *t = nk_container_of(timer, struct nk_thread, sched.timer);
	struct nk_class_cpu *c = &nk_class_cpus[hal_cpu()];

	nk_lock_acquire(&c->lock);
	if (t->class == &nk_class_edf && t->sched.cpu == hal_cpu() && t->sched.held && !timer->armed) {
		nk_class_count(t->sched.cpu, now);
		replenish(t, now);
		nk_class_arm(t->sched.cpu, now);
	}
	nk_lock_release(&c->lock);
}

static int edf_join(struct nk_thread *t)
{
	struct nk_class_cpu *c = &nk_class_cpus[t->sched.cpu];
	const struct nk_sched_attr *a = &t->sched.attr;
	nk_u64 most = share_of((nk_u64)nk_edf_percent, 100);

	if (c->edf_count == NK_EDF_MAX ||
	    promised(c) + share_of((nk_u64)a->budget, (nk_u64)a->period) > most)
		return -NK_EBUSY;
	c->edf_count++;
	nk_list_add_before(&t->sched.node, &c->edf);
	t->sched.timer.handler = edf_fires;
	if (t->sched.held)
		nk_timer_start_on(&t->sched.timer, t->sched.cpu, t->sched.deadline, 0);
	return 0;
}

static void edf_quit(struct nk_thread *t)
{
	nk_class_cpus[t->sched.cpu].edf_count--;
	nk_list_del(&t->sched.node);
}

const struct nk_class nk_class_edf = {
	.base = edf_base,
	.wakes = edf_wakes,
	.charge = edf_charge,
	.left = edf_left,
	.budget = edf_budget,
	.spent = edf_spent,
	.join = edf_join,
	.quit = edf_quit,
};
