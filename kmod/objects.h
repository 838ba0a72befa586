/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects of a process, as its requests make and delete them: the memory that they need, and what of
 * it is mapped. Context of all: in-band, may sleep.
 */
#ifndef KMOD_OBJECTS_H
#define KMOD_OBJECTS_H

#include <linux/types.h>

struct keel_object;
struct keel_process;
struct native_memory;
struct vm_area_struct;

/* Answer these requests: 0 or -errno. @ids: those of a set. */
long objects_create(struct keel_process *p, struct keel_object *req, const u32 *ids);
long objects_delete(struct keel_process *p, u32 type, u32 id);

/* The threads of @p have ended: all that is left of its objects goes. */
void objects_end(struct keel_process *p);

/* Map the area that begins at @offset behind KEEL_AREA_OFFSET. */
int objects_map(struct keel_process *p, struct vm_area_struct *vma, unsigned long offset);

/* How many there are, of all processes. */
int objects_count(void);

/* Memory for the object of @req in @mem; -ENOMEM, also when all objects have too much. With
 * nothing needed mem->body stays NULL. */
int memory_alloc(struct native_memory *mem, const struct keel_object *req, bool shared);
void memory_free(struct native_memory *mem);

/* A place of @p has the object @id now; @err below 0: it has not. @old: what the place had before. */
long objects_placed(long id, struct native_memory *old);

/* Where the area of object @id is mapped from; 0: it has none. */
u64 objects_area(const struct native_memory *mem, u32 id);

#endif
