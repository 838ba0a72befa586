// SPDX-License-Identifier: GPL-2.0
/*
 * What Linux tells user space of the CPU it runs on, and what it does to the other CPUs of a
 * process: both know nothing of hard threads by themselves.
 */
#include <linux/membarrier.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include "task.h"

#define CPUS_FILE	"/sys/kernel/debug/keel/cpus"
#define ROUNDS		200

/* ---- rseq ------------------------------------------------------------------------------------ */

static int rseq_cpu(void)
{
	const volatile struct rseq *r = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);

	return r->cpu_id;
}

/* The CPU itself, not what Linux noted. */
static int true_cpu(void)
{
	unsigned int cpu;

	check(getcpu(&cpu, NULL) == 0);
	return cpu;
}

static void *forgets(void *arg)
{
	(void)arg;
	if (!__rseq_size)
		fail("this libc does not register rseq");
	true_cpu();
	for (int i = 0; i < ROUNDS; i++) {
		must(keel_harden());
		check(rseq_cpu() == RSEQ_CPU_ID_UNINITIALIZED);
		check(sched_getcpu() == 0);
		check(keel_is_hard());
		if (i % 2)
			must(keel_relax());
		else
			getppid();
		check(rseq_cpu() == 0);
	}
	return NULL;
}

void rseq_forgotten(void)
{
	hard_run(0, forgets, NULL);
}

static int tid, moved_over;

/* In-band it may be moved between the two; a number that stays wrong does not become right by that. */
static void told_true(void)
{
	for (int i = 0; sched_getcpu() != true_cpu(); i++)
		if (i == 1000)
			fail("sched_getcpu() says %d on CPU %d", sched_getcpu(), true_cpu());
}

static void *is_moved(void *arg)
{
	int seen[2] = { 0 };

	(void)arg;
	true_cpu();
	flag_set(&tid, gettid());
	for (int i = 0; i < 20000 && !(i > ROUNDS && seen[0] > 3 && seen[1] > 3); i++) {
		must(keel_sleep(100 * US));
		check(keel_is_hard());
		check(sched_getcpu() == true_cpu());
		seen[true_cpu()]++;
		sched_yield();
		told_true();
	}
	check(seen[0] && seen[1]);
	flag_set(&moved_over, 1);
	return NULL;
}

/* Linux moves it from CPU to CPU while it goes in-band and back. */
void rseq_moved(void)
{
	pthread_t thread = hard_create("task", 15, 0, is_moved, NULL);

	await(&tid, 1, "the thread");
	for (int i = 0; !flag_get(&moved_over); i++) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(i % 2, &set);
		if (sched_setaffinity(tid, sizeof(set), &set) && !flag_get(&moved_over))
			fail("affinity: %m");
	}
	pthread_join(thread, NULL);
}

/* ---- membarrier --------------------------------------------------------------------------------- */

static volatile int x __attribute__((aligned(64))), y __attribute__((aligned(64)));
static volatile int r1, round_no, round_done, spin_stop;

/* The cheap side: no barrier of its own. It sleeps once, so that Linux's task on that CPU is another,
 * and never again, so nothing else brings it one. */
static void *cheap(void *arg)
{
	(void)arg;
	must(keel_sleep(20 * MS));
	for (int i = 1; i <= ROUNDS; i++) {
		while (flag_get((int *)&round_no) < i)
			;
		x = 1;
		r1 = y;
		flag_set((int *)&round_done, i);
	}
	check(keel_is_hard());
	while (!spin_stop)
		;
	return NULL;
}

static void barrier(int cmd)
{
	if (syscall(SYS_membarrier, cmd, 0, 0))
		fail("membarrier: %m");
}

static long flushes(int cpu)
{
	FILE *f = fopen(CPUS_FILE, "r");
	long n = -1, value;
	char line[256];
	int c, skip;

	if (!f)
		fail(CPUS_FILE ": %m");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%d %*s %*s %ld%n", &c, &value, &skip) >= 2 && c == cpu)
			n = value;
	fclose(f);
	if (n < 0)
		fail(CPUS_FILE " has no CPU %d", cpu);
	return n;
}

/* Who sees the other's store: at least one, each time. And the other CPU was asked each time. */
static void litmus(int cmd)
{
	pthread_t thread = hard_create("task", 15, 1, cheap, NULL);
	long before = flushes(1);

	for (int i = 1; i <= ROUNDS; i++) {
		x = y = 0;
		__sync_synchronize();
		flag_set((int *)&round_no, i);
		y = 1;
		barrier(cmd);
		int r2 = x;

		while (flag_get((int *)&round_done) < i)
			;
		if (!r1 && !r2)
			fail("round %d: neither saw the other", i);
	}
	/* A witness had the CPU now and then. */
	if (flushes(1) - before < ROUNDS / 2)
		fail("%ld barriers on CPU 1, not %d", flushes(1) - before, ROUNDS);
	spin_stop = 1;
	pthread_join(thread, NULL);
}

void membarrier_private(void)
{
	barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	litmus(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

void membarrier_global(void)
{
	barrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
	litmus(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}

static void *spin(void *arg)
{
	flag_set((int *)&round_done, 1);
	while (!flag_get((int *)&spin_stop))
		;
	return arg;
}

/* So many barriers, in time enough that Linux's slices of the other CPU are few of it. */
static long stranger_flushes(void)
{
	long before = flushes(1);

	for (int i = 0; i < ROUNDS; i++) {
		if (i % 10 == 0)
			sleep_ms(10);
		barrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
	}
	return flushes(1) - before;
}

/* Of anybody's barriers none reach a hard thread whose process has not asked for them. */
void membarrier_stranger(void)
{
	pthread_t thread = hard_create("task", 15, 1, spin, NULL);
	long n;

	while (!flag_get((int *)&round_done))
		;
	n = stranger_flushes();
	if (n > ROUNDS / 10)
		fail("%ld barriers on CPU 1", n);
	barrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
	n = stranger_flushes();
	if (n < ROUNDS / 2)
		fail("registered: %ld barriers on CPU 1, not %d", n, ROUNDS);
	flag_set((int *)&spin_stop, 1);
	pthread_join(thread, NULL);
}
