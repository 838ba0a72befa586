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
#include "xstate.h"

u64 hal_xstate_root_mask __read_mostly;
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
	hal_xstate_root_mask = XFEATURE_MASK_FPSSE;
	root_size = 512;
	if (!boot_cpu_has(X86_FEATURE_XSAVE) || !boot_cpu_has(X86_FEATURE_OSXSAVE))
		return 0;
	sub = 0;
	if (boot_cpu_has(X86_FEATURE_XSAVES)) {
		sub = 1;
		rdmsrl(MSR_IA32_XSS, xss);
	}
	hal_xstate_root_mask = xcr0_read() | xss;
	cpuid_count(0xd, sub, &size, &b, &c, &d);
	root_size = b;
	return 0;
}

unsigned int hal_xstate_root_size(void)
{
	return root_size;
}
