/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Wait queues: threads by effective priority, first come first served among equals.
 * Everything that blocks on an object stands on one. The memory may go once
 * nk_waitq_destroy() returned 0.
 *
 * Reasons a wait ends with: 0 woken, -ETIMEDOUT, -EINTR unblocked or recalled, -EIDRM the
 * object goes away; or what the waker gave.
 */
#ifndef NUCLEUS_WAIT_H
#define NUCLEUS_WAIT_H

#include "nucleus/thread.h"

struct nk_mutex;
struct nk_sweep;

struct nk_waitq {
	struct nk_lock lock;
	struct nk_plist waiters;	/* (w) by eprio */
	struct nk_mutex *mutex;		/* (c) the mutex this is part of, or NULL */
	int pins;			/* (a) chain walks that hold a pointer to this */
	int closed;			/* (w) the object goes away: nobody may wait any more */
	int by_prio;			/* (c) -1; 0: first come first served */
	unsigned int round;		/* (w) how many sweeps there were */
	struct nk_sweep *sweep;		/* (w) the one under way, or NULL: see sweep.h */
	struct nk_plist_node *next;	/* (w) whom it comes to next, or NULL */
	int misplaced;				/* (w) somebody waits for it to get its place */
	struct nk_list watches;		/* (w) see watch.h */
};

/* Context: any; never blocks. */
void nk_waitq_init(struct nk_waitq *wq);

/* Of one that nobody waits on yet: first come first served, whatever their priorities. Not for
 * a mutex's. Context: any; never blocks. */
static inline void nk_waitq_fifo(struct nk_waitq *wq)
{
	wq->by_prio = 0;
}

/* The object goes away: all waits and watches end, with -EIDRM, and closed is set.
 * Context: any; may switch; takes the wait queue's lock. */
void nk_waitq_close(struct nk_waitq *wq);

/* 0 when nobody refers to @wq any more, else -EBUSY: flush, and ask again later.
 * Context: any; never blocks; takes the wait queue's lock. */
int nk_waitq_destroy(struct nk_waitq *wq);

/* Wait for a wake-up until @deadline; returns the reason.
 * Context: oob; may block; takes the wait queue's lock. */
int nk_wait_block(struct nk_waitq *wq, nk_time_t deadline);

/* The same with @wq's lock held by the caller, who has looked at its own condition under it;
 * returns with the lock released. Context: oob, hard masked; may block. */
int nk_wait_block_locked(struct nk_waitq *wq, nk_time_t deadline);

/* Wake the first waiter with @error; returns 1 when there was one.
 * Context: any; may switch; takes the wait queue's lock. */
int nk_wait_wake_one(struct nk_waitq *wq, int error);

/* Wake all who wait now with 0, the first first; returns how many. A sweep, see sweep.h.
 * Context: any; may switch; takes the wait queue's lock. */
int nk_wait_wake_all(struct nk_waitq *wq);

/* The same with @error, mostly -EIDRM. */
int nk_wait_flush(struct nk_waitq *wq, int error);

/* The same with @wq's lock held, which is released; @flags = hal_oob_save(). Does not switch. */
int nk_wait_flush_locked(struct nk_waitq *wq, int error, hal_flags_t flags);

/* How many wait now. Context: any; takes the wait queue's lock; lets interrupts in. */
int nk_wait_count(struct nk_waitq *wq);

/* Wake the first that still waits with @error; 1 when there was one. Does not switch.
 * Context: any, @wq's lock held; never blocks; takes the thread and rq locks. */
int nk_wait_wake_locked(struct nk_waitq *wq, int error);

/* Wake @t, who stands on @wq, with @error; 0 when its wait has ended otherwise. Does not switch.
 * Context: any, @wq's lock held; never blocks; takes the thread and rq locks. */
int nk_wait_wake_this_locked(struct nk_waitq *wq, struct nk_thread *t, int error);

/* The slow half of the next. */
void nk_watch_tell_all(struct nk_waitq *wq);

/* The object of @wq has become ready: end the waits of watch.h for it, of those who watch now. If there
 * are any, the lock is released in between, and a thread lets interrupts in, so this comes last.
 * Does not switch. Context: any, @wq's lock held, no other; takes the rq lock. */
static inline void nk_watch_notify_locked(struct nk_waitq *wq)
{
	if (nk_unlikely(!nk_list_empty(&wq->watches)))
		nk_watch_tell_all(wq);
}

/* As nk_wait_wake_this_locked(), but when 1 is returned @t's lock stays held, for as long as it
 * takes to give it something. Context: any, @wq's lock held; takes the thread and rq locks. */
int nk_wait_claim_this_locked(struct nk_waitq *wq, struct nk_thread *t, int error);

/* @t, who stands on @from, goes on to wait on @to instead; 0 when its wait has ended. The caller
 * sees to what follows for the priority of @to's owner.
 * Context: any, both locks held; never blocks; takes the thread and rq locks. */
int nk_wait_move_locked(struct nk_waitq *from, struct nk_waitq *to, struct nk_thread *t);

/* As nk_wait_wake_locked(), but return it with its lock held, or NULL. It may run at once on another
 * CPU; what the caller gives it under that lock is there before it can exit.
 * Context: any, @wq's lock held; never blocks; takes the thread and rq locks. */
struct nk_thread *nk_wait_claim_locked(struct nk_waitq *wq, int error);

/* @t, who stands on @wq, gets the place there that its priority has now, unless a sweep will come
 * and see to that. Context: any, @wq's and @t's locks held; never blocks. */
void nk_wait_place_locked(struct nk_waitq *wq, struct nk_thread *t);

/* Put the caller on @wq and begin its wait; -EINTR when recalled, and it is not on it.
 * Context: oob, @wq's lock held; takes the thread and rq locks. */
int nk_wait_enter_locked(struct nk_waitq *wq, struct nk_thread *t);

/* Take the caller off, if no waker did. Context: oob, @wq's lock held; takes the thread lock. */
void nk_wait_leave_locked(struct nk_waitq *wq, struct nk_thread *t);

#endif
