/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables of what must be refused. After each row the caller is as hard as it was; after each
 * table Keel tells the same of itself and has the same threads. A line on stdout per table.
 */
#ifndef BADINPUT_H
#define BADINPUT_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include "hard.h"

/* A call that returns 0 or more, or a negative errno. */
struct row {
	const char *what;
	long (*call)(void);
	long want;
};

/* An ioctl on badinput_fd. */
struct request {
	const char *what;
	unsigned long cmd;
	void *arg;
	long want;
};

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

extern int badinput_fd;

/* The syscall's way of saying errno, made the kernel's. */
static inline long result(long ret)
{
	return ret == -1 ? -errno : ret;
}

void rows_run(const char *where, const struct row *rows, int count);
void requests_run(const char *where, const struct request *requests, int count);

/* Context: main thread, in-band and not attached. */
void requests_test(void);	/* ioctl, mmap, lseek */
void inband_test(void);		/* Keel calls and the library from threads that are not hard */
void messages_test(void);	/* queues, buffers, channels, heaps, names */
void sched_test(void);	/* classes, groups, windows */
void poll_test(void);		/* files of shared objects, waiting for several */
void every_test(void);		/* each Keel call there is, each argument wrong */
void objects_test(void);	/* what threads synchronise by */
void hard_test(void);		/* Keel calls from a hard thread */
void attach_test(void);		/* attached twice, to two files, more than there is room for */
void others_test(void);		/* a child of fork, a user without rights */
void offline_test(int cpu);	/* a CPU that is offline */

#endif
