/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Byte buffers: a ring that one side writes and the other reads, each in portions of its own size. A
 * portion goes in whole and comes out whole: who reads waits until there is enough, who writes until
 * there is room, and only one on each side at a time, by priority.
 *
 * One who waits for so much that the other side, waiting too, could never let it go on gets part of
 * it: the other way both would wait for ever.
 */
#ifndef NUCLEUS_BUFFER_H
#define NUCLEUS_BUFFER_H

#include "nucleus/mutex.h"

#define NK_BUFFER_SIZE (1u << 20)	/* largest */

/* One of the two sides. */
struct nk_buffer_end {
	struct nk_mutex turn;		/* who is at it */
	unsigned long needs;		/* (w) bytes it waits for; 0: it does not */
};

struct nk_buffer {
	struct nk_waitq wq;		/* the one that waits on either end */
	struct nk_buffer_end read, write;
	char *area;			/* (c) */
	unsigned long size;		/* (c) */
	unsigned long head, tail;	/* (w) bytes written and read in all */
};

/* @area: @size bytes. 0, or -EINVAL: it is 0 or too large. Context: any; never blocks. */
int nk_buffer_init(struct nk_buffer *b, char *area, unsigned long size);

/* As nk_sem_destroy(). Context: any; may switch; takes the wait queues' locks. */
int nk_buffer_destroy(struct nk_buffer *b);

/* Write or read @size bytes. @deadline ends the wait; 0: -EWOULDBLOCK instead. Returns how many, which is
 * @size but in the case above; -EINVAL: 0 or more than the buffer holds; -EFAULT, -ETIMEDOUT, -EINTR,
 * -EIDRM. With an error nothing was written or read. Context: oob; may block; takes all ranks up to rq. */
long nk_buffer_write(struct nk_buffer *b, const void *from, unsigned long size, nk_time_t deadline);
long nk_buffer_read(struct nk_buffer *b, void *to, unsigned long size, nk_time_t deadline);

/* How many bytes there are. Context: any; old as soon as it is read. */
unsigned long nk_buffer_fill(const struct nk_buffer *b);

#endif
