/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside the timers: the queues of a CPU, for timer.c, timer_real.c and timer_move.c alone.
 */
#ifndef NUCLEUS_TIMER_QUEUE_H
#define NUCLEUS_TIMER_QUEUE_H

#include "nucleus/timer.h"

static inline struct nk_timer *nk_timer_of(struct nk_tree_node *n)
{
	return nk_container_of(n, struct nk_timer, node);
}

/* After the queue by CLOCK_REALTIME has changed, or the offset: the alarm anew. Context: base lock held. */
void nk_timer_alarm_set(struct nk_timer_base *base);

/* Of @cpu's base, which is new. Context: any. */
void nk_timer_alarm_init(struct nk_timer_base *base, int cpu);

/* Take the first of @queue off, if it is due, or NULL; @now is by its clock. Context: base lock held. */
struct nk_timer *nk_timer_take_first(struct nk_timer_base *base, const struct nk_tree *queue,
				     nk_time_t now);

/* Arm. Context: base lock held. */
static inline void nk_timer_queue_add(struct nk_timer_base *base, struct nk_timer *t)
{
	t->armed = 1;
	if (nk_unlikely(t->clock == NK_CLOCK_REALTIME)) {
		nk_tree_add(&base->real, &t->node);
		nk_timer_alarm_set(base);
	} else {
		nk_tree_add(&base->queue, &t->node);
	}
}

/* Disarm. Context: base lock held. */
static inline void nk_timer_queue_del(struct nk_timer_base *base, struct nk_timer *t)
{
	t->armed = 0;
	if (nk_unlikely(t->clock == NK_CLOCK_REALTIME)) {
		nk_tree_del(&base->real, &t->node);
		nk_timer_alarm_set(base);
	} else {
		nk_tree_del(&base->queue, &t->node);
	}
}

/* Context: base lock held. */
static inline nk_time_t nk_timer_next(const struct nk_timer_base *base)
{
	return base->queue.first ? base->queue.first->key : NK_TIME_NEVER;
}

/* Context: base lock held, on its CPU. */
static inline void nk_timer_program_locked(struct nk_timer_base *base, nk_time_t deadline)
{
	base->programmed = deadline;
	if (!base->in_tick)
		hal_timer_program(deadline);
}

/* The first has changed, perhaps. Context: base lock held. */
static inline void nk_timer_retime(struct nk_timer_base *base, int cpu)
{
	if (nk_timer_next(base) >= base->programmed)
		return;
	if (cpu == hal_cpu())
		nk_timer_program_locked(base, nk_timer_next(base));
	else if (nk_likely(base->serves == cpu))
		hal_ipi_send(cpu);
}

#endif
