/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c that say what calls return, line by line, from Linux's thread and from a real-time one:
 * the C library alone says what is right. For that file alone.
 */
#ifndef POSIXVALUES_H
#define POSIXVALUES_H

#include <limits.h>

/* What the call returned, and errno of one that failed that way. */
#define say(call)									\
	do {										\
		long ret_ = (errno = 0, (long)(call));					\
											\
		printf("%s: %s = %ld%s%s\n", row_name, #call, ret_, ret_ == -1 ? " " : "",	\
		       ret_ == -1 ? strerrorname_np(errno) : "");			\
	} while (0)

/* The same by both kinds of threads, and by both again. */
static void values_of(void *(*fn)(void *))
{
	for (int i = 0; i < 2; i++) {
		fn(NULL);
		join(start(fn, NULL));
	}
}

static struct timespec bad_time = { .tv_nsec = 1000000000 }, no_time = { .tv_nsec = -1 };
static struct timespec long_ago = { .tv_sec = 1 }, before_all = { .tv_sec = -1 };

/* ---- mutexes ------------------------------------------------------------------------------------------- */

static pthread_mutex_t values_mutex;

static void *ends_with_it(void *arg)
{
	say(pthread_mutex_lock(&values_mutex));
	return arg;
}

static void *tries_it(void *arg)
{
	say(pthread_mutex_trylock(&values_mutex));
	say(pthread_mutex_timedlock(&values_mutex, &long_ago));
	say(pthread_mutex_timedlock(&values_mutex, &bad_time));
	say(pthread_mutex_clocklock(&values_mutex, CLOCK_MONOTONIC, &long_ago));
	say(pthread_mutex_clocklock(&values_mutex, CLOCK_PROCESS_CPUTIME_ID, &long_ago));
	return arg;
}

static void mutex_of(int type, int protocol, int robust)
{
	pthread_mutexattr_t attr;
	int ceiling = -7, old = -7;

	printf("%s: type %d protocol %d robust %d\n", row_name, type, protocol, robust);
	pthread_mutexattr_init(&attr);
	say(pthread_mutexattr_settype(&attr, type));
	say(pthread_mutexattr_setprotocol(&attr, protocol));
	say(pthread_mutexattr_setrobust(&attr, robust));
	if (protocol == PTHREAD_PRIO_PROTECT)
		say(pthread_mutexattr_setprioceiling(&attr, PRIO + 20));
	say(pthread_mutex_init(&values_mutex, &attr));
	say(pthread_mutex_lock(&values_mutex));
	join(start(tries_it, NULL));
	if (type == PTHREAD_MUTEX_ERRORCHECK)	/* EBUSY, for some of glibc's EDEADLK */
		say(pthread_mutex_trylock(&values_mutex) != 0);
	else if (type == PTHREAD_MUTEX_RECURSIVE || robust)
		say(pthread_mutex_trylock(&values_mutex));
	say(pthread_mutex_consistent(&values_mutex));
	if (!robust)	/* glibc does not look */
		say(pthread_mutex_destroy(&values_mutex));
	say(pthread_mutex_getprioceiling(&values_mutex, &ceiling));
	printf("%s: ceiling %d\n", row_name, ceiling);
	say(pthread_mutex_unlock(&values_mutex));
	if (type == PTHREAD_MUTEX_RECURSIVE) {
		say(pthread_mutex_unlock(&values_mutex));
		say(pthread_mutex_unlock(&values_mutex));
	}
	say(pthread_mutex_setprioceiling(&values_mutex, PRIO + 10, &old));
	printf("%s: old ceiling %d\n", row_name, old);
	say(pthread_mutex_timedlock(&values_mutex, &no_time));
	say(pthread_mutex_unlock(&values_mutex));
	/* Who has it ends: the next one hears of it, or nobody gets it any more. */
	join(start(ends_with_it, NULL));
	join(start(tries_it, NULL));
	if (!robust) {
		say(pthread_mutex_trylock(&values_mutex));
		return;
	}
	say(pthread_mutex_lock(&values_mutex));
	say(pthread_mutex_unlock(&values_mutex));
	say(pthread_mutex_lock(&values_mutex));
	say(pthread_mutex_trylock(&values_mutex));
	say(pthread_mutex_destroy(&values_mutex));
}

static void *mutex_values(void *arg)
{
	static const int types[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK };

	for (int i = 0; i < 3; i++)
		for (int robust = 0; robust < 2; robust++) {
			mutex_of(types[i], PTHREAD_PRIO_NONE, robust);
			mutex_of(types[i], PTHREAD_PRIO_INHERIT, robust);
		}
	mutex_of(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_PROTECT, 0);
	return arg;
}

static void row_mutex_values(void)
{
	join(start(mutex_values, NULL));
	join(start(mutex_values, NULL));
}

/* One above the ceiling may not have it. */
static void *above_ceiling(void *arg)
{
	say(pthread_mutex_lock(&values_mutex));
	say(pthread_mutex_trylock(&values_mutex));
	return arg;
}

