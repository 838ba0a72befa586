// SPDX-License-Identifier: GPL-2.0
/*
 * The chain walk of priority inheritance.
 *
 * An owned mutex is a booster of its owner: it stands in owner->owned with the priority of its top
 * waiter, or 0 when it has none; with its ceiling, if it has one and that is higher. Whenever no walk is under way:
 *
 * P1 eprio of a thread = max(base_prio, top of owned); base_prio may be 0, see class.h;
 * P2 a waiter stands in its queue at its eprio;
 * P3 an owned mutex stands in owner->owned at nk_pi_boost_of() it;
 * P4 a free mutex stands nowhere.
 *
 * In the middle of a walk P2 may be off for one thread per walk, the walker's link; each
 * change of an eprio makes the one who changed it walk on from there, so nothing stays off.
 *
 *	states of a mutex
 *	owner	waiters	booster in owner->owned		left by
 *	NULL	none	no				lock: take
 *	T	none	at 0				unlock: free; lock: wait
 *	T	some	at the top waiter's priority	unlock: hand over; timeout: one less
 *	NULL	some	no				all waiters have timed out and not yet
 *							run to leave; lock: take
 *
 * One step goes from a link (a thread T that waits on a queue W) to the next. Between steps no
 * lock is held, so that an oob walker can let interrupts in; T and W are pinned instead.
 *
 *	1. lock W						[W]
 *	2. lock T; if T still waits on W, move it there to its eprio; unlock T	[W T]
 *	3. drop both pins; stop if T has left (who woke it has set things right),
 *	   or if W is not a mutex's, or free
 *	4. the owner O is self: a deadlock, stop
 *	5. lock O							[W O]
 *	6. move W's mutex in O->owned to the top waiter's priority
 *	7. if that changes O's eprio: lock O's rq, change it, requeue, unlock	[W O rq]
 *	8. if O waits, pin O and its queue: the next link
 *	9. unlock O, unlock W
 *	10. stop without a next link; stop if eprio was unchanged and no deadlock is sought
 *
 * At most three locks are held, always in rank order, never two threads. Walks on different
 * chains share nothing; walks on one chain pass each queue in some order, and the later one
 * carries the later values, as each step reads what is true under the locks.
 *
 * A pin is taken under the lock of the thread that waits, so the queue is alive then; it
 * may not go while pinned, nor may the thread. Only the walker sleeps over a pin, and only
 * because something better has its CPU, never Linux.
 *
 * Two threads that close a ring at the same time both enter their queues before they walk, so
 * at least the later one finds it; both may. A walk that runs in a ring closed by others ends
 * when eprios stop rising, or at NK_PI_CHAIN_MAX when it seeks a deadlock: that is one.
 */
#include "nucleus/pi.h"
#include "nucleus/sched.h"

struct link {
	struct nk_thread *t;
	struct nk_waitq *wq;	/* NULL: the chain ends */
};

/* @t's lock is held. */
static void pin(struct link *link, struct nk_thread *t)
{
	link->t = t;
	link->wq = t->wait_on;
	if (!link->wq)
		return;
	__atomic_fetch_add(&t->pins, 1, __ATOMIC_ACQUIRE);
	__atomic_fetch_add(&link->wq->pins, 1, __ATOMIC_ACQUIRE);
}

/* Neither may be touched afterwards, but the queue while its lock is held. */
static void unpin(const struct link *link)
{
	__atomic_fetch_sub(&link->t->pins, 1, __ATOMIC_RELEASE);
	__atomic_fetch_sub(&link->wq->pins, 1, __ATOMIC_RELEASE);
}

/* P1 for @t, whose lock is held; 1 when eprio changed. */
static int update_eprio(struct nk_thread *t)
{
	int prio = nk_plist_top(&t->owned);

	if (prio < t->base_prio)
		prio = t->base_prio;
	if (prio == t->eprio)
		return 0;
	nk_rq_set_eprio(t, prio);
	return 1;
}

int nk_pi_boost_of(const struct nk_mutex *m)
{
	int top = nk_plist_top(&m->wq.waiters);

	if (top == NK_PRIO_EDF)
		top = NK_PRIO_EDF_LENT;
	return top > m->ceiling ? top : m->ceiling;
}

