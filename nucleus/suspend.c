// SPDX-License-Identifier: GPL-2.0
/*
 * Suspended threads. A thread stops at one place only, on its way back to user mode, so a wait and a stop
 * add up: what it waits for it gets, in its turn, and then it stops. Nothing of the nucleus is held there
 * but mutexes that the user took.
 *
 *	suspend, CPU 0				thread, CPU 1
 *	lock rq; suspends = 1; unlock
 *	kick, if it runs			on its way back: suspends is not 0
 *						lock rq; still so: stopped, waiting; unlock
 *	resume
 *	lock rq; suspends = 0
 *	stopped: end its wait; unlock
 *						runs: stopped = 0
 *
 * and when the resume is faster, the thread finds 0 under the lock and does not stop. Unblock and time
 * do not end a stop; a recall does, as Linux waits for the thread. It stops again when it is hard again.
 */
#include "nucleus/sched.h"

#define SUSPENDS_MAX 65535

int nk_thread_suspend(struct nk_thread *t)
{
	struct nk_rq *rq = nk_rq_lock_of(t);
	int err = 0;

	if (t->suspends == SUSPENDS_MAX)
		err = -NK_EOVERFLOW;
	else
		t->suspends++;
	if (rq->curr == t && rq->cpu != hal_cpu())
		hal_ipi_send(rq->cpu);
	nk_lock_release(&rq->lock);
	return err;
}

int nk_thread_resume(struct nk_thread *t)
{
	struct nk_rq *rq = nk_rq_lock_of(t);
	int was = t->suspends != 0;

	if (was && !--t->suspends && t->stopped && t->waiting)
		nk_rq_wake(rq, t, 0);
	nk_lock_release(&rq->lock);
	return was;
}

static int stop_begin(struct nk_thread *t)
{
	struct nk_rq *rq = nk_rq_this();

	nk_lock_acquire(&rq->lock);
	t->stopped = t->suspends && !t->recall;
	t->waiting = t->stopped;
	nk_lock_release(&rq->lock);
	return t->waiting;
}

int nk_thread_stop(void)
{
	struct nk_thread *t = nk_thread_current();

	nk_assert_can_block();
	while (stop_begin(t))
		nk_thread_wait_commit(t, NK_TIME_NEVER, 0);
	return t->recall ? -NK_EINTR : 0;
}
