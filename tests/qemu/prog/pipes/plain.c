// SPDX-License-Identifier: GPL-2.0
/*
 * Pipes as they are meant to be used: order, waiting, polling, and the ways in which they end.
 */
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "pipes.h"

static struct keel_pipe rtp;
static int fd;
static int phase;

static void begin(int flags)
{
	must(keel_open());
	must(keel_pipe_create(&rtp, -1, PLACES, SIZE));
	fd = rtp_open(&rtp, O_RDWR | flags);
}

static void end(void)
{
	must(keel_pipe_delete(&rtp));
	close(fd);
}

static int readable(int events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (poll(&p, 1, 0) < 0)
		fail("poll: %m");
	return p.revents;
}

/* ---- order -------------------------------------------------------------------------------------- */

/* Each number comes back with one added. */
static void *echo(void *arg)
{
	long n;

	for (;;) {
		int size = must(keel_pipe_read(&rtp, &n, sizeof(n)));

		check(size == sizeof(n));
		if (n < 0)
			return arg;
		n++;
		must(keel_pipe_write(&rtp, &n, sizeof(n)));
	}
}

void order(void)
{
	pthread_t thread;
	long got, stop = -1;

	begin(0);
	thread = hard_create("echo", PRIO, 0, echo, NULL);
	for (long n = 0; n < 1000; n += PLACES) {
		for (long i = n; i < n + PLACES; i++)
			check(write(fd, &i, sizeof(i)) == sizeof(i));
		for (long i = n; i < n + PLACES; i++) {
			check(read(fd, &got, sizeof(got)) == sizeof(got));
			check(got == i + 1);
		}
	}
	check(write(fd, &stop, sizeof(stop)) == sizeof(stop));
	pthread_join(thread, NULL);
	end();
}

/* ---- sizes -------------------------------------------------------------------------------------- */

static char large[KEEL_PIPE_SIZE], back[KEEL_PIPE_SIZE];

static void *echo_large(void *arg)
{
	static char buffer[KEEL_PIPE_SIZE];
	int size;

	do {
		size = must(keel_pipe_read(&rtp, buffer, sizeof(buffer)));
		must(keel_pipe_write(&rtp, buffer, size));
	} while (size > 1);
	return arg;
}

void sizes(void)
{
	static const int some[] = { 2, 7, 8, 9, 511, 512, 1023, 1025, 4095, 4097, 65535, 65536, 1 };
	pthread_t thread;

	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = i * 31 + i / 256;
	must(keel_open());
	must(keel_pipe_create(&rtp, -1, 1, KEEL_PIPE_SIZE));
	fd = rtp_open(&rtp, O_RDWR);
	thread = hard_create("echo", PRIO, 0, echo_large, NULL);
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		memset(back, 0, sizeof(back));
		check(write(fd, large, some[i]) == some[i]);
		check(read(fd, back, sizeof(back)) == some[i]);
		check(!memcmp(large, back, some[i]));
	}
	pthread_join(thread, NULL);
	end();
}

/* ---- numbers ------------------------------------------------------------------------------------ */

void numbers(void)
{
	struct keel_pipe pipes[KEEL_PIPE_MINORS], one;
	struct stat st;

	must(keel_open());
	must(keel_pipe_create(&one, 7, 1, 1));
	check(one.number == 7);
	check(stat(KEEL_PIPE_DEVICE "7", &st) == 0 && S_ISCHR(st.st_mode));
	check((st.st_mode & 0777) == 0660 && st.st_uid == 0);
	check(keel_pipe_create(&pipes[0], 7, 1, 1) == -EBUSY);
	must(keel_pipe_delete(&one));
	check(stat(KEEL_PIPE_DEVICE "7", &st) < 0 && errno == ENOENT);
	for (int i = 0; i < KEEL_PIPE_MINORS; i++) {
		must(keel_pipe_create(&pipes[i], -1, 1, 1));
		check(pipes[i].number == i);
	}
	check(keel_pipe_create(&one, -1, 1, 1) == -ENOSPC);
	for (int i = 0; i < KEEL_PIPE_MINORS; i++)
		must(keel_pipe_delete(&pipes[i]));
}

/* ---- polling ------------------------------------------------------------------------------------ */

static void *send_later(void *arg)
{
	must(keel_sleep(20 * MS));
	must(keel_pipe_write(&rtp, "later", 5));
	return arg;
}

