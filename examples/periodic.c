// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A thread that works once a millisecond, a hundred times, and says how late it was at worst.
 *
 * SCHED_FIFO makes it Keel's; clock_nanosleep() with an absolute time keeps the period whatever the work
 * takes. What it prints a thread of Linux writes, so it stays in real time.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define PERIOD_NS	1000000
#define ROUNDS		100

static void add_ns(struct timespec *ts, long ns)
{
	ts->tv_nsec += ns;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_nsec -= 1000000000;
		ts->tv_sec++;
	}
}

static long ns_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - then->tv_sec) * 1000000000L + now.tv_nsec - then->tv_nsec;
}

static void *work(void *arg)
{
	struct timespec due;
	long latest = 0;

	clock_gettime(CLOCK_MONOTONIC, &due);
	for (int i = 1; i <= ROUNDS; i++) {
		long late;

		add_ns(&due, PERIOD_NS);
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
			;
		late = ns_since(&due);	/* in place of work */
		if (late > latest)
			latest = late;
		if (i % 50 == 0)
			printf("%d periods, at most %ld ns late\n", i, latest);
	}
	return arg;
}

int main(void)
{
	struct sched_param param = { .sched_priority = 80 };
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	/* No page of the program is brought in later. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		perror("mlockall");
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);	/* or the next two are not looked at */
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	err = pthread_create(&thread, &attr, work, NULL);
	if (err) {
		fprintf(stderr, "pthread_create: %s\n", strerror(err));
		return 1;
	}
	pthread_join(thread, NULL);
	return 0;
}
