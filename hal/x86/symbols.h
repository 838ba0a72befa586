/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one table of Linux symbols that Keel uses without an export: looked up by name at
 * load, all or nothing.
 */
#ifndef HAL_X86_SYMBOLS_H
#define HAL_X86_SYMBOLS_H

struct mutex;
struct hlist_head;
struct clock_event_device;
struct tk_fast_view;

/* Only functions that are not sealed against indirect calls are called through here;
 * addresses of the others serve as patch targets. */
struct hal_symbols {
	void *(*text_poke)(void *addr, const void *opcode, unsigned long len);
	struct mutex *text_mutex;
	struct mutex *module_mutex;
	struct mutex *kprobe_mutex;
	struct hlist_head *kprobe_table;
	unsigned long stext, etext;
	unsigned long insn_decode;
	unsigned long stop_machine_cpuslocked;
	unsigned long cond_resched_irq, preempt_schedule_irq;
	unsigned long kallsyms_lookup_size_offset;
	unsigned long recover_probed;
	unsigned long lapic_events;		/* per CPU */
	unsigned long top_of_stack;		/* per CPU */
	unsigned long tk_fast_mono;
	unsigned long idt_table;
	unsigned long user_exit;
	unsigned long safe_halt;
	unsigned long rdgsbase_inactive, wrgsbase_inactive;
	unsigned long timekeeping_update, update_vsyscall;
	unsigned long entry_syscall, do_syscall;
	unsigned long sysenter, do_sysenter;
	unsigned long syscall32, do_syscall32;
	unsigned long int80, do_int80;
	unsigned long send_sigtrap, send_sig_info;
	unsigned long sys_call, membarrier, lseek;
	unsigned long secure_computing;
	unsigned long stack_info, stack_info_noinstr;
	unsigned long irq_enter, tick_irq_enter;
	unsigned long softirqs, wake_up_process;
	unsigned long ct_nmi_enter, ct_nmi_exit;
	unsigned long setaffinity;
	unsigned long eoi;			/* 6.1: struct apic *; 6.12: static call key */
};

extern struct hal_symbols hal_sym;

/* Fill hal_sym. 0, or -ENOENT after one message that names what is missing. @hide: a name to
 * treat as missing, for tests; NULL. Context: in-band, may sleep. */
int hal_symbols_resolve(const char *hide);

/* Write the displacement at @disp, in our own text, so that it leads to @target.
 * 0 or -ERANGE. Context: in-band, may sleep. */
int hal_own_reach(unsigned long disp, unsigned long target);

/* Address of @name, or 0. Context: in-band; slow. */
unsigned long hal_symbol_lookup(const char *name);

/* Name of the function at @addr without suffix (.part.0, .cold, module), into @buf of
 * KSYM_SYMBOL_LEN bytes. Context: in-band. */
void hal_symbol_name(unsigned long addr, char *buf);

#endif