static void row_ceiling_values(void)
{
	pthread_mutexattr_t attr;
	int old;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_PROTECT);
	say(pthread_mutexattr_setprioceiling(&attr, 0));
	say(pthread_mutexattr_setprioceiling(&attr, 100));
	say(pthread_mutexattr_setprioceiling(&attr, PRIO - 1));
	check(!pthread_mutex_init(&values_mutex, &attr));
	join(start(above_ceiling, NULL));
	say(pthread_mutex_setprioceiling(&values_mutex, PRIO + 1, &old));
	say(old);
	join(start(ends_with_it, NULL));
}

/* ---- conditions ------------------------------------------------------------------------------------------ */

static pthread_cond_t values_cond;

static void *cond_values(void *arg)
{
	pthread_condattr_t attr;
	clockid_t clock;

	pthread_condattr_init(&attr);
	say(pthread_condattr_setclock(&attr, CLOCK_PROCESS_CPUTIME_ID));
	say(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
	say(pthread_condattr_getclock(&attr, &clock));
	say(clock);
	say(pthread_cond_init(&values_cond, &attr));
	say(pthread_mutex_init(&values_mutex, NULL));
	say(pthread_cond_signal(&values_cond));
	say(pthread_cond_broadcast(&values_cond));
	say(pthread_mutex_lock(&values_mutex));
	say(pthread_cond_timedwait(&values_cond, &values_mutex, &long_ago));
	say(pthread_cond_timedwait(&values_cond, &values_mutex, &before_all));
	say(pthread_cond_timedwait(&values_cond, &values_mutex, &bad_time));
	say(pthread_cond_timedwait(&values_cond, &values_mutex, &no_time));
	say(pthread_cond_clockwait(&values_cond, &values_mutex, CLOCK_REALTIME, &long_ago));
	say(pthread_cond_clockwait(&values_cond, &values_mutex, CLOCK_THREAD_CPUTIME_ID, &long_ago));
	say(pthread_mutex_trylock(&values_mutex));
	say(pthread_mutex_unlock(&values_mutex));
	say(pthread_cond_destroy(&values_cond));
	say(pthread_mutex_destroy(&values_mutex));
	return arg;
}

static void row_cond_values(void)
{
	values_of(cond_values);
}

static int robust_waits;

/* Wakes the waiter, and ends with what that waits for. */
static void *signals_and_ends(void *arg)
{
	check(!pthread_mutex_lock(&values_mutex));
	robust_waits = 0;
	check(!pthread_cond_signal(&values_cond));
	return arg;
}

static void *cond_robust(void *arg)
{
	int protocol = arg ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE;
	pthread_mutexattr_t attr;
	pthread_t thread;
	int err = 0;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setprotocol(&attr, protocol);
	check(!pthread_mutex_init(&values_mutex, &attr) && !pthread_cond_init(&values_cond, NULL));
	check(!pthread_mutex_lock(&values_mutex));
	robust_waits = 1;
	thread = start(signals_and_ends, NULL);
	while (robust_waits && !err)
		err = pthread_cond_wait(&values_cond, &values_mutex);
	say(err);
	say(pthread_mutex_consistent(&values_mutex));
	say(pthread_mutex_unlock(&values_mutex));
	say(pthread_mutex_lock(&values_mutex));
	say(pthread_mutex_unlock(&values_mutex));
	join(thread);
	say(pthread_cond_destroy(&values_cond));
	say(pthread_mutex_destroy(&values_mutex));
	return arg;
}

static void row_cond_robust(void)
{
	for (int i = 0; i < 2; i++) {
		join(start(cond_robust, i ? &mutex : NULL));
		cond_robust(i ? &mutex : NULL);
	}
}

/* ---- read-write locks and barriers ------------------------------------------------------------------------ */

static pthread_rwlock_t values_lock;

static void *tries_rwlock(void *arg)
{
	say(pthread_rwlock_tryrdlock(&values_lock));
	say(pthread_rwlock_timedrdlock(&values_lock, &long_ago));
	say(pthread_rwlock_timedrdlock(&values_lock, &bad_time));
	say(pthread_rwlock_clockrdlock(&values_lock, CLOCK_THREAD_CPUTIME_ID, &long_ago));
	if (arg)
		say(pthread_rwlock_unlock(&values_lock) + pthread_rwlock_unlock(&values_lock));
	say(pthread_rwlock_trywrlock(&values_lock));
	say(pthread_rwlock_timedwrlock(&values_lock, &before_all));
	say(pthread_rwlock_clockwrlock(&values_lock, CLOCK_MONOTONIC, &no_time));
	return NULL;
}

static void *ends_reading(void *arg)
{
	say(pthread_rwlock_rdlock(&values_lock));
	return arg;
}

static void *rwlock_values(void *arg)
{
	say(pthread_rwlock_init(&values_lock, NULL));
	say(pthread_rwlock_rdlock(&values_lock));
	say(pthread_rwlock_rdlock(&values_lock));
	join(start(tries_rwlock, &values_lock));
	say(pthread_rwlock_unlock(&values_lock));
	say(pthread_rwlock_unlock(&values_lock));
	say(pthread_rwlock_timedwrlock(&values_lock, &long_ago));
	say(pthread_rwlock_wrlock(&values_lock));
	say(pthread_rwlock_rdlock(&values_lock));
	join(start(tries_rwlock, NULL));
	say(pthread_rwlock_unlock(&values_lock));
	join(start(ends_reading, NULL));
	say(pthread_rwlock_destroy(&values_lock));
	say(pthread_rwlock_init(&values_lock, NULL));
	say(pthread_rwlock_wrlock(&values_lock));
	say(pthread_rwlock_unlock(&values_lock));
	say(pthread_rwlock_destroy(&values_lock));
	return arg;
}

static void *barrier_values(void *arg)
{
	pthread_barrierattr_t attr;
	pthread_barrier_t b;

	pthread_barrierattr_init(&attr);
	say(pthread_barrierattr_setpshared(&attr, 77));
	say(pthread_barrier_init(&b, &attr, 0));
	say(pthread_barrier_init(&b, &attr, 1));
	say(pthread_barrier_wait(&b));
	say(pthread_barrier_destroy(&b));
	return arg;
}

static void row_lock_values(void)
{
	values_of(rwlock_values);
	values_of(barrier_values);
}

/* ---- semaphores --------------------------------------------------------------------------------------------- */

static void *sem_values(void *arg)
{
	struct timespec soon;
	int value = 0;
	sem_t s;

	say(sem_init(&s, 0, SEM_VALUE_MAX + 1u));
	say(sem_init(&s, 0, SEM_VALUE_MAX));
	say(sem_post(&s));
	say(sem_trywait(&s));
	say(sem_post(&s));
	say(sem_getvalue(&s, &value));
	say(value == SEM_VALUE_MAX);
	say(sem_destroy(&s));
	say(sem_init(&s, 0, 1));
	say(sem_timedwait(&s, &long_ago));
	say(sem_timedwait(&s, &long_ago));
	say(sem_timedwait(&s, &before_all));
	say(sem_timedwait(&s, &bad_time));
	say(sem_clockwait(&s, CLOCK_THREAD_CPUTIME_ID, &long_ago));
	soon = in_ms(CLOCK_REALTIME, 5);
	say(sem_timedwait(&s, &soon));
	say(sem_trywait(&s));
	say(sem_post(&s));
	say(sem_timedwait(&s, &no_time));
	say(sem_wait(&s));
	say(sem_destroy(&s));
	return arg;
}

static void row_sem_values(void)
{
	values_of(sem_values);
}

/* Another user's: @arg is the semaphore. */
static void *as_another(void *arg)
{
	sem_t *s;

	say((s = sem_open(SEM, 0)) == SEM_FAILED ? -1 : 0);
	say((s = sem_open(SEM, O_CREAT, 0600, 3)) == SEM_FAILED ? -1 : 0);
	say(sem_unlink(SEM));
	say(mq_open(QUEUE, O_RDWR) < 0 ? -1 : 0);
	say(mq_open(QUEUE, O_RDONLY) < 0 ? -1 : 0);
	say(mq_open(QUEUE, O_CREAT | O_WRONLY, 0600, NULL) < 0 ? -1 : 0);
	say(mq_unlink(QUEUE));
	return arg;
}

static void *named_values(void *arg)
{
	sem_t *a, *b, *c;
	int value, status;
	mqd_t d = queue_new(O_RDWR, 2, 8);

	sem_unlink(SEM);
	a = sem_open(SEM, O_CREAT | O_EXCL, 0600, 2);
	check(a != SEM_FAILED);
	b = sem_open(SEM, O_CREAT, 0666, 7);
	say(a == b);
	say(sem_getvalue(b, &value));
	say(value);
	fflush(stdout);
	if (!fork()) {
		check(!mq_close(mq_open(QUEUE, O_RDONLY)));
		say(setgid(65534) | setuid(65534));
		as_another(NULL);
		fflush(stdout);
		_exit(0);
	}
	check(wait(&status) > 0 && !status);
	say(sem_unlink(SEM));
	say((c = sem_open(SEM, O_CREAT, 0600, 5)) == SEM_FAILED ? -1 : 0);
	say(a == c);
	say(sem_getvalue(a, &value) + sem_getvalue(c, &value));
	say(value);
	say(sem_close(a));
	say(sem_getvalue(b, &value));
	say(value);
	say(sem_close(b));
	say(sem_close(c));
	say(sem_unlink(SEM));
	say(sem_unlink(SEM));
	queue_end(d);
	return arg;
}

static void row_named_values(void)
{
	values_of(named_values);
}

#endif
