// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/lock.c: the order of locks, as NK_DEBUG builds check it.
 */
#include <stdlib.h>

#include "tests/unit/unit.h"

#define CAUGHT 7

static struct nk_lock locks[3];

static void exit_caught(const char *file, int line, const char *what)
{
	(void)file;
	(void)line;
	(void)what;
	exit(CAUGHT);
}

/* Take two locks of these ranks; @first is the index, and so the address, of the first. */
static void take_two(enum nk_lock_rank one, enum nk_lock_rank two, int first)
{
	nk_lock_init(&locks[first], one);
	nk_lock_init(&locks[!first], two);
	hal_oob_save();
	nk_lock_acquire(&locks[first]);
	nk_lock_acquire(&locks[!first]);
	ck_assert_int_eq(nk_lock_count(0), 2);
	nk_lock_release(&locks[first]);
	nk_lock_release(&locks[!first]);
	hal_oob_restore(0);
}

START_TEST(rising_ranks_are_allowed)
{
	take_two(NK_RANK_WAITQ, NK_RANK_OWNERS, 0);
	take_two(NK_RANK_OWNERS, NK_RANK_THREAD, 0);
	take_two(NK_RANK_THREAD, NK_RANK_RQ, 1);
	take_two(NK_RANK_RQ, NK_RANK_TIMER, 0);
	ck_assert_int_eq(nk_lock_count(0), 0);
}
END_TEST

START_TEST(some_ranks_may_be_taken_by_rising_address)
{
	take_two(NK_RANK_THREAD, NK_RANK_THREAD, 0);
	take_two(NK_RANK_RQ, NK_RANK_RQ, 0);
	take_two(NK_RANK_TIMER, NK_RANK_TIMER, 0);
	ck_assert_int_eq(nk_lock_count(0), 0);
}
END_TEST

START_TEST(a_falling_rank_panics)
{
	sim_on_panic(exit_caught);
	take_two(NK_RANK_THREAD, NK_RANK_WAITQ, 0);
}
END_TEST

START_TEST(a_falling_address_panics)
{
	sim_on_panic(exit_caught);
	take_two(NK_RANK_THREAD, NK_RANK_THREAD, 1);
}
END_TEST

START_TEST(two_wait_queues_panic)
{
	sim_on_panic(exit_caught);
	take_two(NK_RANK_WAITQ, NK_RANK_WAITQ, 0);
}
END_TEST

START_TEST(two_owners_panic)
{
	sim_on_panic(exit_caught);
	take_two(NK_RANK_OWNERS, NK_RANK_OWNERS, 0);
}
END_TEST

START_TEST(releasing_what_is_not_held_panics)
{
	sim_on_panic(exit_caught);
	nk_lock_init(&locks[0], NK_RANK_RQ);
	hal_oob_save();
	nk_lock_release(&locks[0]);
}
END_TEST

START_TEST(a_lock_is_held_by_the_cpu_that_took_it)
{
	nk_lock_init(&locks[0], NK_RANK_RQ);
	hal_oob_save();
	ck_assert(!nk_lock_held(&locks[0]));
	nk_lock_acquire(&locks[0]);
	ck_assert(nk_lock_held(&locks[0]));
	nk_lock_release(&locks[0]);
	ck_assert(!nk_lock_held(&locks[0]));
	hal_oob_restore(0);
}
END_TEST

Suite *lock_suite(void)
{
	Suite *s = suite_create("lock");
	TCase *tc = unit_case(s, "order");

	tcase_add_test(tc, rising_ranks_are_allowed);
	tcase_add_test(tc, some_ranks_may_be_taken_by_rising_address);
	tcase_add_test(tc, a_lock_is_held_by_the_cpu_that_took_it);
	tcase_add_exit_test(tc, a_falling_rank_panics, CAUGHT);
	tcase_add_exit_test(tc, a_falling_address_panics, CAUGHT);
	tcase_add_exit_test(tc, two_wait_queues_panic, CAUGHT);
	tcase_add_exit_test(tc, two_owners_panic, CAUGHT);
	tcase_add_exit_test(tc, releasing_what_is_not_held_panics, CAUGHT);
	return s;
}
