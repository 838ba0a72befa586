// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/mutex.c: kinds, ceilings, and what a robust mutex says after its owner's death.
 */
#include "nucleus/mutex.h"
#include "nucleus/sched.h"
#include "tests/unit/unit.h"

static struct nk_mutex m, other;
static struct nk_waitq gate;
static int results[8];

static void setup(void)
{
	unit_setup();
	nk_mutex_init(&m);
	nk_mutex_init(&other);
	nk_waitq_init(&gate);
}

static void teardown(void)
{
	ck_assert_int_eq(nk_mutex_check(&m), 0);
	ck_assert_int_eq(nk_mutex_destroy(&m), 0);
	ck_assert_int_eq(nk_mutex_destroy(&other), 0);
	ck_assert_int_eq(nk_waitq_destroy(&gate), 0);
	unit_teardown();
}

static void open_gate(void)
{
	nk_wait_wake_all(&gate);
	sim_settle();
}

START_TEST(init_refuses_what_is_no_kind)
{
	ck_assert_int_eq(nk_mutex_init_as(&m, 3, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_mutex_init_as(&m, 8, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_mutex_init_as(&m, 0, -1), -NK_EINVAL);
	ck_assert_int_eq(nk_mutex_init_as(&m, 0, NK_PRIO_MAX + 1), -NK_EINVAL);
	ck_assert_int_eq(nk_mutex_init_as(&m, NK_MUTEX_NORMAL | NK_MUTEX_ROBUST, 99), 0);
}
END_TEST

/* ---- recursive and normal ---------------------------------------------------------------- */

static void locks_thrice(struct unit_thread *u)
{
	(void)u;
	results[0] = nk_mutex_lock(&m, NK_TIME_NEVER);
	results[1] = nk_mutex_lock(&m, NK_TIME_NEVER);
	results[2] = nk_mutex_trylock(&m);
	nk_mutex_unlock(&m);
	nk_mutex_unlock(&m);
	nk_wait_block(&gate, NK_TIME_NEVER);
	results[3] = nk_mutex_unlock(&m);
	results[4] = nk_mutex_unlock(&m);
}

START_TEST(a_recursive_mutex_is_free_after_as_many_unlocks)
{
	nk_mutex_init_as(&m, NK_MUTEX_RECURSIVE, 0);
	unit_run("u", 10, 0, locks_thrice, NULL);
	ck_assert_int_eq(results[0] | results[1] | results[2], 0);
	ck_assert_ptr_nonnull(m.owner);
	open_gate();
	ck_assert_int_eq(results[3], 0);
	ck_assert_int_eq(results[4], -NK_EPERM);
	ck_assert_ptr_null(m.owner);
}
END_TEST

static void locks_to_the_limit(struct unit_thread *u)
{
	unsigned int i;

	for (i = 0; i < NK_MUTEX_DEPTH_MAX; i++)
		ck_assert_int_eq(nk_mutex_lock(&m, NK_TIME_NEVER), 0);
	u->ret = nk_mutex_lock(&m, NK_TIME_NEVER);
	for (i = 0; i < NK_MUTEX_DEPTH_MAX; i++)
		ck_assert_int_eq(nk_mutex_unlock(&m), 0);
}

START_TEST(recursion_has_a_limit)
{
	struct unit_thread *u;

	nk_mutex_init_as(&m, NK_MUTEX_RECURSIVE, 0);
	u = unit_run("u", 10, 0, locks_to_the_limit, NULL);
	ck_assert_int_eq(u->ret, -NK_EWOULDBLOCK);
	ck_assert_ptr_null(m.owner);
}
END_TEST

static void locks_twice(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	u->ret = nk_mutex_lock(&m, hal_clock_now() + 100);
	nk_mutex_unlock(&m);
}

START_TEST(a_normal_mutex_waits_for_itself)
{
	struct unit_thread *u;

	u = unit_run("u", 10, 0, locks_twice, NULL);
	ck_assert_int_eq(u->ret, -NK_EDEADLK);
	nk_mutex_init_as(&m, NK_MUTEX_NORMAL, 0);
	u = unit_run("u", 10, 0, locks_twice, NULL);
	ck_assert_int_eq(u->done, 0);
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	ck_assert_ptr_null(m.owner);
}
END_TEST

/* ---- ceilings ---------------------------------------------------------------------------- */

static void holds(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, NK_TIME_NEVER);
	if (u->ret && u->ret != -NK_EOWNERDEAD)
		return;
	nk_wait_block(&gate, NK_TIME_NEVER);
	nk_mutex_unlock(&m);
}

START_TEST(a_ceiling_lifts_at_once_and_no_longer_than_the_lock)
{
	struct unit_thread *u, *v;

	nk_mutex_init_as(&m, 0, 40);
	u = unit_run("u", 10, 0, holds, NULL);
	ck_assert_int_eq(u->t.eprio, 40);
	v = unit_run("v", 30, 0, holds, NULL);
	ck_assert_int_eq(u->t.eprio, 40);
	open_gate();
	ck_assert_int_eq(u->t.eprio, 10);
	ck_assert_int_eq(v->t.eprio, 40);
	open_gate();
	ck_assert_int_eq(v->t.eprio, 30);
}
END_TEST

static void marks_m(struct unit_thread *u)
{
	(void)u;
	unit_mark('m');
}

static int lowers_ceiling(void)
{
	return nk_mutex_set_ceiling(&m, 15) - 40;
}

static int closes(void)
{
	return nk_mutex_close(&m);
}

static int (*const falls[])(void) = { lowers_ceiling, closes };

static void falls_below(struct unit_thread *u)
{
	int (*const *fall)(void) = u->arg;

	ck_assert_int_eq(nk_mutex_lock(&m, NK_TIME_NEVER), 0);
	unit_run("m", 20, 0, marks_m, NULL);
	ck_assert_str_eq(unit_marks(), "");
	ck_assert_int_eq((*fall)(), 0);
	unit_mark('u');
	nk_mutex_unlock(&m);
}

START_TEST(an_owner_gives_way_when_its_ceiling_goes)
{
	nk_mutex_init_as(&m, 0, 40);
	unit_run("u", 10, 0, falls_below, (void *)&falls[_i]);
	ck_assert_str_eq(unit_marks(), "mu");
}
END_TEST

START_TEST(who_is_above_the_ceiling_may_not_lock)
{
	struct unit_thread *u;

	nk_mutex_init_as(&m, 0, 20);
	u = unit_run("u", 21, 0, holds, NULL);
	ck_assert_int_eq(u->ret, -NK_EINVAL);
	ck_assert_ptr_null(m.owner);
}
END_TEST

static void raises_ceiling(struct unit_thread *u)
{
	u->ret = nk_mutex_set_ceiling(&m, 31);
}

/* A ceiling lends no more than its user may have, and nobody sets it above what he may have. */
START_TEST(who_may_not_have_the_ceiling_may_not_lock)
{
	struct unit_thread *u = unit_make("u", 10, 0, holds, NULL);

	u->t.limit = 19;
	nk_mutex_init_as(&m, 0, 20);
	nk_thread_start(&u->t);
	ck_assert_int_eq(u->ret, -NK_EPERM);
	ck_assert_ptr_null(m.owner);
	ck_assert_int_eq(nk_mutex_set_ceiling(&m, 30), 20);
	u = unit_make("v", 10, 0, holds, NULL);
	u->t.limit = 30;
	nk_thread_start(&u->t);
	ck_assert_int_eq(u->t.eprio, 30);
	ck_assert_int_eq(nk_mutex_set_ceiling(&m, 31), -NK_EPERM);
	ck_assert_int_eq(m.ceiling, 30);
	ck_assert_int_eq(nk_mutex_set_ceiling(&m, 29), 30);
	ck_assert_int_eq(u->t.eprio, 29);
	open_gate();
	u = unit_make("w", 10, 0, raises_ceiling, NULL);
	u->t.limit = 30;
	nk_thread_start(&u->t);
	ck_assert_int_eq(u->ret, -NK_EPERM);
	ck_assert_int_eq(m.ceiling, 29);
}
END_TEST

static void holds_both(struct unit_thread *u)
{
	(void)u;
	nk_mutex_lock(&other, NK_TIME_NEVER);
	nk_mutex_lock(&m, NK_TIME_NEVER);
	nk_wait_block(&gate, NK_TIME_NEVER);
	nk_mutex_unlock(&m);
	nk_wait_block(&gate, NK_TIME_NEVER);
	nk_mutex_unlock(&other);
}

static void wants_other(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&other, NK_TIME_NEVER);
	nk_mutex_unlock(&other);
}

