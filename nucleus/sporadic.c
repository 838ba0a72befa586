// SPDX-License-Identifier: GPL-2.0
/*
 * The sporadic server of POSIX, one per thread: a budget Q, a replenishment period T.
 *
 * S1 It is at its priority while it has budget left and fewer than max_repl replenishments are under
 *    way, else at its low one.
 * S2 Active since: when it became ready at its priority, or got there by a replenishment.
 * S3 Run time at its priority is taken off the budget, and added up. What passes from where it blocks to where
 *    it has left the CPU is added up with the next time that it is active.
 * S4 When it blocks, is lowered or has used its budget, what was added up comes back at T after S2.
 *
 * Rounding: as POSIX says, a preemption changes nothing, and the budget never exceeds Q. Who lowers
 * itself by blocking (S1, the number) is lowered by its timer, at once: stopping has no lock for it. A timer
 * may be late, so this one may be what finds the budget used:
 *
 *	replenishment	budget		interrupt
 *	due
 *			used up
 *					late: the first one counts, and lowers; without S4 there the budget
 *					would never come back, and no timer be left that looks for it
 */
#include "nucleus/sched.h"

static int wants_high(const struct nk_sched *s)
{
	return s->left > 0 && s->pending < s->attr.max_repl;
}

static int sporadic_base(const struct nk_thread *t)
{
	return t->sched.held ? t->sched.attr.low_prio : t->prio;
}

static void sporadic_wakes(struct nk_thread *t, nk_time_t now)
{
	t->sched.active = now;
}

static void sporadic_charge(struct nk_thread *t, nk_time_t ran)
{
	if (t->sched.held)
		return;
	t->sched.left -= ran;
	t->sched.used += ran;
}

static nk_time_t sporadic_left(const struct nk_thread *t)
{
	return t->sched.held ? NK_TIME_NEVER : t->sched.left;
}

/* At its low priority it pays nothing. */
static void sporadic_budget(const struct nk_thread *t, const struct nk_budget_at *at, struct nk_budget *b)
{
	nk_class_budget(t, at, b);
	if (t->sched.held)
		b->left = t->sched.left;
}

/* S4 */
static void give_back_later(struct nk_thread *t)
{
	struct nk_sched *s = &t->sched;

	if (!s->used)
		return;
	if (s->pending == NK_REPL_MAX)	/* it ran again before its timer: late, but not lost */
		s->used += s->repl[--s->pending].amount;
	s->repl[s->pending++] = (struct nk_repl){ s->active + s->attr.period, s->used };
	s->used = 0;
}

static void start_timer(struct nk_thread *t, nk_time_t now)
{
	struct nk_sched *s = &t->sched;

	if (!s->held && !wants_high(s))
		nk_timer_start_on(&s->timer, s->cpu, now, 0);
	else if (s->pending)
		nk_timer_start_on(&s->timer, s->cpu, s->repl[0].at > now ? s->repl[0].at : now, 0);
}

static void sporadic_stops(struct nk_thread *t, nk_time_t now)
{
	if (t->sched.held)
		return;
	give_back_later(t);
	start_timer(t, now);
}

static void lower(struct nk_thread *t)
{
	if (t->sched.left <= 0)
		t->budget_overruns++;
	give_back_later(t);
	t->sched.held = 1;
	nk_class_rebase(t);
}

static void sporadic_spent(struct nk_thread *t, nk_time_t now)
{
	lower(t);
	start_timer(t, now);
}

static void take_back(struct nk_sched *s, nk_time_t now)
{
	int i, due = 0;

	while (due < s->pending && s->repl[due].at <= now)
		s->left += s->repl[due++].amount;
	if (s->left > s->attr.budget)
		s->left = s->attr.budget;
	s->pending -= due;
	for (i = 0; i < s->pending; i++)
		s->repl[i] = s->repl[i + due];
}

static void sporadic_fires(struct nk_timer *timer, nk_time_t now)
{
	struct nk_thread *t = nk_container_of(timer, struct nk_thread, sched.timer);
	struct nk_class_cpu *c = &nk_class_cpus[hal_cpu()];

	nk_lock_acquire(&c->lock);
	if (t->class == &nk_class_sporadic && t->sched.cpu == hal_cpu() && !timer->armed) {
		nk_class_count(t->sched.cpu, now);
		take_back(&t->sched, now);
		if (!t->sched.held && !wants_high(&t->sched)) {
			lower(t);
		} else if (t->sched.held && wants_high(&t->sched)) {
			t->sched.held = 0;
			sporadic_wakes(t, now);
			nk_class_rebase(t);
		}
		start_timer(t, now);
		nk_class_arm(t->sched.cpu, now);
	}
	nk_lock_release(&c->lock);
}

static int sporadic_join(struct nk_thread *t)
{
	t->sched.timer.handler = sporadic_fires;
	start_timer(t, 0);
	return 0;
}

static void sporadic_quit(struct nk_thread *t)
{
	(void)t;
}

const struct nk_class nk_class_sporadic = {
	.base = sporadic_base,
	.wakes = sporadic_wakes,
	.stops = sporadic_stops,
	.charge = sporadic_charge,
	.left = sporadic_left,
	.budget = sporadic_budget,
	.spent = sporadic_spent,
	.join = sporadic_join,
	.quit = sporadic_quit,
};
