/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Code that Linux's patched text calls or jumps to, and the context switch.
 *
 * Rules: one %gs: instruction per change of per-CPU state, as a thunk may be interrupted
 * anywhere while H is open; slots may clobber rax and flags only; wherever Linux's own function has
 * to run it is reached by a direct jump whose displacement is written at load time (its entry may
 * be sealed against indirect calls), and as a tail jump, so no frame of ours ever lies on a
 * stack that sleeps.
 */
#include <linux/linkage.h>
#include <asm/asm.h>
#include <asm/nospec-branch.h>
#include <asm/segment.h>
#include <asm/unwind_hints.h>
#include "compat.h"
#include "thunks.h"

#define STATE	%gs:hal_cpu_data
#define OOB	%gs:hal_cpu_data+4
#define SERVING	%gs:hal_cpu_data+24	/* struct pipeline */
#define OUTER	%gs:hal_cpu_data+32

#define REGS_CS		136	/* offsetof(struct pt_regs, cs), flags; cpu.h checks */
#define REGS_FLAGS	144

/* A jump or call whose target is set at load time; its place is noted in a table. */
.macro patched op:req table:req to=hal_unset
	.byte \op
99:	.long \to - . - 4
	.pushsection .rodata.hal_\table, "a"
	.quad 99b
	.popsection
.endm

.macro table_start table:req
	.pushsection .rodata.hal_\table, "a"
	.balign 8
	.globl hal_\table
hal_\table:
	.popsection
.endm
table_start irq_stubs
table_start inner_stubs
table_start exc_stubs
table_start syscall_stubs
table_start irq_jmp
table_start inner_call
table_start inner_jmp
table_start exc_jmp
table_start exc_call
table_start syscall_jmp
table_start linux_jmp
table_start int3_call
table_start int3_jmp
table_start vsyscall_call
table_start stack_call
table_start open_call
table_start open_jmp
table_start user_exit
table_start preempt_jmp

	.pushsection .rodata
hal_ds_selector:
	.word	__KERNEL_DS
	.popsection

.text

/* ---- interrupt-flag slots -------------------------------------------------------- */

/*
 * preempt=full: where H and V are open a task may be preempted inside a thunk, and go on on another
 * CPU or after Keel was detached. Each instruction has to be right wherever the one before ran:
 *
 *	cli	orb stalls the CPU that the task is on now. After a detach it must not: Linux
 *		would believe in a mask that is none. So the instruction is a change of text like
 *		any slot, and a plain cli while Keel is not attached.
 *	sti	CPU 0, task A				CPU 1
 *		andl: V open, something logged
 *		interrupt, delivered, as V is open
 *		preempt_schedule_irq(): its own sti
 *		 slot gives CPU 0's log back
 *							task A: replay finds this CPU's log
 *							 empty, opens what is open
 *	save	V is open where a task is preempted and open where it goes on: the answer is the
 *		same on both CPUs.
 *
 * Behind orb, and between the cli and the sti of a replay, nobody is preempted. Unloading waits until
 * all have left: a preempted task holds up a grace period of RCU tasks.
 */

/* cli: with H closed all is as on the bare machine, else only Linux is held back. */
SYM_FUNC_START(hal_thunk_cli)
	pushfq
	popq	%rax
	testl	$0x200, %eax
	jz	1f
SYM_INNER_LABEL(hal_thunk_cli_act, SYM_L_GLOBAL)
	ANNOTATE_NOENDBR	/* its address is for patching, nobody jumps there */
	cli
	.byte	0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0
1:	RET
SYM_FUNC_END(hal_thunk_cli)

/* What stands there while Keel is attached. */
	.pushsection .rodata
SYM_DATA_START(hal_thunk_cli_virtual)
	orb	$1, STATE
SYM_DATA_END(hal_thunk_cli_virtual)
	.popsection

/* sti: open V; what was logged meanwhile is raised again before H opens. */
SYM_FUNC_START(hal_thunk_sti)
	andl	$~1, STATE
	jnz	1f
	sti
	RET
1:	call	hal_thunk_replay
	sti
	RET
SYM_FUNC_END(hal_thunk_sti)

/* pushf; pop %rax: the flag that Linux sees is H and V. */
SYM_FUNC_START(hal_thunk_save)
	pushfq
	popq	%rax
	testb	$1, STATE
	jz	1f
	andl	$~0x200, %eax
