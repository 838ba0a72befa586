/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixnp.c: a thread that is cancelled in a wait at the very moment at which it is given what it waits
 * for: that is taken, or is there for another. glibc alone loses some. For that file alone.
 */
#ifndef POSIXLOST_H
#define POSIXLOST_H

#include <fcntl.h>
#include <mqueue.h>
#include <time.h>

#define LOST_ROUNDS 120

static int lost_taken;

static void lost_count(void)
{
	__atomic_add_fetch(&lost_taken, 1, __ATOMIC_SEQ_CST);
}

/* A little more each time, so that it comes at all points of the wait. */
static void lost_delay(int i)
{
	int64_t until = keel_clock_ns() + i % 40 * 1000;

	while (keel_clock_ns() < until)
		;
}

/* ---- posts, messages, signals ------------------------------------------------------------------------ */

static sem_t lost_sem;
static mqd_t lost_queue;
static sigset_t lost_set;

static void sem_give(void)
{
	check(!sem_post(&lost_sem));
}

static void *sem_takes(void *arg)
{
	for (;;) {
		check(!sem_wait(&lost_sem));
		lost_count();
	}
	return arg;
}

static int sem_left(void)
{
	return !sem_trywait(&lost_sem);
}

static void queue_give(void)
{
	check(!mq_send(lost_queue, "a", 1, 0));
}

static void *queue_takes(void *arg)
{
	char text[8];

	for (;;) {
		check(mq_receive(lost_queue, text, 8, NULL) == 1);
		lost_count();
	}
	return arg;
}

static int queue_left(void)
{
	static const struct timespec past = { .tv_sec = 1 };
	char text[8];

	return mq_timedreceive(lost_queue, text, 8, NULL, &past) == 1;
}

static void signal_give(void)
{
	check(!sigqueue(getpid(), SIGRTMIN + 2, (union sigval){ 0 }));
}

static void *signal_takes(void *arg)
{
	for (;;) {
		check(sigwaitinfo(&lost_set, NULL) == SIGRTMIN + 2);
		lost_count();
	}
	return arg;
}

static int signal_left(void)
{
	static const struct timespec none;

	return sigtimedwait(&lost_set, NULL, &none) == SIGRTMIN + 2;
}

static const struct lost {
	const char *name;
	void (*give)(void);
	void *(*takes)(void *arg);
	int (*left)(void);
} losts[] = {
	{ "sem", sem_give, sem_takes, sem_left },
	{ "queue", queue_give, queue_takes, queue_left },
	{ "signal", signal_give, signal_takes, signal_left },
};

/* @arg tells which. */
static void *cancels(void *arg)
{
	const struct lost *l = arg;

	lost_taken = 0;
	for (int i = 1; i <= LOST_ROUNDS; i++) {
		pthread_t thread = start(i & 1 ? PRIO + 1 : PRIO - 1, l->takes, NULL);

		ms_sleep(1);
		if (i & 2)
			l->give();
		else
			pthread_cancel(thread);
		lost_delay(i);
		if (i & 2)
			pthread_cancel(thread);
		else
			l->give();
		pthread_join(thread, NULL);
		while (l->left())
			lost_count();
		if (lost_taken != i)
			printf("fail lost: %s: %d of %d\n", l->name, lost_taken, i);
		check(lost_taken == i);
	}
	return NULL;
}

static void row_lost(void)
{
	struct mq_attr attr = { .mq_maxmsg = 8, .mq_msgsize = 8 };
	cpu_set_t all;

	CPU_ZERO(&all);
	CPU_SET(0, &all);
	CPU_SET(1, &all);
	sched_setaffinity(0, sizeof(all), &all);
	sem_init(&lost_sem, 0, 0);
	mq_unlink("/posixnp");
	lost_queue = mq_open("/posixnp", O_RDWR | O_CREAT, 0600, &attr);
	check(lost_queue >= 0);
	sigemptyset(&lost_set);
	sigaddset(&lost_set, SIGRTMIN + 2);
	pthread_sigmask(SIG_BLOCK, &lost_set, NULL);
	for (int i = 0; i < 3; i++) {
		pthread_join(start(PRIO, cancels, (void *)&losts[i]), NULL);
		cancels((void *)&losts[i]);
	}
	mq_unlink("/posixnp");
}

/* ---- conditions ------------------------------------------------------------------------------------------ */

static pthread_mutex_t lost_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t lost_cond = PTHREAD_COND_INITIALIZER;
static int lost_tokens;

static void lost_unlock(void *arg)
{
	pthread_mutex_unlock(arg);
}

static void *token_takes(void *arg)
{
	pthread_mutex_lock(&lost_mutex);
	pthread_cleanup_push(lost_unlock, &lost_mutex);
	for (;;) {
		while (!lost_tokens)
			pthread_cond_wait(&lost_cond, &lost_mutex);
		lost_tokens--;
		lost_count();
	}
	pthread_cleanup_pop(0);
	return arg;
}

/* A signal is for one that is not cancelled. */
static void *cancels_in_cond(void *arg)
{
	pthread_t stays = start(PRIO - 2, token_takes, NULL);

	lost_taken = 0;
	for (int i = 1; i <= LOST_ROUNDS; i++) {
		pthread_t goes = start(PRIO + 1, token_takes, NULL);
		int64_t until;

		ms_sleep(1);
		pthread_mutex_lock(&lost_mutex);
		lost_tokens++;
		check(!pthread_cond_signal(&lost_cond));
		if (i & 1)
			pthread_mutex_unlock(&lost_mutex);
		lost_delay(i);
		pthread_cancel(goes);
		if (!(i & 1))
			pthread_mutex_unlock(&lost_mutex);
		pthread_join(goes, NULL);
		until = keel_clock_ns() + 5000 * MS;
		while (__atomic_load_n(&lost_taken, __ATOMIC_SEQ_CST) != i && keel_clock_ns() < until)
			ms_sleep(1);
		check(__atomic_load_n(&lost_taken, __ATOMIC_SEQ_CST) == i);
	}
	pthread_cancel(stays);
	pthread_join(stays, NULL);
	check(!pthread_cond_destroy(&lost_cond) && !pthread_mutex_destroy(&lost_mutex));
	return arg;
}

static void row_lost_signal(void)
{
	pthread_join(start(PRIO, cancels_in_cond, NULL), NULL);
}

/* Whoever was woken is still on the way out, on another CPU or behind the caller, when the condition goes. */
static void *leaves_late(void *arg)
{
	pthread_mutex_lock(&lost_mutex);
	while (!lost_tokens)
		pthread_cond_wait(arg, &lost_mutex);
	pthread_mutex_unlock(&lost_mutex);
	return NULL;
}

static void *destroys(void *arg)
{
	for (int i = 0; i < LOST_ROUNDS / 4; i++) {
		pthread_cond_t cond;
		pthread_t threads[3];

		check(!pthread_cond_init(&cond, NULL));
		lost_tokens = 0;
		for (int n = 0; n < 3; n++)
			threads[n] = start(PRIO - 1 + n, leaves_late, &cond);
		ms_sleep(1);
		pthread_mutex_lock(&lost_mutex);
		lost_tokens = 1;
		check(!pthread_cond_broadcast(&cond));
		pthread_mutex_unlock(&lost_mutex);
		check(!pthread_cond_destroy(&cond));
		for (int n = 0; n < 3; n++)
			pthread_join(threads[n], NULL);
	}
	return arg;
}

static void row_destroy(void)
{
	pthread_join(start(PRIO, destroys, NULL), NULL);
	destroys(NULL);
}

#endif
