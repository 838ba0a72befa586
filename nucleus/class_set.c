// SPDX-License-Identifier: GPL-2.0
/*
 * How a thread comes to a class, moves with it and leaves it. class.c has the rules.
 */
#include "nucleus/sched.h"

static const struct nk_class *const classes[NK_CLASSES] = {
	[NK_RR] = &nk_class_rr,
	[NK_EDF] = &nk_class_edf,
	[NK_SPORADIC] = &nk_class_sporadic,
	[NK_QUOTA] = &nk_class_quota,
	[NK_TP] = &nk_class_tp,
	[NK_WEAK] = &nk_class_weak,
};

/* As nk_rq_timeout(), for C4. */
static void thread_fires(struct nk_timer *timer, nk_time_t now)
{
	struct nk_thread *t = nk_container_of(timer, struct nk_thread, timer);
	struct nk_rq *rq = nk_rq_this();

	(void)now;
	nk_lock_acquire(&rq->lock);
	if (t->state == NK_BLOCKED)
		nk_rq_wake(rq, t, t->timeout_error);
	nk_lock_release(&rq->lock);
}

static int span_is_valid(nk_time_t budget, nk_time_t period)
{
	return period >= NK_PERIOD_MIN && period <= NK_PERIOD_MAX && budget >= NK_BUDGET_MIN &&
	       budget <= period;
}

static int prio_is_valid(int prio)
{
	return prio >= NK_PRIO_MIN && prio <= NK_PRIO_MAX;
}

static int attr_is_valid(const struct nk_sched_attr *a)
{
	int has_prio = a->kind != NK_EDF && a->kind != NK_WEAK;
	int has_group = a->kind == NK_QUOTA || a->kind == NK_TP;

	if (has_prio ? !prio_is_valid(a->prio) : a->prio != 0)
		return 0;
	if (has_group ? a->group < 0 || a->group >= NK_GROUPS : a->group != 0)
		return 0;
	if (a->kind == NK_SPORADIC ? !prio_is_valid(a->low_prio) || a->low_prio >= a->prio ||
				     a->max_repl < 1 || a->max_repl > NK_REPL_MAX :
				     a->low_prio || a->max_repl)
		return 0;
	switch (a->kind) {
	case NK_RR:
		return !a->period && a->budget >= NK_PERIOD_MIN && a->budget <= NK_PERIOD_MAX;
	case NK_EDF:
	case NK_SPORADIC:
		return span_is_valid(a->budget, a->period);
	default:
		return !a->budget && !a->period;
	}
}

static int enter(struct nk_thread *t, const struct nk_class *class)
{
	int err = class->join(t);

	nk_rqs[t->sched.cpu].classed += !err;
	return err;
}

static int join(struct nk_thread *t, const struct nk_sched_attr *attr)
{
	t->sched.attr = *attr;
	t->sched.held = 0;
	t->sched.left = attr->budget;
	t->sched.deadline = 0;
	t->sched.pending = 0;
	t->sched.used = 0;
	return classes[attr->kind] ? enter(t, classes[attr->kind]) : 0;
}

static void quit(struct nk_thread *t)
{
	if (!t->class)
		return;
	nk_timer_stop(&t->sched.timer);
	t->class->quit(t);
	nk_rqs[t->sched.cpu].classed--;
}

/* Of one that waits or is ready: the new class and its place in the run queue here, and the rest, the
 * place in a wait queue and what it lends to others too, by the walk. */
static void change_other(struct nk_thread *t, const struct nk_class *class, int prio)
{
	struct nk_rq *rq = &nk_rqs[t->cpu];
	int queued;

	nk_lock_acquire(&t->lock);
	nk_lock_acquire(&rq->lock);
	queued = t->state == NK_READY;
	if (queued)
		nk_class_unqueue(rq, t);
	t->class = class;
	t->timer.handler = class ? thread_fires : NULL;
	t->prio = prio;
	if (queued && class && class->wakes)
		class->wakes(t, hal_clock_now());
	if (queued)
		nk_class_place(rq, t, 0);
	nk_lock_release(&rq->lock);
	nk_lock_release(&t->lock);
	nk_class_rebase(t);
}

/* t->sched is that of the new class: change the rest with the place in the run queue. */
static void change_over(struct nk_thread *t, const struct nk_class *class, int prio)
{
	struct nk_rq *rq = &nk_rqs[t->cpu];
	int queued, eprio;

	nk_lock_acquire(&t->lock);
	nk_lock_acquire(&rq->lock);
	queued = t->state == NK_RUNNING;
	nk_assert(!queued || rq->curr == t);
	if (queued)
		nk_class_unqueue(rq, t);
	t->class = class;
	t->timer.handler = class ? thread_fires : NULL;
	t->prio = prio;
	t->base_prio = nk_class_base(t);
	eprio = nk_plist_top(&t->owned);
	t->eprio = eprio > t->base_prio ? eprio : t->base_prio;
	if (queued) {
		if (class && class->wakes)
			class->wakes(t, hal_clock_now());
		nk_class_place(rq, t, 1);
		rq->resched = 1;
	} else if (t->state == NK_INBAND) {
		hal_inband_prio(&t->ctx);
	}
	nk_lock_release(&rq->lock);
	nk_lock_release(&t->lock);
}

