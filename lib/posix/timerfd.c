// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Descriptors of timers. Linux's is set as well, so that Linux's threads read and poll it; real-time ones
 * count what has expired themselves, and sleep in the core until the next.
 */
#include <string.h>
#include <sys/timerfd.h>
#include "file.h"
#include "ready.h"

static int64_t now_on(clockid_t clock)
{
	struct timespec now;

	if (clock == CLOCK_MONOTONIC)
		return keel_clock_ns();
	clock_gettime(clock, &now);
	return posix_ns(&now);
}

/* Expirations that were not read, and when the next is to come on the timer's clock. */
static uint64_t expired(const struct posix_timer *t, int64_t now, int64_t *next)
{
	uint64_t n = 0;

	*next = t->next ? t->next : KEEL_FOREVER;
	if (t->next && now >= t->next) {
		n = t->interval ? 1 + (now - t->next) / t->interval : 1;
		*next = t->interval ? t->next + (int64_t)n * t->interval : KEEL_FOREVER;
	}
	return n;
}

int64_t posix_timer_due(struct posix_timer *t)
{
	int64_t now, next;
	uint64_t n;

	if (posix_change_lock(&t->change))
		return KEEL_FOREVER;
	now = now_on(t->clock);
	n = expired(t, now, &next);
	posix_change_unlock(&t->change);
	if (n)
		return 0;
	return next == KEEL_FOREVER || t->clock == CLOCK_MONOTONIC ? next : keel_clock_ns() + next - now;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* What was not read; 0: there will be something at @due, on CLOCK_MONOTONIC. */
static uint64_t take(struct posix_timer *t, int64_t *due)
{
	int64_t now, next;
	uint64_t n;

	if (posix_change_lock(&t->change))
		return 0;
	now = now_on(t->clock);
	n = expired(t, now, &next);
	if (n)
		t->next = next == KEEL_FOREVER ? 0 : next;
	posix_change_unlock(&t->change);
	*due = next == KEEL_FOREVER || t->clock == CLOCK_MONOTONIC ? next : keel_clock_ns() + next - now;
	return n;
}

static void waited(void *arg)
{
	posix_waiter_ends(arg);
}

/* Until it is due, or is set anew. */
static long wait_core(struct posix_timer *t, int64_t due)
{
	long ret;

	pthread_cleanup_push(waited, &t->change);
	ret = posix_wait_call(KEEL_CALL_SEM_WAIT, t->change.told.id, due, 0, 0, 0);
	pthread_cleanup_pop(0);
	return ret == -ETIMEDOUT || (ret != -EINTR && posix_again(ret)) ? 0 : ret;
}

static int64_t read_waiting(struct posix_timer *t)
{
	int64_t n, due = KEEL_FOREVER;
	long ret = 0;

	posix_waiter_begins(&t->change);
	while (!(n = take(t, &due)) && !ret)
		ret = wait_core(t, due);
	posix_waiter_ends(&t->change);
	return n ? n : ret;
}

static ssize_t read_core(struct posix_timer *t, void *to)
{
	int64_t due, n;

	pthread_testcancel();
	n = take(t, &due);
	if (!n)
		n = t->nonblock ? -EAGAIN : read_waiting(t);
	if (n < 0) {
		errno = n == -EINVAL || n == -EIDRM ? EBADF : -n;
		return -1;
	}
	memcpy(to, &n, sizeof(n));
	return sizeof(n);
}

/* What Linux's thread has read is not read again by a real-time one. */
static ssize_t do_read(enum posix_call call, int fd, void *to, size_t size)
{
	struct posix_file *f = posix_is_active() ? posix_file_find(fd, POSIX_TIMER) : NULL;
	int64_t due;
	ssize_t ret;

	if (!f)
		return REAL(read)(fd, to, size);
	if (posix_is_rt() && size >= sizeof(uint64_t)) {
		posix_me()->counts.core[call]++;
		return read_core(&f->timer, to);
	}
	posix_me()->counts.glibc[call]++;
	ret = REAL(read)(fd, to, size);
	if (ret > 0 && !posix_enter()) {
		take(&f->timer, &due);
		posix_leave();
	}
	return ret;
}

ssize_t __wrap_read(int fd, void *to, size_t size)
{
	return do_read(POSIX_CALL_read, fd, to, size);
}
EXPORT(read);

ssize_t __wrap___read_chk(int fd, void *to, size_t size, size_t room)
{
	if (size > room)
		return REAL(__read_chk)(fd, to, size, room);
	return do_read(POSIX_CALL___read_chk, fd, to, size);
}
EXPORT(__read_chk);

/* ---- setting ------------------------------------------------------------------------------------------- */

/* Those on other clocks, which wake the machine or stop with it, are Linux's. */
int __wrap_timerfd_create(int clock, int flags)
{
	struct posix_file f = {
		.type = POSIX_TIMER, .timer = { .clock = clock, .nonblock = (flags & TFD_NONBLOCK) != 0 },
	};
	int fd = REAL(timerfd_create)(clock, flags);

	if (fd < 0 || (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME) || !posix_core_ready() ||
	    posix_change_begin(&f.timer.change)) {
		GLIBC(timerfd_create);
		return fd;
	}
	CORE(timerfd_create);
	if (posix_file_add(fd, &f))
		posix_change_end(&f.timer.change);
	return fd;
}
EXPORT(timerfd_create);

static void set(struct posix_timer *t, int flags, const struct itimerspec *to, int64_t now)
{
	if (posix_change_lock(&t->change))
		return;
	t->interval = posix_ns(&to->it_interval);
	t->next = posix_ns(&to->it_value);
	if (t->next && !(flags & TFD_TIMER_ABSTIME))
		t->next = t->next < KEEL_FOREVER - now ? now + t->next : KEEL_FOREVER;
	posix_change_tell(&t->change);
	posix_change_unlock(&t->change);
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old)
{
	struct posix_file *f = posix_file_find(fd, POSIX_TIMER);
	int64_t now = f ? now_on(f->timer.clock) : 0;
	int err = REAL(timerfd_settime)(fd, flags, to, old);

	GLIBC(timerfd_settime);
	if (err || !f)
		return err;
	if (flags & TFD_TIMER_CANCEL_ON_SET) {
		posix_file_drop(fd);	/* it is Linux's */
	} else if (!posix_enter()) {
		set(&f->timer, flags, to, now);
		posix_leave();
	}
	return 0;
}
EXPORT(timerfd_settime);
