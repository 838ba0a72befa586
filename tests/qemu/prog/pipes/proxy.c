// SPDX-License-Identifier: GPL-2.0
/*
 * Proxies and eventfds.
 */
#include <pty.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "pipes.h"

#define LINES	500
#define FILE_NAME "/tmp/proxy"

static struct keel_proxy proxy;

static void line(char *to, int i)
{
	snprintf(to, SIZE, "line %06d of a hard thread\n", i);
}

/* @count lines, with a wait for room. */
static void write_lines(int count)
{
	char text[SIZE];

	for (int i = 0; i < count; i++) {
		line(text, i);
		must(keel_proxy_clockwrite(&proxy, text, strlen(text), CLOCK_MONOTONIC,
					   KEEL_FOREVER));
	}
}

/* Reads what has come to @fd, until there are @count lines. */
static void read_lines(int fd, int count)
{
	char text[SIZE], got[SIZE];

	for (int i = 0; i < count; i++) {
		size_t have = 0;

		line(text, i);
		while (have < strlen(text)) {
			ssize_t n = read(fd, got + have, strlen(text) - have);

			if (n <= 0)
				fail("line %d: %zd, %m", i, n);
			have += n;
		}
		check(!memcmp(text, got, have));
	}
}

/* Deleted: all is in the file, behind what was there, in order, and nothing is lost. */
void proxy_file(void)
{
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unsigned long lost = 1;
	char c, text[SIZE];

	line(text, 0);
	must(keel_open());
	check(fd >= 0 && write(fd, "#", 1) == 1);
	must(keel_proxy_create(&proxy, fd, PLACES, SIZE));
	must(keel_thread_attach("proxy", PRIO, 0));
	write_lines(LINES);
	check(keel_is_hard());
	check(must(keel_proxy_lost(&proxy)) == 0);
	must(keel_proxy_drain(&proxy, &lost));
	check(!lost && lseek(fd, 0, SEEK_END) == 1 + LINES * (off_t)strlen(text));
	must(keel_thread_detach());
	must(keel_proxy_delete(&proxy));
	check(lseek(fd, 0, SEEK_SET) == 0 && read(fd, &c, 1) == 1 && c == '#');
	read_lines(fd, LINES);
	check(read(fd, &c, 1) == 0);
	close(fd);
}

static void *write_all(void *arg)
{
	write_lines(LINES);
	return arg;
}

/* Through what blocks its writer, and what does not wait; the descriptor was closed before. */
static void through(int in, int out)
{
	pthread_t thread;

	must(keel_proxy_create(&proxy, in, PLACES, SIZE));
	close(in);
	thread = hard_create("proxy", PRIO, 0, write_all, NULL);
	read_lines(out, LINES);
	pthread_join(thread, NULL);
	must(keel_proxy_delete(&proxy));
	close(out);
}

void proxy_kinds(void)
{
	int p[2], s[2], master, slave;
	struct termios raw;

	must(keel_open());
	check(pipe(p) == 0);
	check(fcntl(p[1], F_SETPIPE_SZ, 4096) > 0);
	through(p[1], p[0]);
	check(pipe(p) == 0);
	check(fcntl(p[1], F_SETPIPE_SZ, 4096) > 0 && fcntl(p[1], F_SETFL, O_NONBLOCK) == 0);
	through(p[1], p[0]);
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	through(s[1], s[0]);
	cfmakeraw(&raw);
	check(openpty(&master, &slave, NULL, &raw, NULL) == 0);
	through(slave, master);
}

/* ---- loss --------------------------------------------------------------------------------------- */