START_TEST(ceiling_and_inheritance_nest)
{
	struct unit_thread *u, *v, *w;

	nk_mutex_init_as(&m, 0, 20);
	u = unit_run("u", 10, 0, holds_both, NULL);
	ck_assert_int_eq(u->t.eprio, 20);
	v = unit_run("v", 30, 0, wants_other, NULL);
	ck_assert_int_eq(u->t.eprio, 30);
	w = unit_run("w", 15, 0, holds, NULL);	/* waits at 15: less than the ceiling */
	ck_assert_int_eq(nk_mutex_check(&m), 0);
	open_gate();
	ck_assert_int_eq(u->t.eprio, 30);
	ck_assert_int_eq(w->t.eprio, 20);
	open_gate();
	ck_assert_int_eq(u->t.eprio, 10);
	ck_assert_int_eq(v->done + w->done, 2);
	open_gate();
}
END_TEST

START_TEST(the_owner_follows_a_change_of_the_ceiling)
{
	struct unit_thread *u;

	ck_assert_int_eq(nk_mutex_set_ceiling(&m, 20), -NK_EINVAL);
	nk_mutex_init_as(&m, 0, 20);
	u = unit_run("u", 10, 0, holds, NULL);
	ck_assert_int_eq(nk_mutex_set_ceiling(&m, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_mutex_set_ceiling(&m, NK_PRIO_MAX + 1), -NK_EINVAL);
	ck_assert_int_eq(nk_mutex_set_ceiling(&m, 50), 20);
	ck_assert_int_eq(u->t.eprio, 50);
	ck_assert_int_eq(nk_mutex_set_ceiling(&m, 15), 50);
	ck_assert_int_eq(u->t.eprio, 15);
	open_gate();
	ck_assert_int_eq(u->t.eprio, 10);
}
END_TEST

/* ---- robust ------------------------------------------------------------------------------ */

static void dies_with_it(struct unit_thread *u)
{
	(void)u;
	nk_mutex_lock(&m, NK_TIME_NEVER);
	nk_wait_block(&gate, NK_TIME_NEVER);
}

static void repairs(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, NK_TIME_NEVER);
	results[0] = nk_mutex_consistent(&m);
	results[1] = nk_mutex_consistent(&m);
	nk_mutex_unlock(&m);
	results[2] = nk_mutex_consistent(&m);
}

