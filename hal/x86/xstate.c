// SPDX-License-Identifier: GPL-2.0
/*
 * Vector state, raw. Linux's whole state (root) is saved with every feature the CPU has
 * enabled, whatever Linux believes its registers hold; a hard thread's with its task's own mask and
 * the same instruction Linux uses, so that its image can go back into the task's buffer.
 */
#include <linux/kernel.h>
#include <asm/cpufeature.h>
#include <asm/fpu/types.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include "context.h"

static enum { X_FX, X_XSAVE, X_XSAVES } how;
static u64 root_mask;
static unsigned int root_size;

static u64 xcr0_read(void)
{
	u32 low, high;

	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (u64)high << 32 | low;
}

int hal_xstate_init(void)
{
	u32 size, b, c, d, sub;
	u64 xss = 0;

	if (!boot_cpu_has(X86_FEATURE_FXSR)) {
		pr_err("keel: this CPU has no FXSAVE\n");
		return -EOPNOTSUPP;
	}
	how = X_FX;
	root_mask = XFEATURE_MASK_FPSSE;
	root_size = 512;
	if (!boot_cpu_has(X86_FEATURE_XSAVE) || !boot_cpu_has(X86_FEATURE_OSXSAVE))
		return 0;
	how = X_XSAVE;
	sub = 0;
	if (boot_cpu_has(X86_FEATURE_XSAVES)) {
		how = X_XSAVES;
		sub = 1;
		rdmsrl(MSR_IA32_XSS, xss);
	}
	root_mask = xcr0_read() | xss;
	cpuid_count(0xd, sub, &size, &b, &c, &d);
	root_size = b;
	return 0;
}

unsigned int hal_xstate_root_size(void)
{
	return root_size;
}

u64 hal_xstate_root_mask(void)
{
	return root_mask;
}

void hal_xstate_save(void *buf, u64 mask)
{
	u32 low = mask, high = mask >> 32;

	switch (how) {
	case X_FX:
		asm volatile("fxsaveq (%0)" : : "r"(buf) : "memory");
		break;
	case X_XSAVE:
		asm volatile("xsave64 (%0)" : : "r"(buf), "a"(low), "d"(high) : "memory");
		break;
	case X_XSAVES:
		asm volatile("xsaves64 (%0)" : : "r"(buf), "a"(low), "d"(high) : "memory");
		break;
	}
}

void hal_xstate_restore(void *buf, u64 mask)
{
	u32 low = mask, high = mask >> 32;

	switch (how) {
	case X_FX:
		asm volatile("fxrstorq (%0)" : : "r"(buf) : "memory");
		break;
	case X_XSAVE:
		asm volatile("xrstor64 (%0)" : : "r"(buf), "a"(low), "d"(high) : "memory");
		break;
	case X_XSAVES:
		asm volatile("xrstors64 (%0)" : : "r"(buf), "a"(low), "d"(high) : "memory");
		break;
	}
}
