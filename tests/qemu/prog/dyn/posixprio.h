/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c: a thread that computes and makes no call is given another priority, and has it at once. For
 * that file alone.
 */
#ifndef POSIXPRIO_H
#define POSIXPRIO_H

#include <sys/mman.h>

#define PRIO_TURNS 60000000	/* longer than Linux waits for its share of the CPU */

/* A thread that takes its turns, after @go, until it is to stop or has had all. */
struct computes {
	sem_t there, go;
	long most;
	volatile long turns;
	volatile int stop;
};

static void *computes(void *arg)
{
	struct computes *c = arg;

	check(!sem_post(&c->there) && !sem_wait(&c->go));
	while (!c->stop && c->turns < c->most)
		c->turns++;
	return NULL;
}

/* Let go under its better, it has to wait. */
static void *raises(void *arg)
{
	struct computes c = { .most = PRIO_TURNS };
	pthread_t thread;

	check(!sem_init(&c.there, 0, 0) && !sem_init(&c.go, 0, 0));
	thread = start_as(SCHED_FIFO, PRIO - 10, computes, &c);
	check(!sem_wait(&c.there));
	ms_sleep(20);
	check(!sem_post(&c.go));
	say(c.turns);
	say(pthread_setschedprio(thread, PRIO + 10));
	say(c.turns);
	join(thread);
	return arg;
}

static void row_prio_raised(void)
{
	on_cpu(0);
	join(start(raises, NULL));
}

static void *stops(void *arg)
{
	struct computes *c = arg;

	check(!sem_wait(&turns_go));
	c->stop = 1;
	return NULL;
}

/* By a third, on another CPU: who has waited for the first one's CPU gets it. */
static void row_prio_lowered(void)
{
	struct computes c = { .most = 1L << 60 };
	pthread_t thread, other;

	check(!sem_init(&c.there, 0, 0) && !sem_init(&c.go, 0, 0) && !sem_init(&turns_go, 0, 0));
	on_cpu(0);
	thread = start_as(SCHED_FIFO, PRIO + 10, computes, &c);
	other = start(stops, &c);
	on_cpu(1);
	check(!sem_wait(&c.there));
	ms_sleep(20);
	check(!sem_post(&c.go));
	ms_sleep(20);
	check(!sem_post(&turns_go));
	ms_sleep(20);
	say(c.stop);
	say(pthread_setschedprio(thread, PRIO - 10));
	join(thread);
	join(other);
}

/* Another one has the CPU meanwhile: there is so little time left that it may be the system's reserve. */
static void *raises_busy(void *arg)
{
	struct computes c = { .most = 1 }, busy = { .most = 1L << 60 };
	pthread_t thread, other;
	long turns;
	int err;

	check(!sem_init(&c.there, 0, 0) && !sem_init(&c.go, 0, 0));
	check(!sem_init(&busy.there, 0, 0) && !sem_init(&busy.go, 0, 0));
	thread = start_as(SCHED_FIFO, PRIO - 10, computes, &c);
	other = start_as(SCHED_FIFO, PRIO - 5, computes, &busy);
	check(!sem_wait(&c.there) && !sem_wait(&busy.there));
	ms_sleep(20);
	check(!sem_post(&c.go) && !sem_post(&busy.go));
	ms_sleep(200);
	turns = c.turns;
	err = pthread_setschedprio(thread, PRIO + 10);
	say(c.turns - turns);		/* what prints would have come to the CPU in its turn */
	say(err);
	busy.stop = 1;
	join(thread);
	join(other);
	return arg;
}

static void row_prio_busy(void)
{
	on_cpu(0);
	join(start(raises_busy, NULL));
}

/* The child gives itself a worse one than its parent's, and gets a better one. */
static void *raises_child(void *arg)
{
	struct sched_param better = { .sched_priority = PRIO + 10 }, worse = { .sched_priority = PRIO - 10 };
	struct computes *c = arg;
	int status;
	pid_t pid;

	c->most = PRIO_TURNS;
	check(!sem_init(&c->there, 1, 0) && !sem_init(&c->go, 1, 0));
	pid = fork();
	if (!pid) {
		check(!sched_setparam(0, &worse));
		computes(c);
		_exit(0);
	}
	check(!sem_wait(&c->there));
	ms_sleep(20);
	check(!sem_post(&c->go));
	say(c->turns);
	say(sched_setparam(pid, &better));
	say(c->turns);
	check(waitpid(pid, &status, 0) == pid && !status);
	return NULL;
}

static void row_prio_process(void)
{
	void *c = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	check(c != MAP_FAILED);
	on_cpu(0);
	join(start(raises_child, c));
}

#endif
