/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An ordered tree: nodes by key, among equals the one that came first is first. Adding and
 * removing take O(log n) in the worst case; the first is at hand, and once it is gone the next
 * is found in one step. Who holds a lock for it is the caller's affair.
 */
#ifndef NUCLEUS_TREE_H
#define NUCLEUS_TREE_H

#include "nucleus/types.h"

struct nk_tree_node {
	nk_time_t key;
	struct nk_tree_node *parent;
	struct nk_tree_node *child[2];	/* before it, behind it */
	int red;
};

struct nk_tree {
	struct nk_tree_node *root;
	struct nk_tree_node *first;	/* the leftmost; NULL: empty */
};

/* Context: any; never blocks. */
static inline void nk_tree_init(struct nk_tree *tree)
{
	*tree = (struct nk_tree){ .root = NULL };
}

/* @n is in no tree, its key is set. Context: any; never blocks. */
void nk_tree_add(struct nk_tree *tree, struct nk_tree_node *n);

/* @n is in @tree. Context: any; never blocks. */
void nk_tree_del(struct nk_tree *tree, struct nk_tree_node *n);

/* What is behind the first, @n: it has nothing on its left, so at most one node on its right. */
static inline struct nk_tree_node *nk_tree_second(const struct nk_tree_node *n)
{
	return n->child[1] ? n->child[1] : n->parent;
}

/* 1 when the first, @n, may go by nk_tree_pop(): it is a red leaf or the root. */
static inline int nk_tree_is_loose(const struct nk_tree_node *n)
{
	return n->red || !n->parent;
}

/* Remove the first, @n, which is loose; returns what is first now. Context: any; never blocks. */
static inline struct nk_tree_node *nk_tree_pop(struct nk_tree *tree, struct nk_tree_node *n)
{
	struct nk_tree_node *next;

	if (n->red) {
		next = n->parent;
		next->child[0] = NULL;
	} else {
		next = n->child[1];
		tree->root = next;
		if (next) {
			next->parent = NULL;
			next->red = 0;
		}
	}
	tree->first = next;
	return next;
}

/* What is behind @n, or NULL. Context: nobody changes the tree meanwhile. */
const struct nk_tree_node *nk_tree_next(const struct nk_tree_node *n);

/* 0 when the invariants of tree.c hold, else the number of the broken one.
 * Context: nobody changes it meanwhile. */
int nk_tree_check(const struct nk_tree *tree);

#endif
