// SPDX-License-Identifier: GPL-2.0
/*
 * A red-black tree. Invariants:
 *
 * N1 what is left of a node has a smaller key, what is right of it none that is smaller;
 * N2 a red node has no red child, the root is black;
 * N3 each way from the root to a missing child meets as many black nodes;
 * N4 parent links mirror child links, the root has none;
 * N5 first is the leftmost.
 *
 * By N2 and N3 no way is longer than twice another, so none is longer than 2 log2(n + 1). A node
 * with one child is black and the child red, without children: else N3 would not hold.
 */
#include "nucleus/tree.h"

/* @new comes where @old hangs. */
static void hang(struct nk_tree *tree, const struct nk_tree_node *old, struct nk_tree_node *new)
{
	struct nk_tree_node *p = old->parent;

	if (!p)
		tree->root = new;
	else
		p->child[p->child[1] == old] = new;
	if (new)
		new->parent = p;
}

/* @n goes down to @side, its child on the other side takes its place. */
static void rotate(struct nk_tree *tree, struct nk_tree_node *n, int side)
{
	struct nk_tree_node *up = n->child[!side], *middle = up->child[side];

	n->child[!side] = middle;
	if (middle)
		middle->parent = n;
	hang(tree, n, up);
	up->child[side] = n;
	n->parent = up;
}

static inline int is_red(const struct nk_tree_node *n)
{
	return n && n->red;
}

/* @n is red, and so may be its parent. A red parent is not the root. */
static void repair_red(struct nk_tree *tree, struct nk_tree_node *n)
{
	struct nk_tree_node *p, *above, *uncle;
	int side;

	while ((p = n->parent) && p->red) {
		above = p->parent;
		side = above->child[1] == p;
		uncle = above->child[!side];
		above->red = 1;
		if (is_red(uncle)) {
			p->red = 0;
			uncle->red = 0;
			n = above;
			continue;
		}
		if (p->child[!side] == n) {
			rotate(tree, p, side);
			p = n;
		}
		p->red = 0;
		rotate(tree, above, !side);
		break;
	}
	tree->root->red = 0;
}

void nk_tree_add(struct nk_tree *tree, struct nk_tree_node *n)
{
	struct nk_tree_node *p = NULL, **place = &tree->root;
	int side, right = 0;

	while (*place) {
		p = *place;
		side = n->key >= p->key;
		right |= side;
		place = &p->child[side];
	}
	*place = n;
	n->parent = p;
	n->child[0] = NULL;
	n->child[1] = NULL;
	n->red = p != NULL;
	if (!right)
		tree->first = n;
	if (p && p->red)
		repair_red(tree, n);
}

/* Ways through @p's child on @side meet one black node less than the others. */
static void repair_black(struct nk_tree *tree, struct nk_tree_node *p, int side)
{
	struct nk_tree_node *other, *far;

	for (;;) {
		other = p->child[!side];
		if (other->red) {
			other->red = 0;
			p->red = 1;
			rotate(tree, p, side);
			other = p->child[!side];
		}
		if (is_red(other->child[0]) || is_red(other->child[1]))
			break;
		other->red = 1;
		if (p->red || !p->parent) {
			p->red = 0;
			return;
		}
		side = p->parent->child[1] == p;
		p = p->parent;
	}
	far = other->child[!side];
	if (!is_red(far)) {
		rotate(tree, other, !side);
		far = other;
		other = p->child[!side];
	}
	other->red = p->red;
	p->red = 0;
	far->red = 0;
	rotate(tree, p, side);
}

static void del_with_one_child(struct nk_tree *tree, struct nk_tree_node *n)
{
	struct nk_tree_node *p = n->parent, *below = n->child[0] ? n->child[0] : n->child[1];
	int side = p && p->child[1] == n;

	hang(tree, n, below);
	if (below)
		below->red = 0;
	else if (!n->red && p)
		repair_black(tree, p, side);
}

/* @by, in no tree, becomes what @n is. */
static void stand_in(struct nk_tree *tree, const struct nk_tree_node *n, struct nk_tree_node *by)
{
	int side;

	hang(tree, n, by);
	by->red = n->red;
	for (side = 0; side < 2; side++) {
		by->child[side] = n->child[side];
		if (by->child[side])
			by->child[side]->parent = by;
	}
}

void nk_tree_del(struct nk_tree *tree, struct nk_tree_node *n)
{
	struct nk_tree_node *next = n->child[1];

	if (tree->first == n)
		tree->first = nk_tree_second(n);
	if (!next) {
		del_with_one_child(tree, n);
		return;
	}
	while (next->child[0])
		next = next->child[0];
	del_with_one_child(tree, next);
	stand_in(tree, n, next);
}

/* ---- checks -------------------------------------------------------------------------------- */

/* Black nodes from @n up to the root. */
static int blacks_above(const struct nk_tree_node *n)
{
	int count = 0;

	for (; n; n = n->parent)
		count += !n->red;
	return count;
}

static int node_check(const struct nk_tree *tree, const struct nk_tree_node *n, int blacks)
{
	const struct nk_tree_node *p = n->parent;
	int side;

	if (n->red && (!p || p->red))
		return 2;
	if (p ? p->child[0] != n && p->child[1] != n : tree->root != n)
		return 4;
	for (side = 0; side < 2; side++) {
		if (n->child[side] && n->child[side]->parent != n)
			return 4;
		if (!n->child[side] && blacks_above(n) != blacks)
			return 3;
	}
	return 0;
}

static const struct nk_tree_node *leftmost(const struct nk_tree_node *n)
{
	while (n && n->child[0])
		n = n->child[0];
	return n;
}

const struct nk_tree_node *nk_tree_next(const struct nk_tree_node *n)
{
	if (n->child[1])
		return leftmost(n->child[1]);
	while (n->parent && n->parent->child[1] == n)
		n = n->parent;
	return n->parent;
}

int nk_tree_check(const struct nk_tree *tree)
{
	const struct nk_tree_node *n = leftmost(tree->root), *next;
	int blacks = blacks_above(n), broken;

	if (tree->first != n)
		return 5;
	for (; n; n = next) {
		broken = node_check(tree, n, blacks);
		if (broken)
			return broken;
		next = nk_tree_next(n);
		if (next && next->key < n->key)
			return 1;
	}
	return 0;
}
