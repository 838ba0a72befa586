// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/pipe.c. In-band is the test itself, and what CPU 1 is given to run.
 */
#include <string.h>

#include "nucleus/pipe.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "nucleus/watch.h"
#include "tests/unit/unit.h"

#define PLACES	2
#define SIZE	13

static struct nk_pipe in, out;	/* to hard threads, to in-band */
static struct hal_work in_work, out_work;
static char areas[2][1024] __attribute__((aligned(8)));
static nk_time_t deadline;

static void setup(void)
{
	unit_setup();
	in_work = out_work = (struct hal_work){ 0 };
	nk_pipe_init(&in, areas[0], PLACES, SIZE, 0, &in_work);
	nk_pipe_init(&out, areas[1], PLACES, SIZE, 1, &out_work);
	deadline = NK_TIME_NEVER;
}

static void teardown(void)
{
	nk_pipe_close(&in);
	nk_pipe_close(&out);
	sim_settle();
	ck_assert_int_eq(nk_waitq_destroy(&in.wq), 0);
	ck_assert_int_eq(nk_waitq_destroy(&out.wq), 0);
	unit_teardown();
}

/* In-band's ways: what it takes is a letter, 0 when there is none. */
static int push(struct nk_pipe *p, char c)
{
	struct nk_parcel *parcel;
	int ret = nk_pipe_place(p, 0, &parcel);

	if (ret)
		return ret;
	memset(parcel->data, c, SIZE);
	parcel->size = SIZE;
	nk_pipe_send(p, parcel);
	return 0;
}

static int pull(struct nk_pipe *p)
{
	struct nk_parcel *parcel;
	int c, ret = nk_pipe_take(p, 0, &parcel);

	if (ret)
		return ret;
	c = parcel->data[SIZE - 1];
	nk_pipe_free(p, parcel);
	return c;
}

/* Places that are free. */
static int room(struct nk_pipe *p)
{
	struct nk_list *l;
	int n = 0;

	for (l = p->free.next; l != &p->free; l = l->next)
		n++;
	return n;
}

static void reads(struct unit_thread *u)
{
	char text[SIZE];

	u->ret = (int)nk_pipe_read(&in, text, sizeof(text), deadline);
	if (u->ret == SIZE)
		unit_mark(text[SIZE - 1]);
}

static void writes(struct unit_thread *u)
{
	char text[SIZE];

	memset(text, *(char *)u->arg, SIZE);
	u->ret = nk_pipe_write(&out, text, SIZE, deadline);
}

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
	ck_assert_int_eq(push(&out, 'a'), 0);
	ck_assert_int_eq(push(&out, 'b'), 0);
	ck_assert_int_eq(push(&out, 'c'), -NK_EWOULDBLOCK);
	ck_assert_int_eq(pull(&out), 'a');
	ck_assert_int_eq(push(&out, 'c'), 0);
	ck_assert_int_eq(pull(&out), 'b');
	ck_assert_int_eq(pull(&out), 'c');
	ck_assert_int_eq(pull(&out), -NK_EWOULDBLOCK);
}
END_TEST

START_TEST(in_band_never_waits)
{
	struct nk_parcel *parcel;

	ck_assert_int_eq(nk_pipe_take(&out, NK_TIME_NEVER, &parcel), -NK_EWOULDBLOCK);
	push(&in, 'a');
	push(&in, 'b');
	ck_assert_int_eq(nk_pipe_place(&in, NK_TIME_NEVER, &parcel), -NK_EWOULDBLOCK);
}
END_TEST

START_TEST(a_reader_waits_for_a_message)
{
	struct unit_thread *low = unit_run("low", 10, 0, reads, NULL);
	struct unit_thread *high = unit_run("high", 20, 0, reads, NULL);

	push(&in, 'a');
	ck_assert_int_eq(high->done, 1);
	ck_assert_int_eq(low->done, 0);
	push(&in, 'b');
	ck_assert_str_eq(unit_marks(), "ab");
	ck_assert_int_eq(low->ret, SIZE);
	ck_assert_int_eq(room(&in), PLACES);
}
END_TEST

