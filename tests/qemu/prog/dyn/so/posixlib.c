// SPDX-License-Identifier: GPL-2.0
/*
 * posixlib.so: a library that is opened by a program at work, and uses threads by itself.
 */
#include <pthread.h>
#include <threads.h>
#include <time.h>

int posixlib_work(int rounds);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int work(void *arg)
{
	struct timespec ts = { .tv_nsec = 100000 };
	int rounds = *(int *)arg, done = 0;

	for (int i = 0; i < rounds; i++) {
		pthread_mutex_lock(&mutex);
		done += !clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
		pthread_mutex_unlock(&mutex);
	}
	return done;
}

/* In a thread of its own: how many rounds were well. */
int posixlib_work(int rounds)
{
	thrd_t thread;
	int done;

	if (thrd_create(&thread, work, &rounds) != thrd_success || thrd_join(thread, &done) != thrd_success)
		return -1;
	return done;
}