1:	RET
SYM_FUNC_END(hal_thunk_save)

/* Keeps all registers but rax, as slots demand. Leaves H closed. */
SYM_FUNC_START_LOCAL(hal_thunk_replay)
	cli
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbp
	movq	%rsp, %rbp
	andq	$~15, %rsp
	call	hal_irq_replay
	movq	%rbp, %rsp
	popq	%rbp
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	RET
SYM_FUNC_END(hal_thunk_replay)

/*
 * Replaces native_safe_halt. An interrupt logged before the cli is raised again and ends
 * the hlt; later ones wait for the sti and end it too: no wake-up is slept over.
 */
SYM_FUNC_START(hal_safe_halt)
	cli
	andl	$~1, STATE
	jz	1f
	call	hal_thunk_replay
	jmp	2f
1:	call	nk_hal_inband_idle	/* oob threads may want the rest of Linux's slice */
2:	verw	hal_ds_selector(%rip)	/* stale CPU buffers, for machines that leak them */
	sti
	hlt
	RET
SYM_FUNC_END(hal_safe_halt)

/* ---- whole-function replacements: swapgs pairs with H closed ----------------------- */

SYM_FUNC_START(hal_rdgsbase_inactive)
	pushfq
	cli
	swapgs
	rdgsbase %rax
	swapgs
	popfq
	RET
SYM_FUNC_END(hal_rdgsbase_inactive)

SYM_FUNC_START(hal_wrgsbase_inactive)
	pushfq
	cli
	swapgs
	wrgsbase %rdi
	swapgs
	popfq
	RET
SYM_FUNC_END(hal_wrgsbase_inactive)

/* Around update_vsyscall: a hard thread on this CPU must never meet its odd sequence count.
 * Keel's own page for user space follows. */
SYM_FUNC_START(hal_update_vsyscall)
	pushfq
	cli
	pushq	%rdi
	subq	$8, %rsp
	patched 0xe8 vsyscall_call
	movq	8(%rsp), %rdi
	call	hal_clock_publish
	addq	$16, %rsp
	popfq
	RET
SYM_FUNC_END(hal_update_vsyscall)

/* Instead of get_stack_info_noinstr(stack, task, info): whether the unwinder may read there.
 * Of Keel's own stacks only Keel knows. */
SYM_FUNC_START(hal_stack_info)
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	patched 0xe8 stack_call
	popq	%rdx
	popq	%rsi
	popq	%rdi
	testb	%al, %al
	jnz	1f
	jmp	hal_stack_known
1:	RET
SYM_FUNC_END(hal_stack_info)

/* ---- interrupt entries ------------------------------------------------------------ */

/* Instead of the stub's call: decide, then let Linux's handler run as if called, or return. */
.macro irq_stub n:req
SYM_FUNC_START_LOCAL(hal_irq_stub_\n)
	pushq	%rdi
.if \n == HAL_TIMER_STUB
	call	hal_timer_gate
.else
	pushq	%rsi
	subq	$8, %rsp
	movl	$\n, %edx
	call	hal_irq_gate
	addq	$8, %rsp
	popq	%rsi
.endif
	popq	%rdi
	testb	%al, %al
	jz	1f
	patched 0xe9 irq_jmp
1:	RET
SYM_FUNC_END(hal_irq_stub_\n)
	.pushsection .rodata.hal_irq_stubs, "a"
	.quad hal_irq_stub_\n
	.popsection
.endm

/* Instead of the call of the inner handler: H open with V stalled while it runs, so that Keel's
 * interrupts preempt it. It may open V itself: then handlers nest, so what the interrupted one serves
 * is kept here. A frame with H closed means a caller that wants it so (KVM). */
.macro inner_stub n:req
SYM_FUNC_START_LOCAL(hal_inner_stub_\n)
	testl	$0x200, REGS_FLAGS(%rdi)
	jz	2f
	pushq	OUTER
	orb	$1, STATE
	sti
	patched 0xe8 inner_call
	cli
	popq	SERVING
	andl	$~1, STATE
	jnz	1f
	RET
1:	subq	$8, %rsp
	call	hal_irq_replay
	addq	$8, %rsp
	RET
2:	patched 0xe9 inner_jmp
SYM_FUNC_END(hal_inner_stub_\n)
	.pushsection .rodata.hal_inner_stubs, "a"
	.quad hal_inner_stub_\n
	.popsection
