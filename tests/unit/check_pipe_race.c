// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/pipe.c: a message or a place against timeouts, recalls, readers, and the end.
 */
#include "nucleus/sched.h"
#include "tests/unit/pipes.h"
#include "tests/unit/unit.h"

static void push_in(void *arg)
{
	pipe_push(&pipe_in, *(char *)arg);
}

static int got;

static void pull_out(void *arg)
{
	(void)arg;
	got = pipe_pull(&pipe_out);
}

/* A message is the one reader's, whoever is first. */
static void send_against_read(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	pipes_setup();
	u = unit_make("u", 10, 0, pipe_reads, NULL);
	sim_post(1, push_in, "a");
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->ret, PIPE_SIZE);
	ck_assert_int_eq(pipe_room(&pipe_in), PIPE_PLACES);
	pipes_teardown();
}

START_TEST(a_message_reaches_the_one_who_waits)
{
	unit_explore(send_against_read, NULL);
}
END_TEST

static void send_against_timeout(void *arg)
{
	struct unit_thread *u;

	pipes_setup();
	pipe_deadline = hal_clock_now() + 100;
	u = unit_race_timeout(*(int *)arg, pipe_reads, push_in, "a");
	ck_assert_int_eq(pipe_pull(&pipe_in), u->ret == PIPE_SIZE ? -NK_EWOULDBLOCK : 'a');
	ck_assert_int_eq(pipe_room(&pipe_in), PIPE_PLACES);
	pipes_teardown();
}

START_TEST(a_timeout_loses_no_message)
{
	unit_explore(send_against_timeout, &_i);
}
END_TEST

static void send_against_recall(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	pipes_setup();
	u = unit_race_recall(pipe_reads, push_in, "a");
	ck_assert(u->ret == PIPE_SIZE || u->ret == -NK_EINTR);
	ck_assert_int_eq(pipe_pull(&pipe_in), u->ret == PIPE_SIZE ? -NK_EWOULDBLOCK : 'a');
	ck_assert_int_eq(pipe_room(&pipe_in), PIPE_PLACES);
	pipes_teardown();
}

START_TEST(a_recall_loses_no_message)
{
	unit_explore(send_against_recall, NULL);
}
END_TEST

/* The place that is freed is the writer's, whether it waits already or not. */
static void free_against_write(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	pipes_setup();
	pipe_push(&pipe_out, 'a');
	pipe_push(&pipe_out, 'b');
	u = unit_make("u", 10, 0, pipe_writes, "c");
	sim_post(1, pull_out, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(got, 'a');
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(pipe_pull(&pipe_out), 'b');
	ck_assert_int_eq(pipe_pull(&pipe_out), 'c');
	pipes_teardown();
}

START_TEST(a_freed_place_reaches_the_writer)
{
	unit_explore(free_against_write, NULL);
}
END_TEST

/* In-band looks, and sleeps when there is nothing: then it must be told. */
static void want_against_write(void *arg)
{
	struct unit_thread *u;
	int ready;

	(void)arg;
	pipes_setup();
	u = unit_make("u", 10, 1, pipe_writes, "a");
	sim_race_begin();
	nk_thread_start(&u->t);
	ready = nk_pipe_want(&pipe_out);
	sim_race_end();
	sim_settle();
	ck_assert(ready || pipe_out_work.posts == 1);
	ck_assert_int_eq(pipe_pull(&pipe_out), 'a');
	pipes_teardown();
}

START_TEST(in_band_that_sleeps_is_told)
{
	unit_explore(want_against_write, NULL);
}
END_TEST

static void read_little(void *arg)
{
	(void)arg;
	unit_run("little", 10, 1, pipe_reads_little, NULL);
}

static void reads_two(struct unit_thread *u)
{
	pipe_reads(u);
	pipe_reads(u);
}

/* A reader that has not enough room is as if it had not been there. */
static void read_against_too_little(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	pipes_setup();
	pipe_push(&pipe_in, 'a');
	pipe_push(&pipe_in, 'b');
	u = unit_make("u", 10, 0, reads_two, NULL);
	sim_post(1, read_little, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	ck_assert_str_eq(unit_marks(), "ab");
	nk_pipe_close(&pipe_in);
	pipes_teardown();
}

START_TEST(who_has_no_room_changes_no_order)
{
	unit_explore(read_against_too_little, NULL);
}
END_TEST

static void close_in(void *arg)
{
	(void)arg;
	nk_pipe_close(&pipe_in);
}

static void send_against_close(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	pipes_setup();
	u = unit_run("u", 10, 0, pipe_reads, NULL);
	sim_post(1, close_in, NULL);
	sim_race_begin();
	pipe_push(&pipe_in, 'a');
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert(u->ret == PIPE_SIZE || u->ret == -NK_EIDRM);
	pipes_teardown();
}

START_TEST(close_has_one_winner)
{
	unit_explore(send_against_close, NULL);
}
END_TEST

Suite *pipe_race_suite(void)
{
	Suite *suite = suite_create("pipe_race");
	TCase *tc = unit_race_case(suite, "races");
	tcase_add_test(tc, a_message_reaches_the_one_who_waits);
	tcase_add_loop_test(tc, a_timeout_loses_no_message, 0, 2);
	tcase_add_test(tc, a_recall_loses_no_message);
	tcase_add_test(tc, a_freed_place_reaches_the_writer);
	tcase_add_test(tc, in_band_that_sleeps_is_told);
	tcase_add_test(tc, who_has_no_room_changes_no_order);
	tcase_add_test(tc, close_has_one_winner);
	return suite;
}
