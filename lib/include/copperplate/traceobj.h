/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests: threads leave marks, and in the end they must have come in the order that was expected. A check
 * that fails ends the process with status 1, after a line on stderr.
 */
#ifndef COPPERPLATE_TRACEOBJ_H
#define COPPERPLATE_TRACEOBJ_H

#include <errno.h>
#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

struct traceobj {
	pthread_mutex_t lock;
	pthread_cond_t done;
	const char *label;
	int room;
	int count;
	int *marks;
	int threads;		/* that have entered, and not left */
};

/* Room for @nr_marks. Context of all: any thread. */
void traceobj_init(struct traceobj *trobj, const char *label, int nr_marks);
void traceobj_destroy(struct traceobj *trobj);

/* A thread begins and ends, also by being deleted; the last one to end lets traceobj_join() return. */
void traceobj_enter(struct traceobj *trobj);
void traceobj_exit(struct traceobj *trobj);
void traceobj_unwind(struct traceobj *trobj);
void traceobj_join(struct traceobj *trobj);

/* The marks are those of @tseq, in its order. */
void traceobj_verify(struct traceobj *trobj, int tseq[], int nr_seq);

void __traceobj_mark(struct traceobj *trobj, const char *file, int line, int mark);
void __traceobj_assert_failed(struct traceobj *trobj, const char *file, int line, const char *cond);

#define traceobj_mark(trobj, mark) __traceobj_mark(trobj, __FILE__, __LINE__, mark)

#define traceobj_assert(trobj, cond)							\
	do {										\
		if (!(cond))								\
			__traceobj_assert_failed(trobj, __FILE__, __LINE__, #cond);	\
	} while (0)

#define traceobj_check(trobj, value, expected)						\
	traceobj_assert(trobj, (value) == (expected))

#ifdef __cplusplus
}
#endif

#endif
