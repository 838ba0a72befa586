// SPDX-License-Identifier: GPL-2.0
/*
 * A tracer that stops at system calls sees those that Linux sees: the one that parks the thread,
 * and those for which it came in-band.
 */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include "debug.h"

#define CALL_STOP (SIGTRAP | 0x80)
#define CALLS 60
#define KEEL(nr) ((nr) >= KEEL_CALL_BASE && (nr) < KEEL_CALL_BASE + KEEL_CALL_COUNT)

static void *caller(void *arg)
{
	(void)arg;
	victim_begin();
	while (!flag_get(&shared->stop)) {
		must(keel_sleep(MS));
		check(keel_is_hard());
		check(syscall(SYS_getppid) == getppid());
		victim_note();
		flag_set(&shared->count, shared->count + 1);
	}
	return NULL;
}

void calls_traced(void)
{
	pid_t pid = victim_start(caller, NULL, 1);
	int parks = 0, parents = 0, keels = 0;
	long hardens;

	trace_begin();
	trace_interrupt();
	hardens = shared->hardens;
	for (int i = 0; i < CALLS; i++) {
		long nr;

		check(trace_go(PTRACE_SYSCALL, 0) == CALL_STOP);
		nr = trace_regs().orig_rax;
		if (nr == SYS_lseek)
			parks++;
		else if (nr == SYS_getppid)
			parents++;
		else if (KEEL(nr))
			keels++;
		else
			fail("system call %ld", nr);
		check((long)trace_regs().rax == -ENOSYS);
		check(trace_go(PTRACE_SYSCALL, 0) == CALL_STOP);
		if (nr != SYS_lseek)
			check((long)trace_regs().rax == (KEEL(nr) ? -ENOSYS : getpid()));
	}
	/* The one that the interruption broke off; else they are made hard, unseen. */
	check(keels <= 1);
	/* Two for each harden: the second is made in-band already. */
	if (parents < parks * 2 - 2 || parents > parks * 2 + 2)
		fail("%d getppid, %d parks", parents, parks);
	check(shared->hardens - hardens >= parks - 2);
	trace_end();
	await(&shared->count, flag_get(&shared->count) + 3, "the victim by itself");
	victim_end(pid);
}

static void *hardener(void *arg)
{
	(void)arg;
	victim_begin();
	while (!flag_get(&shared->stop)) {
		long err;

		must(keel_relax());
		err = keel_harden();
		if (err)
			shared->value = err;
		shared->hard = keel_is_hard();
		flag_set(&shared->count, shared->count + 1);
	}
	return NULL;
}

/* PTRACE_SYSEMU: the call that parks is not made, and what the tracer says instead counts. */
void calls_emulated(void)
{
	pid_t pid = victim_start(hardener, NULL, 1);
	struct user_regs_struct regs;

	trace_begin();
	trace_interrupt();
	check(trace_go(PTRACE_SYSEMU, 0) == CALL_STOP);
	regs = trace_regs();
	check(regs.orig_rax == SYS_lseek);
	regs.rax = -EPERM;
	trace_regs_set(&regs);
	check(trace_go(PTRACE_SYSEMU, 0) == CALL_STOP);
	check(shared->value == -EPERM && !shared->hard);
	trace_end();
	await(&shared->count, flag_get(&shared->count) + 3, "the victim by itself");
	check(shared->hard);
	victim_end(pid);
}
