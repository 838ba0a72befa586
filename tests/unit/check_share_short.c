// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/share.c: threads that leave Linux the CPU for so short a time that it gets nowhere, and wake-ups that
 * nobody saw coming when it got the CPU. The test itself is Linux on CPU 0.
 */
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/share.h"
#include "tests/unit/unit.h"

#define US	1000LL
#define MS	1000000LL
#define HOUR	(3600 * 1000 * MS)

static nk_time_t ends_at;

static void setup(void)
{
	unit_setup();
	nk_share_set(5);
	nk_share_crossing = nk_rqs[0].share.crossing = nk_rqs[0].share.took = US;
	ends_at = hal_clock_now() + 1000 * MS;
}

/* What a thread does, again and again: all of it in Keel, nothing interrupts it but what it sleeps for. */
struct cycle {
	nk_time_t runs, sleeps;
};

static void naps(struct unit_thread *u)
{
	const struct cycle *c = u->arg;
	hal_flags_t flags = hal_oob_save();

	while (hal_clock_now() < ends_at) {
		sim_advance_masked(c->runs);
		nk_sleep_until(hal_clock_now() + c->sleeps);
	}
	hal_oob_restore(flags);
}

/* The way to Linux and back, as it is on a machine where that takes so long. */
static void cross(nk_time_t ns)
{
	hal_flags_t flags = hal_oob_save();

	sim_advance_masked(ns);
	hal_oob_restore(flags);
}

/* It has no slice for less than the 95 ms, and one for each 100 from then on. */
static void linux_gets_slices(nk_time_t crossing)
{
	nk_time_t t0 = ends_at - 1000 * MS;

	while (nk_rqs[0].share.slices == 0 && hal_clock_now() < ends_at)
		cross(crossing);
	ck_assert_int_eq(nk_rqs[0].share.slices, 1);
	ck_assert_int_ge(hal_clock_now(), t0 + 95 * MS);
	ck_assert_int_lt(hal_clock_now(), t0 + 120 * MS);
	while (hal_clock_now() < ends_at) {
		cross(crossing);
		/* Nothing is learnt from a slice. */
		if (nk_rqs[0].share.crossing > 3 * US)
			ck_abort_msg("%lld ns", (long long)nk_rqs[0].share.crossing);
	}
	ck_assert_int_ge(nk_rqs[0].share.slices, 8);
	ck_assert_int_le(nk_rqs[0].share.slices, 11);
}

