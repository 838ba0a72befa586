// SPDX-License-Identifier: GPL-2.0
/*
 * Wait queues. A wait has these states, in the waiter's own fields:
 *
 *	waiting	wait_on	state		meaning
 *	0	NULL	any		not in a wait
 *	1	wq	RUNNING, READY	begun; the thread still does something, like a chain walk
 *	1	wq	BLOCKED		waits
 *	0	NULL	any but BLOCKED	woken: the waker took it off the queue
 *	0	wq	any but BLOCKED	ended by timeout, unblock or recall: it takes itself off
 *
 * 1. Ending a wait is clearing waiting, under the rq lock; so exactly one side wins and its
 *    reason counts. A BLOCKED thread becomes READY in the same step.
 * 2. Only a waker, who holds the queue's lock, or the thread itself takes it off the queue.
 *    A waker that loses against a timeout goes on to the next waiter: no wake-up is lost.
 * 3. Timeout, unblock and recall know nothing of the queue and need no lock but the rq's; so
 *    they may come from an interrupt at any moment:
 *
 *	wake, CPU 0			timeout, CPU 1
 *	lock wq
 *					lock rq; waiting = 0, -ETIMEDOUT; unlock
 *	lock rq; waiting is 0: lost
 *	next waiter
 *	unlock wq
 *					thread runs: lock wq; off the queue; unlock
 *
 * 4. A thread that stands on a queue will still touch it. So a queue may go when it is empty
 *    and no chain walk has it pinned; a pin is taken under the lock of a thread that stands on
 *    the queue, so none can be new once it is empty.
 */
#include "nucleus/wait.h"
#include "nucleus/sched.h"
#include "nucleus/sweep.h"

void nk_waitq_init(struct nk_waitq *wq)
{
	nk_lock_init(&wq->lock, NK_RANK_WAITQ);
	nk_plist_init(&wq->waiters);
	wq->mutex = NULL;
	wq->pins = 0;
	wq->closed = 0;
	wq->by_prio = -1;
	wq->round = 0;
	wq->sweep = NULL;
	wq->next = NULL;
	nk_list_init(&wq->watches);
}

int nk_waitq_destroy(struct nk_waitq *wq)
{
	hal_flags_t flags = hal_oob_save();
	int busy;

	nk_lock_acquire(&wq->lock);
	busy = !nk_plist_empty(&wq->waiters) || !nk_list_empty(&wq->watches) ||
	       __atomic_load_n(&wq->pins, __ATOMIC_ACQUIRE);
	nk_lock_release(&wq->lock);
	hal_oob_restore(flags);
	return busy ? -NK_EBUSY : 0;
}

static inline void put_on(struct nk_waitq *wq, struct nk_thread *t)
{
	nk_plist_add(&wq->waiters, &t->wait_node, t->eprio & wq->by_prio);
	t->wait_on = wq;
	t->wait_round = wq->round;
}

int nk_wait_enter_locked(struct nk_waitq *wq, struct nk_thread *t)
{
	int ret;

	nk_assert_held(&wq->lock);
	nk_assert(!t->wait_on);
	nk_lock_acquire(&t->lock);
	ret = nk_thread_wait_begin(t);
	if (!ret)
		put_on(wq, t);
	nk_lock_release(&t->lock);
	return ret;
}

/* G3 of sweep.c. */
static void node_del(struct nk_waitq *wq, struct nk_plist_node *n)
{
	if (nk_unlikely(wq->next == n))
		wq->next = nk_plist_next(&wq->waiters, n);
	nk_plist_del(&wq->waiters, n);
}

static void take_off(struct nk_waitq *wq, struct nk_thread *t)
{
	node_del(wq, &t->wait_node);
	t->wait_on = NULL;
}

void nk_wait_place_locked(struct nk_waitq *wq, struct nk_thread *t)
{
	struct nk_plist_node *n = &t->wait_node;

	if (n->prio == (t->eprio & wq->by_prio))
		return;
	if (nk_unlikely(wq->sweep && t->wait_round != wq->round)) {
		wq->misplaced = 1;	/* G2 */
		return;
	}
	node_del(wq, n);
	nk_plist_add(&wq->waiters, n, t->eprio & wq->by_prio);
}

void nk_wait_leave_locked(struct nk_waitq *wq, struct nk_thread *t)
{
	nk_assert_held(&wq->lock);
	nk_lock_acquire(&t->lock);
	if (t->wait_on == wq)
		take_off(wq, t);
	nk_lock_release(&t->lock);
}

