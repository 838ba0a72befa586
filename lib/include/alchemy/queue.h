/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alchemy: queues of messages that lie in a pool of their queue's, so that they can be passed on without
 * a copy.
 *
 * All return 0 or more, or a negative errno: -EINVAL: there is no such queue (any more), or an argument is
 * out of range; -EIDRM: it was deleted during the wait; -EINTR: rt_task_unblock() or a signal ended that;
 * -ETIMEDOUT; -EWOULDBLOCK with TM_NONBLOCK; -EPERM: the caller cannot be Keel's; of create also -ENOMEM
 * and -EEXIST. timer.h has the forms of calls that wait. Any thread may call.
 */
#ifndef ALCHEMY_QUEUE_H
#define ALCHEMY_QUEUE_H

#include <alchemy/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

#define Q_PRIO	0x1	/* who waits is served by priority */
#define Q_FIFO	0x0	/* or first come first served */

#define Q_UNLIMITED 0	/* as a limit: as many as the pool holds */

#define Q_NORMAL	0x0
#define Q_URGENT	0x1	/* in front of all others */
#define Q_BROADCAST	0x2	/* to all who wait now */

typedef struct RT_QUEUE {
	uintptr_t handle;
} RT_QUEUE;

typedef struct RT_QUEUE_INFO {
	int nwaiters;
	int nmessages;
	int mode;
	size_t qlimit;
	size_t poolsize;
	size_t usedmem;
	char name[XNOBJECT_NAME_LEN];
} RT_QUEUE_INFO;

/* @poolsize: bytes of all messages together; @qlimit: how many may be queued; @mode: Q_PRIO or Q_FIFO. */
int rt_queue_create(RT_QUEUE *queue, const char *name, size_t poolsize, size_t qlimit, int mode);
int rt_queue_delete(RT_QUEUE *queue);

/* Memory for a message of up to @size bytes, or NULL: the pool has not so much. */
void *rt_queue_alloc(RT_QUEUE *queue, size_t size);
int rt_queue_free(RT_QUEUE *queue, void *buf);

/* Send @size bytes at @buf, which rt_queue_alloc() gave and is the queue's from now on; or a copy of
 * what is anywhere. Returns how many waited for it; 0: it was queued. -ENOMEM: @qlimit are queued, or
 * of write: the pool has no room. */
int rt_queue_send(RT_QUEUE *queue, const void *buf, size_t size, int mode);
int rt_queue_write(RT_QUEUE *queue, const void *buf, size_t size, int mode);

/* Receive the first message, where it lies; rt_queue_free() it, each who got a broadcast. Returns its size. */
ssize_t rt_queue_receive(RT_QUEUE *queue, void **bufp, RTIME timeout);
ssize_t rt_queue_receive_until(RT_QUEUE *queue, void **bufp, RTIME timeout);
ssize_t rt_queue_receive_timed(RT_QUEUE *queue, void **bufp, const struct timespec *abs_timeout);

/* Receive a copy, cut off after @size bytes. Returns how many. */
ssize_t rt_queue_read(RT_QUEUE *queue, void *buf, size_t size, RTIME timeout);
ssize_t rt_queue_read_until(RT_QUEUE *queue, void *buf, size_t size, RTIME timeout);
ssize_t rt_queue_read_timed(RT_QUEUE *queue, void *buf, size_t size,
			    const struct timespec *abs_timeout);

/* Drop what is queued: how many. */
int rt_queue_flush(RT_QUEUE *queue);

/* What is known of it now. The queue of that name: -EWOULDBLOCK, -ETIMEDOUT: there is none; the last gives it up, and
 * nothing of the queue itself changes. */
int rt_queue_inquire(RT_QUEUE *queue, RT_QUEUE_INFO *info);
int rt_queue_bind(RT_QUEUE *queue, const char *name, RTIME timeout);
int rt_queue_unbind(RT_QUEUE *queue);

#ifdef __cplusplus
}
#endif

#endif
