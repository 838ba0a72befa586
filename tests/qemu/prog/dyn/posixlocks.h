/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c: read-write locks, barriers, spinlocks. For that file alone.
 */
#ifndef POSIXLOCKS_H
#define POSIXLOCKS_H

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int twice[2];

static void *read_and_write(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		check(!pthread_rwlock_rdlock(&rwlock));
		check(twice[0] == twice[1]);
		check(!pthread_rwlock_unlock(&rwlock));
		check(!pthread_rwlock_wrlock(&rwlock));
		twice[0]++;
		if (i % 16 == 0)
			ms_sleep(1);
		twice[1]++;
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

static void *spin_and_count(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		check(!pthread_spin_lock(&spin));
		spun++;
		if (arg && i % 50 == 0)
			ms_sleep(2);	/* the others have the CPU, and it is locked */
		check(!pthread_spin_unlock(&spin));
	}
	return NULL;
}

/* All on one CPU: a real-time thread that only spun would never see it unlocked. */
static void row_spin(void)
{
	pthread_t hard;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	check(!sched_setaffinity(0, sizeof(set), &set));
	check(!pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE));
	hard = start(spin_and_count, NULL);
	spin_and_count(&spun);
	join(hard);
	check(spun == 2 * ROUNDS);
	check(!pthread_spin_destroy(&spin));
}

#endif
