/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alchemy: buffers of bytes, first in first out.
 *
 * All return 0 or more, or a negative errno: -EINVAL: there is no such buffer (any more), or an argument is
 * out of range; -EIDRM: it was deleted during the wait; -EINTR: rt_task_unblock() or a signal ended that;
 * -ETIMEDOUT; -EWOULDBLOCK with TM_NONBLOCK; -EPERM: the caller cannot be Keel's; of create also -ENOMEM
 * and -EEXIST. timer.h has the forms of calls that wait. Any thread may call.
 */
#ifndef ALCHEMY_BUFFER_H
#define ALCHEMY_BUFFER_H

#include <alchemy/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

#define B_PRIO	0x1	/* who waits is served by priority */
#define B_FIFO	0x0	/* or first come first served */

typedef struct RT_BUFFER {
	uintptr_t handle;
} RT_BUFFER;

typedef struct RT_BUFFER_INFO {
	int iwaiters;			/* who wait to read, and to write */
	int owaiters;
	size_t totalmem;
	size_t availmem;		/* bytes that could be written */
	char name[XNOBJECT_NAME_LEN];
} RT_BUFFER_INFO;

/* @bufsz: bytes it holds, 16 MiB at most; @mode: B_PRIO or B_FIFO. */
int rt_buffer_create(RT_BUFFER *bf, const char *name, size_t bufsz, int mode);
int rt_buffer_delete(RT_BUFFER *bf);

/* Write or read @size bytes as a whole, up to what the buffer holds; returns @size. Only when one waits to
 * write what does not fit any more, a read of more than there is gets what there is. Without a
 * system call while nobody waits and nobody has to. */
ssize_t rt_buffer_write(RT_BUFFER *bf, const void *ptr, size_t size, RTIME timeout);
ssize_t rt_buffer_write_until(RT_BUFFER *bf, const void *ptr, size_t size, RTIME timeout);
ssize_t rt_buffer_write_timed(RT_BUFFER *bf, const void *ptr, size_t size,
			      const struct timespec *abs_timeout);
ssize_t rt_buffer_read(RT_BUFFER *bf, void *ptr, size_t size, RTIME timeout);
ssize_t rt_buffer_read_until(RT_BUFFER *bf, void *ptr, size_t size, RTIME timeout);
ssize_t rt_buffer_read_timed(RT_BUFFER *bf, void *ptr, size_t size, const struct timespec *abs_timeout);

/* Drop what is in it. */
int rt_buffer_clear(RT_BUFFER *bf);

/* What is known of it now. The buffer of that name: -EWOULDBLOCK, -ETIMEDOUT: there is none; the last gives it up, and
 * nothing of the buffer itself changes. */
int rt_buffer_inquire(RT_BUFFER *bf, RT_BUFFER_INFO *info);
int rt_buffer_bind(RT_BUFFER *bf, const char *name, RTIME timeout);
int rt_buffer_unbind(RT_BUFFER *bf);

#ifdef __cplusplus
}
#endif

#endif
