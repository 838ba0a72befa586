/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mutexes with priority inheritance. An owner runs at the highest priority of all that wait
 * for it, directly or through other mutexes, over all CPUs; pi.c has the protocol. Unlocking
 * hands the mutex to the first waiter. Not recursive. A thread may leave for in-band with a
 * mutex held and keeps it.
 *
 * When a thread dies as owner, the next to get the mutex gets it with -EOWNERDEAD.
 */
#ifndef NUCLEUS_MUTEX_H
#define NUCLEUS_MUTEX_H

#include "nucleus/wait.h"

struct nk_mutex {
	struct nk_waitq wq;
	struct nk_thread *owner;	/* (w) */
	struct nk_plist_node booster;	/* (t of the owner) in owner->owned */
	int owner_died;			/* (w) the next owner must hear of it */
	int dead;			/* (w) destroyed: whoever still comes is turned away */
};

/* Context: any; never blocks. */
void nk_mutex_init(struct nk_mutex *m);

/* 0, or -EBUSY while it is held or anybody still refers to it. Afterwards all calls return
 * -EINVAL; one that is on its way may still touch the memory.
 * Context: any; never blocks; takes the wait queue's lock. */
int nk_mutex_destroy(struct nk_mutex *m);

/* A destroyed mutex is as new. Context: any; never blocks; takes the wait queue's lock. */
void nk_mutex_revive(struct nk_mutex *m);

/* 0 or -EOWNERDEAD: locked. -EDEADLK: the wait could never end. -ETIMEDOUT; -EINTR.
 * Context: oob; may block until @deadline; takes all ranks up to rq. */
int nk_mutex_lock(struct nk_mutex *m, nk_time_t deadline);

/* 0 or -EOWNERDEAD: locked. -EBUSY; -EDEADLK when it is the caller's.
 * Context: oob; never blocks; takes the wait queue's and thread locks. */
int nk_mutex_trylock(struct nk_mutex *m);

/* 0, or -EPERM when the caller is not the owner.
 * Context: oob; may switch; takes all ranks up to rq. */
int nk_mutex_unlock(struct nk_mutex *m);

/* @t is about to die: give each mutex it holds to the next waiter, with -EOWNERDEAD. @t is the
 * caller or does not run. Returns how many. Context: any; may switch after each of them, and
 * lets interrupts in if the caller does. */
int nk_mutex_abandon_all(struct nk_thread *t);

/* 0 when the invariants of pi.c hold for @m, else the number of the broken one.
 * Context: nobody else running. */
int nk_mutex_check(const struct nk_mutex *m);

#endif
