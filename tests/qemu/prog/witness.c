// SPDX-License-Identifier: GPL-2.0
/*
 * witness [PERIOD-US]: on each CPU a hard periodic thread that stands beside what a test does to
 * Linux, until SIGTERM. Each wake-up is counted: with the overruns they are the release points that
 * have passed, none more or less, and no thread leaves hard mode. "ready" is said once all run.
 */
#include <sched.h>
#include <signal.h>
#include "hard.h"

#define CPUS_MAX	8
#define CLOCKS_NS	(2 * US)	/* the library's clock may be that far from Keel's */

static struct stander {
	char name[16];
	int64_t first;
	long points, wakeups;
	uint64_t switches;	/* out of hard mode */
	pthread_t thread;
} standers[CPUS_MAX];

static int64_t period = MS;
static int stop, running;

static void point(struct stander *s)
{
	int64_t before = keel_clock_ns(), after;
	unsigned long overruns;

	must(keel_period_wait(&overruns));
	after = keel_clock_ns();
	s->wakeups++;
	s->points += 1 + overruns;
	if (s->points > (after + CLOCKS_NS - s->first) / period + 1)
		fail("%s: %ld points in %lld us: too many", s->name, s->points, (after - s->first) / US);
	if (before > s->first && s->points < (before - CLOCKS_NS - s->first) / period + 1)
		fail("%s: %ld points in %lld us: too few", s->name, s->points, (before - s->first) / US);
}

static void *stand(void *arg)
{
	struct stander *s = arg;
	struct keel_stats stats;

	s->first = keel_clock_ns() + 10 * MS;
	must(keel_period_set(s->first, period));
	point(s);
	__atomic_add_fetch(&running, 1, __ATOMIC_RELEASE);
	while (!flag_get(&stop))
		point(s);
	must(keel_stats_get(&stats));
	s->switches = stats.mode_switches;
	return NULL;
}

/* On the CPUs that are online now. How many. */
static int standers_start(void)
{
	cpu_set_t online;
	int count = 0;

	if (sched_getaffinity(0, sizeof(online), &online))
		fail("sched_getaffinity: %m");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		struct stander *s = &standers[count];

		if (!CPU_ISSET(cpu, &online))
			continue;
		check(++count <= CPUS_MAX);
		snprintf(s->name, sizeof(s->name), "cpu-%d", cpu);
		s->thread = hard_create(s->name, 80, cpu, stand, s);
	}
	await(&running, count, "all threads");
	return count;
}

/* One switch is keel_thread_create()'s own. */
static void standers_end(int count)
{
	flag_set(&stop, 1);
	for (int i = 0; i < count; i++) {
		struct stander *s = &standers[i];

		pthread_join(s->thread, NULL);
		printf("witness %s: %ld wake-ups, %ld points\n", s->name, s->wakeups, s->points);
		if (s->switches != 1)
			fail("%s left hard mode %lu times", s->name, s->switches - 1);
		check(s->wakeups >= 10);
	}
}

int main(int argc, char **argv)
{
	int count, signal;
	sigset_t set;

	if (argc > 2)
		fail("usage: witness [PERIOD-US]");
	if (argc == 2)
		period = atoi(argv[1]) * US;
	setlinebuf(stdout);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	must(keel_open());
	count = standers_start();
	puts("ready");
	sigwait(&set, &signal);
	standers_end(count);
	keel_close();
	return 0;
}
