/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows: message queues.
 */
#ifndef POSIXMQ_H
#define POSIXMQ_H

#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <poll.h>

#define QUEUE "/posixrows-queue"

static mqd_t queue_new(int flags, long maxmsg, long size)
{
	struct mq_attr attr = { .mq_maxmsg = maxmsg, .mq_msgsize = size };
	mqd_t d;

	mq_unlink(QUEUE);
	d = mq_open(QUEUE, O_CREAT | O_EXCL | flags, 0600, &attr);
	check(d != (mqd_t)-1);
	return d;
}

static void queue_end(mqd_t d)
{
	check(!mq_close(d) && !mq_unlink(QUEUE));
}

#define fails(call, err) check((call) == -1 && errno == (err))

static void *mq_order(void *arg)
{
	static const unsigned int prios[] = { 0, 5, 32767, 5, 31, 32 };
	mqd_t d = queue_new(O_RDWR, 8, 16);
	unsigned int prio;
	struct mq_attr attr;
	char text[16];

	for (int i = 0; i < 6; i++)
		check(!mq_send(d, (char[]){ '0' + i }, 1, prios[i]));
	check(!mq_getattr(d, &attr) && attr.mq_curmsgs == 6 && attr.mq_maxmsg == 8 &&
	      attr.mq_msgsize == 16 && attr.mq_flags == 0);
	for (const char *want = "254130"; *want; want++) {
		check(mq_receive(d, text, 16, &prio) == 1 && text[0] == *want);
		check(prio == prios[*want - '0']);
	}
	check(!mq_send(d, "", 0, 0) && mq_receive(d, text, 16, NULL) == 0);
	queue_end(d);
	return arg;
}

static void row_mq_order(void)
{
	mq_order(NULL);
	join(start(mq_order, NULL));
	mq_order(NULL);
}

static void open_errors(void)
{
	struct mq_attr attr = { .mq_maxmsg = 0, .mq_msgsize = 8 };
	char name[NAME_MAX + 3] = "/";
	mqd_t d = queue_new(O_RDWR, 2, 8);

	memset(name + 1, 'n', NAME_MAX + 1);
	fails(mq_open(QUEUE, O_CREAT | O_EXCL | O_RDWR, 0600, NULL), EEXIST);
	fails(mq_open("/posixrows-none", O_RDWR), ENOENT);
	fails(mq_open("posixrows", O_RDWR), EINVAL);
	fails(mq_open("/", O_RDWR), ENOENT);
	fails(mq_open("/a/b", O_RDWR | O_CREAT, 0600, NULL), EACCES);
	fails(mq_open(name, O_RDWR | O_CREAT, 0600, NULL), ENAMETOOLONG);
	fails(mq_open("/posixrows-none", O_RDWR | O_CREAT, 0600, &attr), EINVAL);
	attr.mq_maxmsg = 8;
	attr.mq_msgsize = -1;
	fails(mq_open("/posixrows-none", O_RDWR | O_CREAT, 0600, &attr), EINVAL);
	fails(mq_unlink("/posixrows-none"), ENOENT);
	fails(mq_unlink(name), ENAMETOOLONG);
	name[NAME_MAX + 1] = 0;
	check(!mq_close(mq_open(name, O_RDWR | O_CREAT, 0600, NULL)) && !mq_unlink(name));
	queue_end(d);
	fails(mq_unlink(QUEUE), ENOENT);
	fails(mq_close(d), EBADF);
	fails(mq_send(d, "", 0, 0), EBADF);
	fails(mq_receive(d, name, 8, NULL), EBADF);
	fails(mq_getattr(d, &attr), EBADF);
	fails(mq_setattr(d, &attr, NULL), EBADF);
	fails(mq_notify(d, NULL), EBADF);
}

