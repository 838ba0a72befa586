// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/trace.h: which events there are, in which order.
 */
#include <string.h>

#include "nucleus/stage.h"
#include "tests/unit/actors.h"
#include "tests/unit/unit.h"

#define SWITCH	"A"
#define WAKE	"B"
#define TIMER	"C"
#define HARDEN	"G"
#define RELAX	"H"
#define WAIT	"I"
#define END	"J"
#define BOOST	"K"

static void sleeps_100(struct unit_thread *u)
{
	(void)u;
	nk_sleep_until(hal_clock_now() + 100);
}

START_TEST(a_thread_that_sleeps)
{
	sim_trace();
	unit_run("u", 10, 0, sleeps_100, NULL);
	ck_assert_str_eq(sim_trace(), SWITCH SWITCH);
	sim_advance(100);
	ck_assert_str_eq(sim_trace(), TIMER WAKE SWITCH SWITCH);
}
END_TEST

static void works_and_sleeps(struct unit_thread *u)
{
	unit_busy(300);
	sleeps_100(u);
	unit_busy(20);
}

START_TEST(run_time_is_told_when_the_cpu_goes)
{
	sim_trace_ran();
	unit_run("u", 10, 0, works_and_sleeps, NULL);
	ck_assert_int_eq(sim_trace_ran(), 300);
	sim_advance(100);
	ck_assert_int_eq(sim_trace_ran(), 20);
}
END_TEST

static void nothing(struct unit_thread *u)
{
	(void)u;
}

START_TEST(a_thread_that_crosses)
{
	struct unit_thread *u = unit_user("u", 10, nothing, NULL);

	sim_trace();
	unit_enter(u);
	ck_assert_str_eq(sim_trace(), HARDEN SWITCH RELAX SWITCH);
}
END_TEST

static void fires(struct nk_timer *timer, nk_time_t now)
{
	(void)timer;
	(void)now;
}

START_TEST(a_timer_with_a_handler)
{
	struct nk_timer timer;

	nk_timer_init(&timer, fires);
	nk_timer_start(&timer, hal_clock_now() + 10, 0);
	sim_trace();
	sim_advance(10);
	ck_assert_str_eq(sim_trace(), TIMER);
}
END_TEST

START_TEST(a_lock_and_its_boost)
{
	const char *seen;

	actors_setup(1);
	actors_tell(0, LOCK, 0);
	sim_trace();
	actors_say(1, LOCK, 0);
	sim_settle();
	seen = sim_trace();
	ck_assert_str_eq(seen, WAKE SWITCH WAIT BOOST SWITCH);
	actors_tell(0, UNLOCK, 0);
	seen = sim_trace();
	ck_assert_ptr_nonnull(strstr(seen, BOOST));
	ck_assert_ptr_nonnull(strstr(seen, END));
	actors_tell(1, UNLOCK, 0);
	actors_teardown();
}
END_TEST

Suite *trace_suite(void)
{
	Suite *s = suite_create("trace");
	TCase *tc = unit_case(s, "trace");
	TCase *own = unit_race_case(s, "locks");

	tcase_add_test(tc, a_thread_that_sleeps);
	tcase_add_test(tc, run_time_is_told_when_the_cpu_goes);
	tcase_add_test(tc, a_thread_that_crosses);
	tcase_add_test(tc, a_timer_with_a_handler);
	tcase_add_test(own, a_lock_and_its_boost);
	return s;
}
