// SPDX-License-Identifier: GPL-2.0
/*
 * Hard threads that end, are ended, or begin something else.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include "hard.h"
#include "faults.h"

static int ready;

static void *sleeper(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&ready, 1, __ATOMIC_RELEASE);
	for (;;)
		keel_sleep(3600 * 1000 * MS);
	return NULL;
}

static void *busy(void *arg)
{
	(void)arg;
	must(keel_period_set(0, MS));
	__atomic_fetch_add(&ready, 1, __ATOMIC_RELEASE);
	for (;;) {
		int64_t until = keel_clock_ns() + 200 * US;

		while (keel_clock_ns() < until)
			;
		must(keel_period_wait(NULL));
	}
	return NULL;
}

static void siblings_start(void)
{
	hard_create("sleeper", 30, 0, sleeper, NULL);
	hard_create("busy", 10, get_nprocs() - 1, busy, NULL);
	await(&ready, 2, "the siblings");
}

static void *exits(void *arg)
{
	(void)arg;
	check(keel_is_hard());
	exit(7);
}

void life_exit(void)
{
	siblings_start();
	pthread_join(hard_create("exits", 40, 0, exits, NULL), NULL);
}

static void *thread_exits(void *arg)
{
	check(keel_is_hard());
	pthread_exit(arg);
}

/* More threads than there are windows, one after the other: each gives its window back. */
void life_thread_exit(void)
{
	void *result;

	siblings_start();
	for (long i = 0; i < KEEL_MAX_THREADS + 10; i++) {
		pthread_join(hard_create("ends", 40, 0, thread_exits, (void *)i), &result);
		check(result == (void *)i);
	}
}

static struct keel_mutex mutex;

static void *dies_with_mutex(void *arg)
{
	(void)arg;
	must(keel_mutex_lock(&mutex));
	flag_set(&ready, 1);
	must(keel_sleep(20 * MS));
	pthread_exit(NULL);
}

static void *inherits(void *arg)
{
	(void)arg;
	check(keel_mutex_lock(&mutex) == -EOWNERDEAD);
	must(keel_mutex_unlock(&mutex));
	check(keel_mutex_lock(&mutex) == 0);
	must(keel_mutex_unlock(&mutex));
	return NULL;
}

void life_owner_dead(void)
{
	pthread_t dies, waits;

	must(keel_open());
	must(keel_mutex_create(&mutex));
	dies = hard_create("dies", 40, 0, dies_with_mutex, NULL);
	await(&ready, 1, "the owner");
	waits = hard_create("waits", 30, get_nprocs() - 1, inherits, NULL);
	pthread_join(dies, NULL);
	pthread_join(waits, NULL);
	must(keel_mutex_delete(&mutex));
	keel_close();
}

static void *forks(void *arg)
{
	int status;
	pid_t pid;

	(void)arg;
	check(keel_is_hard());
	pid = fork();
	if (pid == 0) {
		check(!keel_is_hard());
		check(keel_sleep(MS) == -EPERM);
		must(keel_thread_attach("child", 40, 0));
		must(keel_sleep(MS));
		check(keel_is_hard());
		_exit(3);
	}
	must(keel_sleep(MS));
	check(keel_is_hard());
	check(waitpid(pid, &status, 0) == pid);
	check(status == 3 << 8);
	return NULL;
}

void life_fork(void)
{
	siblings_start();
	for (int i = 0; i < 5; i++)
		pthread_join(hard_create("forks", 40, 0, forks, NULL), NULL);
}

static void *execs(void *arg)
{
	(void)arg;
	check(keel_is_hard());
	execl("/proc/self/exe", "faults", "--list", NULL);
	fail("exec: %m");
}

/* The program that comes in place of this one lists the rows. */
void life_exec(void)
{
	char line[64];
	int fds[2];
	FILE *f;

	if (pipe(fds))
		fail("pipe: %m");
	if (fork() == 0) {
		dup2(fds[1], 1);
		siblings_start();
		pthread_join(hard_create("execs", 40, 0, execs, NULL), NULL);
		_exit(1);
	}
	close(fds[1]);
	f = fdopen(fds[0], "r");
	check(f && fgets(line, sizeof(line), f) && !strcmp(line, "null\n"));
	while (fgets(line, sizeof(line), f))
		;
	check(wait(&fds[1]) > 0 && fds[1] == 0);
}

/* ---- kill -9 ------------------------------------------------------------------------------------ */

static int *alive;	/* victims that run */

static void *hog(void *arg)
{
	(void)arg;
	__atomic_fetch_add(alive, 1, __ATOMIC_RELEASE);
	for (;;)
		;
	return NULL;
}

static void *blocks(void *arg)
{
	(void)arg;
	__atomic_fetch_add(alive, 1, __ATOMIC_RELEASE);
	must(keel_sleep(3600 * 1000 * MS));
	fail("an hour has passed");
}

static pid_t victim_start(void *(*fn)(void *), int prio, int cpu)
{
	int before;
	pid_t pid;

	if (!alive)
		alive = shared_alloc(sizeof(*alive));
	before = flag_get(alive);
	pid = fork();
	if (pid == 0) {
		hard_create("victim", prio, cpu, fn, NULL);
		for (;;)
			pause();
	}
	await(alive, before + 1, "the victim");
	return pid;
}

static void victim_kill(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	check(waitpid(pid, &status, 0) == pid);
	check(status == SIGKILL);
}

void life_kill_blocked(void)
{
	for (int i = 0; i < 10; i++)
		victim_kill(victim_start(blocks, 50, 0));
}

void life_kill_hog(void)
{
	for (int i = 0; i < 5; i++)
		victim_kill(victim_start(hog, 15, 1));
}

/* Two of three milliseconds. */
static void *keeps_busy(void *arg)
{
	(void)arg;
	must(keel_period_set(0, 3 * MS));
	__atomic_fetch_add(alive, 1, __ATOMIC_RELEASE);
	for (;;) {
		int64_t until = keel_clock_ns() + 2 * MS;

		while (keel_clock_ns() < until)
			;
		must(keel_period_wait(NULL));
	}
	return NULL;
}

/* Mostly the victim is ready, behind one of a higher priority, when the signal comes; Linux never
 * runs on that CPU. It must not take the watchdog, after 4 s, to get rid of it. */
void life_kill_ready(void)
{
	for (int i = 0; i < 5; i++) {
		pid_t above = victim_start(keeps_busy, 17, 1);
		pid_t below = victim_start(hog, 15, 1);
		int64_t begin = keel_clock_ns();

		victim_kill(below);
		check(keel_clock_ns() < begin + 2000 * MS);
		victim_kill(above);
	}
}
