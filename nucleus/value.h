/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A value that user space reads and changes without a call: a semaphore's count, an event's bits. value.c
 * has the protocol. It is part of the object, whose wait queue's lock holds it.
 */
#ifndef NUCLEUS_VALUE_H
#define NUCLEUS_VALUE_H

#include "nucleus/wait.h"

struct nk_value {
	nk_u64 *word;		/* (c) NULL: user space always calls */
	nk_u32 id;		/* (c) what stands beside the value while user space has it */
	int open;		/* (w) user space has it; else it is claimed */
};

/* @word, of an object that nobody uses yet, has @value, and user space may change it from now on.
 * @id is not 0. Context: any; never blocks. */
void nk_value_share(struct nk_value *v, nk_u64 *word, nk_u32 id, nk_u32 value);

/* The value of @v as it is now, @own if Keel has it. Context: any; old as soon as it is read. */
nk_u32 nk_value_read(const struct nk_value *v, const nk_u32 *own);

/* The slow halves of those below. */
void nk_value_claim(struct nk_value *v, nk_u32 *own);
void nk_value_release(struct nk_value *v, struct nk_waitq *wq, nk_u32 own);

/* Before a look at @own: it is what the word says. Context: the object's lock held. */
static inline void nk_value_claim_locked(struct nk_value *v, nk_u32 *own)
{
	if (nk_unlikely(v->open))
		nk_value_claim(v, own);
}

/* After a change of @own: user space may have it back if nobody on @wq has to hear of the next one.
 * Context: the object's lock held. */
static inline void nk_value_release_locked(struct nk_value *v, struct nk_waitq *wq, nk_u32 own)
{
	if (nk_unlikely(v->word != NULL))
		nk_value_release(v, wq, own);
}

#endif
