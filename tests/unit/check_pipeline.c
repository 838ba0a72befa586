// SPDX-License-Identifier: GPL-2.0
/*
 * hal/pipeline.c: its rules and invariants one by one, then any order of calls against plain sets.
 */
#include <string.h>

#include "hal/pipeline.h"
#include "tests/unit/unit.h"

#define STALLED PIPELINE_STALLED
#define PENDING PIPELINE_PENDING

static struct pipeline p;
static unsigned int state;

static void fresh(void)
{
	memset(&p, 0, sizeof(p));
	state = 0;
}

static int log_one(unsigned int vector)
{
	return pipeline_arrive(&p, &state, 0, vector);
}

static void expect_next(int vector, unsigned int eois, int raise)
{
	unsigned int got_eois;
	int got_raise;

	ck_assert_int_eq(pipeline_next(&p, &state, &got_eois, &got_raise), vector);
	ck_assert_uint_eq(got_eois, eois);
	ck_assert_int_eq(got_raise, raise);
}

/* ---- arrival --------------------------------------------------------------------- */

START_TEST(open_and_in_band_delivers)
{
	ck_assert_int_eq(pipeline_arrive(&p, &state, 0, 0x31), PIPELINE_DELIVER);
	ck_assert_uint_eq(state, 0);
	ck_assert_uint_eq(p.logged, 0);
	expect_next(-1, 0, 0);
}
END_TEST

START_TEST(stalled_logs)
{
	state = STALLED;
	ck_assert_int_eq(pipeline_arrive(&p, &state, 0, 0x31), PIPELINE_LOG);
	ck_assert_uint_eq(state, STALLED | PENDING);
	ck_assert_uint_eq(p.logged, 1);
}
END_TEST

START_TEST(an_oob_thread_logs_though_V_is_open)
{
	ck_assert_int_eq(pipeline_arrive(&p, &state, 1, 0x31), PIPELINE_LOG);
	ck_assert_uint_eq(state, PENDING);
	ck_assert_int_eq(pipeline_arrive(&p, &state, 1, 0x32), PIPELINE_LOG);
	ck_assert_uint_eq(p.logged, 2);
}
END_TEST

START_TEST(other_bits_of_the_state_stay)
{
	state = STALLED | 0x10000;
	log_one(0x31);
	ck_assert_uint_eq(state, STALLED | PENDING | 0x10000);
	expect_next(0x31, 0, 1);
	expect_next(-1, 0, 0);
	ck_assert_uint_eq(state, STALLED | 0x10000);
}
END_TEST

START_TEST(the_log_is_due_when_V_opens)
{
	ck_assert_int_eq(pipeline_due(0), 0);
	ck_assert_int_eq(pipeline_due(STALLED), 0);
	ck_assert_int_eq(pipeline_due(STALLED | PENDING), 0);
	ck_assert_int_eq(pipeline_due(PENDING), 1);
	ck_assert_int_eq(pipeline_due(PENDING | 0x10000), 1);
}
END_TEST

/* ---- give-back ------------------------------------------------------------------- */

START_TEST(the_log_comes_back_highest_first)
{
	static const int vectors[] = { 0x7f, 0x20, 0xff, 0x80, 0x40, 0x3f, 0xbf, 0xc0, 0x00 };
	static const int order[] = { 0xff, 0xc0, 0xbf, 0x80, 0x7f, 0x40, 0x3f, 0x20, 0x00 };

	state = STALLED;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		log_one(vectors[i]);
	state &= ~STALLED;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		ck_assert_uint_eq(state, PENDING);
		expect_next(order[i], 0, 1);
	}
	expect_next(-1, 0, 0);
	ck_assert_uint_eq(state, 0);
}
END_TEST

START_TEST(a_vector_logged_twice_comes_back_once)
{
	state = STALLED;
	log_one(0x31);
	log_one(0x31);
	ck_assert_uint_eq(p.logged, 2);
	expect_next(0x31, 0, 1);
	expect_next(-1, 0, 0);
}
END_TEST

