/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A user thread's machine state while it is hard, and the way in and out of it.
 *
 * The thread's user-mode registers lie as pt_regs at the top of its own kernel stack, where Linux's
 * entry code puts them too, as top_of_stack points there while the thread has the CPU.
 * What is not in pt_regs is kept raw here. While the thread is in-band all of it is its
 * Linux task's, and nothing here is valid.
 */
#ifndef HAL_X86_CONTEXT_H
#define HAL_X86_CONTEXT_H

#include <linux/irq_work.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/ptrace.h>
#include "hal/hal.h"

#define HAL_STACK_SIZE 16384

struct task_struct;
struct mm_struct;

struct hal_user {
	void *stack;			/* HAL_STACK_SIZE bytes, guard page below */
	unsigned long cr3;		/* without PCID */
	const struct mm_struct *mm;
	unsigned long fsbase, gsbase;
	u32 pkru;
	u64 xfeatures;			/* what the task's own buffer holds */
	unsigned int xsize;		/* of xstate, as the task has it now */
	unsigned int xroom;
	void *xraw, *xstate;		/* allocation; 64-byte aligned start */
	struct task_struct *owner;
	unsigned long dr[4], dr7;	/* what a debugger set; dr7 0: nothing */
	unsigned long dr6;		/* with trap: what was met */
	unsigned long step_ip;		/* where the last step ended */
	int steps;			/* that may still be made; 0: not stepped */
	int trap;			/* vector to deal with at home, 0: none */
	unsigned long touch, touch_size; /* what a call could not reach; size 0: nothing */
	int touch_write;
	struct irq_work wake;		/* wakes the owner */
	int home;			/* (a) the context is complete and off its CPU */
};

/* 1 when the owner may have the context. Context: any. */
static inline int hal_user_home(const struct hal_user *u)
{
	return smp_load_acquire(&u->home);
}

static inline struct pt_regs *hal_user_regs(const struct hal_user *u)
{
	return (struct pt_regs *)(u->stack + HAL_STACK_SIZE) - 1;
}

/* Room for @u and its stack; owner is current. 0 or -ENOMEM. Context: in-band, may sleep. */
int hal_user_init(struct hal_user *u);
void hal_user_destroy(struct hal_user *u);

/* Why current cannot become hard: KEEL_REFUSE_*, 0 when it can. Context: in-band. */
int hal_user_refusal(void);

/* current's rseq area names no CPU until Linux lets it back to user mode. 0 or -EFAULT.
 * Context: in-band, may sleep. */
int hal_user_forget_cpu(void);

/* Make room for the task's present vector state. 0 or -ENOMEM. In-band, may sleep. */
int hal_user_prepare(struct hal_user *u);

/* Take current's user context into @u and set @ctx to start there. Context: in-band, current in a system
 * call, preemption off, after hal_user_prepare(). -EAGAIN when its vector state grew. */
int hal_user_take(struct hal_user *u, struct hal_context *ctx);

/* The other way: current gets @u's context back. Context: in-band, in the same system call. */
void hal_user_give(struct hal_user *u);

/* Have what the last call could not reach brought in. 0, also when there was nothing, or -EFAULT.
 * Context: in-band, @u's task, may sleep. */
int hal_user_touch(struct hal_user *u);

/* The byte at @at in current's memory, or -1. Context: in-band, may sleep. */
int hal_user_byte(unsigned long at);

/* Set @ctx to start in user mode from @u's pt_regs. */
void hal_context_start_user(struct hal_context *ctx, struct hal_user *u);

/* The CPU's FS base, which while in the kernel is the user's. */
unsigned long hal_fsbase_get(void);
void hal_fsbase_set(unsigned long base);

/* The CPU's current page-table base without PCID bits. */
unsigned long hal_cr3_base(void);

#endif
