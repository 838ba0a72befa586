// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/pipe.c. In-band is the test itself, and what CPU 1 is given to run.
 */
#include <string.h>

#include "nucleus/pipe.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "nucleus/watch.h"
#include "tests/unit/pipes.h"
#include "tests/unit/unit.h"

START_TEST(room_refuses_what_makes_no_sense)
{
	ck_assert_uint_eq(nk_pipe_room(0, 1), 0);
	ck_assert_uint_eq(nk_pipe_room(1, 0), 0);
	ck_assert_uint_eq(nk_pipe_room(NK_PIPE_PLACES + 1, 1), 0);
	ck_assert_uint_eq(nk_pipe_room(1, NK_PIPE_SIZE + 1), 0);
	ck_assert_uint_eq(nk_pipe_room(NK_PIPE_PLACES, 1),
			  NK_PIPE_PLACES * (sizeof(struct nk_parcel) + 8));
	ck_assert_uint_eq(nk_pipe_room(1, NK_PIPE_SIZE), sizeof(struct nk_parcel) + NK_PIPE_SIZE);
	ck_assert_uint_eq(nk_pipe_room(2, 8), 2 * (sizeof(struct nk_parcel) + 8));
}
END_TEST

START_TEST(messages_come_in_the_order_they_were_sent)
{
	ck_assert_int_eq(pipe_push(&pipe_out, 'a'), 0);
	ck_assert_int_eq(pipe_push(&pipe_out, 'b'), 0);
	ck_assert_int_eq(pipe_push(&pipe_out, 'c'), -NK_EWOULDBLOCK);
	ck_assert_int_eq(pipe_pull(&pipe_out), 'a');
	ck_assert_int_eq(pipe_push(&pipe_out, 'c'), 0);
	ck_assert_int_eq(pipe_pull(&pipe_out), 'b');
	ck_assert_int_eq(pipe_pull(&pipe_out), 'c');
	ck_assert_int_eq(pipe_pull(&pipe_out), -NK_EWOULDBLOCK);
}
END_TEST

/* What a thread writes with how[], piece by piece. */
static void joins_pieces(struct unit_thread *u)
{
	const unsigned long *how = u->arg;

	for (u->ret = 0; *how && !u->ret; how++)
		u->ret = nk_pipe_write(&pipe_out, "abacadabraabac", *how, 0);
}

static long pieces(const unsigned long *how)
{
	struct unit_thread *u = unit_run("u", 10, 0, joins_pieces, (void *)how);

	ck_assert_int_eq(u->done, 1);
	return u->ret;
}

static unsigned int taken(void)
{
	struct nk_parcel *parcel;
	unsigned int size;

	if (nk_pipe_take(&pipe_out, PIPE_SIZE, 0, &parcel))
		return 0;
	size = parcel->size;
	ck_assert_int_eq(memcmp(parcel->data, size > 2 ? "aba" : "a", size > 2 ? 3 : 1), 0);
	nk_pipe_free(&pipe_out, parcel);
	return size;
}

START_TEST(what_is_joined_is_one_message_until_it_is_full_or_taken)
{
	static const unsigned long two[] = { NK_PIPE_JOIN | 2, NK_PIPE_JOIN | 1, 0 };
	static const unsigned long full[] = { NK_PIPE_JOIN | (PIPE_SIZE - 1), NK_PIPE_JOIN | 2, 0 };
	static const unsigned long plain[] = { 2, NK_PIPE_JOIN | 1, NK_PIPE_JOIN | 1, 0 };

	ck_assert_int_eq(pieces(two), 0);
	ck_assert_uint_eq(taken(), 3);
	ck_assert_uint_eq(taken(), 0);
	ck_assert_int_eq(pieces(full), 0);
	ck_assert_uint_eq(pipe_out.count, 2);
	while (taken())
		;
	ck_assert_int_eq(pieces(plain), 0);	/* what was sent as a message stays one */
	ck_assert_uint_eq(taken(), 2);
	ck_assert_uint_eq(taken(), 2);
	ck_assert_int_eq(pipe_room(&pipe_out), PIPE_PLACES);
}
END_TEST

