/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of fuzz. Each thread that draws has a generator of its own, so that what it asks for is
 * told by the seed, whatever the others do. Context of all: any thread of a worker.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <signal.h>
#include <keel/abi.h>
#include "../hard.h"

struct dice {
	unsigned long state;
};

unsigned long dice_next(struct dice *d);

/* 0 to @n - 1. */
static inline unsigned int dice_below(struct dice *d, unsigned int n)
{
	return dice_next(d) % n;
}

/* A value that is likely to lie at somebody's limit. */
unsigned long dice_value(struct dice *d);

/* Likely the id of an object of that type; 0: of any. */
unsigned int dice_id(struct dice *d, unsigned int type);

#define WORKERS_MAX	16
#define THREADS_MAX	16
#define FUZZ_NAMES	3	/* that all processes share */

extern int shared;			/* the library's file, with its objects */
extern pid_t *tids;			/* of a worker's threads, THREADS_MAX, 0 if there are less */

/* The calling thread is one of them. */
void tid_note(void);

/* One random request, with @fd or another descriptor. */
void request_random(struct dice *d, int fd);
/* Pages that are not mapped, read-only, and so on, and some objects of each type on @fd: before the
 * first request. */
void request_init(struct dice *d, int fd);
/* A page that other threads make go and come while it is used. */
volatile char *request_page(void);

/* What a class takes. */
void sched_random(struct dice *d, struct keel_sched *s);

/* Before all processes; @as_nobody: what sends requests has no rights. */
void others_init(int as_nobody);
/* The calling process is a worker, the @n-th. */
void others_worker(unsigned int n);
/* The calling thread has none of root's rights from here on, if that is asked for. */
void others_nobody(void);
/* Of a thread of the process, or of another one; maybe 0, or of one that is gone. */
pid_t tid_random(struct dice *d);
/* Whether it is to be a change now: more often where none is allowed. */
int others_asked(struct dice *d);
/* A change of such a one. */
void change_random(struct dice *d, struct keel_thread_change *c);
/* What became of it: 0 or an errno. */
void change_noted(const struct keel_thread_change *c, int err);
/* Threads that nobody may change, from before the first worker until after the last: they were not. */
void untouched_begin(void);
void untouched_end(void);

/* What takes several requests, or is none: signals, affinity, Keel that stops and starts, a
 * process that has all threads and mutexes that there can be. */
void scene_random(struct dice *d, int fd);
/* One request: @fd is of the process, or was inherited. */
void ioctl_random(struct dice *d, int fd);
/* Keel runs, whoever stopped it. */
void control_on(void);

/* A thread that becomes hard and makes random Keel calls. @arg: its seed. */
void *hard_random(void *arg);
/* Keel calls of a thread that is not hard reach Linux, which knows none. */
void inband_random(struct dice *d);

/* What must not be writable is not, and tells no address of the kernel. Ends the process if not so. */
void pages_check(int fd);

#endif
