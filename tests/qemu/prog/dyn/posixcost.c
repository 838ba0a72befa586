// SPDX-License-Identifier: GPL-2.0
/*
 * posixcost: what POSIX's calls cost real-time threads, in ns, that is, instructions under icount: "NAME
 * NS" a line. Nothing here knows of Keel. A "round" is one wake-up of the better of two threads by the
 * other one and its way back to sleep; "timer" and "sleep" tell how late the thread is.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "../checks.h"

#define ALONE	800
#define BATCHES	5
#define ROUNDS	400
#define WARM	20
#define TIMES	40
#define PERIOD	1000000
#define LINES	200

static sem_t sem, ready;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t heir;		/* with inheritance */
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static mqd_t queue, answers;
static int turn;

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static pthread_t start(int prio, void *(*fn)(void *), void *arg)
{
	return start_as(SCHED_FIFO, prio, fn, arg);
}

/* ---- alone ---------------------------------------------------------------------------------- */

static void mutex_alone(void)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
}

static void sem_alone(void)
{
	sem_post(&sem);
	sem_wait(&sem);
}

/* ---- rounds: what the better thread does, and the other one ----------------------------------- */

static void sem_sleeps(void)
{
	sem_wait(&sem);
}

static void sem_wakes(void)
{
	sem_post(&sem);
}

static void cond_sleeps(void)
{
	pthread_mutex_lock(&mutex);
	while (!turn)
		pthread_cond_wait(&cond, &mutex);
	turn = 0;
	pthread_mutex_unlock(&mutex);
}

static void cond_wakes(void)
{
	pthread_mutex_lock(&mutex);
	turn = 1;
	pthread_mutex_unlock(&mutex);
	pthread_cond_signal(&cond);
}

static void queue_sleeps(void)
{
	char text[8];

	check(mq_receive(queue, text, sizeof(text), NULL) == 8);
}

static void queue_wakes(void)
{
	check(!mq_send(queue, "message", 8, 0));
}

static void poll_sleeps(void)
{
	struct pollfd p = { .fd = queue, .events = POLLIN };

	check(poll(&p, 1, -1) == 1);
	queue_sleeps();
}

/* Who has the mutex lets the better one run, which waits for it. */
static void mutex_sleeps(void)
{
	sem_wait(&sem);
	pthread_mutex_lock(&heir);
	pthread_mutex_unlock(&heir);
}

static void mutex_wakes(void)
{
	pthread_mutex_lock(&heir);
	sem_post(&sem);
	pthread_mutex_unlock(&heir);
}

static void call_sleeps(void)
{
	queue_sleeps();
	check(!mq_send(answers, "message", 8, 0));
}

static void call_wakes(void)
{
	char text[8];

	queue_wakes();
	check(mq_receive(answers, text, sizeof(text), NULL) == 8);
}

static const struct round {
	const char *name;
	void (*sleeps)(void);
	void (*wakes)(void);
} rounds[] = {
	{ "sem_round", sem_sleeps, sem_wakes },
	{ "cond_round", cond_sleeps, cond_wakes },
	{ "mq_round", queue_sleeps, queue_wakes },
	{ "poll_round", poll_sleeps, queue_wakes },
	{ "mutex_round", mutex_sleeps, mutex_wakes },
	{ "call_round", call_sleeps, call_wakes },
};

static void *sleeper(void *arg)
{
	const struct round *r = arg;

	sem_post(&ready);
	for (int i = 0; i < WARM + ROUNDS; i++)
		r->sleeps();
	return NULL;
}

static void round_measure(const struct round *r)
{
	pthread_t thread = start(60, sleeper, (void *)r);
	int64_t began = 0;

	sem_wait(&ready);
	usleep(2000);
	for (int i = 0; i < WARM + ROUNDS; i++) {
		if (i == WARM)
			began = now_ns();
		r->wakes();
	}
	printf("%s %lld\n", r->name, (long long)(now_ns() - began) / ROUNDS);
	pthread_join(thread, NULL);
}

/* The shortest of a few times: an interrupt of Linux's now and then is not what is measured. */
static void alone_measure(const char *name, void (*fn)(void))
{
	int64_t best = 0;

	for (int i = 0; i < WARM; i++)
		fn();
	for (int i = 0; i < BATCHES; i++) {
		int64_t took, began = now_ns();

		for (int k = 0; k < ALONE; k++)
			fn();
		took = now_ns() - began;
		if (!i || took < best)
			best = took;
	}
	printf("%s %lld\n", name, (long long)best / ALONE);
}

