// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/list.h
 */
#include <stdlib.h>
#include <string.h>

#include "nucleus/list.h"
#include "tests/unit/unit.h"

#define NODES 40

struct item {
	struct nk_plist_node node;
	int prio;
	int serial;
	int in;
};

static struct item items[NODES];

START_TEST(an_empty_list_has_no_top)
{
	struct nk_plist pl;

	nk_plist_init(&pl);
	ck_assert(nk_plist_empty(&pl));
	ck_assert_ptr_null(nk_plist_first(&pl));
	ck_assert_int_eq(nk_plist_top(&pl), 0);
}
END_TEST

static struct item *item_of(struct nk_plist_node *n)
{
	return nk_container_of(n, struct item, node);
}

START_TEST(equals_keep_the_order_they_came_in)
{
	static const int prio[] = { 5, 7, 5, 9, 7, 5 };
	static const int want[] = { 3, 1, 4, 0, 2, 5 };
	struct nk_plist_node *n;
	struct nk_plist pl;
	int i;

	nk_plist_init(&pl);
	for (i = 0; i < 6; i++)
		nk_plist_add(&pl, &items[i].node, prio[i]);
	for (i = 0, n = nk_plist_first(&pl); n; n = nk_plist_next(&pl, n), i++)
		ck_assert_ptr_eq(item_of(n), &items[want[i]]);
	ck_assert_int_eq(i, 6);
}
END_TEST

static int by_order(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;

	return x->prio != y->prio ? y->prio - x->prio : x->serial - y->serial;
}

/* Sorting what is in gives the list from front to back. */
static void compare_with_sorted(struct nk_plist *pl)
{
	struct nk_plist_node *n = nk_plist_first(pl);
	struct item *sorted[NODES];
	int i, count = 0;

	for (i = 0; i < NODES; i++)
		if (items[i].in)
			sorted[count++] = &items[i];
	qsort(sorted, count, sizeof(sorted[0]), by_order);
	for (i = 0; i < count; i++, n = nk_plist_next(pl, n)) {
		ck_assert_ptr_nonnull(n);
		ck_assert_ptr_eq(item_of(n), sorted[i]);
	}
	ck_assert_ptr_null(n);
	ck_assert_int_eq(nk_plist_top(pl), count ? sorted[0]->prio : 0);
}

START_TEST(random_changes_agree_with_a_sorted_array)
{
	struct nk_plist pl;
	int step;

	nk_plist_init(&pl);
	memset(items, 0, sizeof(items));
	for (step = 0; step < 3000; step++) {
		struct item *it = &items[unit_random(NODES)];

		if (it->in) {
			nk_plist_del(&pl, &it->node);
		} else {
			it->prio = 1 + (int)unit_random(7);
			it->serial = unit_random(4) ? step : -step;
			if (it->serial == step)
				nk_plist_add(&pl, &it->node, it->prio);
			else
				nk_plist_add_first(&pl, &it->node, it->prio);
		}
		it->in = !it->in;
		compare_with_sorted(&pl);
	}
}
END_TEST

Suite *list_suite(void)
{
	Suite *s = suite_create("list");
	TCase *tc = unit_case(s, "plist");

	tcase_add_test(tc, an_empty_list_has_no_top);
	tcase_add_test(tc, equals_keep_the_order_they_came_in);
	tcase_add_test(tc, random_changes_agree_with_a_sorted_array);
	return s;
}