.endm

.irp n, HAL_IRQ_STUB_LIST
	irq_stub \n
	inner_stub \n
.endr

/*
 * Instead of a call that Linux makes with interrupts off in an interrupt's head or tail, outside
 * of the inner handler, though it is long and may be interrupted: H open with V stalled meanwhile.
 * What was logged is raised again, as nobody else may do that in a tail; in a head it is logged once more.
 * A tail comes behind softirqs, which had H open; a head only opens it over the idle task, as others
 * may have been interrupted with H closed (KVM, on a CPU without ticks).
 */
.macro open_stub name:req head=0
SYM_FUNC_START(\name)
	testb	$1, STATE
	jnz	2f
	subq	$8, %rsp
.if \head
	call	hal_over_idle
	testl	%eax, %eax
	jz	3f
.endif
	orb	$1, STATE
	sti
	patched 0xe8 open_call
	cli
	andl	$~1, STATE
	jz	1f
	call	hal_irq_replay
1:	addq	$8, %rsp
	RET
.if \head
3:	addq	$8, %rsp
.endif
2:	patched 0xe9 open_jmp
SYM_FUNC_END(\name)
.endm

	open_stub hal_tick_irq_enter head=1
	open_stub hal_wake_up_process

/* ---- exceptions -------------------------------------------------------------------- */

.macro exc_stub n:req
SYM_FUNC_START_LOCAL(hal_exc_stub_\n)
	cmpl	$0, OOB
	jne	1f
	testb	$1, STATE
	jne	1f
4:	patched 0xe9 exc_jmp
1:	pushq	%rdi
	pushq	%rsi
	movl	$\n, %edx
	subq	$8, %rsp
	call	hal_exc_gate
	addq	$8, %rsp
	popq	%rsi
	popq	%rdi
	cmpl	$HAL_EXC_NATIVE, %eax
	je	4b
	cmpl	$HAL_EXC_DONE, %eax
	je	3f
	/* V stalled, H open in the frame: the handler must read "off" there. */
	andl	$~0x200, REGS_FLAGS(%rdi)
	pushq	%rdi
	cmpl	$HAL_EXC_STALLED_OPEN, %eax
	jne	2f
	sti
2:	patched 0xe8 exc_call
	popq	%rdi
	cli
	orl	$0x200, REGS_FLAGS(%rdi)
	orb	$1, STATE
3:	RET
SYM_FUNC_END(hal_exc_stub_\n)
	.pushsection .rodata.hal_exc_stubs, "a"
	.quad hal_exc_stub_\n
	.popsection
.endm

.irp n, HAL_EXC_STUB_LIST
	exc_stub \n
.endr

/* Instead of exc_int3, a probe on a slot being what it may have been: see hal_int3_return(). From user
 * mode it may sleep, so it is a tail jump. */
SYM_FUNC_START(hal_int3)
	testb	$3, REGS_CS(%rdi)
	jnz	1f
	pushq	%rdi
	patched 0xe8 int3_call
	popq	%rdi
	jmp	hal_int3_return
1:	patched 0xe9 int3_jmp
SYM_FUNC_END(hal_int3)

/* ---- system calls ------------------------------------------------------------------ */

/* do_syscall_64(regs, nr), do_SYSENTER_32(regs), do_fast_syscall_32(regs), do_int80_emulation(regs) */
.macro syscall_stub n:req
SYM_FUNC_START_LOCAL(hal_syscall_stub_\n)
	cmpl	$0, OOB
	jne	1f
	patched 0xe9 syscall_jmp
1:	movl	$\n, %edx
	jmp	hal_syscall_gate
SYM_FUNC_END(hal_syscall_stub_\n)
	.pushsection .rodata.hal_syscall_stubs, "a"
	.quad hal_syscall_stub_\n
	.popsection
.endm
.irp n, HAL_SYSCALL_STUB_LIST
	syscall_stub \n
.endr

/* ---- preemption ---------------------------------------------------------------------- */

/* Instead of preempt_schedule_irq() while attach makes slots empty: settle.c. */
SYM_FUNC_START(hal_preempt_guard)
	movq	%rsp, %rdi
	subq	$8, %rsp
	call	hal_guard_holds
	addq	$8, %rsp
	testl	%eax, %eax
	jnz	1f
	patched 0xe9 preempt_jmp
1:	RET
SYM_FUNC_END(hal_preempt_guard)