/* ---- time -------------------------------------------------------------------------------------- */

static int64_t timerfd_late(int fd, int64_t due)
{
	uint64_t n;

	check(read(fd, &n, sizeof(n)) == sizeof(n));
	return now_ns() - due;
}

static int64_t signal_late(int fd, int64_t due)
{
	sigset_t set;

	(void)fd;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	check(sigwaitinfo(&set, NULL) == SIGRTMIN);
	return now_ns() - due;
}

static int64_t sleep_late(int fd, int64_t due)
{
	struct timespec ts = { .tv_sec = due / 1000000000, .tv_nsec = due % 1000000000 };

	(void)fd;
	check(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL));
	return now_ns() - due;
}

static struct itimerspec periodic(int64_t due)
{
	return (struct itimerspec){
		.it_value = { due / 1000000000, due % 1000000000 }, .it_interval = { 0, PERIOD },
	};
}

static void times(const char *name, int64_t (*late)(int fd, int64_t due), int fd, int64_t due)
{
	int64_t sum = 0;

	for (int i = 0; i < TIMES; i++, due += PERIOD)
		sum += late(fd, due);
	printf("%s %lld\n", name, (long long)sum / TIMES);
}

static void late_measure(const char *name, int64_t (*late)(int fd, int64_t due))
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	int64_t due = now_ns() + 2 * PERIOD;
	struct itimerspec set = periodic(due);

	check(fd >= 0 && !timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL));
	times(name, late, fd, due);
	close(fd);
}

static void signal_measure(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	int64_t due = now_ns() + 2 * PERIOD;
	struct itimerspec set = periodic(due);
	timer_t timer;

	check(!timer_create(CLOCK_MONOTONIC, &event, &timer));
	check(!timer_settime(timer, TIMER_ABSTIME, &set, NULL));
	times("signal_late", signal_late, -1, due);
	check(!timer_delete(timer));
}

/* ---- what goes to Linux -------------------------------------------------------------------------- */

/* A line to standard error, which has no buffer; so many find room. */
static void print_measure(void)
{
	int64_t began;

	for (int i = 0; i < WARM; i++)
		fprintf(stderr, "line %d\n", i);
	usleep(50000);
	began = now_ns();
	for (int i = 0; i < LINES; i++)
		fprintf(stderr, "line %d\n", i);
	printf("print_line %lld\n", (long long)(now_ns() - began) / LINES);
}

static void *born(void *arg)
{
	*(int64_t *)arg = now_ns();
	return NULL;
}

static void create_measure(void)
{
	int64_t sum = 0;

	for (int i = 0; i < WARM; i++) {
		int64_t began = now_ns(), first = 0;

		pthread_join(start(60, born, &first), NULL);
		sum += first - began;
	}
	printf("create_first %lld\n", (long long)sum / WARM);
}

static void *measure(void *arg)
{
	alone_measure("mutex_alone", mutex_alone);
	alone_measure("sem_alone", sem_alone);
	for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++)
		round_measure(&rounds[i]);
	late_measure("timerfd_late", timerfd_late);
	late_measure("sleep_late", sleep_late);
	signal_measure();
	print_measure();
	create_measure();
	return arg;
}

int main(void)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 8 };
	pthread_mutexattr_t inherit;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	check(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	check(!mlockall(MCL_CURRENT | MCL_FUTURE));
	setvbuf(stdout, malloc(4096), _IOFBF, 4096);
	pthread_mutexattr_init(&inherit);
	pthread_mutexattr_setprotocol(&inherit, PTHREAD_PRIO_INHERIT);
	check(!pthread_mutex_init(&heir, &inherit) && !sem_init(&sem, 0, 0) && !sem_init(&ready, 0, 0));
	mq_unlink("/posixcost");
	queue = mq_open("/posixcost", O_RDWR | O_CREAT, 0600, &attr);
	mq_unlink("/posixcost2");
	answers = mq_open("/posixcost2", O_RDWR | O_CREAT, 0600, &attr);
	check(queue != (mqd_t)-1 && answers != (mqd_t)-1);
	pthread_join(start(50, measure, NULL), NULL);
	mq_unlink("/posixcost");
	mq_unlink("/posixcost2");
	return 0;
}
