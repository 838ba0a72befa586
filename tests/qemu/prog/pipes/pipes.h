/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rows of pipes, by file.
 */
#ifndef PIPES_H
#define PIPES_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <keel/pipe.h>
#include <keel/proxy.h>
#include <keel/sync.h>
#include "../hard.h"

#define PLACES	4
#define SIZE	64

#define PRIO	30

/* The Linux end of @p. */
static inline int rtp_open(const struct keel_pipe *p, int flags)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), KEEL_PIPE_DEVICE "%d", p->number);
	fd = open(path, flags);
	if (fd < 0)
		fail("%s: %m", path);
	return fd;
}

/* plain.c */
void order(void);
void sizes(void);
void numbers(void);
void polling(void);
void pressure_linux(void);
void pressure_hard(void);
void deleted(void);
void ended(void);
void inherited(void);
int read_inherited(const char *number);
int keep(void);
void interrupted(void);
void flushing(void);
void watching(void);

/* bound.c */
void bound_both(void);
void bound_given_up(void);
void bound_orphaned(void);
void bound_wrong(void);

/* wrong.c */
void memory_missing(void);
void wrong(void);

/* proxy.c */
void proxy_file(void);
void proxy_kinds(void);
void proxy_full(void);
void proxy_stuck(void);
void proxy_left(void);
void proxy_wrong(void);
void eventfd_counts(void);
void eventfd_full(void);

/* torture.c */
void torture_short(void);
void torture_long(void);

#endif