/* ---- Linux functions that may be sealed: reached by a patched jump ------------------ */

SYM_FUNC_START(hal_insn_decode)
	patched 0xe9 linux_jmp
SYM_FUNC_END(hal_insn_decode)

SYM_FUNC_START(hal_kallsyms_lookup_size_offset)
	patched 0xe9 linux_jmp
SYM_FUNC_END(hal_kallsyms_lookup_size_offset)

SYM_FUNC_START(hal_kallsyms_lookup_name)
	patched 0xe9 linux_jmp
SYM_FUNC_END(hal_kallsyms_lookup_name)

SYM_FUNC_START(hal_stop_machine_cpuslocked)
	patched 0xe9 linux_jmp
SYM_FUNC_END(hal_stop_machine_cpuslocked)

SYM_FUNC_START(hal_recover_probed)
	patched 0xe9 linux_jmp
SYM_FUNC_END(hal_recover_probed)

SYM_FUNC_START(hal_send_sigtrap)
	patched 0xe9 linux_jmp
SYM_FUNC_END(hal_send_sigtrap)

/* membarrier(): Linux sends none to a CPU with a hard thread, so that is done first. One that becomes
 * hard in between passes a barrier by that. */
SYM_FUNC_START(hal_membarrier)
	pushq	%rdi
	call	hal_membarrier_hard
	popq	%rdi
	patched 0xe9 linux_jmp
SYM_FUNC_END(hal_membarrier)

SYM_FUNC_START(hal_secure_computing)
	patched 0xe9 linux_jmp
SYM_FUNC_END(hal_secure_computing)

/* lseek(): by which a thread becomes hard, if its filters let it; see kmod/filters.c. */
SYM_FUNC_START(hal_lseek)
	pushq	%rdi
	call	shadow_permit
	popq	%rdi
	testq	%rax, %rax
	jnz	1f
	patched 0xe9 linux_jmp
1:	RET
SYM_FUNC_END(hal_lseek)

/* An event that comes out of a hard section is one in an NMI for Linux: see kmod/trace.c. */
SYM_FUNC_START(hal_ct_nmi_enter)
	patched 0xe9 linux_jmp
SYM_FUNC_END(hal_ct_nmi_enter)

SYM_FUNC_START(hal_ct_nmi_exit)
	patched 0xe9 linux_jmp
SYM_FUNC_END(hal_ct_nmi_exit)

SYM_FUNC_START(hal_sched_setaffinity)
	patched 0xe9 linux_jmp
SYM_FUNC_END(hal_sched_setaffinity)

SYM_FUNC_START(hal_send_sig_info)
	patched 0xe9 linux_jmp
SYM_FUNC_END(hal_send_sig_info)

/* Where displacements point before load time. */
SYM_FUNC_START(hal_unset)
	RET
SYM_FUNC_END(hal_unset)

/* ---- context switch ---------------------------------------------------------------- */

/* rdi, rsi: where the old and the new stack pointer lie. All registers but rsp and rbp are the
 * caller's to save: it knows which of them it needs. */
SYM_FUNC_START(hal_switch_stack)
	pushq	%rbp
	movq	%rsp, (%rdi)
	movq	(%rsi), %rsp
	popq	%rbp
	RET
SYM_FUNC_END(hal_switch_stack)

/* First run of a kernel thread: entry and argument are on the stack, and nothing above. The
 * return of hal_switch_stack() leads here, so it needs no mark of an indirect call's target. */
SYM_CODE_START(hal_start_kernel)
	ANNOTATE_NOENDBR
	KEEL_HINT_END_OF_STACK
	popq	%rbx
	popq	%r12
	call	nk_hal_thread_begin
	sti
	movq	%r12, %rdi
	CALL_NOSPEC rbx
	ud2
SYM_CODE_END(hal_start_kernel)

/* First run of a user thread after it became hard: rsp is its pt_regs. */
SYM_CODE_START(hal_start_user)
	ANNOTATE_NOENDBR
	UNWIND_HINT_REGS
	call	nk_hal_thread_begin
	movq	%rsp, %rdi
	call	hal_user_first
	patched 0xe9 user_exit hal_unset_user
SYM_CODE_END(hal_start_user)

SYM_CODE_START_LOCAL(hal_unset_user)
	UNWIND_HINT_REGS
	ud2
SYM_CODE_END(hal_unset_user)
