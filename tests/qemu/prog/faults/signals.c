// SPDX-License-Identifier: GPL-2.0
/*
 * Signals to hard threads that go on afterwards.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include "hard.h"
#include "faults.h"

#define CLOCKS_NS	(2 * US)	/* the library's clock may be that far from Keel's */

static struct shared {
	int count;	/* what the hard thread has done */
	int stop;	/* it is to end */
} *shared;

/* ---- stop and continue ----------------------------------------------------------------------------- */

/* Every release point is counted, those of the pause too: all that had passed before the wait
 * began, none that had not when it was over. */
static void *periodic(void *arg)
{
	unsigned long overruns;
	int64_t first, before, after;
	int points = 0;

	(void)arg;
	first = keel_clock_ns() + MS;
	must(keel_period_set(first, MS));
	while (!flag_get(&shared->stop)) {
		before = keel_clock_ns() - CLOCKS_NS;
		must(keel_period_wait(&overruns));
		after = keel_clock_ns() + CLOCKS_NS;
		points += 1 + overruns;
		if (points > (after - first) / MS + 1 ||
		    (before > first && points < (before - first) / MS + 1))
			fail("%d points counted, %ld passed before the wait, %ld after", points,
			     (before - first) / MS + 1, (after - first) / MS + 1);
		flag_set(&shared->count, points);
	}
	return NULL;
}

static void *counting_hog(void *arg)
{
	(void)arg;
	while (!flag_get(&shared->stop))
		__atomic_fetch_add(&shared->count, 1, __ATOMIC_RELEASE);
	return NULL;
}

static pid_t counter_start(void *(*fn)(void *), int cpu)
{
	pid_t pid;

	shared = shared_alloc(sizeof(*shared));
	pid = fork();
	if (pid == 0) {
		pthread_join(hard_create("counts", 15, cpu, fn, NULL), NULL);
		_exit(0);
	}
	await(&shared->count, 3, "the counter");
	return pid;
}

static void stop_and_go(void *(*fn)(void *), int cpu)
{
	pid_t pid = counter_start(fn, cpu);
	int status, count;

	for (int i = 0; i < 5; i++) {
		kill(pid, SIGSTOP);
		check(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
		count = flag_get(&shared->count);
		sleep_ms(50);
		check(flag_get(&shared->count) == count);
		kill(pid, SIGCONT);
		await(&shared->count, count + 3, "the counter after SIGCONT");
	}
	flag_set(&shared->stop, 1);
	check(waitpid(pid, &status, 0) == pid && status == 0);
}

void signal_stop(void)
{
	stop_and_go(periodic, 0);
}

void signal_stop_hog(void)
{
	stop_and_go(counting_hog, 1);
}

/* ---- handlers ------------------------------------------------------------------------------------------ */

static int handled, sleeping, ended;

static void on_signal(int signal)
{
	(void)signal;
	handled++;
}

static void handler_set(int flags)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(SIGUSR1, &sa, NULL);
}

static void *sleeps(void *expected)
{
	int64_t deadline = keel_clock_ns() + 300 * MS;
	struct keel_stats stats;

	flag_set(&sleeping, 1);
	check(keel_sleep_until(deadline) == (long)expected);
	check((keel_clock_ns() >= deadline) == (expected == NULL));
	check(handled == 1);
	must(keel_stats_get(&stats));
	check(stats.relaxes[KEEL_RELAX_SIGNAL] == 1);
	must(keel_sleep(MS));
	check(keel_is_hard());
	flag_set(&ended, 1);
	return NULL;
}

static void interrupt_sleep(long expected)
{
	pthread_t thread = hard_create("sleeps", 50, 0, sleeps, (void *)expected);

	await(&sleeping, 1, "the sleeper");
	sleep_ms(50);
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	check(ended);
}

void signal_restart(void)
{
	handler_set(SA_RESTART);
	interrupt_sleep(0);
}

void signal_eintr(void)
{
	handler_set(0);
	interrupt_sleep(-EINTR);
}

static void *hogs(void *arg)
{
	struct keel_stats stats;

	(void)arg;
	flag_set(&sleeping, 1);
	while (!*(volatile int *)&handled)
		;
	must(keel_stats_get(&stats));
	check(stats.last_reason == KEEL_RELAX_SIGNAL);
	flag_set(&ended, 1);
	return NULL;
}

/* One that never sleeps gets its handler too. */
void signal_hog(void)
{
	pthread_t thread;

	handler_set(0);
	thread = hard_create("hogs", 15, 1, hogs, NULL);
	await(&sleeping, 1, "the hog");
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	check(ended);
}
