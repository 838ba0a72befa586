// SPDX-License-Identifier: GPL-2.0
/*
 * Mutexes: taking, giving and handing over. What owner priorities do meanwhile is in pi.c, how
 * a wait ends in wait.c.
 */
#include "nucleus/mutex.h"
#include "nucleus/trace.h"
#include "nucleus/pi.h"
#include "nucleus/sched.h"
#include "nucleus/word.h"

int nk_mutex_init_as(struct nk_mutex *m, int kind, int ceiling)
{
	if ((kind & ~(NK_MUTEX_KIND | NK_MUTEX_ROBUST)) ||
	    (kind & NK_MUTEX_KIND) > NK_MUTEX_NORMAL || ceiling < 0 || ceiling > NK_PRIO_MAX)
		return -NK_EINVAL;
	*m = (struct nk_mutex){ .kind = kind, .ceiling = ceiling };
	nk_waitq_init(&m->wq);
	m->wq.mutex = m;
	return 0;
}

void nk_mutex_init(struct nk_mutex *m)
{
	nk_mutex_init_as(m, NK_MUTEX_ERRORCHECK, 0);
}

/* Around each look at @m. */
static inline void mutex_enter(struct nk_mutex *m)
{
	nk_lock_acquire(&m->wq.lock);
	nk_word_claim_locked(m);
}

static inline void mutex_leave(struct nk_mutex *m)
{
	nk_word_release_locked(m);
	nk_lock_release(&m->wq.lock);
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

	mutex_enter(m);
	if (m->dead) {
		ret = -NK_EINVAL;
	} else if (!m->owner && nk_plist_empty(&m->wq.waiters) &&
		   !__atomic_load_n(&m->wq.pins, __ATOMIC_ACQUIRE)) {
		m->dead = 1;
		ret = 0;
	}
	mutex_leave(m);
	hal_oob_restore(flags);
	return ret;
}

