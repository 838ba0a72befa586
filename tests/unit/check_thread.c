// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/thread.c
 */
#include <string.h>

#include "nucleus/init.h"
#include "nucleus/sched.h"
#include "tests/unit/unit.h"

static void sleeps_until(struct unit_thread *u)
{
	u->ret = nk_sleep_until(*(nk_time_t *)u->arg);
}

START_TEST(a_sleeper_wakes_at_its_time)
{
	nk_time_t at = hal_clock_now() + 100;
	struct unit_thread *u = unit_run("s", 10, 0, sleeps_until, &at);

	sim_advance(99);
	ck_assert_int_eq(u->t.state, NK_BLOCKED);
	sim_advance(1);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
}
END_TEST

static void busy_for_200(struct unit_thread *u)
{
	nk_sleep_until(*(nk_time_t *)u->arg - 100);
	/* To the very moment at which the other one gets ready: its timer is done with. */
	sim_advance(sim_programmed(0) - hal_clock_now());
	u->ret = sim_programmed(0) == NK_TIME_NEVER;
	sim_advance(100);
}

static void nothing(struct nk_timer *timer, nk_time_t now)
{
	(void)timer;
	(void)now;
}

/* With gravity too, which takes another way; behind a handler, as one alone is served in short. */
START_TEST(a_wait_has_one_interrupt_however_long_the_cpu_is_not_had)
{
	nk_time_t at = hal_clock_now() + 1000;
	struct unit_thread *high = unit_run("h", 20, 0, busy_for_200, &at), *low;
	struct nk_timer timer;

	nk_timer_init(&timer, nothing);
	nk_timer_start(&timer, at - _i * 10, 0);
	nk_gravity[NK_GRAVITY_KERNEL] = _i * 10;
	low = unit_run("l", 10, 0, sleeps_until, &at);
	sim_advance(2000);
	nk_gravity[NK_GRAVITY_KERNEL] = 0;
	ck_assert_int_eq(high->done + low->done, 2);
	ck_assert_int_eq(high->ret, 1);
}
END_TEST

START_TEST(a_sleep_into_the_past_returns_at_once)
{
	nk_time_t at = hal_clock_now() - 100;
	struct unit_thread *u = unit_run("s", 10, 0, sleeps_until, &at);

	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
}
END_TEST

START_TEST(unblock_ends_a_sleep_with_the_error_given)
{
	nk_time_t at = hal_clock_now() + 100;
	struct unit_thread *u = unit_run("s", 10, 0, sleeps_until, &at);

	ck_assert_int_eq(nk_thread_unblock(&u->t, -NK_EINTR), 1);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, -NK_EINTR);
	ck_assert_ptr_null(nk_rqs[0].timers.queue.first);
	ck_assert_int_eq(nk_thread_unblock(&u->t, -NK_EINTR), 0);
}
END_TEST

START_TEST(a_thread_begins_anew_in_old_memory)
{
	struct nk_thread t;

	memset(&t, 0x55, sizeof(t));
	nk_thread_init(&t, "t", 10, 0);
	ck_assert(!t.timer.armed && !t.sched.timer.armed && !t.sched.timer.handler);
	ck_assert_int_eq(t.sched_locks, 0);
	nk_thread_destroy(&t);
}
END_TEST

START_TEST(a_name_is_cut_to_its_field)
{
	struct unit_thread *u = unit_make("a name that is too long", 10, 0, sleeps_until, NULL);

	ck_assert_str_eq(u->t.name, "a name that is ");
}
END_TEST

static void ends(struct unit_thread *u)
{
	(void)u;
}

START_TEST(an_exited_thread_is_dead_once_its_stack_is_left)
{
	nk_time_t at = hal_clock_now() + 100;
	struct unit_thread *u = unit_run("s", 10, 1, sleeps_until, &at);

	sim_settle();
	ck_assert(!nk_thread_is_dead(&u->t));
	ck_assert(!nk_cpu_idle(1));
	sim_advance(100);
	ck_assert(nk_thread_is_dead(&u->t));
	ck_assert(nk_cpu_idle(1));
}
END_TEST

