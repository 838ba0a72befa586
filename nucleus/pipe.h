/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A way for messages between hard threads and in-band, in one direction. It has a fixed number of
 * places, each with room for one message of the pipe's size, and never allocates.
 *
 * Who sends takes a free place, fills it with no lock held, and passes it on; who receives takes a
 * message, empties it likewise, and frees the place. So nobody sees half a message, and one
 * that is slow, or ends on the way, holds up only its own place. Messages of one sender keep their order,
 * but one that is put back may come behind what another reader took meanwhile: see pipe.c.
 *
 * Hard threads wait on the pipe. In-band never waits here: it asks to be told, by a hal_work.
 */
#ifndef NUCLEUS_PIPE_H
#define NUCLEUS_PIPE_H

#include "nucleus/wait.h"

#define NK_PIPE_PLACES	1024u		/* most places */
#define NK_PIPE_SIZE	65536u		/* largest message */
#define NK_PIPE_URGENT	0x80000000u	/* or-ed to a size that is written: in front of all others */
#define NK_PIPE_JOIN	0x40000000u	/* the same: behind what the last message has, if that was so written and has room */

struct nk_parcel {
	struct nk_list node;	/* (w) in ready or free */
	unsigned int size;	/* of the message */
	int joins;		/* more may be added to it while nobody has taken it */
	char data[] __attribute__((aligned(8)));
};

struct nk_pipe {
	struct nk_waitq wq;	/* hard threads: who receive, or of to_inband, who send */
	struct nk_list ready;	/* (w) messages, in order */
	struct nk_list free;	/* (w) places */
	unsigned int count;	/* (w) in ready */
	unsigned int places, size; /* (c) */
	int to_inband;		/* (c) the direction */
	int wanted;		/* (w) in-band is to be told */
	struct hal_work *work;	/* (c) what tells it */
	unsigned long lost;	/* (a) see nk_pipe_lose() */
};

/* What nk_pipe_init() needs in @area, or 0: @places or @size is 0 or too large. */
unsigned long nk_pipe_room(unsigned int places, unsigned int size);

/* @area: nk_pipe_room(@places, @size) bytes, aligned to 8. Context: any; never blocks. */
void nk_pipe_init(struct nk_pipe *p, void *area, unsigned int places, unsigned int size,
		  int to_inband, struct hal_work *work);

/* Nothing is sent any more: waits end with -EIDRM, and in-band, told, still gets what is there. The memory
 * may go when no call is under way. Context: any; may switch; takes the wait queue's lock. */
void nk_pipe_close(struct nk_pipe *p);

/* A free place, or a message of at most @room bytes: -EMSGSIZE, it is longer, and stays. @deadline ends the wait for it; 0: -EWOULDBLOCK instead of a wait, for
 * in-band and for the other end always. -ETIMEDOUT, -EINTR; -EIDRM: closed, and no message is left for
 * in-band. Context: oob, may block; with 0 any, never blocks; takes the wait queue's lock. */
int nk_pipe_place(struct nk_pipe *p, nk_time_t deadline, struct nk_parcel **parcel);
int nk_pipe_take(struct nk_pipe *p, unsigned long room, nk_time_t deadline,
		 struct nk_parcel **parcel);

/* Pass on what was filled; put a place back, or a message, which is the next again.
 * Context: any; may switch; takes the wait queue's lock. */
void nk_pipe_send(struct nk_pipe *p, struct nk_parcel *parcel);
void nk_pipe_free(struct nk_pipe *p, struct nk_parcel *parcel);
void nk_pipe_untake(struct nk_pipe *p, struct nk_parcel *parcel);

/* The whole of it for the current thread: a message of @size bytes at @from; into @to, which has @room:
 * its size. Errors as above, and -EINVAL: @size is 0; -EMSGSIZE: too long for the pipe, or for @room;
 * -EFAULT. An error leaves all as it was.
 * Context: oob; may block; takes the wait queue's lock. */
int nk_pipe_write(struct nk_pipe *p, const void *from, unsigned long size, nk_time_t deadline);
long nk_pipe_read(struct nk_pipe *p, void *to, unsigned long room, nk_time_t deadline);

/* Drop the messages that are there now, as many as that. Returns how many.
 * Context: any; may switch; lets interrupts in; takes the wait queue's lock. */
int nk_pipe_flush(struct nk_pipe *p);

/* In-band: 1 when there is what it takes from this end, a message or a place, or the pipe is closed; else
 * it will be told, once. Context: any; never blocks; takes the wait queue's lock. */
int nk_pipe_want(struct nk_pipe *p);

/* A message was lost. Context: any; never blocks. */
static inline void nk_pipe_lose(struct nk_pipe *p)
{
	__atomic_fetch_add(&p->lost, 1, __ATOMIC_RELAXED);
}

/* For nk_watch: a message is there. Context: @wq's lock held. */
int nk_pipe_is_ready(const struct nk_waitq *wq);

#endif