START_TEST(a_writer_waits_for_a_place)
{
	struct unit_thread *u;

	push(&out, 'a');
	push(&out, 'b');
	u = unit_run("u", 10, 0, writes, "c");
	ck_assert_int_eq(u->done, 0);
	ck_assert_int_eq(pull(&out), 'a');
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(pull(&out), 'b');
	ck_assert_int_eq(pull(&out), 'c');
}
END_TEST

START_TEST(waits_time_out)
{
	struct unit_thread *r, *w;

	push(&out, 'a');
	push(&out, 'b');
	deadline = hal_clock_now() + 100;
	r = unit_run("r", 10, 0, reads, NULL);
	w = unit_run("w", 10, 0, writes, "c");
	sim_advance(99);
	ck_assert_int_eq(r->done + w->done, 0);
	sim_advance(1);
	ck_assert_int_eq(r->ret, -NK_ETIMEDOUT);
	ck_assert_int_eq(w->ret, -NK_ETIMEDOUT);
	push(&in, 'x');
	ck_assert_int_eq(pull(&in), 'x');
}
END_TEST

START_TEST(without_a_deadline_nobody_waits)
{
	struct unit_thread *r, *w;

	push(&out, 'a');
	push(&out, 'b');
	deadline = 0;
	r = unit_run("r", 10, 0, reads, NULL);
	w = unit_run("w", 10, 0, writes, "c");
	ck_assert_int_eq(r->ret, -NK_EWOULDBLOCK);
	ck_assert_int_eq(w->ret, -NK_EWOULDBLOCK);
	push(&in, 'x');
	r = unit_run("r", 10, 0, reads, NULL);
	ck_assert_int_eq(r->ret, SIZE);
}
END_TEST