static void fill(int fd)
{
	static const char page[4096];

	check(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	while (write(fd, page, sizeof(page)) > 0)
		;
	check(fcntl(fd, F_SETFL, 0) == 0);
}

/* The next of the alphabet, which is in @kept when the proxy has it. */
static int write_next(char *kept)
{
	static char next = 'a';
	int err;

	err = keel_proxy_write(&proxy, &next, 1);
	if (!err)
		strncat(kept, &next, 1);
	next++;
	return err;
}

/* Behind what filled the pipe comes what was kept, in order, and none of what was lost. */
static void read_kept(int fd, const char *kept)
{
	char got[32] = "", c;

	while (strlen(got) < strlen(kept)) {
		check(read(fd, &c, 1) == 1);
		if (c)
			strncat(got, &c, 1);
	}
	check(!strcmp(got, kept));
}

/* A full file: its thread has one message, the places are taken, the rest is lost, and counted. */
void proxy_full(void)
{
	char kept[32] = "";
	unsigned long lost;
	int p[2], got = 0;

	must(keel_open());
	check(pipe(p) == 0);
	fill(p[1]);
	must(keel_proxy_create(&proxy, p[1], PLACES, 1));
	must(keel_thread_attach("proxy", PRIO, 0));
	for (int i = 0; i < PLACES; i++)
		must(write_next(kept));
	must(keel_sleep(20 * MS));
	while (!write_next(kept))
		check(++got == 1 || got < PLACES);
	check(write_next(kept) == -EAGAIN);
	check(keel_proxy_clockwrite(&proxy, "-", 1, CLOCK_MONOTONIC, 1) == -ETIMEDOUT);
	check(must(keel_proxy_lost(&proxy)) == 3);
	close(p[1]);
	read_kept(p[0], kept);
	must(keel_proxy_drain(&proxy, &lost));
	check(lost == 3);
	/* No reader any more: what comes is lost too. */
	close(p[0]);
	for (int i = 0; i < PLACES; i++)
		must(keel_proxy_write(&proxy, "-", 1));
	must(keel_proxy_drain(&proxy, &lost));
	check(lost == 3 + PLACES);
	must(keel_thread_detach());
	must(keel_proxy_delete(&proxy));
}

/* A file that takes nothing holds up neither a delete nor the end of a process for long. */
void proxy_stuck(void)
{
	int p[2], status;
	pid_t pid;

	check(pipe(p) == 0);
	fill(p[1]);
	for (int kill_it = 0; kill_it < 2; kill_it++) {
		pid = fork();
		if (pid == 0) {
			must(keel_open());
			must(keel_proxy_create(&proxy, p[1], PLACES, 1));
			must(keel_thread_attach("proxy", PRIO, 0));
			must(keel_proxy_write(&proxy, "p", 1));
			must(keel_relax());
			if (kill_it)
				raise(SIGKILL);
			must(keel_proxy_delete(&proxy));
			_exit(0);
		}
		check(waitpid(pid, &status, 0) == pid);
		check(status == (kill_it ? SIGKILL : 0));
	}
}

/* A process that ends without a delete has written all. */
void proxy_left(void)
{
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600), status;
	pid_t pid = fork();

	if (pid == 0) {
		must(keel_open());
		must(keel_proxy_create(&proxy, fd, LINES, SIZE));
		must(keel_thread_attach("proxy", PRIO, 0));
		write_lines(LINES);
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid && !status);
	check(lseek(fd, 0, SEEK_SET) == 0);
	read_lines(fd, LINES);
	close(fd);
}

