/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the owner of user threads (kmod/park.c) provides to the x86 port. All are called
 * hard masked, by a hard user thread, on its own kernel stack.
 */
#ifndef HAL_X86_USER_H
#define HAL_X86_USER_H

#include "hal/hal.h"

struct hal_user;
struct pt_regs;

/* Calls of the Keel range: the value goes to ax. Does not return when it leaves for in-band. */
void shadow_call(struct pt_regs *regs, long nr);

/* About to go back to user mode: honours a recall, then does not return. */
void shadow_return(struct pt_regs *regs);

/* Leave for in-band with @regs as they are. @reason: KEEL_RELAX_*; @fault: address of a page
 * fault or 0; @signal: to be sent by the owner, or 0. Does not return. */
void shadow_leave(struct pt_regs *regs, int reason, unsigned long fault, int signal)
	HAL_NORETURN;

/* Linux sent this CPU an interrupt that is held back: perhaps because a signal is pending for
 * the thread that has it, whose task cannot run here to recall it. */
void shadow_poll(void);

/* The same for a thread that gets this CPU from another one now: what Linux sent may have come
 * when that ran. */
void shadow_due(struct hal_user *u);

/* A call of @u's thread, the current one, did not reach user memory: it is to leave behind it. */
void shadow_fault(struct hal_user *u);

/* In place of lseek(@regs), before it: 0 to go on with it, else its value. It may end current, whose
 * filters are asked. Context: in-band, may sleep. */
long shadow_permit(const struct pt_regs *regs);

/* The priority of a thread that is in-band may be another one than its owner has.
 * Context: hard masked, locks held. */
void shadow_prio(struct hal_user *u);

/* Every hard thread comes home, once; none may become hard for as long as hal_user_refusal() has
 * a reason. Context: in-band, may sleep. */
void shadow_send_home(void);

#endif
