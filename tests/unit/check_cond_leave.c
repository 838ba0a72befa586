// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/cond.c: waits that leave their mutex behind
 */
#include "nucleus/cond.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

static struct nk_cond c;
static struct nk_mutex m;
static struct nk_waitq gate;	/* a holder waits here with the mutex */
static nk_time_t deadline;

static void setup(void)
{
	unit_setup();
	nk_cond_init(&c);
	nk_mutex_init(&m);
	nk_waitq_init(&gate);
	deadline = NK_TIME_NEVER;
}

static void teardown(void)
{
	ck_assert_int_eq(nk_mutex_check(&m), 0);
	ck_assert_uint_eq(c.users, 0);
	ck_assert_int_eq(nk_cond_destroy(&c), 0);
	ck_assert_int_eq(nk_mutex_destroy(&m), 0);
	ck_assert_int_eq(nk_waitq_destroy(&gate), 0);
	unit_teardown();
}

static void leaves(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	u->ret = nk_cond_wait_leave(&c, &m, deadline);
	ck_assert_ptr_ne(m.owner, &u->t);
	if (u->arg)
		unit_mark(*(char *)u->arg);
}

static void holds(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, NK_TIME_NEVER);
	nk_wait_block(&gate, NK_TIME_NEVER);
	nk_mutex_unlock(&m);
}

static void comes_back(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	u->ret = nk_cond_wait(&c, &m, NK_TIME_NEVER);
	if (m.owner == &u->t)
		nk_mutex_unlock(&m);
}

START_TEST(a_signal_wakes_the_first_by_priority_without_the_mutex)
{
	unit_run("a", 10, 0, leaves, "b");
	unit_run("b", 20, 1, leaves, "a");
	sim_settle();
	ck_assert_ptr_null(m.owner);
	unit_run("h", 5, 0, holds, NULL);		/* it is of no account */
	ck_assert_ptr_nonnull(m.owner);
	ck_assert_int_eq(nk_cond_signal(&c), 1);
	sim_settle();
	ck_assert_str_eq(unit_marks(), "a");
	nk_wait_wake_all(&gate);
	ck_assert_int_eq(nk_cond_signal(&c), 1);
	ck_assert_str_eq(unit_marks(), "ab");
	ck_assert_int_eq(nk_cond_signal(&c), 0);
}
END_TEST

START_TEST(a_broadcast_wakes_all_at_once)
{
	struct unit_thread *a = unit_run("a", 10, 0, leaves, NULL);
	struct unit_thread *b = unit_run("b", 20, 1, leaves, NULL);

	sim_settle();
	ck_assert_int_eq(nk_cond_broadcast(&c), 2);
	sim_settle();
	ck_assert_int_eq(a->done + b->done, 2);
	ck_assert_int_eq(a->ret | b->ret, 0);
}
END_TEST

START_TEST(a_wait_that_ends_otherwise_has_no_mutex_either)
{
	struct unit_thread *late, *called;

	deadline = hal_clock_now() + 100;
	late = unit_run("late", 20, 0, leaves, NULL);
	deadline = NK_TIME_NEVER;
	called = unit_run("called", 10, 0, leaves, NULL);
	sim_advance(100);
	ck_assert_int_eq(late->ret, -NK_ETIMEDOUT);
	nk_thread_unblock(&called->t, -NK_EINTR);
	ck_assert_int_eq(called->ret, -NK_EINTR);
	ck_assert_ptr_null(m.owner);
}
END_TEST

/* Who waited does not touch the condition any more. */
START_TEST(destroy_ends_the_wait)
{
	struct unit_thread *u = unit_run("u", 20, 1, leaves, NULL);

	sim_settle();
	ck_assert_int_eq(nk_cond_destroy(&c), 0);
	sim_settle();
	ck_assert_int_eq(u->ret, -NK_EIDRM);
}
END_TEST

static void misuses(struct unit_thread *u)
{
	struct nk_mutex robust;

	u->ret = nk_cond_wait_leave(&c, &m, NK_TIME_NEVER) == -NK_EPERM;
	nk_mutex_init_as(&robust, NK_MUTEX_ERRORCHECK | NK_MUTEX_ROBUST, 0);
	nk_mutex_lock(&robust, NK_TIME_NEVER);
	u->ret += nk_cond_wait_leave(&c, &robust, NK_TIME_NEVER) == -NK_EINVAL;
	u->ret += robust.owner == &u->t;
	nk_mutex_unlock(&robust);
}

static void refused(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	u->ret = u->arg ? nk_cond_wait(&c, &m, NK_TIME_NEVER) : nk_cond_wait_leave(&c, &m, NK_TIME_NEVER);
	ck_assert_ptr_eq(m.owner, &u->t);
	nk_mutex_unlock(&m);
}

