// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Ways between hard threads and Linux: pipes, proxies, eventfds.
 */
#include <keel/pipe.h>
#include <keel/proxy.h>
#include "core.h"

#define TRY 0	/* in place of a deadline */

/* One that was given as 0 has passed; as 1, too. */
static int timed(long nr, unsigned int id, const void *at, size_t size, clockid_t clock,
		 int64_t deadline)
{
	if (!libkeel_clock_is_known(clock))
		return -EINVAL;
	return libkeel_call5(nr, libkeel_id_on(clock, id), (long)at, size, deadline ? deadline : 1, 0);
}

/* ---- pipes ---------------------------------------------------------------------------------- */

int keel_pipe_create(struct keel_pipe *pipe, int number, unsigned int places, unsigned int size)
{
	struct keel_object req = {
		.type = KEEL_PIPE, .args = { places, size },
		.data = number == -1 ? KEEL_PIPE_ANY : (unsigned int)number,
	};
	int err = size ? libkeel_ioctl(KEEL_IOC_OBJECT_CREATE, &req) : -EINVAL;

	if (!err) {
		pipe->id = req.id;
		pipe->number = req.data;
	}
	return err;
}

int keel_pipe_bind(struct keel_pipe *pipe, int fd)
{
	struct keel_object req = { .type = KEEL_PIPE, .args = { KEEL_PIPE_BIND }, .data = fd };
	int err = fd < 0 ? -EBADF : libkeel_ioctl(KEEL_IOC_OBJECT_CREATE, &req);

	if (!err) {
		pipe->id = req.id;
		pipe->number = req.data;
	}
	return err;
}

int keel_pipe_delete(struct keel_pipe *pipe)
{
	return libkeel_object_delete(KEEL_PIPE, pipe->id);
}

int keel_pipe_clockwrite(struct keel_pipe *pipe, const void *from, size_t size, clockid_t clock,
			 int64_t deadline)
{
	return timed(KEEL_CALL_PIPE_WRITE, pipe->id, from, size, clock, deadline);
}

int keel_pipe_write(struct keel_pipe *pipe, const void *from, size_t size)
{
	return libkeel_call5(KEEL_CALL_PIPE_WRITE, pipe->id, (long)from, size, KEEL_FOREVER, 0);
}

int keel_pipe_trywrite(struct keel_pipe *pipe, const void *from, size_t size)
{
	return libkeel_call5(KEEL_CALL_PIPE_WRITE, pipe->id, (long)from, size, TRY, 0);
}

int keel_pipe_clockread(struct keel_pipe *pipe, void *to, size_t room, clockid_t clock,
			int64_t deadline)
{
	return timed(KEEL_CALL_PIPE_READ, pipe->id, to, room, clock, deadline);
}

int keel_pipe_read(struct keel_pipe *pipe, void *to, size_t room)
{
	return libkeel_call5(KEEL_CALL_PIPE_READ, pipe->id, (long)to, room, KEEL_FOREVER, 0);
}

int keel_pipe_tryread(struct keel_pipe *pipe, void *to, size_t room)
{
	return libkeel_call5(KEEL_CALL_PIPE_READ, pipe->id, (long)to, room, TRY, 0);
}

int keel_pipe_flush(struct keel_pipe *pipe, int which)
{
	return libkeel_call(KEEL_CALL_PIPE_FLUSH, pipe->id, which);
}

/* ---- proxies and eventfds ------------------------------------------------------------------- */

static int create_of_fd(uint32_t type, int fd, unsigned int places, unsigned int size,
			unsigned int *id)
{
	struct keel_object req = { .type = type, .args = { places, size }, .data = fd };
	int err = fd < 0 ? -EBADF : libkeel_ioctl(KEEL_IOC_OBJECT_CREATE, &req);

	if (!err)
		*id = req.id;
	return err;
}

int keel_proxy_create(struct keel_proxy *proxy, int fd, unsigned int places, unsigned int size)
{
	return create_of_fd(KEEL_PROXY, fd, places, size, &proxy->id);
}

int keel_proxy_delete(struct keel_proxy *proxy)
{
	return libkeel_object_delete(KEEL_PROXY, proxy->id);
}

int keel_proxy_write(struct keel_proxy *proxy, const void *from, size_t size)
{
	return libkeel_call5(KEEL_CALL_PROXY_WRITE, proxy->id, (long)from, size, TRY, 0);
}

int keel_proxy_clockwrite(struct keel_proxy *proxy, const void *from, size_t size, clockid_t clock,
			  int64_t deadline)
{
	return timed(KEEL_CALL_PROXY_WRITE, proxy->id, from, size, clock, deadline);
}

long keel_proxy_lost(struct keel_proxy *proxy)
{
	return libkeel_call(KEEL_CALL_PROXY_LOST, proxy->id, 0);
}

int keel_proxy_drain(struct keel_proxy *proxy, unsigned long *lost)
{
	struct keel_object req = { .type = KEEL_PROXY, .id = proxy->id };
	int err = libkeel_ioctl(KEEL_IOC_PROXY_DRAIN, &req);

	if (!err && lost)
		*lost = req.data;
	return err;
}

int keel_eventfd_create(struct keel_eventfd *eventfd, int fd)
{
	return create_of_fd(KEEL_EVENTFD, fd, 0, 0, &eventfd->id);
}

int keel_eventfd_delete(struct keel_eventfd *eventfd)
{
	return libkeel_object_delete(KEEL_EVENTFD, eventfd->id);
}

int keel_eventfd_signal(struct keel_eventfd *eventfd)
{
	return libkeel_call(KEEL_CALL_EVENTFD_SIGNAL, eventfd->id, 0);
}
