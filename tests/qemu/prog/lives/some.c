// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include "hard.h"
#include "lives.h"

#define CPUS_MAX	8

static struct keel_mutex mutex;
static struct shared {
	int ready;
	int points[CPUS_MAX];
} *shared;

static void *periodic(void *arg)
{
	int cpu = (long)arg;

	must(keel_period_set(0, MS));
	__atomic_fetch_add(&shared->ready, 1, __ATOMIC_RELEASE);
	for (;;) {
		long ret = keel_period_wait(NULL);

		if (ret && ret != -EINTR)
			fail("period: %s", strerror(-ret));
		flag_set(&shared->points[cpu], shared->points[cpu] + 1);
	}
	return arg;
}

static void *sleeper(void *arg)
{
	__atomic_fetch_add(&shared->ready, 1, __ATOMIC_RELEASE);
	for (;;)
		keel_sleep(3600 * 1000 * MS);
	return arg;
}

static void *owner(void *arg)
{
	must(keel_mutex_lock(&mutex));
	return sleeper(arg);
}

static void *waiter(void *arg)
{
	__atomic_fetch_add(&shared->ready, 1, __ATOMIC_RELEASE);
	for (;;)
		keel_mutex_lock(&mutex);
	return arg;
}

void some_share(void)
{
	shared = shared_alloc(sizeof(*shared));
}

int some_ready(void)
{
	return flag_get(&shared->ready) == get_nprocs() + 3;
}

long some_points(void)
{
	long sum = 0;

	for (int cpu = 0; cpu < get_nprocs(); cpu++)
		sum += flag_get(&shared->points[cpu]);
	return sum;
}

void some_start(void)
{
	int cpus = get_nprocs();

	if (!shared)
		some_share();
	must(keel_open());
	must(keel_mutex_create(&mutex));
	for (long cpu = 0; cpu < cpus; cpu++)
		hard_create("periodic", 15, cpu, periodic, (void *)cpu);
	hard_create("sleeper", 30, 0, sleeper, NULL);
	hard_create("owner", 10, cpus - 1, owner, NULL);
	await(&shared->ready, cpus + 2, "the owner");
	hard_create("waiter", 12, 0, waiter, NULL);
	await(&shared->ready, cpus + 3, "the waiter");
}

void some_check(void)
{
	for (int cpu = 0; cpu < get_nprocs(); cpu++)
		await(&shared->points[cpu], flag_get(&shared->points[cpu]) + 5, "five periods");
}

static void *run(void *fn)
{
	check(keel_is_hard());
	((void (*)(void))fn)();
	return NULL;
}

void hard_run(void (*fn)(void))
{
	pthread_join(hard_create("runs", 20, 0, run, fn), NULL);
}
