/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c: each cancellation point that the core may serve: cancelled while it waits, before it,
 * and not while that is disabled. For that file alone.
 */
#ifndef POSIXCANCEL_H
#define POSIXCANCEL_H

#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/timerfd.h>

static struct {
	sem_t never;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	mqd_t empty, full;
	int timer, epoll;
	sigset_t signals;
} points;

static struct timespec far_away(clockid_t clock)
{
	return in_ms(clock, 30000);
}

static void at_sem_wait(void)
{
	sem_wait(&points.never);
}

static void at_sem_timedwait(void)
{
	struct timespec ts = far_away(CLOCK_REALTIME);

	sem_timedwait(&points.never, &ts);
}

/* The mutex is the thread's again when its handlers run. */
static void mutex_back(void *arg)
{
	check(pthread_mutex_trylock(&points.mutex) == EBUSY && !pthread_mutex_unlock(&points.mutex));
	(void)arg;
}

static void in_cond(int timed)
{
	struct timespec ts = far_away(CLOCK_REALTIME);

	check(!pthread_mutex_lock(&points.mutex));
	pthread_cleanup_push(mutex_back, NULL);
	if (timed)
		pthread_cond_timedwait(&points.cond, &points.mutex, &ts);
	else
		pthread_cond_wait(&points.cond, &points.mutex);
	pthread_cleanup_pop(1);
}

static void at_cond_wait(void)
{
	in_cond(0);
}

static void at_cond_timedwait(void)
{
	in_cond(1);
}

static void at_mq_receive(void)
{
	char text[8];

	mq_receive(points.empty, text, 8, NULL);
}

static void at_mq_timedreceive(void)
{
	struct timespec ts = far_away(CLOCK_REALTIME);
	char text[8];

	mq_timedreceive(points.empty, text, 8, NULL, &ts);
}

static void at_mq_send(void)
{
	mq_send(points.full, "a", 1, 0);
}

static void at_mq_timedsend(void)
{
	struct timespec ts = far_away(CLOCK_REALTIME);

	mq_timedsend(points.full, "a", 1, 0, &ts);
}

static void at_nanosleep(void)
{
	struct timespec ts = { .tv_sec = 30 };

	nanosleep(&ts, NULL);
}

static void at_clock_nanosleep(void)
{
	struct timespec ts = far_away(CLOCK_REALTIME);

	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL);
}

static void at_usleep(void)
{
	usleep(30000000);
}

static void at_sleep(void)
{
	sleep(30);
}

static void at_sigwait(void)
{
	int sig;

	sigwait(&points.signals, &sig);
}

static void at_sigwaitinfo(void)
{
	sigwaitinfo(&points.signals, NULL);
}

static void at_sigtimedwait(void)
{
	struct timespec ts = { .tv_sec = 30 };

	sigtimedwait(&points.signals, NULL, &ts);
}

static void at_poll(void)
{
	struct pollfd p = { .fd = points.empty, .events = POLLIN };

	poll(&p, 1, 30000);
}

static void at_ppoll(void)
{
	struct timespec ts = { .tv_sec = 30 };

	ppoll(NULL, 0, &ts, NULL);
}

static void at_select(void)
{
	fd_set in;

	FD_ZERO(&in);
	FD_SET(points.empty, &in);
	select(points.empty + 1, &in, NULL, NULL, NULL);
}

static void at_pselect(void)
{
	fd_set out;

	FD_ZERO(&out);
	FD_SET(points.full, &out);
	pselect(points.full + 1, NULL, &out, NULL, NULL, NULL);
}

static void at_epoll_wait(void)
{
	struct epoll_event event;

	epoll_wait(points.epoll, &event, 1, -1);
}

static void at_read(void)
{
	uint64_t n;

	check(read(points.timer, &n, 8) < 0);
}

static void at_testcancel(void)
{
	for (;;) {
		pthread_testcancel();
		ms_sleep(1);
	}
}

#define POINT(name) { #name, at_##name }

static const struct point {
	const char *name;
	void (*at)(void);
} all_points[] = {
	POINT(sem_wait), POINT(sem_timedwait), POINT(cond_wait), POINT(cond_timedwait), POINT(mq_receive),
	POINT(mq_timedreceive), POINT(mq_send), POINT(mq_timedsend), POINT(nanosleep),
	POINT(clock_nanosleep), POINT(usleep), POINT(sleep), POINT(sigwait), POINT(sigwaitinfo),
	POINT(sigtimedwait), POINT(poll), POINT(ppoll), POINT(select), POINT(pselect), POINT(epoll_wait),
	POINT(read), POINT(testcancel),
};

#define POINTS (sizeof(all_points) / sizeof(all_points[0]))

static int point_cleaned;

static void point_cleans(void *arg)
{
	*(int *)arg += 1;
}

static void *at_point(void *arg)
{
	const struct point *p = arg;

	pthread_cleanup_push(point_cleans, &point_cleaned);
	p->at();
	pthread_cleanup_pop(0);
	return NULL;
}

static int may_go;

