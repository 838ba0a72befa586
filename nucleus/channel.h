/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Send, receive, reply: a client sends a message and waits for the answer of the one server, which
 * receives messages by their senders' priority and replies to each, in any order. From the moment it
 * is sent to the reply the server inherits the client's priority, also in-band and through whatever
 * it waits for itself; a ring of clients and servers that wait for each other is told.
 *
 * The server is the thread that received first, until it ends. Then all clients go on with
 * -EOWNERDEAD, and the next that receives is the server.
 */
#ifndef NUCLEUS_CHANNEL_H
#define NUCLEUS_CHANNEL_H

#include "nucleus/queue.h"

#define NK_CHANNEL_FLOWS 256u		/* most of one channel */

struct nk_flow;

struct nk_channel {
	struct nk_waitq wq;		/* the server that receives; of rank NK_RANK_COND */
	struct nk_queue pool;		/* slots of the flows */
	struct nk_plist queued;		/* (w) by the client's priority */
	struct nk_flow *flows;		/* (c) as many as slots */
	struct nk_thread *server;	/* (w) */
};

/* @flows, @slots: @count of them, for @area see nk_queue_init(). @size: of a message and of a reply, at
 * most. 0 or -EINVAL. Context: any; never blocks. */
int nk_channel_init(struct nk_channel *c, struct nk_flow *flows, struct nk_slot *slots, char *area,
		    unsigned int count, unsigned int size);

/* All waits end with -EIDRM, what the server has received is forgotten. As nk_sem_destroy().
 * Context: any; may switch; takes all ranks up to rq. */
int nk_channel_destroy(struct nk_channel *c);

/* Send @size bytes at @from and wait until @deadline for the reply, which goes to @to, at most @room.
 * Returns its size; -EMSGSIZE: too long, or the reply was; -EFAULT: of @from, or of @to
 * and then the message was answered, -ETIMEDOUT, -EINTR: not received;
 * -ECANCELED: the same, but received; -EIDRM;
 * -EDEADLK: the server waits for the caller; -EOWNERDEAD: it ended.
 * Context: oob; may block; takes all ranks up to rq. */
long nk_channel_send(struct nk_channel *c, const void *from, unsigned int size, void *to,
		     unsigned int room, nk_time_t deadline);

/* Receive the next message, into @to with @room for the longest or else -EMSGSIZE. Returns what to reply to,
 * above 0, and its size in @size. -EBUSY: another thread is the server; -EWOULDBLOCK with @deadline
 * 0; -EFAULT: it stays; -ETIMEDOUT, -EINTR, -EIDRM. Context: oob; may block; takes all ranks up to rq. */
long nk_channel_receive(struct nk_channel *c, void *to, unsigned int room, unsigned int *size,
			nk_time_t deadline);

/* Reply to @id. -EINVAL: the caller has not received that, or replied before; -EMSGSIZE, -EFAULT: and
 * it is still to be replied to; -ECANCELED: the client did not wait so long; -EIDRM.
 * Context: oob; may switch; takes all ranks up to rq. */
int nk_channel_reply(struct nk_channel *c, unsigned long id, const void *from, unsigned int size);

/* If @t, which is ending or gives it up, is the server of @c: it is not any more.
 * Context: any; may switch, and lets interrupts in; takes all ranks up to rq. */
void nk_channel_bereave(struct nk_channel *c, const struct nk_thread *t);

#endif
