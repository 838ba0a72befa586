/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A thread that keeps a pattern in its registers while it does something over and over, until a
 * flag is set: what it does is one of the loops below. What a signal's handler finds in its context
 * must be the pattern; it puts another in its place, which the loop must then end with.
 */
#ifndef SIGNALS_HOLD_H
#define SIGNALS_HOLD_H

#include <stdint.h>
#include <ucontext.h>

#define GPRS	13		/* rax rbx rdx rsi rdi rbp r8..r14 */
#define VECS	16
#define ALL	0x1fff
#define KEPT	0x1de2		/* of GPRS: those that a system call keeps and has no use for */
#define FLAGS	0xcd5		/* CF PF AF ZF SF DF OF */

struct pattern {
	uint64_t gpr[GPRS];
	uint64_t flags;
	int64_t x87[2];		/* integers, in st(0) and st(1) */
	uint64_t vec[VECS][4];	/* the upper half only with AVX */
};

/* Offsets are in hold.c as well. */
struct hold {
	uint64_t flag;		/* ends the loop */
	int64_t ret;		/* of the last call */
	int64_t call[4];	/* number and arguments */
	uint64_t avx;
	uint64_t looping;	/* the registers hold the pattern */
	struct pattern in, out;
	unsigned int gprs;	/* what of the pattern the loop keeps, a bit each */
};

#define NOT_CALLED	(-9999)

typedef void (*hold_fn)(struct hold *h);

/* Spins; writes where it may not; makes the call; becomes hard and makes a Linux call, in turn. Behind _insn is the
 * (first) system call, where one that is restarted begins again. */
void hold_spin(struct hold *h);
void hold_fault(struct hold *h);
void hold_call(struct hold *h);
void hold_cross(struct hold *h);
extern const char hold_call_insn[];

/* Fill in @h's pattern, for @fn. */
void hold_begin(struct hold *h, hold_fn fn, uint64_t seed);

/* Wait, in another thread, until the registers hold the pattern: a signal that came before, in the
 * C code on the way there, would show the handler the compiler's registers. */
void hold_await(const struct hold *h);

/* In a handler: @context must show h->in; from now on it and h->in are another pattern. */
void hold_signal(struct hold *h, ucontext_t *context, uint64_t seed);

/* @p, as @where shows it, must be h->in. */
void hold_compare(const struct hold *h, const struct pattern *p, const char *where);

/* After the loop: h->out must be h->in. */
void hold_end(const struct hold *h);

#endif
