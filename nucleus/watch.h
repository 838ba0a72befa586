/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waiting for any of several objects: what select and poll of a skin are made of. It tells that
 * an object is ready and takes nothing from it; who is faster may take it, so look again.
 *
 * Objects keep a list of watches in their wait queue and tell them when they become ready, by
 * nk_watch_notify_locked().
 */
#ifndef NUCLEUS_WATCH_H
#define NUCLEUS_WATCH_H

#include "nucleus/wait.h"

#define NK_WATCH_MAX 64		/* objects in one wait */

struct nk_watch {
	struct nk_waitq *wq;			/* (c) of the object */
	/* (c) 1 when the object is ready; its wait queue is locked */
	int (*ready)(const struct nk_waitq *wq);
	int is_ready;				/* (o) the answer */
	struct nk_thread *t;			/* (c) who waits */
	void (*tell)(struct nk_watch *w);	/* (c) or what is called instead, see nk_watch_ask() */
	struct nk_list node;			/* (w) in wq->watches */
};

/* Wait until @deadline until any of @w[0..@n) is ready or goes away. Returns how many are, with
 * is_ready set in those; or -EINVAL (@n), -ETIMEDOUT, -EINTR.
 * Context: oob; may block; takes the wait queues' locks, one by one. */
int nk_watch_wait(struct nk_watch *w, int n, nk_time_t deadline);

/* A watch for in-band, which cannot wait here: @tell is called, once for each nk_watch_ask() that
 * returned 0, hard masked with the queue's lock, and must not switch. The object stays for as long as
 * @w is used. Context: any; never blocks. */
void nk_watch_init(struct nk_watch *w, void (*tell)(struct nk_watch *w));

/* 1 when the object is ready or goes away, else @w will be told. Context: any; never blocks; takes the wait
 * queue's lock. */
int nk_watch_ask(struct nk_watch *w);

/* It will not be told any more. Context: as nk_watch_ask(). */
void nk_watch_forget(struct nk_watch *w);

#endif
