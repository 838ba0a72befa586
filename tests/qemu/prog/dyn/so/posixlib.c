// SPDX-License-Identifier: GPL-2.0
/*
 * posixlib.so: a library that is opened by a program at work, and uses threads by itself.
 */
#include <pthread.h>
#include <time.h>

int posixlib_work(int rounds);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int posixlib_work(int rounds)
{
	struct timespec ts = { .tv_nsec = 100000 };
	int done = 0;

	for (int i = 0; i < rounds; i++) {
		pthread_mutex_lock(&mutex);
		done += !clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
		pthread_mutex_unlock(&mutex);
	}
	return done;
}
