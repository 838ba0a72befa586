// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Messages in blocks of a queue's pool. The block of the last one that was freed is kept for the next: neither
 * takes a call then.
 */
#include "monitor.h"
#include "queue.h"

/* What @buf is, if it is a message in somebody's hand. */
struct message *alchemy_message_in_hand(const struct alchemy_queue *q, const void *buf)
{
	size_t offset = (const char *)buf - sizeof(struct message) - q->m.memory.area;
	struct message *m;

	if (offset >= q->m.memory.area_size || offset % KEEL_HEAP_UNIT)
		return NULL;
	m = at(q, offset);
	return m->state == IN_HAND ? m : NULL;
}

static void spare_free(struct alchemy_queue *q)
{
	struct state *s = state_of(q);

	if (s->spare)
		keel_heap_free(&q->m.memory, at(q, s->spare));
	s->spare = 0;
}

/* One with room for @block bytes, header and all: the spare one, or of the pool. */
static struct message *block_new(struct alchemy_queue *q, size_t block)
{
	struct state *s = state_of(q);
	struct message *m = s->spare ? at(q, s->spare) : NULL;
	void *got;

	if (m && m->block == block) {
		s->spare = 0;
		return m;
	}
	if (keel_heap_clockalloc(&q->m.memory, block, &got, CLOCK_MONOTONIC, 0)) {
		spare_free(q);
		if (keel_heap_clockalloc(&q->m.memory, block, &got, CLOCK_MONOTONIC, 0))
			return NULL;
	}
	m = got;
	m->block = block;
	return m;
}

struct message *alchemy_message_new(struct alchemy_queue *q, size_t size)
{
	struct state *s = state_of(q);
	struct message *m;

	if (size > s->poolsize - s->used)
		return NULL;
	m = block_new(q, (sizeof(*m) + size + KEEL_HEAP_UNIT - 1) & -(size_t)KEEL_HEAP_UNIT);
	if (!m)
		return NULL;
	s->used += size;
	m->state = IN_HAND;
	m->refs = 1;
	m->room = size;
	m->untaken = 0;
	return m;
}

void alchemy_message_put(struct alchemy_queue *q, struct message *m)
{
	if (--m->refs)
		return;
	state_of(q)->used -= m->room;
	m->state = FREE;
	spare_free(q);
	state_of(q)->spare = offset_of(q, m);
}

void alchemy_message_push(struct alchemy_queue *q, struct list *l, struct message *m, int in_front)
{
	uint32_t here = offset_of(q, m);

	m->next = in_front ? l->first : 0;
	if (l->first && !in_front)
		at(q, l->last)->next = here;
	if (!l->first || !in_front)
		l->last = here;
	if (!l->first || in_front)
		l->first = here;
}

struct message *alchemy_message_pop(struct alchemy_queue *q, struct list *l)
{
	struct message *m = at(q, l->first);

	l->first = m->next;
	if (!l->first)
		l->last = 0;
	return m;
}
