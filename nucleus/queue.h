/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Message queues: the highest priority first, first come first served among equals. A queue has a
 * fixed number of slots, each with room for one message of the queue's size, and never allocates.
 *
 * A message is copied in and out; or it is made where it lies: a slot is had with nk_queue_alloc(),
 * filled, passed on, taken by the receiver and freed. Who has a slot is told by a holder, so that
 * what a process had can be had back when it died. To queue one takes a look at each different priority
 * above its own that is queued.
 */
#ifndef NUCLEUS_QUEUE_H
#define NUCLEUS_QUEUE_H

#include "nucleus/sem.h"

#define NK_QUEUE_PRIOS	32768u
#define NK_QUEUE_SIZE	65536u	/* largest message */
#define NK_QUEUE_COUNT	4096u	/* most slots */

struct nk_slot {
	struct nk_plist_node node;	/* (w) in queued */
	struct nk_list free;		/* (w) in free */
	unsigned int size;		/* of its message */
	int prio;
	const void *holder;		/* (w) who has it, beside calls; NULL: nobody */
};

struct nk_queue {
	struct nk_waitq wq;		/* who receives; of rank NK_RANK_COND */
	struct nk_sem room;		/* how many are free, and who waits for one */
	struct nk_plist queued;		/* (w) */
	struct nk_list free;		/* (w) */
	struct nk_slot *slots;		/* (c) */
	char *area;			/* (c) their messages */
	unsigned int count, size, stride; /* (c) slots; a message at most; from one to the next */
	unsigned int length;		/* (w) messages that are queued */
	void (*notify)(void *arg);	/* (w) see nk_queue_notify() */
	void *notify_arg;		/* (w) */
};

/* @slots: @count of them; @area: that often @size rounded up to 8. 0, or -EINVAL: one of the two is
 * 0 or too large. Context: any; never blocks. */
int nk_queue_init(struct nk_queue *q, struct nk_slot *slots, char *area, unsigned int count,
		  unsigned int size);

/* As nk_sem_destroy(). Context: any; may switch; takes the wait queues' locks. */
int nk_queue_destroy(struct nk_queue *q);

/* Send a copy of @size bytes at @from. @deadline ends the wait for a free slot; 0: -EWOULDBLOCK
 * instead of a wait. 0, -EINVAL (priority), -EMSGSIZE, -EFAULT, -ETIMEDOUT, -EINTR, -EIDRM.
 * Context: oob; may block; takes the wait queues' locks. */
int nk_queue_send(struct nk_queue *q, const void *from, unsigned int size, unsigned int prio,
		  nk_time_t deadline);

/* Receive into @to, which has @room for the longest message, or else -EMSGSIZE. Its size and priority
 * go to @size and @prio. Errors as above; with one, the message stays.
 * Context: oob; may block; takes the wait queues' locks. */
int nk_queue_receive(struct nk_queue *q, void *to, unsigned int room, unsigned int *size,
		     unsigned int *prio, nk_time_t deadline);

/* The same without a copy, by number of slot: a free one; send it; receive one; it is free again. A
 * slot that is not @holder's: -EINVAL. The numbers are 0 or above.
 * Context: oob; the first and third may block; takes the wait queues' locks. */
int nk_queue_alloc(struct nk_queue *q, const void *holder, nk_time_t deadline);
int nk_queue_pass(struct nk_queue *q, const void *holder, unsigned int slot, unsigned int size,
		  unsigned int prio);
int nk_queue_take(struct nk_queue *q, const void *holder, unsigned int *size, unsigned int *prio,
		  nk_time_t deadline);
int nk_queue_free(struct nk_queue *q, const void *holder, unsigned int slot);

/* All that @holder has is free again; returns how many. Lets interrupts in.
 * Context: any; may switch; takes the wait queues' locks. */
int nk_queue_reclaim(struct nk_queue *q, const void *holder);

/* Call @fn(@arg), once, when a message comes to the empty queue and nobody waits for it; NULL: not any
 * more, if it was @arg's. @fn is called hard masked with the queue's lock and must not switch. 0, or
 * -EBUSY: another one's is there. Context: any; takes the wait queue's lock. */
int nk_queue_notify(struct nk_queue *q, void (*fn)(void *arg), void *arg);

/* 1: what was asked for with @arg is still to come. Context: any; takes the wait queue's lock. */
int nk_queue_notifies(struct nk_queue *q, const void *arg);

/* How many messages there are. Context: any; old as soon as it is read. */
unsigned int nk_queue_length(const struct nk_queue *q);

#endif
