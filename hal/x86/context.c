// SPDX-License-Identifier: GPL-2.0
/*
 * The stage switch. Kernel threads of ours use no user state: Linux's stays in the registers
 * until a hard user thread needs them ("live" says whose is there). Whatever Linux
 * was doing, its raw state comes back before it goes on, so it may be interrupted anywhere:
 * in switch_mm, in kernel_fpu_begin, with half-loaded registers.
 *
 * Never compiled with stack protector: the canary is per CPU and Linux's.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/percpu.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/fsgsbase.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/segment.h>
#include <asm/special_insns.h>
#include <asm/invpcid.h>
#include <asm/processor-flags.h>
#include "compat.h"
#include "context.h"
#include "cpu.h"
#include "debug.h"
#include "linux_side.h"
#include "symbols.h"
#include "thunks.h"
#include "user.h"
#include "xstate.h"

#define KEEL_PCID 7ul	/* Linux uses 0 to 6; its exit code knows 16 */

static __always_inline unsigned long *top_of_stack(void)
{
	return this_cpu_ptr((unsigned long __percpu *)(hal_sym.top_of_stack +
						       KEEL_TOP_OF_STACK_OFFSET));
}

unsigned long hal_cr3_base(void)
{
	return __native_read_cr3() & ~(CR3_PCID_MASK | CR3_NOFLUSH);
}

/* ---- bases and selectors --------------------------------------------------------------- */

union msr_value {
	unsigned long all;
	struct {
		u32 low, high;
	};
};

/* Through memory, in halves: two instructions fewer than by one register. */
static __always_inline void msr_get(u32 msr, unsigned long *value)
{
	union msr_value *v = (union msr_value *)value;

	asm volatile("rdmsr" : "=a"(v->low), "=d"(v->high) : "c"(msr));
}

static __always_inline void msr_set(u32 msr, const unsigned long *value)
{
	const union msr_value *v = (const union msr_value *)value;

	asm volatile("wrmsr" : : "c"(msr), "a"(v->low), "d"(v->high) : "memory");
}

static __always_inline void fsbase_get(unsigned long *base)
{
	if (static_cpu_has(X86_FEATURE_FSGSBASE))
		*base = rdfsbase();
	else
		msr_get(MSR_FS_BASE, base);
}

static __always_inline void fsbase_set(const unsigned long *base)
{
	if (static_cpu_has(X86_FEATURE_FSGSBASE))
		wrfsbase(*base);
	else
		msr_set(MSR_FS_BASE, base);
}

unsigned long hal_fsbase_get(void)
{
	unsigned long base;

	fsbase_get(&base);
	return base;
}

void hal_fsbase_set(unsigned long base)
{
	fsbase_set(&base);
}

/* Straight to memory: one instruction each. */
static __always_inline void selectors_save(struct hal_root_state *r)
{
	asm volatile("mov %%ds, %0" : "=m"(r->ds));
	asm volatile("mov %%es, %0" : "=m"(r->es));
	asm volatile("mov %%fs, %0" : "=m"(r->fs));
	asm volatile("mov %%gs, %0" : "=m"(r->gs));
}

/* Hard code may have loaded selectors; the bases are written afterwards. */
static __always_inline void selectors_restore(const struct hal_root_state *r)
{
	unsigned short s;

	savesegment(ds, s);
	if (unlikely(s != r->ds))
		loadsegment(ds, r->ds);
	savesegment(es, s);
	if (unlikely(s != r->es))
		loadsegment(es, r->es);
	savesegment(fs, s);
	if (unlikely(s != r->fs))
		loadsegment(fs, r->fs);
	savesegment(gs, s);
	if (unlikely(s != r->gs))
		asm volatile("swapgs; mov %0, %%gs; mfence; swapgs" : : "rm"(r->gs) : "memory");
	if (static_cpu_has_bug(X86_BUG_SYSRET_SS_ATTRS)) {
		savesegment(ss, s);
		if (s != __KERNEL_DS)
			loadsegment(ss, __KERNEL_DS);
	}
}