/* H4: 300 ns after each 4700. */
START_TEST(a_sleep_too_short_for_linux_does_not_count)
{
	struct cycle c = { 4700, 300 };
	struct unit_thread *u = unit_user("u", 10, naps, &c);

	unit_enter(u);
	linux_gets_slices(100);
	sim_advance(20 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

/* The second keeps the CPU till the first is due, so that Linux is always interrupted at once. */
START_TEST(two_that_leave_nothing_between_them_do_not_put_the_slice_off)
{
	struct cycle c[2] = { { 100, 1000 }, { 4900, 1 } };
	struct unit_thread *u[2];
	int i;

	for (i = 0; i < 2; i++)
		unit_enter(u[i] = unit_user("u", 10, naps, &c[i]));
	linux_gets_slices(100);
	sim_advance(20 * MS);
	ck_assert_int_eq(u[0]->done && u[1]->done, 1);
}
END_TEST

/* H4: it takes 2500 ns to get to Linux and back here, so that what is due after 500 comes as late. */
START_TEST(how_long_the_way_takes_is_learnt)
{
	struct cycle c = { 20000, 500 };
	struct unit_thread *u = unit_user("u", 10, naps, &c);

	unit_enter(u);
	linux_gets_slices(2500);
	ck_assert_int_eq(nk_rqs[0].share.crossing, 2500);
	sim_advance(20 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

/* One long way may be chance; two are no more than five times as long, and it is short again when one has been. */
START_TEST(what_is_learnt_is_bounded)
{
	struct cycle c = { 200 * US, 500 };
	struct unit_thread *u = unit_user("u", 10, naps, &c);

	unit_enter(u);
	cross(40 * US);
	ck_assert_int_eq(nk_rqs[0].share.crossing, US);
	cross(40 * US);
	ck_assert_int_eq(nk_rqs[0].share.crossing, 5 * US);
	cross(1000);
	ck_assert_int_eq(nk_rqs[0].share.crossing, US);
	ends_at = 0;
	cross(1000);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

static void nothing(struct nk_timer *timer, nk_time_t now)
{
	(void)timer;
	(void)now;
}

/* A tick that finds nobody to wake leaves Linux the CPU for as long as it likes. */
START_TEST(nothing_is_learnt_from_what_only_ticked)
{
	struct cycle c = { 200 * US, 10 * MS };
	struct unit_thread *u = unit_user("u", 10, naps, &c);
	struct nk_timer timer;

	nk_timer_init(&timer, nothing);
	nk_timer_start(&timer, hal_clock_now() + 200 * US, 0);
	unit_enter(u);
	sim_advance(9 * MS);
	ck_assert_int_eq(nk_rqs[0].share.at_once, 0);
	ends_at = 0;
	sim_advance(20 * MS);
	ck_assert_int_eq(nk_rqs[0].share.crossing, US);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

static struct nk_sem go;

static void works_then_posts(struct nk_timer *timer, nk_time_t now)
{
	(void)timer;
	(void)now;
	sim_advance_masked(8 * US);
	nk_sem_post(&go);
}

static int moved;

static void is_posted(struct unit_thread *u)
{
	hal_flags_t flags = hal_oob_save();
	nk_time_t key = 0;

	moved = 0;
	while (hal_clock_now() < ends_at) {
		moved += nk_rqs[0].share.timer.node.key != key;
		key = nk_rqs[0].share.timer.node.key;
		sim_advance_masked(30 * US);
		nk_timer_start(u->arg, hal_clock_now() + 1, 0);
		nk_sem_wait(&go, NK_TIME_NEVER);
	}
	hal_oob_restore(flags);
}

/* A handler takes 8 us, in which Linux would have had its share. */
START_TEST(what_a_tick_takes_is_not_linuxs)
{
	struct nk_timer timer;
	struct unit_thread *u = unit_user("u", 10, is_posted, &timer);

	ck_assert_int_eq(nk_sem_init(&go, 0, 1), 0);
	nk_timer_init(&timer, works_then_posts);
	unit_enter(u);
	linux_gets_slices(100);
	sim_advance(20 * MS);
	ck_assert_int_eq(u->done, 1);
	nk_sem_destroy(&go);
}
END_TEST

/* It is asked each 5 ms, not at each wake-up. */
START_TEST(linux_that_wants_nothing_is_not_asked_all_the_time)
{
	struct nk_timer timer;
	struct unit_thread *u = unit_user("u", 10, is_posted, &timer);

	sim_inband_wants(0, 0);
	ck_assert_int_eq(nk_sem_init(&go, 0, 1), 0);
	nk_timer_init(&timer, works_then_posts);
	unit_enter(u);
	while (hal_clock_now() < ends_at)
		cross(100);
	sim_advance(20 * MS);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(nk_rqs[0].share.slices, 0);
	ck_assert_int_ge(moved, 150);
	ck_assert_int_le(moved, 400);
	nk_sem_destroy(&go);
}
END_TEST

static void spins_once_posted(struct unit_thread *u)
{
	(void)u;
	nk_sem_wait(&go, NK_TIME_NEVER);
	sim_advance(300 * MS);
}

static void posts(struct nk_timer *timer, nk_time_t now)
{
	(void)timer;
	(void)now;
	nk_sem_post(&go);
}

/*
 * The share's timer stood behind a wake-up that was an hour away, when Linux got the CPU: then its clock is set,
 * or a nearer timer started.
 */
START_TEST(a_wake_up_that_nobody_saw_coming_is_watched_too)
{
	struct unit_thread *u = unit_user("u", 10, spins_once_posted, NULL);
	struct nk_timer timer;

	ck_assert_int_eq(nk_sem_init(&go, 0, 1), 0);
	nk_timer_init(&timer, posts);
	if (_i)
		nk_timer_set_clock(&timer, NK_CLOCK_REALTIME);
	nk_timer_start(&timer, hal_clock_now() + HOUR, 0);
	unit_enter(u);
	if (_i)
		sim_set_realtime(HOUR);
	else
		nk_timer_start(&timer, hal_clock_now() + MS, 0);
	sim_advance(500 * MS);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(nk_rqs[0].share.slices, 3);
	nk_sem_destroy(&go);
}
END_TEST

static void opens_and_closes(struct nk_timer *timer, nk_time_t now)
{
	(void)timer;
	(void)now;
	nk_rqs[0].resched = 1;
}

/* Whoever was to run is gone again: Linux goes on, and what it has is its own. */
START_TEST(a_tick_after_which_linux_goes_on_ends_nothing)
{
	struct cycle c = { 90 * MS, 50 * MS };
	struct unit_thread *u = unit_user("u", 10, naps, &c);
	struct nk_timer timer;

	ends_at = hal_clock_now() + 90 * MS;
	nk_timer_init(&timer, opens_and_closes);
	nk_timer_start(&timer, hal_clock_now() + 91 * MS, 0);
	unit_enter(u);
	ck_assert_int_gt(nk_share_debt(&nk_rqs[0], hal_clock_now()), 0);
	sim_advance(60 * MS);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(nk_share_debt(&nk_rqs[0], hal_clock_now()), 0);
	ck_assert_int_lt(nk_rqs[0].share.left, nk_rqs[0].share.root_since);
}
END_TEST

Suite *share_short_suite(void)
{
	Suite *s = suite_create("share_short");
	TCase *tc = unit_race_case(s, "share_short");

	tcase_add_checked_fixture(tc, setup, unit_teardown);
	tcase_add_test(tc, a_sleep_too_short_for_linux_does_not_count);
	tcase_add_test(tc, two_that_leave_nothing_between_them_do_not_put_the_slice_off);
	tcase_add_test(tc, how_long_the_way_takes_is_learnt);
	tcase_add_test(tc, what_is_learnt_is_bounded);
	tcase_add_test(tc, nothing_is_learnt_from_what_only_ticked);
	tcase_add_test(tc, what_a_tick_takes_is_not_linuxs);
	tcase_add_test(tc, linux_that_wants_nothing_is_not_asked_all_the_time);
	tcase_add_test(tc, a_tick_after_which_linux_goes_on_ends_nothing);
	tcase_add_loop_test(tc, a_wake_up_that_nobody_saw_coming_is_watched_too, 0, 2);
	return s;
}
