// SPDX-License-Identifier: GPL-2.0
/*
 * Redirection of Linux's entry calls, and the gates for exceptions and system calls.
 *
 * Linux's assembly stubs stay in charge of swapgs, page tables and stacks; only the 4-byte
 * displacement of their call to C changes. Every gate that the live IDT holds must lead to a
 * stub found here: one that is unknown would enter Linux while it is stalled.
 */
#include <linux/kernel.h>
#include <linux/kallsyms.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/desc.h>
#include <asm/idtentry.h>
#include <asm/insn.h>
#include <asm/irq_vectors.h>
#include <asm/ptrace.h>
#include <asm/trapnr.h>
#include <keel/abi.h>
#include "compat.h"
#include "copy.h"
#include "cpu.h"
#include "debug.h"
#include "entry.h"
#include "irq.h"
#include "patch.h"
#include "probes.h"
#include "sites.h"
#include "symbols.h"
#include "user.h"

/* ---- finding calls ------------------------------------------------------------------------- */

struct call_site {
	unsigned long disp;	/* where its displacement lies */
	unsigned long target;
};

/* The next direct call or jump in [*ip, end) that satisfies @want; *ip moves behind it. */
static bool call_next(unsigned long *ip, unsigned long end, struct call_site *c)
{
	unsigned char buf[PROBES_INSN];
	struct insn insn;

	while (*ip < end) {
		const unsigned char *p = probes_beneath(*ip, buf);
		unsigned long at = *ip;
		int len = 1;

		if (!hal_insn_decode(&insn, p, MAX_INSN_SIZE, INSN_MODE_64) && insn.length)
			len = insn.length;
		*ip += len;
		if ((p[0] == 0xe8 || p[0] == 0xe9) && len == 5) {
			c->disp = at + 1;
			c->target = *ip + *(int *)(p + 1);
			return true;
		}
	}
	return false;
}

static unsigned long symbol_end(unsigned long addr)
{
	unsigned long size, offset;

	if (!hal_kallsyms_lookup_size_offset(addr, &size, &offset))
		return addr;
	return addr - offset + size;
}

/* Find the calls from the function at @addr to functions named @name; up to @room. */
static int calls_to(unsigned long addr, const char *name, struct call_site *c, int room)
{
	unsigned long end = symbol_end(addr);
	char buf[KSYM_SYMBOL_LEN];
	int n = 0;

	while (n < room && call_next(&addr, end, &c[n])) {
		hal_symbol_name(c[n].target, buf);
		if (!strcmp(buf, name))
			n++;
	}
	return n;
}

int entry_redirect(struct patch_set *set, unsigned long fn, unsigned long callee,
			 unsigned long stub, const char *what)
{
	unsigned long end = symbol_end(fn);
	struct call_site c;

	while (call_next(&fn, end, &c))
		if (c.target == callee)
			return patch_add_disp(set, c.disp, stub);
	pr_err("keel: no call of %s where it is expected\n", what);
	return -ENOEXEC;
}

int entry_replace(struct patch_set *set, unsigned long addr, unsigned long target)
{
	static const unsigned char endbr[4] = { 0xf3, 0x0f, 0x1e, 0xfa };
	static const unsigned char sealed[4] = { 0x66, 0x0f, 0x1f, 0x00 };
	static const unsigned char fentry[5] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };

	if (!memcmp((void *)addr, endbr, 4) || !memcmp((void *)addr, sealed, 4))
		addr += 4;
	if (!memcmp((void *)addr, fentry, 5))
		addr += 5;
	return patch_add_jump(set, addr, target);
}

/* ---- interrupts -------------------------------------------------------------------------------- */

static int irq_stubs;	/* in use, the timer's beside */