START_TEST(in_band_never_waits)
{
	struct nk_parcel *parcel;

	ck_assert_int_eq(nk_pipe_take(&pipe_out, PIPE_SIZE, NK_TIME_NEVER, &parcel), -NK_EWOULDBLOCK);
	pipe_push(&pipe_in, 'a');
	pipe_push(&pipe_in, 'b');
	ck_assert_int_eq(nk_pipe_place(&pipe_in, NK_TIME_NEVER, &parcel), -NK_EWOULDBLOCK);
}
END_TEST

START_TEST(a_reader_waits_for_a_message)
{
	struct unit_thread *low = unit_run("low", 10, 0, pipe_reads, NULL);
	struct unit_thread *high = unit_run("high", 20, 0, pipe_reads, NULL);

	pipe_push(&pipe_in, 'a');
	ck_assert_int_eq(high->done, 1);
	ck_assert_int_eq(low->done, 0);
	pipe_push(&pipe_in, 'b');
	ck_assert_str_eq(unit_marks(), "ab");
	ck_assert_int_eq(low->ret, PIPE_SIZE);
	ck_assert_int_eq(pipe_room(&pipe_in), PIPE_PLACES);
}
END_TEST

START_TEST(a_writer_waits_for_a_place)
{
	struct unit_thread *u;

	pipe_push(&pipe_out, 'a');
	pipe_push(&pipe_out, 'b');
	u = unit_run("u", 10, 0, pipe_writes, "c");
	ck_assert_int_eq(u->done, 0);
	ck_assert_int_eq(pipe_pull(&pipe_out), 'a');
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(pipe_pull(&pipe_out), 'b');
	ck_assert_int_eq(pipe_pull(&pipe_out), 'c');
}
END_TEST

START_TEST(waits_time_out)
{
	struct unit_thread *r, *w;

	pipe_push(&pipe_out, 'a');
	pipe_push(&pipe_out, 'b');
	pipe_deadline = hal_clock_now() + 100;
	r = unit_run("r", 10, 0, pipe_reads, NULL);
	w = unit_run("w", 10, 0, pipe_writes, "c");
	sim_advance(99);
	ck_assert_int_eq(r->done + w->done, 0);
	sim_advance(1);
	ck_assert_int_eq(r->ret, -NK_ETIMEDOUT);
	ck_assert_int_eq(w->ret, -NK_ETIMEDOUT);
	pipe_push(&pipe_in, 'x');
	ck_assert_int_eq(pipe_pull(&pipe_in), 'x');
}
END_TEST

START_TEST(without_a_deadline_nobody_waits)
{
	struct unit_thread *r, *w;

	pipe_push(&pipe_out, 'a');
	pipe_push(&pipe_out, 'b');
	pipe_deadline = 0;
	r = unit_run("r", 10, 0, pipe_reads, NULL);
	w = unit_run("w", 10, 0, pipe_writes, "c");
	ck_assert_int_eq(r->ret, -NK_EWOULDBLOCK);
	ck_assert_int_eq(w->ret, -NK_EWOULDBLOCK);
	pipe_push(&pipe_in, 'x');
	r = unit_run("r", 10, 0, pipe_reads, NULL);
	ck_assert_int_eq(r->ret, PIPE_SIZE);
}
END_TEST

