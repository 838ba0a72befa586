/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the nucleus tells of itself. What is frequent is one instruction while nobody watches; the
 * rest is kept for a crash as well. The ends of waits are at the end of thread.h.
 *
 * Context of all: hard masked, with any lock held; never blocks.
 */
#ifndef NUCLEUS_TRACE_H
#define NUCLEUS_TRACE_H

#include "nucleus/thread.h"

static inline void nk_trace_switch(const struct nk_thread *prev, const struct nk_thread *next)
{
	if (nk_unlikely(hal_tracing()))
		hal_trace(HAL_TRACE_SWITCH, &prev->ctx, &next->ctx, prev->state, 0);
}

static inline void nk_trace_timer(const struct nk_timer *timer, nk_time_t now)
{
	if (nk_unlikely(hal_tracing()))
		hal_trace(HAL_TRACE_TIMER, NULL, NULL, timer->due, now);
}

static inline void nk_trace_stage(const struct nk_thread *t, enum hal_trace_event event, int why)
{
	hal_trace(event, &t->ctx, NULL, why, 0);
}

static inline void nk_trace_boost(const struct nk_thread *t, int before, int now)
{
	if (nk_unlikely(hal_tracing()))
		hal_trace(HAL_TRACE_BOOST, &t->ctx, NULL, before, now);
}

static inline void nk_trace_lock_wait(const struct nk_thread *t, const struct nk_thread *owner,
				      const void *lock)
{
	if (nk_unlikely(hal_tracing()))
		hal_trace(HAL_TRACE_LOCK_WAIT, &t->ctx, &owner->ctx, (long)lock, 0);
}

static inline void nk_trace_lock_end(const struct nk_thread *t, const void *lock, int how)
{
	if (nk_unlikely(hal_tracing()))
		hal_trace(HAL_TRACE_LOCK_END, &t->ctx, NULL, (long)lock, how);
}

static inline void nk_trace_mark(const struct nk_thread *t, long id, long value)
{
	hal_trace(HAL_TRACE_MARK, &t->ctx, NULL, id, value);
}

#endif
