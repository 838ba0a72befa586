/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two intrusive lists. nk_list is a ring with a head. nk_plist is sorted by priority, highest
 * first, first come first among equals; adding walks the distinct priorities in use (at most
 * NK_PRIO_LEVELS of them, however many nodes there are), taking the first is one load.
 *
 * Context of all functions: whatever protects the list.
 */
#ifndef NUCLEUS_LIST_H
#define NUCLEUS_LIST_H

#include "nucleus/types.h"

struct nk_list {
	struct nk_list *next;
	struct nk_list *prev;
};

static inline void nk_list_init(struct nk_list *l)
{
	l->next = l;
	l->prev = l;
}

static inline int nk_list_empty(const struct nk_list *l)
{
	return l->next == l;
}

/* Put @node before @pos; with a head as @pos: at the tail. */
static inline void nk_list_add_before(struct nk_list *node, struct nk_list *pos)
{
	struct nk_list *prev = pos->prev;

	node->next = pos;
	node->prev = prev;
	prev->next = node;
	pos->prev = node;
}

/* Leaves @node's own links as they were. */
static inline void nk_list_del(struct nk_list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
}

struct nk_plist {
	struct nk_list all;	/* every node */
	struct nk_list leaders;	/* the first node of each priority */
};

struct nk_plist_node {
	struct nk_list all;
	struct nk_list leaders;	/* linked to itself when not a leader */
	int prio;
};

static inline void nk_plist_init(struct nk_plist *pl)
{
	nk_list_init(&pl->all);
	nk_list_init(&pl->leaders);
}

static inline int nk_plist_empty(const struct nk_plist *pl)
{
	return nk_list_empty(&pl->all);
}

/* The first node, or NULL. */
static inline struct nk_plist_node *nk_plist_first(const struct nk_plist *pl)
{
	if (nk_plist_empty(pl))
		return NULL;
	return nk_container_of(pl->all.next, struct nk_plist_node, all);
}

/* The node after @n, or NULL. */
static inline struct nk_plist_node *nk_plist_next(const struct nk_plist *pl,
						  const struct nk_plist_node *n)
{
	if (n->all.next == &pl->all)
		return NULL;
	return nk_container_of(n->all.next, struct nk_plist_node, all);
}

/* The highest priority in the list; 0, which no thread has, when it is empty. */
static inline int nk_plist_top(const struct nk_plist *pl)
{
	const struct nk_plist_node *n = nk_plist_first(pl);

	return n ? n->prio : 0;
}

static inline void nk_plist_add(struct nk_plist *pl, struct nk_plist_node *n, int prio)
{
	struct nk_list *place = &pl->all;
	struct nk_list *l = pl->leaders.next;
	struct nk_plist_node *leader = NULL;
	int led = 0;

	for (; l != &pl->leaders; l = l->next) {
		leader = nk_container_of(l, struct nk_plist_node, leaders);
		if (leader->prio < prio) {
			place = &leader->all;
			break;
		}
		led = leader->prio == prio;
	}
	n->prio = prio;
	nk_list_add_before(&n->all, place);
	if (led)
		nk_list_init(&n->leaders);
	else
		nk_list_add_before(&n->leaders, l);
}

/* The same, but before its equals: back to where it was taken from. */
static inline void nk_plist_add_first(struct nk_plist *pl, struct nk_plist_node *n, int prio)
{
	struct nk_list *l = pl->leaders.next;
	struct nk_plist_node *leader = NULL;

	for (; l != &pl->leaders; l = l->next) {
		leader = nk_container_of(l, struct nk_plist_node, leaders);
		if (leader->prio <= prio)
			break;
	}
	n->prio = prio;
	nk_list_add_before(&n->all, l == &pl->leaders ? &pl->all : &leader->all);
	nk_list_add_before(&n->leaders, l);
	if (l != &pl->leaders && leader->prio == prio) {
		nk_list_del(l);
		nk_list_init(l);
	}
}

static inline void nk_plist_del(struct nk_plist *pl, struct nk_plist_node *n)
{
	struct nk_plist_node *next = nk_plist_next(pl, n);

	nk_list_del(&n->all);
	if (nk_list_empty(&n->leaders))
		return;
	if (next && next->prio == n->prio)
		nk_list_add_before(&next->leaders, &n->leaders);
	nk_list_del(&n->leaders);
}

#endif
