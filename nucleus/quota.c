// SPDX-License-Identifier: GPL-2.0
/*
 * Quota groups: the threads of a group on a CPU have a budget Q of run time in each period T, in all, on
 * a grid that begins when the group is set up. When it is used they are held, all of them, to the next
 * point of the grid; there it is Q again, less what was run with a lent priority meanwhile. A group that has
 * threads keeps its grid; another Q counts from the next point of that on.
 */
#include "nucleus/sched.h"

static struct nk_group *group_of(const struct nk_thread *t)
{
	return &nk_class_cpus[t->sched.cpu].groups[t->sched.attr.group];
}

static int quota_base(const struct nk_thread *t)
{
	return nk_gate_base(&group_of(t)->gate, t);
}

static void quota_charge(struct nk_thread *t, nk_time_t ran)
{
	group_of(t)->left -= ran;
}

static nk_time_t quota_left(const struct nk_thread *t)
{
	const struct nk_group *g = group_of(t);

	return g->gate.open ? g->left : NK_TIME_NEVER;
}

static void quota_budget(const struct nk_thread *t, const struct nk_budget_at *at, struct nk_budget *b)
{
	const struct nk_group *g = group_of(t);
	int shares = at->curr->class == &nk_class_quota && group_of(at->curr) == g;

	b->of = g->budget;
	b->left = g->left - (shares ? at->ran : 0);
}

static void quota_spent(struct nk_thread *t, nk_time_t now)
{
	(void)now;
	t->budget_overruns++;
	nk_gate_set(&group_of(t)->gate, 0);
}

static void group_fires(struct nk_timer *timer, nk_time_t now)
{
	struct nk_group *g = nk_container_of(timer, struct nk_group, timer);
	struct nk_class_cpu *c = &nk_class_cpus[hal_cpu()];

	nk_lock_acquire(&c->lock);
	nk_class_count(hal_cpu(), now);
	g->left = g->left < 0 ? g->left + g->budget : g->budget;
	if (g->left > 0)
		nk_gate_set(&g->gate, 1);
	nk_class_arm(hal_cpu(), now);
	nk_lock_release(&c->lock);
}

static int quota_join(struct nk_thread *t)
{
	struct nk_group *g = group_of(t);

	if (!g->budget)
		return -NK_EINVAL;
	nk_gate_join(&g->gate, t);
	return 0;
}

const struct nk_class nk_class_quota = {
	.base = quota_base,
	.charge = quota_charge,
	.left = quota_left,
	.budget = quota_budget,
	.spent = quota_spent,
	.join = quota_join,
	.quit = nk_gate_quit,
};

/* On the CPU of the group or another; the class lock is held. */
static int group_change(struct nk_class_cpu *c, struct nk_group *g, nk_time_t budget, nk_time_t period)
{
	int cpu = (int)(c - nk_class_cpus);
	hal_flags_t flags;

	if (!nk_list_empty(&g->gate.members)) {
		if (!budget || period != g->period)
			return -NK_EBUSY;
		g->budget = budget;
		return 0;
	}
	g->budget = budget;
	g->period = period;
	g->left = budget;
	g->gate.open = 1;
	nk_timer_stop(&g->timer);
	if (!budget)
		return 0;
	flags = hal_oob_save();
	nk_timer_start_on(&g->timer, cpu, hal_clock_now() + period, period);
	hal_oob_restore(flags);
	return 0;
}

static int is_group(int cpu, int group)
{
	return cpu >= 0 && cpu < HAL_MAX_CPUS && group >= 0 && group < NK_GROUPS;
}

static int is_budget(nk_time_t budget, nk_time_t period)
{
	return budget >= NK_BUDGET_MIN && budget <= period && period >= NK_PERIOD_MIN && period <= NK_PERIOD_MAX;
}

int nk_group_set(int cpu, int group, nk_time_t budget, nk_time_t period)
{
	struct nk_class_cpu *c;
	hal_flags_t flags;
	int err;

	if (!is_group(cpu, group) || !(budget ? is_budget(budget, period) : !period))
		return -NK_EINVAL;
	c = &nk_class_cpus[cpu];
	flags = hal_oob_save();
	nk_lock_acquire(&c->lock);
	err = group_change(c, &c->groups[group], budget, period);
	nk_lock_release(&c->lock);
	hal_oob_restore(flags);
	return err;
}

int nk_group_add(int cpu, nk_time_t budget, nk_time_t period)
{
	struct nk_class_cpu *c;
	hal_flags_t flags;
	int group = 0;

	if (!is_group(cpu, group) || !is_budget(budget, period))
		return -NK_EINVAL;
	c = &nk_class_cpus[cpu];
	flags = hal_oob_save();
	nk_lock_acquire(&c->lock);
	while (group < NK_GROUPS && c->groups[group].budget)
		group++;
	if (group < NK_GROUPS)
		group_change(c, &c->groups[group], budget, period);
	nk_lock_release(&c->lock);
	hal_oob_restore(flags);
	return group < NK_GROUPS ? group : -NK_ENOSPC;
}

int nk_group_get(int cpu, int group, nk_time_t *budget, nk_time_t *period)
{
	struct nk_class_cpu *c;
	hal_flags_t flags;

	if (!is_group(cpu, group))
		return -NK_EINVAL;
	c = &nk_class_cpus[cpu];
	flags = hal_oob_save();
	nk_lock_acquire(&c->lock);
	*budget = c->groups[group].budget;
	*period = c->groups[group].period;
	nk_lock_release(&c->lock);
	hal_oob_restore(flags);
	return 0;
}

void nk_quota_init(struct nk_class_cpu *c, int cpu)
{
	int i;

	for (i = 0; i < NK_GROUPS; i++) {
		nk_gate_init(&c->groups[i].gate);
		nk_timer_init(&c->groups[i].timer, group_fires);
		c->groups[i].timer.pinned = 1;
		c->groups[i].timer.cpu = cpu;
	}
}
