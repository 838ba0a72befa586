// SPDX-License-Identifier: GPL-2.0
/*
 * smp SECONDS [WAIT-MS]: eight hard threads over all CPUs, with periods of 0.5 to 4 ms and different
 * priorities, and mutexes between CPUs. Checked in each period:
 *
 * 1. wake-ups and overruns together are the release points that have passed, none more or less;
 * 2. while a thread works, none of lower priority on its CPU makes a step, nor does Linux; but
 *    one that holds a mutex may be boosted, so that is not counted as a step;
 * 3. a mutex keeps all others out, and comes within WAIT-MS, where the clock is the guest's.
 */
#include "hard.h"

#define THREADS		8
#define MUTEXES		3
#define CPUS_MAX	THREADS
#define WORK_NS		(20 * US)
#define HOLD_NS		(5 * US)
#define CLOCKS_NS	(2 * US)	/* the library's clock may be that far from Keel's */

static const int period_us[THREADS] = { 500, 700, 1000, 1300, 1700, 2300, 3100, 4000 };

struct runner {
	char name[16];
	int cpu, prio;
	int64_t period, first;
	long points;		/* release points counted */
	long wakeups;
	long locks;
	int64_t longest;	/* wait for a mutex, and how often others had it meanwhile */
	long overtaken;
	volatile long steps;	/* made without any mutex */
	pthread_t thread;
};

static struct runner runners[THREADS];
static volatile long linux_steps[CPUS_MAX];
static int stop;
static int64_t wait_limit;	/* for a mutex; 0: none */

static struct shared {
	struct keel_mutex mutex;
	volatile long before, after;	/* the same whenever the mutex is free */
} shared[MUTEXES];

static void work(struct runner *r, int64_t ns)
{
	int64_t until = keel_clock_ns() + ns;

	do
		r->steps++;
	while (keel_clock_ns() < until);
}

/* ---- 1 --------------------------------------------------------------------------------------------- */

static void period_next(struct runner *r)
{
	int64_t before = keel_clock_ns(), after;
	unsigned long overruns;

	must(keel_period_wait(&overruns));
	after = keel_clock_ns();
	r->wakeups++;
	r->points += 1 + overruns;
	if (r->points > (after + CLOCKS_NS - r->first) / r->period + 1)
		fail("%s: %ld points at %ld ns of %ld: too many", r->name, r->points,
		     after - r->first, r->period);
	if (before > r->first && r->points < (before - CLOCKS_NS - r->first) / r->period + 1)
		fail("%s: %ld points at %ld ns of %ld: too few", r->name, r->points,
		     before - r->first, r->period);
}

/* ---- 2 --------------------------------------------------------------------------------------------- */

/* Steps of all that must not run while @r does. */
static long steps_below(const struct runner *r)
{
	long sum = linux_steps[r->cpu];

	for (int i = 0; i < THREADS; i++)
		if (runners[i].cpu == r->cpu && runners[i].prio < r->prio)
			sum += runners[i].steps;
	return sum;
}

static void work_alone(struct runner *r)
{
	long below = steps_below(r);

	work(r, WORK_NS);
	below = steps_below(r) - below;
	if (below)
		fail("%s: %ld steps of lower ones on CPU %d while it worked", r->name, below, r->cpu);
}

/* ---- 3 --------------------------------------------------------------------------------------------- */

static void hold(struct runner *r, struct shared *s)
{
	int64_t until = keel_clock_ns() + HOLD_NS;
	long mine = s->before + 1;

	check(s->before == s->after);
	s->before = mine;
	while (keel_clock_ns() < until)
		;
	if (s->before != mine || s->after != mine - 1)
		fail("%s: another one changed what the mutex protects", r->name);
	s->after = mine;
	r->locks++;
}

