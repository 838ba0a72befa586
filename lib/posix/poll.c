// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * poll() and select(). A real-time thread that waits for Keel's descriptors alone, or for none, stays hard;
 * with one of Linux's among them it goes in-band, where Keel's are files as well.
 */
#include <sys/select.h>
#include "file.h"
#include "ready.h"

/* In ns from now; at once is a time that has passed. */
static int64_t in_ns(int64_t ns)
{
	int64_t now = keel_clock_ns();

	return ns <= 0 ? 1 : ns < KEEL_FOREVER - now ? now + ns : KEEL_FOREVER;
}

/* -ENOTSUP: Linux has to do it. */
static int try_poll(struct pollfd *fds, nfds_t n, int64_t until)
{
	return !posix_is_active() || !posix_is_rt() || (n && !fds) ? -ENOTSUP :
	       posix_poll_core(fds, n, until, NULL);
}

static int finish(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static int do_poll(enum posix_call call, struct pollfd *fds, nfds_t n, int timeout)
{
	int ret = try_poll(fds, n, timeout < 0 ? KEEL_FOREVER : in_ns(timeout * 1000000ll));

	if (ret != -ENOTSUP) {
		posix_me()->counts.core[call]++;
		return finish(ret);
	}
	posix_me()->counts.glibc[call]++;
	return REAL(poll)(fds, n, timeout);
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	return do_poll(POSIX_CALL_poll, fds, n, timeout);
}
EXPORT(poll);

/* What a header found too large for its array is glibc's, which aborts. */
int __wrap___poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
	if (size / sizeof(*fds) < n)
		return REAL(__poll_chk)(fds, n, timeout, size);
	return do_poll(POSIX_CALL___poll_chk, fds, n, timeout);
}
EXPORT(__poll_chk);

/* To change the mask is Linux's. */
static int do_ppoll(enum posix_call call, struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		    const sigset_t *mask)
{
	int ret = -ENOTSUP;

	if (!mask && (!timeout || (posix_time_ok(timeout) && timeout->tv_sec >= 0)))
		ret = try_poll(fds, n, timeout ? in_ns(posix_ns(timeout)) : KEEL_FOREVER);
	if (ret != -ENOTSUP) {
		posix_me()->counts.core[call]++;
		return finish(ret);
	}
	posix_me()->counts.glibc[call]++;
	return REAL(ppoll)(fds, n, timeout, mask);
}

int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	return do_ppoll(POSIX_CALL_ppoll, fds, n, timeout, mask);
}
EXPORT(ppoll);

int __wrap___ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		       const sigset_t *mask, size_t size)
{
	if (size / sizeof(*fds) < n)
		return REAL(__ppoll_chk)(fds, n, timeout, mask, size);
	return do_ppoll(POSIX_CALL___ppoll_chk, fds, n, timeout, mask);
}
EXPORT(__ppoll_chk);

/* ---- select ---------------------------------------------------------------------------------------------- */

/* As many as one wait takes; more are Linux's. What is exceptional never comes. */
static int sets_to_fds(int n, const fd_set *in, const fd_set *out, const fd_set *odd, struct pollfd *fds)
{
	int fd, count = 0;

	for (fd = 0; fd < n; fd++) {
		int events = (in && FD_ISSET(fd, in) ? POLLIN : 0) | (out && FD_ISSET(fd, out) ? POLLOUT : 0);

		if (odd && FD_ISSET(fd, odd))
			return -ENOTSUP;
		if (!events)
			continue;
		if (count == KEEL_POLL_MAX)
			return -ENOTSUP;
		fds[count++] = (struct pollfd){ .fd = fd, .events = events };
	}
	return count;
}

static void fds_to_set(const struct pollfd *fds, int n, int events, fd_set *set, int *ready)
{
	int i;

	for (i = 0; set && i < n; i++) {
		if (!(fds[i].events & events))
			continue;
		if (fds[i].revents & events)
			++*ready;
		else
			FD_CLR(fds[i].fd, set);
	}
}

static int try_select(int n, fd_set *in, fd_set *out, fd_set *odd, int64_t until)
{
	struct pollfd fds[KEEL_POLL_MAX];
	int count, ret, i, ready = 0;

	if (!posix_is_active() || !posix_is_rt() || n < 0 || n > FD_SETSIZE)
		return -ENOTSUP;
	count = sets_to_fds(n, in, out, odd, fds);
	ret = count < 0 ? count : posix_poll_core(fds, count, until, NULL);
	if (ret < 0)
		return ret;
	for (i = 0; i < count; i++)
		if (fds[i].revents & POLLNVAL)
			return -EBADF;
	fds_to_set(fds, count, POLLIN, in, &ready);
	fds_to_set(fds, count, POLLOUT, out, &ready);
	return ready;
}

/* What is left of the time is stored, as Linux does it. */
int __wrap_select(int n, fd_set *in, fd_set *out, fd_set *odd, struct timeval *timeout)
{
	int64_t until = KEEL_FOREVER, left;
	int ret = -ENOTSUP;

	if (!timeout || (timeout->tv_sec >= 0 && timeout->tv_sec < 1000000000 && timeout->tv_usec >= 0 &&
			 timeout->tv_usec < 1000000)) {
		if (timeout)
			until = in_ns(timeout->tv_sec * 1000000000ll + timeout->tv_usec * 1000);
		ret = try_select(n, in, out, odd, until);
	}
	if (ret == -ENOTSUP) {
		GLIBC(select);
		return REAL(select)(n, in, out, odd, timeout);
	}
	CORE(select);
	if (timeout) {
		left = until - keel_clock_ns();
		timeout->tv_sec = left > 0 ? left / 1000000000 : 0;
		timeout->tv_usec = left > 0 ? left % 1000000000 / 1000 : 0;
	}
	return finish(ret);
}
EXPORT(select);

int __wrap_pselect(int n, fd_set *in, fd_set *out, fd_set *odd, const struct timespec *timeout,
		   const sigset_t *mask)
{
	int ret = -ENOTSUP;

	if (!mask && (!timeout || (posix_time_ok(timeout) && timeout->tv_sec >= 0)))
		ret = try_select(n, in, out, odd, timeout ? in_ns(posix_ns(timeout)) : KEEL_FOREVER);
	if (ret == -ENOTSUP) {
		GLIBC(pselect);
		return REAL(pselect)(n, in, out, odd, timeout, mask);
	}
	CORE(pselect);
	return finish(ret);
}
EXPORT(pselect);
