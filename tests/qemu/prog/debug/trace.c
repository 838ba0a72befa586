// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "debug.h"

struct shared *shared;

void victim_begin(void)
{
	shared->tid = gettid();
	must(keel_harden());
	victim_note();
	flag_set(&shared->count, 1);
}

void victim_note(void)
{
	struct keel_stats stats;

	must(keel_stats_get(&stats));
	shared->hard = keel_is_hard();
	shared->hardens = stats.hardens;
	shared->faults = stats.relaxes[KEEL_RELAX_FAULT];
}

pid_t victim_start(void *(*fn)(void *arg), void *arg, int cpu)
{
	pid_t parent = getpid(), pid;

	shared = shared_alloc(sizeof(*shared));
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		pthread_join(hard_create("victim", 15, cpu, fn, arg), NULL);
		_exit(0);
	}
	if (pid < 0)
		fail("fork: %m");
	await(&shared->count, 1, "the victim");
	return pid;
}

void victim_end(pid_t pid)
{
	int status;

	flag_set(&shared->stop, 1);
	check(waitpid(pid, &status, 0) == pid);
	if (status)
		fail("the victim ended with status 0x%x", status);
}

static long request(int what, void *address, void *data)
{
	long ret;

	errno = 0;
	ret = ptrace(what, shared->tid, address, data);
	if (ret == -1 && errno)
		fail("ptrace(0x%x): %m", what);
	return ret;
}

static int stopped(void)
{
	int status;

	if (waitpid(shared->tid, &status, __WALL) != shared->tid)
		fail("waitpid: %m");
	if (!WIFSTOPPED(status))
		fail("the victim ended with status 0x%x", status);
	return status >> 8;
}

void trace_begin(void)
{
	request(PTRACE_SEIZE, NULL, (void *)PTRACE_O_TRACESYSGOOD);
}

void trace_interrupt(void)
{
	request(PTRACE_INTERRUPT, NULL, NULL);
	check(stopped() == (SIGTRAP | PTRACE_EVENT_STOP << 8));
}

void trace_end(void)
{
	request(PTRACE_DETACH, NULL, NULL);
}

int trace_go(int what, int signal)
{
	request(what, NULL, (void *)(long)signal);
	return stopped();
}

struct user_regs_struct trace_regs(void)
{
	struct user_regs_struct regs;

	request(PTRACE_GETREGS, NULL, &regs);
	return regs;
}

void trace_regs_set(const struct user_regs_struct *regs)
{
	request(PTRACE_SETREGS, NULL, (void *)regs);
}

int trace_si_code(void)
{
	siginfo_t info;

	request(PTRACE_GETSIGINFO, NULL, &info);
	return info.si_code;
}

static void *debugreg(int n)
{
	return (void *)(offsetof(struct user, u_debugreg) + n * sizeof(long));
}

void trace_debugreg_set(int n, unsigned long value)
{
	request(PTRACE_POKEUSER, debugreg(n), (void *)value);
}

unsigned long trace_debugreg(int n)
{
	return request(PTRACE_PEEKUSER, debugreg(n), NULL);
}
