/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read before sources that allocate: the allocation that fail_alloc counts down to fails.
 */
#ifndef COUNTED_ALLOC_H
#define COUNTED_ALLOC_H

#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "counted.h"

static inline void *seam_kmalloc(size_t size, gfp_t gfp)
{
	return alloc_fails() ? NULL : kmalloc(size, gfp);
}

static inline void *seam_kzalloc(size_t size, gfp_t gfp)
{
	return alloc_fails() ? NULL : kzalloc(size, gfp);
}

static inline void *seam_kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return alloc_fails() ? NULL : kcalloc(n, size, gfp);
}

static inline void *seam_kvcalloc(size_t n, size_t size, gfp_t gfp)
{
	return alloc_fails() ? NULL : kvcalloc(n, size, gfp);
}

static inline void *seam_vmalloc(unsigned long size)
{
	return alloc_fails() ? NULL : vmalloc(size);
}

static inline void *seam_vzalloc(unsigned long size)
{
	return alloc_fails() ? NULL : vzalloc(size);
}

static inline void *seam_vmalloc_user(unsigned long size)
{
	return alloc_fails() ? NULL : vmalloc_user(size);
}

#undef kmalloc
#undef kzalloc
#undef kcalloc
#undef kvcalloc
#undef vmalloc
#undef vzalloc
#undef vmalloc_user
#undef kthread_create
#define kmalloc		seam_kmalloc
#define kzalloc		seam_kzalloc
#define kcalloc		seam_kcalloc
#define kvcalloc	seam_kvcalloc
#define vmalloc		seam_vmalloc
#define vzalloc		seam_vzalloc
#define vmalloc_user	seam_vmalloc_user
#define kthread_create(fn, data, ...) \
	(alloc_fails() ? ERR_PTR(-ENOMEM) : kthread_create_on_node(fn, data, NUMA_NO_NODE, __VA_ARGS__))

#endif
