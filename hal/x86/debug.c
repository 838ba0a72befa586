// SPDX-License-Identifier: GPL-2.0
/*
 * Debuggers and hard threads.
 *
 * Single step. Linux ends a step over a system call with a SIGTRAP on the call's way out. For the
 * call that makes a thread hard that would be the way home: stepped like this, a thread would
 * be in-band again before each Keel call, and never make one. So the step goes on, hard, trap by
 * trap:
 *	1. from the harden to the first instruction behind the next Keel call;
 *	2. not further than STEPS instructions, and not over what makes it relax.
 * Then the thread leaves and Linux ends the step.
 */
#include <linux/kernel.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <asm/debugreg.h>
#include <asm/ptrace.h>
#include <asm/trapnr.h>
#include "context.h"
#include "cpu.h"
#include "debug.h"
#include "thunks.h"

#define STEPS 100
#define SYSCALL_LEN 2

#define CONTROL_SHIFT(i)	(DR_CONTROL_SHIFT + (i) * DR_CONTROL_SIZE)
#define ENABLED(i)		((unsigned long)DR_GLOBAL_ENABLE << ((i) * DR_ENABLE_SIZE))

#define dr_read(n)						\
	({							\
		unsigned long dr_value;				\
		asm volatile("mov %%db" #n ", %0" : "=r"(dr_value)); \
		dr_value;					\
	})
#define dr_write(n, value) asm volatile("mov %0, %%db" #n : : "r"((unsigned long)(value)) : "memory")

/* ---- debug registers ------------------------------------------------------------------------ */

/* As ptrace numbers them. Those that it has turned off stay in the table. */
void hal_debug_take(struct hal_user *u)
{
	u->dr7 = 0;
	for (int i = 0; i < HBP_NUM; i++) {
		struct perf_event *bp = current->thread.ptrace_bps[i];
		const struct arch_hw_breakpoint *info;

		if (!bp || bp->attr.disabled)
			continue;
		info = counter_arch_bp(bp);
		if (info->address >= TASK_SIZE_MAX)
			continue;	/* Keel's own code must not meet it */
		u->dr[i] = info->address;
		u->dr7 |= ((info->len | info->type) & 0xful) << CONTROL_SHIFT(i) | ENABLED(i);
	}
	u->trap = 0;
	u->steps = test_thread_flag(TIF_SINGLESTEP) ? STEPS : 0;
	u->step_ip = task_pt_regs(current)->ip;
}

static void dr_write_all(const unsigned long *dr)
{
	dr_write(0, dr[0]);
	dr_write(1, dr[1]);
	dr_write(2, dr[2]);
	dr_write(3, dr[3]);
}

/* cpu_dr7 tells NMIs whether DR7 may be set: it is set before it, and cleared after. */
unsigned long hal_debug_off(void)
{
	unsigned long dr7 = dr_read(7);

	dr_write(7, 0);
	this_cpu_write(cpu_dr7, 0);
	return dr7;
}

void hal_debug_on(const struct hal_user *u)
{
	this_cpu_write(cpu_dr7, u->dr7);
	dr_write(7, u->dr7);
}

void hal_debug_load(struct hal_root_state *r, const struct hal_user *u)
{
	if (!r->dr_aside) {
		r->dr[0] = dr_read(0);
		r->dr[1] = dr_read(1);
		r->dr[2] = dr_read(2);
		r->dr[3] = dr_read(3);
		r->dr_aside = 1;
	}
	dr_write_all(u->dr);
	hal_debug_on(u);
}

void hal_debug_restore(const struct hal_root_state *r)
{
	hal_debug_off();
	if (r->dr_aside)
		dr_write_all(r->dr);
	this_cpu_write(cpu_dr7, r->cpu_dr7);
	dr_write(7, r->dr7);
}

/* ---- traps ---------------------------------------------------------------------------------------- */

/* Watchpoints among the registers that @dr6 names. */
static unsigned long dr6_watchpoints(const struct hal_user *u, unsigned long dr6)
{
	unsigned long hits = 0;

	for (int i = 0; i < HBP_NUM; i++)
		if ((dr6 & (DR_TRAP0 << i)) && (u->dr7 & ENABLED(i)) &&
		    ((u->dr7 >> CONTROL_SHIFT(i)) & 3) != DR_RW_EXECUTE)
			hits |= DR_TRAP0 << i;
	return hits;
}

/* Was there a system call at step_ip, where the last trap left off? It does not trap, the next
 * instruction does, and it left the way back in cx and the flags in r11. */
static int step_over_call(struct hal_user *u, const struct pt_regs *regs)
{
	int call = regs->cx == u->step_ip + SYSCALL_LEN && (regs->r11 & X86_EFLAGS_TF);

	u->step_ip = regs->ip;
	return call;
}

int hal_debug_exception(struct hal_user *u, const struct pt_regs *regs)
{
	unsigned long dr6 = dr_read(6) ^ DR6_RESERVED;
	unsigned long told;

	dr_write(6, DR6_RESERVED);
	told = (dr6 & DR_STEP) | dr6_watchpoints(u, dr6);
	if (u->steps && told == DR_STEP && !step_over_call(u, regs) && --u->steps)
		return 1;
	if (u->steps)
		told &= ~DR_STEP;	/* Linux ends this step */
	if (told || !dr6) {	/* nothing at all: icebp */
		u->trap = X86_TRAP_DB;
		u->dr6 = told;
	}
	return 0;
}

/* One byte back is right for int3, also for one that a debugger has taken away meanwhile. The
 * long way to write it shows at home. */
void hal_debug_software(struct hal_user *u, struct pt_regs *regs, int vector)
{
	regs->ip -= 1;
	u->trap = vector;
}

static void software_tell(struct pt_regs *regs, int vector)
{
	if (hal_user_byte(regs->ip - 1) == 0xcd && hal_user_byte(regs->ip) == vector)
		regs->ip -= 1;
}

static int si_code(unsigned long dr6)
{
	if (dr6 & DR_STEP)
		return TRAP_TRACE;
	return dr6 & DR_TRAP_BITS ? TRAP_HWBKPT : TRAP_BRKPT;
}

void hal_debug_tell(struct hal_user *u)
{
	struct pt_regs *regs = task_pt_regs(current);
	int trap = u->trap;

	u->trap = 0;
	if (trap == X86_TRAP_BP || trap == X86_TRAP_OF) {
		software_tell(regs, trap);
	} else if (trap == X86_TRAP_DB) {
		current->thread.virtual_dr6 = u->dr6;
		hal_send_sigtrap(regs, 0, si_code(u->dr6));
	}
}
