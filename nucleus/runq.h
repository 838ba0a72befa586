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
	struct nk_list level[NK_PRIO_LEVELS];
};

static inline void nk_runq_init(struct nk_runq *q)
{
	int i;

	for (i = 0; i < NK_RUNQ_WORDS; i++)
		q->used[i] = 0;
	for (i = 0; i < NK_PRIO_LEVELS; i++)
		nk_list_init(&q->level[i]);
}

static inline void nk_runq_mark(struct nk_runq *q, int prio)
{
	q->used[(unsigned int)prio / 64] |= (nk_u64)1 << ((unsigned int)prio % 64);
}

static inline void nk_runq_add_tail(struct nk_runq *q, struct nk_list *node, int prio)
{
	nk_list_add_before(node, &q->level[prio]);
	nk_runq_mark(q, prio);
}

static inline void nk_runq_add_head(struct nk_runq *q, struct nk_list *node, int prio)
{
	nk_list_add_before(node, q->level[prio].next);
	nk_runq_mark(q, prio);
}

static inline void nk_runq_del(struct nk_runq *q, struct nk_list *node, int prio)
{
	nk_list_del(node);
	if (nk_list_empty(&q->level[prio]))
		q->used[(unsigned int)prio / 64] &=
			~((nk_u64)1 << ((unsigned int)prio % 64));
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
	int prio = nk_runq_top(q);

	return prio ? q->level[prio].next : NULL;
}

#endif
