// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sleeping. Reading a clock needs no help: the vDSO does it without a system call, and Keel keeps its
 * data whole for hard threads. But time() tells what second it was when Linux last looked, which may be long
 * ago where hard threads alone run: one that slept until a second began would be told of the last one.
 */
#include "posix.h"

/* 0, or a positive errno; -1: glibc has to do it. */
static int core_sleep(uint64_t clock, int64_t until)
{
	long ret;

	if (clock)
		ret = posix_wait_call(KEEL_CALL_CLOCK_SLEEP, clock | KEEL_SLEEP_SIGNAL, until, 0, 0, 0);
	else
		ret = posix_wait_call(KEEL_CALL_SLEEP_UNTIL, until, KEEL_SLEEP_SIGNAL, 0, 0, 0);
	return ret == -EAGAIN || ret == -EOPNOTSUPP ? -1 : -ret;
}

/* What is left when a signal came. */
static void remainder_of(int64_t until, struct timespec *left)
{
	int64_t ns = until - keel_clock_ns();

	if (ns < 0)
		ns = 0;
	left->tv_sec = ns / 1000000000;
	left->tv_nsec = ns % 1000000000;
}

static int sleep_relative(const struct timespec *ts, struct timespec *left)
{
	int64_t until = posix_later(keel_clock_ns(), posix_ns(ts));
	int err = core_sleep(0, until);

	if (err == EINTR && left)
		remainder_of(until, left);
	return err;
}

/* On CLOCK_REALTIME it follows each set of that. */
static int sleep_absolute(clockid_t clock, const struct timespec *ts)
{
	return core_sleep(clock == CLOCK_REALTIME ? KEEL_REALTIME : 0, posix_ns(ts));
}

/* Whether the core can: -1 if not, else what came of it. */
static int try_core(clockid_t clock, int flags, const struct timespec *ts, struct timespec *left)
{
	if (!posix_is_rt() || (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME) ||
	    (flags & ~TIMER_ABSTIME) || !ts || !posix_time_ok(ts) || ts->tv_sec < 0)
		return -1;
	return flags ? sleep_absolute(clock, ts) : sleep_relative(ts, left);
}

int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *ts,
			   struct timespec *left)
{
	int err = try_core(clock, flags, ts, left);

	if (err >= 0) {
		CORE(clock_nanosleep);
		return err;
	}
	GLIBC(clock_nanosleep);
	return REAL(clock_nanosleep)(clock, flags, ts, left);
}
EXPORT(clock_nanosleep);

/* A positive errno becomes -1. */
static int with_errno(int err)
{
	if (!err)
		return 0;
	errno = err;
	return -1;
}

int __wrap_nanosleep(const struct timespec *ts, struct timespec *left)
{
	int err = try_core(CLOCK_MONOTONIC, 0, ts, left);

	if (err >= 0) {
		CORE(nanosleep);
		return with_errno(err);
	}
	GLIBC(nanosleep);
	return REAL(nanosleep)(ts, left);
}
EXPORT(nanosleep);

int __wrap_usleep(useconds_t us)
{
	struct timespec ts = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
	int err = try_core(CLOCK_MONOTONIC, 0, &ts, NULL);

	if (err >= 0) {
		CORE(usleep);
		return with_errno(err);
	}
	GLIBC(usleep);
	return REAL(usleep)(us);
}
EXPORT(usleep);

unsigned int __wrap_sleep(unsigned int seconds)
{
	struct timespec ts = { .tv_sec = seconds }, left = { 0 };
	int err = try_core(CLOCK_MONOTONIC, 0, &ts, &left);

	if (err >= 0) {
		CORE(sleep);
		return err ? left.tv_sec + (left.tv_nsec != 0) : 0;
	}
	GLIBC(sleep);
	return REAL(sleep)(seconds);
}
EXPORT(sleep);

time_t __wrap_time(time_t *to)
{
	struct timespec now;

	if (!posix_is_active() || !posix_is_rt()) {
		GLIBC(time);
		return REAL(time)(to);
	}
	CORE(time);
	clock_gettime(CLOCK_REALTIME, &now);
	if (to)
		*to = now.tv_sec;
	return now.tv_sec;
}
EXPORT(time);

int __wrap_thrd_sleep(const struct timespec *ts, struct timespec *left)
{
	int err = try_core(CLOCK_MONOTONIC, 0, ts, left);

	if (err >= 0) {
		CORE(thrd_sleep);
		return err ? -1 : 0;
	}
	GLIBC(thrd_sleep);
	return REAL(thrd_sleep)(ts, left);
}
EXPORT(thrd_sleep);
