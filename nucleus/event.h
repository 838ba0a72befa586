/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Event flags: 32 bits that threads wait for in any combination. Waiters are served by
 * effective priority; one that consumes takes its bits away from those behind it.
 */
#ifndef NUCLEUS_EVENT_H
#define NUCLEUS_EVENT_H

#include "nucleus/value.h"

enum nk_event_mode {
	NK_EVENT_ANY,		/* one of the bits asked for */
	NK_EVENT_ALL,		/* each of them, and others or not */
	NK_EVENT_EXACT,		/* each of them and no other */
	NK_EVENT_MODE = 3,
	NK_EVENT_CONSUME = 4,	/* or-ed in: the bits that were met are cleared */
};

struct nk_event {
	struct nk_waitq wq;
	nk_u32 bits;		/* (w) while value is claimed, or has no word */
	struct nk_value value;
};

/* Context: any; never blocks. */
void nk_event_init(struct nk_event *e, nk_u32 bits);

/* Of one that nobody uses yet: @word is what user space reads and changes the bits by, see value.h.
 * Context: any; never blocks. */
void nk_event_share(struct nk_event *e, nk_u64 *word, nk_u32 id);

/* As nk_sem_destroy(). Context: any; may switch; takes the wait queue's lock. */
int nk_event_destroy(struct nk_event *e);

/* Wait until @deadline for @bits as @mode says; those that met it are stored in @got, which may be
 * NULL. 0, -EINVAL (no bits, or no such mode), -ETIMEDOUT, -EINTR, -EIDRM.
 * Context: oob; may block; takes the wait queue's lock. */
int nk_event_wait(struct nk_event *e, nk_u32 bits, int mode, nk_u32 *got, nk_time_t deadline);

/* The same without waiting: -EWOULDBLOCK. Context: any; takes the wait queue's lock. */
int nk_event_trywait(struct nk_event *e, nk_u32 bits, int mode, nk_u32 *got);

/* Set @bits and serve the waiters; 0 or -EIDRM.
 * Context: any; may switch; takes the wait queue's lock. */
int nk_event_post(struct nk_event *e, nk_u32 bits);

/* All who wait now and whose wish @bits, with those set, meet go on; nothing is set or consumed.
 * Returns how many or -EIDRM. Context: any; may switch; takes the wait queue's lock. */
int nk_event_broadcast(struct nk_event *e, nk_u32 bits);

/* Returns the bits before. Context: any; may switch (EXACT may be met); takes the lock. */
nk_u32 nk_event_clear(struct nk_event *e, nk_u32 bits);

/* The bits. Context: any; never blocks; old as soon as they are read. */
nk_u32 nk_event_bits(const struct nk_event *e);

/* For nk_watch: there is a bit. Context: @wq's lock held. */
int nk_event_is_ready(const struct nk_waitq *wq);

#endif
