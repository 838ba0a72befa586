/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c: condition variables. For that file alone.
 */
#ifndef POSIXCONDS_H
#define POSIXCONDS_H

static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void turn_to(int from, int to)
{
	check(!pthread_mutex_lock(&mutex));
	while (stage != from)
		check(!pthread_cond_wait(&cond, &mutex));
	stage = to;
	check(!pthread_cond_broadcast(&cond));
	check(!pthread_mutex_unlock(&mutex));
}

static void *pong(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++)
		turn_to(1, 0);
	return NULL;
}

static void *ping(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++)
		turn_to(0, 1);
	return NULL;
}

static void row_cond_mixed(void)
{
	pthread_t thread = start(pong, NULL);

	ping(NULL);
	join(thread);
}

static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t third = PTHREAD_MUTEX_INITIALIZER;
static int is_told;

static void *wait_until_told(void *arg)
{
	check(!pthread_mutex_lock(&other));
	while (!is_told)
		check(!pthread_cond_wait(&told, &other));
	check(!pthread_mutex_unlock(&other));
	return arg;
}

static void *find_locked_mutex(void *arg)
{
	check(pthread_mutex_trylock(arg) == EBUSY);
	return arg;
}

static void *lock_and_unlock(void *arg)
{
	check(!pthread_mutex_lock(arg));
	check(!pthread_mutex_unlock(arg));
	return arg;
}

/* Until @ms from now, or since: there is a time-out, and the mutex is the caller's again. */
static void wait_in_vain(pthread_mutex_t *m, int ms)
{
	struct timespec ts = in_ms(CLOCK_REALTIME, ms);
	pthread_cond_t c;
	int err;

	check(!pthread_cond_init(&c, NULL));
	check(!pthread_mutex_lock(m));
	do
		err = pthread_cond_timedwait(m == &other ? &told : &c, m, &ts);
	while (!err);
	check(err == ETIMEDOUT && passed(CLOCK_REALTIME, &ts));
	join(start(find_locked_mutex, m));
	check(!pthread_mutex_unlock(m));
	check(!pthread_cond_destroy(&c));
}

static void *wait_since(void *arg)
{
	wait_in_vain(arg, -20);
	return arg;
}

static void *wait_for_100(void *arg)
{
	wait_in_vain(arg, 100);
	return arg;
}

/* Three wait before there is any real-time thread: one that takes turns with such a one, one whose
 * condition and one whose mutex alone is used by one meanwhile. */
static void row_cond_before(void)
{
	pthread_t turns, tell, vain, hard;

	check(!pthread_create(&turns, NULL, pong, NULL));
	check(!pthread_create(&tell, NULL, wait_until_told, NULL));
	check(!pthread_create(&vain, NULL, wait_for_100, &third));
	ms_sleep(20);
	join(start(lock_and_unlock, &third));
	hard = start(ping, NULL);
	join(start(wait_since, &other));
	join(hard);
	join(turns);
	wait_in_vain(&other, -20);
	check(!pthread_mutex_lock(&other));
	is_told = 1;
	check(!pthread_cond_signal(&told));
	check(!pthread_mutex_unlock(&other));
	join(tell);
	join(vain);
}

static void *time_out(void *arg)
{
	clockid_t clock = arg ? CLOCK_MONOTONIC : CLOCK_REALTIME;
	pthread_condattr_t attr;
	pthread_cond_t c;
	struct timespec ts;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, clock);
	check(!pthread_cond_init(&c, &attr));
	check(!pthread_mutex_lock(&mutex));
	ts = in_ms(clock, 20);
	while (!passed(clock, &ts)) {
		int err = pthread_cond_timedwait(&c, &mutex, &ts);

		check(!err || err == ETIMEDOUT);
		check(!err || passed(clock, &ts));
	}
	check(pthread_cond_timedwait(&c, &mutex, &ts) == ETIMEDOUT);
	check(pthread_mutex_trylock(&mutex) == EBUSY);
	ts.tv_nsec = 1000000000;
	check(pthread_cond_timedwait(&c, &mutex, &ts) == EINVAL);
	check(!pthread_mutex_unlock(&mutex));
	check(!pthread_cond_destroy(&c));
	return NULL;
}

/* Who waits on a condition locks the mutex again. */
static pthread_cond_t back_cond = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t back_mutex;
static int back_waits, back_told;

static void *wait_and_come_back(void *arg)
{
	check(!pthread_mutex_lock(&back_mutex));
	back_waits = 1;
	while (!back_told)
		check(!pthread_cond_wait(&back_cond, &back_mutex));
	check(!pthread_mutex_unlock(&back_mutex));
	return arg;
}

static void destroy_while_waited(void)
{
	pthread_t thread;

	check(!pthread_mutex_init(&back_mutex, NULL));
	back_waits = back_told = 0;
	thread = start(wait_and_come_back, NULL);
	while (!__atomic_load_n(&back_waits, __ATOMIC_SEQ_CST))
		ms_sleep(10);
	check(!pthread_mutex_lock(&back_mutex) && !pthread_mutex_unlock(&back_mutex));
	check(pthread_mutex_destroy(&back_mutex) == EBUSY);
	check(!pthread_mutex_lock(&back_mutex));
	back_told = 1;
	check(!pthread_cond_signal(&back_cond) && !pthread_mutex_unlock(&back_mutex));
	join(thread);
	check(!pthread_mutex_destroy(&back_mutex));
}

static void row_cond_destroy(void)
{
	destroy_while_waited();
	destroy_while_waited();
}

static void row_cond_timed(void)
{
	join(start(time_out, NULL));
	join(start(time_out, &mutex));
	time_out(NULL);
	time_out(&mutex);
}

#endif
