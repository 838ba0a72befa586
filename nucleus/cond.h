/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Condition variables. A signal does not wake: it moves the first waiter to the queue of the
 * mutex, boosting its owner, or makes it the owner when the mutex is free; so a thread wakes once
 * only, with the mutex. All who wait at one time use one mutex; or all leave theirs behind, and then a
 * signal does wake.
 */
#ifndef NUCLEUS_COND_H
#define NUCLEUS_COND_H

#include "nucleus/mutex.h"

struct nk_cond {
	struct nk_waitq wq;		/* its lock comes before those of other wait queues */
	struct nk_mutex *mutex;		/* (w) of those who are in a wait */
	unsigned int users;		/* (w) how many they are, without those who leave theirs */
};

/* Context: any; never blocks. */
void nk_cond_init(struct nk_cond *c);

/* Waits end with -EIDRM, as do all later calls. The memory may go when this returned 0; -EBUSY:
 * somebody has still to leave, ask again.
 * Context: any; may switch; takes the wait queue's lock. */
int nk_cond_destroy(struct nk_cond *c);

/*
 * Release @m, wait until @deadline for a signal, and take @m again. Returns
 *
 *	0, -ETIMEDOUT, -EIDRM (the condition went away)	with @m held
 *	-EOWNERDEAD, whatever ended the wait		with @m held, see mutex.h
 *	-EINTR (unblocked, or recalled)			without @m: lock it next
 *	-ENOTRECOVERABLE, or -EINVAL: @m is beyond use	without @m
 *	-EPERM (@m is not the caller's), -EINVAL (others wait with another mutex): nothing changed
 *
 * A depth of @m above one is given up for the wait and is there again after it.
 * Context: oob; may block; takes all ranks.
 */
int nk_cond_wait(struct nk_cond *c, struct nk_mutex *m, nk_time_t deadline);

/* As nk_cond_wait() with an @m that is not robust, which is not taken again. 0, -ETIMEDOUT, -EIDRM, -EINTR: without
 * @m; else nothing changed: -EPERM, -EBUSY: it is locked more than once, -EINVAL also: the condition went away before,
 * or others wait who take theirs again. Context: oob; may block; takes all ranks. */
int nk_cond_wait_leave(struct nk_cond *c, struct nk_mutex *m, nk_time_t deadline);

/* The first waiter, or all of them, go on as soon as they get the mutex. Returns how many.
 * Context: any; may switch; takes all ranks up to rq. */
int nk_cond_signal(struct nk_cond *c);
int nk_cond_broadcast(struct nk_cond *c);

#endif
