/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which of Linux's entry calls are redirected to which stub.
 */
#ifndef HAL_X86_ENTRY_H
#define HAL_X86_ENTRY_H

struct patch_set;

/* Walk the live IDT and the system call entries. Changes of Linux's text go to @linux, those
 * of our own stubs to @own. 0 or -errno after a message that names what is unknown.
 * Context: in-band, may sleep. */
int entry_prepare(struct patch_set *linux_text, struct patch_set *own);

/* A jump at the first free place of function @addr (behind endbr and the ftrace NOP) to
 * @target. 0 or -errno. */
int entry_replace(struct patch_set *set, unsigned long addr, unsigned long target);

/* The call (or jump) of @callee in the function at @fn goes to @target instead; @what names the
 * callee in the message. 0 or -errno. */
int entry_redirect(struct patch_set *set, unsigned long fn, unsigned long callee,
		   unsigned long target, const char *what);

#endif
