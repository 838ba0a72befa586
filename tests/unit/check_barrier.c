// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/barrier.c
 */
#include "nucleus/barrier.h"
#include "nucleus/sched.h"
#include "tests/unit/unit.h"

static struct nk_barrier b;
static nk_time_t deadline;

static void setup(void)
{
	unit_setup();
	ck_assert_int_eq(nk_barrier_init(&b, 3), 0);
	deadline = NK_TIME_NEVER;
}

static void teardown(void)
{
	if (!b.wq.closed)
		ck_assert_int_eq(nk_barrier_destroy(&b), 0);
	ck_assert_int_eq(nk_waitq_destroy(&b.wq), 0);
	unit_teardown();
}

static void waits(struct unit_thread *u)
{
	u->ret = nk_barrier_wait(&b, deadline);
}

START_TEST(the_last_one_lets_all_go_round_after_round)
{
	struct unit_thread *u[3];
	int round, i;

	ck_assert_int_eq(nk_barrier_init(&b, 0), -NK_EINVAL);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 3; i++) {
			u[i] = unit_run("u", 10 + i, i % 2, waits, NULL);
			sim_settle();
			ck_assert_int_eq(u[0]->done, i == 2);
		}
		ck_assert_int_eq(u[0]->ret, 0);
		ck_assert_int_eq(u[1]->ret, 0);
		ck_assert_int_eq(u[2]->ret, NK_BARRIER_LAST);
	}
}
END_TEST

START_TEST(who_gives_up_does_not_count)
{
	struct unit_thread *u, *v, *w;

	deadline = hal_clock_now() + 100;
	u = unit_run("u", 10, 0, waits, NULL);
	deadline = NK_TIME_NEVER;
	v = unit_run("v", 10, 0, waits, NULL);
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	nk_thread_unblock(&v->t, -NK_EINTR);
	ck_assert_int_eq(v->ret, -NK_EINTR);
	u = unit_run("u", 10, 0, waits, NULL);
	v = unit_run("v", 10, 0, waits, NULL);
	ck_assert_int_eq(u->done + v->done, 0);
	w = unit_run("w", 10, 0, waits, NULL);
	ck_assert_int_eq(u->done + v->done + w->done, 3);
}
END_TEST

START_TEST(destroy_waits_for_nobody_and_then_refuses)
{
	struct unit_thread *u = unit_run("u", 10, 0, waits, NULL);

	ck_assert_int_eq(nk_barrier_destroy(&b), -NK_EBUSY);
	nk_thread_unblock(&u->t, -NK_EINTR);
	ck_assert_int_eq(nk_barrier_destroy(&b), 0);
	u = unit_run("u", 10, 0, waits, NULL);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
}
END_TEST

/* Either the round is over for all, or the one who gave up is not counted in it. */
static void last_against_timeout(void *arg)
{
	struct unit_thread *u, *v, *w;

	setup();
	deadline = hal_clock_now() + 100;
	u = unit_run("u", 10, *(int *)arg, waits, NULL);
	sim_settle();
	deadline = NK_TIME_NEVER;
	v = unit_run("v", 10, 1, waits, NULL);
	sim_settle();
	w = unit_make("w", 20, 0, waits, NULL);
	sim_post(1, unit_advance_100, NULL);
	sim_race_begin();
	nk_thread_start(&w->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(w->done, u->ret == 0);
	ck_assert_int_eq(v->done, w->done);
	if (!w->done) {
		ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
		ck_assert_uint_eq(b.arrived, 2);
		unit_run("x", 10, 0, waits, NULL);
	}
	sim_settle();
	ck_assert_uint_eq(b.arrived, 0);
	teardown();
}

START_TEST(last_against_timeout_is_one_or_the_other)
{
	unit_explore(last_against_timeout, &_i);
}
END_TEST

Suite *barrier_suite(void)
{
	Suite *suite = suite_create("barrier");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_last_one_lets_all_go_round_after_round);
	tcase_add_test(tc, who_gives_up_does_not_count);
	tcase_add_test(tc, destroy_waits_for_nobody_and_then_refuses);
	tc = unit_race_case(suite, "races");
	tcase_add_loop_test(tc, last_against_timeout_is_one_or_the_other, 0, 2);
	return suite;
}
