/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one kind of lock inside the nucleus: a spinlock taken hard masked, with a rank.
 *
 * A CPU takes locks in rising rank only:
 *
 *	class -> cond -> waitq -> owners -> thread -> rq -> timer base	(hal's pipeline log comes last)
 *
 * Two locks of one rank are allowed for threads, rqs, timer bases and classes, lower address first (the
 * last three stand in arrays, so that is also lower CPU first). NK_DEBUG builds keep a list of held
 * locks per CPU and panic at the first lock taken against this order.
 */
#ifndef NUCLEUS_LOCK_H
#define NUCLEUS_LOCK_H

#include "nucleus/types.h"

enum nk_lock_rank {
	NK_RANK_CLASS = 1,	/* of a CPU: see class.c */
	NK_RANK_COND,	/* the wait queue of a condition: see cond.c */
	NK_RANK_WAITQ,
	NK_RANK_OWNERS,		/* the threads of a process: see word.c */
	NK_RANK_THREAD,
	NK_RANK_RQ,
	NK_RANK_TIMER,
};

#define NK_LOCK_DEPTH 8		/* most locks one CPU ever holds, with room to spare */

struct nk_lock {
	struct hal_spinlock spin;
	int rank;		/* (c) enum nk_lock_rank */
	int owner;		/* CPU + 1 while held; kept in NK_DEBUG builds only */
};

/* The debug half, in lock.c: order check before, bookkeeping after. */
void nk_lock_check_order(const struct nk_lock *lock);
void nk_lock_note_acquired(struct nk_lock *lock);
void nk_lock_note_released(struct nk_lock *lock);

/* How many locks @cpu holds; always 0 without NK_DEBUG. Context: any. */
int nk_lock_count(int cpu);

static inline void nk_lock_init(struct nk_lock *lock, enum nk_lock_rank rank)
{
	*lock = (struct nk_lock){ .rank = rank };
}

/* Context: any, hard masked; spins. */
static inline void nk_lock_acquire(struct nk_lock *lock)
{
	if (NK_DEBUG_ON)
		nk_lock_check_order(lock);
	hal_spin_lock(&lock->spin);
	if (NK_DEBUG_ON)
		nk_lock_note_acquired(lock);
}

/* Context: any, hard masked, by the CPU that holds it. */
static inline void nk_lock_release(struct nk_lock *lock)
{
	if (NK_DEBUG_ON)
		nk_lock_note_released(lock);
	hal_spin_unlock(&lock->spin);
}

/* 1 when this CPU holds @lock, as far as the build knows. Context: hard masked. */
static inline int nk_lock_held(struct nk_lock *lock)
{
	if (NK_DEBUG_ON)
		return lock->owner == hal_cpu() + 1;
	return hal_spin_held(&lock->spin);
}

#define nk_assert_held(lock)	nk_assert(nk_lock_held(lock))

#endif
