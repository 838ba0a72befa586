/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c: sleeping, signals, cancellation, fork, C11. For that file alone.
 */
#ifndef POSIXTIME_H
#define POSIXTIME_H

static void *sleep_all_ways(void *arg)
{
	struct timespec ts = { .tv_nsec = 5000000 }, until;

	until = in_ms(CLOCK_MONOTONIC, 5);
	check(!nanosleep(&ts, NULL) && passed(CLOCK_MONOTONIC, &until));
	until = in_ms(CLOCK_MONOTONIC, 5);
	check(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
	check(passed(CLOCK_MONOTONIC, &until));
	until = in_ms(CLOCK_REALTIME, 5);
	check(!clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL));
	check(passed(CLOCK_REALTIME, &until));
	until = in_ms(CLOCK_MONOTONIC, 5);
	check(!usleep(5000) && passed(CLOCK_MONOTONIC, &until));
	ts.tv_nsec = 1000000000;
	check(clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL) == EINVAL);
	check(nanosleep(&ts, NULL) == -1 && errno == EINVAL);
	ts.tv_nsec = 0;
	ts.tv_sec = -1;
	check(clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL) == EINVAL);
	ts.tv_sec = 0;
	check(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &ts, NULL) == EINVAL);
	check(clock_nanosleep(4711, 0, &ts, NULL) == EINVAL);
	return arg;
}

static void row_sleep(void)
{
	join(start(sleep_all_ways, NULL));
	sleep_all_ways(NULL);
}

static volatile sig_atomic_t handled;

static void on_signal(int sig)
{
	(void)sig;
	handled++;
}

static void handle(int sig, int flags)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = flags };

	check(!sigaction(sig, &act, NULL));
}

static void *sleep_interrupted(void *arg)
{
	struct timespec ts = { .tv_sec = 10 }, left = { 0 };

	(void)arg;
	check(clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &left) == EINTR);
	check(left.tv_sec >= 1 && left.tv_sec < 10);
	return NULL;
}

static void row_sleep_signal(void)
{
	for (int flags = 0; flags < 2; flags++) {
		pthread_t thread;

		handle(SIGUSR1, flags ? SA_RESTART : 0);
		thread = start(sleep_interrupted, NULL);
		ms_sleep(50);
		check(!pthread_kill(thread, SIGUSR1));
		join(thread);
		check(handled == flags + 1);
	}
}

static void *sem_interrupted(void *arg)
{
	int ret = sem_wait(&sem);

	if (arg)
		check(ret == 0);
	else
		check(ret == -1 && errno == EINTR);
	return NULL;
}

static void row_sem_signal(void)
{
	pthread_t thread;

	check(!sem_init(&sem, 0, 0));
	handle(SIGUSR1, 0);
	thread = start(sem_interrupted, NULL);
	ms_sleep(50);
	check(!pthread_kill(thread, SIGUSR1));
	join(thread);
	handle(SIGUSR1, SA_RESTART);
	thread = start(sem_interrupted, &sem);
	ms_sleep(50);
	check(!pthread_kill(thread, SIGUSR1));
	ms_sleep(50);
	check(handled == 2);
	check(!sem_post(&sem));
	join(thread);
}

static int cleaned;

static void on_cancel(void *arg)
{
	cleaned++;
	if (arg)
		check(!pthread_mutex_unlock(arg));
}

static void *cancelled_in_cond(void *arg)
{
	(void)arg;
	check(!pthread_mutex_lock(&mutex));
	pthread_cleanup_push(on_cancel, &mutex);
	for (;;)
		check(!pthread_cond_wait(&cond, &mutex));
	pthread_cleanup_pop(0);
	return NULL;
}