static void *take_later(void *arg)
{
	char buffer[SIZE];

	must(keel_sleep(20 * MS));
	check(must(keel_pipe_read(&rtp, buffer, SIZE)) == 4);
	return arg;
}

/* Each way to wait is begun before what it waits for happens. */
static void await_by(void *(*fn)(void *arg), void (*wait)(void))
{
	pthread_t thread = hard_create("later", PRIO, 0, fn, NULL);

	wait();
	pthread_join(thread, NULL);
}

static void by_poll(void)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	check(poll(&p, 1, 10000) == 1 && p.revents == POLLIN);
}

static void by_select(void)
{
	struct timeval tv = { .tv_sec = 10 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	check(select(fd + 1, &set, NULL, NULL, &tv) == 1);
}

static int epoll;

static void by_edge(void)
{
	struct epoll_event e;

	check(epoll_wait(epoll, &e, 1, 10000) == 1 && (e.events & EPOLLIN));
}

static void by_room(void)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	check(poll(&p, 1, 10000) == 1 && p.revents == POLLOUT);
}

void polling(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	char buffer[SIZE];

	begin(O_NONBLOCK);
	check(readable(POLLIN | POLLOUT) == POLLOUT);
	await_by(send_later, by_poll);
	check(read(fd, buffer, SIZE) == 5);
	await_by(send_later, by_select);
	check(read(fd, buffer, SIZE) == 5);
	check(readable(POLLIN) == 0);
	epoll = epoll_create1(0);
	check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0);
	for (int i = 0; i < 3; i++) {
		await_by(send_later, by_edge);
		check(read(fd, buffer, SIZE) == 5);
		check(read(fd, buffer, SIZE) < 0 && errno == EAGAIN);
	}
	for (int i = 0; i < PLACES; i++)
		check(write(fd, "full", 4) == 4);
	check(readable(POLLIN | POLLOUT) == 0);
	await_by(take_later, by_room);
	must(keel_pipe_delete(&rtp));
	check(readable(POLLIN) == (POLLIN | POLLHUP));
	close(fd);
}

/* ---- back-pressure -------------------------------------------------------------------------------- */

static void *write_many(void *arg)
{
	for (int i = 0; i < 2 * PLACES; i++) {
		check(write(fd, &i, sizeof(i)) == sizeof(i));
		flag_set(&phase, i + 1);
	}
	return arg;
}

/* Linux's writer gets as far as there are places, and on when one is free. */
void pressure_linux(void)
{
	pthread_t thread;
	int n;

	begin(0);
	pthread_create(&thread, NULL, write_many, NULL);
	await(&phase, PLACES, "the places");
	sleep_ms(50);
	check(flag_get(&phase) == PLACES);
	must(keel_thread_attach("reader", PRIO, 0));
	for (int i = 0; i < 2 * PLACES; i++) {
		check(must(keel_pipe_read(&rtp, &n, sizeof(n))) == sizeof(n));
		check(n == i);
	}
	check(keel_pipe_tryread(&rtp, &n, sizeof(n)) == -EAGAIN);
	must(keel_thread_detach());
	pthread_join(thread, NULL);
	end();
}

static void *write_hard(void *arg)
{
	int64_t soon;

	for (int i = 0; i < PLACES; i++)
		must(keel_pipe_trywrite(&rtp, &i, sizeof(i)));
	check(keel_pipe_trywrite(&rtp, &phase, 1) == -EAGAIN);
	soon = keel_clock_ns() + MS;
	check(keel_pipe_clockwrite(&rtp, &phase, 1, CLOCK_MONOTONIC, soon) == -ETIMEDOUT);
	check(keel_clock_ns() >= soon);
	check(keel_pipe_clockwrite(&rtp, &phase, 1, CLOCK_REALTIME, 0) == -ETIMEDOUT);
	flag_set(&phase, 1);
	for (int i = PLACES; i < 2 * PLACES; i++)
		must(keel_pipe_write(&rtp, &i, sizeof(i)));
	check(keel_is_hard());
	flag_set(&phase, 2);
	return arg;
}

