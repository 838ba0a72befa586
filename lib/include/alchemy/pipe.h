/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alchemy: pipes to Linux programs, which open /dev/rtpN.
 *
 * All return 0 or more, or a negative errno: -EINVAL: there is no such pipe (any more), or an argument is
 * out of range; -EIDRM: it was deleted during the wait; -EINTR: rt_task_unblock() or a signal ended that;
 * -ETIMEDOUT; -EWOULDBLOCK with TM_NONBLOCK; -EPERM: the caller cannot be Keel's; of create also -ENOMEM
 * and -EEXIST. timer.h has the forms of calls that wait. Any thread may call.
 */
#ifndef ALCHEMY_PIPE_H
#define ALCHEMY_PIPE_H

#include <alchemy/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

#define P_MINOR_AUTO	(-1)	/* whatever number is free */

#define P_NORMAL	0x0
#define P_URGENT	0x1	/* in front of all others */

typedef struct RT_PIPE {
	uintptr_t handle;
} RT_PIPE;

/* @minor: the N, or P_MINOR_AUTO; @poolsize: bytes for messages, 0: what is usual. A message has that many,
 * at most 16384. Returns the number. -EBUSY: it is not free; -ENOSPC: none is; -ENODEV: there is no such. */
int rt_pipe_create(RT_PIPE *pipe, const char *name, int minor, size_t poolsize);

/* What Linux has not read is still there for it. */
int rt_pipe_delete(RT_PIPE *pipe);

/* The next message from Linux: its size. -ENOBUFS: it is longer than @size, and stays. With @size 0: 0, at once. */
ssize_t rt_pipe_read(RT_PIPE *pipe, void *buf, size_t size, RTIME timeout);
ssize_t rt_pipe_read_until(RT_PIPE *pipe, void *buf, size_t size, RTIME timeout);
ssize_t rt_pipe_read_timed(RT_PIPE *pipe, void *buf, size_t size, const struct timespec *abs_timeout);

/* Send a message: @size. -ENOMEM: there is no room, or never for so much. */
ssize_t rt_pipe_write(RT_PIPE *pipe, const void *buf, size_t size, int mode);

/* The same for bytes without bounds: what was streamed and is not read yet is one message, as long as messages may be.
 * Returns how many there was room for. */
ssize_t rt_pipe_stream(RT_PIPE *pipe, const void *buf, size_t size);

/* The pipe of that name, in a session also another process's, whose device the caller must be able to read and
 * write. It ends with who created it. -EWOULDBLOCK, -ETIMEDOUT: there is none; the last gives it up, and nothing of the pipe
 * itself changes. */
int rt_pipe_bind(RT_PIPE *pipe, const char *name, RTIME timeout);
int rt_pipe_unbind(RT_PIPE *pipe);

#ifdef __cplusplus
}
#endif

#endif
