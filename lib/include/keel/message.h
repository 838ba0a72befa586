/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Message queues, byte buffers, and channels with a server, between hard threads. name.h has how
 * processes share them. keel.h and sync.h say what errors, "hardens" and deadlines mean; a deadline
 * of 0 means here: do not wait, but return -EWOULDBLOCK.
 *
 * They are made and deleted from any thread, in-band; -ENOMEM: all objects together would have more than
 * an eighth of the machine's memory. What is copied comes from, or goes to, memory of the caller
 * that Keel reads and writes itself: a page that is not there is brought in by Linux, for which the
 * thread leaves hard mode; -EFAULT: there is none.
 */
#ifndef KEEL_MESSAGE_H
#define KEEL_MESSAGE_H

#include <stddef.h>
#include <time.h>
#include <keel/sync.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- message queues ------------------------------------------------------------- */

struct keel_queue {
	unsigned int id;
	unsigned int stride;	/* from one message in the area to the next */
	size_t area_size;
	char *area;
};

/* @count messages at most, 1 to KEEL_QUEUE_COUNT, of at most @size bytes, 1 to KEEL_MESSAGE_SIZE; together
 * 16 MiB. Context: any thread; in-band. */
int keel_queue_create(struct keel_queue *queue, unsigned int count, unsigned int size);
int keel_queue_delete(struct keel_queue *queue);	/* waits end with -EIDRM */

/* Send a copy of @size bytes with @prio, 0 to 32767. -EMSGSIZE: longer than the queue's. Context:
 * attached; hardens; blocks while the queue is full, who sends first goes by the threads' priority. */
int keel_queue_send(struct keel_queue *queue, const void *message, size_t size, unsigned int prio);
int keel_queue_clocksend(struct keel_queue *queue, const void *message, size_t size,
			 unsigned int prio, clockid_t clock, int64_t deadline);

/* Receive the oldest message of the highest priority, which is stored in @prio (may be NULL). Returns
 * its size. -EMSGSIZE: @room is less than the queue's size. Context: attached; hardens; blocks. */
long keel_queue_receive(struct keel_queue *queue, void *message, size_t room, unsigned int *prio);
long keel_queue_clockreceive(struct keel_queue *queue, void *message, size_t room,
			     unsigned int *prio, clockid_t clock, int64_t deadline);

/* Without a copy: have the memory of one message, fill it, and pass it on; take one, read it, and free
 * it. What a process has in hand when it ends is free again. -EINVAL: it is not in hand.
 * take returns the size. Context: attached; hardens; alloc and take block. */
int keel_queue_alloc(struct keel_queue *queue, void **message, clockid_t clock, int64_t deadline);
int keel_queue_pass(struct keel_queue *queue, void *message, size_t size, unsigned int prio);
long keel_queue_take(struct keel_queue *queue, void **message, unsigned int *prio, clockid_t clock,
		     int64_t deadline);
int keel_queue_free(struct keel_queue *queue, void *message);

/* Post @sem, of the caller's process, once, when a message comes to the empty queue and nobody waits for it;
 * NULL: not any more. -EBUSY: another process is to be told. Context: attached; hardens. */
int keel_queue_notify(struct keel_queue *queue, struct keel_sem *sem);

/* 1 while that post to the caller's process is still to come, else 0. Context: attached; hardens. */
int keel_queue_notifies(struct keel_queue *queue);

/* How many messages there are, old as soon as it is told. Context: attached; hardens. */
int keel_queue_count(struct keel_queue *queue);

/* ---- byte buffers ----------------------------------------------------------------- */

struct keel_buffer {
	unsigned int id;
};

/* @size: 1 to KEEL_BUFFER_SIZE. Context: any thread; in-band. */
int keel_buffer_create(struct keel_buffer *buffer, size_t size);
int keel_buffer_delete(struct keel_buffer *buffer);	/* waits end with -EIDRM */

/* Write or read @size bytes, as a whole: returns @size. Only when one on each side waits for so much
 * that neither could go on, one of them gets a part, and returns how much. -EINVAL: 0, or more than the
 * buffer holds. With an error nothing was written or read. Context: attached; hardens; blocks. */
long keel_buffer_write(struct keel_buffer *buffer, const void *from, size_t size);
long keel_buffer_clockwrite(struct keel_buffer *buffer, const void *from, size_t size,
			    clockid_t clock, int64_t deadline);
long keel_buffer_read(struct keel_buffer *buffer, void *to, size_t size);
long keel_buffer_clockread(struct keel_buffer *buffer, void *to, size_t size, clockid_t clock,
			   int64_t deadline);

/* How many bytes there are. Context: attached; hardens. */
int keel_buffer_count(struct keel_buffer *buffer);

/* ---- send, receive, reply ---------------------------------------------------------- */

/* Clients send and wait for the answer of one server: the thread that receives first, until it
 * ends or detaches. While a client waits the server has at least its priority. */
struct keel_channel {
	unsigned int id;
};

/* @flows messages on their way at most, 1 to KEEL_CHANNEL_FLOWS, of at most @size bytes, as replies.
 * Context: any thread; in-band. */
int keel_channel_create(struct keel_channel *channel, unsigned int flows, unsigned int size);
int keel_channel_delete(struct keel_channel *channel);	/* waits end with -EIDRM */

/* Send @size bytes at @message and wait for the reply, up to @room bytes at @reply: returns its size.
 * -EMSGSIZE: either is too long; -EOWNERDEAD: the server ended; -EDEADLK: it waits for the caller.
 * -ECANCELED: a signal came when the server had received it; -EINTR: before. After -ETIMEDOUT it may
 * have received it. @reply is touched first. A deadline of 0 has
 * passed. Context: attached; hardens; blocks. */
long keel_channel_send(struct keel_channel *channel, const void *message, size_t size, void *reply,
		       size_t room);
long keel_channel_clocksend(struct keel_channel *channel, const void *message, size_t size,
			    void *reply, size_t room, clockid_t clock, int64_t deadline);

/* Receive the next message, by the priority of who sent it: returns its size, and in @flow what to
 * reply to. -EMSGSIZE: @room is less than the channel's size; -EBUSY: another thread is the
 * server. Context: attached; hardens; blocks. */
long keel_channel_receive(struct keel_channel *channel, void *message, size_t room,
			  unsigned int *flow);
long keel_channel_clockreceive(struct keel_channel *channel, void *message, size_t room,
			       unsigned int *flow, clockid_t clock, int64_t deadline);

/* Answer, in any order. -EINVAL: there is nothing of that number to be answered; -ECANCELED: the client did
 * not wait so long. Context: attached; hardens. */
int keel_channel_reply(struct keel_channel *channel, unsigned int flow, const void *reply,
		       size_t size);

#ifdef __cplusplus
}
#endif

#endif
