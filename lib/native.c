// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The calls a hard thread lives on: modes, time, periods, counters. They are made without Linux.
 */
#include <time.h>
#include <keel/keel.h>
#include "core.h"

int keel_harden(void)
{
	if (!libkeel_self.window)
		return -EPERM;
	return libkeel_self.window->hard ? 0 : libkeel_harden();
}

/* -ENOSYS comes from Linux: a signal was faster, and the thread is in-band already. */
int keel_relax(void)
{
	long ret;

	if (!libkeel_self.window)
		return -EPERM;
	if (!libkeel_self.window->hard)
		return 0;
	ret = libkeel_syscall(KEEL_CALL_RELAX, 0, 0, 0);
	return ret == -ENOSYS ? 0 : ret;
}

int keel_is_hard(void)
{
	return libkeel_self.window && libkeel_self.window->hard;
}

unsigned int keel_refusal(void)
{
	return libkeel_self.refusal;
}

/* Linux's way, by the vDSO. */
static int64_t clock_linux(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static __attribute__((noinline)) int64_t clock_slow(struct libkeel_self *self)
{
	int64_t now = clock_linux();

	if (now < self->last)
		now = self->last;
	self->last = now;
	return now;
}

/*
 * Without a system call: from the page that Keel keeps up to date, while it is valid and the
 * caller attached. Keel changes it with interrupts off, so an odd sequence count never lasts.
 */
int64_t keel_clock_ns(void)
{
	struct libkeel_self *self = &libkeel_self;
	const volatile struct keel_clock *c = self->clock;
	uint32_t seq, low, high;
	int64_t now, passed;

	if (__builtin_expect(!c, 0))
		return clock_slow(self);
	do {
		while ((seq = c->seq) & 1)
			;
		__asm__ volatile("lfence; rdtsc" : "=a" (low), "=d" (high) : : "memory");
		passed = ((uint64_t)high << 32 | low) - c->cycle_last;
		if (passed < 0)
			passed = 0;
		now = c->base_ns + (int64_t)(((uint64_t)passed * c->mult + c->fraction) >> c->shift);
		if (__builtin_expect(!c->valid, 0))
			return clock_slow(self);
	} while (c->seq != seq);
	if (now < self->last)
		now = self->last;
	self->last = now;
	return now;
}

static int sleep_inband(clockid_t clock, int64_t ns)
{
	struct timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	return ns < 0 ? -EINVAL : -clock_nanosleep(clock, TIMER_ABSTIME, &ts, NULL);
}

int keel_sleep_until(int64_t ns)
{
	long ret = libkeel_call(KEEL_CALL_SLEEP_UNTIL, ns, 0);

	return ret == -EAGAIN ? sleep_inband(CLOCK_MONOTONIC, ns) : ret;
}

int keel_clocksleep(clockid_t clock, int64_t ns)
{
	long ret;

	if (clock != CLOCK_REALTIME)
		return clock == CLOCK_MONOTONIC ? keel_sleep_until(ns) : -EINVAL;
	ret = libkeel_call(KEEL_CALL_CLOCK_SLEEP, KEEL_REALTIME, ns);
	return ret == -EAGAIN ? sleep_inband(clock, ns) : ret;
}

int keel_sleep(int64_t ns)
{
	int64_t now = keel_clock_ns();

	if (ns < 0)
		return -EINVAL;
	return keel_sleep_until(ns < KEEL_FOREVER - now ? now + ns : KEEL_FOREVER);
}

int keel_period_set(int64_t first, int64_t period)
{
	return libkeel_call(KEEL_CALL_PERIOD_SET, first, period);
}

static __attribute__((noinline)) int period_wait_slow(unsigned long *overruns)
{
	long ret = libkeel_call(KEEL_CALL_PERIOD_WAIT, 0, 0);

	if (ret < 0)
		return ret;
	if (overruns)
		*overruns = ret;
	return 0;
}

/* The hard thread's own way first: what runs right after a wake-up is part of its latency. */
int keel_period_wait(unsigned long *overruns)
{
	const volatile struct keel_window *window = libkeel_self.window;
	long ret;

	if (!window || !window->hard)
		return period_wait_slow(overruns);
	__asm__ volatile("syscall"
			 : "=a" (ret)
			 : "a" (KEEL_CALL_PERIOD_WAIT)
			 : "rcx", "r11", "memory");
	if (__builtin_expect(ret < 0, 0))
		return ret == -ENOSYS ? period_wait_slow(overruns) : ret;
	if (overruns)
		*overruns = ret;
	return 0;
}

int keel_thread_unblock(pid_t tid)
{
	return libkeel_call(KEEL_CALL_THREAD_UNBLOCK, tid, 0);
}

int keel_thread_suspend(pid_t tid)
{
	return libkeel_call(KEEL_CALL_THREAD_SUSPEND, tid, 0);
}

int keel_thread_resume(pid_t tid)
{
	return libkeel_call(KEEL_CALL_THREAD_RESUME, tid, 0);
}

int keel_thread_priority_set(pid_t tid, int prio)
{
	return libkeel_call(KEEL_CALL_THREAD_PRIORITY, tid, prio);
}

int keel_thread_state(pid_t tid, struct keel_thread_state *state)
{
	return libkeel_call(KEEL_CALL_THREAD_STATE, tid, (long)state);
}

int keel_thread_warn(int what)
{
	return libkeel_call(KEEL_CALL_THREAD_WARN, what, 0);
}

int keel_yield(void)
{
	return libkeel_call(KEEL_CALL_YIELD, 0, 0);
}

int keel_stats_get(struct keel_stats *stats)
{
	const volatile struct keel_window *window = libkeel_self.window;
	int i;

	if (!window)
		return -EPERM;
	stats->mode_switches = 0;
	for (i = 0; i < KEEL_RELAX_REASONS; i++) {
		stats->relaxes[i] = window->relaxes[i];
		stats->mode_switches += stats->relaxes[i];
	}
	stats->hardens = window->hardens;
	stats->switches = window->switches;
	stats->overruns = window->overruns;
	stats->last_ip = window->last_ip;
	stats->last_fault = window->last_fault;
	stats->last_reason = window->last_reason;
	stats->refusal = window->refusal;
	return 0;
}

/* A hard thread that Linux takes in-band in between makes the mark there. */
int keel_trace_mark(uint32_t number, int64_t value)
{
	struct keel_mark mark = { .number = number, .value = value };
	const volatile struct keel_window *window = libkeel_self.window;

	if (!window)
		return -EPERM;
	if (window->hard) {
		int ret = libkeel_syscall(KEEL_CALL_TRACE_MARK, number, value, 0);

		if (ret != -ENOSYS)
			return ret;
	}
	return libkeel_ioctl(KEEL_IOC_TRACE_MARK, &mark);
}
