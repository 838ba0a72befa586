// SPDX-License-Identifier: GPL-2.0
/*
 * Sweeps over the waiters of a queue. Each stretch with the mask closed is one visit, however many
 * wait.
 *
 * G1 Who counts: whoever waits when the sweep begins. The round tells: theirs is an older one until
 *    they have been visited. Whose wait ends before its turn is left alone, as if it had ended first.
 * G2 They are visited in the order in which they stood then. Who has not been visited keeps its place,
 *    whatever becomes of its priority; the visit puts that right, and so one that was
 *    cut short is finished after all if there are such.
 * G3 next is the first that nobody has looked at. Whoever takes a waiter off moves it on.
 * G4 One sweep at a time. Who enters the queue meanwhile goes on with it first, so nobody sees a half
 *    of it, and nobody waits for one who began it and has lost its CPU:
 *
 *	post of bit 1, CPU 0			clear of bit 1, CPU 1
 *	lock; bits = 1; sweep
 *	visit A, it goes on; unlock
 *						lock; a sweep: visit B, it goes on; the last
 *						bits = 0; unlock
 *	lock; another sweep, or none: through
 *
 *    Without that, B would have stood there when the bit came, and wait on.
 * G5 The queue is pinned while its lock is released: those who were visited may want to free it.
 *
 * A sweep lies on the stack of who began it, who does not return before it has ended. Timeouts, unblocks
 * and walks of pi.c do not enter; they change waits and places as G1 to G3 say. Linux as the caller
 * may lose its CPU to its own scheduler; the rest then waits for it, or for who comes next.
 */
#include "nucleus/sweep.h"
#include "nucleus/pi.h"
#include "nucleus/sched.h"

/* G2. */
static void put_right(struct nk_waitq *wq, struct nk_thread *t)
{
	nk_lock_acquire(&t->lock);
	nk_wait_place_locked(wq, t);
	nk_lock_release(&t->lock);
}

/* After the visit @t may be gone, so its place comes first. */
static struct nk_waitq *visit_next(struct nk_waitq *wq)
{
	struct nk_thread *t = nk_container_of(wq->next, struct nk_thread, wait_node);

	wq->next = nk_plist_next(&wq->waiters, wq->next);
	if (t->wait_round == wq->round)
		return NULL;
	t->wait_round = wq->round;
	put_right(wq, t);
	return wq->sweep->visit(wq->sweep, wq, t);
}

static void go_on(struct nk_waitq *wq, hal_flags_t flags)
{
	struct nk_waitq *grown = wq->next ? visit_next(wq) : NULL;

	if (!wq->next)
		wq->sweep = NULL;
	if (!wq->sweep && !grown)
		return;
	__atomic_fetch_add(&wq->pins, 1, __ATOMIC_ACQUIRE);
	nk_lock_release(&wq->lock);
	if (grown)
		nk_pi_follow(grown, NULL, flags);
	hal_oob_restore(flags);
	hal_oob_save();
	nk_lock_acquire(&wq->lock);
	__atomic_fetch_sub(&wq->pins, 1, __ATOMIC_RELEASE);
}

nk_cold void nk_sweep_help_locked(struct nk_waitq *wq, hal_flags_t flags)
{
	while (wq->sweep)
		go_on(wq, flags);
}

void nk_sweep_run_locked(struct nk_waitq *wq, struct nk_sweep *s, hal_flags_t flags)
{
	nk_assert_held(&wq->lock);
	nk_assert(!wq->sweep);
	wq->next = nk_plist_first(&wq->waiters);
	if (!wq->next)
		return;
	wq->round++;
	wq->misplaced = 0;
	wq->sweep = s;
	while (wq->sweep == s)
		go_on(wq, flags);
}

static struct nk_waitq *flush_one(struct nk_sweep *s, struct nk_waitq *wq, struct nk_thread *t)
{
	s->count += nk_wait_wake_this_locked(wq, t, s->error);
	return NULL;
}

int nk_wait_flush_locked(struct nk_waitq *wq, int error, hal_flags_t flags)
{
	struct nk_sweep s = { .visit = flush_one, .error = error };

	nk_sweep_run_locked(wq, &s, flags);
	nk_lock_release(&wq->lock);
	return s.count;
}

int nk_wait_flush(struct nk_waitq *wq, int error)
{
	hal_flags_t flags = hal_oob_save();
	int count;

	nk_waitq_enter(wq, flags);
	count = nk_wait_flush_locked(wq, error, flags);
	nk_sched();
	hal_oob_restore(flags);
	return count;
}

static struct nk_waitq *count_one(struct nk_sweep *s, struct nk_waitq *wq, struct nk_thread *t)
{
	(void)wq;
	s->count += t->waiting;
	return NULL;
}

int nk_wait_count(struct nk_waitq *wq)
{
	struct nk_sweep s = { .visit = count_one };
	hal_flags_t flags = hal_oob_save();

	nk_waitq_enter(wq, flags);
	nk_sweep_run_locked(wq, &s, flags);
	nk_lock_release(&wq->lock);
	hal_oob_restore(flags);
	return s.count;
}

int nk_wait_wake_all(struct nk_waitq *wq)
{
	return nk_wait_flush(wq, 0);
}

void nk_waitq_close(struct nk_waitq *wq)
{
	hal_flags_t flags = hal_oob_save();

	nk_waitq_enter(wq, flags);
	wq->closed = 1;
	nk_watch_notify_locked(wq);
	nk_wait_flush_locked(wq, -NK_EIDRM, flags);
	nk_sched();
	hal_oob_restore(flags);
}
