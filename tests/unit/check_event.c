// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/event.c
 */
#include <string.h>

#include "nucleus/event.h"
#include "nucleus/sched.h"
#include "tests/unit/unit.h"

#define WAITERS 6

static struct nk_event e;

static struct want {
	nk_u32 bits;
	int mode;
	nk_time_t deadline;
	nk_u32 got;
	char mark;
} wants[WAITERS];

static void setup(void)
{
	unit_setup();
	nk_event_init(&e, 0);
	memset(wants, 0, sizeof(wants));
}

static void teardown(void)
{
	ck_assert_int_eq(nk_event_destroy(&e), 0);
	unit_teardown();
}

static void waits(struct unit_thread *u)
{
	struct want *w = u->arg;

	u->ret = nk_event_wait(&e, w->bits, w->mode, &w->got, w->deadline);
	if (w->mark)
		unit_mark(w->mark);
}

static struct unit_thread *run(int i, int prio, nk_u32 bits, int mode)
{
	wants[i] = (struct want){ bits, mode, NK_TIME_NEVER, 0, (char)('a' + i) };
	return unit_run("w", prio, 0, waits, &wants[i]);
}

START_TEST(any_all_and_exact_differ)
{
	struct unit_thread *any = run(0, 10, 0x6, NK_EVENT_ANY);
	struct unit_thread *all = run(1, 10, 0x6, NK_EVENT_ALL);
	struct unit_thread *exact = run(2, 10, 0x6, NK_EVENT_EXACT);

	nk_event_post(&e, 0x9);
	ck_assert_str_eq(unit_marks(), "");
	nk_event_post(&e, 0x2);
	ck_assert_str_eq(unit_marks(), "a");
	ck_assert_uint_eq(wants[0].got, 0x2);
	nk_event_post(&e, 0x4);
	ck_assert_str_eq(unit_marks(), "ab");
	ck_assert_uint_eq(wants[1].got, 0x6);
	ck_assert_uint_eq(nk_event_clear(&e, 0x9), 0xf);
	ck_assert_str_eq(unit_marks(), "abc");
	ck_assert_uint_eq(wants[2].got, 0x6);
	ck_assert_int_eq(any->ret | all->ret | exact->ret, 0);
	ck_assert_uint_eq(nk_event_bits(&e), 0x6);
}
END_TEST

START_TEST(who_consumes_takes_bits_from_those_behind)
{
	run(0, 10, 0x1, NK_EVENT_ANY);
	run(1, 20, 0x3, NK_EVENT_ANY | NK_EVENT_CONSUME);
	run(2, 30, 0x1, NK_EVENT_ALL);
	ck_assert_int_eq(nk_event_post(&e, 0x5), 0);
	ck_assert_str_eq(unit_marks(), "cb");
	ck_assert_uint_eq(wants[1].got, 0x1);
	ck_assert_uint_eq(nk_event_bits(&e), 0x4);
	nk_event_post(&e, 0x1);
	ck_assert_str_eq(unit_marks(), "cba");
	ck_assert_uint_eq(nk_event_bits(&e), 0x5);
}
END_TEST

START_TEST(what_a_clear_lets_through_is_consumed)
{
	run(0, 10, 0x1, NK_EVENT_EXACT | NK_EVENT_CONSUME);
	nk_event_post(&e, 0x3);
	ck_assert_str_eq(unit_marks(), "");
	ck_assert_uint_eq(nk_event_clear(&e, 0x2), 0x3);
	ck_assert_str_eq(unit_marks(), "a");
	ck_assert_uint_eq(nk_event_bits(&e), 0);
}
END_TEST

