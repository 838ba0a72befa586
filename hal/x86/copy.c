// SPDX-License-Identifier: GPL-2.0
/*
 * Copies between Keel and the hard thread that has this CPU. Linux has no part in it: its own routines
 * go by current, which is another task, and handle a fault in that one's memory.
 *
 * 1. the range lies below TASK_SIZE_MAX, so that what may go wrong is a page fault and nothing else
 * 2. a page that is not there, or may not be used, faults at one of the two instructions here; the
 *    gate knows their addresses (hal_copy_fixup()) and goes on behind, with a count that is not 0
 * 3. the pages stay while H is closed: who takes one away waits until this CPU has flushed
 * 4. a watchpoint is not met by Keel's reading and writing: it is off meanwhile
 * 5. what is missing is noted; the thread leaves, its owner asks Linux for it, the call is made again
 */
#include <linux/linkage.h>
#include <linux/kernel.h>
#include <linux/objtool.h>
#include <asm/processor.h>
#include <asm/ptrace.h>
#include <asm/smap.h>
#include "context.h"
#include "copy.h"
#include "cpu.h"
#include "debug.h"
#include "user.h"

extern const char hal_copy_words[], hal_copy_words_end[], hal_copy_bytes[], hal_copy_bytes_end[];

/* Once only in the text: the labels are the gate's, and nobody jumps there. */
static noinline __noclone unsigned long copy(void *to, const void *from, unsigned long size)
{
	unsigned long words = size / 8, bytes = size % 8;

	stac();
	asm volatile("hal_copy_words:\n" ANNOTATE_NOENDBR "rep movsq\n"
		     "hal_copy_words_end:\n" ANNOTATE_NOENDBR
		     : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	if (likely(!words))
		asm volatile("hal_copy_bytes:\n" ANNOTATE_NOENDBR "rep movsb\n"
			     "hal_copy_bytes_end:\n" ANNOTATE_NOENDBR
			     : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
	clac();
	return words | bytes;
}

bool hal_copy_fixup(struct pt_regs *regs)
{
	if (regs->ip == (unsigned long)hal_copy_words)
		regs->ip = (unsigned long)hal_copy_words_end;
	else if (regs->ip == (unsigned long)hal_copy_bytes)
		regs->ip = (unsigned long)hal_copy_bytes_end;
	else
		return false;
	return true;
}

static noinline void missed(struct hal_user *u, unsigned long user, unsigned long size, int write)
{
	u->touch = user;
	u->touch_size = size;
	u->touch_write = write;
	shadow_fault(u);
}

/* How much was not copied. */
static __always_inline unsigned long copy_unwatched(struct hal_user *u, void *to, const void *from,
						    unsigned long size)
{
	unsigned long left;

	if (unlikely(u->dr7))
		hal_debug_off();
	left = copy(to, from, size);
	if (unlikely(u->dr7))
		hal_debug_on(u);
	return left;
}

static bool is_user_range(unsigned long user, unsigned long size)
{
	return size <= TASK_SIZE_MAX && user <= TASK_SIZE_MAX - size;
}

static int copy_checked(void *to, const void *from, unsigned long user, unsigned long size, int write)
{
	struct hal_user *u = hal_this()->live;
	unsigned long left;

	if (!is_user_range(user, size))
		return -1;
	left = copy_unwatched(u, to, from, size);
	if (unlikely(left))
		missed(u, user, size, write);
	return left ? -1 : 0;
}

int hal_user_peek(void *to, unsigned long from, unsigned long size)
{
	return !is_user_range(from, size) ||
	       copy_unwatched(hal_this()->live, to, (const void *)from, size) ? -1 : 0;
}

int hal_user_read(void *to, unsigned long from, unsigned long size)
{
	return copy_checked(to, (const void *)from, from, size, 0);
}

int hal_user_write(unsigned long to, const void *from, unsigned long size)
{
	return copy_checked((void *)to, from, to, size, 1);
}
