// SPDX-License-Identifier: GPL-2.0
/*
 * Keel calls on queues, buffers, channels and heaps. Sizes come as 32 bits in one half of an
 * argument; memory of the caller is only looked at by the nucleus, see nucleus/copy.h.
 */
#include <keel/abi.h>
#include "nucleus/pipe.h"
#include "nucleus/buffer.h"
#include "nucleus/channel.h"
#include "nucleus/event.h"
#include "nucleus/heap.h"
#include "nucleus/sem.h"
#include "nucleus/watch.h"
#include "link.h"
#include "messages.h"
#include "objects.h"

static nk_u32 low(unsigned long value)
{
	return (nk_u32)value;
}

static nk_u32 high(unsigned long value)
{
	return (nk_u32)(value >> 32);
}

/* ---- queues ----------------------------------------------------------------------------------- */

long native_queue_send(struct native_object *o, const struct native_args *a)
{
	return nk_queue_send(native_body(o, queue), (const void *)a->b, low(a->c), high(a->c), a->until);
}

long native_queue_receive(struct native_object *o, const struct native_args *a)
{
	unsigned int size, prio;
	int err = nk_queue_receive(native_body(o, queue), (void *)a->b, low(a->c), &size, &prio,
				   a->until);

	return err ? err : (long)(size | (unsigned long)prio << 32);
}

long native_queue_alloc(struct native_object *o, const struct native_args *a)
{
	return nk_queue_alloc(native_body(o, queue), o, a->until);
}

long native_queue_pass(struct native_object *o, const struct native_args *a)
{
	if (a->b != low(a->b))
		return -NK_EINVAL;
	return nk_queue_pass(native_body(o, queue), o, low(a->b), low(a->c), high(a->c));
}

long native_queue_take(struct native_object *o, const struct native_args *a)
{
	unsigned int size, prio;
	int slot = nk_queue_take(native_body(o, queue), o, &size, &prio, a->until);

	return slot < 0 ? slot : (long)((unsigned long)slot | prio << 16 | (unsigned long)size << 32);
}

long native_queue_free(struct native_object *o, const struct native_args *a)
{
	return a->b == low(a->b) ? nk_queue_free(native_body(o, queue), o, low(a->b)) : -NK_EINVAL;
}

long native_queue_count(struct native_object *o, const struct native_args *a)
{
	(void)a;
	return nk_queue_length(native_body(o, queue));
}

/* Who is to be told; in the place, as a queue is elsewhere. */
struct notice {
	struct native_space *space;
	nk_u32 sem;
};

/* With the queue's lock. The semaphore may have gone, and its place be another object's. */
static void post_notice(void *arg)
{
	const struct notice *n = arg;
	struct native_object *o = native_get(n->space, n->sem, KEEL_SEM);

	if (!o)
		return;
	nk_sem_give(native_body(o, sem));
	native_put(o);
}

long native_queue_notify(struct native_object *o, const struct native_args *a)
{
	struct notice *n = (struct notice *)o->here;
	struct native_object *sem;
	int err;

	if (a->b == KEEL_NOTIFY_ASK)
		return nk_queue_notifies(native_body(o, queue), n);
	nk_queue_notify(native_body(o, queue), NULL, n);
	if (!a->b)
		return 0;
	sem = native_get(a->space, a->b, KEEL_SEM);
	if (!sem)
		return -NK_EINVAL;
	*n = (struct notice){ .space = a->space, .sem = low(a->b) };
	err = nk_queue_notify(native_body(o, queue), post_notice, n);
	native_put(sem);
	return err;
}

/* ---- buffers, channels, heaps ------------------------------------------------------------------ */

long native_buffer_write(struct native_object *o, const struct native_args *a)
{
	return nk_buffer_write(native_body(o, buffer), (const void *)a->b, a->c, a->until);
}

long native_buffer_read(struct native_object *o, const struct native_args *a)
{
	return nk_buffer_read(native_body(o, buffer), (void *)a->b, a->c, a->until);
}

long native_buffer_count(struct native_object *o, const struct native_args *a)
{
	(void)a;
	return (long)nk_buffer_fill(native_body(o, buffer));
}

long native_channel_send(struct native_object *o, const struct native_args *a)
{
	return nk_channel_send(native_body(o, channel), (const void *)a->b, low(a->c), (void *)a->e,
			       high(a->c), a->until);
}

long native_channel_receive(struct native_object *o, const struct native_args *a)
{
	unsigned int size = 0;
	long id = nk_channel_receive(native_body(o, channel), (void *)a->b, low(a->c), &size, a->until);

	return id < 0 ? id : (long)((unsigned long)id | (unsigned long)size << 32);
}

long native_channel_reply(struct native_object *o, const struct native_args *a)
{
	if (a->b != low(a->b))
		return -NK_EINVAL;
	if (a->d != low(a->d))
		return -NK_EMSGSIZE;
	return nk_channel_reply(native_body(o, channel), low(a->b), (const void *)a->c, low(a->d));
}

long native_heap_alloc(struct native_object *o, const struct native_args *a)
{
	return nk_heap_alloc(native_body(o, heap), a->b, a->until);
}

long native_heap_free(struct native_object *o, const struct native_args *a)
{
	return nk_heap_free(native_body(o, heap), a->b);
}

long native_heap_used(struct native_object *o, const struct native_args *a)
{
	(void)a;
	return (long)nk_heap_used(native_body(o, heap));
}

/* ---- ready for who waits for any of several ------------------------------------------------------ */

static int queue_is_ready(const struct nk_waitq *wq)
{
	return nk_container_of(wq, struct nk_queue, wq)->length != 0;
}

static int buffer_is_ready(const struct nk_waitq *wq)
{
	return nk_buffer_fill(nk_container_of(wq, struct nk_buffer, wq)) != 0;
}

static int channel_is_ready(const struct nk_waitq *wq)
{
	return !nk_plist_empty(&nk_container_of(wq, struct nk_channel, wq)->queued);
}

native_ready_fn *native_ready_of(nk_u32 type)
{
	switch (type) {
	case KEEL_SEM:
		return nk_sem_is_ready;
	case KEEL_EVENT:
		return nk_event_is_ready;
	case KEEL_QUEUE:
		return queue_is_ready;
	case KEEL_BUFFER:
		return buffer_is_ready;
	case KEEL_CHANNEL:
		return channel_is_ready;
	case KEEL_PIPE:
		return nk_pipe_is_ready;
	default:
		return NULL;
	}
}

void *native_watched(struct native_object *o, nk_u32 type)
{
	return type == KEEL_PIPE ? (void *)native_link_of(o)->to_oob : o->body;
}

int native_watch_init(struct nk_watch *w, void *body, nk_u32 type, int write)
{
	if (write) {
		w->wq = type == KEEL_QUEUE ? &((struct nk_queue *)body)->room.wq : NULL;
		w->ready = nk_sem_is_ready;
	} else {
		w->wq = body;
		w->ready = native_ready_of(type);
	}
	return w->wq && w->ready ? 0 : -NK_EINVAL;
}

int native_memory_watch(const struct native_memory *mem, int write, struct nk_watch *w)
{
	return native_watch_init(w, mem->body, mem->type, write);
}