/* The stub @asm_name calls @c_name, that calls its inner function twice (or, being short, not). */
static int irq_entry_add(struct patch_set *set, struct patch_set *own, unsigned long asm_addr,
			 const char *c_name, int kind, unsigned int vector)
{
	struct call_site outer, inner[3];
	char inner_name[KSYM_NAME_LEN];
	int i = kind == IRQ_TIMER ? HAL_TIMER_STUB : irq_stubs, n, err;

	if (i == HAL_IRQ_STUBS) {
		pr_err("keel: more interrupt entries than this build has stubs for\n");
		return -ENOSPC;
	}
	if (calls_to(asm_addr, c_name, &outer, 1) != 1) {
		pr_err("keel: the entry of %s does not call it\n", c_name);
		return -ENOEXEC;
	}
	snprintf(inner_name, sizeof(inner_name), "__%s", c_name);
	n = calls_to(outer.target, inner_name, inner, 3);
	if (n != 0 && n != 2) {
		pr_err("keel: %s calls its inner handler %d times, not twice\n", c_name, n);
		return -ENOEXEC;
	}
	if (kind != IRQ_TIMER)
		irq_stubs++;
	hal_irq_table[i].kind = kind;
	hal_irq_table[i].vector = vector;
	err = patch_add_disp(own, hal_irq_jmp[i], outer.target);
	if (!err)
		err = patch_add_disp(set, outer.disp, hal_irq_stubs[i]);
	if (err || !n)
		return err;
	err = patch_add_disp(own, hal_inner_call[i], inner[0].target);
	if (!err)
		err = patch_add_disp(own, hal_inner_jmp[i], inner[0].target);
	for (int k = 0; !err && k < n; k++)
		err = patch_add_disp(set, inner[k].disp, hal_inner_stubs[i]);
	return err;
}

static int irq_kind(unsigned int vector)
{
	switch (vector) {
	case LOCAL_TIMER_VECTOR:
		return IRQ_TIMER;
	case X86_PLATFORM_IPI_VECTOR:
		return IRQ_PLATFORM;
	case SPURIOUS_APIC_VECTOR:
		return IRQ_SPURIOUS;
	default:
		return IRQ_SYSTEM;
	}
}

/* ---- exceptions -------------------------------------------------------------------------------- */

enum exc_kind { EXC_FAULT, EXC_PAGE, EXC_INVALID_OP, EXC_BREAKPOINT, EXC_OVERFLOW, EXC_DEBUG };

static unsigned char exc_kinds[HAL_EXC_STUBS];
static int exc_stubs;

static int exc_kind(const char *c_name)
{
	if (!strcmp(c_name, "exc_page_fault"))
		return EXC_PAGE;
	if (!strcmp(c_name, "exc_invalid_op"))
		return EXC_INVALID_OP;
	if (!strcmp(c_name, "exc_int3"))
		return EXC_BREAKPOINT;
	if (!strcmp(c_name, "exc_overflow"))
		return EXC_OVERFLOW;
	if (!strcmp(c_name, "noist_exc_debug"))
		return EXC_DEBUG;
	return EXC_FAULT;
}

static int int3_prepare(struct patch_set *own, int stub, unsigned long target)
{
	int err = patch_add_disp(own, hal_int3_call[0], target);

	if (!err)
		err = patch_add_disp(own, hal_int3_jmp[0], target);
	return err ? err : patch_add_disp(own, hal_exc_jmp[stub], (unsigned long)hal_int3);
}

static int exc_entry_add(struct patch_set *set, struct patch_set *own, unsigned long asm_addr,
			 const char *c_name)
{
	struct call_site c;
	int i = exc_stubs, err;

	if (i == HAL_EXC_STUBS)
		return -ENOSPC;
	if (calls_to(asm_addr, c_name, &c, 1) != 1) {
		pr_err("keel: the entry of %s does not call it\n", c_name);
		return -ENOEXEC;
	}
	exc_stubs++;
	exc_kinds[i] = exc_kind(c_name);
	err = exc_kinds[i] == EXC_BREAKPOINT ? int3_prepare(own, i, c.target) :
	      patch_add_disp(own, hal_exc_jmp[i], c.target);
	if (!err)
		err = patch_add_disp(own, hal_exc_call[i], c.target);
	if (!err)
		err = patch_add_disp(set, c.disp, hal_exc_stubs[i]);
	return err;
}

/* From user mode these run as any exception; from the kernel (own stacks) they are not touched, nor
 * is what may hit between any two instructions: NMI, double fault, machine check. */
