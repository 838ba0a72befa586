// SPDX-License-Identifier: GPL-2.0
#include <cpuid.h>
#include <sys/auxv.h>
#include "hard.h"
#include "round.h"

#define HWCAP2_FSGSBASE	2

int round_fsgsbase, round_pkru;

static int has_pkru(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & bit_OSPKE);
}

round_fn round_choose(const char **name, size_t *vec_size)
{
	round_fsgsbase = !!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE);
	round_pkru = has_pkru();
	if (__builtin_cpu_supports("avx512bw")) {
		*name = "avx512";
		*vec_size = 32 * 64;
		return round_avx512;
	}
	if (__builtin_cpu_supports("avx")) {
		*name = "avx";
		*vec_size = 16 * 32;
		return round_avx;
	}
	*name = "sse";
	*vec_size = 16 * 16;
	return round_sse;
}

static uint64_t mix(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return *seed ^ *seed >> 29;
}

void state_fill(struct state *s, uint64_t seed, uint64_t fs0, uint64_t gs0, size_t vec_size)
{
	memset(s, 0, sizeof(*s));
	for (int i = 0; i < GP_COUNT; i++)
		s->gp[i] = mix(&seed);
	s->fs0 = fs0;
	s->gs0 = gs0;
	/* Exceptions masked, rounding and sticky flags as they come. */
	s->mxcsr = 0x1f80 | (mix(&seed) & 0x603f);
	s->cw = 0x37f | (mix(&seed) & 0xc00);
	for (int i = 0; i < 8; i++) {
		uint64_t mantissa = mix(&seed) | 1ull << 63;

		memcpy(s->x87[i], &mantissa, 8);
		s->x87[i][8] = i;
		s->x87[i][9] = 0x3f;
	}
	if (vec_size == VEC_SIZE)
		for (int i = 0; i < 8; i++)
			s->mask[i] = mix(&seed);
	if (round_fsgsbase) {
		s->fsbase = mix(&seed) >> 18;
		s->gsbase = mix(&seed) >> 18;
	}
	if (round_pkru)
		s->pkru = mix(&seed) & ~3u;	/* key 0 is that of all memory */
	for (size_t i = 0; i < vec_size; i++)
		s->vec[i] = mix(&seed) >> 13;
}

static void part_check(const void *now, const void *want, size_t size, size_t unit,
		       const char *what, const char *who, long round)
{
	uint64_t a = 0, b = 0;

	if (!memcmp(now, want, size))
		return;
	for (size_t i = 0; i < size; i += unit) {
		if (!memcmp(now + i, want + i, unit))
			continue;
		memcpy(&a, now + i, unit < 8 ? unit : 8);
		memcpy(&b, want + i, unit < 8 ? unit : 8);
		fail("%s, round %ld: %s %zu is %lx, not %lx", who, round, what, i / unit, a, b);
	}
}

void state_check(const struct state *now, const struct state *want, const char *who, long round)
{
#define PART(field, unit, what) \
	part_check(&now->field, &want->field, sizeof(now->field), unit, what, who, round)
	PART(gp, 8, "register");
	PART(fs0, 8, "word at FS");
	PART(gs0, 8, "word at GS");
	PART(mxcsr, 4, "MXCSR");
	PART(cw, 2, "x87 control word");
	PART(x87, 16, "x87 register");
	PART(mask, 8, "mask register");
	PART(fsbase, 8, "FS base");
	PART(gsbase, 8, "GS base");
	PART(pkru, 4, "PKRU");
	PART(vec, 16, "vector, 16 bytes at");
#undef PART
}