static void odd_calls(struct unit_thread *u)
{
	char text[SIZE + 1] = { 0 };

	(void)u;
	ck_assert_int_eq(nk_pipe_write(&out, text, 0, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_pipe_write(&out, text, SIZE + 1, 0), -NK_EMSGSIZE);
	ck_assert_int_eq((int)nk_pipe_read(&in, text, SIZE - 1, 0), -NK_EMSGSIZE);
	sim_user_hole(text);
	ck_assert_int_eq((int)nk_pipe_read(&in, text, SIZE, 0), -NK_EFAULT);
	ck_assert_int_eq(nk_pipe_write(&out, text, SIZE, 0), -NK_EFAULT);
	sim_user_hole(NULL);
	ck_assert_int_eq((int)nk_pipe_read(&in, text, SIZE + 1, 0), SIZE);
	ck_assert_int_eq(text[0], 'a');
	ck_assert_int_eq(nk_pipe_write(&out, "0123456789012", SIZE, 0), 0);
}

START_TEST(what_is_refused_leaves_all_as_it_was)
{
	struct unit_thread *u = unit_user("u", 10, odd_calls, NULL);

	push(&in, 'a');
	push(&in, 'b');
	unit_enter(u);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(pull(&out), '2');
	ck_assert_int_eq(pull(&out), -NK_EWOULDBLOCK);
	ck_assert_int_eq(pull(&in), 'b');
	ck_assert_int_eq(room(&in), PLACES);
	ck_assert_int_eq(room(&out), PLACES);
}
END_TEST

START_TEST(in_band_is_told_once_and_only_if_it_asks)
{
	push(&out, 'a');
	ck_assert_int_eq(out_work.posts, 0);
	ck_assert_int_eq(nk_pipe_want(&out), 1);
	pull(&out);
	ck_assert_int_eq(nk_pipe_want(&out), 0);
	push(&out, 'b');
	push(&out, 'c');
	ck_assert_int_eq(out_work.posts, 1);
	ck_assert_int_eq(nk_pipe_want(&in), 1);
	push(&in, 'a');
	push(&in, 'b');
	ck_assert_int_eq(nk_pipe_want(&in), 0);
	ck_assert_int_eq(in_work.posts, 0);
	pull(&in);
	pull(&in);
	ck_assert_int_eq(in_work.posts, 1);
}
END_TEST

START_TEST(a_place_that_goes_to_a_waiter_is_not_told)
{
	struct unit_thread *u = unit_run("u", 10, 0, reads, NULL);

	ck_assert_int_eq(nk_pipe_want(&in), 1);
	push(&in, 'a');
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(in_work.posts, 0);
}
END_TEST

START_TEST(an_untaken_message_is_the_next)
{
	struct nk_parcel *parcel;

	push(&out, 'a');
	push(&out, 'b');
	nk_pipe_take(&out, 0, &parcel);
	nk_pipe_untake(&out, parcel);
	ck_assert_int_eq(pull(&out), 'a');
}
END_TEST

START_TEST(flush_drops_what_is_there_and_lets_writers_go_on)
{
	struct unit_thread *u;

	push(&out, 'a');
	push(&out, 'b');
	u = unit_run("u", 10, 0, writes, "c");
	ck_assert_int_eq(nk_pipe_flush(&out), 2);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(pull(&out), 'c');
	ck_assert_int_eq(nk_pipe_flush(&out), 0);
	push(&in, 'a');
	ck_assert_int_eq(nk_pipe_flush(&in), 1);
	ck_assert_int_eq(room(&in), PLACES);
}
END_TEST

START_TEST(close_ends_waits_and_leaves_in_band_the_rest)
{
	struct unit_thread *r = unit_run("r", 10, 0, reads, NULL), *w;

	push(&out, 'a');
	push(&out, 'b');
	w = unit_run("w", 10, 0, writes, "c");
	nk_pipe_close(&in);
	nk_pipe_close(&out);
	ck_assert_int_eq(r->ret, -NK_EIDRM);
	ck_assert_int_eq(w->ret, -NK_EIDRM);
	ck_assert_int_eq(in_work.posts + out_work.posts, 2);
	ck_assert_int_eq(nk_pipe_want(&in), 1);
	ck_assert_int_eq(push(&in, 'x'), -NK_EIDRM);
	ck_assert_int_eq(pull(&out), 'a');
	ck_assert_int_eq(pull(&out), 'b');
	ck_assert_int_eq(pull(&out), -NK_EIDRM);
	ck_assert_int_eq(nk_pipe_want(&out), 1);
}
END_TEST

START_TEST(hard_threads_get_nothing_from_a_closed_pipe)
{
	struct unit_thread *u;

	push(&in, 'a');
	nk_pipe_close(&in);
	u = unit_run("u", 10, 0, reads, NULL);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
}
END_TEST

static void watches(struct unit_thread *u)
{
	struct nk_watch w = { .wq = &in.wq, .ready = nk_pipe_is_ready };

	u->ret = nk_watch_wait(&w, 1, deadline);
}

START_TEST(a_message_is_seen_by_who_watches)
{
	struct unit_thread *u = unit_run("u", 10, 0, watches, NULL);

	ck_assert_int_eq(u->done, 0);
	push(&in, 'a');
	ck_assert_int_eq(u->ret, 1);
	u = unit_run("v", 10, 0, watches, NULL);
	ck_assert_int_eq(u->ret, 1);
}
END_TEST

START_TEST(losses_are_counted)
{
	nk_pipe_lose(&out);
	nk_pipe_lose(&out);
	ck_assert_uint_eq(out.lost, 2);
}
END_TEST

/* ---- races ---------------------------------------------------------------------------------- */

static void push_in(void *arg)
{
	push(&in, *(char *)arg);
}

static int got;

static void pull_out(void *arg)
{
	(void)arg;
	got = pull(&out);
}

/* A message is the one reader's, whoever is first. */
static void send_against_read(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = unit_make("u", 10, 0, reads, NULL);
	sim_post(1, push_in, "a");
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->ret, SIZE);
	ck_assert_int_eq(room(&in), PLACES);
	teardown();
}