START_TEST(a_wish_that_is_met_does_not_wait)
{
	struct unit_thread *u;
	nk_u32 got = 0;

	nk_event_post(&e, 0x3);
	ck_assert_int_eq(nk_event_trywait(&e, 0x4, NK_EVENT_ANY, &got), -NK_EWOULDBLOCK);
	ck_assert_int_eq(nk_event_trywait(&e, 0x1, NK_EVENT_EXACT, &got), -NK_EWOULDBLOCK);
	ck_assert_int_eq(nk_event_trywait(&e, 0x5, NK_EVENT_ANY, &got), 0);
	ck_assert_uint_eq(got, 0x1);
	u = run(0, 10, 0x3, NK_EVENT_ALL | NK_EVENT_CONSUME);
	ck_assert_int_eq(u->done, 1);
	ck_assert_uint_eq(nk_event_bits(&e), 0);
	ck_assert_int_eq(nk_event_trywait(&e, 0x1, NK_EVENT_ANY, NULL), -NK_EWOULDBLOCK);
}
END_TEST

START_TEST(bad_wishes_are_refused)
{
	ck_assert_int_eq(nk_event_trywait(&e, 0, NK_EVENT_ANY, NULL), -NK_EINVAL);
	ck_assert_int_eq(nk_event_trywait(&e, 1, 3, NULL), -NK_EINVAL);
	ck_assert_int_eq(nk_event_trywait(&e, 1, 8, NULL), -NK_EINVAL);
	ck_assert_int_eq(nk_event_wait(&e, 0, NK_EVENT_ALL, NULL, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_event_wait(&e, 1, -1, NULL, 0), -NK_EINVAL);
}
END_TEST

START_TEST(broadcast_serves_who_waits_and_leaves_nothing)
{
	nk_event_post(&e, 0x10);
	run(0, 10, 0x1, NK_EVENT_ANY | NK_EVENT_CONSUME);
	run(1, 20, 0x11, NK_EVENT_ALL);
	run(2, 30, 0x2, NK_EVENT_ANY);
	ck_assert_int_eq(nk_event_broadcast(&e, 0x1), 2);
	ck_assert_str_eq(unit_marks(), "ba");
	ck_assert_uint_eq(wants[0].got, 0x1);
	ck_assert_uint_eq(nk_event_bits(&e), 0x10);
	ck_assert_int_eq(nk_event_broadcast(&e, 0x2), 1);
	ck_assert_str_eq(unit_marks(), "bac");
}
END_TEST

/* Its bits are for all who wait, whoever consumes them. */
START_TEST(a_broadcast_is_consumed_by_nobody)
{
	run(0, 20, 0x1, NK_EVENT_ANY | NK_EVENT_CONSUME);
	run(1, 10, 0x1, NK_EVENT_ANY | NK_EVENT_CONSUME);
	ck_assert_int_eq(nk_event_broadcast(&e, 0x1), 2);
	ck_assert_str_eq(unit_marks(), "ab");
}
END_TEST

START_TEST(a_wait_times_out)
{
	struct unit_thread *u;

	wants[0] = (struct want){ 1, NK_EVENT_ANY, hal_clock_now() + 100, 0, 0 };
	u = unit_run("u", 10, 0, waits, &wants[0]);
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	nk_event_post(&e, 1);
	ck_assert_uint_eq(nk_event_bits(&e), 1);
}
END_TEST

START_TEST(destroy_ends_waits_and_refuses_later_calls)
{
	struct unit_thread *u = run(0, 10, 1, NK_EVENT_ANY);

	ck_assert_int_eq(nk_event_destroy(&e), 0);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
	ck_assert_int_eq(nk_event_post(&e, 1), -NK_EIDRM);
	ck_assert_int_eq(nk_event_broadcast(&e, 1), -NK_EIDRM);
	ck_assert_int_eq(nk_event_trywait(&e, 1, NK_EVENT_ANY, NULL), -NK_EIDRM);
	u = run(1, 10, 1, NK_EVENT_ANY);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
}
END_TEST

/* ---- random posts against a plain model ------------------------------------------------------ */

static int met(const struct want *w, nk_u32 bits)
{
	switch (w->mode & NK_EVENT_MODE) {
	case NK_EVENT_ANY:
		return (bits & w->bits) != 0;
	case NK_EVENT_ALL:
		return (bits & w->bits) == w->bits;
	default:
		return bits == w->bits;
	}
}

/* Waiter i has priority 10 + i, so they are served from the last to the first. */
static nk_u32 model_post(nk_u32 bits, int *waiting)
{
	int i;

	for (i = WAITERS - 1; i >= 0; i--) {
		if (!waiting[i] || !met(&wants[i], bits))
			continue;
		waiting[i] = 0;
		if (wants[i].mode & NK_EVENT_CONSUME)
			bits &= ~wants[i].bits;
	}
	return bits;
}

START_TEST(random_posts_serve_as_the_model_does)
{
	struct unit_thread *threads[WAITERS];
	int waiting[WAITERS], i, turn;
	nk_u32 bits = 0, posted;

	unit_random_seed(_i + 1);
	for (i = 0; i < WAITERS; i++) {
		nk_u32 wish = 1 + unit_random(15);
		int mode = (int)unit_random(3) | (unit_random(2) ? NK_EVENT_CONSUME : 0);

		threads[i] = run(i, 10 + i, wish, mode);
		waiting[i] = 1;
	}
	for (turn = 0; turn < 6; turn++) {
		posted = 1u << unit_random(4);
		bits = model_post(bits | posted, waiting);
		nk_event_post(&e, posted);
		ck_assert_uint_eq(nk_event_bits(&e), bits);
		for (i = 0; i < WAITERS; i++)
			ck_assert_int_eq(threads[i]->done, !waiting[i]);
	}
}
END_TEST

/* ---- races ----------------------------------------------------------------------------------- */

/* Two who consume the same bit, one of them timing out: the bit goes to one, or stays. */
static void post_against_timeout(void *arg)
{
	struct unit_thread *a, *b;
	int cpu = *(int *)arg;

	setup();
	wants[0] = (struct want){ 1, NK_EVENT_CONSUME, hal_clock_now() + 100, 0, 0 };
	wants[1] = (struct want){ 1, NK_EVENT_CONSUME, hal_clock_now() + 100, 0, 0 };
	a = unit_run("a", 20, cpu, waits, &wants[0]);
	b = unit_run("b", 10, cpu, waits, &wants[1]);
	sim_settle();
	sim_post(1, unit_advance_100, NULL);
	sim_race_begin();
	nk_event_post(&e, 1);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done + b->done, 2);
	ck_assert_int_eq((a->ret == 0) + (b->ret == 0) + (nk_event_bits(&e) == 1), 1);
	teardown();
}