static void *cancelled_in_sem(void *arg)
{
	(void)arg;
	pthread_cleanup_push(on_cancel, NULL);
	sem_wait(&sem);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *cancelled_asleep(void *arg)
{
	struct timespec ts = { .tv_sec = 10 };

	(void)arg;
	pthread_cleanup_push(on_cancel, NULL);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	pthread_cleanup_pop(0);
	return NULL;
}

static void row_cancel(void)
{
	void *(*const fns[])(void *) = { cancelled_in_cond, cancelled_in_sem, cancelled_asleep };
	pthread_t thread;

	check(!sem_init(&sem, 0, 0));
	for (int i = 0; i < 3; i++) {
		thread = start(fns[i], NULL);
		ms_sleep(20);
		check(!pthread_cancel(thread));
		check(join(thread) == PTHREAD_CANCELED);
		check(cleaned == i + 1);
	}
	check(!pthread_mutex_trylock(&mutex) && !pthread_mutex_unlock(&mutex));
	turn_to(0, 1);
}

/* The child's thread is as good as any: it takes what is free, finds what it holds, counts on. */
static void *forks(void *arg)
{
	int value, status;
	pid_t pid;

	check(!pthread_mutex_lock(&mutex));
	check(!pthread_mutex_lock(&other) && !pthread_mutex_unlock(&other));
	check(!sem_post(&sem));
	pid = fork();
	if (!pid) {
		check(pthread_mutex_trylock(&mutex) == EBUSY && !pthread_mutex_unlock(&mutex));
		check(!pthread_mutex_lock(&other) && !pthread_mutex_unlock(&other));
		check(!sem_getvalue(&sem, &value) && value == 3);
		check(!sem_wait(&sem) && !sem_wait(&sem) && !sem_wait(&sem));
		check(sem_trywait(&sem) == -1 && errno == EAGAIN);
		join(start(nothing, NULL));
		check(!pthread_mutex_lock(&mutex) && !pthread_mutex_unlock(&mutex));
		_exit(0);
	}
	check(pid > 0 && waitpid(pid, &status, 0) == pid && !status);
	check(!pthread_mutex_unlock(&mutex));
	check(!sem_getvalue(&sem, &value) && value == 3);
	return arg;
}

static void row_fork(void)
{
	check(!sem_init(&sem, 0, 2));
	join(start(forks, NULL));
}

static mtx_t c11_mutex;
static cnd_t c11_cond;
static int c11_stage;

static int c11_turn(int from, int to)
{
	check(mtx_lock(&c11_mutex) == thrd_success);
	while (c11_stage != from)
		check(cnd_wait(&c11_cond, &c11_mutex) == thrd_success);
	c11_stage = to;
	check(cnd_signal(&c11_cond) == thrd_success);
	check(mtx_unlock(&c11_mutex) == thrd_success);
	return 0;
}

static void *c11_thread(void *arg)
{
	struct timespec ts = { .tv_nsec = 1000000 };

	check(thrd_sleep(&ts, NULL) == 0);
	for (int i = 0; i < ROUNDS; i++)
		c11_turn(1, 0);
	return arg;
}

static void row_c11(void)
{
	pthread_t thread;
	struct timespec ts;

	check(mtx_init(&c11_mutex, mtx_timed) == thrd_success);
	check(cnd_init(&c11_cond) == thrd_success);
	thread = start(c11_thread, NULL);
	for (int i = 0; i < ROUNDS; i++)
		c11_turn(0, 1);
	join(thread);
	check(mtx_trylock(&c11_mutex) == thrd_success && mtx_trylock(&c11_mutex) == thrd_busy);
	ts = in_ms(CLOCK_REALTIME, 10);
	check(mtx_timedlock(&c11_mutex, &ts) == thrd_timedout);
	ts = in_ms(CLOCK_REALTIME, 10);
	check(cnd_timedwait(&c11_cond, &c11_mutex, &ts) == thrd_timedout);
	mtx_unlock(&c11_mutex);
	mtx_destroy(&c11_mutex);
	cnd_destroy(&c11_cond);
}

#endif
