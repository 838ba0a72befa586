// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * epoll. Linux's instance has everything that is registered; what of it a real-time thread can wait for by
 * itself is kept here too. With anything else among it, or with the modes that tell only of changes, Linux
 * waits.
 */
#include <stddef.h>
#include <sys/epoll.h>
#include "file.h"
#include "ready.h"

#define MODES (EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP)

static int is_ours(int fd, const struct epoll_event *event)
{
	return !(event->events & MODES) &&
	       (posix_file_find(fd, POSIX_MQ) || posix_file_find(fd, POSIX_TIMER));
}

static int create(enum posix_call call, int fd)
{
	struct posix_file f = { .type = POSIX_EPOLL };

	if (fd < 0 || !posix_core_ready() || posix_change_begin(&f.epoll.change)) {
		posix_me()->counts.glibc[call]++;
		return fd;
	}
	posix_me()->counts.core[call]++;
	if (posix_file_add(fd, &f))
		posix_change_end(&f.epoll.change);
	return fd;
}

int __wrap_epoll_create(int size)
{
	return create(POSIX_CALL_epoll_create, REAL(epoll_create)(size));
}
EXPORT(epoll_create);

int __wrap_epoll_create1(int flags)
{
	return create(POSIX_CALL_epoll_create1, REAL(epoll_create1)(flags));
}
EXPORT(epoll_create1);

static void forget(struct posix_epoll *e, int fd)
{
	int i;

	for (i = 0; i < e->count; i++)
		if (e->of[i].fd == fd)
			e->of[i--] = e->of[--e->count];
}

/* One too many, or of Linux's: all of it is Linux's from now on. */
static void note(struct posix_epoll *e, int op, int fd, const struct epoll_event *event)
{
	if (posix_change_lock(&e->change))
		return;
	forget(e, fd);
	if (op != EPOLL_CTL_DEL && (!is_ours(fd, event) || e->count == POSIX_EPOLL_MAX))
		e->linux_too = 1;
	else if (op != EPOLL_CTL_DEL)
		e->of[e->count++] = (struct posix_registered){ fd, event->events, event->data.u64 };
	posix_change_tell(&e->change);
	posix_change_unlock(&e->change);
}

int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	struct posix_file *f = posix_file_find(epfd, POSIX_EPOLL);
	int err = REAL(epoll_ctl)(epfd, op, fd, event);

	GLIBC(epoll_ctl);
	if (!err && f && !posix_enter()) {
		note(&f->epoll, op, fd, event);
		posix_leave();
	}
	return err;
}
EXPORT(epoll_ctl);

/* What is registered now; -ENOTSUP: Linux's too. A descriptor that was closed is not registered any more. */
static int registered(struct posix_epoll *e, struct pollfd *fds, struct posix_registered *of)
{
	int i, n = 0, err = posix_change_lock(&e->change);

	if (err)
		return -err;
	for (i = 0; !e->linux_too && i < e->count; i++) {
		struct epoll_event event = { .events = e->of[i].events };

		if (!is_ours(e->of[i].fd, &event))
			continue;
		of[n] = e->of[i];
		fds[n] = (struct pollfd){ .fd = of[n].fd, .events = of[n].events };
		n++;
	}
	posix_change_unlock(&e->change);
	return e->linux_too ? -ENOTSUP : n;
}

static int events_fill(const struct pollfd *fds, const struct posix_registered *of, int n,
		       struct epoll_event *events, int room)
{
	int i, count = 0;

	for (i = 0; i < n && count < room; i++) {
		if (!fds[i].revents || fds[i].revents & POLLNVAL)
			continue;
		events[count].events = fds[i].revents;
		events[count++].data.u64 = of[i].data;
	}
	return count;
}

static int wait_core(struct posix_epoll *e, struct epoll_event *events, int room, int64_t until)
{
	struct posix_registered of[POSIX_EPOLL_MAX];
	struct pollfd fds[POSIX_EPOLL_MAX];
	int n, ret;

	do {
		n = registered(e, fds, of);
		ret = n < 0 ? n : posix_poll_core(fds, n, until, &e->change);
		if (ret > 0)
			ret = events_fill(fds, of, n, events, room);
	} while (ret == -EAGAIN);
	return ret;
}

static int try_wait(int epfd, struct epoll_event *events, int room, int64_t ns)
{
	struct posix_file *f = posix_is_active() ? posix_file_find(epfd, POSIX_EPOLL) : NULL;
	int64_t until = ns < 0 ? KEEL_FOREVER : 1;

	if (!f || room <= 0 || !events || !posix_is_rt())
		return -ENOTSUP;
	if (ns > 0)
		until = ns < KEEL_FOREVER - keel_clock_ns() ? keel_clock_ns() + ns : KEEL_FOREVER;
	return wait_core(&f->epoll, events, room, until);
}

static int finish(enum posix_call call, int ret)
{
	posix_me()->counts.core[call]++;
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

int __wrap_epoll_wait(int epfd, struct epoll_event *events, int room, int timeout)
{
	int ret = try_wait(epfd, events, room, timeout < 0 ? -1 : timeout * 1000000ll);

	if (ret != -ENOTSUP)
		return finish(POSIX_CALL_epoll_wait, ret);
	GLIBC(epoll_wait);
	return REAL(epoll_wait)(epfd, events, room, timeout);
}
EXPORT(epoll_wait);

/* To change the mask is Linux's. */
int __wrap_epoll_pwait(int epfd, struct epoll_event *events, int room, int timeout, const sigset_t *mask)
{
	int ret = mask ? -ENOTSUP :
		  try_wait(epfd, events, room, timeout < 0 ? -1 : timeout * 1000000ll);

	if (ret != -ENOTSUP)
		return finish(POSIX_CALL_epoll_pwait, ret);
	GLIBC(epoll_pwait);
	return REAL(epoll_pwait)(epfd, events, room, timeout, mask);
}
EXPORT(epoll_pwait);

int __wrap_epoll_pwait2(int epfd, struct epoll_event *events, int room, const struct timespec *timeout,
			const sigset_t *mask)
{
	int ret = mask || (timeout && (!posix_time_ok(timeout) || timeout->tv_sec < 0)) ? -ENOTSUP :
		  try_wait(epfd, events, room, timeout ? posix_ns(timeout) : -1);

	if (ret != -ENOTSUP)
		return finish(POSIX_CALL_epoll_pwait2, ret);
	GLIBC(epoll_pwait2);
	return REAL(epoll_pwait2)(epfd, events, room, timeout, mask);
}
EXPORT(epoll_pwait2);
