/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sweeps: what is done to each of those who wait on a queue, one after the other, with interrupts let
 * in between two of them. To everybody who enters the queue by nk_waitq_enter() it is one step:
 * whoever comes in the midst of it goes on with it first. sweep.c has the rules.
 */
#ifndef NUCLEUS_SWEEP_H
#define NUCLEUS_SWEEP_H

#include "nucleus/wait.h"

struct nk_sweep {
	/* Do it to @t, whose turn has come. Returns NULL, or the queue of the mutex on which @t stands
	 * now, locked as well. Context: as nk_wait_wake_this_locked(). */
	struct nk_waitq *(*visit)(struct nk_sweep *s, struct nk_waitq *wq, struct nk_thread *t);
	int count;		/* (w) of those to whom it was done, by visit */
	int error;		/* (c) for visit */
};

/* Do @s to all who wait on @wq now. The lock is released in between, and @flags put back. It was taken
 * by nk_waitq_enter(), so that no other sweep is under way.
 * Context: any, hard masked by @flags = hal_oob_save(), no lock held but that of @wq, which is held
 * again afterwards; takes what visit does. */
void nk_sweep_run_locked(struct nk_waitq *wq, struct nk_sweep *s, hal_flags_t flags);

/* From visit: nobody behind @t has to be visited. Context: @wq's lock held. */
static inline void nk_sweep_cut_locked(struct nk_waitq *wq)
{
	if (!wq->misplaced)
		wq->next = NULL;
}

/* Go on with the sweep under way until it ends. Context: as above. */
void nk_sweep_help_locked(struct nk_waitq *wq, hal_flags_t flags);

/* Lock @wq to look at its object, or to change it. Context: as above, but @wq's lock is free. */
static inline void nk_waitq_enter(struct nk_waitq *wq, hal_flags_t flags)
{
	nk_lock_acquire(&wq->lock);
	if (nk_unlikely(wq->sweep != NULL))
		nk_sweep_help_locked(wq, flags);
}

#endif