void pressure_hard(void)
{
	pthread_t thread;
	int n;

	begin(0);
	thread = hard_create("writer", PRIO, 0, write_hard, NULL);
	await(&phase, 1, "the full pipe");
	sleep_ms(50);
	check(flag_get(&phase) == 1);
	for (int i = 0; i < 2 * PLACES; i++) {
		check(read(fd, &n, sizeof(n)) == sizeof(n));
		check(n == i);
	}
	await(&phase, 2, "the writer");
	check(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	check(read(fd, &n, sizeof(n)) < 0 && errno == EAGAIN);
	pthread_join(thread, NULL);
	end();
}

/* ---- ends --------------------------------------------------------------------------------------- */

static int hard_err;

static void *read_until_gone(void *arg)
{
	char buffer[SIZE];

	must(keel_pipe_write(&rtp, "rest", 4));
	flag_set(&phase, 1);
	hard_err = keel_pipe_read(&rtp, buffer, SIZE);
	return arg;
}

static void *wait_at_end(void *arg)
{
	char buffer[SIZE];

	check(read(fd, buffer, SIZE) == 4);
	flag_set(&phase, 2);
	check(read(fd, buffer, SIZE) == 0);
	return arg;
}

void deleted(void)
{
	pthread_t hard, reader;
	char path[32];

	begin(0);
	hard = hard_create("reader", PRIO, 0, read_until_gone, NULL);
	await(&phase, 1, "the message");
	pthread_create(&reader, NULL, wait_at_end, NULL);
	await(&phase, 2, "the reader");
	sleep_ms(20);
	must(keel_pipe_delete(&rtp));
	pthread_join(reader, NULL);
	pthread_join(hard, NULL);
	check(hard_err == -EIDRM);
	check(write(fd, "x", 1) < 0 && errno == EPIPE);
	check(readable(POLLIN) & POLLHUP);
	check(ioctl(fd, KEEL_IOC_PIPE_FLUSH, KEEL_PIPE_TO_LINUX) == 0);
	snprintf(path, sizeof(path), KEEL_PIPE_DEVICE "%d", rtp.number);
	check(open(path, O_RDWR) < 0 && errno == ENOENT);
	check(keel_pipe_delete(&rtp) == -EINVAL);
	close(fd);
}

/* The process that has the pipe is killed: its reader, another one, gets the rest and the end. */
void ended(void)
{
	struct keel_pipe *shared = shared_alloc(sizeof(*shared));
	char buffer[SIZE];
	pid_t pid = fork();
	int n = 0;

	if (pid == 0) {
		must(keel_open());
		must(keel_thread_attach("killed", PRIO, 0));
		must(keel_pipe_create(&rtp, -1, PLACES, SIZE));
		for (int i = 0; i < PLACES; i++)
			must(keel_pipe_write(&rtp, "rest", 4));
		*shared = rtp;
		flag_set((int *)&shared->id, rtp.id);
		keel_pipe_read(&rtp, buffer, SIZE);
		_exit(1);
	}
	await((int *)&shared->id, 1, "the pipe");
	rtp = *shared;
	fd = rtp_open(&rtp, O_RDWR);
	check(read(fd, buffer, SIZE) == 4);
	sleep_ms(20);
	kill(pid, SIGKILL);
	while (read(fd, buffer, SIZE) == 4)
		n++;
	check(n == PLACES - 1);
	check(read(fd, buffer, SIZE) == 0);
	check(write(fd, "x", 1) < 0 && errno == EPIPE);
	check(waitpid(pid, NULL, 0) == pid);
	close(fd);
}

/* ---- files ---------------------------------------------------------------------------------------- */

/* What a program started with the device open does: reads to the end. */
int read_inherited(const char *number)
{
	char buffer[SIZE];
	int in = atoi(number);

	check(read(in, buffer, SIZE) == 5 && !memcmp(buffer, "other", 5));
	check(read(in, buffer, SIZE) == 0);
	return 0;
}

static void *write_two(void *arg)
{
	must(keel_pipe_write(&rtp, "child", 5));
	must(keel_pipe_write(&rtp, "other", 5));
	return arg;
}

/* A child has the device, and another program after it; nothing else of Keel's. */
void inherited(void)
{
	char buffer[SIZE], number[16];
	int status;
	pid_t pid;

	begin(0);
	snprintf(number, sizeof(number), "%d", fd);
	pid = fork();
	if (pid == 0) {
		check(read(fd, buffer, SIZE) == 5 && !memcmp(buffer, "child", 5));
		check(keel_pipe_trywrite(&rtp, "x", 1) == -EPERM);
		execl("/proc/self/exe", "pipes", "inherited", number, NULL);
		_exit(1);
	}
	pthread_join(hard_create("writes", PRIO, 0, write_two, NULL), NULL);
	sleep_ms(100);
	must(keel_pipe_delete(&rtp));
	check(waitpid(pid, &status, 0) == pid && !status);
	close(fd);
}

/* A device that is open, all there is of Keel, keeps the module; its process has ended it. */
int keep(void)
{
	char buffer[SIZE];

	begin(O_NONBLOCK);
	check(write(fd, "rest", 4) == 4);
	keel_close();
	check(read(fd, buffer, SIZE) == 0);
	check(write(fd, "x", 1) < 0 && errno == EPIPE);
	check(readable(POLLIN) & POLLHUP);
	check(syscall(SYS_delete_module, "keel", O_NONBLOCK) < 0 && errno == EAGAIN);
	close(fd);
	return 0;
}

/* ---- signals ------------------------------------------------------------------------------------ */

static void nothing(int sig)
{
	(void)sig;
}

static void *read_linux(void *arg)
{
	char c;

	flag_set(&phase, 1);
	check(read(fd, &c, 1) < 0 && errno == EINTR);
	return arg;
}

static void *write_linux(void *arg)
{
	flag_set(&phase, 1);
	check(write(fd, "x", 1) < 0 && errno == EINTR);
	return arg;
}

static void *read_hard(void *arg)
{
	char c;

	flag_set(&phase, 1);
	check(keel_pipe_read(&rtp, &c, 1) == -EINTR);
	return arg;
}

static void interrupt(pthread_t thread)
{
	await(&phase, 1, "the reader");
	phase = 0;
	sleep_ms(50);
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
}

void interrupted(void)
{
	struct sigaction sa = { .sa_handler = nothing };
	pthread_t thread;

	sigaction(SIGUSR1, &sa, NULL);
	begin(0);
	pthread_create(&thread, NULL, read_linux, NULL);
	interrupt(thread);
	interrupt(hard_create("reader", PRIO, 0, read_hard, NULL));
	for (int i = 0; i < PLACES; i++)
		check(write(fd, "full", 4) == 4);
	pthread_create(&thread, NULL, write_linux, NULL);
	interrupt(thread);
	end();
}

/* ---- the rest ----------------------------------------------------------------------------------- */

void flushing(void)
{
	char buffer[SIZE];

	begin(O_NONBLOCK);
	must(keel_thread_attach("flush", PRIO, 0));
	for (int i = 0; i < PLACES; i++)
		must(keel_pipe_write(&rtp, "full", 4));
	check(must(keel_pipe_flush(&rtp, KEEL_PIPE_TO_LINUX)) == PLACES);
	check(must(keel_pipe_flush(&rtp, KEEL_PIPE_TO_LINUX | KEEL_PIPE_TO_RT)) == 0);
	must(keel_pipe_write(&rtp, "more", 4));
	must(keel_thread_detach());
	check(write(fd, "full", 4) == 4);
	check(ioctl(fd, KEEL_IOC_PIPE_FLUSH, KEEL_PIPE_TO_RT) == 1);
	check(read(fd, buffer, SIZE) == 4);
	check(read(fd, buffer, SIZE) < 0 && errno == EAGAIN);
	end();
}

static struct keel_set set;

static void *watch(void *arg)
{
	struct keel_poll item = { .id = rtp.id, .events = KEEL_POLL_IN };
	uint32_t ready;
	char buffer[SIZE];

	must(keel_harden());
	check(syscall(KEEL_CALL_POLL, &item, 1, 0) < 0 && errno == ETIMEDOUT);
	flag_set(&phase, 1);
	must(keel_set_wait(&set, &ready));
	check(ready == 2);
	check(syscall(KEEL_CALL_POLL, &item, 1, KEEL_FOREVER) == 1 && item.ready == KEEL_POLL_IN);
	check(must(keel_pipe_tryread(&rtp, buffer, SIZE)) == 5);
	check(keel_set_clockwait(&set, &ready, CLOCK_MONOTONIC, 1) == -ETIMEDOUT);
	return arg;
}

/* A wait for any of several takes pipes too. */
void watching(void)
{
	struct keel_sem sem;
	pthread_t thread;

	begin(0);
	must(keel_sem_create(&sem, 0, 1));
	must(keel_set_create(&set, (unsigned int []){ sem.id, rtp.id }, 2));
	thread = hard_create("watch", PRIO, 0, watch, NULL);
	await(&phase, 1, "the watcher");
	sleep_ms(20);
	check(write(fd, "hello", 5) == 5);
	pthread_join(thread, NULL);
	must(keel_set_delete(&set));
	must(keel_sem_delete(&sem));
	end();
}
