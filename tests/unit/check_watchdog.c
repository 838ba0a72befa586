// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/watchdog.c
 */
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "nucleus/watchdog.h"
#include "tests/unit/unit.h"

#define LIMIT 800

static nk_time_t busy_for;
static nk_time_t recalled_at;

static void setup(void)
{
	unit_setup();
	nk_watchdog_limit = LIMIT;
	recalled_at = 0;
}

static void linux_irq(void *arg)
{
	(void)arg;
	nk_hal_inband_waits(hal_clock_now());
}

/* Linux has an interrupt at once; the thread keeps the CPU unless it is recalled. */
static void hogs(struct unit_thread *u)
{
	nk_time_t end = hal_clock_now() + busy_for;

	sim_irq(hal_cpu(), linux_irq, NULL);
	while (hal_clock_now() < end && !nk_stage_recalled(&u->t))
		sim_advance(10);
	recalled_at = nk_stage_recalled(&u->t) ? hal_clock_now() : 0;
}

START_TEST(a_user_thread_is_recalled_after_the_limit)
{
	nk_time_t t0 = hal_clock_now();
	struct unit_thread *u = unit_user("hog", 10, hogs, NULL);

	busy_for = 10000;
	unit_enter(u);
	ck_assert_int_eq(nk_stage_recalled(&u->t), NK_RELAX_WATCHDOG);
	ck_assert_int_eq(recalled_at, t0 + LIMIT);
	sim_advance(10000);
	ck_assert_ptr_null(nk_rqs[0].timers.queue.first);
}
END_TEST

START_TEST(a_thread_within_the_limit_is_left_alone)
{
	struct unit_thread *u = unit_user("good", 10, hogs, NULL);

	busy_for = LIMIT - 10;
	unit_enter(u);
	ck_assert_int_eq(nk_stage_recalled(&u->t), 0);
	sim_advance(10000);
	ck_assert_ptr_null(nk_rqs[0].timers.queue.first);
}
END_TEST

START_TEST(a_kernel_thread_is_reported_until_linux_runs)
{
	long prio;

	busy_for = LIMIT + LIMIT / 4;
	unit_run("hog", 17, 0, hogs, NULL);
	/* At the limit, and each eighth of it after that. */
	ck_assert_int_eq(sim_warnings(&prio), 3);
	ck_assert_int_eq(prio, 17);
	sim_advance(10000);
	ck_assert_int_eq(sim_warnings(&prio), 3);
}
END_TEST

START_TEST(each_residence_has_its_own_limit)
{
	struct unit_thread *u = unit_user("good", 10, hogs, NULL);
	int i;

	/* Together they are over the limit; Linux runs between them. */
	busy_for = LIMIT / 2;
	for (i = 0; i < 5; i++)
		unit_enter(u);
	ck_assert_int_eq(u->done, 5);
	ck_assert_int_eq(nk_stage_recalled(&u->t), 0);
	busy_for = 10000;
	unit_enter(u);
	ck_assert_int_eq(nk_stage_recalled(&u->t), NK_RELAX_WATCHDOG);
	sim_advance(10000);
}
END_TEST

START_TEST(the_one_that_runs_when_it_fires_is_recalled)
{
	struct unit_thread *high = unit_user("high", 20, hogs, NULL);
	struct unit_thread *low = unit_user("low", 10, hogs, NULL);
	hal_flags_t flags = hal_oob_save();

	/* Both become ready before Linux gives the CPU away. */
	busy_for = LIMIT - 10;
	nk_rqs[0].irq_depth++;
	unit_enter(low);
	unit_enter(high);
	nk_rqs[0].irq_depth--;
	nk_sched();
	hal_oob_restore(flags);
	ck_assert_int_eq(nk_stage_recalled(&high->t), 0);
	ck_assert_int_eq(nk_stage_recalled(&low->t), 0);
	ck_assert_int_eq(low->done + high->done, 2);
	sim_advance(10000);
}
END_TEST

/* unit_teardown() looks. */
START_TEST(none_is_left_when_the_nucleus_goes)
{
	busy_for = LIMIT - 10;
	unit_enter(unit_user("good", 10, hogs, NULL));
	ck_assert_ptr_nonnull(nk_rqs[0].timers.queue.first);
}
END_TEST

START_TEST(limit_zero_switches_it_off)
{
	struct unit_thread *u = unit_user("hog", 10, hogs, NULL);

	nk_watchdog_limit = 0;
	busy_for = 100000;
	unit_enter(u);
	ck_assert_int_eq(nk_stage_recalled(&u->t), 0);
	ck_assert_ptr_null(nk_rqs[0].timers.queue.first);
}
END_TEST

Suite *watchdog_suite(void)
{
	Suite *s = suite_create("watchdog");
	TCase *tc = unit_race_case(s, "watchdog");

	tcase_add_checked_fixture(tc, setup, unit_teardown);
	tcase_add_test(tc, a_user_thread_is_recalled_after_the_limit);
	tcase_add_test(tc, a_thread_within_the_limit_is_left_alone);
	tcase_add_test(tc, a_kernel_thread_is_reported_until_linux_runs);
	tcase_add_test(tc, each_residence_has_its_own_limit);
	tcase_add_test(tc, the_one_that_runs_when_it_fires_is_recalled);
	tcase_add_test(tc, none_is_left_when_the_nucleus_goes);
	tcase_add_test(tc, limit_zero_switches_it_off);
	return s;
}