static int exc_gate_add(struct patch_set *set, struct patch_set *own, unsigned long addr,
			const char *name)
{
	char c_name[KSYM_NAME_LEN];

	if (!strcmp(name, "asm_exc_nmi") || !strcmp(name, "asm_exc_double_fault") ||
	    !strcmp(name, "asm_exc_machine_check") ||
	    !strcmp(name, "asm_exc_vmm_communication"))
		return 0;
	if (!strcmp(name, "asm_exc_debug"))
		return exc_entry_add(set, own, addr, "noist_exc_debug");
	strscpy(c_name, name + strlen("asm_"), sizeof(c_name));
	return exc_entry_add(set, own, addr, c_name);
}

/* ---- the IDT ------------------------------------------------------------------------------------- */

static int gate_add(struct patch_set *set, struct patch_set *own, unsigned int vector,
		    unsigned long addr)
{
	char name[KSYM_SYMBOL_LEN];

	hal_symbol_name(addr, name);
	if (!strncmp(name, "asm_exc_", 8))
		return exc_gate_add(set, own, addr, name);
	if (!strncmp(name, "asm_sysvec_", 11))
		return irq_entry_add(set, own, addr, name + 4, irq_kind(vector), vector);
	if (!strcmp(name, "asm_int80_emulation"))
		return 0;	/* with the system calls */
	if (vector < FIRST_EXTERNAL_VECTOR && !strcmp(name, "early_idt_handler_array"))
		return 0;	/* reserved by the CPU, never raised, closed to user mode */
	pr_err("keel: vector 0x%x leads to %s, which Keel does not know; nothing was changed\n",
	       vector, name);
	return -ENOEXEC;
}

static bool in_stub_array(unsigned long addr, unsigned long array, unsigned int count)
{
	return addr >= array && addr < array + count * IDT_ALIGN;
}

static int idt_prepare(struct patch_set *set, struct patch_set *own)
{
	const gate_desc *idt = (const gate_desc *)hal_sym.idt_table;
	unsigned long irqs = hal_symbol_lookup("irq_entries_start");
	unsigned long spurious = hal_symbol_lookup("spurious_entries_start");
	unsigned long common = hal_symbol_lookup("asm_common_interrupt");
	unsigned long stray = hal_symbol_lookup("asm_spurious_interrupt");
	int err;

	if (!irqs || !spurious || !common || !stray) {
		pr_err("keel: the device interrupt entries have other names here\n");
		return -ENOENT;
	}
	err = irq_entry_add(set, own, common, "common_interrupt", IRQ_DEVICE, 0);
	if (!err)
		err = irq_entry_add(set, own, stray, "spurious_interrupt", IRQ_DEVICE, 0);
	for (unsigned int v = 0; !err && v < IDT_ENTRIES; v++) {
		unsigned long addr = gate_offset(&idt[v]);
		unsigned int known = 0;

		if (!idt[v].bits.p || in_stub_array(addr, irqs, NR_EXTERNAL_VECTORS) ||
		    in_stub_array(addr, spurious, NR_SYSTEM_VECTORS))
			continue;
		while (known < v && gate_offset(&idt[known]) != addr)
			known++;
		if (known == v)
			err = gate_add(set, own, v, addr);
	}
	return err;
}

static int syscalls_prepare(struct patch_set *set, struct patch_set *own)
{
	const struct {
		unsigned long entry, callee;
		const char *name;
	} rows[HAL_SYSCALL_STUBS] = {
		{ hal_sym.entry_syscall, hal_sym.do_syscall, "do_syscall_64" },
		{ hal_sym.sysenter, hal_sym.do_sysenter, "do_SYSENTER_32" },
		{ hal_sym.syscall32, hal_sym.do_syscall32, "do_fast_syscall_32" },
		{ hal_sym.int80, hal_sym.do_int80, "do_int80_emulation" },
	};
	int err = 0;

	for (int i = 0; !err && i < HAL_SYSCALL_STUBS; i++) {
		err = entry_redirect(set, rows[i].entry, rows[i].callee, hal_syscall_stubs[i],
				    rows[i].name);
		if (!err)
			err = patch_add_disp(own, hal_syscall_jmp[i], rows[i].callee);
	}
	return err;
}

