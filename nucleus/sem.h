/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counting semaphores. A post goes to the first waiter, by effective priority, or is counted;
 * so the count is 0 whenever anybody waits. Nobody owns one: no inheritance.
 */
#ifndef NUCLEUS_SEM_H
#define NUCLEUS_SEM_H

#include "nucleus/value.h"

#define NK_SEM_MAX 0x7fffffffu

struct nk_sem {
	struct nk_waitq wq;
	nk_u32 count;		/* (w) while value is claimed, or has no word */
	nk_u32 max;		/* (c) */
	int pulse;		/* (c) see nk_sem_pulse() */
	struct nk_value value;
};

/* 0, or -EINVAL: @max is 0 or over NK_SEM_MAX, or @count over @max.
 * Context: any; never blocks. */
int nk_sem_init(struct nk_sem *s, unsigned int count, unsigned int max);

/* Of one that nobody uses yet: a post is for one who waits and never counted.
 * Context: any; never blocks. */
void nk_sem_pulse(struct nk_sem *s);

/* Of one that nobody uses yet, with NK_SEM_MAX and no pulse: @word is what user space posts and takes it by,
 * see value.h. Context: any; never blocks. */
void nk_sem_share(struct nk_sem *s, nk_u64 *word, nk_u32 id);

/* Waiters end with -EIDRM, as do all later calls. The memory may go when this returned 0;
 * -EBUSY: somebody has still to leave, ask again.
 * Context: any; may switch; takes the wait queue's lock. */
int nk_sem_destroy(struct nk_sem *s);

/* Take one, or wait for it until @deadline: 0, -ETIMEDOUT, -EINTR, -EIDRM, or the reason of a
 * flush. Context: oob; may block; takes the wait queue's lock. */
int nk_sem_wait(struct nk_sem *s, nk_time_t deadline);

/* 0, -EWOULDBLOCK or -EIDRM. Context: any; never blocks; takes the wait queue's lock. */
int nk_sem_trywait(struct nk_sem *s);

/* 0; -EOVERFLOW: the count is at its maximum and stays, or nobody waits for a pulse; -EIDRM.
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

/* For nk_watch: there is a count. Context: @wq's lock held. */
int nk_sem_is_ready(const struct nk_waitq *wq);

#endif
