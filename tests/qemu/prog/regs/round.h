/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All of a thread's registers, and what loads, keeps and stores them (round.S).
 */
#ifndef ROUND_H
#define ROUND_H

#include <stddef.h>
#include <stdint.h>

#define GP_COUNT	15	/* rax rbx rcx rdx rsi rdi rbp r8..r15 */
#define VEC_SIZE	2048

struct state {
	uint64_t gp[GP_COUNT];
	uint64_t fs0, gs0;	/* first words of what FS and GS point to */
	uint32_t mxcsr;
	uint16_t cw, pad;
	uint8_t x87[8][16];	/* 10 bytes each */
	uint64_t mask[8];
	uint64_t fsbase, gsbase;
	uint32_t pkru;
	uint8_t fill[28];
	uint8_t vec[VEC_SIZE];	/* 16, 32 or 64 bytes a register */
};

_Static_assert(offsetof(struct state, mxcsr) == 136, "state");
_Static_assert(offsetof(struct state, mask) == 272, "state");
_Static_assert(offsetof(struct state, pkru) == 352, "state");
_Static_assert(offsetof(struct state, vec) == 384, "state");

typedef long (*round_fn)(const struct state *in, struct state *out, long nr, long spins);

long round_sse(const struct state *in, struct state *out, long nr, long spins);
long round_avx(const struct state *in, struct state *out, long nr, long spins);
long round_avx512(const struct state *in, struct state *out, long nr, long spins);

extern int round_fsgsbase;	/* user code may write FS and GS base, */
extern int round_pkru;		/* or has protection keys */

/* The one for this CPU; the size of its vector registers in all. */
round_fn round_choose(const char **name, size_t *vec_size);

/* Fill @s with a pattern of @seed. @fs0, @gs0: what FS and GS point to. */
void state_fill(struct state *s, uint64_t seed, uint64_t fs0, uint64_t gs0, size_t vec_size);

/* Ends the process when @now is not @want. */
void state_check(const struct state *now, const struct state *want, const char *who, long round);

#endif
