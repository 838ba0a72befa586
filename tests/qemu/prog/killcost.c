// SPDX-License-Identifier: GPL-2.0
/*
 * killcost: what a signal of a process to itself takes, from kill() to behind the handler, where Linux's threads
 * alone have to do with it: no real-time threads, one, 50, 50 that wait for another signal, and 50 of
 * another process that do. The median of five runs, in ns of one, which are guest instructions when the
 * guest counts them.
 */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include "hard.h"

#define RUNS	5
#define TURNS	500
#define MANY	50

static volatile int handled;
static int ready, *ready_there;

static void on_signal(int signal)
{
	handled += signal == SIGUSR1;
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void report(const char *name)
{
	int64_t took[RUNS];

	for (int i = 0; i < RUNS; i++) {
		int64_t begin = now();

		handled = 0;
		for (int n = 0; n < TURNS; n++)
			kill(getpid(), SIGUSR1);
		took[i] = now() - begin;
		check(handled == TURNS);
	}
	qsort(took, RUNS, sizeof(took[0]), compare);
	printf("%s %ld\n", name, (long)(took[RUNS / 2] / TURNS));
}

static void *sleeps(void *arg)
{
	must(keel_harden());
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	must(keel_sleep(3600000 * MS));
	return arg;
}

static void *waits(void *arg)
{
	must(keel_harden());
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	syscall(KEEL_CALL_SIGNAL_WAIT, 1ul << (SIGUSR2 - 1), KEEL_FOREVER);
	return arg;
}

static void start(int count, void *(*fn)(void *))
{
	int before = ready;

	for (int i = 0; i < count; i++)
		hard_create("kill", 20, 0, fn, NULL);
	await(&ready, before + count, "the threads");
	sleep_ms(20);
}

/* The process of a row ends with all its threads. */
static void row(const char *name, int count, void *(*fn)(void *), int here)
{
	pid_t pid = fork();

	if (pid == 0) {
		must(keel_open());
		start(count, fn);
		if (here) {
			report(name);
			_exit(0);
		}
		flag_set(ready_there, 1);
		pause();
	}
	if (!here) {
		await(ready_there, 1, "the other process");
		report(name);
		kill(pid, SIGKILL);
	}
	check(waitpid(pid, NULL, 0) == pid);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;

	setlinebuf(stdout);
	ready_there = shared_alloc(sizeof(*ready_there));
	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	report("kill_none");
	row("kill_one", 1, sleeps, 1);
	row("kill_many", MANY, sleeps, 1);
	row("kill_many_wait", MANY, waits, 1);
	row("kill_others_wait", MANY, waits, 0);
	return 0;
}
