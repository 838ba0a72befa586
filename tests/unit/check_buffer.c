// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/buffer.c
 */
#include <string.h>

#include "nucleus/buffer.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "nucleus/watch.h"
#include "tests/unit/unit.h"

#define SIZE	10
#define LONG	3000

static struct nk_buffer b;
static char area[LONG];
static nk_time_t deadline;

static void setup(void)
{
	unit_setup();
	ck_assert_int_eq(nk_buffer_init(&b, area, SIZE), 0);
	deadline = NK_TIME_NEVER;
}

static void teardown(void)
{
	ck_assert_int_eq(nk_buffer_destroy(&b), 0);
	unit_teardown();
}

static void writes(struct unit_thread *u)
{
	u->ret = (int)nk_buffer_write(&b, u->arg, strlen(u->arg), deadline);
}

/* As many as arg, which are marked. */
static void reads(struct unit_thread *u)
{
	char to[SIZE] = "";
	int i;

	u->ret = (int)nk_buffer_read(&b, to, (unsigned long)u->arg, deadline);
	for (i = 0; i < u->ret; i++)
		unit_mark(to[i]);
}

static struct unit_thread *write_by(int prio, const char *what)
{
	return unit_run("writes", prio, 0, writes, (void *)what);
}

static struct unit_thread *read_by(int prio, long n)
{
	return unit_run("reads", prio, 0, reads, (void *)n);
}

