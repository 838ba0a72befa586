/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Areas of objects, which message.c maps when they are made and name.c when they are bound.
 */
#ifndef LIBKEEL_AREA_H
#define LIBKEEL_AREA_H

#include <keel/heap.h>
#include <keel/message.h>

/* Map @size bytes from @offset of the device. 0 or -errno. Context: in-band. */
int libkeel_area_map(size_t size, uint64_t offset, char **area, size_t *area_size);

/* Map what the object with the id that @q or @h has. With an error the id is deleted. */
int libkeel_queue_map(struct keel_queue *q, unsigned int count, unsigned int size, uint64_t offset);
int libkeel_heap_map(struct keel_heap *h, size_t size, uint64_t offset);

#endif
