// SPDX-License-Identifier: GPL-2.0
/*
 * Objects whose memory is not in their place: those with storage, and what processes share. The
 * object comes first in its memory, then what it consists of.
 */
#include <keel/abi.h>
#include "nucleus/buffer.h"
#include "nucleus/channel.h"
#include "nucleus/flow.h"
#include "nucleus/heap.h"
#include "nucleus/rwlock.h"
#include "memory.h"
#include "objects.h"

static unsigned long rounded(unsigned long size)
{
	return (size + 7) & ~7ul;
}

static int queue_needs(const nk_u32 *args, unsigned long *body, unsigned long *area)
{
	if (!args[0] || args[0] > NK_QUEUE_COUNT || !args[1] || args[1] > NK_QUEUE_SIZE)
		return -NK_EINVAL;
	*body = sizeof(struct nk_queue) + args[0] * sizeof(struct nk_slot);
	*area = args[0] * rounded(args[1]);
	return *area > KEEL_AREA_MAX ? -NK_EINVAL : 0;
}

static int channel_needs(const nk_u32 *args, unsigned long *body)
{
	if (!args[0] || args[0] > NK_CHANNEL_FLOWS || !args[1] || args[1] > NK_QUEUE_SIZE)
		return -NK_EINVAL;
	*body = sizeof(struct nk_channel) + args[0] * (sizeof(struct nk_flow) +
			sizeof(struct nk_slot) + rounded(args[1]));
	return 0;
}

static nk_u32 heap_units(const nk_u32 *args)
{
	return (args[0] + NK_HEAP_UNIT - 1) / NK_HEAP_UNIT;
}

int native_memory_needs(const struct keel_object *req, unsigned long *body, unsigned long *area)
{
	switch (req->type) {
	case KEEL_QUEUE:
		return queue_needs(req->args, body, area);
	case KEEL_CHANNEL:
		return channel_needs(req->args, body);
	case KEEL_BUFFER:
		*body = rounded(sizeof(struct nk_buffer)) + req->args[0];
		return !req->args[0] || req->args[0] > NK_BUFFER_SIZE ? -NK_EINVAL : 0;
	default:
		if (!req->args[0] || req->args[0] > KEEL_AREA_MAX || (req->args[1] & ~KEEL_FIFO))
			return -NK_EINVAL;
		*body = sizeof(struct nk_heap) + heap_units(req->args) * sizeof(struct nk_heap_block);
		*area = heap_units(req->args) * (unsigned long)NK_HEAP_UNIT;
		return 0;
	}
}

static int channel_make(struct native_memory *mem)
{
	struct nk_channel *c = mem->body;
	struct nk_flow *flows = (struct nk_flow *)(c + 1);
	struct nk_slot *slots = (struct nk_slot *)(flows + mem->args[0]);

	return nk_channel_init(c, flows, slots, (char *)(slots + mem->args[0]), mem->args[0],
			       mem->args[1]);
}

static int heap_make(struct nk_heap *h, const struct native_memory *mem)
{
	int err = nk_heap_init(h, (struct nk_heap_block *)(h + 1), heap_units(mem->args));

	if (!err && mem->args[1])
		nk_waitq_fifo(&h->wq);
	return err;
}

int native_memory_init(struct native_memory *mem)
{
	struct nk_queue *q = mem->body;
	struct nk_heap *h = mem->body;

	switch (mem->type) {
	case KEEL_QUEUE:
		return nk_queue_init(q, (struct nk_slot *)(q + 1), mem->area, mem->args[0],
				     mem->args[1]);
	case KEEL_CHANNEL:
		return channel_make(mem);
	case KEEL_BUFFER:
		return nk_buffer_init(mem->body, (char *)mem->body + rounded(sizeof(struct nk_buffer)),
				      mem->args[0]);
	default:
		return heap_make(h, mem);
	}
}

void native_let_go(struct native_object *o, nk_u32 type, struct nk_thread *t)
{
	switch (type) {
	case KEEL_MUTEX:
		nk_mutex_bereave(native_body(o, mutex), t);
		break;
	case KEEL_RWLOCK:
		nk_rwlock_bereave(native_body(o, rwlock), t);
		break;
	case KEEL_CHANNEL:
		nk_channel_bereave(native_body(o, channel), t);
		break;
	}
}

/* A thread that lives may have got it just as its process deleted the id. */
void native_memory_leave(struct native_space *s, struct native_object *o)
{
	unsigned int i;

	if (o->mem->type == KEEL_QUEUE) {
		nk_queue_notify(native_body(o, queue), NULL, o->here);
		nk_queue_reclaim(native_body(o, queue), o);
	}
	for (i = 0; i < KEEL_MAX_THREADS; i++)
		if (s->threads[i])
			native_let_go(o, o->mem->type, s->threads[i]);
}

void native_waitq_quiesce(struct nk_waitq *wq)
{
	while (nk_waitq_destroy(wq))
		hal_cpu_relax();
}

/* Each object begins with its wait queue, but a set, which has none, and those that are links: what a
 * link leads to has its own end, native_link_quiesce(), and may be gone. */
static int has_waitq(nk_u32 type)
{
	return type != KEEL_SET && type != KEEL_PIPE && type != KEEL_PROXY && type != KEEL_EVENTFD &&
	       type != KEEL_TIMER;
}

void native_body_quiesce(void *body, nk_u32 type)
{
	struct nk_buffer *b = body;
	struct nk_channel *c = body;
	unsigned int i;

	if (!has_waitq(type))
		return;
	native_waitq_quiesce(body);
	if (type == KEEL_BUFFER) {
		native_waitq_quiesce(&b->read.turn.wq);
		native_waitq_quiesce(&b->write.turn.wq);
	}
	for (i = 0; type == KEEL_CHANNEL && i < c->pool.count; i++)
		native_waitq_quiesce(&c->flows[i].turn.wq);
}

int native_memory_close(struct native_memory *mem)
{
	return native_object_destroy(mem->body, mem->type);
}

void native_memory_quiesce(struct native_memory *mem)
{
	native_body_quiesce(mem->body, mem->type);
}
