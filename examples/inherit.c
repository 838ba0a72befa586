// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Two real-time threads and a mutex with priority inheritance: while the better one waits for the mutex,
 * who has it works with that thread's priority, so nobody in between delays both.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t mutex;
static sem_t locked;
static int value;

static void *low(void *arg)
{
	pthread_mutex_lock(&mutex);
	sem_post(&locked);		/* from here on the other one wants it */
	value = 41;
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void *high(void *arg)
{
	while (sem_wait(&locked))
		;
	pthread_mutex_lock(&mutex);
	value++;
	pthread_mutex_unlock(&mutex);
	printf("the better one found %d\n", value);
	return arg;
}

static int start(pthread_t *thread, int prio, void *(*fn)(void *))
{
	struct sched_param param = { .sched_priority = prio };
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	err = pthread_create(thread, &attr, fn, NULL);
	pthread_attr_destroy(&attr);
	if (err)
		fprintf(stderr, "pthread_create: %s\n", strerror(err));
	return err;
}

int main(void)
{
	pthread_mutexattr_t attr;
	pthread_t threads[2];

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&mutex, &attr);
	sem_init(&locked, 0, 0);
	if (start(&threads[0], 60, high) || start(&threads[1], 40, low))
		return 1;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return value != 42;
}
