// SPDX-License-Identifier: GPL-2.0
/*
 * A Linux task's user context, taken when it becomes hard and given back when it relaxes.
 * Runs in-band, in the task's own system call.
 */
#include <linux/kernel.h>
#include <linux/pagemap.h>
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/fsgsbase.h>
#include <asm/mmu.h>
#include <asm/segment.h>
#include <asm/stacktrace.h>
#include <keel/abi.h>
#include "context.h"
#include "attach.h"
#include "cpu.h"
#include "debug.h"
#include "thunks.h"
#include "user.h"
#include "xstate.h"

#define XSTATE_ALIGN 64

static void wake_owner(struct irq_work *work)
{
	wake_up_process(container_of(work, struct hal_user, wake)->owner);
}

int hal_user_init(struct hal_user *u)
{
	u->stack = vmalloc(HAL_STACK_SIZE);
	if (!u->stack)
		return -ENOMEM;
	u->owner = current;
	u->mm = current->mm;
	u->wake = IRQ_WORK_INIT_HARD(wake_owner);
	return hal_user_prepare(u);
}

void hal_user_destroy(struct hal_user *u)
{
	irq_work_sync(&u->wake);
	vfree(u->stack);
	kfree(u->xraw);
	u->stack = u->xraw = NULL;
}

/* An address there is enough: the stack of the hard thread whose state this CPU has. It ends with
 * pt_regs of user mode, where unwinding ends. */
bool hal_stack_known(const unsigned long *stack, const struct task_struct *task,
		     struct stack_info *info)
{
	const struct hal_user *u = this_cpu_read(hal_cpu_data.live);

	if (!u || task != current || (unsigned long)stack - (unsigned long)u->stack >= HAL_STACK_SIZE)
		return false;
	info->type = STACK_TYPE_TASK;
	info->begin = u->stack;
	info->end = u->stack + HAL_STACK_SIZE;
	info->next_sp = NULL;
	return true;
}

void hal_inband_wake(struct hal_context *ctx)
{
	/* Queued first: the owner, if awake already, may drop all this once it is home, and
	 * waits for the work then. The work itself cannot run here before H opens. */
	irq_work_queue(&ctx->user->wake);
	smp_store_release(&ctx->user->home, 1);
}

void hal_inband_prio(struct hal_context *ctx)
{
	shadow_prio(ctx->user);
}

int hal_user_prepare(struct hal_user *u)
{
	unsigned int need = current->thread.fpu.fpstate->size;
	void *raw;

	/* The last wake-up may wait, logged, on the CPU that was left: while it does, none can be
	 * queued, and the one for the next time home would be lost. */
	while (irq_work_is_busy(&u->wake))
		schedule_timeout_uninterruptible(1);
	if (need <= u->xroom)
		return 0;
	raw = kzalloc(need + XSTATE_ALIGN, GFP_KERNEL);
	if (!raw)
		return -ENOMEM;
	kfree(u->xraw);
	u->xraw = raw;
	u->xstate = PTR_ALIGN(raw, XSTATE_ALIGN);
	u->xroom = need;
	return 0;
}

static bool selectors_odd(void)
{
	unsigned short fs, gs;

	savesegment(fs, fs);
	savesegment(gs, gs);
	return fs || gs;
}

