/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The runnable threads of one CPU: a FIFO per priority and a bitmap of those in use, so every
 * operation takes constant time. The running thread stays in, at the head of its level; so a
 * preempted one is found at the head again with nothing done for it.
 *
 * Context of all functions: rq lock held.
 */
#ifndef NUCLEUS_RUNQ_H
#define NUCLEUS_RUNQ_H

#include "nucleus/list.h"

#define NK_RUNQ_WORDS ((NK_PRIO_LEVELS + 63) / 64)

struct nk_runq {
	nk_u64 used[NK_RUNQ_WORDS];
	struct nk_list *first[NK_PRIO_LEVELS];	/* of a ring without a head, or NULL */
};

static inline void nk_runq_init(struct nk_runq *q)
{
	*q = (struct nk_runq){ .used = { 0 } };
}

static inline void nk_runq_add_tail(struct nk_runq *q, struct nk_list *node, int prio)
{
	struct nk_list *first = q->first[prio];

	if (first) {
		nk_list_add_before(node, first);
		return;
	}
	nk_list_init(node);
	q->first[prio] = node;
	q->used[(unsigned int)prio / 64] |= (nk_u64)1 << ((unsigned int)prio % 64);
}

/* In a ring the place behind the last is the one before the first. */
static inline void nk_runq_add_head(struct nk_runq *q, struct nk_list *node, int prio)
{
	nk_runq_add_tail(q, node, prio);
	q->first[prio] = node;
}

static inline void nk_runq_del(struct nk_runq *q, struct nk_list *node, int prio)
{
	if (nk_list_empty(node)) {
		q->first[prio] = NULL;
		q->used[(unsigned int)prio / 64] &= ~((nk_u64)1 << ((unsigned int)prio % 64));
		return;
	}
	nk_list_del(node);
	if (q->first[prio] == node)
		q->first[prio] = node->next;
}

/* The highest priority in use, or 0 when empty: level 0 is root's, which is never queued. */
static inline int nk_runq_top(const struct nk_runq *q)
{
	if (q->used[1])
		return 127 - __builtin_clzll(q->used[1]);
	return 63 - __builtin_clzll(q->used[0] | 1);
}

/* The first node of the highest level, or NULL. */
static inline struct nk_list *nk_runq_first(const struct nk_runq *q)
{
	return q->first[nk_runq_top(q)];
}

#endif
