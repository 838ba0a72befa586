/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A mutex that user space takes and gives back without a call: the word it does that by, and the
 * threads that a word may name. word.c has the protocol.
 */
#ifndef NUCLEUS_WORD_H
#define NUCLEUS_WORD_H

#include "nucleus/mutex.h"

/* The threads of one process, by the number that stands in a word, less one. */
struct nk_owners {
	struct nk_lock lock;
	struct nk_thread **of;		/* (lock) NULL: nobody */
	unsigned int count;		/* (c) room in of */
};

/* @of: @count pointers, all NULL. Context: any; never blocks. */
void nk_owners_init(struct nk_owners *owners, struct nk_thread **of, unsigned int count);

/* Words that say @i + 1 mean @t from now on, or nobody: NULL. Afterwards the thread that was meant
 * is given no mutex by a word. Context: any; never blocks; takes the owners' lock. */
void nk_owners_set(struct nk_owners *owners, unsigned int i, struct nk_thread *t);

/* The thread that words with @i + 1 mean, which stays until nk_thread_unpin(), or NULL. Who ends meanwhile
 * waits for that in Linux, so no wait and no switch comes in between.
 * Context: any, hard masked; never blocks; takes the owners' lock. */
struct nk_thread *nk_owners_pin(struct nk_owners *owners, unsigned int i);

/* @word, of a mutex that nobody uses yet, is what user space takes it by from now on. With a ceiling
 * that says no more than: make the call. Context: any; never blocks. */
void nk_mutex_share(struct nk_mutex *m, nk_u32 *word, struct nk_owners *owners);

/* @m has a word. The thread with number @who ended, and nk_owners_set() has been told: if the word of @m names it
 * the next owner hears -EOWNERDEAD. Context: any; never blocks; takes the wait queue's lock. */
void nk_word_bereave(struct nk_mutex *m, nk_u32 who);

/* The tid of whom the word of @m, which user space has, names, or 0. Context: @m's lock held; takes the
 * owners' lock. */
int nk_word_owner(struct nk_mutex *m);

/* Step 2 of word.c by Keel, for @t, who has this CPU: 1: the word was its, and is free. Context: hard masked;
 * never blocks. */
int nk_word_give(struct nk_mutex *m, const struct nk_thread *t);

/* The slow halves of those below. */
void nk_word_claim(struct nk_mutex *m);
void nk_word_release(struct nk_mutex *m);

/* Before a look at @m: what the word says becomes @m's state. Context: @m's lock held. */
static inline void nk_word_claim_locked(struct nk_mutex *m)
{
	if (m->word && !m->claimed)
		nk_word_claim(m);
}

/* After a change of @m: user space may have it back if it is free and nothing else is to be said.
 * Context: @m's lock held. */
static inline void nk_word_release_locked(struct nk_mutex *m)
{
	if (m->claimed && !m->owner)
		nk_word_release(m);
}

#endif
