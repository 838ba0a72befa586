/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Barriers: a given number of threads wait for each other, again and again.
 */
#ifndef NUCLEUS_BARRIER_H
#define NUCLEUS_BARRIER_H

#include "nucleus/wait.h"

#define NK_BARRIER_LAST 1	/* one of each round is told that it was the last to come */

struct nk_barrier {
	struct nk_waitq wq;
	unsigned int needed;	/* (c) */
	unsigned int arrived;	/* (w) in this round */
	unsigned long round;	/* (w) */
};

/* 0, or -EINVAL: @needed is 0. Context: any; never blocks. */
int nk_barrier_init(struct nk_barrier *b, unsigned int needed);

/* 0; -EBUSY while anybody waits: nothing has changed.
 * Context: any; never blocks; takes the wait queue's lock. */
int nk_barrier_destroy(struct nk_barrier *b);

/* Wait until @needed threads have come: 0, or NK_BARRIER_LAST for one of them. -ETIMEDOUT,
 * -EINTR: it did not count; -EIDRM. Context: oob; may block; takes the wait queue's lock. */
int nk_barrier_wait(struct nk_barrier *b, nk_time_t deadline);

#endif