/* What a mutex's ceiling is compared with. */
static int prio_of(const struct nk_sched_attr *a)
{
	if (a->kind == NK_EDF)
		return NK_PRIO_EDF;
	return a->kind == NK_WEAK ? NK_PRIO_MIN : a->prio;
}

/* All or nothing: the old class has room again for whom it had. */
static int change(struct nk_thread *t, const struct nk_sched_attr *attr)
{
	struct nk_sched old = t->sched;
	int err;

	quit(t);
	t->sched.cpu = t->cpu;
	err = join(t, attr);
	if (err) {
		struct nk_timer timer = t->sched.timer;

		t->sched = old;
		t->sched.timer = timer;
		if (t->class)
			enter(t, t->class);
		return err;
	}
	if (t->state == NK_READY || t->state == NK_BLOCKED)
		change_other(t, classes[attr->kind], prio_of(attr));
	else
		change_over(t, classes[attr->kind], prio_of(attr));
	return 0;
}

/*
 * The CPU stays the thread's while its classes are locked, as a move takes both CPUs' locks:
 *
 *	set for t, CPU 0			t, in-band, becomes hard on CPU 1
 *	its CPU is 0
 *						lock classes of 0 and 1; its CPU is 1; unlock
 *	lock classes of 0: its CPU is 1: again
 *
 * And it does not become hard on CPU 0 meanwhile, as that is masked here.
 */
struct nk_class_cpu *nk_class_lock_of(const struct nk_thread *t)
{
	for (;;) {
		int cpu = __atomic_load_n(&t->cpu, __ATOMIC_RELAXED);
		struct nk_class_cpu *c = &nk_class_cpus[cpu];

		nk_lock_acquire(&c->lock);
		if (__atomic_load_n(&t->cpu, __ATOMIC_RELAXED) == cpu)
			return c;
		nk_lock_release(&c->lock);
	}
}

/* On a CPU that is online it may become hard, and its budget be counted, at any moment. */
static int is_elsewhere(const struct nk_thread *t)
{
	return t->cpu != hal_cpu() && hal_cpu_online(t->cpu);
}

int nk_class_set(struct nk_thread *t, const struct nk_sched_attr *attr)
{
	hal_flags_t flags;
	struct nk_class_cpu *c;
	int err;

	if (attr->kind < 0 || attr->kind >= NK_CLASSES || !attr_is_valid(attr))
		return -NK_EINVAL;
	if (prio_of(attr) > nk_thread_limit(t))
		return -NK_EPERM;
	flags = hal_oob_save();
	c = nk_class_lock_of(t);
	if (is_elsewhere(t)) {
		err = -NK_EWOULDBLOCK;
	} else {
		if (t->state == NK_RUNNING)
			nk_class_count(t->cpu, hal_clock_now());
		err = change(t, attr);
	}
	nk_lock_release(&c->lock);
	if (!err && t->state != NK_INBAND) {
		nk_class_arm(hal_cpu(), hal_clock_now());
		nk_sched();
	}
	hal_oob_restore(flags);
	return err;
}

void nk_class_get(const struct nk_thread *t, struct nk_sched_attr *attr)
{
	*attr = (struct nk_sched_attr){ .kind = NK_FIFO };
	if (t->class)
		*attr = t->sched.attr;
	if (attr->kind != NK_EDF && attr->kind != NK_WEAK)
		attr->prio = t->prio;
}

static int move_class(struct nk_thread *t, int cpu)
{
	int from = t->sched.cpu, err;

	quit(t);
	t->sched.cpu = cpu;
	err = enter(t, t->class);
	if (err) {
		t->sched.cpu = from;
		enter(t, t->class);
	}
	return err ? -NK_EBUSY : 0;
}

int nk_class_move(struct nk_thread *t, int cpu, void (*move)(struct nk_thread *t, int cpu))
{
	struct nk_class_cpu *from = &nk_class_cpus[t->cpu], *to = &nk_class_cpus[cpu];
	int err;

	nk_lock_acquire(from < to ? &from->lock : &to->lock);
	nk_lock_acquire(from < to ? &to->lock : &from->lock);
	err = t->class ? move_class(t, cpu) : 0;
	if (!err)
		move(t, cpu);
	if (!err && t->class)
		nk_class_rebase(t);
	nk_lock_release(&from->lock);
	nk_lock_release(&to->lock);
	return err;
}

void nk_class_end(struct nk_thread *t)
{
	hal_flags_t flags;
	struct nk_class_cpu *c;

	if (!t->class)
		return;
	flags = hal_oob_save();
	c = &nk_class_cpus[t->sched.cpu];
	nk_lock_acquire(&c->lock);
	quit(t);
	t->class = NULL;
	nk_lock_release(&c->lock);
	hal_oob_restore(flags);
	nk_timer_stop_sync(&t->sched.timer);
}