static void odd_calls(struct unit_thread *u)
{
	char text[PIPE_SIZE + 1] = { 0 };

	(void)u;
	ck_assert_int_eq(nk_pipe_write(&pipe_out, text, 0, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_pipe_write(&pipe_out, text, PIPE_SIZE + 1, 0), -NK_EMSGSIZE);
	ck_assert_int_eq((int)nk_pipe_read(&pipe_in, text, PIPE_SIZE - 1, 0), -NK_EMSGSIZE);
	sim_user_hole(text);
	ck_assert_int_eq((int)nk_pipe_read(&pipe_in, text, PIPE_SIZE, 0), -NK_EFAULT);
	ck_assert_int_eq(nk_pipe_write(&pipe_out, text, PIPE_SIZE, 0), -NK_EFAULT);
	sim_user_hole(NULL);
	ck_assert_int_eq((int)nk_pipe_read(&pipe_in, text, PIPE_SIZE + 1, 0), PIPE_SIZE);
	ck_assert_int_eq(text[0], 'a');
	ck_assert_int_eq(nk_pipe_write(&pipe_out, "0123456789012", PIPE_SIZE, 0), 0);
}

START_TEST(what_is_refused_leaves_all_as_it_was)
{
	struct unit_thread *u = unit_user("u", 10, odd_calls, NULL);

	pipe_push(&pipe_in, 'a');
	pipe_push(&pipe_in, 'b');
	unit_enter(u);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(pipe_pull(&pipe_out), '2');
	ck_assert_int_eq(pipe_pull(&pipe_out), -NK_EWOULDBLOCK);
	ck_assert_int_eq(pipe_pull(&pipe_in), 'b');
	ck_assert_int_eq(pipe_room(&pipe_in), PIPE_PLACES);
	ck_assert_int_eq(pipe_room(&pipe_out), PIPE_PLACES);
}
END_TEST

START_TEST(in_band_is_told_once_and_only_if_it_asks)
{
	pipe_push(&pipe_out, 'a');
	ck_assert_int_eq(pipe_out_work.posts, 0);
	ck_assert_int_eq(nk_pipe_want(&pipe_out), 1);
	pipe_pull(&pipe_out);
	ck_assert_int_eq(nk_pipe_want(&pipe_out), 0);
	pipe_push(&pipe_out, 'b');
	pipe_push(&pipe_out, 'c');
	ck_assert_int_eq(pipe_out_work.posts, 1);
	ck_assert_int_eq(nk_pipe_want(&pipe_in), 1);
	pipe_push(&pipe_in, 'a');
	pipe_push(&pipe_in, 'b');
	ck_assert_int_eq(nk_pipe_want(&pipe_in), 0);
	ck_assert_int_eq(pipe_in_work.posts, 0);
	pipe_pull(&pipe_in);
	pipe_pull(&pipe_in);
	ck_assert_int_eq(pipe_in_work.posts, 1);
}
END_TEST

START_TEST(a_place_that_goes_to_a_waiter_is_not_told)
{
	struct unit_thread *u = unit_run("u", 10, 0, pipe_reads, NULL);

	ck_assert_int_eq(nk_pipe_want(&pipe_in), 1);
	pipe_push(&pipe_in, 'a');
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(pipe_in_work.posts, 0);
}
END_TEST

START_TEST(an_untaken_message_is_the_next)
{
	struct nk_parcel *parcel;

	pipe_push(&pipe_out, 'a');
	pipe_push(&pipe_out, 'b');
	nk_pipe_take(&pipe_out, PIPE_SIZE, 0, &parcel);
	nk_pipe_untake(&pipe_out, parcel);
	ck_assert_int_eq(pipe_pull(&pipe_out), 'a');
}
END_TEST

START_TEST(flush_drops_what_is_there_and_lets_writers_go_on)
{
	struct unit_thread *u;

	pipe_push(&pipe_out, 'a');
	pipe_push(&pipe_out, 'b');
	u = unit_run("u", 10, 0, pipe_writes, "c");
	ck_assert_int_eq(nk_pipe_flush(&pipe_out), 2);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(pipe_pull(&pipe_out), 'c');
	ck_assert_int_eq(nk_pipe_flush(&pipe_out), 0);
	pipe_push(&pipe_in, 'a');
	ck_assert_int_eq(nk_pipe_flush(&pipe_in), 1);
	ck_assert_int_eq(pipe_room(&pipe_in), PIPE_PLACES);
}
END_TEST

static int gaps;

static void a_gap(void)
{
	gaps++;
}

/* As calls of user threads are. */
static void flushes_masked(struct unit_thread *u)
{
	hal_flags_t flags = hal_oob_save();

	sim_on_unmask(a_gap);
	u->ret = nk_pipe_flush(&pipe_in);
	sim_on_unmask(NULL);
	hal_oob_restore(flags);
}

START_TEST(a_flush_lets_interrupts_in_between)
{
	pipe_push(&pipe_in, 'a');
	pipe_push(&pipe_in, 'b');
	gaps = 0;
	ck_assert_int_eq(unit_run("u", 10, 0, flushes_masked, NULL)->ret, 2);
	ck_assert_int_eq(gaps, 2);
}
END_TEST

START_TEST(close_ends_waits_and_leaves_in_band_the_rest)
{
	struct unit_thread *r = unit_run("r", 10, 0, pipe_reads, NULL), *w;

	pipe_push(&pipe_out, 'a');
	pipe_push(&pipe_out, 'b');
	w = unit_run("w", 10, 0, pipe_writes, "c");
	nk_pipe_close(&pipe_in);
	nk_pipe_close(&pipe_out);
	ck_assert_int_eq(r->ret, -NK_EIDRM);
	ck_assert_int_eq(w->ret, -NK_EIDRM);
	ck_assert_int_eq(pipe_in_work.posts + pipe_out_work.posts, 2);
	ck_assert_int_eq(nk_pipe_want(&pipe_in), 1);
	ck_assert_int_eq(pipe_push(&pipe_in, 'x'), -NK_EIDRM);
	ck_assert_int_eq(pipe_pull(&pipe_out), 'a');
	ck_assert_int_eq(pipe_pull(&pipe_out), 'b');
	ck_assert_int_eq(pipe_pull(&pipe_out), -NK_EIDRM);
	ck_assert_int_eq(nk_pipe_want(&pipe_out), 1);
}
END_TEST

START_TEST(hard_threads_get_nothing_from_a_closed_pipe)
{
	struct unit_thread *u;

	pipe_push(&pipe_in, 'a');
	nk_pipe_close(&pipe_in);
	u = unit_run("u", 10, 0, pipe_reads, NULL);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
}
END_TEST

START_TEST(what_is_too_long_for_who_waits_goes_to_the_next)
{
	struct unit_thread *high = unit_run("high", 20, 0, pipe_reads_little, NULL);
	struct unit_thread *low = unit_run("low", 10, 0, pipe_reads, NULL);

	pipe_push(&pipe_in, 'a');
	ck_assert_int_eq(high->ret, -NK_EMSGSIZE);
	ck_assert_int_eq(low->ret, PIPE_SIZE);
	high = unit_run("high", 20, 0, pipe_reads_little, NULL);
	pipe_push(&pipe_in, 'b');
	ck_assert_int_eq(high->ret, -NK_EMSGSIZE);
	ck_assert_int_eq(pipe_pull(&pipe_in), 'b');
}
END_TEST

static void watches(struct unit_thread *u)
{
	struct nk_watch w = { .wq = &pipe_in.wq, .ready = nk_pipe_is_ready };

	u->ret = nk_watch_wait(&w, 1, pipe_deadline);
}

START_TEST(a_message_is_seen_by_who_watches)
{
	struct unit_thread *u = unit_run("u", 10, 0, watches, NULL);

	ck_assert_int_eq(u->done, 0);
	pipe_push(&pipe_in, 'a');
	ck_assert_int_eq(u->ret, 1);
	u = unit_run("v", 10, 0, watches, NULL);
	ck_assert_int_eq(u->ret, 1);
}
END_TEST

START_TEST(losses_are_counted)
{
	nk_pipe_lose(&pipe_out);
	nk_pipe_lose(&pipe_out);
	ck_assert_uint_eq(pipe_out.lost, 2);
}
END_TEST

Suite *pipe_suite(void)
{
	Suite *suite = suite_create("pipe");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, pipes_setup, pipes_teardown);
	tcase_add_test(tc, room_refuses_what_makes_no_sense);
	tcase_add_test(tc, messages_come_in_the_order_they_were_sent);
	tcase_add_test(tc, what_is_joined_is_one_message_until_it_is_full_or_taken);
	tcase_add_test(tc, in_band_never_waits);
	tcase_add_test(tc, a_reader_waits_for_a_message);
	tcase_add_test(tc, a_writer_waits_for_a_place);
	tcase_add_test(tc, waits_time_out);
	tcase_add_test(tc, without_a_deadline_nobody_waits);
	tcase_add_test(tc, what_is_refused_leaves_all_as_it_was);
	tcase_add_test(tc, in_band_is_told_once_and_only_if_it_asks);
	tcase_add_test(tc, a_place_that_goes_to_a_waiter_is_not_told);
	tcase_add_test(tc, an_untaken_message_is_the_next);
	tcase_add_test(tc, flush_drops_what_is_there_and_lets_writers_go_on);
	tcase_add_test(tc, a_flush_lets_interrupts_in_between);
	tcase_add_test(tc, close_ends_waits_and_leaves_in_band_the_rest);
	tcase_add_test(tc, hard_threads_get_nothing_from_a_closed_pipe);
	tcase_add_test(tc, what_is_too_long_for_who_waits_goes_to_the_next);
	tcase_add_test(tc, a_message_is_seen_by_who_watches);
	tcase_add_test(tc, losses_are_counted);
	return suite;
}