static struct unit_thread *ending;
static int early;

/* Whoever frees its stack asks this. */
static void looks_for_the_end(void *arg)
{
	(void)arg;
	early += nk_thread_is_dead(&ending->t) && sim_context_runs(&ending->t.ctx);
}

static void end_against_look(void *arg)
{
	(void)arg;
	unit_setup();
	ending = unit_make("s", 10, 0, ends, NULL);
	early = 0;
	sim_post(1, looks_for_the_end, NULL);
	sim_race_begin();
	nk_thread_start(&ending->t);
	sim_race_end();
	sim_settle();
	ck_assert(nk_thread_is_dead(&ending->t));
	ck_assert_int_eq(early, 0);
	unit_teardown();
}

START_TEST(a_thread_is_dead_when_no_cpu_is_on_its_stack)
{
	unit_explore(end_against_look, NULL);
}
END_TEST

/* What a periodic thread saw at each return. */
static struct round {
	nk_time_t at;
	unsigned long overruns;
} rounds[8];
static nk_time_t burn[8];	/* how long it is busy before each wait */

static void periodic(struct unit_thread *u)
{
	int i;

	for (i = 0; i < 5; i++) {
		if (burn[i])
			sim_advance(burn[i]);
		u->ret = nk_thread_wait_period(&rounds[i].overruns);
		rounds[i].at = hal_clock_now();
		if (u->ret)
			return;
	}
}

static struct unit_thread *run_periodic(nk_time_t first, nk_time_t period)
{
	struct unit_thread *u = unit_make("p", 10, 0, periodic, NULL);

	ck_assert_int_eq(nk_thread_set_periodic(&u->t, first, period), 0);
	nk_thread_start(&u->t);
	return u;
}

static void setup(void)
{
	unit_setup();
	memset(rounds, 0, sizeof(rounds));
	memset(burn, 0, sizeof(burn));
}

START_TEST(a_periodic_thread_returns_at_each_release_point)
{
	nk_time_t t0 = hal_clock_now();
	struct unit_thread *u = run_periodic(t0 + 50, 100);
	int i;

	sim_advance(1000);
	ck_assert_int_eq(u->done, 1);
	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(rounds[i].at, t0 + 50 + 100 * i);
		ck_assert_uint_eq(rounds[i].overruns, 0);
	}
}
END_TEST

START_TEST(first_zero_means_one_period_from_now)
{
	nk_time_t t0 = hal_clock_now();

	run_periodic(0, 100);
	sim_advance(1000);
	ck_assert_int_eq(rounds[0].at, t0 + 100);
}
END_TEST

START_TEST(missed_points_are_counted_and_the_grid_is_kept)
{
	nk_time_t t0 = hal_clock_now();
	struct unit_thread *u;

	/* Busy from 100 to 450: 200 and 300 are missed, 400 returns late, 500 on time. */
	burn[1] = 350;
	u = run_periodic(t0 + 100, 100);
	sim_advance(2000);
	ck_assert_int_eq(rounds[1].at, t0 + 450);
	ck_assert_uint_eq(rounds[1].overruns, 2);
	ck_assert_int_eq(rounds[2].at, t0 + 500);
	ck_assert_uint_eq(rounds[2].overruns, 0);
	ck_assert_uint_eq(u->t.overruns, 2);
}
END_TEST

START_TEST(a_point_passed_by_less_than_a_period_is_late_not_missed)
{
	nk_time_t t0 = hal_clock_now();

	burn[1] = 130;
	run_periodic(t0 + 100, 100);
	sim_advance(1000);
	ck_assert_int_eq(rounds[1].at, t0 + 230);
	ck_assert_uint_eq(rounds[1].overruns, 0);
	ck_assert_int_eq(rounds[2].at, t0 + 300);
}
END_TEST

START_TEST(waiting_without_a_period_would_block)
{
	struct unit_thread *u = run_periodic(0, 0);

	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, -NK_EWOULDBLOCK);
}
END_TEST

