// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A thread that works once a millisecond, for a second. Everything that needs Linux is done
 * before its loop or after it.
 *
 *	cc -o periodic periodic.c $(pkg-config --cflags --libs keel)
 */
#include <stdio.h>
#include <string.h>
#include <keel/keel.h>

#define PERIOD_NS	1000000
#define ROUNDS		1000

struct result {
	int error;
	unsigned long missed;
	int64_t latest;
	struct keel_stats stats;
};

static void *work(void *arg)
{
	struct result *result = arg;
	int64_t due = keel_clock_ns() + PERIOD_NS;
	unsigned long missed;
	int i;

	result->error = keel_period_set(due, PERIOD_NS);
	for (i = 0; i < ROUNDS && !result->error; i++) {
		int64_t late;

		result->error = keel_period_wait(&missed);
		due += missed * PERIOD_NS;
		late = keel_clock_ns() - due;
		if (late > result->latest)
			result->latest = late;
		result->missed += missed;
		due += PERIOD_NS;
	}
	keel_stats_get(&result->stats);
	return NULL;
}

int main(void)
{
	const struct keel_thread_attr attr = {
		.name = "periodic", .prio = 80, .cpu = -1, .stack = 256 * 1024,
	};
	struct result result = { 0 };
	pthread_t thread;
	int err;

	err = keel_thread_create(&thread, &attr, work, &result);
	if (!err) {
		pthread_join(thread, NULL);
		err = result.error;
	}
	if (err) {
		fprintf(stderr, "periodic: %s\n", strerror(-err));
		return 1;
	}
	/* One mode switch is the start's own: the creator had to be told. */
	printf("latest %lld ns, missed %lu periods, left hard mode %llu times\n",
	       (long long)result.latest, result.missed,
	       (unsigned long long)result.stats.mode_switches);
	return 0;
}