START_TEST(post_against_timeout_gives_the_bit_once)
{
	unit_explore(post_against_timeout, &_i);
}
END_TEST

static void post_one(void *arg)
{
	(void)arg;
	nk_event_post(&e, 1);
}

static void post_against_post(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	wants[0] = (struct want){ 3, NK_EVENT_ALL, NK_TIME_NEVER, 0, 0 };
	u = unit_make("u", 10, 1, waits, &wants[0]);
	sim_post(1, post_one, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	nk_event_post(&e, 2);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_uint_eq(wants[0].got, 3);
	teardown();
}

START_TEST(post_against_post_misses_no_bit)
{
	unit_explore(post_against_post, NULL);
}
END_TEST

Suite *event_suite(void)
{
	Suite *suite = suite_create("event");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, any_all_and_exact_differ);
	tcase_add_test(tc, who_consumes_takes_bits_from_those_behind);
	tcase_add_test(tc, what_a_clear_lets_through_is_consumed);
	tcase_add_test(tc, a_wish_that_is_met_does_not_wait);
	tcase_add_test(tc, bad_wishes_are_refused);
	tcase_add_test(tc, broadcast_serves_who_waits_and_leaves_nothing);
	tcase_add_test(tc, a_broadcast_is_consumed_by_nobody);
	tcase_add_test(tc, a_wait_times_out);
	tcase_add_test(tc, destroy_ends_waits_and_refuses_later_calls);
	tcase_add_loop_test(tc, random_posts_serve_as_the_model_does, 0, 200);
	tc = unit_race_case(suite, "races");
	tcase_add_loop_test(tc, post_against_timeout_gives_the_bit_once, 0, 2);
	tcase_add_test(tc, post_against_post_misses_no_bit);
	return suite;
}