int entry_prepare(struct patch_set *linux_text, struct patch_set *own)
{
	int err;

	irq_stubs = HAL_TIMER_STUB + 1;
	exc_stubs = 0;
	err = idt_prepare(linux_text, own);
	return err ? err : syscalls_prepare(linux_text, own);
}

/* ---- gates ------------------------------------------------------------------------------------------ */

/* A hard thread's exception: it becomes Linux's business, with true registers. */
static noinline void hard_exception(struct hal_user *u, struct pt_regs *regs, int kind)
{
	unsigned long address = 0;

	switch (kind) {
	case EXC_PAGE:
		asm volatile("mov %%cr2, %0" : "=r"(address));
		break;
	case EXC_BREAKPOINT:
		/* A trap: Linux must meet the int3 itself (breakpoint, uprobe). */
		hal_debug_software(u, regs, X86_TRAP_BP);
		break;
	case EXC_OVERFLOW:
		hal_debug_software(u, regs, X86_TRAP_OF);
		break;
	case EXC_DEBUG:
		if (hal_debug_exception(u, regs))
			return;
		break;
	}
	regs->orig_ax = -1;
	shadow_leave(regs, KEEL_RELAX_FAULT, address, 0);
}

/*
 * A probe on a slot: Linux acts as the call that it found there, but takes every call for one of five
 * bytes, and this has six. The address to return to is then within the slot.
 */
void hal_int3_return(struct pt_regs *regs)
{
	unsigned long *back = (unsigned long *)regs->sp;

	if (!sites_thunk(regs->ip))
		return;
	if (*(unsigned char *)(*back - 4) == 0xe8 && *back + 1 + *(int *)(*back - 3) == regs->ip)
		++*back;
}

int hal_exc_gate(struct pt_regs *regs, unsigned long error, int stub)
{
	struct hal_cpu *hc = hal_this();
	int kind = exc_kinds[stub];

	if (hc->fast.oob) {
		if (!user_mode(regs))	/* Keel's own: let it be reported, but for a copy's */
			return kind == EXC_PAGE && hal_copy_fixup(regs) ? HAL_EXC_DONE :
				HAL_EXC_NATIVE;
		hard_exception(hc->live, regs, kind);
		return HAL_EXC_DONE;
	}
	if (user_mode(regs)) {
		hc->fast.state &= ~PIPELINE_STALLED;	/* never stalled there; see linux_arrive() */
		hc->leaks++;
		return HAL_EXC_NATIVE;
	}
	if (kind == EXC_BREAKPOINT || !(regs->flags & X86_EFLAGS_IF))
		return HAL_EXC_NATIVE;
	return kind == EXC_INVALID_OP ? HAL_EXC_STALLED_OPEN : HAL_EXC_STALLED;
}

/*
 * May sysret be used: 6.1 decides later, in assembly. 6.12 wants to know, and of its conditions only
 * these two can fail: the entry itself wrote the rest into @regs, and a Keel call that comes
 * back has not touched them.
 */
static __always_inline int sysret_ok(const struct pt_regs *regs)
{
	return KEEL_LINUX_612 && regs->ip < TASK_SIZE_MAX &&
	       !(regs->flags & (X86_EFLAGS_RF | X86_EFLAGS_TF));
}

int hal_syscall_gate(struct pt_regs *regs, long nr, int stub)
{
	if (stub == 0 && nr >= KEEL_CALL_BASE && nr < KEEL_CALL_BASE + KEEL_CALL_COUNT) {
		shadow_call(regs, nr);
		return sysret_ok(regs);
	}
	switch (stub) {
	case 0:		/* syscall: Linux runs it again */
		regs->ip -= 2;
		regs->ax = regs->orig_ax;
		break;
	case 3:		/* int $0x80: the number is still in ax */
		regs->ip -= 2;
		break;
	default:	/* sysenter, syscall from 32-bit code: the way back is lost */
		shadow_leave(regs, KEEL_RELAX_SYSCALL, 0, SIGSEGV);
	}
	regs->orig_ax = -1;
	shadow_leave(regs, KEEL_RELAX_SYSCALL, 0, 0);
	return 0;
}

void hal_user_first(struct pt_regs *regs)
{
	shadow_return(regs);
}
