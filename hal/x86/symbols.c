// SPDX-License-Identifier: GPL-2.0
/*
 * Lookup of Linux's unexported symbols.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/kallsyms.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include "compat.h"
#include "patch.h"
#include "symbols.h"
#include "thunks.h"

struct hal_symbols hal_sym;

struct symbol_row {
	const char *name;
	unsigned long *place;
};

#define ROW(sym, field) { sym, (unsigned long *)&hal_sym.field }

static const struct symbol_row rows[] = {
	ROW("module_mutex", module_mutex),
	ROW("kprobe_mutex", kprobe_mutex),
	ROW("kprobe_table", kprobe_table),
	ROW("recover_probed_instruction", recover_probed),
	ROW("_stext", stext),
	ROW("_etext", etext),
	ROW("insn_decode", insn_decode),
	ROW("stop_machine_cpuslocked", stop_machine_cpuslocked),
	ROW("raw_irqentry_exit_cond_resched", cond_resched_irq),
	ROW("preempt_schedule_irq", preempt_schedule_irq),
	ROW("kallsyms_lookup_size_offset", kallsyms_lookup_size_offset),
	ROW("lapic_events", lapic_events),
	ROW(KEEL_SYM_TOP_OF_STACK, top_of_stack),
	ROW("tk_fast_mono", tk_fast_mono),
	ROW("idt_table", idt_table),
	ROW("swapgs_restore_regs_and_return_to_usermode", user_exit),
	ROW(KEEL_SYM_SAFE_HALT, safe_halt),
	ROW("__rdgsbase_inactive", rdgsbase_inactive),
	ROW("__wrgsbase_inactive", wrgsbase_inactive),
	ROW("timekeeping_update", timekeeping_update),
	ROW("update_vsyscall", update_vsyscall),
	ROW("entry_SYSCALL_64_after_hwframe", entry_syscall),
	ROW("do_syscall_64", do_syscall),
	ROW("entry_SYSENTER_compat_after_hwframe", sysenter),
	ROW("do_SYSENTER_32", do_sysenter),
	ROW("entry_SYSCALL_compat_after_hwframe", syscall32),
	ROW("do_fast_syscall_32", do_syscall32),
	ROW("send_sigtrap", send_sigtrap),
	ROW("do_send_sig_info", send_sig_info),
	ROW("x64_sys_call", sys_call),
	ROW("__x64_sys_membarrier", membarrier),
	ROW("__x64_sys_lseek", lseek),
	ROW("__secure_computing", secure_computing),
	ROW("int80_emulation", int80),
	ROW("do_int80_emulation", do_int80),
	ROW("get_stack_info", stack_info),
	ROW("get_stack_info_noinstr", stack_info_noinstr),
	ROW("irq_enter_rcu", irq_enter),
	ROW("tick_irq_enter", tick_irq_enter),
	ROW("handle_softirqs", softirqs),
	ROW("wake_up_process", wake_up_process),
	ROW("ct_nmi_enter", ct_nmi_enter),
	ROW("ct_nmi_exit", ct_nmi_exit),
	ROW("sched_setaffinity", setaffinity),
	ROW(KEEL_SYM_EOI, eoi),
};

/* A kprobe that is never armed resolves the name of code and data. */
static unsigned long probe_lookup(const char *name)
{
	struct kprobe kp = { .symbol_name = name, .flags = KPROBE_FLAG_DISABLED };

	if (!register_kprobe(&kp)) {
		unsigned long addr = (unsigned long)kp.addr;

		unregister_kprobe(&kp);
		return addr;
	}
	return (unsigned long)kp.addr;
}

static int missing(const char *name)
{
	pr_err("keel: this kernel has no symbol '%s': not a kernel Keel knows; nothing was changed\n",
	       name);
	return -ENOENT;
}

int hal_own_reach(unsigned long disp, unsigned long target)
{
	int d;

	if (patch_disp(disp, target, &d)) {
		pr_err("keel: module text is too far from kernel text\n");
		return -ERANGE;
	}
	mutex_lock(hal_sym.text_mutex);
	hal_sym.text_poke((void *)disp, &d, sizeof(d));
	mutex_unlock(hal_sym.text_mutex);
	return 0;
}

/* kallsyms' own functions may be sealed against indirect calls: a jump of ours is patched. */
static int lookup_reach(void)
{
	unsigned long lookup = probe_lookup("kallsyms_lookup_name");

	hal_sym.text_poke = (void *)probe_lookup("text_poke");
	hal_sym.text_mutex = (void *)probe_lookup("text_mutex");
	if (!lookup)
		return missing("kallsyms_lookup_name");
	if (!hal_sym.text_poke || !hal_sym.text_mutex)
		return missing(hal_sym.text_poke ? "text_mutex" : "text_poke");
	return hal_own_reach(hal_linux_jmp[2], lookup);
}

unsigned long hal_symbol_lookup(const char *name)
{
	return hal_kallsyms_lookup_name(name);
}

int hal_symbols_resolve(const char *hide)
{
	int err = lookup_reach();

	for (size_t i = 0; !err && i < ARRAY_SIZE(rows); i++) {
		unsigned long addr = 0;

		if (!hide || strcmp(hide, rows[i].name))
			addr = hal_symbol_lookup(rows[i].name);
		if (!addr)
			err = missing(rows[i].name);
		else
			*rows[i].place = addr;
	}
	return err;
}

void hal_symbol_name(unsigned long addr, char *buf)
{
	sprint_symbol_no_offset(buf, addr);
	buf[strcspn(buf, ". +")] = 0;
}