int hal_user_refusal(void)
{
	const struct pt_regs *regs = task_pt_regs(current);

	if (regs->cs != __USER_CS || test_thread_flag(TIF_ADDR32) || in_ia32_syscall())
		return KEEL_REFUSE_32BIT;
	if (READ_ONCE(current->mm->context.ldt) || selectors_odd())
		return KEEL_REFUSE_LDT;
	/* A debugger's steps are served, the program's own, or a uprobe's, are not. */
	if ((regs->flags & X86_EFLAGS_TF) && !test_thread_flag(TIF_SINGLESTEP))
		return KEEL_REFUSE_SINGLESTEP;
	if (test_thread_flag(TIF_IO_BITMAP))
		return KEEL_REFUSE_IOPERM;
	if (test_thread_flag(TIF_NOTSC) || test_thread_flag(TIF_NOCPUID))
		return KEEL_REFUSE_NOTSC;
	if (test_syscall_work(SYSCALL_USER_DISPATCH))
		return KEEL_REFUSE_DISPATCH;
	if (hal_kvm_present())
		return KEEL_REFUSE_KVM;
	/* A task that uses AMX has its extended feature disable open; ours stays Linux's. */
	if (boot_cpu_has(X86_FEATURE_XFD) &&
	    current->thread.fpu.fpstate->xfeatures & XFEATURE_MASK_XTILE_DATA)
		return KEEL_REFUSE_CPU;
	return KEEL_REFUSE_NONE;
}

/*
 * Linux writes the number of the CPU into the area on the way back to user mode, a way that a
 * hard thread does not take, and the task may be moved until it is one. So it has none: getcpu()
 * then asks the CPU itself, and no restartable sequence, which nobody would abort, commits.
 */
int hal_user_forget_cpu(void)
{
	if (!current->rseq)
		return 0;
	set_thread_flag(TIF_NOTIFY_RESUME);	/* to get it back, hard or not until then */
	return put_user((u32)RSEQ_CPU_ID_UNINITIALIZED, &current->rseq->cpu_id);
}

static void xstate_take(struct hal_user *u, struct fpstate *fps)
{
	u->xsize = fps->size;
	u->xfeatures = fps->xfeatures;
	fpregs_lock();
	if (test_thread_flag(TIF_NEED_FPU_LOAD))
		memcpy(u->xstate, &fps->regs, fps->size);
	else
		hal_xstate_save(u->xstate, &u->xfeatures);
	fpregs_unlock();
}

int hal_user_take(struct hal_user *u, struct hal_context *ctx)
{
	struct pt_regs *regs = hal_user_regs(u);
	struct fpstate *fps = current->thread.fpu.fpstate;

	if (fps->size > u->xroom)
		return -EAGAIN;
	*regs = *task_pt_regs(current);
	regs->ax = 0;
	regs->orig_ax = -1;
	u->fsbase = hal_fsbase_get();
	rdmsrl(MSR_KERNEL_GS_BASE, u->gsbase);
	if (cpu_feature_enabled(X86_FEATURE_OSPKE))
		u->pkru = rdpkru();
	u->cr3 = hal_cr3_base();
	xstate_take(u, fps);
	hal_debug_take(u);
	u->home = 0;
	hal_context_start_user(ctx, u);
	return 0;
}

static void xstate_give(struct hal_user *u)
{
	struct fpu *fpu = &current->thread.fpu;

	fpregs_lock();
	memcpy(&fpu->fpstate->regs, u->xstate, u->xsize);
	set_thread_flag(TIF_NEED_FPU_LOAD);
	fpu->last_cpu = -1;	/* the registers are stale even if this CPU held them last */
	fpregs_unlock();
}

void hal_user_give(struct hal_user *u)
{
	*task_pt_regs(current) = *hal_user_regs(u);
	xstate_give(u);
	preempt_disable();
	hal_fsbase_set(u->fsbase);
	wrmsrl(MSR_KERNEL_GS_BASE, u->gsbase);
	current->thread.fsbase = u->fsbase;
	current->thread.gsbase = u->gsbase;
	if (cpu_feature_enabled(X86_FEATURE_OSPKE))
		wrpkru(u->pkru);
	preempt_enable();
}

int hal_user_touch(struct hal_user *u)
{
	void __user *at = (void __user *)u->touch;
	size_t size = u->touch_size, left;

	u->touch_size = 0;
	left = u->touch_write ? fault_in_safe_writeable(at, size) : fault_in_readable(at, size);
	return left ? -EFAULT : 0;
}

int hal_user_byte(unsigned long at)
{
	u8 byte;

	return get_user(byte, (const u8 __user *)at) ? -1 : byte;
}
