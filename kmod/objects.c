// SPDX-License-Identifier: GPL-2.0
/*
 * Objects of a process.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <keel/abi.h>
#include "hal/x86/compat.h"
#include "names.h"
#include "objects.h"
#include "outer.h"
#include "process.h"
#include "skins/native/objects.h"

#define SHARE 8		/* all objects have at most this part of the machine's memory */

static atomic_t objects = ATOMIC_INIT(0);
static atomic_long_t pages = ATOMIC_LONG_INIT(0);

/* ---- memory ----------------------------------------------------------------------------------- */

static unsigned long pages_of(const struct native_memory *mem)
{
	return mem->body_pages + (mem->area_size >> PAGE_SHIFT);
}

int memory_alloc(struct native_memory *mem, const struct keel_object *req, bool shared)
{
	unsigned long body, area;
	int err = native_object_needs(req, shared, &body, &area);

	if (err || !body)
		return err;
	mem->type = req->type;
	memcpy(mem->args, req->args, sizeof(mem->args));
	mem->shared = shared;
	mem->area_size = PAGE_ALIGN(area);
	mem->body_pages = PAGE_ALIGN(body) >> PAGE_SHIFT;
	if (atomic_long_add_return(pages_of(mem), &pages) <= totalram_pages() / SHARE) {
		mem->body = vzalloc(body);
		mem->area = area ? vmalloc_user(mem->area_size) : NULL;
	}
	if (mem->body && (mem->area || !area))
		return 0;
	memory_free(mem);
	mem->body = NULL;
	return -ENOMEM;
}

void memory_free(struct native_memory *mem)
{
	atomic_long_sub(pages_of(mem), &pages);
	vfree(mem->body);
	vfree(mem->area);
}

static void memory_put(struct native_memory *mem)
{
	if (!mem)
		return;
	if (mem->shared) {
		names_put(mem);
		return;
	}
	native_memory_quiesce(mem);
	memory_free(mem);
	kfree(mem);
}

u64 objects_area(const struct native_memory *mem, u32 id)
{
	return mem && mem->area ? KEEL_AREA_OFFSET + (u64)(id % NATIVE_PLACES) * KEEL_AREA_MAX : 0;
}

/* ---- requests --------------------------------------------------------------------------------- */

long objects_placed(long id, struct native_memory *old)
{
	memory_put(old);
	if (id >= 0)
		atomic_inc(&objects);
	return id;
}

static long create_in(struct keel_process *p, struct keel_object *req, const u32 *ids,
		      struct native_memory *mem)
{
	struct native_memory *old;
	long id;

	mutex_lock(&p->lock);
	id = native_object_create(p->space, req, ids, mem, &old);
	mutex_unlock(&p->lock);
	return objects_placed(id, old);
}

long objects_create(struct keel_process *p, struct keel_object *req, const u32 *ids)
{
	struct native_memory *mem;
	long id;

	if (outer_is(req->type))
		return outer_create(p, req);
	mem = kzalloc(sizeof(*mem), GFP_KERNEL);
	if (!mem)
		return -ENOMEM;
	id = memory_alloc(mem, req, false);
	if (!id)
		id = create_in(p, req, ids, mem->body ? mem : NULL);
	if (id < 0 || !mem->body) {
		if (mem->body)
			memory_free(mem);
		kfree(mem);
		mem = NULL;
	}
	if (id < 0)
		return id;
	req->id = id;
	if (mem)
		req->data = objects_area(mem, id);
	return 0;
}

long objects_delete(struct keel_process *p, u32 type, u32 id)
{
	struct native_memory *old;
	long err;

	if (outer_is(type)) {
		err = outer_delete(p, type, id, &old);
	} else {
		mutex_lock(&p->lock);
		err = native_object_delete(p->space, type, id, &old);
		mutex_unlock(&p->lock);
	}
	memory_put(old);
	if (!err)
		atomic_dec(&objects);
	return err;
}

void objects_end(struct keel_process *p)
{
	outer_end(p);
	atomic_sub(native_object_count(p->space), &objects);
	for (unsigned int i = 0; i < KEEL_MAX_OBJECTS; i++)
		memory_put(native_place_end(p->space, i));
}

/* The pages stay for as long as they are mapped, whatever becomes of the object. */
int objects_map(struct keel_process *p, struct vm_area_struct *vma, unsigned long offset)
{
	unsigned long size = vma->vm_end - vma->vm_start;
	struct native_memory *mem;
	int err = -EINVAL;

	mutex_lock(&p->lock);
	mem = native_place_memory(p->space, offset / KEEL_AREA_MAX);
	if (mem && mem->area && size == mem->area_size && offset % KEEL_AREA_MAX == 0) {
		window_vma_flags(vma, true);
		err = vma->vm_flags & VM_SHARED ? remap_vmalloc_range(vma, mem->area, 0) : -EACCES;
	}
	mutex_unlock(&p->lock);
	return err;
}

int objects_count(void)
{
	return atomic_read(&objects);
}