START_TEST(a_robust_mutex_goes_on_once_it_is_consistent)
{
	struct unit_thread *u;

	nk_mutex_init_as(&m, NK_MUTEX_ROBUST, 0);
	unit_run("d", 10, 0, dies_with_it, NULL);
	open_gate();
	u = unit_run("u", 10, 0, repairs, NULL);
	ck_assert_int_eq(u->ret, -NK_EOWNERDEAD);
	ck_assert_int_eq(results[0], 0);
	ck_assert_int_eq(results[1], -NK_EINVAL);
	ck_assert_int_eq(results[2], -NK_EPERM);
	u = unit_run("v", 10, 0, holds, NULL);
	ck_assert_int_eq(u->ret, 0);
	open_gate();
}
END_TEST

START_TEST(a_robust_mutex_nobody_repairs_is_lost_for_all)
{
	struct unit_thread *u, *v, *w;

	nk_mutex_init_as(&m, NK_MUTEX_ROBUST, 0);
	unit_run("d", 30, 0, dies_with_it, NULL);
	u = unit_run("u", 20, 0, holds, NULL);
	v = unit_run("v", 10, 0, holds, NULL);
	open_gate();
	ck_assert_ptr_eq(m.owner, &u->t);
	ck_assert_int_eq(u->ret, -NK_EOWNERDEAD);
	open_gate();
	ck_assert_int_eq(v->ret, -NK_ENOTRECOVERABLE);
	w = unit_run("w", 10, 0, holds, NULL);
	ck_assert_int_eq(w->ret, -NK_ENOTRECOVERABLE);
	ck_assert_ptr_null(m.owner);
	/* Made anew it is lost no more. */
	ck_assert_int_eq(nk_mutex_destroy(&m), 0);
	nk_mutex_init_as(&m, NK_MUTEX_ROBUST, 0);
	w = unit_run("w", 10, 0, holds, NULL);
	ck_assert_int_eq(w->ret, 0);
	open_gate();
}
END_TEST

START_TEST(a_second_death_is_told_too)
{
	struct unit_thread *u;

	nk_mutex_init_as(&m, NK_MUTEX_ROBUST, 0);
	unit_run("d", 10, 0, dies_with_it, NULL);
	open_gate();
	unit_run("e", 10, 0, dies_with_it, NULL);
	open_gate();
	u = unit_run("u", 10, 0, repairs, NULL);
	ck_assert_int_eq(u->ret, -NK_EOWNERDEAD);
	ck_assert_int_eq(results[0], 0);
}
END_TEST

Suite *mutex_kind_suite(void)
{
	Suite *suite = suite_create("mutex_kind");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, init_refuses_what_is_no_kind);
	tcase_add_test(tc, a_recursive_mutex_is_free_after_as_many_unlocks);
	tcase_add_test(tc, recursion_has_a_limit);
	tcase_add_test(tc, a_normal_mutex_waits_for_itself);
	tcase_add_test(tc, a_ceiling_lifts_at_once_and_no_longer_than_the_lock);
	tcase_add_loop_test(tc, an_owner_gives_way_when_its_ceiling_goes, 0, 2);
	tcase_add_test(tc, who_is_above_the_ceiling_may_not_lock);
	tcase_add_test(tc, who_may_not_have_the_ceiling_may_not_lock);
	tcase_add_test(tc, ceiling_and_inheritance_nest);
	tcase_add_test(tc, the_owner_follows_a_change_of_the_ceiling);
	tcase_add_test(tc, a_robust_mutex_goes_on_once_it_is_consistent);
	tcase_add_test(tc, a_robust_mutex_nobody_repairs_is_lost_for_all);
	tcase_add_test(tc, a_second_death_is_told_too);
	return suite;
}
