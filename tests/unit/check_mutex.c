// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/mutex.c
 */
#include "nucleus/mutex.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

static struct nk_mutex m;
static struct nk_waitq gate;	/* holders wait here with the mutex */
static nk_time_t deadline;

static void setup(void)
{
	unit_setup();
	nk_mutex_init(&m);
	nk_waitq_init(&gate);
	deadline = NK_TIME_NEVER;
}

static void teardown(void)
{
	ck_assert_int_eq(nk_mutex_check(&m), 0);
	ck_assert_int_eq(nk_mutex_destroy(&m), 0);
	ck_assert_int_eq(nk_waitq_destroy(&gate), 0);
	unit_teardown();
}

static void holds(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, deadline);
	if (u->ret && u->ret != -NK_EOWNERDEAD)
		return;
	if (u->arg)
		unit_mark(*(char *)u->arg);
	nk_wait_block(&gate, NK_TIME_NEVER);
	nk_mutex_unlock(&m);
}

static void passes(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, deadline);
	if (u->ret && u->ret != -NK_EOWNERDEAD)
		return;
	if (u->arg)
		unit_mark(*(char *)u->arg);
	nk_mutex_unlock(&m);
}

static void open_gate(void)
{
	nk_wait_wake_all(&gate);
	sim_settle();
}

START_TEST(a_free_mutex_is_taken_and_given_back)
{
	struct unit_thread *u = unit_run("u", 10, 0, holds, NULL);

	ck_assert_ptr_eq(m.owner, &u->t);
	open_gate();
	ck_assert_int_eq(u->ret, 0);
	ck_assert_ptr_null(m.owner);
}
END_TEST

START_TEST(waiters_get_it_by_priority_then_by_arrival)
{
	unit_run("o", 10, 0, holds, NULL);
	unit_run("c", 20, 0, passes, "c");
	unit_run("a", 30, 0, passes, "a");
	unit_run("d", 20, 0, passes, "d");
	unit_run("b", 30, 0, passes, "b");
	open_gate();
	ck_assert_str_eq(unit_marks(), "abcd");
}
END_TEST

/* Its owner ends in Linux, where it has it by the word, say. */
START_TEST(who_is_bereaved_of_its_owner_hears_of_it)
{
	struct unit_thread *o = unit_run("o", 10, 0, holds, NULL);
	struct unit_thread *w = unit_run("w", 20, 0, passes, NULL);

	nk_mutex_bereave(&m, &w->t);
	ck_assert_ptr_eq(m.owner, &o->t);
	nk_mutex_bereave(&m, &o->t);
	ck_assert_int_eq(w->done, 1);
	ck_assert_int_eq(w->ret, -NK_EOWNERDEAD);
	open_gate();
	nk_mutex_bereave(&m, &o->t);
	w = unit_run("w", 20, 0, passes, NULL);
	ck_assert_int_eq(w->ret, 0);
	o = unit_run("o", 10, 0, holds, NULL);
	nk_mutex_bereave(&m, &o->t);
	w = unit_run("w", 20, 0, passes, NULL);
	ck_assert_int_eq(w->ret, -NK_EOWNERDEAD);
	open_gate();
}
END_TEST

START_TEST(unlock_hands_over_before_the_old_owner_can_lock_again)
{
	struct unit_thread *o = unit_run("o", 20, 0, holds, NULL);
	struct unit_thread *w = unit_run("w", 10, 0, holds, NULL);

	open_gate();
	ck_assert_int_eq(o->done, 1);
	ck_assert_ptr_eq(m.owner, &w->t);
	open_gate();
}
END_TEST

static void locks_twice(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	u->ret = nk_mutex_lock(&m, NK_TIME_NEVER);
	ck_assert_int_eq(nk_mutex_trylock(&m), -NK_EDEADLK);
	nk_mutex_unlock(&m);
}

START_TEST(locking_ones_own_mutex_is_a_deadlock)
{
	ck_assert_int_eq(unit_run("u", 10, 0, locks_twice, NULL)->ret, -NK_EDEADLK);
}
END_TEST

static void tries(struct unit_thread *u)
{
	u->ret = nk_mutex_trylock(&m);
	if (!u->ret)
		nk_mutex_unlock(&m);
}

START_TEST(trylock_of_a_held_mutex_is_busy)
{
	unit_run("o", 10, 0, holds, NULL);
	ck_assert_int_eq(unit_run("t", 20, 0, tries, NULL)->ret, -NK_EBUSY);
	open_gate();
	ck_assert_int_eq(unit_run("t", 20, 0, tries, NULL)->ret, 0);
}
END_TEST

static void unlocks(struct unit_thread *u)
{
	u->ret = nk_mutex_unlock(&m);
}

START_TEST(only_the_owner_unlocks)
{
	unit_run("o", 10, 0, holds, NULL);
	ck_assert_int_eq(unit_run("t", 20, 0, unlocks, NULL)->ret, -NK_EPERM);
	open_gate();
	ck_assert_int_eq(unit_run("t", 20, 0, unlocks, NULL)->ret, -NK_EPERM);
}
END_TEST

