/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mutexes with priority inheritance. An owner runs at the highest priority of all that wait
 * for it, directly or through other mutexes, over all CPUs; pi.c has the protocol. Unlocking
 * hands the mutex to the first waiter, so nobody steals it. A thread may leave for in-band with
 * a mutex held and keeps it.
 *
 * With a ceiling the owner also runs at that priority at least from the moment it has the mutex
 * (POSIX's PRIO_PROTECT; both kinds nest in each other).
 *
 * When a thread dies as owner, the next to get the mutex gets it with -EOWNERDEAD. If it is robust
 * that one must say nk_mutex_consistent() before it unlocks, or else nobody gets the mutex any
 * more: -ENOTRECOVERABLE.
 */
#ifndef NUCLEUS_MUTEX_H
#define NUCLEUS_MUTEX_H

#include "nucleus/wait.h"

enum nk_mutex_kind {
	NK_MUTEX_ERRORCHECK,	/* a second lock by the owner: -EDEADLK */
	NK_MUTEX_RECURSIVE,	/* counted, and as many unlocks */
	NK_MUTEX_NORMAL,	/* waits for itself, until its deadline */
	NK_MUTEX_KIND = 3,
	NK_MUTEX_ROBUST = 4,	/* or-ed in */
};

#define NK_MUTEX_DEPTH_MAX 0xffffu

struct nk_owners;

struct nk_mutex {
	struct nk_waitq wq;
	struct nk_thread *owner;	/* (w) */
	struct nk_plist_node booster;	/* (t of the owner) in owner->owned */
	unsigned int depth;		/* (w) locks by the owner */
	int kind;			/* (c) enum nk_mutex_kind */
	int ceiling;			/* (w) 0: none */
	int owner_died;			/* (w) the next owner must hear of it */
	int inconsistent;		/* (w) the owner has heard of it, and has to say so */
	int unrecoverable;		/* (w) it did not */
	int dead;			/* (w) destroyed: whoever still comes is turned away */
	nk_u32 *word;			/* (c) what user space takes it by, or NULL: see word.h */
	struct nk_owners *owners;	/* (c) whom the word may name */
	int claimed;			/* (w) the word is Keel's, and all above is true */
};

/* NK_MUTEX_ERRORCHECK without a ceiling. Context: any; never blocks. */
void nk_mutex_init(struct nk_mutex *m);

/* 0, or -EINVAL: no such kind, or @ceiling is neither 0 nor a priority.
 * Context: any; never blocks. */
int nk_mutex_init_as(struct nk_mutex *m, int kind, int ceiling);

/* 0, or -EBUSY while it is held or anybody still refers to it. Afterwards all calls return
 * -EINVAL; one that is on its way may still touch the memory.
 * Context: any; never blocks; takes the wait queue's lock. */
int nk_mutex_destroy(struct nk_mutex *m);

/* The caller's, or nobody's, however often it is locked, goes: waits end with -EIDRM, as do later ones, and it
 * can be destroyed. -EBUSY: it is another's; -EINVAL: it went already.
 * Context: oob; may switch; lets interrupts in; takes the wait queue's lock. */
int nk_mutex_close(struct nk_mutex *m);

/* 0 or -EOWNERDEAD: locked. -EDEADLK: the wait could never end. -ETIMEDOUT; -EINTR;
 * -ENOTRECOVERABLE; -EWOULDBLOCK: NK_MUTEX_DEPTH_MAX locks; -EINVAL: destroyed, or the caller's
 * base priority is above the ceiling; -EPERM: the ceiling is above the caller's limit.
 * Context: oob; may block until @deadline; takes all ranks up to rq. */
int nk_mutex_lock(struct nk_mutex *m, nk_time_t deadline);

/* The same without a wait: -EBUSY; -EDEADLK when it is the caller's and not recursive.
 * Context: oob; never blocks; takes the wait queue's and thread locks. */
int nk_mutex_trylock(struct nk_mutex *m);

/* 0, or -EPERM when the caller is not the owner.
 * Context: oob; may switch; takes all ranks up to rq. */
int nk_mutex_unlock(struct nk_mutex *m);

/* The caller, who got it with -EOWNERDEAD, has set right what a robust mutex protects. 0, -EPERM (not
 * the owner), -EINVAL (nothing to set right). Context: oob; takes the wait queue's lock. */
int nk_mutex_consistent(struct nk_mutex *m);

/* Change the ceiling, not to or from none; the old one, -EINVAL, or -EPERM: above the limit of the caller
 * or of the owner, who, if any, follows.
 * Context: any; may switch; takes all ranks up to rq. */
int nk_mutex_set_ceiling(struct nk_mutex *m, int ceiling);

/* @t is about to die: give each mutex it holds to the next waiter, with -EOWNERDEAD. @t is the
 * caller or does not run. Returns how many. Context: any; may switch after each of them, and
 * lets interrupts in if the caller does. */
int nk_mutex_abandon_all(struct nk_thread *t);

/* The same for @m alone, if it is @t's. Context: any; may switch; takes all ranks up to rq. */
void nk_mutex_bereave(struct nk_mutex *m, const struct nk_thread *t);

/* For cond.c. The first gives @m up whatever its depth; if that has become unrecoverable, who waits is
 * still to be told. With the second @t, who waits on @from, gets
 * @m or waits on for it: 0 when its wait has ended.
 * Context: @m's lock held, and @from's; never blocks; takes the thread and rq locks. */
void nk_mutex_release_locked(struct nk_mutex *m);
int nk_mutex_adopt_locked(struct nk_mutex *m, struct nk_waitq *from, struct nk_thread *t);

/* 0 when the invariants of pi.c hold for @m, else the number of the broken one.
 * Context: nobody else running. */
int nk_mutex_check(const struct nk_mutex *m);

#endif
