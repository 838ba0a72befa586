// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/timer.c and thread.c: gravity. A test of the sim is on time to the ns, so what is early shows.
 */
#include "nucleus/mutex.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

static nk_time_t fired_at, due, woken_at;

static void setup(void)
{
	unit_setup();
	nk_gravity[NK_GRAVITY_IRQ] = 0;
	nk_gravity[NK_GRAVITY_KERNEL] = 0;
	nk_gravity[NK_GRAVITY_USER] = 0;
}

static void fires(struct nk_timer *timer, nk_time_t now)
{
	fired_at = now;
	due = timer->due;
}

START_TEST(a_handler_runs_early_by_its_gravity_on_a_grid_that_stays)
{
	nk_time_t first = hal_clock_now() + 1000;
	struct nk_timer timer;
	int i;

	nk_gravity[NK_GRAVITY_IRQ] = 30;
	nk_gravity[NK_GRAVITY_KERNEL] = 500;
	nk_timer_init(&timer, fires);
	nk_timer_start(&timer, first, 100);
	ck_assert_int_eq(sim_programmed(0), first - 30);
	sim_advance(970);
	for (i = 0; i < 1000; i++) {
		ck_assert_int_eq(due, first + i * 100);
		ck_assert_int_eq(fired_at, due - 30);
		sim_advance(100);
	}
	ck_assert_uint_eq(timer.overruns, 0);
	nk_timer_stop(&timer);
	nk_gravity[NK_GRAVITY_IRQ] = 0;
	nk_timer_start(&timer, hal_clock_now() + 1000, 0);
	ck_assert_int_eq(timer.node.key, hal_clock_now() + 1000);
	nk_timer_stop(&timer);
}
END_TEST

static void sleeps(struct unit_thread *u)
{
	u->ret = nk_sleep_until(*(nk_time_t *)u->arg);
	woken_at = hal_clock_now();
}

/* The interrupt is early, the end of the wait is not. */
START_TEST(a_thread_is_asked_for_early_and_returns_on_time)
{
	nk_time_t until = hal_clock_now() + 1000;

	nk_gravity[NK_GRAVITY_KERNEL] = 200;
	nk_gravity[NK_GRAVITY_USER] = 300;
	unit_run("s", 10, 0, sleeps, &until);
	ck_assert_int_eq(sim_programmed(0), until - 200);
	sim_advance(1000);
	ck_assert_int_eq(woken_at, until);
}
END_TEST

START_TEST(a_user_thread_has_its_own_gravity)
{
	nk_time_t until = hal_clock_now() + 1000;
	struct unit_thread *u = unit_user("u", 10, sleeps, &until);

	nk_gravity[NK_GRAVITY_KERNEL] = 200;
	nk_gravity[NK_GRAVITY_USER] = 300;
	unit_enter(u);
	ck_assert_int_eq(sim_programmed(0), until - 300);
	sim_advance(1000);
	ck_assert_int_eq(woken_at, until);
}
END_TEST

START_TEST(the_last_ns_is_spent_too)
{
	nk_time_t until = hal_clock_now() + 1000;

	nk_gravity[NK_GRAVITY_KERNEL] = 1;
	unit_run("s", 10, 0, sleeps, &until);
	sim_advance(999);
	ck_assert_int_eq(woken_at, until);
}
END_TEST

/* What was asked for before it was changed is as early as it was, and ends on time all the same. */
START_TEST(a_change_is_for_what_is_started_then)
{
	nk_time_t until = hal_clock_now() + 1000, later = until + 1000;

	nk_gravity[NK_GRAVITY_KERNEL] = 200;
	unit_run("s", 10, 0, sleeps, &until);
	nk_gravity[NK_GRAVITY_KERNEL] = 0;
	sim_advance(900);
	ck_assert_int_eq(woken_at, until);
	unit_run("t", 10, 0, sleeps, &later);
	ck_assert_int_eq(sim_programmed(0), later);
	sim_advance(2000);
	ck_assert_int_eq(woken_at, later);
}
END_TEST

START_TEST(a_wait_that_is_interrupted_is_not_spent)
{
	nk_time_t until = hal_clock_now() + 1000;
	struct unit_thread *u;

	nk_gravity[NK_GRAVITY_KERNEL] = 900;
	u = unit_run("s", 10, 0, sleeps, &until);
	sim_advance(50);
	nk_thread_unblock(&u->t, -NK_EINTR);
	ck_assert_int_eq(u->ret, -NK_EINTR);
	ck_assert_int_eq(woken_at, until - 950);
}
END_TEST

static void sleeps_on_without(struct unit_thread *u)
{
	sleeps(u);
	nk_gravity[NK_GRAVITY_KERNEL] = 0;
	nk_sleep_until(*(nk_time_t *)u->arg + 1000);
}

START_TEST(nothing_of_gravity_stays_behind_its_wait)
{
	nk_time_t until = hal_clock_now() + 1000;

	nk_gravity[NK_GRAVITY_KERNEL] = 200;
	unit_run("s", 10, 0, sleeps_on_without, &until);
	sim_advance(1000);
	ck_assert_int_eq(woken_at, until);
	ck_assert_int_eq(sim_programmed(0), until + 1000);
	sim_advance(1000);
}
END_TEST

/* The clock is set back between the interrupt and the end of the wait: no longer than the gravity. */
static void sets_back(struct nk_timer *timer, nk_time_t now)
{
	(void)timer;
	(void)now;
	sim_set_realtime(0);
}

START_TEST(a_clock_set_back_meanwhile_does_not_hold_the_cpu)
{
	nk_time_t offset = 1000000, start = hal_clock_now();
	nk_time_t until = nk_until_realtime(start + offset + 1000);
	struct nk_timer timer;

	sim_set_realtime(offset);
	nk_gravity[NK_GRAVITY_KERNEL] = 200;
	unit_run("s", 10, 0, sleeps, &until);
	ck_assert_int_eq(sim_programmed(0), start + 800);
	/* The same interrupt serves both, the thread first. */
	nk_timer_init(&timer, sets_back);
	nk_timer_start(&timer, start + 800, 0);
	sim_advance(1000);
	ck_assert_int_eq(woken_at, start + 1000);
}
END_TEST

Suite *gravity_suite(void)
{
	Suite *s = suite_create("gravity");
	TCase *tc = unit_race_case(s, "gravity");

	tcase_add_checked_fixture(tc, setup, unit_teardown);
	tcase_add_test(tc, a_handler_runs_early_by_its_gravity_on_a_grid_that_stays);
	tcase_add_test(tc, a_thread_is_asked_for_early_and_returns_on_time);
	tcase_add_test(tc, a_user_thread_has_its_own_gravity);
	tcase_add_test(tc, the_last_ns_is_spent_too);
	tcase_add_test(tc, a_change_is_for_what_is_started_then);
	tcase_add_test(tc, a_wait_that_is_interrupted_is_not_spent);
	tcase_add_test(tc, nothing_of_gravity_stays_behind_its_wait);
	tcase_add_test(tc, a_clock_set_back_meanwhile_does_not_hold_the_cpu);
	return s;
}
