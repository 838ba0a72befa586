/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interrupt pipeline of one CPU: who gets an interrupt, and what waits for Linux.
 *
 * Two masks. H, the hard mask, is the CPU's own. V, the stall, is Linux's virtual interrupt flag:
 * Linux believes interrupts are on when H is open and V is not stalled. This file is the one
 * place where the rules stand; it knows no machine and runs in the unit tests as it is.
 *
 * Context of all functions: hard masked, on the CPU that owns the pipeline.
 */
#ifndef HAL_PIPELINE_H
#define HAL_PIPELINE_H

#define PIPELINE_VECTORS 256
#define PIPELINE_WORDS	 (PIPELINE_VECTORS / 64)

/* Bits of the state word. The thunks change STALLED with single instructions. */
#define PIPELINE_STALLED 0x001u
#define PIPELINE_PENDING 0x100u	/* something is logged: kept beside the log so that one test tells */

struct pipeline_set {
	unsigned long word[PIPELINE_WORDS];
};

struct pipeline {
	unsigned long serving;		/* delivered to Linux: what its next EOI is for; 0: nothing */
	unsigned long outer;		/* what was served when that was delivered */
	struct pipeline_set log;	/* waits until V opens */
	struct pipeline_set held;	/* level lines not yet finished with the controller */
	struct pipeline_set done;	/* of held: Linux is through with it */
	unsigned long logged;		/* count since start */
};

enum pipeline_verdict {
	PIPELINE_DELIVER,	/* Linux's handler may run now */
	PIPELINE_LOG,		/* remembered; comes again when V opens */
};

/* A vector meant for Linux arrived. @state: the state word; @oob: an oob thread has the CPU. */
enum pipeline_verdict pipeline_arrive(struct pipeline *p, unsigned int *state, int oob,
				      unsigned int vector);

/* Linux's handler of @vector runs next. The port keeps ->outer before H opens and puts it back into
 * ->serving when the handler has returned; not for one that has H closed (pipeline_eoi()). */
static inline void pipeline_deliver(struct pipeline *p, unsigned int vector)
{
	p->outer = p->serving;
	p->serving = vector;
}

/* A level-triggered vector stays in service until Linux, or the log's return, is through. */
void pipeline_hold(struct pipeline *p, unsigned int vector);

/* Linux finished @vector. Returns how many end-of-interrupt commands are due now: the
 * controller retires the highest vector first, so a lower one waits for those above it. */
unsigned int pipeline_finish(struct pipeline *p, unsigned int vector);

/* Linux's handler sent its EOI: pipeline_finish() of what it serves. @masked: with H closed, so it
 * cannot be interrupted before it returns, and the one below is served again from now on. */
unsigned int pipeline_eoi(struct pipeline *p, int masked);

/* Give the log back: the next vector to raise again, highest first, or -1 when empty; then
 * PENDING is clear. A held vector is not raised again: finish it, its line asks by itself.
 * *@eois gets the number of end-of-interrupt commands due before the vector is raised, and
 * *@raise says whether to raise it at all. */
int pipeline_next(struct pipeline *p, unsigned int *state, unsigned int *eois, int *raise);

/* May the log be given back now: V open and something logged. */
static inline int pipeline_due(unsigned int state)
{
	return (state & (PIPELINE_STALLED | PIPELINE_PENDING)) == PIPELINE_PENDING;
}

/* 0 when the invariants hold, else the number of the broken one:
 * I1 PENDING is set exactly when the log is not empty (in the midst of a give-back it stays set
 *    until pipeline_next() said -1);
 * I2 done is a subset of held;
 * I3 V open with H open for Linux implies an empty log. @masked: H is closed, or an oob thread
 *    has the CPU. */
int pipeline_check(const struct pipeline *p, unsigned int state, int masked);

#endif