/* Cancelled before it comes to the point. */
static void *late_at_point(void *arg)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	while (!__atomic_load_n(&may_go, __ATOMIC_SEQ_CST))
		ms_sleep(1);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	return at_point(arg);
}

static void points_prepare(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 8 };

	check(!sem_init(&points.never, 0, 0) && !pthread_mutex_init(&points.mutex, NULL));
	check(!pthread_cond_init(&points.cond, NULL));
	points.empty = queue_new(O_RDWR, 1, 8);
	mq_unlink("/posixrows-full");
	points.full = mq_open("/posixrows-full", O_RDWR | O_CREAT, 0600, &attr);
	check(points.full >= 0 && !mq_send(points.full, "a", 1, 0));
	points.timer = timerfd_create(CLOCK_MONOTONIC, 0);
	points.epoll = epoll_create1(0);
	check(points.timer >= 0 && !epoll_ctl(points.epoll, EPOLL_CTL_ADD, points.empty, &event));
	points.signals = set_of(SIGUSR1, SIGRTMIN + 1);
	block(SIGUSR1, SIGRTMIN + 1);
}

static void points_end(void)
{
	check(!mq_close(points.full) && !mq_unlink("/posixrows-full"));
	queue_end(points.empty);
}

static void row_cancel_points(void)
{
	points_prepare();
	for (size_t i = 0; i < POINTS; i++) {
		pthread_t thread = start(at_point, (void *)&all_points[i]);

		ms_sleep(10);
		point_cleaned = 0;
		check(!pthread_cancel(thread));
		printf("%s: %s: %d", row_name, all_points[i].name, join(thread) == PTHREAD_CANCELED);
		printf(" %d\n", point_cleaned);
		__atomic_store_n(&may_go, 0, __ATOMIC_SEQ_CST);
		thread = start(late_at_point, (void *)&all_points[i]);
		check(!pthread_cancel(thread));
		__atomic_store_n(&may_go, 1, __ATOMIC_SEQ_CST);
		printf("%s: %s, before: %d\n", row_name, all_points[i].name, join(thread) == PTHREAD_CANCELED);
	}
	points_end();
}

static void *not_cancelled(void *arg)
{
	char text[8];
	int sig;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	say(sem_wait(&points.never));
	say(mq_receive(points.empty, text, 8, NULL));
	say(sigwait(&points.signals, &sig));
	say(sig == SIGUSR1);
	say(usleep(1000));
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	sem_trywait(&points.never);
	pthread_testcancel();
	return arg;
}

static void on_long(int sig)
{
	handled = sig;
	ms_sleep(100);
}

static void *long_handled(void *arg)
{
	sem_wait(&points.never);
	return arg;
}

/* Disabled, a wait goes on; in a handler during a wait, the wait is still cancelled. */
static void row_cancel_not(void)
{
	struct sigaction act = { .sa_handler = on_long, .sa_flags = SA_RESTART };
	pthread_t thread;

	points_prepare();
	thread = start(not_cancelled, NULL);
	ms_sleep(20);
	check(!pthread_cancel(thread));
	ms_sleep(20);
	check(!sem_post(&points.never));
	ms_sleep(20);
	check(!mq_send(points.empty, "a", 1, 0));
	ms_sleep(20);
	check(!pthread_kill(thread, SIGUSR1));
	check(join(thread) == PTHREAD_CANCELED);
	sigaction(SIGUSR2, &act, NULL);
	handled = 0;
	thread = start(long_handled, NULL);
	ms_sleep(20);
	check(!pthread_kill(thread, SIGUSR2));
	while (!handled)
		ms_sleep(1);
	check(!pthread_cancel(thread) && join(thread) == PTHREAD_CANCELED);
	points_end();
}

/* At any time, where that is asked for. */
static void *spins_for_ever(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;;)
		*(volatile int *)arg += 1;
	return NULL;
}

static void *waits_asynchronously(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	sem_wait(&points.never);
	return arg;
}

/* Though there is nothing to wait for. */
static void *cancelled_at_free(void *arg)
{
	struct timespec ts = far_away(CLOCK_REALTIME);
	sem_t s;

	check(!sem_init(&s, 0, 1) && !pthread_cancel(pthread_self()));
	sem_timedwait(&s, &ts);
	return arg;
}

static void row_cancel_free(void)
{
	pthread_t thread;

	check(!pthread_create(&thread, NULL, cancelled_at_free, NULL) && join(thread) == PTHREAD_CANCELED);
	check(join(start(cancelled_at_free, NULL)) == PTHREAD_CANCELED);
}

static void row_cancel_async(void)
{
	pthread_t thread;
	int count = 0;

	points_prepare();
	thread = start(spins_for_ever, &count);
	ms_sleep(10);
	check(!pthread_cancel(thread) && join(thread) == PTHREAD_CANCELED);
	thread = start(waits_asynchronously, NULL);
	ms_sleep(10);
	check(!pthread_cancel(thread) && join(thread) == PTHREAD_CANCELED);
	points_end();
}

#endif
