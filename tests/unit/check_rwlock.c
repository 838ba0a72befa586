// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/rwlock.c
 */
#include <string.h>

#include "nucleus/rwlock.h"
#include "nucleus/sched.h"
#include "tests/unit/unit.h"

static struct nk_rwlock l;
static struct nk_waitq gate;	/* holders wait here with the lock */
static nk_time_t deadline;
static int inside_read, inside_write;

static void setup(void)
{
	unit_setup();
	nk_rwlock_init(&l);
	nk_waitq_init(&gate);
	deadline = NK_TIME_NEVER;
	inside_read = 0;
	inside_write = 0;
}

static void teardown(void)
{
	if (!l.wq.closed)
		ck_assert_int_eq(nk_rwlock_destroy(&l), 0);
	ck_assert_int_eq(nk_waitq_destroy(&gate), 0);
	unit_teardown();
}

static void check_inside(void)
{
	ck_assert(!inside_write || (inside_write == 1 && !inside_read));
}

static void reads(struct unit_thread *u)
{
	u->ret = nk_rwlock_read(&l, deadline);
	if (u->ret)
		return;
	inside_read++;
	check_inside();
	if (u->arg)
		unit_mark(*(char *)u->arg);
	nk_wait_block(&gate, NK_TIME_NEVER);
	inside_read--;
	ck_assert_int_eq(nk_rwlock_unlock(&l), 0);
}

static void writes(struct unit_thread *u)
{
	u->ret = nk_rwlock_write(&l, deadline);
	if (u->ret)
		return;
	inside_write++;
	check_inside();
	if (u->arg)
		unit_mark(*(char *)u->arg);
	nk_wait_block(&gate, NK_TIME_NEVER);
	inside_write--;
	ck_assert_int_eq(nk_rwlock_unlock(&l), 0);
}

static void open_gate(void)
{
	nk_wait_wake_all(&gate);
	sim_settle();
}

START_TEST(readers_share_and_writers_do_not)
{
	unit_run("r", 10, 0, reads, "a");
	unit_run("r", 10, 1, reads, "b");
	sim_settle();
	ck_assert_int_eq(inside_read, 2);
	unit_run("w", 10, 0, writes, "c");
	unit_run("w", 10, 0, writes, "d");
	open_gate();
	ck_assert_int_eq(inside_write, 1);
	open_gate();
	ck_assert_str_eq(unit_marks(), "abcd");
	open_gate();
	ck_assert_ptr_null(l.writer);
}
END_TEST

START_TEST(a_reader_passes_writers_of_lower_priority_only)
{
	unit_run("r", 10, 0, reads, "a");
	unit_run("w", 20, 0, writes, "c");
	unit_run("r", 20, 0, reads, "d");
	unit_run("r", 30, 0, reads, "b");
	ck_assert_str_eq(unit_marks(), "ab");
	open_gate();
	ck_assert_str_eq(unit_marks(), "abc");
	open_gate();
	ck_assert_str_eq(unit_marks(), "abcd");
	open_gate();
}
END_TEST

START_TEST(a_writer_that_gives_up_lets_readers_in)
{
	struct unit_thread *w;

	unit_run("r", 10, 0, reads, "a");
	deadline = hal_clock_now() + 100;
	w = unit_run("w", 20, 0, writes, NULL);
	deadline = NK_TIME_NEVER;
	unit_run("r", 15, 0, reads, "b");
	ck_assert_str_eq(unit_marks(), "a");
	sim_advance(100);
	ck_assert_int_eq(w->ret, -NK_ETIMEDOUT);
	ck_assert_str_eq(unit_marks(), "ab");
	open_gate();
}
END_TEST

static int tries[4];

static void tries_all(struct unit_thread *u)
{
	(void)u;
	tries[0] = nk_rwlock_tryread(&l);
	if (!tries[0])
		nk_rwlock_unlock(&l);
	tries[1] = nk_rwlock_trywrite(&l);
	if (tries[1])
		return;
	tries[2] = nk_rwlock_read(&l, NK_TIME_NEVER);
	tries[3] = nk_rwlock_trywrite(&l);
	nk_rwlock_unlock(&l);
}

static void writes_for_a_better_one(struct unit_thread *u)
{
	ck_assert_int_eq(nk_rwlock_write(&l, NK_TIME_NEVER), 0);
	unit_run("r", 20, 0, reads, "r");
	ck_assert_int_eq(nk_rwlock_unlock(&l), 0);
	unit_mark('u');
	u->ret = nk_wait_wake_all(&gate);
}

START_TEST(an_unlock_gives_way_to_who_gets_it)
{
	ck_assert_int_eq(unit_run("u", 10, 0, writes_for_a_better_one, NULL)->ret, 1);
	ck_assert_str_eq(unit_marks(), "ru");
}
END_TEST

