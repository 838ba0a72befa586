/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that is changed under a hard thread. A row prepares the page with OLD, starts the reader, a
 * hard thread on CPU 1, and makes its change in-band on CPU 0. From the moment the change is
 * over the reader must see what is there now, and nothing of what was there before.
 */
#ifndef PAGES_H
#define PAGES_H

#include <stdint.h>
#include "hard.h"

#define PAGE	4096ul
#define HUGE	(2ul << 20)
#define OLD	0x11
#define NEW	0x22
#define PATTERN	0x77

#define OK(call)								\
	do {									\
		if ((long)(call) < 0)						\
			fail("line %d: " #call ": %m", __LINE__);		\
	} while (0)

enum ends {
	DIES,		/* the next look is a signal */
	SEES,		/* the next look gives `value` */
	FAULTS,		/* the next look is a page fault, and gives `value` */
	COUNTS,		/* the reader writes, something else at each look */
	WRITES,		/* told so the reader writes NEW; verify() looks what became of it */
};

struct row {
	const char *name;
	void (*prepare)(void);
	void (*change)(void);
	void (*verify)(void);	/* after the reader is through; may be NULL */
	enum ends ends;
	int value;
	int signal;		/* that DIES; also says that each look writes, if negative */
	int rounds;
	int busy_ms;		/* how long the reader looks without a rest, if not 5 */
	int unseen;		/* Keel's part is not told apart: Linux itself makes each CPU answer, or it
				 * takes so long that the reader rests in between */
};

extern const struct row rows[];
extern const int rows_count;

extern volatile unsigned char *page;	/* what the reader looks at */

extern int faults_met;			/* by the reader, in a row that FAULTS */

/* One round of @row. */
void round_run(const struct row *row);

/* The process that is busy on CPU 1, and the one that takes free pages on CPU 0. Both end with this
 * one. */
void busy_start(void);
void taker_start(void);

/* Let the taker take pages and fill them with PATTERN. */
void taker_take(void);

#endif