static void *mq_errors(void *arg)
{
	mqd_t d = queue_new(O_RDWR, 2, 8), r = mq_open(QUEUE, O_RDONLY), w = mq_open(QUEUE, O_WRONLY);
	struct timespec ts = in_ms(CLOCK_REALTIME, 20);
	struct mq_attr attr = { .mq_flags = O_NONBLOCK, .mq_maxmsg = 99 }, old;
	char text[8];

	check(r != -1 && w != -1);
	fails(mq_send(r, "", 0, 0), EBADF);
	fails(mq_receive(w, text, 8, NULL), EBADF);
	fails(mq_send(d, text, 9, 0), EMSGSIZE);
	fails(mq_receive(d, text, 7, NULL), EMSGSIZE);
	fails(mq_send(d, text, 1, 32768), EINVAL);
	fails(mq_timedreceive(d, text, 8, NULL, &ts), ETIMEDOUT);
	check(passed(CLOCK_REALTIME, &ts));
	check(!mq_send(w, "a", 1, 1) && !mq_send(w, "b", 1, 1));
	fails(mq_timedsend(d, "c", 1, 1, &ts), ETIMEDOUT);
	ts = (struct timespec){ .tv_sec = 0 };
	fails(mq_timedsend(d, "c", 1, 1, &ts), ETIMEDOUT);
	ts.tv_nsec = -1;
	fails(mq_timedsend(d, "c", 1, 1, &ts), EINVAL);
	ts.tv_nsec = 1000000000;
	fails(mq_timedreceive(d, text, 8, NULL, &ts), EINVAL);
	check(!mq_setattr(d, &attr, &old) && !old.mq_flags && old.mq_curmsgs == 2);
	fails(mq_send(d, "c", 1, 1), EAGAIN);
	check(mq_receive(r, text, 8, NULL) == 1 && text[0] == 'a');
	check(mq_receive(d, text, 8, NULL) == 1 && text[0] == 'b');
	fails(mq_receive(d, text, 8, NULL), EAGAIN);
	check(!mq_getattr(d, &old) && old.mq_flags == O_NONBLOCK && old.mq_maxmsg == 2);
	attr.mq_flags = O_NONBLOCK | 1;
	fails(mq_setattr(d, &attr, NULL), EINVAL);
	fails(mq_receive(d, (char *)8, 8, NULL), EAGAIN);
	check(!mq_close(r) && !mq_close(w));
	queue_end(d);
	open_errors();
	return arg;
}

static void row_mq_errors(void)
{
	mq_errors(NULL);
	join(start(mq_errors, NULL));
}

static mqd_t to_hard, from_hard;

static void *echo(void *arg)
{
	char text[8];

	for (int i = 0; i < ROUNDS; i++) {
		check(mq_receive(to_hard, text, 8, NULL) == 4);
		check(!mq_send(from_hard, text, 4, 0));
	}
	return arg;
}

/* One is made before there is any real-time thread; both are used by Linux's thread and a real-time one. */
static void row_mq_mixed(void)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 8 };
	pthread_t thread;
	char text[8];
	int n;

	to_hard = queue_new(O_RDWR, 1, 8);
	mq_unlink("/posixrows-back");
	from_hard = mq_open("/posixrows-back", O_RDWR | O_CREAT, 0600, &attr);
	thread = start(echo, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		check(!mq_send(to_hard, (char *)&i, 4, 0));
		check(mq_receive(from_hard, text, 8, NULL) == 4);
		memcpy(&n, text, 4);
		check(n == i);
	}
	join(thread);
	check(!mq_close(from_hard) && !mq_unlink("/posixrows-back"));
	queue_end(to_hard);
}

/* What was unlinked lives on; a child has it too, and it keeps what nobody has open. */
static void row_mq_fork(void)
{
	struct mq_attr attr;
	char text[8];
	int status;
	mqd_t d = queue_new(O_RDWR, 2, 8);

	check(!mq_send(d, "left", 4, 0) && !mq_close(d));
	d = mq_open(QUEUE, O_RDWR | O_NONBLOCK);
	check(!mq_getattr(d, &attr) && attr.mq_curmsgs == 1 && attr.mq_flags == O_NONBLOCK);
	check(!mq_unlink(QUEUE));
	join(start(nothing, NULL));
	if (!fork()) {
		check(mq_receive(d, text, 8, NULL) == 4 && !memcmp(text, "left", 4));
		fails(mq_receive(d, text, 8, NULL), EAGAIN);
		to_hard = d;
		check(!mq_send(d, "back", 4, 7));
		_exit(0);
	}
	check(wait(&status) > 0 && !status);
	check(mq_receive(d, text, 8, NULL) == 4 && !memcmp(text, "back", 4));
	check(!mq_close(d));
}

/* A descriptor of that number may become something else, and another one be the queue's. */
static void *mq_dup(void *arg)
{
	mqd_t d = queue_new(O_RDWR, 2, 8), other_one = dup(d);
	char text[8];
	int ends[2];

	check(!pipe(ends) && dup2(ends[0], d) == d);
	fails(mq_send(d, "a", 1, 0), EBADF);
	check(!mq_send(other_one, "a", 1, 0));
	check(dup3(other_one, d, O_CLOEXEC) == d && mq_receive(d, text, 8, NULL) == 1 && text[0] == 'a');
	if (!vfork()) {	/* it has its parent's memory, but not its descriptors */
		close(d);
		_exit(0);
	}
	check(wait(NULL) > 0 && !mq_send(d, "b", 1, 0) && mq_receive(other_one, text, 8, NULL) == 1);
	check(!mq_close(other_one) && !close(ends[0]) && !close(ends[1]));
	queue_end(d);
	return arg;
}

static void row_mq_dup(void)
{
	mq_dup(NULL);
	join(start(mq_dup, NULL));
}

static volatile int notices;
static volatile int notice_value;