/* Where the host schedules the CPUs one with a mutex may be stopped long, and lower ones starve. */
static void lock(struct runner *r, struct shared *s)
{
	int64_t ns = keel_clock_ns();
	long taken = s->after;

	must(keel_mutex_lock(&s->mutex));
	ns = keel_clock_ns() - ns;
	taken = s->after - taken;
	if (wait_limit && ns > wait_limit)
		fail("%s: waited %ld us for a mutex, %ld others had it", r->name, ns / US, taken);
	if (ns > r->longest) {
		r->longest = ns;
		r->overtaken = taken;
	}
}

/* One mutex or, every other time, two, always in the same order. */
static void lock_and_hold(struct runner *r)
{
	int first = r->wakeups % MUTEXES, second = first + 1;
	int both = r->wakeups % 2 && second < MUTEXES;

	lock(r, &shared[first]);
	if (both) {
		lock(r, &shared[second]);
		hold(r, &shared[second]);
		must(keel_mutex_unlock(&shared[second].mutex));
	}
	hold(r, &shared[first]);
	must(keel_mutex_unlock(&shared[first].mutex));
}

/* ---- threads --------------------------------------------------------------------------------------- */

static void *run_hard(void *arg)
{
	struct runner *r = arg;
	struct keel_stats stats;

	must(keel_period_set(r->first, r->period));
	while (!flag_get(&stop)) {
		period_next(r);
		work_alone(r);
		lock_and_hold(r);
		work_alone(r);
	}
	must(keel_stats_get(&stats));
	check(stats.hardens == 2 && stats.mode_switches == 1);	/* of keel_thread_create() */
	return NULL;
}

static void *run_linux(void *arg)
{
	int cpu = (long)arg;

	bind_cpu(cpu);
	while (!flag_get(&stop))
		linux_steps[cpu]++;
	return NULL;
}

static void runner_start(int i, int64_t first)
{
	struct runner *r = &runners[i];

	snprintf(r->name, sizeof(r->name), "every-%d-us", period_us[i]);
	r->cpu = i % get_nprocs();
	r->prio = 90 - 10 * i;
	r->period = period_us[i] * US;
	r->first = first;
	r->thread = hard_create(r->name, r->prio, r->cpu, run_hard, r);
}

static void linux_start(pthread_t *threads)
{
	for (long cpu = 0; cpu < get_nprocs(); cpu++)
		if (pthread_create(&threads[cpu], NULL, run_linux, (void *)cpu))
			fail("pthread_create");
}

static void results_check(void)
{
	long locks = 0, counted = 0;

	for (int i = 0; i < THREADS; i++) {
		struct runner *r = &runners[i];

		printf("%s on %d: %ld wake-ups, %ld points, %ld locks, waited %ld us, %ld others\n",
		       r->name, r->cpu, r->wakeups, r->points, r->locks, r->longest / US,
		       r->overtaken);
		check(r->wakeups >= 20);
		locks += r->locks;
	}
	for (int i = 0; i < MUTEXES; i++) {
		check(shared[i].before == shared[i].after);
		counted += shared[i].after;
		must(keel_mutex_delete(&shared[i].mutex));
	}
	check(locks == counted);
}

int main(int argc, char **argv)
{
	pthread_t linux_threads[CPUS_MAX];
	int seconds = argc > 1 ? atoi(argv[1]) : 0;
	int64_t first;

	if (!seconds || get_nprocs() > CPUS_MAX)
		fail("usage: smp SECONDS [WAIT-MS]");
	if (argc > 2)
		wait_limit = atoi(argv[2]) * MS;
	setlinebuf(stdout);
	must(keel_open());
	for (int i = 0; i < MUTEXES; i++)
		must(keel_mutex_create(&shared[i].mutex));
	linux_start(linux_threads);
	first = keel_clock_ns() + 1000 * MS;
	for (int i = 0; i < THREADS; i++)
		runner_start(i, first);
	while (keel_clock_ns() < first + (seconds + 1) * 1000 * MS)
		sleep_ms(100);
	flag_set(&stop, 1);
	for (int i = 0; i < THREADS; i++)
		pthread_join(runners[i].thread, NULL);
	for (int cpu = 0; cpu < get_nprocs(); cpu++)
		pthread_join(linux_threads[cpu], NULL);
	results_check();
	keel_close();
	return 0;
}
