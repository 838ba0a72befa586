// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is done to a semaphore or event without a call: steps 1 and 2 of nucleus/value.c.
 */
#include "core.h"

/* Also in-band: nothing tells a thread that took it there from one that went there right afterwards. */
static int word_swap(unsigned int id, uint32_t from, uint32_t to)
{
	struct keel_word *w = libkeel_self.heap;

	if (!w)
		return 0;
	w += id % KEEL_MAX_OBJECTS;
	return w->id == id && __atomic_compare_exchange_n(&w->word, &from, to, 0, __ATOMIC_SEQ_CST,
							  __ATOMIC_RELAXED);
}

int libkeel_mutex_take(unsigned int id)
{
	return word_swap(id, KEEL_WORD_FREE, libkeel_self.number);
}

int libkeel_mutex_give(unsigned int id)
{
	return word_swap(id, libkeel_self.number, KEEL_WORD_FREE);
}

int libkeel_sem_take(unsigned int id)
{
	uint64_t *at, now = libkeel_value(&at, id);

	while (now && (uint32_t)now)
		if (libkeel_value_swap(at, &now, now - 1))
			return 1;
		else if (now >> 32 != id)
			break;
	return 0;
}

int libkeel_sem_give(unsigned int id)
{
	uint64_t *at, now = libkeel_value(&at, id);

	while (now && (uint32_t)now < KEEL_SEM_MAX)
		if (libkeel_value_swap(at, &now, now + 1))
			return 1;
		else if (now >> 32 != id)
			break;
	return 0;
}

static int is_met(uint32_t now, uint32_t bits, int mode)
{
	switch (mode & ~KEEL_EVENT_CONSUME) {
	case KEEL_EVENT_ANY:
		return (now & bits) != 0;
	case KEEL_EVENT_ALL:
		return (now & bits) == bits && bits;
	default:
		return 0;	/* rare, or wrong: the call */
	}
}

int libkeel_event_take(unsigned int id, uint32_t bits, int mode, uint32_t *got)
{
	uint64_t *at, now = libkeel_value(&at, id), next;

	while (now && is_met(now, bits, mode)) {
		*got = now & bits;
		next = mode & KEEL_EVENT_CONSUME ? now & ~(uint64_t)bits : now;
		if (next == now || libkeel_value_swap(at, &now, next))
			return 1;
		if (now >> 32 != id)
			break;
	}
	return 0;
}

int libkeel_event_change(unsigned int id, uint32_t set, uint32_t clear, uint32_t *before)
{
	uint64_t *at, now = libkeel_value(&at, id), next;

	while (now) {
		*before = now;
		next = (now | set) & ~(uint64_t)clear;
		if (next == now || libkeel_value_swap(at, &now, next))
			return 1;
		if (now >> 32 != id)
			break;
	}
	return 0;
}