/* P3 for @m in the lists of @o; both locks are held. */
static void place_booster(struct nk_mutex *m, struct nk_thread *o)
{
	int boost = nk_pi_boost_of(m);

	if (m->booster.prio == boost)
		return;
	nk_plist_del(&o->owned, &m->booster);
	nk_plist_add(&o->owned, &m->booster, boost);
}

/* Steps 2 and 3; 1 when the chain goes on through link->wq. */
static int place_waiter(const struct link *link)
{
	struct nk_thread *t = link->t;
	struct nk_waitq *wq = link->wq;
	int waits;

	nk_lock_acquire(&t->lock);
	waits = t->wait_on == wq;
	if (waits)
		nk_wait_place_locked(wq, t);
	nk_lock_release(&t->lock);
	unpin(link);
	return waits;
}

/* Steps 5 to 9: one step up from @wq, whose lock is released. 1 when the walk goes on. */
static int boost_owner(struct nk_waitq *wq, int seeking, struct link *link)
{
	struct nk_mutex *m = wq->mutex;
	struct nk_thread *o = m ? m->owner : NULL;
	int changed;

	link->wq = NULL;
	if (o) {
		nk_lock_acquire(&o->lock);
		place_booster(m, o);
		changed = update_eprio(o);
		if (changed || seeking)
			pin(link, o);
		nk_lock_release(&o->lock);
	}
	nk_lock_release(&wq->lock);
	return link->wq != NULL;
}

/* A thread whose wait has ended but which has not run yet does not close a ring. */
static int closes_ring(const struct nk_waitq *wq, const struct nk_thread *self, int waiting)
{
	return self && waiting && wq->mutex && wq->mutex->owner == self;
}

/* Steps 1 to 9; 1: go on, 0: done, -EDEADLK. */
static int step(struct link *link, const struct nk_thread *self)
{
	struct nk_waitq *wq = link->wq;
	int waiting;

	nk_lock_acquire(&wq->lock);
	waiting = __atomic_load_n(&link->t->waiting, __ATOMIC_RELAXED);
	if (!place_waiter(link)) {
		nk_lock_release(&wq->lock);
		return 0;
	}
	if (closes_ring(wq, self, waiting)) {
		nk_lock_release(&wq->lock);
		return -NK_EDEADLK;
	}
	return boost_owner(wq, self != NULL, link);
}

static int walk(struct link *link, const struct nk_thread *self, hal_flags_t flags)
{
	int depth = 0;
	int ret = link->wq != NULL;

	while (ret > 0) {
		nk_breathe(flags);
		ret = step(link, self);
		if (ret > 0 && self && ++depth == NK_PI_CHAIN_MAX) {
			unpin(link);
			return -NK_EDEADLK;
		}
	}
	return ret;
}

int nk_pi_follow(struct nk_waitq *wq, const struct nk_thread *self, hal_flags_t flags)
{
	struct link link;

	nk_assert_held(&wq->lock);
	boost_owner(wq, self != NULL, &link);
	return walk(&link, self, flags);
}

void nk_pi_set_base(struct nk_thread *t, int prio, hal_flags_t flags)
{
	struct link link = { .wq = NULL };

	nk_lock_acquire(&t->lock);
	if (prio)
		t->prio = prio;
	t->base_prio = nk_class_base(t);
	if (update_eprio(t))
		pin(&link, t);
	nk_lock_release(&t->lock);
	walk(&link, NULL, flags);
}

void nk_pi_own_locked(struct nk_mutex *m, struct nk_thread *t)
{
	nk_assert_held(&m->wq.lock);
	nk_assert_held(&t->lock);
	m->owner = t;
	nk_plist_add(&t->owned, &m->booster, nk_pi_boost_of(m));
	update_eprio(t);
}

void nk_pi_disown(struct nk_mutex *m)
{
	struct nk_thread *t = m->owner;

	nk_assert_held(&m->wq.lock);
	nk_lock_acquire(&t->lock);
	m->owner = NULL;
	nk_plist_del(&t->owned, &m->booster);
	update_eprio(t);
	nk_lock_release(&t->lock);
}
