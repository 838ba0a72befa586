// SPDX-License-Identifier: GPL-2.0
/*
 * Condition variables. A waiter stands on the condition's queue, then, once signalled, on the
 * mutex's. Both locks are held while it is moved, the condition's first, so:
 *
 * C1 wait_on of a thread in nk_cond_wait() is the condition, then the mutex, never back;
 * C2 a wait that ends with 0 or -EOWNERDEAD has been given the mutex, by signal or unlock;
 * C3 the mutex is pinned as long as anybody is in a wait with it.
 *
 * Queue and unlock are one step, under both locks, so no signal is missed:
 *
 *	wait, CPU 0				signal, CPU 1, with the mutex
 *	lock cond, lock mutex
 *	on the queue; hand the mutex over
 *	unlock both
 *						lock mutex (outside); change what is waited for
 *						signal: finds the waiter
 *	does not block any more
 *
 * A broadcast is a sweep: it counts for all who wait when it begins, whatever comes in between.
 *
 * C4 Who leaves his mutex is not counted in users, stands on the condition alone, and does not touch it any more
 *    once a signal has ended the wait. So while there are users all who stand there are.
 */
#include "nucleus/cond.h"
#include "nucleus/pi.h"
#include "nucleus/sched.h"
#include "nucleus/sweep.h"
#include "nucleus/word.h"

void nk_cond_init(struct nk_cond *c)
{
	nk_waitq_init(&c->wq);
	nk_lock_init(&c->wq.lock, NK_RANK_COND);
	c->mutex = NULL;
	c->users = 0;
}

int nk_cond_destroy(struct nk_cond *c)
{
	hal_flags_t flags;
	int busy;

	nk_waitq_close(&c->wq);
	flags = hal_oob_save();
	nk_lock_acquire(&c->wq.lock);
	busy = c->users != 0;
	nk_lock_release(&c->wq.lock);
	hal_oob_restore(flags);
	return busy ? -NK_EBUSY : nk_waitq_destroy(&c->wq);
}

/* C4: of the two kinds of waits. */
static int others_leave(const struct nk_cond *c)
{
	return !c->users && !nk_plist_empty(&c->wq.waiters);
}

/* Steps up to the wait; 0 when it has begun or, with -EINTR, ended at once. */
static int begin(struct nk_cond *c, struct nk_mutex *m, struct nk_thread *t, int *ret,
		 unsigned int *depth)
{
	nk_assert_held(&c->wq.lock);
	if (c->wq.closed)
		return -NK_EIDRM;
	if ((c->users && c->mutex != m) || others_leave(c))
		return -NK_EINVAL;
	nk_lock_acquire(&m->wq.lock);
	nk_word_claim_locked(m);
	if (m->owner != t) {
		nk_word_release_locked(m);
		nk_lock_release(&m->wq.lock);
		return -NK_EPERM;
	}
	c->mutex = m;
	c->users++;
	__atomic_fetch_add(&m->wq.pins, 1, __ATOMIC_ACQUIRE);
	*depth = m->depth;
	*ret = nk_wait_enter_locked(&c->wq, t);
	nk_mutex_release_locked(m);
	nk_lock_release(&m->wq.lock);
	return 0;
}

/*
 * The wait has ended, for reason @ret, with nothing given: off whichever queue it is. By C1 it is
 * the mutex's if it is not the condition's any more; then a signal has been spent on this
 * thread, and the deadline does not count: it was for the signal.
 */
static int leave(struct nk_cond *c, struct nk_mutex *m, struct nk_thread *t, int ret,
		 hal_flags_t flags)
{
	nk_lock_acquire(&c->wq.lock);
	nk_wait_leave_locked(&c->wq, t);
	nk_lock_release(&c->wq.lock);
	if (!t->wait_on)
		return ret;
	nk_lock_acquire(&m->wq.lock);
	nk_wait_leave_locked(&m->wq, t);
	nk_pi_follow(&m->wq, NULL, flags);
	return ret == -NK_ETIMEDOUT ? 0 : ret;
}

/* Take the mutex again for a wait that ended with @ret. */
static int retake(struct nk_mutex *m, int ret)
{
	int err;

	if (ret == -NK_EINTR || ret == -NK_ENOTRECOVERABLE)
		return ret;
	err = nk_mutex_lock(m, NK_TIME_NEVER);
	return err ? err : ret;
}

static int is_given(int ret)
{
	return ret == 0 || ret == -NK_EOWNERDEAD;
}

