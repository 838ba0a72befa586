/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keel calls on queues, buffers, channels, heaps and timers, and when an object is ready for who waits for
 * any of several: what sync.c's table is made of.
 */
#ifndef SKINS_NATIVE_MESSAGES_H
#define SKINS_NATIVE_MESSAGES_H

#include "nucleus/types.h"

struct native_object;
struct native_space;
struct nk_waitq;

/* The arguments behind the id. */
struct native_args {
	struct native_space *space;
	unsigned long b, c, d, e;
	nk_time_t until;
};

typedef long native_call_fn(struct native_object *o, const struct native_args *a);

/* Context of all: oob, hard masked; may block; no object lock held. */
native_call_fn native_queue_send, native_queue_receive, native_queue_alloc, native_queue_pass,
	native_queue_take, native_queue_free, native_queue_notify, native_queue_count,
	native_buffer_write, native_buffer_read, native_buffer_count, native_channel_send,
	native_channel_receive, native_channel_reply, native_heap_alloc, native_heap_free,
	native_heap_used, native_timer_set, native_timer_get, native_timer_overrun,
	native_timer_wait;

/* How to look whether an object of that type is ready, for nk_watch; NULL: it never is. The wait queue
 * it watches is the object's first. */
typedef int native_ready_fn(const struct nk_waitq *wq);
native_ready_fn *native_ready_of(nk_u32 type);

/* What who waits for any of several watches: the wait queue, which is the first in each object; of a pipe, in
 * what its link leads to. */
void *native_watched(struct native_object *o, nk_u32 type);

/* A watch for @body, of that type, to be read or to be written: 0, or -EINVAL: nobody waits for that. */
struct nk_watch;
int native_watch_init(struct nk_watch *w, void *body, nk_u32 type, int write);

#endif
