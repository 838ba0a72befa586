/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What hard threads use of an object with a part in Linux, which owns this.
 */
#ifndef SKINS_NATIVE_LINK_H
#define SKINS_NATIVE_LINK_H

#include "nucleus/types.h"

struct native_timer;
struct nk_pipe;

struct native_link {
	struct nk_pipe *to_inband, *to_oob;	/* NULL: none */
	struct hal_work *work;			/* of an eventfd, with the next */
	nk_u32 *pending;
	struct native_timer *timer;		/* of a timer */
	int borrowed;				/* the pipes are another process's, which ends them */
};

/* No more use of @l by hard threads: waits end with -EIDRM. Nothing, of what is borrowed.
 * Context: in-band; may switch; takes the wait queues' locks. */
void native_link_close(const struct native_link *l);

/* Nobody of the process calls any more; a chain walk of another may still pass through, and is waited
 * for; so is who stands on what others have borrowed, where nobody waits any more. Context: in-band; waits for other CPUs. */
void native_link_quiesce(const struct native_link *l);

/* Drop what is in those of the pipes that @which tells: how many messages, or -EINVAL.
 * Context: any; may switch; lets interrupts in. */
long native_link_flush(const struct native_link *l, unsigned long which);

#endif
