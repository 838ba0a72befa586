/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c: waits on CLOCK_REALTIME while that is set, and threads of C11. For that file alone.
 */
#ifndef POSIXSET_H
#define POSIXSET_H

#define SET_AHEAD	100	/* s: what is waited for, and then set */

static sem_t set_sem;
static pthread_mutex_t set_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t set_cond = PTHREAD_COND_INITIALIZER;

static void set_sleeps(const struct timespec *until)
{
	check(!clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, until, NULL));
}

static void set_sem_waits(const struct timespec *until)
{
	check(sem_timedwait(&set_sem, until) && errno == ETIMEDOUT);
}

static void set_cond_waits(const struct timespec *until)
{
	int err = 0;

	pthread_mutex_lock(&set_mutex);
	while (!err)
		err = pthread_cond_timedwait(&set_cond, &set_mutex, until);
	check(err == ETIMEDOUT);
	pthread_mutex_unlock(&set_mutex);
}

static void set_mutex_waits(const struct timespec *until)
{
	check(pthread_mutex_timedlock(&set_mutex, until) == ETIMEDOUT);
}

static void *set_wait(void *arg)
{
	void (*wait)(const struct timespec *) = *(void (**)(const struct timespec *))arg;
	struct timespec until = in_ms(CLOCK_REALTIME, SET_AHEAD * 1000);

	wait(&until);
	check(passed(CLOCK_REALTIME, &until));
	return NULL;
}

static void set_by(int seconds)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += seconds;
	check(!clock_settime(CLOCK_REALTIME, &ts));
}

/* Each ends when the clock is set behind its time, not after as many seconds. */
static void row_clock_set(void)
{
	void (*waits[])(const struct timespec *) = {
		set_sleeps, set_sem_waits, set_cond_waits, set_mutex_waits,
	};

	sem_init(&set_sem, 0, 0);
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		pthread_t thread;

		if (waits[i] == set_mutex_waits)
			pthread_mutex_lock(&set_mutex);
		thread = start(set_wait, &waits[i]);
		ms_sleep(50);
		set_by(SET_AHEAD);
		join(thread);
		set_by(-SET_AHEAD);
	}
}

static tss_t c11_key;
static once_flag c11_once = ONCE_FLAG_INIT;
static int c11_onces, c11_ends;

static void c11_end(void *value)
{
	c11_ends += value == &c11_key;
}

static void c11_first(void)
{
	c11_onces++;
	check(tss_create(&c11_key, c11_end) == thrd_success);
}

static int c11_child(void *arg)
{
	struct sched_param param;
	int policy;

	call_once(&c11_once, c11_first);
	check(tss_set(c11_key, &c11_key) == thrd_success && tss_get(c11_key) == &c11_key);
	check(!pthread_getschedparam(pthread_self(), &policy, &param));
	check(policy == SCHED_FIFO && param.sched_priority == PRIO);
	for (int i = 0; i < 10; i++)
		c11_turn(1, 0);
	if (arg)
		thrd_exit(7);
	return -5;
}

/* A real-time thread's children are real-time too. */
static void *c11_parent(void *arg)
{
	for (int i = 0; i < 2; i++) {
		thrd_t thread;
		int result;

		check(thrd_create(&thread, c11_child, i ? arg : NULL) == thrd_success);
		for (int n = 0; n < 10; n++)
			c11_turn(0, 1);
		check(thrd_join(thread, &result) == thrd_success && result == (i ? 7 : -5));
	}
	return NULL;
}

static void row_c11_threads(void)
{
	check(mtx_init(&c11_mutex, mtx_plain) == thrd_success);
	check(cnd_init(&c11_cond) == thrd_success);
	join(start(c11_parent, &c11_key));
	check(c11_onces == 1 && c11_ends == 2);
}

#endif
