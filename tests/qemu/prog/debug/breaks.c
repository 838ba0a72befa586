// SPDX-License-Identifier: GPL-2.0
/*
 * Debug registers and single steps: those of a hard thread's debugger work, those of others have
 * nothing to do with it.
 */
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "debug.h"

#define HITS 10

#define DR7_WRITE4(n)	(1ul << 2 * (n) | 0xdul << (16 + 4 * (n)))
#define DR7_EXECUTE(n)	(1ul << 2 * (n))

void store(int *value);
extern const char store_after[];

asm(".pushsection .text\nstore:\n"
    "incl (%rdi)\n"
    "store_after:\n"
    "ret\n.popsection\n");

/* Hard whenever it stores. */
static void *storer(void *arg)
{
	(void)arg;
	victim_begin();
	while (!flag_get(&shared->stop)) {
		must(keel_sleep(MS));
		victim_note();
		store(&shared->value);
		flag_set(&shared->count, shared->count + 1);
	}
	return NULL;
}

static void goes_on_hard(pid_t pid)
{
	await(&shared->count, flag_get(&shared->count) + 3, "the victim by itself");
	check(shared->hard);
	victim_end(pid);
}

/* HITS stops at @ip, by register @n, the value one higher each time. */
static void hits(int n, const void *ip)
{
	int value = 0;

	for (int i = 0; i < HITS; i++) {
		int sig = trace_go(PTRACE_CONT, 0);
		unsigned long seen = trace_regs().rip, dr6 = trace_debugreg(6);

		if (sig != SIGTRAP || seen != (unsigned long)ip || (dr6 & 0x400f) != 1ul << n)
			fail("stop %x at %lx, not %p, DR6 %lx", sig, seen, ip, dr6);
		check(trace_si_code() == TRAP_HWBKPT);
		/* The tracer's stop may have come between a sleep and the first store. */
		check(!i || shared->hard);
		if (i && flag_get(&shared->value) != value + 1)
			fail("value %d after %d", shared->value, value);
		value = flag_get(&shared->value);
	}
}

static void breakpoint(int n, int watch, unsigned long dr7, const void *ip)
{
	pid_t pid = victim_start(storer, NULL, 1);

	trace_begin();
	trace_interrupt();
	/* All addresses are the same in both processes. */
	trace_debugreg_set(n, watch ? (unsigned long)&shared->value : (unsigned long)store);
	trace_debugreg_set(7, dr7);
	hits(n, ip);
	trace_debugreg_set(7, 0);
	trace_end();
	goes_on_hard(pid);
}

void break_watch(void)
{
	breakpoint(0, 1, DR7_WRITE4(0), store_after);
}

void break_execute(void)
{
	breakpoint(1, 0, DR7_EXECUTE(1), store);
}

/* A process on the victim's CPU, busy, that stores when it is told to. */
static pid_t neighbour_start(const int *go)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		bind_cpu(1);
		flag_set(&shared->value, 1000);
		while (!flag_get(go))
			;
		store(&shared->value);
		_exit(0);
	}
	await(&shared->value, 1000, "the neighbour");
	return pid;
}

/* The neighbour's watchpoint is the neighbour's. */
void break_neighbour(void)
{
	pid_t pid = victim_start(storer, NULL, 1), neighbour;
	int *go = shared_alloc(sizeof(*go)), tid = shared->tid, status;
	long faults = shared->faults;

	neighbour = neighbour_start(go);
	shared->tid = neighbour;
	trace_begin();
	trace_interrupt();
	trace_debugreg_set(0, (unsigned long)&shared->value);
	trace_debugreg_set(7, DR7_WRITE4(0));
	if (ptrace(PTRACE_CONT, neighbour, NULL, NULL))
		fail("cont: %m");
	await(&shared->count, flag_get(&shared->count) + 50, "the victim beside a watchpoint");
	check(shared->faults == faults);
	check(waitpid(neighbour, &status, __WALL | WNOHANG) == 0);
	flag_set(go, 1);
	check(waitpid(neighbour, &status, __WALL) == neighbour && status >> 8 == SIGTRAP);
	check(trace_regs().rip == (unsigned long)store_after);
	trace_end();
	check(waitpid(neighbour, &status, 0) == neighbour && status == 0);
	shared->tid = tid;
	goes_on_hard(pid);
}

/* One that perf sets for all that runs on the CPU: not for hard threads. */
void break_cpu_wide(void)
{
	pid_t pid = victim_start(storer, NULL, 1);
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.bp_type = HW_BREAKPOINT_W,
		.bp_addr = (unsigned long)&shared->value,
		.bp_len = HW_BREAKPOINT_LEN_4,
		.exclude_kernel = 1,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, 1, -1, 0);
	long faults = shared->faults;
	unsigned long long n;

	if (fd < 0)
		fail("perf_event_open: %m");
	await(&shared->count, flag_get(&shared->count) + 50, "the victim beside a watchpoint");
	check(shared->faults == faults);
	check(read(fd, &n, sizeof(n)) == sizeof(n) && n == 0);
	bind_cpu(1);
	store(&shared->value);
	check(read(fd, &n, sizeof(n)) == sizeof(n) && n == 1);
	bind_cpu(0);
	close(fd);
	goes_on_hard(pid);
}

/* ---- single steps ---------------------------------------------------------------------------- */

static void step_until(int count)
{
	int steps = 0;

	while (flag_get(&shared->count) < count) {
		int sig = trace_go(PTRACE_SINGLESTEP, 0);

		if (sig != SIGTRAP)
			fail("stop %x in a single step", sig);
		if (++steps == 50000)
			fail("%d steps lead nowhere", steps);
	}
}

/* Each Keel call is made, once, hard, with the right result. */
void step_calls(void)
{
	pid_t pid = victim_start(storer, NULL, 1);
	long hardens;

	trace_begin();
	trace_interrupt();
	hardens = shared->hardens;
	step_until(flag_get(&shared->count) + 3);
	check(shared->hardens >= hardens + 2);
	trace_end();
	goes_on_hard(pid);
}

static void *hardener(void *arg)
{
	(void)arg;
	victim_begin();
	while (!flag_get(&shared->stop)) {
		must(keel_relax());
		shared->value = 0;
		must(keel_harden());
		for (int i = 0; i < 500; i++)
			store(&shared->value);
		victim_note();
		flag_set(&shared->count, shared->count + 1);
	}
	return NULL;
}

/* A step over the harden alone ends soon behind it. */
void step_harden(void)
{
	pid_t pid = victim_start(hardener, NULL, 1);
	int last, longest = 0;

	trace_begin();
	trace_interrupt();
	last = flag_get(&shared->value);
	for (int i = 0; i < 4000; i++) {
		int value;

		check(trace_go(PTRACE_SINGLESTEP, 0) == SIGTRAP);
		value = flag_get(&shared->value);
		if (value - last > longest)
			longest = value - last;
		last = value;
	}
	trace_end();
	/* One step was that over the harden. */
	if (longest < 2 || longest > 300)
		fail("the longest step made %d rounds of the loop", longest);
	await(&shared->count, flag_get(&shared->count) + 3, "the victim by itself");
	victim_end(pid);
}