START_TEST(init_refuses_what_makes_no_sense)
{
	struct nk_buffer other;

	ck_assert_int_eq(nk_buffer_init(&other, area, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_buffer_init(&other, area, NK_BUFFER_SIZE + 1), -NK_EINVAL);
}
END_TEST

START_TEST(portions_come_out_as_one_wants_them)
{
	write_by(10, "abc");
	write_by(10, "defg");
	ck_assert_int_eq(read_by(10, 5)->ret, 5);
	write_by(10, "hijklm");	/* round the end */
	ck_assert_uint_eq(nk_buffer_fill(&b), 8);
	read_by(10, 8);
	ck_assert_str_eq(unit_marks(), "abcdefghijklm");
	ck_assert_uint_eq(nk_buffer_fill(&b), 0);
}
END_TEST

START_TEST(a_reader_waits_for_all_it_wants)
{
	struct unit_thread *u = read_by(10, 5);

	write_by(20, "abcd");
	ck_assert_int_eq(u->done, 0);
	write_by(20, "e");
	ck_assert_int_eq(u->ret, 5);
	ck_assert_str_eq(unit_marks(), "abcde");
}
END_TEST

START_TEST(a_writer_waits_for_room_and_others_behind_it_by_priority)
{
	struct unit_thread *u, *low, *high;

	write_by(20, "abcdefgh");
	u = write_by(15, "123");
	low = write_by(10, "l");
	high = write_by(12, "h");
	read_by(20, 1);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(low->done + high->done, 0);
	read_by(20, 7);
	ck_assert_int_eq(low->done + high->done, 2);
	read_by(20, 5);
	ck_assert_str_eq(unit_marks(), "abcdefgh123hl");
}
END_TEST

START_TEST(two_who_wait_for_each_other_get_a_part)
{
	struct unit_thread *u;

	write_by(20, "abcde");
	u = write_by(10, "123456");
	ck_assert_int_eq(u->done, 0);
	ck_assert_int_eq(read_by(20, 8)->ret, 5);
	ck_assert_int_eq(u->ret, 6);
	read_by(20, 6);
	u = read_by(10, 8);
	write_by(20, "xyz");
	ck_assert_int_eq(u->done, 0);
	ck_assert_int_eq(write_by(20, "ABCDEFGHIJ")->ret, 7);
	ck_assert_int_eq(u->ret, 8);
	read_by(20, 2);
	ck_assert_str_eq(unit_marks(), "abcde123456xyzABCDEFG");
}
END_TEST

START_TEST(waits_end_with_their_deadline_or_at_once)
{
	struct unit_thread *u, *v;

	deadline = 0;
	ck_assert_int_eq(read_by(10, 1)->ret, -NK_EWOULDBLOCK);
	deadline = hal_clock_now() + 100;
	u = read_by(10, 1);
	v = read_by(9, 1);	/* waits for the turn */
	deadline = 0;
	ck_assert_int_eq(read_by(9, 1)->ret, -NK_EWOULDBLOCK);
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	ck_assert_int_eq(v->ret, -NK_ETIMEDOUT);
	write_by(10, "abc");
	deadline = hal_clock_now() + 100;
	u = write_by(10, "12345678");
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	ck_assert_uint_eq(nk_buffer_fill(&b), 3);
}
END_TEST

static int has_bytes(const struct nk_waitq *wq)
{
	const struct nk_buffer *of = nk_container_of(wq, struct nk_buffer, wq);

	return of->head != of->tail;
}

static int told;

static void is_told(struct nk_watch *w)
{
	(void)w;
	told++;
}

/* When it is not empty any more, and not when it has been so all along. */
START_TEST(who_watches_is_told_of_the_first_bytes)
{
	struct nk_watch w = { .wq = &b.wq, .ready = has_bytes };

	told = 0;
	nk_watch_init(&w, is_told);
	ck_assert_int_eq(nk_watch_ask(&w), 0);
	write_by(10, "ab");
	ck_assert_int_eq(told, 1);
	read_by(10, 1);
	nk_list_add_before(&w.node, &b.wq.watches);
	write_by(10, "cd");
	read_by(10, 1);
	ck_assert_int_eq(told, 1);
	nk_watch_forget(&w);
	read_by(10, 2);
	ck_assert_str_eq(unit_marks(), "abcd");
}
END_TEST

START_TEST(sizes_that_never_fit_are_refused)
{
	ck_assert_int_eq(read_by(10, 0)->ret, -NK_EINVAL);
	ck_assert_int_eq(read_by(10, SIZE + 1)->ret, -NK_EINVAL);
	ck_assert_int_eq(write_by(10, "")->ret, -NK_EINVAL);
	ck_assert_int_eq(write_by(10, "12345678901")->ret, -NK_EINVAL);
}
END_TEST

START_TEST(destroy_ends_all_waits_and_refuses_later_calls)
{
	struct unit_thread *u = read_by(10, 1), *v = read_by(9, 1);

	ck_assert_int_eq(nk_buffer_destroy(&b), 0);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
	ck_assert_int_eq(v->ret, -NK_EIDRM);
	ck_assert_int_eq(write_by(10, "a")->ret, -NK_EIDRM);
}
END_TEST

/* ---- memory that is not there ------------------------------------------------------------------- */

static char big[2][LONG];

static void writes_big(struct unit_thread *u)
{
	u->ret = (int)nk_buffer_write(&b, big[0], LONG, deadline);
}

static void reads_big(struct unit_thread *u)
{
	u->ret = (int)nk_buffer_read(&b, big[1], LONG, deadline);
}

static int enter(void (*fn)(struct unit_thread *u))
{
	struct unit_thread *u = unit_user("u", 50, fn, NULL);

	unit_enter(u);
	sim_settle();
	return u->ret;
}

START_TEST(what_is_not_there_changes_nothing)
{
	int i;

	for (i = 0; i < LONG; i++)
		big[0][i] = (char)(i * 13);
	nk_buffer_init(&b, area, LONG);
	sim_user_hole(&big[0][2000]);
	ck_assert_int_eq(enter(writes_big), -NK_EFAULT);
	ck_assert_uint_eq(nk_buffer_fill(&b), 0);
	sim_user_hole(&big[1][10]);
	ck_assert_int_eq(enter(writes_big), LONG);
	ck_assert_int_eq(enter(reads_big), -NK_EFAULT);
	ck_assert_uint_eq(nk_buffer_fill(&b), LONG);
	sim_user_hole(NULL);
	ck_assert_int_eq(enter(reads_big), LONG);
	ck_assert_mem_eq(big[0], big[1], LONG);
}
END_TEST

/* ---- races -------------------------------------------------------------------------------------- */

static void write_abc(void *arg)
{
	(void)arg;
	write_by(30, "abc");
}

static void write_against_read(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = unit_make("u", 20, 0, reads, (void *)3l);
	sim_post(1, write_abc, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->ret, 3);
	ck_assert_str_eq(unit_marks(), "abc");
	teardown();
}

static void write_against_recall(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = unit_user("u", 10, reads, (void *)3l);
	unit_enter(u);
	sim_post(1, unit_recall, &u->t);
	sim_race_begin();
	write_abc(NULL);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_uint_eq(nk_buffer_fill(&b), u->ret == 3 ? 0 : 3);
	deadline = 0;
	ck_assert_int_eq(read_by(10, 3)->ret, u->ret == 3 ? -NK_EWOULDBLOCK : 3);
	teardown();
}

static void write_much(void *arg)
{
	(void)arg;
	unit_run("w", 30, 1, writes, "ABCDEFGH");
}

/* Either may get a part, but neither waits for ever. */
static void both_want_much(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	write_by(30, "abcde");
	u = unit_make("u", 20, 0, reads, (void *)8l);
	sim_post(1, write_much, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_ge(u->ret, 5);
	ck_assert_int_eq(strncmp(unit_marks(), "abcdeABC", (size_t)u->ret), 0);
	teardown();
}

static void (*const races[])(void *arg) = {
	write_against_read, write_against_recall, both_want_much,
};

START_TEST(no_race_loses_a_byte_or_a_wakeup)
{
	unit_explore_as("buffer", races[_i], NULL);
}
END_TEST

Suite *buffer_suite(void)
{
	Suite *suite = suite_create("buffer");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, init_refuses_what_makes_no_sense);
	tcase_add_test(tc, portions_come_out_as_one_wants_them);
	tcase_add_test(tc, a_reader_waits_for_all_it_wants);
	tcase_add_test(tc, a_writer_waits_for_room_and_others_behind_it_by_priority);
	tcase_add_test(tc, two_who_wait_for_each_other_get_a_part);
	tcase_add_test(tc, waits_end_with_their_deadline_or_at_once);
	tcase_add_test(tc, who_watches_is_told_of_the_first_bytes);
	tcase_add_test(tc, sizes_that_never_fit_are_refused);
	tcase_add_test(tc, destroy_ends_all_waits_and_refuses_later_calls);
	tcase_add_test(tc, what_is_not_there_changes_nothing);
	tc = unit_race_case(suite, "races");
	tcase_add_loop_test(tc, no_race_loses_a_byte_or_a_wakeup, 0,
			    sizeof(races) / sizeof(races[0]));
	return suite;
}