/* Not another's: its owner may wait for something itself, with the priority that @m gives it. */
int nk_mutex_close(struct nk_mutex *m)
{
	hal_flags_t flags = hal_oob_save();
	int ret = 0;

	mutex_enter(m);
	if (m->dead || m->wq.closed)
		ret = -NK_EINVAL;
	else if (m->owner && m->owner != nk_thread_current())
		ret = -NK_EBUSY;
	if (ret) {
		mutex_leave(m);
	} else {
		m->wq.closed = 1;
		if (m->owner)
			nk_pi_disown(m);
		nk_wait_flush_locked(&m->wq, -NK_EIDRM, flags);
	}
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

/* What the next owner has to hear. */
static int news_for_owner(const struct nk_mutex *m)
{
	return m->owner_died ? -NK_EOWNERDEAD : 0;
}

/* The free mutex becomes that of @t, whose lock is held and who hears the news. */
static void own(struct nk_mutex *m, struct nk_thread *t)
{
	m->inconsistent = m->owner_died && (m->kind & NK_MUTEX_ROBUST);
	m->owner_died = 0;
	m->depth = 1;
	nk_pi_own_locked(m, t);
}

static int take(struct nk_mutex *m, struct nk_thread *t)
{
	int ret = news_for_owner(m);

	nk_lock_acquire(&t->lock);
	own(m, t);
	nk_lock_release(&t->lock);
	return ret;
}

/* Whether @t may have it at all. prio: only @t's own calls and set_prio() change it. */
static int may_lock(const struct nk_mutex *m, const struct nk_thread *t)
{
	if (m->dead)
		return -NK_EINVAL;
	if (m->wq.closed)
		return -NK_EIDRM;
	if (m->unrecoverable)
		return -NK_ENOTRECOVERABLE;
	if (!m->ceiling)
		return 0;
	if (t->prio > m->ceiling)
		return -NK_EINVAL;
	return m->ceiling > nk_thread_limit(t) ? -NK_EPERM : 0;
}

/* By the owner. */
static int lock_again(struct nk_mutex *m)
{
	if ((m->kind & NK_MUTEX_KIND) != NK_MUTEX_RECURSIVE)
		return -NK_EDEADLK;
	if (m->depth == NK_MUTEX_DEPTH_MAX)
		return -NK_EWOULDBLOCK;
	m->depth++;
	return 0;
}

/* The owner of a normal mutex waits for itself. */
static int wait_for_self(struct nk_thread *t, nk_time_t deadline)
{
	int ret = nk_thread_wait_begin(t);

	return ret ? ret : nk_thread_wait_commit(t, deadline, -NK_ETIMEDOUT);
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
	nk_trace_lock_wait(t, m->owner, m);
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
	nk_trace_lock_end(t, m, ret);
	return ret;
}

int nk_mutex_lock(struct nk_mutex *m, nk_time_t deadline)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_thread *t = nk_thread_current();
	int ret;

	nk_assert_can_block();
	mutex_enter(m);
	ret = may_lock(m, t);
	if (!ret && m->owner && m->owner != t) {
		ret = lock_slow(m, t, deadline, flags);
	} else {
		if (!ret)
			ret = m->owner ? lock_again(m) : take(m, t);
		mutex_leave(m);
		if (ret == -NK_EDEADLK && (m->kind & NK_MUTEX_KIND) == NK_MUTEX_NORMAL)
			ret = wait_for_self(t, deadline);
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
	mutex_enter(m);
	ret = may_lock(m, t);
	if (!ret)
		ret = !m->owner ? take(m, t) : m->owner == t ? lock_again(m) : -NK_EBUSY;
	mutex_leave(m);
	hal_oob_restore(flags);
	return ret;
}

/* To the first waiter that still waits; free when there is none. */
static void hand_over(struct nk_mutex *m, int died)
{
	struct nk_thread *next;

	nk_pi_disown(m);
	m->owner_died = died;
	next = nk_wait_claim_locked(&m->wq, news_for_owner(m));
	if (next) {
		own(m, next);
		nk_lock_release(&next->lock);
	}
}

/* The owner was to say that it has set things right, and unlocks instead. Nobody can wait any more. */
static void give_up_for_good(struct nk_mutex *m)
{
	nk_pi_disown(m);
	m->inconsistent = 0;
	m->unrecoverable = 1;
}

void nk_mutex_release_locked(struct nk_mutex *m)
{
	nk_assert_held(&m->wq.lock);
	if (m->inconsistent)
		give_up_for_good(m);
	else
		hand_over(m, 0);
	nk_word_release_locked(m);
}

int nk_mutex_unlock(struct nk_mutex *m)
{
	hal_flags_t flags = hal_oob_save();
	int ret = 0;

	mutex_enter(m);
	if (m->dead)
		ret = -NK_EINVAL;
	else if (m->owner != nk_thread_current())
		ret = -NK_EPERM;
	else if (m->depth > 1)
		m->depth--;
	else
		nk_mutex_release_locked(m);
	if (nk_unlikely(!ret && m->unrecoverable))
		nk_wait_flush_locked(&m->wq, -NK_ENOTRECOVERABLE, flags);
	else
		mutex_leave(m);
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

int nk_mutex_adopt_locked(struct nk_mutex *m, struct nk_waitq *from, struct nk_thread *t)
{
	nk_assert_held(&m->wq.lock);
	nk_word_claim_locked(m);
	if (m->unrecoverable)
		return nk_wait_wake_this_locked(from, t, -NK_ENOTRECOVERABLE);
	if (m->wq.closed)
		return nk_wait_wake_this_locked(from, t, -NK_EIDRM);
	if (m->owner)
		return nk_wait_move_locked(from, &m->wq, t);
	if (!nk_wait_claim_this_locked(from, t, news_for_owner(m)))
		return 0;
	own(m, t);
	nk_lock_release(&t->lock);
	return 1;
}

int nk_mutex_consistent(struct nk_mutex *m)
{
	hal_flags_t flags = hal_oob_save();
	int ret = -NK_EPERM;

	mutex_enter(m);
	if (m->owner == nk_thread_current()) {
		ret = m->inconsistent ? 0 : -NK_EINVAL;
		m->inconsistent = 0;
	}
	mutex_leave(m);
	hal_oob_restore(flags);
	return ret;
}

/* Neither the caller's limit nor the owner's is below that: who gets it behind a condition is not asked again. */
static int may_lend(const struct nk_mutex *m, int ceiling)
{
	return ceiling <= nk_thread_limit(nk_thread_current()) && (!m->owner || ceiling <= nk_thread_limit(m->owner));
}

int nk_mutex_set_ceiling(struct nk_mutex *m, int ceiling)
{
	hal_flags_t flags = hal_oob_save();
	int ret = -NK_EINVAL;

	nk_lock_acquire(&m->wq.lock);
	if (!m->dead && m->ceiling && ceiling >= NK_PRIO_MIN && ceiling <= NK_PRIO_MAX)
		ret = may_lend(m, ceiling) ? m->ceiling : -NK_EPERM;
	if (ret > 0) {
		m->ceiling = ceiling;
		nk_pi_follow(&m->wq, NULL, flags);
	} else {
		nk_lock_release(&m->wq.lock);
	}
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
			hand_over(m, 1);
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

void nk_mutex_bereave(struct nk_mutex *m, const struct nk_thread *t)
{
	hal_flags_t flags = hal_oob_save();

	nk_lock_acquire(&m->wq.lock);
	if (m->owner == t)
		hand_over(m, 1);
	nk_lock_release(&m->wq.lock);
	nk_sched();
	hal_oob_restore(flags);
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
	if (m->booster.prio != nk_pi_boost_of(m))
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
