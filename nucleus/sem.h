/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counting semaphores. A post goes to the first waiter, by effective priority, or is counted;
 * so the count is 0 whenever anybody waits. Nobody owns one: no inheritance.
 */
#ifndef NUCLEUS_SEM_H
#define NUCLEUS_SEM_H

#include "nucleus/wait.h"

#define NK_SEM_MAX 0x7fffffffu

struct nk_sem {
	struct nk_waitq wq;
	unsigned int count;	/* (w) */
	unsigned int max;	/* (c) */
};

/* 0, or -EINVAL: @max is 0 or over NK_SEM_MAX, or @count over @max.
 * Context: any; never blocks. */
int nk_sem_init(struct nk_sem *s, unsigned int count, unsigned int max);

/* Waiters end with -EIDRM, as do all later calls. The memory may go when this returned 0;
 * -EBUSY: somebody has still to leave, ask again.
 * Context: any; may switch; takes the wait queue's lock. */
int nk_sem_destroy(struct nk_sem *s);

/* Take one, or wait for it until @deadline: 0, -ETIMEDOUT, -EINTR, -EIDRM, or the reason of a
 * flush. Context: oob; may block; takes the wait queue's lock. */
int nk_sem_wait(struct nk_sem *s, nk_time_t deadline);

/* 0, -EWOULDBLOCK or -EIDRM. Context: any; never blocks; takes the wait queue's lock. */
int nk_sem_trywait(struct nk_sem *s);

/* 0; -EOVERFLOW: the count is at its maximum and stays; -EIDRM.
 * Context: any; may switch; takes the wait queue's lock. */
int nk_sem_post(struct nk_sem *s);

/* The same from where no switch may be, like under another object's lock of a lower rank. In the midst
 * of a broadcast it may go to one that this was about to wake.
 * Context: any, hard masked; never blocks; takes the wait queue's lock. */
int nk_sem_give(struct nk_sem *s);

/* Everybody who waits now goes on with @error, 0 as after a post; the count stays 0 then. Returns
 * how many. Context: any; may switch; takes the wait queue's lock. */
int nk_sem_broadcast(struct nk_sem *s, int error);

/* The count. Context: any; never blocks; old as soon as it is read. */
unsigned int nk_sem_count(const struct nk_sem *s);

#endif