static void leaves_recursive(struct unit_thread *u)
{
	struct nk_mutex recursive;

	nk_mutex_init_as(&recursive, NK_MUTEX_RECURSIVE, 0);
	nk_mutex_lock(&recursive, NK_TIME_NEVER);
	nk_mutex_lock(&recursive, NK_TIME_NEVER);
	u->ret = nk_cond_wait_leave(&c, &recursive, NK_TIME_NEVER) == -NK_EBUSY;
	u->ret += recursive.owner == &u->t && recursive.depth == 2;
	nk_mutex_unlock(&recursive);
	u->ret += nk_cond_wait_leave(&c, &recursive, hal_clock_now() + 100) == -NK_ETIMEDOUT;
	u->ret += !recursive.owner;
}

START_TEST(one_locked_twice_is_not_left)
{
	struct unit_thread *u = unit_run("u", 10, 0, leaves_recursive, NULL);

	sim_advance(200);
	ck_assert_int_eq(u->ret, 4);
}
END_TEST

/* So that -EIDRM means: without the mutex. */
START_TEST(of_a_condition_that_went_nothing_is_left)
{
	ck_assert_int_eq(nk_cond_destroy(&c), 0);
	ck_assert_int_eq(unit_run("u", 10, 0, refused, NULL)->ret, -NK_EINVAL);
}
END_TEST

START_TEST(misuse_is_refused)
{
	ck_assert_int_eq(unit_run("u", 10, 0, misuses, NULL)->ret, 3);
	ck_assert_uint_eq(c.users, 0);
}
END_TEST

/* Each way round. */
START_TEST(who_leaves_and_who_comes_back_do_not_wait_together)
{
	unit_run("u", 10, 0, comes_back, NULL);
	ck_assert_int_eq(unit_run("v", 10, 0, refused, NULL)->ret, -NK_EINVAL);
	ck_assert_int_eq(nk_cond_signal(&c), 1);
	unit_run("u", 10, 0, leaves, NULL);
	ck_assert_int_eq(unit_run("v", 10, 0, refused, "back")->ret, -NK_EINVAL);
	ck_assert_int_eq(nk_cond_signal(&c), 1);
}
END_TEST

/* ---- races ------------------------------------------------------------------------------- */

static int ticket;
static struct unit_thread *giver;

static void leaves_for_ticket(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	while (!ticket) {
		u->ret = nk_cond_wait_leave(&c, &m, NK_TIME_NEVER);
		nk_mutex_lock(&m, NK_TIME_NEVER);
	}
	nk_mutex_unlock(&m);
}

/* The signal comes without the mutex. */
static void gives(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	ticket = 1;
	nk_mutex_unlock(&m);
	u->ret = nk_cond_signal(&c);
}

static void start_giver(void *arg)
{
	(void)arg;
	nk_thread_start(&giver->t);
}

static void wait_against_signal(void *arg)
{
	struct unit_thread *u;

	setup();
	ticket = 0;
	u = unit_make("u", 10, 0, leaves_for_ticket, NULL);
	giver = unit_make("g", 20, *(int *)arg, gives, NULL);
	sim_post(1, start_giver, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done + giver->done, 2);
	teardown();
}

START_TEST(wait_against_signal_loses_none)
{
	unit_explore(wait_against_signal, &_i);
}
END_TEST

static void signals(void *arg)
{
	(void)arg;
	nk_cond_signal(&c);
}

/* Two wait, the first may time out: the signal reaches one of them. */
static void signal_against_timeout(void *arg)
{
	struct unit_thread *a, *b;

	setup();
	deadline = hal_clock_now() + 100;
	a = unit_run("a", 30, *(int *)arg, leaves, NULL);
	sim_settle();
	deadline = NK_TIME_NEVER;
	b = unit_run("b", 20, 0, leaves, NULL);
	sim_post(1, signals, NULL);
	sim_race_begin();
	sim_advance(100);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done, 1);
	ck_assert_int_eq(b->done, a->ret != 0);
	nk_cond_signal(&c);
	sim_settle();
	ck_assert_int_eq(b->ret, 0);
	teardown();
}

START_TEST(signal_against_timeout_reaches_somebody)
{
	unit_explore(signal_against_timeout, &_i);
}
END_TEST

Suite *cond_leave_suite(void)
{
	Suite *suite = suite_create("cond_leave");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_signal_wakes_the_first_by_priority_without_the_mutex);
	tcase_add_test(tc, a_broadcast_wakes_all_at_once);
	tcase_add_test(tc, a_wait_that_ends_otherwise_has_no_mutex_either);
	tcase_add_test(tc, destroy_ends_the_wait);
	tcase_add_test(tc, misuse_is_refused);
	tcase_add_test(tc, one_locked_twice_is_not_left);
	tcase_add_test(tc, of_a_condition_that_went_nothing_is_left);
	tcase_add_test(tc, who_leaves_and_who_comes_back_do_not_wait_together);
	tc = unit_race_case(suite, "races");
	tcase_add_loop_test(tc, wait_against_signal_loses_none, 0, 2);
	tcase_add_loop_test(tc, signal_against_timeout_reaches_somebody, 0, 2);
	return suite;
}