static void on_notice(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	notices += info->si_code == SI_MESGQ;
	notice_value = info->si_value.sival_int;
}

static void notice_thread(union sigval value)
{
	notice_value = value.sival_int;
	notices++;
}

static void wait_for_notices(int n)
{
	for (int i = 0; i < 400 && notices < n; i++)
		ms_sleep(5);
	ms_sleep(20);
	check(notices == n);
}

/* @arg: the thread is the first one; if that is Linux's, the signal is handled when its message is sent. */
static void *mq_notices(void *arg)
{
	struct sigaction act = { .sa_sigaction = on_notice, .sa_flags = SA_SIGINFO };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
				  .sigev_value.sival_int = 17 };
	mqd_t d = queue_new(O_RDWR, 4, 8);
	char text[8];

	notices = 0;
	sigaction(SIGUSR1, &act, NULL);
	check(!mq_notify(d, &event));
	fails(mq_notify(d, &event), EBUSY);
	check(!mq_send(d, "a", 1, 0) && (!arg || sched_getscheduler(0) || notices == 1) && !mq_send(d, "b", 1, 0));
	wait_for_notices(1);
	check(notice_value == 17);
	check(!mq_notify(d, &event));	/* not for what is there already */
	check(!mq_send(d, "c", 1, 0));
	for (int i = 0; i < 3; i++)
		check(mq_receive(d, text, 8, NULL) == 1);
	check(!mq_notify(d, NULL) && !mq_send(d, "d", 1, 0));
	wait_for_notices(1);
	check(mq_receive(d, text, 8, NULL) == 1);
	event = (struct sigevent){ .sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 18,
				   .sigev_notify_function = notice_thread };
	check(!mq_notify(d, &event) && !mq_send(d, "e", 1, 0));
	wait_for_notices(2);
	check(notice_value == 18 && mq_receive(d, text, 8, NULL) == 1);
	event.sigev_notify = SIGEV_NONE;
	check(!mq_notify(d, &event));
	fails(mq_notify(d, &event), EBUSY);
	check(!mq_send(d, "f", 1, 0) && !mq_notify(d, &event));
	event.sigev_notify = 77;
	fails(mq_notify(d, &event), EINVAL);
	queue_end(d);
	return arg;
}

static void row_mq_notify(void)
{
	mq_notices(&notices);
	join(start(mq_notices, NULL));
}

static volatile int handled;

static void on_user(int sig)
{
	(void)sig;
	handled++;
}

static void *mq_interrupted(void *arg)
{
	char text[8];

	fails(mq_receive(to_hard, text, 8, NULL), EINTR);
	check(!mq_send(to_hard, "a", 1, 0));
	fails(mq_send(to_hard, "b", 1, 0), EINTR);
	return arg;
}

static void row_mq_signal(void)
{
	struct sigaction act = { .sa_handler = on_user };
	pthread_t thread;

	sigaction(SIGUSR2, &act, NULL);
	to_hard = queue_new(O_RDWR, 1, 8);
	thread = start(mq_interrupted, NULL);
	ms_sleep(50);
	pthread_kill(thread, SIGUSR2);
	ms_sleep(50);
	pthread_kill(thread, SIGUSR2);
	join(thread);
	check(handled == 2);
	queue_end(to_hard);
}

static void *mq_for_ever(void *arg)
{
	char text[8];

	mq_receive(to_hard, text, 8, NULL);
	return arg;
}

static void row_mq_cancel(void)
{
	pthread_t thread;

	to_hard = queue_new(O_RDWR, 1, 8);
	thread = start(mq_for_ever, NULL);
	ms_sleep(20);
	check(!pthread_cancel(thread) && join(thread) == PTHREAD_CANCELED);
	thread = start(mq_for_ever, NULL);
	check(!pthread_cancel(thread) && join(thread) == PTHREAD_CANCELED);
	queue_end(to_hard);
}

static void *send_later(void *arg)
{
	ms_sleep(20);
	check(!mq_send(to_hard, "a", 1, 0));
	return arg;
}

/* A Linux thread polls what a real-time thread sends to. */
static void row_mq_poll(void)
{
	struct pollfd p;
	pthread_t thread;
	char text[8];

	to_hard = queue_new(O_RDWR, 1, 8);
	p = (struct pollfd){ .fd = to_hard, .events = POLLIN | POLLOUT };
	check(poll(&p, 1, 0) == 1 && p.revents == POLLOUT);
	p.events = POLLIN;
	check(poll(&p, 1, 10) == 0);
	thread = start(send_later, NULL);
	check(poll(&p, 1, 5000) == 1 && p.revents == POLLIN);
	join(thread);
	p.events = POLLIN | POLLOUT;
	check(poll(&p, 1, 0) == 1 && p.revents == POLLIN);
	check(mq_receive(to_hard, text, 8, NULL) == 1);
	queue_end(to_hard);
}

#endif