/* ---- page tables ------------------------------------------------------------------------- */

/* Linux's exit code enters the user half without a flush. Out of line: the operand wants an aligned stack,
 * which all switches would pay for. */
static noinline void user_half_flush(void)
{
	invpcid_flush_single_context(KEEL_PCID | 1ul << X86_CR3_PTI_PCID_USER_BIT);
}

/* Everything a user half may hold from before is dropped: PCID of our own, never no-flush. */
static __always_inline void cr3_load_user(const struct hal_user *u)
{
	unsigned long cr3 = u->cr3;

	if (static_cpu_has(X86_FEATURE_PCID)) {
		cr3 |= KEEL_PCID;
		if (static_cpu_has(X86_FEATURE_PTI))
			user_half_flush();
	}
	native_write_cr3(cr3);
}

static __always_inline void cr3_load_root(unsigned long cr3)
{
	if (static_cpu_has(X86_FEATURE_PCID))
		cr3 |= CR3_NOFLUSH;	/* its translations were never touched */
	native_write_cr3(cr3);
}

/* ---- rarely used CPU state of Linux's current task ------------------------------------------ */

static noinline void odd_state_put_aside(struct hal_root_state *r)
{
	struct tss_struct *tss = this_cpu_ptr(&cpu_tss_rw);

	r->odd = 1;
	r->io_bitmap_base = tss->x86_tss.io_bitmap_base;
	tss->x86_tss.io_bitmap_base = IO_BITMAP_OFFSET_INVALID;
	r->cr4 = native_read_cr4();
	if (r->cr4 & X86_CR4_TSD)
		asm volatile("mov %0, %%cr4" : : "r"(r->cr4 & ~X86_CR4_TSD) : "memory");
	/* Linux's note changes before the register when it sets a breakpoint and after it when it
	 * takes one off: in between, the register is what has to come back. */
	r->dr_aside = 0;
	r->cpu_dr7 = this_cpu_read(cpu_dr7);
	r->dr7 = 0;
	if (r->cpu_dr7)
		r->dr7 = hal_debug_off();
}

static __always_inline void odd_state_save(struct hal_root_state *r)
{
	r->odd = 0;
	if (unlikely(this_cpu_read(cpu_tss_rw.x86_tss.io_bitmap_base) != IO_BITMAP_OFFSET_INVALID ||
		     (native_read_cr4() & X86_CR4_TSD) || this_cpu_read(cpu_dr7)))
		odd_state_put_aside(r);
}

static noinline void odd_state_restore(const struct hal_root_state *r)
{
	this_cpu_write(cpu_tss_rw.x86_tss.io_bitmap_base, r->io_bitmap_base);
	if (r->cr4 & X86_CR4_TSD)
		asm volatile("mov %0, %%cr4" : : "r"(r->cr4) : "memory");
	if (r->cpu_dr7 || r->dr_aside)
		hal_debug_restore(r);
}

/* ---- user state in and out of the registers --------------------------------------------------- */

/* Mostly equal, and the write is slow on real machines. @now was just read. */
static __always_inline void gsbase_set(const unsigned long *now, const unsigned long *base)
{
	if (unlikely(*now != *base))
		msr_set(MSR_KERNEL_GS_BASE, base);
}

static __always_inline void root_save(struct hal_cpu *hc)
{
	struct hal_root_state *r = &hc->root;

	r->top_of_stack = *top_of_stack();
	r->cr3 = __native_read_cr3();
	selectors_save(r);
	fsbase_get(&r->fsbase);
	msr_get(MSR_KERNEL_GS_BASE, &r->gsbase);
	if (static_cpu_has(X86_FEATURE_OSPKE))
		r->pkru = rdpkru();
	hal_xstate_save(r->xstate, &hal_xstate_root_mask);
	odd_state_save(r);
}

