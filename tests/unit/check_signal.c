// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/signal.c
 */
#include "nucleus/sched.h"
#include "nucleus/signal.h"
#include "tests/unit/unit.h"

#define BLOCKED (nk_signal_bit(10) | nk_signal_bit(12) | nk_signal_bit(40) | nk_signal_bit(64))

static struct nk_signals s;
static nk_u64 own, shared;
static struct nk_signal got;
static nk_u64 set;
static nk_time_t until;

static void waits(struct unit_thread *u)
{
	u->ret = nk_signal_wait(set, until, &got);
}

static struct unit_thread *waiter(void)
{
	struct unit_thread *u = unit_make("waiter", 10, 1, waits, NULL);

	nk_signals_init(&s, &u->t, &own, &shared);
	nk_signals_open(&s, BLOCKED);
	return u;
}

static void setup(void)
{
	unit_setup();
	own = 0;
	shared = 0;
	got = (struct nk_signal){ 0 };
	set = BLOCKED;
	until = NK_TIME_NEVER;
}

static int send(int signo, nk_u64 value)
{
	const struct nk_signal sig = { .signo = signo, .value = value };
	hal_flags_t flags = hal_oob_save();
	int sent = nk_signal_send(&s, &sig);

	nk_sched();
	hal_oob_restore(flags);
	return sent;
}

static int offer(int signo)
{
	const struct nk_signal sig = { .signo = signo };
	hal_flags_t flags = hal_oob_save();
	int sent = nk_signal_offer(&s, &sig);

	nk_sched();
	hal_oob_restore(flags);
	return sent;
}

/* One that waits takes it, with its value; a second one is kept. */
START_TEST(a_signal_ends_the_wait_for_it)
{
	struct unit_thread *u = waiter();

	nk_thread_start(&u->t);
	sim_settle();
	ck_assert_int_eq(u->done, 0);
	ck_assert_int_eq(nk_signal_waiters, 1);
	ck_assert_int_eq(send(12, 7), 1);
	sim_settle();
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(got.signo, 12);
	ck_assert_uint_eq(got.value, 7);
	ck_assert_int_eq(nk_signal_waiters, 0);
	ck_assert_int_eq(send(12, 8), 1);
	ck_assert_int_eq(s.count, 1);
}
END_TEST

START_TEST(what_it_does_not_wait_for_is_kept)
{
	struct unit_thread *u = waiter();

	set = nk_signal_bit(10);
	nk_thread_start(&u->t);
	sim_settle();
	ck_assert_int_eq(send(12, 0), 1);
	sim_settle();
	ck_assert_int_eq(u->done, 0);
	ck_assert_int_eq(s.count, 1);
	ck_assert_int_eq(send(10, 0), 1);
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(got.signo, 10);
}
END_TEST

START_TEST(lowest_number_first_and_of_one_number_the_oldest)
{
	struct unit_thread *u = waiter();

	until = 0;
	send(64, 1);
	send(40, 2);
	send(12, 3);
	send(40, 4);
	nk_thread_start(&u->t);
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(got.signo, 12);
	ck_assert_int_eq(s.count, 3);
	ck_assert_int_eq(s.kept[1].value, 2);
	ck_assert_int_eq(s.kept[2].value, 4);
}
END_TEST

START_TEST(below_the_queued_ones_one_of_a_number_is_kept)
{
	waiter();
	ck_assert_int_eq(send(12, 1), 1);
	ck_assert_int_eq(send(12, 2), 2);
	ck_assert_int_eq(s.count, 1);
	ck_assert_uint_eq(s.kept[0].value, 1);
	for (int i = 1; i < NK_SIGNALS; i++)
		ck_assert_int_eq(send(40, i), 1);
	ck_assert_int_eq(send(40, 0), 0);
	ck_assert_int_eq(s.count, NK_SIGNALS);
}
END_TEST

START_TEST(a_timers_second_signal_is_its_overrun)
{
	const struct nk_signal tick = { .signo = 40, .timer = 3, .overrun = 2 };
	const struct nk_signal another = { .signo = 40, .timer = 4 };
	hal_flags_t flags;

	waiter();
	flags = hal_oob_save();
	ck_assert_int_eq(nk_signal_send(&s, &tick), 1);
	ck_assert_int_eq(nk_signal_send(&s, &tick), 2);
	ck_assert_int_eq(nk_signal_send(&s, &another), 1);
	hal_oob_restore(flags);
	ck_assert_int_eq(s.count, 2);
	ck_assert_uint_eq(s.kept[0].overrun, 5);
	ck_assert_uint_eq(s.kept[1].overrun, 0);
}
END_TEST

START_TEST(what_is_not_blocked_or_closed_is_for_linux)
{
	struct nk_signal sig;

	waiter();
	ck_assert_int_eq(send(11, 0), 0);
	ck_assert_int_eq(send(12, 5), 1);
	nk_signals_close(&s);
	ck_assert_int_eq(send(12, 0), 0);
	ck_assert_int_eq(send(40, 0), 0);
	ck_assert_int_eq(nk_signals_next(&s, &sig), 1);
	ck_assert_uint_eq(sig.value, 5);
	ck_assert_int_eq(nk_signals_next(&s, &sig), 0);
}
END_TEST

