// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <alchemy/heap.h>
#include <keel/name.h>
#include "kind.h"

#define PART 'h'

struct state {
	size_t size;
	int mode;
};

struct alchemy_heap {
	struct alchemy_object o;
	struct keel_heap heap;
	struct state state;
};

static int make(struct alchemy_object *o, void *arg)
{
	struct alchemy_heap *h = (struct alchemy_heap *)o;
	const struct state *s = arg;
	char name[KEEL_NAMED_LEN];

	if (s->size > KEEL_AREA_MAX)
		return -ENOMEM;
	if (o->shared) {
		alchemy_part_name(o, PART, name);
		*(struct state *)o->shared = *s;
	}
	h->state = *s;
	return libkeel_heap_create(&h->heap, o->shared ? name : NULL, 0666, s->size,
				   s->mode & H_PRIO ? 0 : KEEL_FIFO);
}

static int attach(struct alchemy_object *o)
{
	struct alchemy_heap *h = (struct alchemy_heap *)o;
	char name[KEEL_NAMED_LEN];

	alchemy_part_name(o, PART, name);
	h->state = *(struct state *)o->shared;
	return keel_heap_name_bind(&h->heap, name, 0);
}

static int unmake(struct alchemy_object *o)
{
	struct alchemy_heap *h = (struct alchemy_heap *)o;
	char name[KEEL_NAMED_LEN];

	if (o->shared && !o->bound) {
		alchemy_part_name(o, PART, name);
		keel_name_delete(name, KEEL_HEAP);
	}
	return keel_heap_delete(&h->heap);
}

static const struct alchemy_kind kind = {
	.type = ALCHEMY_HEAP, .size = sizeof(struct alchemy_heap), .shared_size = sizeof(struct state),
	.make = make, .attach = attach, .unmake = unmake,
};

static struct alchemy_heap *find(const RT_HEAP *heap)
{
	return alchemy_object_find(ALCHEMY_HANDLE(heap), ALCHEMY_HEAP);
}

int rt_heap_create(RT_HEAP *heap, const char *name, size_t heapsize, int mode)
{
	struct state s = { heapsize, mode };

	if (!heapsize || (mode & ~(H_PRIO | H_SINGLE)))
		return -EINVAL;
	return alchemy_kind_create(&kind, name, &s, &heap->handle);
}

int rt_heap_delete(RT_HEAP *heap)
{
	return alchemy_kind_delete(&kind, ALCHEMY_HANDLE(heap));
}

static int heap_wait(RT_HEAP *heap, size_t size, int64_t until, void **blockp)
{
	struct alchemy_heap *h = find(heap);

	if (!h || until < 0)
		return -EINVAL;
	if (h->state.mode & H_SINGLE) {
		if (size && size != h->state.size)
			return -EINVAL;
		*blockp = h->heap.area;
		return 0;
	}
	if (until == ALCHEMY_POLL)
		return ALCHEMY_CALL(keel_heap_clockalloc(&h->heap, size, blockp, CLOCK_MONOTONIC, 0));
	return ALCHEMY_WAIT(keel_heap_clockalloc(&h->heap, size, blockp, CLOCK_MONOTONIC, until));
}

int rt_heap_alloc(RT_HEAP *heap, size_t size, RTIME timeout, void **blockp)
{
	return heap_wait(heap, size, alchemy_rel(timeout), blockp);
}

int rt_heap_alloc_until(RT_HEAP *heap, size_t size, RTIME timeout, void **blockp)
{
	return heap_wait(heap, size, alchemy_abs(timeout), blockp);
}

int rt_heap_alloc_timed(RT_HEAP *heap, size_t size, const struct timespec *abs_timeout, void **blockp)
{
	return heap_wait(heap, size, alchemy_timespec(abs_timeout), blockp);
}

int rt_heap_free(RT_HEAP *heap, void *block)
{
	struct alchemy_heap *h = find(heap);

	if (!h)
		return -EINVAL;
	if (h->state.mode & H_SINGLE)
		return block == h->heap.area ? 0 : -EINVAL;
	return ALCHEMY_CALL(keel_heap_free(&h->heap, block));
}

int rt_heap_inquire(RT_HEAP *heap, RT_HEAP_INFO *info)
{
	struct alchemy_heap *h = find(heap);
	long used = h ? ALCHEMY_CALL(libkeel_call(KEEL_CALL_HEAP_USED, h->heap.id, 0)) : -EINVAL;

	if (used < 0)
		return used;
	info->nwaiters = alchemy_waiters(h->heap.id);
	info->mode = h->state.mode;
	info->heapsize = h->state.size;
	info->usablemem = (h->state.size + KEEL_HEAP_UNIT - 1) / KEEL_HEAP_UNIT * KEEL_HEAP_UNIT;
	info->usedmem = h->state.mode & H_SINGLE ? h->state.size : (size_t)used;
	memcpy(info->name, h->o.name, sizeof(info->name));
	return info->nwaiters < 0 ? info->nwaiters : 0;
}

ALCHEMY_BINDING(heap, RT_HEAP, &kind);
