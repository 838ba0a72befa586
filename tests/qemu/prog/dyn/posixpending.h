/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c: calls that are no cancellation points, by a thread that has been cancelled: each returns, and
 * says the same as ever. For that file alone.
 */
#ifndef POSIXPENDING_H
#define POSIXPENDING_H

static int pending_returned;

static void pending_threads(void)
{
	pthread_t thread;

	check(!pthread_create(&thread, NULL, nothing, NULL) && !pthread_detach(thread));
	thread = start(nothing, NULL);
	check(!pthread_detach(thread));
	check(!pthread_kill(pthread_self(), 0) && !sched_yield());
}

static void pending_mutex(void)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	struct timespec ts = in_ms(CLOCK_REALTIME, 1);

	check(!pthread_mutex_lock(&m) && pthread_mutex_trylock(&m) == EBUSY);
	check(pthread_mutex_timedlock(&m, &ts) == ETIMEDOUT);
	check(!pthread_mutex_unlock(&m) && !pthread_mutex_destroy(&m));
}

static void pending_rwlock(void)
{
	pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
	struct timespec ts = in_ms(CLOCK_REALTIME, 1);

	check(!pthread_rwlock_rdlock(&l) && pthread_rwlock_timedwrlock(&l, &ts) == ETIMEDOUT);
	check(!pthread_rwlock_unlock(&l) && !pthread_rwlock_wrlock(&l) && !pthread_rwlock_unlock(&l));
	check(!pthread_rwlock_destroy(&l));
}

static void pending_cond(void)
{
	pthread_cond_t c = PTHREAD_COND_INITIALIZER;

	check(!pthread_cond_signal(&c) && !pthread_cond_broadcast(&c) && !pthread_cond_destroy(&c));
}

static pthread_barrier_t pending_meets;

static void *meets(void *arg)
{
	pthread_barrier_wait(&pending_meets);
	return arg;
}

static void pending_barrier(void)
{
	pthread_t thread;

	check(!pthread_barrier_init(&pending_meets, NULL, 2));
	thread = start(meets, NULL);
	check(!pthread_detach(thread));
	pthread_barrier_wait(&pending_meets);
	check(!pthread_barrier_destroy(&pending_meets));
}

static void pending_sem(void)
{
	sem_t s, *named;
	int value;

	check(!sem_init(&s, 0, 0) && !sem_post(&s) && !sem_getvalue(&s, &value) && value == 1);
	check(!sem_trywait(&s) && !sem_destroy(&s));
	named = sem_open("/posixrows-pending", O_CREAT, 0600, 1);
	check(named != SEM_FAILED && !sem_trywait(named) && !sem_post(named) && !sem_close(named));
	check(!sem_unlink("/posixrows-pending"));
}

static void pending_mq(void)
{
	struct sigevent none = { .sigev_notify = SIGEV_NONE };
	mqd_t d = queue_new(O_RDWR, 2, 8);
	struct mq_attr attr;

	check(!mq_getattr(d, &attr) && !mq_setattr(d, &attr, NULL) && !mq_notify(d, &none) && !mq_notify(d, NULL));
	queue_end(d);
}

static void pending_call(union sigval value)
{
	(void)value;
}

static void pending_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = pending_call };
	struct itimerspec far = { .it_value.tv_sec = 100 };
	timer_t id;

	for (int i = 0; i < 2; i++) {
		check(!timer_create(CLOCK_MONOTONIC, &event, &id) && !timer_settime(id, 0, &far, NULL));
		check(!timer_gettime(id, &far) && !timer_getoverrun(id) && !timer_delete(id));
		event.sigev_notify = SIGEV_NONE;
	}
}

static void pending_shared(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;
	sem_t s;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	check(!pthread_mutex_init(&m, &attr) && !pthread_mutex_lock(&m) && !pthread_mutex_unlock(&m));
	check(!sem_init(&s, 1, 1) && !sem_trywait(&s) && !pthread_mutex_destroy(&m) && !sem_destroy(&s));
}

/* The row waits for it. */
static void pending_fork(void)
{
	pid_t pid = fork();

	check(pid >= 0);
	if (!pid)
		_exit(42);
}

static const struct pending {
	const char *name;
	void (*calls)(void);
} all_pending[] = {
	{ "threads", pending_threads }, { "mutex", pending_mutex }, { "rwlock", pending_rwlock },
	{ "cond", pending_cond }, { "barrier", pending_barrier }, { "sem", pending_sem }, { "mq", pending_mq },
	{ "timer", pending_timer }, { "shared", pending_shared }, { "fork", pending_fork },
};

/* Once the calls have been made before, for what they make at first. */
static void *calls_pending(void *arg)
{
	const struct pending *p = arg;

	p->calls();
	check(!pthread_cancel(pthread_self()));
	p->calls();
	pending_returned = 1;
	pthread_testcancel();
	return NULL;
}

/* What opens the core for the process. */
static void *first_pending(void *arg)
{
	struct sched_param param = { .sched_priority = PRIO };

	check(!pthread_cancel(pthread_self()));
	check(!pthread_setschedparam(pthread_self(), SCHED_FIFO, &param));
	pending_returned = 1;
	pthread_testcancel();
	return arg;
}

static void row_cancel_first(void)
{
	pthread_t thread;

	check(!pthread_create(&thread, NULL, first_pending, NULL) && join(thread) == PTHREAD_CANCELED);
	check(pending_returned && !join(start(nothing, NULL)));
}

static void row_cancel_pending(void)
{
	int status;

	for (size_t i = 0; i < sizeof(all_pending) / sizeof(all_pending[0]); i++) {
		for (int hard = 0; hard < 2; hard++) {
			pthread_t thread;

			pending_returned = 0;
			if (hard)
				thread = start(calls_pending, (void *)&all_pending[i]);
			else
				check(!pthread_create(&thread, NULL, calls_pending, (void *)&all_pending[i]));
			printf("%s: %s: %d", row_name, all_pending[i].name, join(thread) == PTHREAD_CANCELED);
			printf(" %d\n", pending_returned);
			while (wait(&status) > 0)
				check(WEXITSTATUS(status) == 42);
		}
	}
}

#endif
