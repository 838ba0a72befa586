/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows: waiting for several descriptors, and timers that are descriptors.
 */
#ifndef POSIXPOLL_H
#define POSIXPOLL_H

#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/timerfd.h>

static void timer_arm(int fd, long first_ms, long interval_ms)
{
	struct itimerspec set = { .it_value.tv_nsec = first_ms * 1000000,
				  .it_interval.tv_nsec = interval_ms * 1000000 };

	check(!timerfd_settime(fd, 0, &set, NULL));
}

static int timer_new(clockid_t clock, int flags, long first_ms, long interval_ms)
{
	int fd = timerfd_create(clock, flags);

	check(fd >= 0);
	timer_arm(fd, first_ms, interval_ms);
	return fd;
}

static uint64_t expirations(int fd)
{
	uint64_t n = 0;

	check(read(fd, &n, sizeof(n)) == sizeof(n));
	return n;
}

static void *use_timers(void *arg)
{
	struct timespec before = in_ms(CLOCK_MONOTONIC, 0), soon = in_ms(CLOCK_REALTIME, 20);
	struct itimerspec set = { .it_value = soon }, old;
	int fd = timer_new(CLOCK_MONOTONIC, 0, 20, 10);
	uint64_t n = 0;

	check(expirations(fd) >= 1);
	before.tv_nsec += 20000000;
	before.tv_sec += before.tv_nsec / 1000000000;
	before.tv_nsec %= 1000000000;
	check(passed(CLOCK_MONOTONIC, &before));
	ms_sleep(55);
	n = expirations(fd);
	check(n >= 5);
	check(expirations(fd) >= 1);
	check(!timerfd_gettime(fd, &old) && old.it_interval.tv_nsec == 10000000);
	fails(read(fd, &n, 7), EINVAL);
	set.it_value.tv_nsec = 1000000000;
	fails(timerfd_settime(fd, 0, &set, NULL), EINVAL);
	check(!close(fd));
	fails(read(fd, &n, 8), EBADF);
	fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	fails(read(fd, &n, 8), EAGAIN);
	set.it_value = soon;
	check(!timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL));
	while (!passed(CLOCK_REALTIME, &soon))
		ms_sleep(5);
	ms_sleep(1);
	check(expirations(fd) == 1);
	fails(read(fd, &n, 8), EAGAIN);
	fails(timerfd_create(77, 0), EINVAL);
	check(!close(fd));
	return arg;
}

static void row_timerfd(void)
{
	use_timers(NULL);
	join(start(use_timers, NULL));
	use_timers(NULL);
}

static int shared_timer;

static void *read_timer(void *arg)
{
	check(expirations(shared_timer) == 1);
	return arg;
}

/* It is set while a thread waits for it; a signal ends the wait. */
static void row_timerfd_set(void)
{
	struct itimerspec set = { .it_value.tv_nsec = 1 };
	pthread_t thread;

	shared_timer = timerfd_create(CLOCK_MONOTONIC, 0);
	thread = start(read_timer, NULL);
	ms_sleep(20);
	check(!timerfd_settime(shared_timer, 0, &set, NULL));
	join(thread);
	thread = start(read_timer, NULL);
	ms_sleep(20);
	check(!pthread_cancel(thread) && join(thread) == PTHREAD_CANCELED);
	check(!close(shared_timer));
}

static mqd_t poll_queue;

static void *send_in_a_moment(void *arg)
{
	ms_sleep(30);
	check(!mq_send(poll_queue, "a", 1, 0));
	return arg;
}

static void queue_empty(void)
{
	char text[8];

	check(mq_receive(poll_queue, text, 8, NULL) == 1);
}

/* What is ready, of a queue and a timer that is armed later. */
static void *use_poll(void *arg)
{
	int timer = timer_new(CLOCK_MONOTONIC, 0, 0, 0);
	struct pollfd p[] = { { .fd = poll_queue, .events = POLLIN }, { .fd = -1, .events = POLLIN },
			      { .fd = timer, .events = POLLIN } };
	struct timespec ts = in_ms(CLOCK_MONOTONIC, 20);
	struct timespec short_time = { .tv_nsec = 5000000 };
	pthread_t thread;

	check(poll(p, 3, 0) == 0);
	check(poll(p, 3, 20) == 0 && passed(CLOCK_MONOTONIC, &ts));
	check(ppoll(p, 3, &short_time, NULL) == 0);
	p[0].events = POLLIN | POLLOUT;
	check(poll(p, 3, -1) == 1 && p[0].revents == POLLOUT && !p[1].revents && !p[2].revents);
	p[0].events = POLLIN;
	thread = arg ? start(send_in_a_moment, NULL) : start_as(SCHED_RR, PRIO - 1, send_in_a_moment, NULL);
	check(poll(p, 3, -1) == 1 && p[0].revents == POLLIN && !p[2].revents);
	join(thread);
	check(poll(p, 3, 0) == 1);
	queue_empty();
	timer_arm(timer, 20, 0);
	check(poll(p, 3, -1) == 1 && !p[0].revents && p[2].revents == POLLIN);
	check(expirations(timer) == 1 && poll(p, 3, 0) == 0);
	ts = in_ms(CLOCK_MONOTONIC, 10);
	check(poll(NULL, 0, 10) == 0 && passed(CLOCK_MONOTONIC, &ts));
	short_time.tv_nsec = -1;
	fails(ppoll(p, 3, &short_time, NULL), EINVAL);
	check(!close(timer));
	p[2].fd = timer;
	check(poll(p, 3, 0) == 1 && p[2].revents == POLLNVAL);
	return arg;
}

static void row_poll(void)
{
	poll_queue = queue_new(O_RDWR, 2, 8);
	use_poll(NULL);
	join(start(use_poll, &poll_queue));
	queue_end(poll_queue);
}

