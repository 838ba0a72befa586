// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stddef.h>
#include <keel/keel.h>

static const char *const reasons[KEEL_RELAX_REASONS] = {
	[KEEL_RELAX_NONE] = "never left hard mode",
	[KEEL_RELAX_CALL] = "asked to",
	[KEEL_RELAX_SYSCALL] = "Linux system call",
	[KEEL_RELAX_FAULT] = "page fault or other exception",
	[KEEL_RELAX_SIGNAL] = "signal, debugger, freezer or a change of its CPUs",
	[KEEL_RELAX_WATCHDOG] = "watchdog: kept Linux off its CPU too long",
	[KEEL_RELAX_DETACH] = "Keel was stopped, or the CPU went offline",
};

static const char *const refusals[] = {
	[KEEL_REFUSE_NONE] = "not refused",
	[KEEL_REFUSE_32BIT] = "32-bit code",
	[KEEL_REFUSE_LDT] = "the process has a local descriptor table",
	[KEEL_REFUSE_SINGLESTEP] = "the thread is being single-stepped",
	[KEEL_REFUSE_DEBUGREG] = "the thread uses debug registers",
	[KEEL_REFUSE_IOPERM] = "the thread has I/O port permissions",
	[KEEL_REFUSE_KVM] = "KVM is loaded",
	[KEEL_REFUSE_CPU] = "Keel does not serve this CPU",
	[KEEL_REFUSE_NOTSC] = "the thread may not read the TSC or use CPUID",
	[KEEL_REFUSE_DISPATCH] = "system calls are dispatched to user space",
};

const char *keel_strreason(unsigned int reason)
{
	return reason < KEEL_RELAX_REASONS ? reasons[reason] : "unknown reason";
}

const char *keel_strrefusal(unsigned int refusal)
{
	return refusal < sizeof(refusals) / sizeof(refusals[0]) ? refusals[refusal] :
		"unknown refusal";
}