START_TEST(an_offer_is_for_who_waits)
{
	struct unit_thread *u = waiter();

	ck_assert_int_eq(offer(12), 0);
	ck_assert_int_eq(s.count, 0);
	nk_thread_start(&u->t);
	sim_settle();
	ck_assert_int_eq(offer(11), 0);
	ck_assert_int_eq(offer(12), 1);
	sim_settle();
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(got.signo, 12);
}
END_TEST

/* From the signal on, though it has not run yet. */
START_TEST(who_was_told_wants_nothing_more)
{
	struct unit_thread *u = waiter();

	nk_thread_start(&u->t);
	sim_settle();
	ck_assert_int_eq(send(12, 0), 1);
	ck_assert_int_eq(u->done, 0);
	ck_assert_int_eq(nk_signal_waiters, 0);
	ck_assert_int_eq(offer(1), 0);
	sim_settle();
	ck_assert_int_eq(u->ret, 0);
}
END_TEST

START_TEST(a_wait_ends_in_time_or_does_not_begin)
{
	struct unit_thread *u = waiter();

	until = hal_clock_now() + 1000;
	nk_thread_start(&u->t);
	sim_settle();
	sim_advance(999);
	ck_assert_int_eq(u->done, 0);
	sim_advance(1);
	sim_settle();
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	ck_assert_int_eq(nk_signal_waiters, 0);
}
END_TEST

START_TEST(a_poll_finds_nothing)
{
	struct unit_thread *u = waiter();

	until = 0;
	nk_thread_start(&u->t);
	sim_settle();
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
}
END_TEST

START_TEST(one_that_is_not_blocked_cannot_be_waited_for)
{
	struct unit_thread *u = waiter();

	set |= nk_signal_bit(1);
	nk_thread_start(&u->t);
	sim_settle();
	ck_assert_int_eq(u->ret, -NK_EINVAL);
}
END_TEST

START_TEST(what_linux_has_is_fetched_there)
{
	struct unit_thread *u = waiter();

	if (_i)
		own = nk_signal_bit(40);
	else
		shared = nk_signal_bit(40);
	nk_thread_start(&u->t);
	sim_settle();
	ck_assert_int_eq(u->ret, -NK_EBUSY);
	ck_assert_int_eq(nk_signal_waiters, 0);
}
END_TEST

/* ---- races ------------------------------------------------------------------------------- */

static void brings(void *arg)
{
	(void)arg;
	__atomic_store_n(&own, nk_signal_bit(40), __ATOMIC_SEQ_CST);
	nk_signal_inband(&s, 40);
}

static void sends(void *arg)
{
	(void)arg;
	send(40, 9);
}

/* SG3: the wait begins while Linux gets one. */
static void inband_against_wait(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = waiter();
	u->t.cpu = 0;
	sim_post(1, brings, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, -NK_EBUSY);
	unit_teardown();
}

START_TEST(a_signal_of_linux_is_not_missed)
{
	unit_explore(inband_against_wait, NULL);
}
END_TEST

/* SG2: either it is taken, or it is kept for the next wait. */
static void send_against_timeout(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = waiter();
	until = hal_clock_now() + 100;
	nk_thread_start(&u->t);
	sim_settle();
	sim_post(1, sends, NULL);
	sim_race_begin();
	sim_advance(100);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(s.count, u->ret ? 1 : 0);
	ck_assert_int_eq(nk_signal_waiters, 0);
	unit_teardown();
}

START_TEST(send_against_timeout_loses_nothing)
{
	unit_explore(send_against_timeout, NULL);
}
END_TEST

static void closes(void *arg)
{
	(void)arg;
	nk_signals_close(&s);
}

/* SG1: what was taken before is there, what comes later is refused. */
static void send_against_close(void *arg)
{
	int sent;

	(void)arg;
	setup();
	waiter();
	sim_post(1, closes, NULL);
	sim_race_begin();
	sent = send(40, 1);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(s.count, sent);
	ck_assert_int_eq(send(40, 2), 0);
	unit_teardown();
}

START_TEST(send_against_close_has_one_answer)
{
	unit_explore(send_against_close, NULL);
}
END_TEST

Suite *signal_suite(void)
{
	Suite *suite = suite_create("signal");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, unit_teardown);
	tcase_add_test(tc, a_signal_ends_the_wait_for_it);
	tcase_add_test(tc, what_it_does_not_wait_for_is_kept);
	tcase_add_test(tc, lowest_number_first_and_of_one_number_the_oldest);
	tcase_add_test(tc, below_the_queued_ones_one_of_a_number_is_kept);
	tcase_add_test(tc, a_timers_second_signal_is_its_overrun);
	tcase_add_test(tc, what_is_not_blocked_or_closed_is_for_linux);
	tcase_add_test(tc, an_offer_is_for_who_waits);
	tcase_add_test(tc, who_was_told_wants_nothing_more);
	tcase_add_test(tc, a_wait_ends_in_time_or_does_not_begin);
	tcase_add_test(tc, a_poll_finds_nothing);
	tcase_add_test(tc, one_that_is_not_blocked_cannot_be_waited_for);
	tcase_add_loop_test(tc, what_linux_has_is_fetched_there, 0, 2);
	tc = unit_race_case(suite, "races");
	tcase_add_test(tc, a_signal_of_linux_is_not_missed);
	tcase_add_test(tc, send_against_timeout_loses_nothing);
	tcase_add_test(tc, send_against_close_has_one_answer);
	return suite;
}