START_TEST(a_message_reaches_the_one_who_waits)
{
	unit_explore(send_against_read, NULL);
}
END_TEST

static void advance_100(void *arg)
{
	(void)arg;
	sim_advance(100);
}

static void send_against_timeout(void *arg)
{
	struct unit_thread *u;

	setup();
	deadline = hal_clock_now() + 100;
	u = unit_run("u", 10, *(int *)arg, reads, NULL);
	sim_settle();
	sim_post(1, advance_100, NULL);
	sim_race_begin();
	push(&in, 'a');
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(pull(&in), u->ret == SIZE ? -NK_EWOULDBLOCK : 'a');
	ck_assert_int_eq(room(&in), PLACES);
	teardown();
}

START_TEST(a_timeout_loses_no_message)
{
	unit_explore(send_against_timeout, &_i);
}
END_TEST

static void kill(void *arg)
{
	nk_stage_recall(arg, 3);
}

static void send_against_recall(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = unit_user("u", 10, reads, NULL);
	unit_enter(u);
	sim_post(1, kill, &u->t);
	sim_race_begin();
	push(&in, 'a');
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert(u->ret == SIZE || u->ret == -NK_EINTR);
	ck_assert_int_eq(pull(&in), u->ret == SIZE ? -NK_EWOULDBLOCK : 'a');
	ck_assert_int_eq(room(&in), PLACES);
	teardown();
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
	setup();
	push(&out, 'a');
	push(&out, 'b');
	u = unit_make("u", 10, 0, writes, "c");
	sim_post(1, pull_out, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(got, 'a');
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(pull(&out), 'b');
	ck_assert_int_eq(pull(&out), 'c');
	teardown();
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
	setup();
	u = unit_make("u", 10, 1, writes, "a");
	sim_race_begin();
	nk_thread_start(&u->t);
	ready = nk_pipe_want(&out);
	sim_race_end();
	sim_settle();
	ck_assert(ready || out_work.posts == 1);
	ck_assert_int_eq(pull(&out), 'a');
	teardown();
}

START_TEST(in_band_that_sleeps_is_told)
{
	unit_explore(want_against_write, NULL);
}
END_TEST

static void close_in(void *arg)
{
	(void)arg;
	nk_pipe_close(&in);
}

static void send_against_close(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = unit_run("u", 10, 0, reads, NULL);
	sim_post(1, close_in, NULL);
	sim_race_begin();
	push(&in, 'a');
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert(u->ret == SIZE || u->ret == -NK_EIDRM);
	teardown();
}

START_TEST(close_has_one_winner)
{
	unit_explore(send_against_close, NULL);
}
END_TEST

Suite *pipe_suite(void)
{
	Suite *suite = suite_create("pipe");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, room_refuses_what_makes_no_sense);
	tcase_add_test(tc, messages_come_in_the_order_they_were_sent);
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
	tcase_add_test(tc, close_ends_waits_and_leaves_in_band_the_rest);
	tcase_add_test(tc, hard_threads_get_nothing_from_a_closed_pipe);
	tcase_add_test(tc, a_message_is_seen_by_who_watches);
	tcase_add_test(tc, losses_are_counted);
	tc = unit_race_case(suite, "races");
	tcase_add_test(tc, a_message_reaches_the_one_who_waits);
	tcase_add_loop_test(tc, a_timeout_loses_no_message, 0, 2);
	tcase_add_test(tc, a_recall_loses_no_message);
	tcase_add_test(tc, a_freed_place_reaches_the_writer);
	tcase_add_test(tc, in_band_that_sleeps_is_told);
	tcase_add_test(tc, close_has_one_winner);
	return suite;
}