START_TEST(a_held_vector_is_finished_not_raised)
{
	state = STALLED;
	pipeline_hold(&p, 0x41);
	log_one(0x41);
	log_one(0x35);
	expect_next(0x41, 1, 0);
	expect_next(0x35, 0, 1);
	expect_next(-1, 0, 0);
	/* Nothing of it is left: the next 0x41 is held anew. */
	pipeline_hold(&p, 0x41);
	ck_assert_int_eq(pipeline_check(&p, state, 1), 0);
	pipeline_hold(&p, 0x31);
	ck_assert_uint_eq(pipeline_finish(&p, 0x31), 0);
	ck_assert_uint_eq(pipeline_finish(&p, 0x41), 2);
}
END_TEST

START_TEST(a_held_vector_given_back_waits_for_a_higher_one)
{
	state = STALLED;
	pipeline_hold(&p, 0x31);
	log_one(0x31);
	pipeline_hold(&p, 0x41);
	expect_next(0x31, 0, 0);
	ck_assert_uint_eq(pipeline_finish(&p, 0x41), 2);
}
END_TEST

/* ---- level lines ----------------------------------------------------------------- */

START_TEST(an_edge_needs_no_finish)
{
	ck_assert_uint_eq(pipeline_finish(&p, 0x31), 0);
	pipeline_hold(&p, 0x41);
	ck_assert_uint_eq(pipeline_finish(&p, 0x31), 0);
	ck_assert_int_eq(pipeline_check(&p, state, 0), 0);
	ck_assert_uint_eq(pipeline_finish(&p, 0x41), 1);
}
END_TEST

START_TEST(ends_of_interrupt_leave_in_hardware_order)
{
	pipeline_hold(&p, 0x31);
	pipeline_hold(&p, 0x41);
	pipeline_hold(&p, 0x85);
	pipeline_hold(&p, 0xc1);
	ck_assert_uint_eq(pipeline_finish(&p, 0x41), 0);
	ck_assert_uint_eq(pipeline_finish(&p, 0xc1), 1);
	ck_assert_uint_eq(pipeline_finish(&p, 0x31), 0);
	ck_assert_uint_eq(pipeline_finish(&p, 0x85), 3);
	ck_assert_uint_eq(pipeline_finish(&p, 0x31), 0);
}
END_TEST

START_TEST(finished_twice_counts_once)
{
	pipeline_hold(&p, 0x31);
	pipeline_hold(&p, 0x41);
	ck_assert_uint_eq(pipeline_finish(&p, 0x31), 0);
	ck_assert_uint_eq(pipeline_finish(&p, 0x31), 0);
	ck_assert_uint_eq(pipeline_finish(&p, 0x41), 2);
	ck_assert_uint_eq(pipeline_finish(&p, 0x41), 0);
}
END_TEST

/* ---- invariants ------------------------------------------------------------------ */

START_TEST(I1_pending_says_that_something_is_logged)
{
	ck_assert_int_eq(pipeline_check(&p, PENDING, 1), 1);
	ck_assert_int_eq(pipeline_check(&p, STALLED, 1), 0);
	for (unsigned int v = 0; v < PIPELINE_VECTORS; v += 51) {
		fresh();
		state = STALLED;
		log_one(v);
		ck_assert_int_eq(pipeline_check(&p, state, 1), 0);
		ck_assert_int_eq(pipeline_check(&p, STALLED, 1), 1);
	}
}
END_TEST

START_TEST(I2_only_a_held_vector_is_done)
{
	for (unsigned int v = 0; v < PIPELINE_VECTORS; v += 51) {
		fresh();
		p.done.word[v / 64] = 1ul << (v % 64);
		ck_assert_int_eq(pipeline_check(&p, 0, 1), 2);
		pipeline_hold(&p, v);
		ck_assert_int_eq(pipeline_check(&p, 0, 1), 0);
	}
}
END_TEST

