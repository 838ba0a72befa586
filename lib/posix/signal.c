// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Waiting for signals, and sending them. What a real-time thread sends, and what a timer of the core's
 * does, reaches a hard thread that has it blocked by way of the core; all else is Linux's. So there are
 * two places to look in: the core tells when Linux has one of those that are waited for.
 */
#include <string.h>
#include <sys/syscall.h>
#include "posix.h"

#define INTERNAL	(3ull << 31)	/* 32 and 33 are glibc's */

static uint64_t bits_of(const sigset_t *set)
{
	uint64_t bits;

	memcpy(&bits, set, sizeof(bits));
	return bits & ~INTERNAL;
}

/* As glibc tells it. */
static void user_code(siginfo_t *info)
{
	if (info->si_code == SI_TKILL)
		info->si_code = SI_USER;
}

static void fill(siginfo_t *info, long what)
{
	const volatile struct keel_window *w = libkeel_self.window;
	unsigned int overrun = w->signal_overrun;

	memset(info, 0, sizeof(*info));
	info->si_signo = what & 0xff;
	info->si_code = (signed char)(what >> KEEL_SIGNAL_CODE_SHIFT);
	user_code(info);
	if (info->si_code == SI_TIMER) {
		info->si_timerid = posix_timer_taken(w->signal_timer, &overrun);
		info->si_overrun = overrun;
	} else {
		info->si_pid = posix_self.pid;
		info->si_uid = posix_self.uid;
	}
	info->si_ptr = (void *)w->signal_value;
}

/* Not by glibc's call: who is cancelled between Linux's answer and its return would lose the signal. */
static int take_linuxs(const sigset_t *set, siginfo_t *info)
{
	static const struct timespec at_once;

	if (syscall(SYS_rt_sigtimedwait, set, info, &at_once, sizeof(uint64_t)) < 0)
		return 0;
	user_code(info);
	if (info->si_code == SI_TIMER)
		posix_timer_accepted(info);
	return 1;
}

/* A positive errno when there is no signal; -1: all is Linux's to do. */
static int core_wait(const sigset_t *set, siginfo_t *info, int64_t until)
{
	uint64_t bits = bits_of(set);
	long ret;

	for (;;) {
		ret = posix_wait_call(KEEL_CALL_SIGNAL_WAIT, bits, until, 0, 0, 0);
		if (ret > 0) {
			fill(info, ret);
			return 0;
		}
		if (ret != -EBUSY)
			break;
		if (take_linuxs(set, info))
			return 0;
		if (errno != EAGAIN)	/* else somebody else was first */
			return errno;
	}
	return ret == -ETIMEDOUT ? EAGAIN : ret == -EINTR ? EINTR : -1;
}

static int wait_info(enum posix_call call, const sigset_t *set, siginfo_t *info,
		     const struct timespec *timeout)
{
	siginfo_t here;
	int err = -1;

	if (!info)
		info = &here;
	if (posix_is_rt() && (!timeout || (posix_time_ok(timeout) && timeout->tv_sec >= 0)))
		err = core_wait(set, info, !timeout ? KEEL_FOREVER : !posix_ns(timeout) ? 0 :
				posix_later(keel_clock_ns(), posix_ns(timeout)));
	if (err < 0) {
		posix_me()->counts.glibc[call]++;
		return REAL(sigtimedwait)(set, info, timeout);
	}
	posix_me()->counts.core[call]++;
	if (!err)
		return info->si_signo;
	errno = err;
	return -1;
}

int __wrap_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	return wait_info(POSIX_CALL_sigtimedwait, set, info, timeout);
}
EXPORT(sigtimedwait);

int __wrap_sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	return wait_info(POSIX_CALL_sigwaitinfo, set, info, NULL);
}
EXPORT(sigwaitinfo);

/* A handler does not end it. */
int __wrap_sigwait(const sigset_t *set, int *sig)
{
	siginfo_t info;
	int ret;

	do
		ret = wait_info(POSIX_CALL_sigwait, set, &info, NULL);
	while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return errno;
	*sig = info.si_signo;
	return 0;
}
EXPORT(sigwait);

/* ---- sending ----------------------------------------------------------------------------------------- */

/* The core's, for thread @tid, or 0: for who waits for it: 1 if it took it. */
static int core_send(pid_t tid, int sig, int code, union sigval value)
{
	if (sig < 1 || sig > KEEL_SIGNAL_MAX || (INTERNAL & (1ull << (sig - 1))))
		return 0;
	return !libkeel_call3(KEEL_CALL_SIGNAL_SEND, tid,
			      sig | (code & 0xff) << KEEL_SIGNAL_CODE_SHIFT, (long)value.sival_ptr);
}

static int to_thread(pthread_t thread, int sig, int code, union sigval value)
{
	pid_t tid = posix_is_rt() ? posix_tid_of(thread) : 0;

	return tid && core_send(tid, sig, code, value);
}

static int to_process(pid_t pid, int sig, int code, union sigval value)
{
	return posix_is_rt() && pid == posix_self.pid && core_send(0, sig, code, value);
}

int __wrap_pthread_kill(pthread_t thread, int sig)
{
	if (to_thread(thread, sig, SI_TKILL, (union sigval){ 0 })) {
		CORE(pthread_kill);
		return 0;
	}
	GLIBC(pthread_kill);
	return REAL(pthread_kill)(thread, sig);
}
EXPORT(pthread_kill);

int __wrap_pthread_sigqueue(pthread_t thread, int sig, const union sigval value)
{
	if (to_thread(thread, sig, SI_QUEUE, value)) {
		CORE(pthread_sigqueue);
		return 0;
	}
	GLIBC(pthread_sigqueue);
	return REAL(pthread_sigqueue)(thread, sig, value);
}
EXPORT(pthread_sigqueue);

int __wrap_raise(int sig)
{
	if (to_thread(pthread_self(), sig, SI_TKILL, (union sigval){ 0 })) {
		CORE(raise);
		return 0;
	}
	GLIBC(raise);
	return REAL(raise)(sig);
}
EXPORT(raise);

int __wrap_kill(pid_t pid, int sig)
{
	if (to_process(pid, sig, SI_USER, (union sigval){ 0 })) {
		CORE(kill);
		return 0;
	}
	GLIBC(kill);
	return REAL(kill)(pid, sig);
}
EXPORT(kill);

int __wrap_sigqueue(pid_t pid, int sig, const union sigval value)
{
	if (to_process(pid, sig, SI_QUEUE, value)) {
		CORE(sigqueue);
		return 0;
	}
	GLIBC(sigqueue);
	return REAL(sigqueue)(pid, sig, value);
}
EXPORT(sigqueue);
