// SPDX-License-Identifier: GPL-2.0
/*
 * regs SECONDS: on each CPU three hard threads of different priorities and periods, which relax
 * and become hard again all the time, and two busy ordinary ones. Each keeps its own pattern in
 * all registers, over preemption, Keel calls, Linux calls and changes of mode.
 */
#include <asm/prctl.h>
#include <sys/syscall.h>
#include "hard.h"
#include "round.h"

#define NO_CALL		-1L
#define CPUS_MAX	8

struct job {
	const char *name;
	int prio;		/* 0: an ordinary thread */
	int period_us, spin_us;
	int relax_every;	/* rounds from one Linux call to the next */
};

static const struct job jobs[] = {
	{ "high", 60, 1000, 50, 13 },
	{ "middle", 40, 2700, 250, 7 },
	{ "low", 20, 7100, 900, 3 },
	{ "linux-a", 0, 0, 400, 2 },
	{ "linux-b", 0, 0, 700, 3 },
};

#define JOBS (int)(sizeof(jobs) / sizeof(jobs[0]))

struct runner {
	const struct job *job;
	int cpu;
	uint64_t seed;
	long rounds, waits, relaxes, preempted;
	struct state in, out;
	uint64_t gs_block[2];
	pthread_t thread;
};

static struct runner runners[CPUS_MAX * JOBS];
static round_fn round_now;
static size_t vec_size;
static double spins_per_us;
static int device;		/* the library's file */
static int stop;

/* ---- one round ------------------------------------------------------------------------------------- */

static uint64_t word_at_fs(void)
{
	uint64_t word;

	asm volatile("mov %%fs:0, %0" : "=r"(word));
	return word;
}

/* A new pattern each time; @args: what the call takes, or NULL. */
static long run_round(struct runner *r, long nr, const long *args, int spin_us)
{
	long ret;

	state_fill(&r->in, r->seed++, word_at_fs(), r->gs_block[0], vec_size);
	if (args) {
		r->in.gp[5] = args[0];
		r->in.gp[4] = args[1];
		r->in.gp[3] = args[2];
	}
	memset(&r->out, 0, sizeof(r->out));
	ret = round_now(&r->in, &r->out, nr, spin_us * spins_per_us + 1);
	state_check(&r->out, &r->in, r->job->name, r->rounds);
	__atomic_store_n(&r->rounds, r->rounds + 1, __ATOMIC_RELAXED);
	return ret;
}

/* GS of its own, beside the FS that any thread has. */
static void gs_take(struct runner *r)
{
	r->gs_block[0] = r->seed ^ 0x6767676767676767;
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, r->gs_block))
		fail("arch_prctl: %m");
}

/* ---- threads ------------------------------------------------------------------------------------------ */

static void *run_linux(void *arg)
{
	struct runner *r = arg;

	bind_cpu(r->cpu);
	gs_take(r);
	while (!flag_get(&stop)) {
		int call = r->rounds % r->job->relax_every == 0;

		run_round(r, call ? SYS_sched_yield : NO_CALL, NULL, r->job->spin_us);
	}
	return NULL;
}

/* A Linux call while hard, then the way back: both with the registers full. */
static void relax_and_harden(struct runner *r)
{
	const long args[] = { device, KEEL_PARK_HARDEN, SEEK_SET };
	long ret = run_round(r, SYS_getppid, NULL, 5);

	if (ret != getppid())
		fail("%s: getppid() returned %ld", r->job->name, ret);
	check(!keel_is_hard());
	must(run_round(r, SYS_lseek, args, 5));
	check(keel_is_hard());
	r->relaxes++;
}

/* Rounds of the hard threads above @r, which is on the same CPU: when there are more of them after a
 * round of @r, it was preempted in it. */
static long rounds_above(const struct runner *r)
{
	long sum = 0;

	for (const struct runner *o = r - (r - runners) % JOBS; o < r; o++)
		sum += __atomic_load_n(&o->rounds, __ATOMIC_RELAXED);
	return sum;
}

static void spin_hard(struct runner *r)
{
	long before = rounds_above(r);

	check(keel_is_hard());
	run_round(r, NO_CALL, NULL, r->job->spin_us);
	r->preempted += rounds_above(r) != before;
}

static void *run_hard(void *arg)
{
	struct runner *r = arg;
	struct keel_stats stats;

	gs_take(r);
	must(keel_period_set(0, r->job->period_us * US));
	while (!flag_get(&stop)) {
		spin_hard(r);
		must(run_round(r, KEEL_CALL_PERIOD_WAIT, NULL, 1));
		if (++r->waits % r->job->relax_every == 0)
			relax_and_harden(r);
	}
	keel_relax();
	must(keel_stats_get(&stats));
	check(stats.relaxes[KEEL_RELAX_SYSCALL] >= (uint64_t)r->relaxes);
	check(stats.relaxes[KEEL_RELAX_FAULT] == 0);
	printf("%s on %d: %ld rounds, %ld relaxes, preempted %ld times, %ld overruns\n",
	       r->job->name, r->cpu, r->rounds, r->relaxes, r->preempted, stats.overruns);
	if (r->job != jobs && !r->preempted)
		fail("%s on %d was never preempted", r->job->name, r->cpu);
	return NULL;
}

static void runner_start(struct runner *r, int number)
{
	r->job = &jobs[number % JOBS];
	r->cpu = number / JOBS;
	r->seed = 1 + number * 0x9e3779b97f4a7c15;
	if (r->job->prio)
		r->thread = hard_create(r->job->name, r->job->prio, r->cpu, run_hard, r);
	else if (pthread_create(&r->thread, NULL, run_linux, r))
		fail("pthread_create");
}

/* ---- beginning and end --------------------------------------------------------------------------------- */

static int device_find(void)
{
	char link[32], target[64];

	for (int fd = 0; fd < 64; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		memset(target, 0, sizeof(target));
		if (readlink(link, target, sizeof(target) - 1) > 0 && !strcmp(target, KEEL_DEVICE))
			return fd;
	}
	fail("the library has not opened " KEEL_DEVICE);
}

/* The fastest of some tries: a disturbed one would make the threads spin too long. */
static void calibrate(void)
{
	struct state in, out;
	int64_t best = INT64_MAX;

	for (int i = 0; i < 20; i++) {
		int64_t begin;

		state_fill(&in, i, 0, 0, vec_size);
		begin = keel_clock_ns();
		round_sse(&in, &out, NO_CALL, 100000);
		begin = keel_clock_ns() - begin;
		best = begin < best ? begin : best;
	}
	spins_per_us = 100000.0 * 1000 / best;
}

int main(int argc, char **argv)
{
	int count = get_nprocs() * JOBS;
	uint64_t block[1] = { 0 };
	const char *kind;

	setlinebuf(stdout);
	if (argc != 2 || get_nprocs() > CPUS_MAX)
		fail("usage: regs SECONDS");
	round_now = round_choose(&kind, &vec_size);
	printf("%s%s%s\n", kind, round_fsgsbase ? ", fsgsbase" : "", round_pkru ? ", pkru" : "");
	syscall(SYS_arch_prctl, ARCH_SET_GS, block);
	calibrate();
	must(keel_open());
	device = device_find();
	for (int i = 0; i < count; i++)
		runner_start(&runners[i], i);
	sleep(atoi(argv[1]));
	flag_set(&stop, 1);
	for (int i = 0; i < count; i++) {
		pthread_join(runners[i].thread, NULL);
		if (runners[i].rounds < 20)
			fail("%s on %d: %ld rounds only", runners[i].job->name, runners[i].cpu,
			     runners[i].rounds);
	}
	keel_close();
	return 0;
}