static void turned_away(struct unit_thread *u)
{
	ck_assert_int_eq(nk_mutex_lock(&m, NK_TIME_NEVER), -NK_EINVAL);
	ck_assert_int_eq(nk_mutex_trylock(&m), -NK_EINVAL);
	ck_assert_int_eq(nk_mutex_unlock(&m), -NK_EINVAL);
	u->ret = 0;
}

START_TEST(a_destroyed_mutex_turns_all_away)
{
	ck_assert_int_eq(nk_mutex_destroy(&m), 0);
	ck_assert_int_eq(nk_mutex_destroy(&m), -NK_EINVAL);
	ck_assert_int_eq(unit_run("t", 10, 0, turned_away, NULL)->done, 1);
	nk_mutex_init(&m);
}
END_TEST

START_TEST(destroy_is_busy_while_held_or_waited_for)
{
	unit_run("o", 10, 0, holds, NULL);
	ck_assert_int_eq(nk_mutex_destroy(&m), -NK_EBUSY);
	unit_run("w", 20, 1, passes, NULL);
	sim_settle();
	ck_assert_int_eq(nk_mutex_destroy(&m), -NK_EBUSY);
	open_gate();
}
END_TEST

static void closes(struct unit_thread *u)
{
	ck_assert_int_eq(nk_mutex_lock(&m, NK_TIME_NEVER), 0);
	nk_wait_block(&gate, NK_TIME_NEVER);
	ck_assert_int_eq(u->t.eprio, 40);
	u->ret = nk_mutex_close(&m);
	ck_assert_int_eq(u->t.eprio, 10);
	ck_assert_int_eq(nk_mutex_unlock(&m), -NK_EPERM);
}

static void closes_anothers(struct unit_thread *u)
{
	u->ret = nk_mutex_close(&m);
}

START_TEST(close_ends_waits_and_takes_the_boost_along)
{
	struct unit_thread *o = unit_run("o", 10, 0, closes, NULL);
	struct unit_thread *a = unit_run("a", 30, 1, passes, NULL);
	struct unit_thread *b = unit_run("b", 40, 1, passes, NULL);

	ck_assert_int_eq(unit_run("x", 20, 0, closes_anothers, NULL)->ret, -NK_EBUSY);
	sim_settle();
	ck_assert_int_eq(a->done, 0);
	open_gate();
	ck_assert_int_eq(o->ret, 0);
	ck_assert_int_eq(a->ret, -NK_EIDRM);
	ck_assert_int_eq(b->ret, -NK_EIDRM);
	ck_assert_int_eq(unit_run("l", 20, 0, passes, NULL)->ret, -NK_EIDRM);
	ck_assert_int_eq(unit_run("y", 20, 0, closes_anothers, NULL)->ret, -NK_EINVAL);
	ck_assert_int_eq(nk_mutex_destroy(&m), 0);
	nk_mutex_init(&m);
}
END_TEST

START_TEST(a_waiter_boosts_the_owner_and_unlock_drops_it)
{
	struct unit_thread *o = unit_run("o", 10, 0, holds, NULL);

	unit_run("w", 40, 1, passes, NULL);
	sim_settle();
	ck_assert_int_eq(o->t.eprio, 40);
	ck_assert_int_eq(o->t.base_prio, 10);
	open_gate();
	ck_assert_int_eq(o->t.eprio, 10);
}
END_TEST

START_TEST(unlock_gives_the_boost_to_the_next_owner)
{
	struct unit_thread *o = unit_run("o", 10, 0, holds, NULL);
	struct unit_thread *next = unit_run("n", 40, 0, holds, NULL);

	unit_run("w", 30, 0, passes, NULL);
	nk_thread_set_prio(&next->t, 20);
	/* w is first now; it gets the mutex, and next waits for it. */
	ck_assert_int_eq(o->t.eprio, 30);
	open_gate();
	ck_assert_ptr_eq(m.owner, &next->t);
	ck_assert_int_eq(next->t.eprio, 20);
	unit_run("v", 50, 0, passes, NULL);
	ck_assert_int_eq(next->t.eprio, 50);
	open_gate();
	ck_assert_int_eq(next->t.eprio, 20);
}
END_TEST

START_TEST(a_timeout_drops_the_boost_to_the_next_waiter)
{
	struct unit_thread *o = unit_run("o", 10, 0, holds, NULL);
	struct unit_thread *w;

	unit_run("low", 20, 1, passes, NULL);
	sim_settle();
	deadline = hal_clock_now() + 100;
	w = unit_run("w", 40, 1, passes, NULL);
	sim_settle();
	ck_assert_int_eq(o->t.eprio, 40);
	sim_advance(100);
	ck_assert_int_eq(w->ret, -NK_ETIMEDOUT);
	ck_assert_int_eq(o->t.eprio, 20);
	open_gate();
}
END_TEST

