/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies from and to a hard thread's memory, beside hal_user_read() and hal_user_write(): what the gate
 * of exceptions needs of them, and a look that is no call's.
 */
#ifndef HAL_X86_COPY_H
#define HAL_X86_COPY_H

#include <linux/types.h>

struct pt_regs;

/* A page fault in kernel mode: true when it was a copy's, which goes on and tells its caller.
 * Context: hard masked, an oob thread has the CPU. */
bool hal_copy_fixup(struct pt_regs *regs);

/* As hal_user_read(), of what may be missing: the call that is under way, if any, is not made again.
 * Context: as that. */
int hal_user_peek(void *to, unsigned long from, unsigned long size);

#endif
