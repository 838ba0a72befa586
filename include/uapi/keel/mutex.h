/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The word of a mutex, in the heap that a process and Keel share. Protocol: nucleus/word.c.
 */
#ifndef KEEL_UAPI_MUTEX_H
#define KEEL_UAPI_MUTEX_H

#define KEEL_WORD_FREE		0u		/* take it: compare and swap with one's own number */
#define KEEL_WORD_OWNER		0x0000ffffu	/* the owner's number: its window's index + 1 */
#define KEEL_WORD_KERNEL	0x80000000u	/* make the call: Keel knows more */

#endif
