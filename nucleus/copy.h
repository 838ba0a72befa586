/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a caller hands over to an object, or gets from one: a user thread's lies in its own memory and
 * may not be there; a kernel thread's is Keel's.
 */
#ifndef NUCLEUS_COPY_H
#define NUCLEUS_COPY_H

#include "nucleus/types.h"

#define NK_COPY_SLICE 1024	/* bytes for which interrupts stay closed */

/* From or to the current thread's memory, letting interrupts in now and then. 0 or -EFAULT: not all
 * of it is there, and some may have been copied. With that the call must end, all undone, see hal.h.
 * Context: oob, hard masked, no lock held; may switch. */
int nk_copy_in(void *to, const void *from, unsigned long size);
int nk_copy_out(void *to, const void *from, unsigned long size);

#endif
