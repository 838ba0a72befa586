/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for hard threads, in blocks of any size, in constant time. It is mapped once, and locked;
 * several processes may have it, name.h. Errors and deadlines as in message.h.
 */
#ifndef KEEL_HEAP_H
#define KEEL_HEAP_H

#include <stddef.h>
#include <time.h>
#include <keel/keel.h>

#ifdef __cplusplus
extern "C" {
#endif

struct keel_heap {
	unsigned int id;
	size_t area_size;
	char *area;		/* where it is mapped in this process */
};

/* @size: 1 to 16 MiB. Context: any thread; in-band. */
int keel_heap_create(struct keel_heap *heap, size_t size);
int keel_heap_delete(struct keel_heap *heap);	/* waits end with -EIDRM; unmaps it */

/* @size bytes, aligned to KEEL_HEAP_UNIT, at @block. Without the second a thread waits for as long as
 * it takes. Who waits is served by priority and not overtaken. -EINVAL: 0, or more than the heap has.
 * Context: attached; hardens; blocks. */
int keel_heap_alloc(struct keel_heap *heap, size_t size, void **block);
int keel_heap_clockalloc(struct keel_heap *heap, size_t size, void **block, clockid_t clock,
			 int64_t deadline);

/* -EINVAL: it is no block, or was freed before. Context: attached; hardens. */
int keel_heap_free(struct keel_heap *heap, void *block);

#ifdef __cplusplus
}
#endif

#endif
