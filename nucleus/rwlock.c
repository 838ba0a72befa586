// SPDX-License-Identifier: GPL-2.0
/*
 * Read-write locks. Whenever the queue's lock is free:
 *
 * R1 there is a writer or there are readers or neither, never both;
 * R2 the first waiter whose wait goes on cannot be let in.
 *
 * So each change that could let somebody in ends with grant_locked(): an unlock, and a waiter that
 * leaves without the lock, as a writer that gives up may have held back readers behind it. A
 * waiter whose priority changes is looked at with the next of these.
 */
#include "nucleus/rwlock.h"
#include "nucleus/sched.h"

/* What a waiter wants; wait_data points here. */
static const char wants_read, wants_write;

/* Stands for a writer that died: what it was to protect is in no known state. */
static struct nk_thread nobody;

void nk_rwlock_init(struct nk_rwlock *l)
{
	nk_waitq_init(&l->wq);
	l->writer = NULL;
	l->readers = 0;
}

int nk_rwlock_destroy(struct nk_rwlock *l)
{
	hal_flags_t flags = hal_oob_save();
	int ret = -NK_EBUSY;

	nk_lock_acquire(&l->wq.lock);
	if ((!l->writer || l->writer == &nobody) && !l->readers &&
	    nk_plist_empty(&l->wq.waiters)) {
		l->wq.closed = 1;
		ret = 0;
	}
	nk_lock_release(&l->wq.lock);
	hal_oob_restore(flags);
	return ret;
}

static int is_free_for(const struct nk_rwlock *l, const void *wants)
{
	return !l->writer && (wants == &wants_read || !l->readers);
}

static void hold(struct nk_rwlock *l, struct nk_thread *t, const void *wants)
{
	if (wants == &wants_read)
		l->readers++;
	else
		l->writer = t;
}

static void drop(struct nk_rwlock *l, const void *wants)
{
	if (wants == &wants_read)
		l->readers--;
	else
		l->writer = NULL;
}

/* What a waiter gets is written down first: once woken it may unlock, on another CPU, as soon as
 * the queue's lock is free. One whose wait has ended otherwise is passed over. */
static void grant_locked(struct nk_rwlock *l)
{
	struct nk_plist_node *n, *next;
	struct nk_thread *t;

	for (n = nk_plist_first(&l->wq.waiters); n; n = next) {
		const void *wants;

		next = nk_plist_next(&l->wq.waiters, n);
		t = nk_container_of(n, struct nk_thread, wait_node);
		wants = t->wait_data;
		if (!is_free_for(l, wants)) {
			if (__atomic_load_n(&t->waiting, __ATOMIC_RELAXED))
				return;
			continue;
		}
		hold(l, t, wants);
		if (!nk_wait_wake_this_locked(&l->wq, t, 0))
			drop(l, wants);
	}
}

/* Nobody overtakes a waiter of its own priority or above. */
static int may_enter(const struct nk_rwlock *l, const struct nk_thread *t, const void *wants)
{
	return is_free_for(l, wants) && nk_plist_top(&l->wq.waiters) < t->eprio;
}

static int enter_locked(struct nk_rwlock *l, struct nk_thread *t, const void *wants)
{
	if (l->wq.closed)
		return -NK_EIDRM;
	if (l->writer == t)
		return -NK_EDEADLK;
	if (!may_enter(l, t, wants))
		return -NK_EBUSY;
	hold(l, t, wants);
	return 0;
}

/* A waiter has left without the lock. */
static void give_others(struct nk_rwlock *l)
{
	nk_lock_acquire(&l->wq.lock);
	grant_locked(l);
	nk_lock_release(&l->wq.lock);
	nk_sched();
}

static int take_lock(struct nk_rwlock *l, const void *wants, int wait, nk_time_t deadline)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_thread *t = nk_thread_current();
	int ret;

	nk_assert_can_block();
	nk_lock_acquire(&l->wq.lock);
	ret = enter_locked(l, t, wants);
	if (ret == -NK_EBUSY && wait) {
		t->wait_data = (void *)wants;
		ret = nk_wait_block_locked(&l->wq, deadline);
		if (ret)
			give_others(l);
	} else {
		nk_lock_release(&l->wq.lock);
	}
	hal_oob_restore(flags);
	return ret;
}

int nk_rwlock_read(struct nk_rwlock *l, nk_time_t deadline)
{
	return take_lock(l, &wants_read, 1, deadline);
}

int nk_rwlock_write(struct nk_rwlock *l, nk_time_t deadline)
{
	return take_lock(l, &wants_write, 1, deadline);
}

int nk_rwlock_tryread(struct nk_rwlock *l)
{
	return take_lock(l, &wants_read, 0, 0);
}

int nk_rwlock_trywrite(struct nk_rwlock *l)
{
	return take_lock(l, &wants_write, 0, 0);
}

int nk_rwlock_unlock(struct nk_rwlock *l)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_thread *t = nk_thread_current();
	int ret = 0;

	nk_lock_acquire(&l->wq.lock);
	if (l->writer == t)
		l->writer = NULL;
	else if (l->readers)
		l->readers--;
	else
		ret = -NK_EPERM;
	if (!ret)
		grant_locked(l);
	nk_lock_release(&l->wq.lock);
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

void nk_rwlock_bereave(struct nk_rwlock *l, const struct nk_thread *t)
{
	hal_flags_t flags = hal_oob_save();

	nk_lock_acquire(&l->wq.lock);
	if (l->writer == t)
		l->writer = &nobody;
	nk_lock_release(&l->wq.lock);
	hal_oob_restore(flags);
}
