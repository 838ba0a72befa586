/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A queue's messages. To be included behind monitor.h. Context of all: with the queue's lock, attached.
 */
#ifndef LIBKEEL_ALCHEMY_QUEUE_H
#define LIBKEEL_ALCHEMY_QUEUE_H

enum { FREE = 0x46726565, IN_HAND = 0x48616e64, QUEUED = 0x51756575 };

struct message {
	uint32_t state;
	uint32_t refs;			/* who has it in hand, or will */
	uint32_t room, size;
	uint32_t next;			/* offset, 0: none */
	uint32_t untaken;		/* references in granted */
	uint32_t block;			/* bytes of the block, with this header */
	uint32_t pad;
	char data[];
};

struct list {
	uint32_t first, last;		/* offsets, 0: none */
};

struct state {
	size_t poolsize, limit, used;
	int mode;
	int nwaiters, granted_refs;
	unsigned int count;
	struct list queued, granted;
	uint32_t spare;			/* a free message, 0: none */
};

struct alchemy_queue {
	struct alchemy_object o;
	struct alchemy_monitor m;
	struct keel_sem grants;
	struct state own;
};

static inline struct state *state_of(const struct alchemy_queue *q)
{
	return q->m.state;
}

static inline struct message *at(const struct alchemy_queue *q, uint32_t offset)
{
	return (struct message *)(q->m.memory.area + offset);
}

static inline uint32_t offset_of(const struct alchemy_queue *q, const struct message *m)
{
	return (char *)m - q->m.memory.area;
}

/* The message whose data is at @buf, if it is in somebody's hand, or NULL. */
struct message *alchemy_message_in_hand(const struct alchemy_queue *q, const void *buf);

/* One for @size bytes, in the caller's hand, with one reference. NULL: the pool has no room. */
struct message *alchemy_message_new(struct alchemy_queue *q, size_t size);

/* One reference less. */
void alchemy_message_put(struct alchemy_queue *q, struct message *m);

void alchemy_message_push(struct alchemy_queue *q, struct list *l, struct message *m, int in_front);
/* The first of @l, which is not empty. */
struct message *alchemy_message_pop(struct alchemy_queue *q, struct list *l);

#endif
