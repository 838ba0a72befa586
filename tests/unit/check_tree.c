// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/tree.c, against a sorted array.
 */
#include <string.h>

#include "nucleus/tree.h"
#include "tests/unit/unit.h"

#define NODES 200

static struct nk_tree tree;
static struct nk_tree_node nodes[NODES];
static struct nk_tree_node *sorted[NODES];	/* what should be in the tree, in this order */
static int count;

static void setup(void)
{
	unit_setup();
	nk_tree_init(&tree);
	memset(nodes, 0, sizeof(nodes));
	count = 0;
}

static int place_of(const struct nk_tree_node *n)
{
	int i;

	for (i = 0; i < count && sorted[i] != n; i++)
		;
	return i;
}

static void add(struct nk_tree_node *n, nk_time_t key)
{
	int at = count;

	for (; at && sorted[at - 1]->key > key; at--)
		sorted[at] = sorted[at - 1];
	sorted[at] = n;
	count++;
	n->key = key;
	nk_tree_add(&tree, n);
}

static void del(struct nk_tree_node *n)
{
	int at = place_of(n);

	count--;
	memmove(sorted + at, sorted + at + 1, (count - at) * sizeof(sorted[0]));
	if (n == tree.first && nk_tree_is_loose(n) && unit_random(2))
		unit_must(nk_tree_pop(&tree, n) == (count ? sorted[0] : NULL));
	else
		nk_tree_del(&tree, n);
}

static void compare(void)
{
	const struct nk_tree_node *n = tree.first;
	int i;

	unit_must(nk_tree_check(&tree) == 0);
	for (i = 0; i < count; i++, n = nk_tree_next(n))
		unit_must(n == sorted[i]);
	unit_must(!n);
	if (count > 1)
		unit_must(nk_tree_second(tree.first) == sorted[1]);
}

/* Few keys: many equals. */
START_TEST(random_changes_agree_with_an_array)
{
	unsigned int keys = _i % 2 ? 10 : 100000, most = 1 + _i * 13 % NODES;
	int step;

	unit_random_seed(_i);
	for (step = 0; step < 3000; step++) {
		struct nk_tree_node *n = &nodes[unit_random(most)];

		if (place_of(n) == count)
			add(n, unit_random(keys));
		else
			del(unit_random(3) ? n : tree.first);
		compare();
	}
}
END_TEST

START_TEST(equals_stay_in_the_order_they_came)
{
	int i;

	for (i = 0; i < NODES; i++)
		add(&nodes[i], 7);
	for (i = 0; i < NODES; i++) {
		ck_assert_ptr_eq(tree.first, &nodes[i]);
		del(&nodes[i]);
		compare();
	}
	ck_assert_ptr_null(tree.root);
}
END_TEST

/* Rising, falling: what a plain tree would make a list of. */
START_TEST(no_way_is_longer_than_two_logarithms)
{
	static struct nk_tree_node many[4095];
	int i, depth, deepest = 0;

	nk_tree_init(&tree);
	for (i = 0; i < 4095; i++) {
		many[i].key = _i ? i : -i;
		nk_tree_add(&tree, &many[i]);
	}
	for (i = 0; i < 4095; i++) {
		const struct nk_tree_node *n = &many[i];

		for (depth = 0; n; depth++)
			n = n->parent;
		deepest = depth > deepest ? depth : deepest;
	}
	ck_assert_int_le(deepest, 24);
	for (i = 4094; i > 0; i--)
		nk_tree_del(&tree, &many[(i * 1021) % 4095]);
	ck_assert_int_eq(nk_tree_check(&tree), 0);
	ck_assert_ptr_eq(tree.first, tree.root);
}
END_TEST

START_TEST(the_check_finds_each_broken_invariant)
{
	int i;

	for (i = 0; i < 15; i++)
		add(&nodes[i], i);
	nodes[3].key = 9;
	ck_assert_int_eq(nk_tree_check(&tree), 1);
	nodes[3].key = 3;
	tree.root->red = 1;
	ck_assert_int_eq(nk_tree_check(&tree), 2);
	tree.root->red = 0;
	nodes[0].red = !nodes[0].red;
	ck_assert_int_eq(nk_tree_check(&tree), 3);
	nodes[0].red = !nodes[0].red;
	nodes[0].parent = &nodes[9];
	ck_assert_int_eq(nk_tree_check(&tree), 4);
	nodes[0].parent = &nodes[1];
	tree.first = &nodes[1];
	ck_assert_int_eq(nk_tree_check(&tree), 5);
	tree.first = &nodes[0];
	ck_assert_int_eq(nk_tree_check(&tree), 0);
}
END_TEST

Suite *tree_suite(void)
{
	Suite *s = suite_create("tree");
	TCase *tc = unit_race_case(s, "tree");

	tcase_add_checked_fixture(tc, setup, unit_teardown);
	tcase_add_loop_test(tc, random_changes_agree_with_an_array, 1, 30);
	tcase_add_test(tc, equals_stay_in_the_order_they_came);
	tcase_add_loop_test(tc, no_way_is_longer_than_two_logarithms, 0, 2);
	tcase_add_test(tc, the_check_finds_each_broken_invariant);
	return s;
}