static __always_inline void root_restore(struct hal_cpu *hc, const unsigned long *gsbase)
{
	struct hal_root_state *r = &hc->root;

	*top_of_stack() = r->top_of_stack;
	cr3_load_root(r->cr3);
	smp_store_release(&hc->hard_mm, NULL);
	selectors_restore(r);
	fsbase_set(&r->fsbase);
	gsbase_set(gsbase, &r->gsbase);
	hal_xstate_restore(r->xstate, &hal_xstate_root_mask);
	if (static_cpu_has(X86_FEATURE_OSPKE))
		wrpkru(r->pkru);
	if (unlikely(r->odd))
		odd_state_restore(r);
}

static __always_inline void user_save(struct hal_user *u)
{
	fsbase_get(&u->fsbase);
	msr_get(MSR_KERNEL_GS_BASE, &u->gsbase);
	if (static_cpu_has(X86_FEATURE_OSPKE))
		u->pkru = rdpkru();
	hal_xstate_save(u->xstate, &u->xfeatures);
}

static noinline void user_debug_load(struct hal_root_state *r, const struct hal_user *u)
{
	if (!r->odd)
		odd_state_put_aside(r);
	hal_debug_load(r, u);
}

static __always_inline void user_restore(struct hal_cpu *hc, struct hal_user *u,
					 const unsigned long *gsbase)
{
	*top_of_stack() = (unsigned long)u->stack + HAL_STACK_SIZE;
	if (hc->hard_mm != u->mm) {
		/*
		 * Pairs with the barrier in mm_invalidate(): either that sees hard_mm and asks for a
		 * flush, or the load of CR3 comes after the page tables changed.
		 */
		WRITE_ONCE(hc->hard_mm, u->mm);
		smp_mb();
		cr3_load_user(u);
	}
	fsbase_set(&u->fsbase);
	gsbase_set(gsbase, &u->gsbase);
	hal_xstate_restore(u->xstate, &u->xfeatures);
	if (static_cpu_has(X86_FEATURE_OSPKE))
		wrpkru(u->pkru);
	if (unlikely(u->dr7))
		user_debug_load(&hc->root, u);
}

void hal_flush_answer(struct hal_cpu *hc)
{
	unsigned long asked = READ_ONCE(hc->flush_request);

	if (asked == hc->flush_done)
		return;
	if (hc->live)
		cr3_load_user(hc->live);
	smp_store_release(&hc->flush_done, asked);
}

static __always_inline void root_to_user(struct hal_cpu *hc, struct hal_user *to)
{
	root_save(hc);
	user_restore(hc, to, &hc->root.gsbase);
	hc->live = to;
}

static __always_inline void user_to_user(struct hal_cpu *hc, struct hal_user *to)
{
	struct hal_user *from = hc->live;

	user_save(from);
	if (from->dr7)
		hal_debug_off();
	user_restore(hc, to, &from->gsbase);
	hc->live = to;
}

static noinline void user_to_root(struct hal_cpu *hc)
{
	struct hal_user *from = hc->live;

	user_save(from);
	root_restore(hc, &from->gsbase);
	hc->live = NULL;
}

/* ---- the contract ------------------------------------------------------------------------------ */

void hal_context_init_root(struct hal_context *ctx)
{
	ctx->user = NULL;
	ctx->root = 1;
}

/* What hal_switch_stack() pops: rbp and the address to return to. */
static void context_start(struct hal_context *ctx, unsigned long *sp, void (*start)(void))
{
	*--sp = (unsigned long)start;
	*--sp = 0;
	ctx->sp = (unsigned long)sp;
}

void hal_context_init_kernel(struct hal_context *ctx, void *stack, unsigned long size,
			     void (*entry)(void *), void *arg)
{
	unsigned long *sp = stack + size;

	*--sp = (unsigned long)arg;
	*--sp = (unsigned long)entry;
	ctx->user = NULL;
	ctx->root = 0;
	context_start(ctx, sp, hal_start_kernel);
}