START_TEST(tries_do_not_wait)
{
	unit_run("t", 10, 0, tries_all, NULL);
	ck_assert_int_eq(tries[0], 0);
	ck_assert_int_eq(tries[1], 0);
	ck_assert_int_eq(tries[2], -NK_EDEADLK);
	ck_assert_int_eq(tries[3], -NK_EDEADLK);
	unit_run("r", 10, 0, reads, NULL);
	unit_run("t", 10, 0, tries_all, NULL);
	ck_assert_int_eq(tries[0], 0);
	ck_assert_int_eq(tries[1], -NK_EBUSY);
	open_gate();
	unit_run("w", 10, 0, writes, NULL);
	unit_run("t", 10, 0, tries_all, NULL);
	ck_assert_int_eq(tries[0], -NK_EBUSY);
	ck_assert_int_eq(tries[1], -NK_EBUSY);
	open_gate();
}
END_TEST

static void unlocks(struct unit_thread *u)
{
	u->ret = nk_rwlock_unlock(&l);
}

static void writes_for_ever(struct unit_thread *u)
{
	u->ret = nk_rwlock_write(&l, NK_TIME_NEVER);
}

START_TEST(what_a_dead_writer_held_stays_held_and_may_go)
{
	struct unit_thread *u = unit_run("u", 10, 0, writes_for_ever, NULL);

	nk_rwlock_bereave(&l, &u->t);
	ck_assert(l.writer && l.writer != &u->t);
	deadline = 1;
	ck_assert_int_eq(unit_run("w", 20, 0, reads, NULL)->ret, -NK_ETIMEDOUT);
	ck_assert_int_eq(nk_rwlock_destroy(&l), 0);
}
END_TEST

START_TEST(unlock_of_what_is_not_held_is_refused)
{
	struct unit_thread *u = unit_run("u", 10, 0, unlocks, NULL);

	ck_assert_int_eq(u->ret, -NK_EPERM);
	unit_run("w", 10, 0, writes, NULL);
	u = unit_run("u", 10, 0, unlocks, NULL);
	ck_assert_int_eq(u->ret, -NK_EPERM);
	ck_assert_int_eq(nk_rwlock_destroy(&l), -NK_EBUSY);
	open_gate();
	ck_assert_int_eq(nk_rwlock_destroy(&l), 0);
	u = unit_run("w", 10, 0, writes, NULL);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
}
END_TEST

static void unlock_against_timeout(void *arg)
{
	struct unit_thread *w, *r, *r2;

	setup();
	r = unit_run("r", 10, 0, reads, NULL);
	deadline = hal_clock_now() + 100;
	w = unit_run("w", 20, *(int *)arg, writes, NULL);
	sim_settle();
	deadline = NK_TIME_NEVER;
	r2 = unit_run("r2", 15, 1, reads, NULL);
	sim_settle();
	sim_post(1, unit_advance_100, NULL);
	sim_race_begin();
	nk_wait_wake_all(&gate);
	sim_race_end();
	sim_settle();
	open_gate();
	open_gate();
	ck_assert_int_eq(r->done + w->done + r2->done, 3);
	ck_assert_int_eq(r2->ret, 0);
	ck_assert(w->ret == 0 || w->ret == -NK_ETIMEDOUT);
	ck_assert_uint_eq(l.readers, 0);
	teardown();
}

/* The writer lets go when the reader's time is up: either it reads, or nobody does. */
static void unlock_against_readers_timeout(void *arg)
{
	struct unit_thread *w, *r;

	setup();
	w = unit_run("w", 20, 0, writes, NULL);
	deadline = hal_clock_now() + 100;
	r = unit_run("r", 10, *(int *)arg, reads, NULL);
	sim_settle();
	sim_post(1, unit_advance_100, NULL);
	sim_race_begin();
	nk_wait_wake_all(&gate);
	sim_race_end();
	sim_settle();
	ck_assert_uint_eq(l.readers, !r->done);
	open_gate();
	ck_assert_int_eq(r->done + w->done, 2);
	ck_assert(r->ret == 0 || r->ret == -NK_ETIMEDOUT);
	ck_assert_uint_eq(l.readers, 0);
	teardown();
}

START_TEST(unlock_against_readers_timeout_counts_right)
{
	unit_explore(unlock_against_readers_timeout, &_i);
}
END_TEST

START_TEST(unlock_against_timeout_leaves_nobody_behind)
{
	unit_explore(unlock_against_timeout, &_i);
}
END_TEST

Suite *rwlock_suite(void)
{
	Suite *suite = suite_create("rwlock");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, readers_share_and_writers_do_not);
	tcase_add_test(tc, a_reader_passes_writers_of_lower_priority_only);
	tcase_add_test(tc, a_writer_that_gives_up_lets_readers_in);
	tcase_add_test(tc, an_unlock_gives_way_to_who_gets_it);
	tcase_add_test(tc, tries_do_not_wait);
	tcase_add_test(tc, what_a_dead_writer_held_stays_held_and_may_go);
	tcase_add_test(tc, unlock_of_what_is_not_held_is_refused);
	tc = unit_race_case(suite, "races");
	tcase_add_loop_test(tc, unlock_against_timeout_leaves_nobody_behind, 0, 2);
	tcase_add_loop_test(tc, unlock_against_readers_timeout_counts_right, 0, 2);
	return suite;
}
