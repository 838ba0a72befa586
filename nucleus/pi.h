/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Priority inheritance: what mutex.c and thread.c need of pi.c, which has the protocol.
 */
#ifndef NUCLEUS_PI_H
#define NUCLEUS_PI_H

#include "nucleus/mutex.h"

#define NK_PI_CHAIN_MAX 1024	/* most mutexes one walk goes through */

/* @wq's waiters have changed: let its owner, and those it waits for, follow. With @self, who has
 * just entered @wq, the whole chain is walked and -EDEADLK returned when it comes back to
 * @self. Releases @wq's lock. An oob walker puts the mask back to @flags between two steps.
 * Context: any, hard masked, @wq's lock held; may switch there; takes all ranks up to rq. */
int nk_pi_follow(struct nk_waitq *wq, const struct nk_thread *self, hal_flags_t flags);

/* Let @t's base priority be what its class, and @prio unless that is 0, make of it, and the chain
 * follow; @flags as above.
 * Context: any, hard masked, no lock held; may switch there; takes all ranks up to rq. */
void nk_pi_set_base(struct nk_thread *t, int prio, hal_flags_t flags);

/* What @m lifts its owner to: 0 for nothing. Context: @m's lock held. */
int nk_pi_boost_of(const struct nk_mutex *m);

/* The free mutex @m becomes @t's. A thread that gets a mutex does not wait: no chain to follow.
 * Context: @m's and @t's locks held; never blocks; takes the rq lock. */
void nk_pi_own_locked(struct nk_mutex *m, struct nk_thread *t);

/* @m becomes free; its owner does not wait, or its chain has ended with it.
 * Context: @m's lock held; never blocks; takes the thread and rq locks. */
void nk_pi_disown(struct nk_mutex *m);

#endif
