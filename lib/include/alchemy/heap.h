/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alchemy: memory in blocks, in constant time; or in one block that all share.
 *
 * All return 0 or more, or a negative errno: -EINVAL: there is no such heap (any more), or an argument is
 * out of range; -EIDRM: it was deleted during the wait; -EINTR: rt_task_unblock() or a signal ended that;
 * -ETIMEDOUT; -EWOULDBLOCK with TM_NONBLOCK; -EPERM: the caller cannot be Keel's; of create also -ENOMEM
 * and -EEXIST. timer.h has the forms of calls that wait. Any thread may call.
 */
#ifndef ALCHEMY_HEAP_H
#define ALCHEMY_HEAP_H

#include <alchemy/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

#define H_PRIO	 0x1	/* who waits is served by priority */
#define H_FIFO	 0x0	/* or first come first served */
#define H_SINGLE 0x4	/* the whole is one block, which everybody gets */

typedef struct RT_HEAP {
	uintptr_t handle;
} RT_HEAP;

typedef struct RT_HEAP_INFO {
	int nwaiters;
	int mode;
	size_t heapsize;
	size_t usablemem;
	size_t usedmem;
	char name[XNOBJECT_NAME_LEN];
} RT_HEAP_INFO;

/* @heapsize: bytes, 16 MiB at most; blocks have a multiple of 64. @mode: H_*. */
int rt_heap_create(RT_HEAP *heap, const char *name, size_t heapsize, int mode);
int rt_heap_delete(RT_HEAP *heap);		/* nothing of it is mapped any more */

/* @size bytes, stored in @blockp; with H_SINGLE the one block, and @size is 0 or the whole. Without a time limit it
 * is waited for as long as it takes. */
int rt_heap_alloc(RT_HEAP *heap, size_t size, RTIME timeout, void **blockp);
int rt_heap_alloc_until(RT_HEAP *heap, size_t size, RTIME timeout, void **blockp);
int rt_heap_alloc_timed(RT_HEAP *heap, size_t size, const struct timespec *abs_timeout, void **blockp);

/* -EINVAL: it is no block. With H_SINGLE nothing happens. */
int rt_heap_free(RT_HEAP *heap, void *block);

/* What is known of it now. The heap of that name: -EWOULDBLOCK, -ETIMEDOUT: there is none; the last gives it up, and
 * nothing of the heap itself changes. */
int rt_heap_inquire(RT_HEAP *heap, RT_HEAP_INFO *info);
int rt_heap_bind(RT_HEAP *heap, const char *name, RTIME timeout);
int rt_heap_unbind(RT_HEAP *heap);

#ifdef __cplusplus
}
#endif

#endif