static void finish(struct nk_cond *c, struct nk_mutex *m, struct nk_thread *t,
		   unsigned int depth)
{
	nk_lock_acquire(&c->wq.lock);
	nk_lock_acquire(&m->wq.lock);
	if (m->owner == t)
		m->depth = depth;
	__atomic_fetch_sub(&m->wq.pins, 1, __ATOMIC_RELEASE);
	nk_lock_release(&m->wq.lock);
	c->users--;
	nk_lock_release(&c->wq.lock);
}

int nk_cond_wait(struct nk_cond *c, struct nk_mutex *m, nk_time_t deadline)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_thread *t = nk_thread_current();
	unsigned int depth;
	int err, ret = 0;

	nk_assert_can_block();
	nk_waitq_enter(&c->wq, flags);
	err = begin(c, m, t, &ret, &depth);
	nk_lock_release(&c->wq.lock);
	if (err) {
		hal_oob_restore(flags);
		return err;
	}
	if (nk_unlikely(m->unrecoverable)) {
		nk_waitq_enter(&m->wq, flags);
		nk_wait_flush_locked(&m->wq, -NK_ENOTRECOVERABLE, flags);
	}
	if (!ret)
		ret = nk_thread_wait_commit(t, deadline, -NK_ETIMEDOUT);
	if (!is_given(ret)) {
		if (t->wait_on)
			ret = leave(c, m, t, ret, flags);
		nk_sched();
		ret = retake(m, ret);
	}
	finish(c, m, t, depth);
	hal_oob_restore(flags);
	return ret;
}

/* 0: it was @t's, and is not any more. Of one that is locked more than once nobody would know the depth. */
static int leave_behind(struct nk_mutex *m, struct nk_thread *t)
{
	int err = 0;

	if (nk_word_give(m, t))
		return 0;
	nk_lock_acquire(&m->wq.lock);
	nk_word_claim_locked(m);
	if (m->owner == t && m->depth == 1) {
		nk_mutex_release_locked(m);
	} else {
		err = m->owner == t ? -NK_EBUSY : -NK_EPERM;
		nk_word_release_locked(m);
	}
	nk_lock_release(&m->wq.lock);
	return err;
}

/* The condition's lock is held from before the mutex goes until the wait has begun: nobody signals in between. */
int nk_cond_wait_leave(struct nk_cond *c, struct nk_mutex *m, nk_time_t deadline)
{
	hal_flags_t flags = hal_oob_save();
	int ret;

	nk_assert_can_block();
	nk_waitq_enter(&c->wq, flags);
	ret = c->wq.closed || c->users || (m->kind & NK_MUTEX_ROBUST) ? -NK_EINVAL :
	      leave_behind(m, nk_thread_current());
	if (ret) {
		nk_lock_release(&c->wq.lock);
	} else {
		ret = nk_wait_block_locked(&c->wq, deadline);
		if (nk_unlikely(ret))
			nk_sched();	/* who got the mutex may be better */
	}
	hal_oob_restore(flags);
	return ret;
}

/* @t goes on, or stands on the queue of its mutex, which is returned then, or when its owner may have to
 * follow: locked. */
static struct nk_waitq *signal_one(struct nk_sweep *s, struct nk_waitq *wq, struct nk_thread *t)
{
	struct nk_cond *c = nk_container_of(wq, struct nk_cond, wq);
	struct nk_mutex *m = c->mutex;

	if (!c->users) {
		s->count += nk_wait_wake_this_locked(wq, t, 0);
		return NULL;
	}
	nk_lock_acquire(&m->wq.lock);
	s->count += nk_mutex_adopt_locked(m, wq, t);
	return &m->wq;
}

int nk_cond_signal(struct nk_cond *c)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_plist_node *n, *next;
	struct nk_mutex *m;
	int count = 0;

	nk_waitq_enter(&c->wq, flags);
	m = c->users ? c->mutex : NULL;
	if (m)
		nk_lock_acquire(&m->wq.lock);
	else
		count = nk_wait_wake_locked(&c->wq, 0);
	for (n = m ? nk_plist_first(&c->wq.waiters) : NULL; n && !count; n = next) {
		next = nk_plist_next(&c->wq.waiters, n);
		count = nk_mutex_adopt_locked(m, &c->wq,
				nk_container_of(n, struct nk_thread, wait_node));
	}
	nk_lock_release(&c->wq.lock);
	if (m)
		nk_pi_follow(&m->wq, NULL, flags);
	nk_sched();
	hal_oob_restore(flags);
	return count;
}

int nk_cond_broadcast(struct nk_cond *c)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_sweep s = { .visit = signal_one };

	nk_waitq_enter(&c->wq, flags);
	nk_sweep_run_locked(&c->wq, &s, flags);
	nk_lock_release(&c->wq.lock);
	nk_sched();
	hal_oob_restore(flags);
	return s.count;
}