void hal_context_start_user(struct hal_context *ctx, struct hal_user *u)
{
	ctx->user = u;
	ctx->root = 0;
	context_start(ctx, (unsigned long *)hal_user_regs(u), hal_start_user);
}

/* Linux has work for this CPU already, perhaps a signal for the thread that gets it. */
static noinline void inband_waits(struct hal_cpu *hc, const struct hal_context *next)
{
	hc->waits_told = 1;
	nk_hal_inband_waits(hal_clock_now());
	if (next->user && signal_pending(next->user->owner))
		shadow_due(next->user);
}

/*
 * An idle task that polls its own flags, as MWAIT does, is sent no interrupt when there is work
 * for it: so nothing would ever be logged while a hard thread has its CPU. It does not poll then.
 *
 *	CPU 0				CPU 1, here
 *					polling off
 *	a task for CPU 1:		barrier
 *	need_resched = 1; polling?	need_resched ? tell
 *	no: send an interrupt
 *
 * Back in Linux it polls again; what was asked meanwhile is in the log as well.
 */
static noinline void polling_stop(struct hal_cpu *hc, const struct hal_context *next)
{
	hc->polling = 1;
	clear_thread_flag(TIF_POLLING_NRFLAG);
	smp_mb__after_atomic();
	if (need_resched() && !hc->waits_told)
		inband_waits(hc, next);
}

static noinline void polling_resume(struct hal_cpu *hc)
{
	hc->polling = 0;
	set_thread_flag(TIF_POLLING_NRFLAG);
}

static __always_inline void root_leave(struct hal_cpu *hc, const struct hal_context *next)
{
	hc->left_at = hc->timer.last_now;
	barrier();	/* another CPU asks whether it has been noted by oob */
	hc->fast.oob = 1;
	hc->waits_told = 0;
	if (unlikely(hc->fast.state & PIPELINE_PENDING))
		inband_waits(hc, next);	/* a due tick reminds by itself */
	if (unlikely(test_thread_flag(TIF_POLLING_NRFLAG)))
		polling_stop(hc, next);
}

static __always_inline void thread_leave(const struct hal_cpu *hc, struct hal_context *prev,
					 const struct hal_context *next)
{
	nk_hal_thread_off(prev);
	if (unlikely(hc->waits_told) && next->user && signal_pending(next->user->owner))
		shadow_due(next->user);
}

static noinline void root_resume(void)
{
	struct hal_cpu *hc = hal_this();

	hc->fast.oob = 0;
	nk_hal_inband_runs();
	if (unlikely(hc->polling))
		polling_resume(hc);
	if (pipeline_due(hc->fast.state))
		hal_irq_replay();
	else if (hc->fast.state & PIPELINE_PENDING)
		hal_idle_nudge();	/* logged while idle could not be told */
}

static __always_inline void stack_switch(struct hal_context *prev, struct hal_context *next)
{
	unsigned long *from = &prev->sp, *to = &next->sp;

	asm volatile("call hal_switch_stack"
		     : "+D"(from), "+S"(to), ASM_CALL_CONSTRAINT
		     :
		     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		       "r15", "memory", "cc");
}

void hal_switch(struct hal_context *prev, struct hal_context *next)
{
	struct hal_cpu *hc = hal_this();

	if (likely(prev->root))
		root_leave(hc, next);
	else
		thread_leave(hc, prev, next);
	if (next->user) {
		if (likely(!hc->live))
			root_to_user(hc, next->user);
		else if (likely(hc->live != next->user))
			user_to_user(hc, next->user);
	} else if (next->root && hc->live) {
		user_to_root(hc);
	}
	stack_switch(prev, next);
	if (prev->root)
		root_resume();
}

void hal_context_sync(struct hal_context *ctx)
{
	struct hal_cpu *hc = hal_this();

	if (ctx->user && hc->live == ctx->user)
		user_to_root(hc);
}

void hal_context_destroy(struct hal_context *ctx)
{
	ctx->user = NULL;
}
