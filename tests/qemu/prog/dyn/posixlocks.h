/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c: read-write locks, barriers, spinlocks. For that file alone.
 */
#ifndef POSIXLOCKS_H
#define POSIXLOCKS_H

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int twice[2];

/* Who reads sees no change, who writes nobody else. */
static void *read_and_write(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		int seen;

		check(!pthread_rwlock_rdlock(&rwlock));
		seen = twice[0];
		if (i % 16 == 8)
			ms_sleep(1);
		check(twice[0] == seen && twice[1] == seen);
		check(!pthread_rwlock_unlock(&rwlock));
		check(!pthread_rwlock_wrlock(&rwlock));
		seen = ++twice[0];
		if (i % 16 == 0)
			ms_sleep(1);
		check(twice[0] == seen && ++twice[1] == seen);
		check(!pthread_rwlock_unlock(&rwlock));
	}
	return arg;
}

static void *rwlock_errors(void *arg)
{
	struct timespec ts = in_ms(CLOCK_REALTIME, 20);

	check(pthread_rwlock_tryrdlock(&rwlock) == EBUSY && pthread_rwlock_trywrlock(&rwlock) == EBUSY);
	check(pthread_rwlock_timedrdlock(&rwlock, &ts) == ETIMEDOUT && passed(CLOCK_REALTIME, &ts));
	ts = in_ms(CLOCK_MONOTONIC, 20);
	check(pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &ts) == ETIMEDOUT);
	check(passed(CLOCK_MONOTONIC, &ts));
	ts.tv_nsec = -1;
	check(pthread_rwlock_timedwrlock(&rwlock, &ts) == EINVAL);
	return arg;
}

static int written;

static void *write_once(void *arg)
{
	check(!pthread_rwlock_wrlock(&rwlock));
	__atomic_store_n(&written, 1, __ATOMIC_SEQ_CST);
	check(!pthread_rwlock_unlock(&rwlock));
	return arg;
}

static void *read_at_once(void *arg)
{
	struct timespec ts = in_ms(CLOCK_REALTIME, 2000);

	check(pthread_rwlock_trywrlock(&rwlock) == EBUSY);
	check(!pthread_rwlock_timedrdlock(&rwlock, &ts));
	check(!__atomic_load_n(&written, __ATOMIC_SEQ_CST));
	check(!pthread_rwlock_unlock(&rwlock));
	return arg;
}

/* A reader goes past a writer that waits, if that has a lower priority, and the writer past nobody. */
static void *read_while_one_wants_to_write(void *arg)
{
	pthread_t writer;

	check(!pthread_rwlock_rdlock(&rwlock));
	writer = start_as(SCHED_FIFO, PRIO - 10, write_once, NULL);
	ms_sleep(20);
	join(start_as(SCHED_FIFO, PRIO + 10, read_at_once, NULL));
	check(!__atomic_load_n(&written, __ATOMIC_SEQ_CST));
	check(!pthread_rwlock_unlock(&rwlock));
	join(writer);
	check(written);
	return arg;
}

/* Held for reading, and then for writing, before there is any real-time thread. */
static void row_rwlock(void)
{
	pthread_t a, b;

	check(!pthread_rwlock_rdlock(&rwlock));
	a = start(read_and_write, NULL);
	ms_sleep(10);
	check(twice[0] == 0);
	check(!pthread_rwlock_unlock(&rwlock));
	b = start(read_and_write, NULL);
	read_and_write(NULL);
	join(a);
	join(b);
	check(twice[0] == 3 * ROUNDS);
	join(start(read_while_one_wants_to_write, NULL));
	check(!pthread_rwlock_wrlock(&rwlock));
	join(start(rwlock_errors, NULL));
	check(pthread_rwlock_wrlock(&rwlock) == EDEADLK);
	check(!pthread_rwlock_unlock(&rwlock));
	check(!pthread_rwlock_destroy(&rwlock));
}

static pthread_barrier_t barrier;
static int met, serial;

static void *meet_often(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		int ret;

		__atomic_add_fetch(&met, 1, __ATOMIC_SEQ_CST);
		ret = pthread_barrier_wait(&barrier);
		check(ret == 0 || ret == PTHREAD_BARRIER_SERIAL_THREAD);
		if (ret)
			__atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
		check(__atomic_load_n(&met, __ATOMIC_SEQ_CST) >= 3 * (i + 1));
	}
	return arg;
}

/* One waits before there is any real-time thread. */
static void row_barrier(void)
{
	pthread_t linux_one, hard;

	check(pthread_barrier_init(&barrier, NULL, 0) == EINVAL);
	check(!pthread_barrier_init(&barrier, NULL, 3));
	check(!pthread_create(&linux_one, NULL, meet_often, NULL));
	ms_sleep(10);
	hard = start(meet_often, NULL);
	meet_often(NULL);
	check(!pthread_join(linux_one, NULL));
	join(hard);
	check(serial == ROUNDS && met == 3 * ROUNDS);
	check(!pthread_barrier_destroy(&barrier));
}

static pthread_spinlock_t spin;
static int spun;
static void *inside;

static void *find_locked(void *arg)
{
	check(pthread_spin_trylock(&spin) == EBUSY);
	return arg;
}

/* @arg is who. Each sleeps now and then, with the lock and without, so that the other comes. */
static void *spin_and_count(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		check(!pthread_spin_lock(&spin));
		check(!inside);
		inside = arg;
		spun++;
		if (i % 16 == 0)
			ms_sleep(1);
		check(inside == arg);
		inside = NULL;
		check(!pthread_spin_unlock(&spin));
		if (i % 16 == 8)
			ms_sleep(1);
	}
	return NULL;
}

static void *spin_once(void *arg)
{
	check(!pthread_spin_lock(&spin));
	check(!inside);
	check(!pthread_spin_unlock(&spin));
	return arg;
}

/* At last on one CPU: a real-time thread that only spun would never see it unlocked. */
static void row_spin(void)
{
	pthread_t hard;
	cpu_set_t set;

	check(!pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE));
	check(!pthread_spin_lock(&spin));
	join(start(find_locked, NULL));
	check(!pthread_spin_unlock(&spin));
	hard = start(spin_and_count, &hard);
	spin_and_count(&spun);
	join(hard);
	check(spun == 2 * ROUNDS);
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	check(!sched_setaffinity(0, sizeof(set), &set));
	check(!pthread_spin_lock(&spin));
	inside = &set;
	hard = start(spin_once, NULL);
	ms_sleep(2);
	inside = NULL;
	check(!pthread_spin_unlock(&spin));
	join(hard);
	check(!pthread_spin_destroy(&spin));
}

#endif
