/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Debuggers and hard threads: debug registers, single steps, and the traps that a thread met while
 * hard, which Linux cannot find out by running it on.
 *
 * A debugger stops and changes a thread in-band only, so what it set is read when the thread becomes
 * hard. Breakpoints on instructions are left to Linux: the thread relaxes before the
 * instruction and meets it again. A watchpoint and a single step have happened: told at home.
 */
#ifndef HAL_X86_DEBUG_H
#define HAL_X86_DEBUG_H

#include <linux/types.h>

struct hal_root_state;
struct hal_user;
struct pt_regs;

/* Take what the debugger set for current. Context: in-band, preemption off. */
void hal_debug_take(struct hal_user *u);

/* Nothing is watched from now on; DR7 as it was. Context: hard masked. */
unsigned long hal_debug_off(void);

/* Load @u's debug registers. @r: of this CPU, where Linux's are put aside, once. Context: hard
 * masked, after hal_debug_off(). */
void hal_debug_load(struct hal_root_state *r, const struct hal_user *u);

/* @u's are watched again, after hal_debug_off(). Context: hard masked, @u is live. */
void hal_debug_on(const struct hal_user *u);

/* Linux's again. Context: hard masked. */
void hal_debug_restore(const struct hal_root_state *r);

/* A debug exception of the live thread @u: 1 when it goes on with a step towards its next Keel
 * call, 0 when it leaves. Context: hard masked. */
int hal_debug_exception(struct hal_user *u, const struct pt_regs *regs);

/* A trap by a software interrupt, @vector: @regs go back to it. Context: hard masked. */
void hal_debug_software(struct hal_user *u, struct pt_regs *regs, int vector);

/* At home: tell current what @u met, if anything. Context: in-band, after hal_user_give(). */
void hal_debug_tell(struct hal_user *u);

#endif
