// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The system's log. Only Linux can write to it: so a task's line goes through a proxy of Keel's and a pair of
 * sockets, which keeps it one line, to a thread of Linux's that calls syslog(). Before the first task, and for a line
 * that is longer than a message, the caller does so itself.
 */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>
#include <keel/keel.h>
#include <rtdk.h>
#include "internal.h"
#include "out.h"

#define STACK	(64 << 10)

struct line {
	int priority;
	char text[LIBKEEL_PIECE - sizeof(int)];
};

static struct {
	int there;			/* (a) */
	int ends[2];			/* to the thread, and its own */
	pthread_t thread;
	struct libkeel_out out;
} journal = { .ends = { -1, -1 } };

static void *writer(void *arg)
{
	struct line line;
	ssize_t n;

	while ((n = read(journal.ends[1], &line, sizeof(line))) != 0) {
		if (n > (ssize_t)offsetof(struct line, text))
			syslog(line.priority, "%.*s", (int)(n - offsetof(struct line, text)), line.text);
	}
	return arg;
}

/* No signal of the program's is for it. */
static int writer_begin(void)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	err = pthread_create(&journal.thread, &attr, writer, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

static void ends_close(void)
{
	for (int i = 0; i < 2; i++)
		if (journal.ends[i] >= 0)
			libkeel_syscall(SYS_close, journal.ends[i], 0, 0);	/* in a child of fork(), too */
	journal.ends[0] = -1;
	journal.ends[1] = -1;
}

void alchemy_log_begin(void)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, journal.ends))
		return;
	if (libkeel_out_open(&journal.out, journal.ends[0])) {
		ends_close();
		return;
	}
	if (writer_begin()) {
		libkeel_out_close(&journal.out);
		ends_close();
		return;
	}
	__atomic_store_n(&journal.there, 1, __ATOMIC_RELEASE);
}

/* The thread has stayed with the parent. */
static void fork_child(void)
{
	journal.there = 0;
	ends_close();
}

__attribute__((constructor)) static void begin(void)
{
	pthread_atfork(NULL, NULL, fork_child);
}

/* What tasks have said before the program ends is in the log then. */
__attribute__((destructor)) static void end(void)
{
	if (!__atomic_exchange_n(&journal.there, 0, __ATOMIC_ACQ_REL))
		return;
	libkeel_out_drain(&journal.out);
	shutdown(journal.ends[0], SHUT_WR);
	pthread_join(journal.thread, NULL);
}

static int pass_on(const struct line *line, size_t size)
{
	size += offsetof(struct line, text);
	return ALCHEMY_CALL((long)libkeel_out_write(&journal.out, (const char *)line, size)) == (long)size;
}

void rt_vsyslog(int priority, const char *format, va_list args)
{
	struct line line = { .priority = priority };
	va_list again;
	int size = 0;

	va_copy(again, args);
	if (__atomic_load_n(&journal.there, __ATOMIC_ACQUIRE))
		size = vsnprintf(line.text, sizeof(line.text), format, args);
	if (size <= 0 || size >= (int)sizeof(line.text) || !pass_on(&line, size)) {
		keel_relax();
		vsyslog(priority, format, again);
	}
	va_end(again);
}

void rt_syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	rt_vsyslog(priority, format, args);
	va_end(args);
}