START_TEST(I3_all_open_and_a_log_is_a_leak)
{
	pipeline_arrive(&p, &state, 1, 0x31);
	ck_assert_int_eq(pipeline_check(&p, state, 0), 3);
	ck_assert_int_eq(pipeline_check(&p, state, 1), 0);
	ck_assert_int_eq(pipeline_check(&p, state | STALLED, 0), 0);
}
END_TEST

/* ---- random ---------------------------------------------------------------------- */

struct naive {
	int log[PIPELINE_VECTORS], held[PIPELINE_VECTORS], done[PIPELINE_VECTORS];
};

static int naive_top(const int *set)
{
	int top = -1;

	for (int v = 0; v < PIPELINE_VECTORS; v++)
		if (set[v])
			top = v;
	return top;
}

static unsigned int naive_finish(struct naive *n, int v)
{
	unsigned int eois = 0;

	n->done[v] |= n->held[v];
	for (int top; (top = naive_top(n->held)) >= 0 && n->done[top]; eois++)
		n->held[top] = n->done[top] = 0;
	return eois;
}

static void naive_give_back(struct naive *n)
{
	for (int v; (v = naive_top(n->log)) >= 0; n->log[v] = 0)
		if (n->held[v])
			expect_next(v, naive_finish(n, v), 0);
		else
			expect_next(v, 0, 1);
	expect_next(-1, 0, 0);
}

static void naive_step(struct naive *n)
{
	int v = unit_random(PIPELINE_VECTORS), oob = unit_random(2);

	switch (unit_random(12)) {
	case 0:
		naive_give_back(n);
		break;
	case 1:
		state ^= STALLED;
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		n->log[v] |= oob || (state & STALLED);
		ck_assert_int_eq(pipeline_arrive(&p, &state, oob, v),
				 oob || (state & STALLED) ? PIPELINE_LOG : PIPELINE_DELIVER);
		break;
	case 6:
	case 7:
	case 8:
		n->held[v] = 1;
		pipeline_hold(&p, v);
		break;
	default:
		v = unit_random(2) ? v : naive_top(n->held);
		if (v >= 0)
			ck_assert_uint_eq(pipeline_finish(&p, v), naive_finish(n, v));
		break;
	}
}

START_TEST(any_order_of_calls_matches_plain_sets)
{
	static struct naive n;

	memset(&n, 0, sizeof(n));
	for (int i = 0; i < 50000; i++) {
		naive_step(&n);
		ck_assert_int_eq(pipeline_check(&p, state, 1), 0);
		ck_assert_int_eq(!!(state & PENDING), naive_top(n.log) >= 0);
	}
}
END_TEST

Suite *pipeline_suite(void)
{
	Suite *suite = suite_create("pipeline");
	TCase *tc = unit_case(suite, "pipeline");

	tcase_add_checked_fixture(tc, fresh, NULL);
	tcase_add_test(tc, open_and_in_band_delivers);
	tcase_add_test(tc, stalled_logs);
	tcase_add_test(tc, an_oob_thread_logs_though_V_is_open);
	tcase_add_test(tc, other_bits_of_the_state_stay);
	tcase_add_test(tc, the_log_is_due_when_V_opens);
	tcase_add_test(tc, the_log_comes_back_highest_first);
	tcase_add_test(tc, a_vector_logged_twice_comes_back_once);
	tcase_add_test(tc, a_held_vector_is_finished_not_raised);
	tcase_add_test(tc, a_held_vector_given_back_waits_for_a_higher_one);
	tcase_add_test(tc, an_edge_needs_no_finish);
	tcase_add_test(tc, ends_of_interrupt_leave_in_hardware_order);
	tcase_add_test(tc, finished_twice_counts_once);
	tcase_add_test(tc, I1_pending_says_that_something_is_logged);
	tcase_add_test(tc, I2_only_a_held_vector_is_done);
	tcase_add_test(tc, I3_all_open_and_a_log_is_a_leak);
	tcase_add_test(tc, any_order_of_calls_matches_plain_sets);
	return suite;
}
