// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Three threads count under one mutex with priority inheritance: the low one holds it while
 * the high one waits, and is lifted so that the middle one cannot come between.
 *
 *	cc -o mutex mutex.c $(pkg-config --cflags --libs keel)
 */
#include <stdio.h>
#include <string.h>
#include <keel/keel.h>

#define THREADS		3
#define ROUNDS		1000
#define PERIOD_NS	100000

static struct keel_mutex mutex;
static long counter;		/* protected by mutex */

static int count_once(void)
{
	int err = keel_mutex_lock(&mutex);

	if (err)
		return err;
	counter++;
	return keel_mutex_unlock(&mutex);
}

/* Returns NULL, or a pointer to the error. */
static void *work(void *arg)
{
	int *err = arg;
	int i;

	*err = keel_period_set(0, PERIOD_NS);
	for (i = 0; i < ROUNDS && !*err; i++) {
		*err = keel_period_wait(NULL);
		if (!*err)
			*err = count_once();
	}
	return *err ? err : NULL;
}

static int run(void)
{
	struct keel_thread_attr attr = { .name = "mutex", .cpu = 0, .stack = 256 * 1024 };
	pthread_t threads[THREADS];
	int errors[THREADS] = { 0 };
	int i, started, err = 0;

	for (started = 0; started < THREADS; started++) {
		attr.prio = 10 * (started + 1);
		err = keel_thread_create(&threads[started], &attr, work, &errors[started]);
		if (err)
			break;
	}
	for (i = 0; i < started; i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		if (failed)
			err = errors[i];
	}
	return err;
}

int main(void)
{
	int err = keel_open();

	if (!err)
		err = keel_mutex_create(&mutex);
	if (!err)
		err = run();
	if (err) {
		fprintf(stderr, "mutex: %s\n", strerror(-err));
		return 1;
	}
	printf("counted to %ld\n", counter);
	keel_mutex_delete(&mutex);
	keel_close();
	return counter == THREADS * ROUNDS ? 0 : 1;
}
