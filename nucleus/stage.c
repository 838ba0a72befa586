// SPDX-License-Identifier: GPL-2.0
/*
 * Crossings. The states of a user thread, and who moves it on:
 *
 *	INBAND		Linux task: nk_stage_enter			-> READY
 *	READY...BLOCKED	the thread: nk_stage_leave			-> INBAND, leaving
 *	INBAND, leaving	its CPU, in the next context: hal_inband_wake	-> INBAND
 *
 * S1 The Linux task touches the context only after hal_inband_wake(): a thread in state INBAND
 *    may still have a CPU standing on its stack.
 * S2 A recall counts from the moment of nk_stage_enter(): it is kept until the next enter, so
 *    one that comes before the thread runs for the first time is found there.
 * S3 cpu changes here alone, under the locks of both CPUs' classes, of the thread, and of the rq that it
 *    names so far.
 */
#include "nucleus/stage.h"
#include "nucleus/trace.h"
#include "nucleus/sched.h"

/* S3: whoever holds the old rq's lock and found t->cpu to be that one is through first. */
static void move(struct nk_thread *t, int cpu)
{
	struct nk_rq *old = &nk_rqs[t->cpu];

	nk_lock_acquire(&t->lock);
	nk_lock_acquire(&old->lock);
	nk_assert(t->state == NK_INBAND || t->state == NK_DORMANT);
	__atomic_store_n(&t->cpu, cpu, __ATOMIC_RELAXED);
	nk_lock_release(&old->lock);
	nk_lock_release(&t->lock);
}

int nk_stage_move(struct nk_thread *t, int cpu)
{
	hal_flags_t flags = hal_oob_save();
	int err = 0;

	if (t->cpu != cpu)
		err = nk_class_move(t, cpu, move);
	hal_oob_restore(flags);
	return err;
}

int nk_stage_enter(struct nk_thread *t, int cpu)
{
	struct nk_rq *rq = &nk_rqs[cpu];
	int err;

	nk_assert_masked();
	nk_assert(cpu == hal_cpu() && !t->leaving);
	err = nk_stage_move(t, cpu);
	if (err)
		return err;
	t->recall = 0;
	if (nk_unlikely(t->class))
		nk_class_recalled(t);
	nk_lock_acquire(&t->lock);
	nk_lock_acquire(&rq->lock);
	nk_assert(t->state == NK_INBAND || t->state == NK_DORMANT);
	rq->living++;
	nk_trace_stage(t, HAL_TRACE_HARDEN, cpu);
	nk_rq_enqueue(rq, t);
	nk_lock_release(&rq->lock);
	nk_lock_release(&t->lock);
	return 0;
}

void nk_stage_leave(int reason)
{
	struct nk_thread *t;

	hal_oob_save();
	t = nk_thread_current();
	t->leave_reason = reason;
	nk_trace_stage(t, HAL_TRACE_RELAX, reason);
	hal_context_sync(&t->ctx);
	nk_rq_leave(NK_INBAND);
}

static int is_oob(const struct nk_thread *t)
{
	return t->state == NK_READY || t->state == NK_RUNNING || t->state == NK_BLOCKED;
}

void nk_stage_recall(struct nk_thread *t, int reason)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_rq *rq = nk_rq_lock_of(t);

	if (is_oob(t)) {
		if (!t->recall)
			t->recall = reason;
		if (t->waiting)
			nk_rq_wake(rq, t, -NK_EINTR);
		if (rq->curr == t && rq->cpu != hal_cpu())
			hal_ipi_send(rq->cpu);
	}
	nk_lock_release(&rq->lock);
	if (nk_unlikely(t->class))
		nk_class_recalled(t);
	nk_sched();
	hal_oob_restore(flags);
}

int nk_stage_recalled(const struct nk_thread *t)
{
	return __atomic_load_n(&t->recall, __ATOMIC_RELAXED);
}