START_TEST(an_unblock_drops_the_boost)
{
	struct unit_thread *o = unit_run("o", 10, 0, holds, NULL);
	struct unit_thread *w = unit_run("w", 40, 0, passes, NULL);

	nk_thread_unblock(&w->t, -NK_EINTR);
	ck_assert_int_eq(w->ret, -NK_EINTR);
	ck_assert_int_eq(o->t.eprio, 10);
	open_gate();
}
END_TEST

static void busy_owner(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	sim_advance(300);
	unit_mark('o');
	nk_mutex_unlock(&m);
	unit_mark('e');
	(void)u;
}

static void late_pass(struct unit_thread *u)
{
	nk_sleep_until(deadline - 200);
	passes(u);
}

static void late_mark(struct unit_thread *u)
{
	nk_sleep_until(deadline - 100);
	unit_mark(*(char *)u->arg);
}

START_TEST(a_boosted_owner_is_not_held_up_by_the_middle)
{
	deadline = hal_clock_now() + 300;
	unit_run("high", 50, 0, late_pass, "h");
	unit_run("mid", 30, 0, late_mark, "m");
	deadline += 1000;
	unit_run("low", 10, 0, busy_owner, NULL);
	ck_assert_str_eq(unit_marks(), "ohme");
}
END_TEST

static void dies_holding(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	nk_wait_block(&gate, NK_TIME_NEVER);
	(void)u;
}

START_TEST(the_next_waiter_hears_of_a_dead_owner)
{
	struct unit_thread *a, *b;

	unit_run("o", 10, 0, dies_holding, NULL);
	a = unit_run("a", 30, 0, passes, NULL);
	b = unit_run("b", 20, 0, passes, NULL);
	open_gate();
	ck_assert_int_eq(a->ret, -NK_EOWNERDEAD);
	ck_assert_int_eq(b->ret, 0);
}
END_TEST

START_TEST(a_later_locker_hears_of_a_dead_owner_once)
{
	unit_run("o", 10, 0, dies_holding, NULL);
	open_gate();
	ck_assert_int_eq(unit_run("a", 30, 0, passes, NULL)->ret, -NK_EOWNERDEAD);
	ck_assert_int_eq(unit_run("b", 30, 0, passes, NULL)->ret, 0);
}
END_TEST

static void leaves_holding(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, NK_TIME_NEVER);
}

START_TEST(an_owner_that_leaves_for_in_band_keeps_it)
{
	struct unit_thread *o = unit_user("o", 10, leaves_holding, NULL);
	struct unit_thread *w;

	unit_enter(o);
	ck_assert_int_eq(o->t.state, NK_INBAND);
	ck_assert_ptr_eq(m.owner, &o->t);
	w = unit_run("w", 40, 0, passes, NULL);
	ck_assert_int_eq(w->t.state, NK_BLOCKED);
	ck_assert_int_eq(o->t.eprio, 40);
	ck_assert_int_eq(nk_mutex_abandon_all(&o->t), 1);
	ck_assert_int_eq(w->ret, -NK_EOWNERDEAD);
	ck_assert_int_eq(o->t.eprio, 10);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, a_free_mutex_is_taken_and_given_back);
	tcase_add_test(tc, waiters_get_it_by_priority_then_by_arrival);
	tcase_add_test(tc, who_is_bereaved_of_its_owner_hears_of_it);
	tcase_add_test(tc, unlock_hands_over_before_the_old_owner_can_lock_again);
	tcase_add_test(tc, locking_ones_own_mutex_is_a_deadlock);
	tcase_add_test(tc, trylock_of_a_held_mutex_is_busy);
	tcase_add_test(tc, only_the_owner_unlocks);
	tcase_add_test(tc, destroy_is_busy_while_held_or_waited_for);
	tcase_add_test(tc, a_destroyed_mutex_turns_all_away);
	tcase_add_test(tc, close_ends_waits_and_takes_the_boost_along);
	tcase_add_test(tc, a_waiter_boosts_the_owner_and_unlock_drops_it);
	tcase_add_test(tc, unlock_gives_the_boost_to_the_next_owner);
	tcase_add_test(tc, a_timeout_drops_the_boost_to_the_next_waiter);
	tcase_add_test(tc, an_unblock_drops_the_boost);
	tcase_add_test(tc, a_boosted_owner_is_not_held_up_by_the_middle);
	tcase_add_test(tc, the_next_waiter_hears_of_a_dead_owner);
	tcase_add_test(tc, a_later_locker_hears_of_a_dead_owner_once);
	tcase_add_test(tc, an_owner_that_leaves_for_in_band_keeps_it);
}

Suite *mutex_suite(void)
{
	Suite *s = suite_create("mutex");
	TCase *tc = unit_race_case(s, "mutex");

	tcase_add_checked_fixture(tc, setup, teardown);
	add_tests(tc);
	return s;
}
