// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Cancellation points in the core. A wait is cancelled or has come to an end, never both: what it was
 * given, a message or a signal or a post, is not lost. So the thread's type of cancellation stays deferred, and
 * who cancels it sends glibc's signal, whose handler looks how far the call has come:
 *
 *	waiting thread				pthread_cancel()
 *	waits = 1
 *	not cancelled
 *						cancelled, as glibc has it; waits is 1: signal
 *	the handler, before the window:
 *	told = 1
 *	window: told: back, tests again
 *
 * In the window, up to the system call, and when that was broken off, the handler leads the thread out of
 * it; behind the call it leaves it alone, and the next cancellation point acts. Who cancels before waits is 1
 * is found out by the test. A handler of the program's own may lie between: the call is made again when that
 * returns, with no further test, so the signal comes once more then:
 *
 *	wait, broken off by a handler		pthread_cancel(): signal
 *	of the program's
 *	glibc's, in that: blocks the
 *	signal, sends it to itself
 *	back in the window: not blocked: out
 */
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include "posix.h"

#define SIGCANCEL 32	/* glibc's */

/* As the kernel has it. */
struct action {
	void (*handler)(int sig, siginfo_t *info, void *context);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

extern const char posix_window_begin[] POSIX_HIDDEN;
extern const char posix_window_end[] POSIX_HIDDEN;
extern const char posix_window_left[] POSIX_HIDDEN;

static void (*glibcs)(int sig, siginfo_t *info, void *context);
static int taken;			/* (a) the handler is ours */

/* -ECANCELED: look whether the caller is cancelled. There is one of it, so that it is known by its address. */
static __attribute__((noinline, noclone)) long window(const int *told, long nr, const long arg[5])
{
	register long r10 __asm__("r10") = arg[3];
	register long r9 __asm__("r9") = arg[4];
	long ret;

	__asm__ volatile(".globl posix_window_begin, posix_window_end, posix_window_left\n"
			 ".hidden posix_window_begin, posix_window_end, posix_window_left\n"
			 "posix_window_begin:\n\t"
			 "cmpl $0, (%[told])\n\t"
			 "jne posix_window_left\n\t"
			 "syscall\n"
			 "posix_window_end:\n\t"
			 "jmp 1f\n"
			 "posix_window_left:\n\t"
			 "mov %[left], %%rax\n"
			 "1:"
			 : "=a" (ret)
			 : "a" (nr), "D" (arg[0]), "S" (arg[1]), "d" (arg[2]), "r" (r10), "r" (r9),
			   [told] "r" (told), [left] "i" (-ECANCELED)
			 : "rcx", "r11", "memory", "cc");
	return ret;
}

static long call_window(struct posix_self *self, long nr, const long arg[5])
{
	long ret;

	do {
		if (!*libkeel_self.hard) {
			ret = libkeel_self.window ? libkeel_harden() : -EPERM;
			if (ret)
				return ret;
		}
		ret = window(&self->told, nr, arg);
	} while (ret == -ENOSYS && !*libkeel_self.hard);
	return ret;
}

/* The signal that was sent once more comes now, or will not. */
static __attribute__((noinline)) void told_end(struct posix_self *self)
{
	uint64_t signal = 1ull << (SIGCANCEL - 1);

	__atomic_store_n(&self->waits, 0, __ATOMIC_RELAXED);
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &signal, NULL, sizeof(signal));
	__atomic_store_n(&self->told, 0, __ATOMIC_RELAXED);
}

long posix_wait_call(long nr, long a, long b, long c, long d, long e)
{
	const long arg[5] = { a, b, c, d, e };
	struct posix_self *self = &posix_self;
	int outer = self->waits;	/* the caller is a handler in a wait */
	long ret;

	do {
		__atomic_store_n(&self->waits, 1, __ATOMIC_SEQ_CST);
		pthread_testcancel();
		ret = call_window(self, nr, arg);
		if (__builtin_expect(__atomic_load_n(&self->told, __ATOMIC_RELAXED), 0))
			told_end(self);
	} while (ret == -ECANCELED);
	__atomic_store_n(&self->waits, outer, __ATOMIC_RELAXED);
	return ret;
}

static void on_cancel(int sig, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	const char *at = (const char *)regs[REG_RIP];

	glibcs(sig, info, context);	/* to one that is to be cancelled at any time it does so */
	__atomic_store_n(&posix_self.told, 1, __ATOMIC_RELAXED);
	if (at >= posix_window_begin &&
	    (at < posix_window_end || (at == posix_window_end && regs[REG_RAX] == -EINTR))) {
		regs[REG_RIP] = (greg_t)posix_window_left;
	} else if (posix_self.waits) {
		*(uint64_t *)&((ucontext_t *)context)->uc_sigmask |= 1ull << (SIGCANCEL - 1);
		syscall(SYS_tgkill, posix_self.pid, posix_self.tid, sig);
	}
}

/* glibc has its handler since the first thread was cancelled. */
static void take_handler(void)
{
	struct action act;

	if (__atomic_load_n(&taken, __ATOMIC_ACQUIRE) ||
	    syscall(SYS_rt_sigaction, SIGCANCEL, NULL, &act, sizeof(act.mask)) || act.handler == on_cancel)
		return;
	glibcs = act.handler;
	act.handler = on_cancel;
	syscall(SYS_rt_sigaction, SIGCANCEL, &act, NULL, sizeof(act.mask));
	__atomic_store_n(&taken, 1, __ATOMIC_RELEASE);
}

int __wrap_pthread_cancel(pthread_t thread)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int err = REAL(pthread_cancel)(thread);

	GLIBC(pthread_cancel);
	if (err || !__atomic_load_n(&posix_active, __ATOMIC_ACQUIRE))
		return err;
	REAL(pthread_mutex_lock)(&lock);
	take_handler();
	REAL(pthread_mutex_unlock)(&lock);
	posix_waiter_signal(thread, SIGCANCEL);
	return 0;
}
EXPORT(pthread_cancel);
