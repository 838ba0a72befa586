// SPDX-License-Identifier: GPL-2.0
/*
 * entry32 SECONDS SIGNAL: 64-bit hard threads that enter Linux by its 32-bit doors, beside others
 * that do not. int $0x80 is answered as ever; sysenter, from which there is no way back, ends
 * the process with SIGNAL (SIGSEGV; SIGILL where the CPU has none), and nothing else.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include "hard.h"

#define NR32_LSEEK	19
#define NR32_GETPID	20
#define PERIOD		(200 * US)
#define PERIODIC_MAX	8

static int stop;

static void *periodic(void *arg)
{
	struct keel_stats stats;
	long points = 0;

	must(keel_period_set(0, PERIOD));
	while (!flag_get(&stop)) {
		must(keel_period_wait(NULL));
		points++;
	}
	must(keel_stats_get(&stats));
	check(stats.mode_switches == 1);	/* of keel_thread_create() */
	check(points > 100);
	return arg;
}

/* All registers but rax are the caller's after it, those that only 64-bit code has excepted. */
static long int80(long nr, long pattern)
{
	register long bp asm("r15") = pattern + 5;
	long ret, b = pattern, c = pattern + 1, d = pattern + 2, s = pattern + 3, i = pattern + 4;

	asm volatile("push %%rbp; mov %6, %%rbp; int $0x80; mov %%rbp, %6; pop %%rbp"
		     : "=a"(ret), "+b"(b), "+c"(c), "+d"(d), "+S"(s), "+D"(i), "+r"(bp)
		     : "0"(nr)
		     : "r8", "r9", "r10", "r11", "memory");
	if (b != pattern || c != pattern + 1 || d != pattern + 2 || s != pattern + 3 ||
	    i != pattern + 4 || bp != pattern + 5)
		fail("int $0x80 changed a register");
	return ret;
}

/* To become hard by a 32-bit door is refused, by name; by the other it goes on. */
static void *hardens_by_int80(void *arg)
{
	struct keel_stats stats;
	int fd = device_fd();
	long ret;

	asm volatile("int $0x80" : "=a"(ret)
		     : "0"(NR32_LSEEK), "b"(fd), "c"(KEEL_PARK_HARDEN), "d"(SEEK_SET)
		     : "r8", "r9", "r10", "r11", "memory");
	check((int)ret == -EOPNOTSUPP && !keel_is_hard());
	must(keel_stats_get(&stats));
	check(stats.refusal == KEEL_REFUSE_32BIT);
	must(keel_harden());
	check(keel_is_hard());
	return arg;
}

static void *calls_int80(void *arg)
{
	long pid = getpid(), rounds = 0;
	struct keel_stats stats;

	while (!flag_get(&stop)) {
		must(keel_harden());
		check(keel_is_hard());
		check(int80(NR32_GETPID, rounds * 0x100000001) == pid);
		check(!keel_is_hard());
		rounds++;
		must(keel_sleep(100 * US));
	}
	keel_relax();
	must(keel_stats_get(&stats));
	check(stats.last_reason == KEEL_RELAX_CALL);
	check(stats.relaxes[KEEL_RELAX_SYSCALL] >= (uint64_t)rounds);
	check(stats.relaxes[KEEL_RELAX_FAULT] == 0 && stats.relaxes[KEEL_RELAX_SIGNAL] == 0);
	printf("%ld times int $0x80\n", rounds);
	check(rounds > 100);
	return arg;
}

static void *calls_sysenter(void *arg)
{
	check(keel_is_hard());
	asm volatile("mov $20, %%eax; sysenter" : : : "rax", "rcx", "rdx", "memory");
	return arg;
}

static void sysenter(int signal)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		pthread_join(hard_create("sysenter", 50, 0, calls_sysenter, NULL), NULL);
		fail("sysenter came back");
	}
	check(waitpid(pid, &status, 0) == pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != signal)
		fail("sysenter ended with status 0x%x", status);
}

/* A process of its own: forks would cost the hard threads page faults. */
static pid_t sysenter_start(int64_t end, int signal)
{
	pid_t pid = fork();

	if (pid == 0) {
		while (keel_clock_ns() < end)
			sysenter(signal);
		_exit(0);
	}
	return pid;
}

int main(int argc, char **argv)
{
	pthread_t others[PERIODIC_MAX], caller;
	int status;
	pid_t pid;

	if (argc != 3 || get_nprocs() > PERIODIC_MAX)
		fail("usage: entry32 SECONDS SIGNAL");
	setlinebuf(stdout);
	pid = sysenter_start(keel_clock_ns() + atoi(argv[1]) * 1000 * MS, atoi(argv[2]));
	for (int cpu = 0; cpu < get_nprocs(); cpu++)
		others[cpu] = hard_create("periodic", 60, cpu, periodic, NULL);
	pthread_join(hard_create("by-int80", 40, 0, hardens_by_int80, NULL), NULL);
	caller = hard_create("int80", 40, get_nprocs() - 1, calls_int80, NULL);
	check(waitpid(pid, &status, 0) == pid && status == 0);
	flag_set(&stop, 1);
	pthread_join(caller, NULL);
	for (int cpu = 0; cpu < get_nprocs(); cpu++)
		pthread_join(others[cpu], NULL);
	return 0;
}