void proxy_wrong(void)
{
	struct keel_eventfd none;
	int file, sealed, event;
	char text[2] = "x";

	must(keel_open());
	file = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	sealed = open(FILE_NAME, O_RDONLY);
	event = eventfd(0, 0);
	check(keel_proxy_create(&proxy, -1, 1, 1) == -EBADF);
	check(keel_proxy_create(&proxy, 1000, 1, 1) == -EBADF);
	check(keel_proxy_create(&proxy, sealed, 1, 1) == -EBADF);
	check(keel_proxy_create(&proxy, event, 1, 1) == -EOPNOTSUPP);
	check(keel_proxy_create(&proxy, device_fd(), 1, 1) == -EOPNOTSUPP);
	check(keel_proxy_create(&proxy, file, 0, 1) == -EINVAL);
	check(keel_proxy_create(&proxy, file, 1, 0) == -EINVAL);
	check(keel_proxy_create(&proxy, file, KEEL_PIPE_PLACES + 1, 1) == -EINVAL);
	check(keel_proxy_create(&proxy, file, 1, KEEL_PIPE_SIZE + 1) == -EINVAL);
	check(keel_eventfd_create(&none, -1) == -EBADF);
	check(keel_eventfd_create(&none, 1000) == -EBADF);
	check(keel_eventfd_create(&none, file) == -EINVAL);
	must(keel_proxy_create(&proxy, file, 1, 1));
	check(keel_proxy_write(&proxy, text, 1) == -EPERM);
	check(keel_proxy_lost(&proxy) == -EPERM);
	must(keel_thread_attach("wrong", PRIO, 0));
	check(keel_proxy_write(&proxy, text, 0) == -EINVAL);
	check(keel_proxy_write(&proxy, text, 2) == -EMSGSIZE);
	check(keel_proxy_write(&proxy, NULL, 1) == -EFAULT);
	check(keel_proxy_clockwrite(&proxy, text, 1, 99, 1) == -EINVAL);
	check(keel_proxy_clockwrite(&proxy, text, 1, CLOCK_MONOTONIC, -1) == -EINVAL);
	check(keel_eventfd_signal(&(struct keel_eventfd){ proxy.id }) == -EINVAL);
	check(keel_pipe_write(&(struct keel_pipe){ .id = proxy.id }, text, 1) == -EINVAL);
	check(must(keel_proxy_lost(&proxy)) == 0);
	must(keel_eventfd_create(&none, event));
	check(keel_proxy_drain(&(struct keel_proxy){ none.id }, NULL) == -EINVAL);
	must(keel_eventfd_delete(&none));
	must(keel_proxy_delete(&proxy));
	check(keel_proxy_drain(&proxy, NULL) == -EINVAL);
	check(keel_proxy_lost(&proxy) == -EINVAL);
	check(keel_proxy_delete(&proxy) == -EINVAL);
	must(keel_thread_detach());
}

/* ---- eventfds ----------------------------------------------------------------------------------- */

static struct keel_eventfd signalled;

static void *signal_some(void *arg)
{
	for (int i = 0; i < 1000; i++) {
		must(keel_eventfd_signal(&signalled));
		if (i % 100 == 0)
			must(keel_sleep(MS));
	}
	check(keel_is_hard());
	return arg;
}

void eventfd_counts(void)
{
	struct pollfd p = { .events = POLLIN };
	uint64_t n, sum = 0;
	pthread_t thread;

	must(keel_open());
	p.fd = eventfd(0, EFD_NONBLOCK);
	must(keel_eventfd_create(&signalled, p.fd));
	check(poll(&p, 1, 0) == 0);
	thread = hard_create("signal", PRIO, 0, signal_some, NULL);
	while (sum < 1000) {
		check(poll(&p, 1, 10000) == 1);
		check(read(p.fd, &n, sizeof(n)) == sizeof(n));
		sum += n;
	}
	check(sum == 1000);
	pthread_join(thread, NULL);
	must(keel_eventfd_delete(&signalled));
	check(read(p.fd, &n, sizeof(n)) < 0 && errno == EAGAIN);
}

/* Linux has not this CPU in between, so it sees nothing; what was taken is seen after the delete. */
void eventfd_full(void)
{
	int fd = eventfd(0, EFD_NONBLOCK), taken = 0;
	uint64_t n;

	must(keel_open());
	must(keel_eventfd_create(&signalled, fd));
	check(keel_eventfd_signal(&signalled) == -EPERM);
	must(keel_thread_attach("signal", PRIO, 0));
	while (!keel_eventfd_signal(&signalled))
		check(++taken <= 2 * KEEL_EVENTFD_MAX);
	check(taken >= KEEL_EVENTFD_MAX);
	check(keel_eventfd_signal(&signalled) == -EAGAIN);
	must(keel_relax());
	must(keel_eventfd_delete(&signalled));
	check(read(fd, &n, sizeof(n)) == sizeof(n) && n == (unsigned int)taken);
	check(keel_eventfd_signal(&signalled) == -EINVAL);
	must(keel_thread_detach());
}