static int block_until(struct nk_waitq *wq, struct nk_thread *t, nk_time_t deadline)
{
	int ret = nk_wait_enter_locked(wq, t);

	nk_lock_release(&wq->lock);
	return ret ? ret : nk_thread_wait_commit(t, deadline, -NK_ETIMEDOUT);
}

/* With no timer to start in between, the wait begins and the CPU goes under one hold of the rq lock. */
static inline int block(struct nk_waitq *wq, struct nk_thread *t)
{
	struct nk_rq *rq = nk_rq_this();

	nk_assert(!t->wait_on && !t->waiting);
	nk_lock_acquire(&t->lock);
	nk_lock_acquire(&rq->lock);
	if (nk_unlikely(t->recall)) {
		nk_lock_release(&rq->lock);
		nk_lock_release(&t->lock);
		nk_lock_release(&wq->lock);
		return -NK_EINTR;
	}
	put_on(wq, t);
	t->waiting = 1;
	t->state = NK_BLOCKED;
	nk_rq_del(rq, t);
	nk_lock_release(&t->lock);
	nk_lock_release(&wq->lock);
	nk_rq_switch_locked(rq);
	return t->wait_error;
}

int nk_wait_block_locked(struct nk_waitq *wq, nk_time_t deadline)
{
	struct nk_thread *t = nk_thread_current();
	int ret;

	nk_assert_can_block();
	nk_assert_held(&wq->lock);
	ret = deadline == NK_TIME_NEVER ? block(wq, t) : block_until(wq, t, deadline);
	/* Once the wait has ended only this thread changes a wait_on that is still set. */
	if (t->wait_on) {
		nk_lock_acquire(&wq->lock);
		nk_wait_leave_locked(wq, t);
		nk_lock_release(&wq->lock);
	}
	return ret;
}

int nk_wait_block(struct nk_waitq *wq, nk_time_t deadline)
{
	hal_flags_t flags = hal_oob_save();
	int ret;

	nk_waitq_enter(wq, flags);
	ret = nk_wait_block_locked(wq, deadline);
	hal_oob_restore(flags);
	return ret;
}

/* Win against the other ends of @t's wait, or leave it alone. Won: @t's lock stays held. */
int nk_wait_claim_this_locked(struct nk_waitq *wq, struct nk_thread *t, int error)
{
	struct nk_rq *rq;
	int won;

	nk_assert_held(&wq->lock);
	nk_lock_acquire(&t->lock);
	rq = nk_rq_lock_of(t);
	won = t->waiting;
	if (won) {
		take_off(wq, t);
		nk_rq_wake(rq, t, error);
	}
	nk_lock_release(&rq->lock);
	if (!won)
		nk_lock_release(&t->lock);
	return won;
}

int nk_wait_move_locked(struct nk_waitq *from, struct nk_waitq *to, struct nk_thread *t)
{
	struct nk_rq *rq;
	int waits;

	nk_assert_held(&from->lock);
	nk_assert_held(&to->lock);
	nk_lock_acquire(&t->lock);
	rq = nk_rq_lock_of(t);
	waits = t->waiting;
	nk_lock_release(&rq->lock);
	if (waits) {
		node_del(from, &t->wait_node);
		nk_plist_add(&to->waiters, &t->wait_node, t->eprio & to->by_prio);
		t->wait_on = to;
		t->wait_round = to->round;
	}
	nk_lock_release(&t->lock);
	return waits;
}

struct nk_thread *nk_wait_claim_locked(struct nk_waitq *wq, int error)
{
	struct nk_plist_node *n, *next;
	struct nk_thread *t;

	nk_assert_held(&wq->lock);
	for (n = nk_plist_first(&wq->waiters); n; n = next) {
		next = nk_plist_next(&wq->waiters, n);
		t = nk_container_of(n, struct nk_thread, wait_node);
		if (nk_wait_claim_this_locked(wq, t, error))
			return t;
	}
	return NULL;
}

int nk_wait_wake_this_locked(struct nk_waitq *wq, struct nk_thread *t, int error)
{
	if (!nk_wait_claim_this_locked(wq, t, error))
		return 0;
	nk_lock_release(&t->lock);
	return 1;
}

int nk_wait_wake_locked(struct nk_waitq *wq, int error)
{
	struct nk_thread *t = nk_wait_claim_locked(wq, error);

	if (t)
		nk_lock_release(&t->lock);
	return t != NULL;
}

int nk_wait_wake_one(struct nk_waitq *wq, int error)
{
	hal_flags_t flags = hal_oob_save();
	int woken;

	nk_waitq_enter(wq, flags);
	woken = nk_wait_wake_locked(wq, error);
	nk_lock_release(&wq->lock);
	nk_sched();
	hal_oob_restore(flags);
	return woken;
}
