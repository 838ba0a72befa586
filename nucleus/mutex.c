// SPDX-License-Identifier: GPL-2.0
/*
 * Mutexes: taking, giving and handing over. What owner priorities do meanwhile is in pi.c, how
 * a wait ends in wait.c.
 */
#include "nucleus/mutex.h"
#include "nucleus/pi.h"
#include "nucleus/sched.h"

void nk_mutex_init(struct nk_mutex *m)
{
	nk_waitq_init(&m->wq);
	m->wq.mutex = m;
	m->owner = NULL;
	m->owner_died = 0;
	m->dead = 0;
}

/*
 * One look under one lock decides, and marks. A locker may queue for that lock at any time:
 *
 *	CPU 0, destroy			CPU 1, lock
 *	lock; no owner, no waiters
 *					waits for the lock
 *	dead = 1; unlock
 *					lock; dead: -EINVAL
 */
int nk_mutex_destroy(struct nk_mutex *m)
{
	hal_flags_t flags = hal_oob_save();
	int ret = -NK_EBUSY;

	nk_lock_acquire(&m->wq.lock);
	if (m->dead) {
		ret = -NK_EINVAL;
	} else if (!m->owner && nk_plist_empty(&m->wq.waiters) &&
		   !__atomic_load_n(&m->wq.pins, __ATOMIC_ACQUIRE)) {
		m->dead = 1;
		ret = 0;
	}
	nk_lock_release(&m->wq.lock);
	hal_oob_restore(flags);
	return ret;
}

void nk_mutex_revive(struct nk_mutex *m)
{
	hal_flags_t flags = hal_oob_save();

	nk_lock_acquire(&m->wq.lock);
	nk_assert(m->dead && !m->owner);
	m->dead = 0;
	m->owner_died = 0;
	nk_lock_release(&m->wq.lock);
	hal_oob_restore(flags);
}

/* The mutex is free. */
static int take(struct nk_mutex *m, struct nk_thread *t)
{
	int died = m->owner_died;

	m->owner_died = 0;
	nk_lock_acquire(&t->lock);
	nk_pi_own_locked(m, t);
	nk_lock_release(&t->lock);
	return died ? -NK_EOWNERDEAD : 0;
}

/* End the caller's own wait, unless somebody was faster; returns the reason that counts. */
static int give_up(struct nk_thread *t, int error)
{
	nk_thread_wake(t, error);
	return t->wait_error;
}

/* m's lock is held, and released here. */
static int lock_slow(struct nk_mutex *m, struct nk_thread *t, nk_time_t deadline,
		     hal_flags_t flags)
{
	int ret = nk_wait_enter_locked(&m->wq, t);

	if (ret) {
		nk_lock_release(&m->wq.lock);
		return ret;
	}
	ret = nk_pi_follow(&m->wq, t, flags);
	if (ret)
		ret = give_up(t, ret);
	else
		ret = nk_thread_wait_commit(t, deadline, -NK_ETIMEDOUT);
	/* Not woken by an unlock: leave, and take the boost along. */
	if (t->wait_on) {
		nk_lock_acquire(&m->wq.lock);
		nk_wait_leave_locked(&m->wq, t);
		nk_pi_follow(&m->wq, NULL, flags);
		nk_sched();
	}
	return ret;
}

int nk_mutex_lock(struct nk_mutex *m, nk_time_t deadline)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_thread *t = nk_thread_current();
	int ret;

	nk_assert_can_block();
	nk_lock_acquire(&m->wq.lock);
	if (m->owner && m->owner != t) {
		ret = lock_slow(m, t, deadline, flags);
	} else {
		ret = m->owner ? -NK_EDEADLK : m->dead ? -NK_EINVAL : take(m, t);
		nk_lock_release(&m->wq.lock);
	}
	hal_oob_restore(flags);
	return ret;
}

int nk_mutex_trylock(struct nk_mutex *m)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_thread *t = nk_thread_current();
	int ret;

	nk_assert_can_block();
	nk_lock_acquire(&m->wq.lock);
	if (!m->owner)
		ret = m->dead ? -NK_EINVAL : take(m, t);
	else
		ret = m->owner == t ? -NK_EDEADLK : -NK_EBUSY;
	nk_lock_release(&m->wq.lock);
	hal_oob_restore(flags);
	return ret;
}

/* To the first waiter that still waits; free when there is none. */
static void hand_over(struct nk_mutex *m, int error)
{
	struct nk_thread *next;

	nk_pi_disown(m);
	next = nk_wait_claim_locked(&m->wq, error);
	if (next) {
		nk_pi_own_locked(m, next);
		nk_lock_release(&next->lock);
	} else {
		m->owner_died = error != 0;
	}
}

int nk_mutex_unlock(struct nk_mutex *m)
{
	hal_flags_t flags = hal_oob_save();
	int ret = -NK_EPERM;

	nk_lock_acquire(&m->wq.lock);
	if (m->dead) {
		ret = -NK_EINVAL;
	} else if (m->owner == nk_thread_current()) {
		hand_over(m, 0);
		ret = 0;
	}
	nk_lock_release(&m->wq.lock);
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

/* Some mutex of @t, pinned, or NULL. */
static struct nk_mutex *pin_owned(struct nk_thread *t)
{
	struct nk_plist_node *n;
	struct nk_mutex *m = NULL;

	nk_lock_acquire(&t->lock);
	n = nk_plist_first(&t->owned);
	if (n) {
		m = nk_container_of(n, struct nk_mutex, booster);
		__atomic_fetch_add(&m->wq.pins, 1, __ATOMIC_ACQUIRE);
	}
	nk_lock_release(&t->lock);
	return m;
}

/* One step of abandon_all; 0 when @t holds none. */
static int abandon_one(struct nk_thread *t)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_mutex *m = pin_owned(t);

	if (m) {
		nk_lock_acquire(&m->wq.lock);
		if (m->owner == t)
			hand_over(m, -NK_EOWNERDEAD);
		__atomic_fetch_sub(&m->wq.pins, 1, __ATOMIC_RELEASE);
		nk_lock_release(&m->wq.lock);
		nk_sched();
	}
	hal_oob_restore(flags);
	return m != NULL;
}

/* There may be a thousand of them: interrupts, and who got one, come in between. */
int nk_mutex_abandon_all(struct nk_thread *t)
{
	int count = 0;

	while (abandon_one(t))
		count++;
	return count;
}

static int waiters_check(const struct nk_mutex *m)
{
	const struct nk_plist_node *n = nk_plist_first(&m->wq.waiters);
	const struct nk_thread *t;

	for (; n; n = nk_plist_next(&m->wq.waiters, n)) {
		t = nk_container_of(n, struct nk_thread, wait_node);
		if (n->prio != t->eprio || t->wait_on != &m->wq)
			return 2;
	}
	return 0;
}

int nk_mutex_check(const struct nk_mutex *m)
{
	const struct nk_plist_node *n;
	int prio;

	if (waiters_check(m))
		return 2;
	if (!m->owner)
		return 0;
	if (m->booster.prio != nk_plist_top(&m->wq.waiters))
		return 3;
	prio = nk_plist_top(&m->owner->owned);
	if (prio < m->owner->base_prio)
		prio = m->owner->base_prio;
	if (m->owner->eprio != prio)
		return 1;
	for (n = nk_plist_first(&m->owner->owned); n; n = nk_plist_next(&m->owner->owned, n))
		if (n == &m->booster)
			return 0;
	return 4;
}
