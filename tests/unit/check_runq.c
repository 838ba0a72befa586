// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/runq.h
 */
#include <string.h>

#include "nucleus/runq.h"
#include "tests/unit/unit.h"

#define NODES 30

static struct nk_runq q;
static struct nk_list nodes[NODES];

START_TEST(an_empty_queue_has_level_zero_on_top)
{
	nk_runq_init(&q);
	ck_assert_int_eq(nk_runq_top(&q), 0);
	ck_assert_ptr_null(nk_runq_first(&q));
}
END_TEST

START_TEST(each_priority_is_found_alone)
{
	int prio;

	nk_runq_init(&q);
	for (prio = NK_PRIO_MIN; prio <= NK_PRIO_MAX; prio++) {
		nk_runq_add_tail(&q, &nodes[0], prio);
		ck_assert_int_eq(nk_runq_top(&q), prio);
		ck_assert_ptr_eq(nk_runq_first(&q), &nodes[0]);
		nk_runq_del(&q, &nodes[0], prio);
		ck_assert_int_eq(nk_runq_top(&q), 0);
	}
}
END_TEST

START_TEST(head_and_tail_of_a_level_are_told_apart)
{
	nk_runq_init(&q);
	nk_runq_add_tail(&q, &nodes[0], 64);
	nk_runq_add_tail(&q, &nodes[1], 64);
	nk_runq_add_head(&q, &nodes[2], 64);
	ck_assert_ptr_eq(nk_runq_first(&q), &nodes[2]);
	nk_runq_del(&q, &nodes[2], 64);
	ck_assert_ptr_eq(nk_runq_first(&q), &nodes[0]);
}
END_TEST

START_TEST(random_changes_keep_the_top_right)
{
	int prio[NODES] = { 0 };
	int step, i, n, top;

	nk_runq_init(&q);
	for (step = 0; step < 5000; step++) {
		n = unit_random(NODES);
		if (prio[n]) {
			nk_runq_del(&q, &nodes[n], prio[n]);
			prio[n] = 0;
		} else {
			prio[n] = 1 + unit_random(NK_PRIO_MAX);
			nk_runq_add_tail(&q, &nodes[n], prio[n]);
		}
		for (i = 0, top = 0; i < NODES; i++)
			top = prio[i] > top ? prio[i] : top;
		ck_assert_int_eq(nk_runq_top(&q), top);
	}
}
END_TEST

Suite *runq_suite(void)
{
	Suite *s = suite_create("runq");
	TCase *tc = unit_case(s, "runq");

	tcase_add_test(tc, an_empty_queue_has_level_zero_on_top);
	tcase_add_test(tc, each_priority_is_found_alone);
	tcase_add_test(tc, head_and_tail_of_a_level_are_told_apart);
	tcase_add_test(tc, random_changes_keep_the_top_right);
	return s;
}
