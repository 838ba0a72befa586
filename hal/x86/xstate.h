/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Vector state, raw: FXSAVE, XSAVE or XSAVES, whichever Linux uses on this CPU.
 */
#ifndef HAL_X86_XSTATE_H
#define HAL_X86_XSTATE_H

#include <linux/types.h>
#include <asm/alternative.h>
#include <asm/cpufeature.h>

extern u64 hal_xstate_root_mask;	/* XCR0 | XSS */

/* Learn what this CPU has. 0 or -EOPNOTSUPP after a message. Context: in-band. */
int hal_xstate_init(void);

/* Bytes of a whole image, with every feature. */
unsigned int hal_xstate_root_size(void);

/* The instructions take the mask in halves. */
union hal_xstate_mask {
	u64 all;
	struct {
		u32 low, high;
	};
};

/* Context: hard masked, or preemption off; @buf 64-byte aligned. */
static __always_inline void hal_xstate_save(void *buf, const u64 *mask)
{
	const union hal_xstate_mask *m = (const void *)mask;

	asm volatile(ALTERNATIVE_2("fxsaveq (%0)", "xsave64 (%0)", X86_FEATURE_XSAVE,
				   "xsaves64 (%0)", X86_FEATURE_XSAVES)
		     : : "r"(buf), "a"(m->low), "d"(m->high) : "memory");
}

static __always_inline void hal_xstate_restore(void *buf, const u64 *mask)
{
	const union hal_xstate_mask *m = (const void *)mask;

	asm volatile(ALTERNATIVE_2("fxrstorq (%0)", "xrstor64 (%0)", X86_FEATURE_XSAVE,
				   "xrstors64 (%0)", X86_FEATURE_XSAVES)
		     : : "r"(buf), "a"(m->low), "d"(m->high) : "memory");
}

#endif
