// SPDX-License-Identifier: GPL-2.0
/*
 * Time partitions: a frame of windows that repeats for ever. The threads of a partition run, by their
 * priorities, in its windows alone. Who still wants the CPU when a window of his closes has overrun it;
 * that is counted, and he goes on in the next one.
 *
 * Windows follow each other on an exact grid, whenever the timer comes; two of one partition that touch
 * are one. While the CPU is offline the timer waits in its queue: whole frames that went by are passed
 * over, so what is left to do when it comes back is less than a frame's windows, not hours of them.
 */
#include "nucleus/sched.h"

static struct nk_gate *gate_of(const struct nk_thread *t)
{
	return &nk_class_cpus[t->sched.cpu].partitions[t->sched.attr.group];
}

static int tp_base(const struct nk_thread *t)
{
	return nk_gate_base(gate_of(t), t);
}

/* The window on one side of @w, if it is the same partition's, else -1. */
static int touching(const struct nk_frame *f, int w, int by)
{
	int next = (w + by + f->count) % f->count;

	return f->windows[next].partition == f->windows[w].partition ? next : -1;
}

/* The lengths of those that touch @w on one side. */
static nk_time_t length_beside(const struct nk_frame *f, int w, int by)
{
	int next = touching(f, w, by), at = w;
	nk_time_t length = 0;

	while (next >= 0 && next != w) {
		length += f->windows[next].length;
		at = next;
		next = touching(f, at, by);
	}
	return length;
}

/* The window that is open, or the next one. */
static void tp_budget(const struct nk_thread *t, const struct nk_budget_at *at, struct nk_budget *b)
{
	const struct nk_class_cpu *c = &nk_class_cpus[t->sched.cpu];
	const struct nk_frame *f = &c->frame;
	int passed = 0, w = c->window;

	while (passed < f->count && f->windows[w].partition != t->sched.attr.group) {
		w = (w + 1) % f->count;
		passed++;
	}
	if (passed == f->count)
		return;
	b->of = f->windows[w].length + length_beside(f, w, 1) + length_beside(f, w, -1);
	if (!passed)
		b->left = c->window_end - at->now + length_beside(f, w, 1);
}

static int tp_join(struct nk_thread *t)
{
	nk_gate_join(gate_of(t), t);
	return 0;
}

const struct nk_class nk_class_tp = {
	.base = tp_base,
	.budget = tp_budget,
	.join = tp_join,
	.quit = nk_gate_quit,
};

static void count_overruns(struct nk_gate *gate)
{
	struct nk_list *l = gate->members.next;

	for (; l != &gate->members; l = l->next) {
		struct nk_thread *t = nk_container_of(l, struct nk_thread, sched.node);

		if (t->state == NK_READY || t->state == NK_RUNNING)
			t->budget_overruns++;
	}
}

/* Only @partition, or none, is open from now on. */
static void switch_to(struct nk_class_cpu *c, int partition)
{
	int i;

	for (i = 0; i < NK_PARTITIONS; i++) {
		if (i == partition || !c->partitions[i].open)
			continue;
		count_overruns(&c->partitions[i]);
		nk_gate_set(&c->partitions[i], 0);
	}
	if (partition >= 0)
		nk_gate_set(&c->partitions[partition], 1);
}

/* The window that ends now is where it was many frames ago. */
static void pass_over(struct nk_class_cpu *c, nk_time_t now)
{
	nk_time_t frame = 0;
	int i;

	for (i = 0; i < c->frame.count; i++)
		frame += c->frame.windows[i].length;
	c->window_end += (now - c->window_end) / frame * frame;
}

static void tp_fires(struct nk_timer *timer, nk_time_t now)
{
	struct nk_class_cpu *c = nk_container_of(timer, struct nk_class_cpu, tp_timer);

	nk_lock_acquire(&c->lock);
	if (c->frame.count && !timer->armed) {
		pass_over(c, now);
		c->window = (c->window + 1) % c->frame.count;
		c->window_end += c->frame.windows[c->window].length;
		switch_to(c, c->frame.windows[c->window].partition);
		nk_timer_start_on(timer, timer->cpu, c->window_end, 0);
	}
	nk_lock_release(&c->lock);
}

static int frame_is_valid(const struct nk_frame *f)
{
	int i;

	if (f->count < 0 || f->count > NK_WINDOWS)
		return 0;
	for (i = 0; i < f->count; i++)
		if (f->windows[i].partition < -1 || f->windows[i].partition >= NK_PARTITIONS ||
		    f->windows[i].length < NK_PERIOD_MIN || f->windows[i].length > NK_PERIOD_MAX)
			return 0;
	return 1;
}

int nk_frame_set(int cpu, const struct nk_frame *frame)
{
	struct nk_class_cpu *c;
	hal_flags_t flags;

	if (cpu < 0 || cpu >= HAL_MAX_CPUS || !frame_is_valid(frame))
		return -NK_EINVAL;
	c = &nk_class_cpus[cpu];
	flags = hal_oob_save();
	nk_lock_acquire(&c->lock);
	nk_timer_stop(&c->tp_timer);
	c->frame = *frame;
	c->window = 0;
	if (frame->count) {
		c->window_end = hal_clock_now() + frame->windows[0].length;
		nk_timer_start_on(&c->tp_timer, cpu, c->window_end, 0);
	}
	switch_to(c, frame->count ? frame->windows[0].partition : -1);
	nk_lock_release(&c->lock);
	nk_sched();
	hal_oob_restore(flags);
	return 0;
}

int nk_frame_get(int cpu, struct nk_frame *frame)
{
	struct nk_class_cpu *c;
	hal_flags_t flags;

	if (cpu < 0 || cpu >= HAL_MAX_CPUS)
		return -NK_EINVAL;
	c = &nk_class_cpus[cpu];
	flags = hal_oob_save();
	nk_lock_acquire(&c->lock);
	*frame = c->frame;
	nk_lock_release(&c->lock);
	hal_oob_restore(flags);
	return 0;
}

void nk_tp_init(struct nk_class_cpu *c, int cpu)
{
	int i;

	for (i = 0; i < NK_PARTITIONS; i++)
		nk_gate_init(&c->partitions[i]);
	nk_timer_init(&c->tp_timer, tp_fires);
	c->tp_timer.pinned = 1;
	c->tp_timer.cpu = cpu;
}
