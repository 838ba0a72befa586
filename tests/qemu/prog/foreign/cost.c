// SPDX-License-Identifier: GPL-2.0
/*
 * What Alchemy's calls cost, in ns, that is, instructions under icount: "NAME NS" a line, by the names that
 * posixcost has for the same work, and as there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <alchemy/cond.h>
#include <alchemy/mutex.h>
#include <alchemy/queue.h>
#include <alchemy/sem.h>
#include <alchemy/task.h>
#include <alchemy/timer.h>
#include "../checks.h"

#define ALONE	800
#define BATCHES	5
#define ROUNDS	400
#define WARM	20
#define TIMES	40
#define PERIOD	1000000

static RT_SEM sem, ready;
static RT_MUTEX mutex;
static RT_COND cond;
static RT_QUEUE queue;
static RT_TASK better;
static int turn;

/* ---- alone ---------------------------------------------------------------------------------- */

static void mutex_alone(void)
{
	rt_mutex_acquire(&mutex, TM_INFINITE);
	rt_mutex_release(&mutex);
}

static void sem_alone(void)
{
	rt_sem_v(&sem);
	rt_sem_p(&sem, TM_INFINITE);
}

/* ---- rounds: what the better task does, and the other one -------------------------------------- */

static void sem_sleeps(void)
{
	rt_sem_p(&sem, TM_INFINITE);
}

static void sem_wakes(void)
{
	rt_sem_v(&sem);
}

static void cond_sleeps(void)
{
	rt_mutex_acquire(&mutex, TM_INFINITE);
	while (!turn)
		rt_cond_wait(&cond, &mutex, TM_INFINITE);
	turn = 0;
	rt_mutex_release(&mutex);
}

static void cond_wakes(void)
{
	rt_mutex_acquire(&mutex, TM_INFINITE);
	turn = 1;
	rt_mutex_release(&mutex);
	rt_cond_signal(&cond);
}

static void queue_sleeps(void)
{
	char text[8];

	check(rt_queue_read(&queue, text, sizeof(text), TM_INFINITE) == 8);
}

static void queue_wakes(void)
{
	check(rt_queue_write(&queue, "message", 8, Q_NORMAL) >= 0);
}

/* Who has the mutex lets the better one run, which waits for it. */
static void mutex_sleeps(void)
{
	rt_sem_p(&sem, TM_INFINITE);
	rt_mutex_acquire(&mutex, TM_INFINITE);
	rt_mutex_release(&mutex);
}

static void mutex_wakes(void)
{
	rt_mutex_acquire(&mutex, TM_INFINITE);
	rt_sem_v(&sem);
	rt_mutex_release(&mutex);
}

static void call_sleeps(void)
{
	char text[8];
	RT_TASK_MCB mcb = { .data = text, .size = sizeof(text) };
	int flow = rt_task_receive(&mcb, TM_INFINITE);

	check(flow > 0 && !rt_task_reply(flow, &mcb));
}

static void call_wakes(void)
{
	char text[8];
	RT_TASK_MCB mcb_s = { .data = (void *)"message", .size = 8 };
	RT_TASK_MCB mcb_r = { .data = text, .size = sizeof(text) };

	check(rt_task_send(&better, &mcb_s, &mcb_r, TM_INFINITE) == 8);
}

static const struct round {
	const char *name;
	void (*sleeps)(void);
	void (*wakes)(void);
} rounds[] = {
	{ "sem_round", sem_sleeps, sem_wakes },
	{ "cond_round", cond_sleeps, cond_wakes },
	{ "mq_round", queue_sleeps, queue_wakes },
	{ "mutex_round", mutex_sleeps, mutex_wakes },
	{ "call_round", call_sleeps, call_wakes },
};

static void sleeper(void *arg)
{
	const struct round *r = arg;

	rt_sem_v(&ready);
	for (int i = 0; i < WARM + ROUNDS; i++)
		r->sleeps();
}

static void round_measure(const struct round *r)
{
	RTIME began = 0;

	check(!rt_task_spawn(&better, NULL, 0, 60, T_JOINABLE, sleeper, (void *)r));
	rt_sem_p(&ready, TM_INFINITE);
	rt_task_sleep(2000000);
	for (int i = 0; i < WARM + ROUNDS; i++) {
		if (i == WARM)
			began = rt_timer_read();
		r->wakes();
	}
	printf("%s %lld\n", r->name, (long long)(rt_timer_read() - began) / ROUNDS);
	check(!rt_task_join(&better));
}

/* The shortest of a few times: an interrupt of Linux's now and then is not what is measured. */
static void alone_measure(const char *name, void (*fn)(void))
{
	RTIME best = 0;

	for (int i = 0; i < WARM; i++)
		fn();
	for (int i = 0; i < BATCHES; i++) {
		RTIME took, began = rt_timer_read();

		for (int k = 0; k < ALONE; k++)
			fn();
		took = rt_timer_read() - began;
		if (!i || took < best)
			best = took;
	}
	printf("%s %lld\n", name, (long long)best / ALONE);
}

static void sleep_measure(void)
{
	RTIME due = rt_timer_read() + 2 * PERIOD, sum = 0;

	for (int i = 0; i < TIMES; i++, due += PERIOD) {
		check(!rt_task_sleep_until(due));
		sum += rt_timer_read() - due;
	}
	printf("sleep_late %lld\n", (long long)sum / TIMES);
}

static void measure(void *arg)
{
	(void)arg;
	alone_measure("mutex_alone", mutex_alone);
	alone_measure("sem_alone", sem_alone);
	for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++)
		round_measure(&rounds[i]);
	sleep_measure();
}

int main(void)
{
	RT_TASK task;

	check(!mlockall(MCL_CURRENT | MCL_FUTURE));
	setvbuf(stdout, malloc(4096), _IOFBF, 4096);
	check(!rt_sem_create(&sem, "sem", 0, S_PRIO) && !rt_sem_create(&ready, "ready", 0, S_PRIO));
	check(!rt_mutex_create(&mutex, "mutex") && !rt_cond_create(&cond, "cond"));
	check(!rt_queue_create(&queue, "queue", 4096, 4, Q_PRIO));
	check(!rt_task_spawn(&task, "measure", 0, 50, T_JOINABLE, measure, NULL));
	return rt_task_join(&task);
}