static void *use_select(void *arg)
{
	int timer = timer_new(CLOCK_MONOTONIC, 0, 30, 0), most = timer > poll_queue ? timer : poll_queue;
	struct timespec ts = in_ms(CLOCK_MONOTONIC, 10);
	struct timeval tv = { .tv_usec = 10000 };
	fd_set in, out;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(poll_queue, &in);
	check(select(most + 1, &in, NULL, NULL, &tv) == 0 && passed(CLOCK_MONOTONIC, &ts));
	check(!FD_ISSET(poll_queue, &in) && tv.tv_sec == 0 && tv.tv_usec == 0);
	FD_SET(poll_queue, &in);
	FD_SET(poll_queue, &out);
	FD_SET(timer, &in);
	check(select(most + 1, &in, &out, NULL, NULL) >= 1 && FD_ISSET(poll_queue, &out));
	FD_SET(poll_queue, &in);
	FD_SET(timer, &in);
	check(pselect(most + 1, &in, NULL, NULL, NULL, NULL) == 1);
	check(FD_ISSET(timer, &in) && !FD_ISSET(poll_queue, &in));
	check(select(0, NULL, NULL, NULL, &tv) == 0);
	tv.tv_usec = -1;
	fails(select(0, NULL, NULL, NULL, &tv), EINVAL);
	fails(select(-1, NULL, NULL, NULL, NULL), EINVAL);
	check(!close(timer));
	FD_SET(timer, &in);
	fails(select(most + 1, &in, NULL, NULL, NULL), EBADF);
	return arg;
}

static void row_select(void)
{
	poll_queue = queue_new(O_RDWR, 2, 8);
	use_select(NULL);
	join(start(use_select, NULL));
	queue_end(poll_queue);
}

/* With a pipe of Linux's as well. */
static void *use_epoll(void *arg)
{
	int ep = epoll_create1(0), timer = timer_new(CLOCK_MONOTONIC, 0, 0, 0), ends[2];
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 1 }, got[4];
	pthread_t thread;

	check(!epoll_ctl(ep, EPOLL_CTL_ADD, poll_queue, &event));
	fails(epoll_ctl(ep, EPOLL_CTL_ADD, poll_queue, &event), EEXIST);
	event.data.u64 = 2;
	check(!epoll_ctl(ep, EPOLL_CTL_ADD, timer, &event));
	check(epoll_wait(ep, got, 4, 0) == 0 && epoll_wait(ep, got, 4, 10) == 0);
	thread = start_as(SCHED_RR, PRIO - 1, send_in_a_moment, NULL);
	check(epoll_wait(ep, got, 4, -1) == 1 && got[0].events == EPOLLIN && got[0].data.u64 == 1);
	join(thread);
	event = (struct epoll_event){ .events = EPOLLOUT, .data.u64 = 3 };
	check(!epoll_ctl(ep, EPOLL_CTL_MOD, poll_queue, &event));
	check(epoll_wait(ep, got, 4, -1) == 1 && got[0].events == EPOLLOUT && got[0].data.u64 == 3);
	check(!epoll_ctl(ep, EPOLL_CTL_DEL, poll_queue, NULL));
	queue_empty();
	timer_arm(timer, 20, 0);
	check(epoll_wait(ep, got, 4, -1) == 1 && got[0].data.u64 == 2 && expirations(timer) == 1);
	fails(epoll_wait(ep, got, 0, 0), EINVAL);
	check(!pipe(ends));
	event = (struct epoll_event){ .events = EPOLLIN, .data.u64 = 4 };
	check(!epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &event));
	event.data.u64 = 1;
	check(!epoll_ctl(ep, EPOLL_CTL_ADD, poll_queue, &event));
	check(write(ends[1], "p", 1) == 1);
	check(!epoll_ctl(ep, EPOLL_CTL_DEL, timer, NULL));
	check(epoll_wait(ep, got, 4, 2000) == 1 && got[0].data.u64 == 4);
	check(!close(ends[0]) && !close(ends[1]) && !close(timer) && !close(ep));
	fails(epoll_wait(ep, got, 4, 0), EBADF);
	return arg;
}

static void row_epoll(void)
{
	poll_queue = queue_new(O_RDWR, 2, 8);
	use_epoll(NULL);
	join(start(use_epoll, NULL));
	queue_end(poll_queue);
}

static void *poll_interrupted(void *arg)
{
	struct pollfd p = { .fd = poll_queue, .events = POLLIN };

	fails(poll(&p, 1, -1), EINTR);
	fails(poll(&p, 1, 5000), EINTR);
	return arg;
}

/* Also by a handler with SA_RESTART. */
static void row_poll_signal(void)
{
	struct sigaction act = { .sa_handler = on_user, .sa_flags = SA_RESTART };
	pthread_t thread;

	poll_queue = queue_new(O_RDWR, 2, 8);
	sigaction(SIGUSR2, &act, NULL);
	thread = start(poll_interrupted, NULL);
	ms_sleep(50);
	pthread_kill(thread, SIGUSR2);
	ms_sleep(50);
	pthread_kill(thread, SIGUSR2);
	join(thread);
	queue_end(poll_queue);
}

static void *poll_for_ever(void *arg)
{
	struct pollfd p = { .fd = poll_queue, .events = POLLIN };

	poll(&p, 1, -1);
	return arg;
}

static void row_poll_cancel(void)
{
	pthread_t thread;

	poll_queue = queue_new(O_RDWR, 2, 8);
	thread = start(poll_for_ever, NULL);
	ms_sleep(20);
	check(!pthread_cancel(thread) && join(thread) == PTHREAD_CANCELED);
	queue_end(poll_queue);
}

#endif