START_TEST(negative_times_are_refused)
{
	struct unit_thread *u = unit_make("p", 10, 0, periodic, NULL);

	ck_assert_int_eq(nk_thread_set_periodic(&u->t, -1, 100), -NK_EINVAL);
	ck_assert_int_eq(nk_thread_set_periodic(&u->t, 0, -100), -NK_EINVAL);
}
END_TEST

START_TEST(an_interrupted_period_stays_due)
{
	nk_time_t t0 = hal_clock_now();
	struct unit_thread *u = run_periodic(t0 + 100, 100);

	nk_thread_unblock(&u->t, -NK_EINTR);
	ck_assert_int_eq(u->ret, -NK_EINTR);
	ck_assert_int_eq(u->t.release, t0 + 100);
}
END_TEST

static int won;

static void unblocks(void *arg)
{
	won = nk_thread_unblock(arg, -NK_EINTR);
}

/* The timer and an unblock end a sleep at the same time: one of them, and it says so. */
static void timeout_against_unblock(void *arg)
{
	nk_time_t at;
	struct unit_thread *u;

	(void)arg;
	unit_setup();
	at = hal_clock_now() + 100;
	u = unit_run("s", 10, 0, sleeps_until, &at);
	sim_post(1, unblocks, &u->t);
	sim_race_begin();
	sim_advance(100);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, won ? -NK_EINTR : 0);
	unit_teardown();
}

START_TEST(timeout_against_unblock_has_one_winner)
{
	unit_explore(timeout_against_unblock, NULL);
}
END_TEST

/* An unblock at any moment of a sleep's begin: it hits, or it came too early and says so. */
static void unblock_against_sleep(void *arg)
{
	nk_time_t at;
	struct unit_thread *u;

	(void)arg;
	unit_setup();
	at = hal_clock_now() + 100;
	u = unit_make("s", 10, 0, sleeps_until, &at);
	sim_post(1, unblocks, &u->t);
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, won);
	sim_advance(100);
	ck_assert_int_eq(u->ret, won ? -NK_EINTR : 0);
	unit_teardown();
}

START_TEST(unblock_against_falling_asleep_tells_the_truth)
{
	unit_explore(unblock_against_sleep, NULL);
}
END_TEST

Suite *thread_suite(void)
{
	Suite *s = suite_create("thread");
	TCase *tc = unit_race_case(s, "thread");
	TCase *race = unit_race_case(s, "race");

	tcase_add_checked_fixture(tc, setup, unit_teardown);
	tcase_add_test(tc, a_sleeper_wakes_at_its_time);
	tcase_add_loop_test(tc, a_wait_has_one_interrupt_however_long_the_cpu_is_not_had, 0, 2);
	tcase_add_test(tc, a_sleep_into_the_past_returns_at_once);
	tcase_add_test(tc, unblock_ends_a_sleep_with_the_error_given);
	tcase_add_test(tc, a_thread_begins_anew_in_old_memory);
	tcase_add_test(tc, a_name_is_cut_to_its_field);
	tcase_add_test(tc, an_exited_thread_is_dead_once_its_stack_is_left);
	tcase_add_test(tc, a_periodic_thread_returns_at_each_release_point);
	tcase_add_test(tc, first_zero_means_one_period_from_now);
	tcase_add_test(tc, missed_points_are_counted_and_the_grid_is_kept);
	tcase_add_test(tc, a_point_passed_by_less_than_a_period_is_late_not_missed);
	tcase_add_test(tc, waiting_without_a_period_would_block);
	tcase_add_test(tc, negative_times_are_refused);
	tcase_add_test(tc, an_interrupted_period_stays_due);
	tcase_add_test(race, a_thread_is_dead_when_no_cpu_is_on_its_stack);
	tcase_add_test(race, timeout_against_unblock_has_one_winner);
	tcase_add_test(race, unblock_against_falling_asleep_tells_the_truth);
	return s;
}
