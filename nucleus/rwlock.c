// SPDX-License-Identifier: GPL-2.0
/*
 * Read-write locks. Whenever the queue's lock is free and no sweep is under way:
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
#include "nucleus/sweep.h"

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

	nk_waitq_enter(&l->wq, flags);
	if ((!l->writer || l->writer == &nobody) && !l->readers &&
	    nk_plist_empty(&l->wq.waiters) && !__atomic_load_n(&l->wq.pins, __ATOMIC_ACQUIRE)) {
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

struct grant {
	struct nk_sweep sweep;
	int full;		/* one was met that may not come in */
};

/* What a waiter gets is written down first: once woken it may unlock, on another CPU, as soon as
 * the queue's lock is free. One whose wait has ended otherwise is passed over. */
static struct nk_waitq *grant_one(struct nk_sweep *sweep, struct nk_waitq *wq, struct nk_thread *t)
{
	struct nk_rwlock *l = nk_container_of(wq, struct nk_rwlock, wq);
	struct grant *g = nk_container_of(sweep, struct grant, sweep);
	const void *wants = t->wait_data;

	if (!is_free_for(l, wants))
		g->full |= __atomic_load_n(&t->waiting, __ATOMIC_RELAXED);
	if (g->full) {
		nk_sweep_cut_locked(wq);
	} else if (is_free_for(l, wants)) {
		hold(l, t, wants);
		if (!nk_wait_wake_this_locked(wq, t, 0))
			drop(l, wants);
	}
	return NULL;
}

static void grant_locked(struct nk_rwlock *l, hal_flags_t flags)
{
	struct grant g = { .sweep.visit = grant_one };

	nk_sweep_run_locked(&l->wq, &g.sweep, flags);
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
static void give_others(struct nk_rwlock *l, hal_flags_t flags)
{
	nk_waitq_enter(&l->wq, flags);
	grant_locked(l, flags);
	nk_lock_release(&l->wq.lock);
	nk_sched();
}

static int take_lock(struct nk_rwlock *l, const void *wants, int wait, nk_time_t deadline)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_thread *t = nk_thread_current();
	int ret;

	nk_assert_can_block();
	nk_waitq_enter(&l->wq, flags);
	ret = enter_locked(l, t, wants);
	if (ret == -NK_EBUSY && wait) {
		t->wait_data = (void *)wants;
		ret = nk_wait_block_locked(&l->wq, deadline);
		if (ret)
			give_others(l, flags);
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

	nk_waitq_enter(&l->wq, flags);
	if (l->writer == t)
		l->writer = NULL;
	else if (l->readers)
		l->readers--;
	else
		ret = -NK_EPERM;
	if (!ret)
		grant_locked(l, flags);
	nk_lock_release(&l->wq.lock);
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

void nk_rwlock_bereave(struct nk_rwlock *l, const struct nk_thread *t)
{
	hal_flags_t flags = hal_oob_save();

	nk_waitq_enter(&l->wq, flags);
	if (l->writer == t)
		l->writer = &nobody;
	nk_lock_release(&l->wq.lock);
	hal_oob_restore(flags);
}
