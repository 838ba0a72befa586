// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/sem.c
 */
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

static struct nk_sem s;
static nk_time_t deadline;

static void setup(void)
{
	unit_setup();
	ck_assert_int_eq(nk_sem_init(&s, 0, 3), 0);
	deadline = NK_TIME_NEVER;
}

static void teardown(void)
{
	ck_assert_int_eq(nk_sem_destroy(&s), 0);
	unit_teardown();
}

static void waits(struct unit_thread *u)
{
	u->ret = nk_sem_wait(&s, deadline);
	if (u->arg)
		unit_mark(*(char *)u->arg);
}

START_TEST(init_refuses_what_makes_no_sense)
{
	struct nk_sem other;

	ck_assert_int_eq(nk_sem_init(&other, 0, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_sem_init(&other, 2, 1), -NK_EINVAL);
	ck_assert_int_eq(nk_sem_init(&other, 0, NK_SEM_MAX + 1), -NK_EINVAL);
	ck_assert_int_eq(nk_sem_init(&other, NK_SEM_MAX, NK_SEM_MAX), 0);
	ck_assert_int_eq(nk_sem_destroy(&other), 0);
}
END_TEST

/* Who wakes in it goes on when the giver lets a switch be. */
START_TEST(a_give_wakes_and_does_not_switch)
{
	struct unit_thread *u = unit_run("u", 10, 0, waits, NULL);
	hal_flags_t flags = hal_oob_save();

	ck_assert_int_eq(nk_sem_give(&s), 0);
	ck_assert_int_eq(u->t.state, NK_READY);
	nk_sched();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(nk_sem_give(&s), 0);
	hal_oob_restore(flags);
	ck_assert_uint_eq(nk_sem_count(&s), 1);
	ck_assert_int_eq(nk_sem_trywait(&s), 0);
}
END_TEST

START_TEST(posts_are_counted_up_to_the_maximum)
{
	ck_assert_int_eq(nk_sem_trywait(&s), -NK_EWOULDBLOCK);
	ck_assert_int_eq(nk_sem_post(&s), 0);
	ck_assert_int_eq(nk_sem_post(&s), 0);
	ck_assert_int_eq(nk_sem_post(&s), 0);
	ck_assert_int_eq(nk_sem_post(&s), -NK_EOVERFLOW);
	ck_assert_uint_eq(nk_sem_count(&s), 3);
	ck_assert_int_eq(nk_sem_trywait(&s), 0);
	ck_assert_uint_eq(nk_sem_count(&s), 2);
}
END_TEST

START_TEST(a_post_goes_to_the_first_waiter)
{
	struct unit_thread *u;

	unit_run("a", 10, 0, waits, "b");
	unit_run("b", 20, 0, waits, "a");
	nk_sem_post(&s);
	ck_assert_str_eq(unit_marks(), "a");
	ck_assert_uint_eq(nk_sem_count(&s), 0);
	nk_sem_post(&s);
	ck_assert_str_eq(unit_marks(), "ab");
	nk_sem_post(&s);
	u = unit_run("c", 10, 0, waits, NULL);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
}
END_TEST

START_TEST(nobody_takes_a_post_from_a_waiter_it_was_for)
{
	struct unit_thread *low = unit_run("low", 10, 1, waits, NULL);

	sim_settle();
	nk_sem_post(&s);
	ck_assert_int_eq(nk_sem_trywait(&s), -NK_EWOULDBLOCK);
	sim_settle();
	ck_assert_int_eq(low->ret, 0);
	ck_assert_int_eq(low->done, 1);
}
END_TEST

START_TEST(a_wait_times_out)
{
	struct unit_thread *u;

	deadline = hal_clock_now() + 100;
	u = unit_run("u", 10, 0, waits, NULL);
	sim_advance(99);
	ck_assert_int_eq(u->done, 0);
	sim_advance(1);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	nk_sem_post(&s);
	ck_assert_uint_eq(nk_sem_count(&s), 1);
}
END_TEST

START_TEST(a_deadline_that_has_passed_does_not_take_from_the_count)
{
	struct unit_thread *u;

	nk_sem_post(&s);
	deadline = 1;
	u = unit_run("u", 10, 0, waits, NULL);
	ck_assert_int_eq(u->ret, 0);
	u = unit_run("v", 10, 0, waits, NULL);
	sim_settle();
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
}
END_TEST

START_TEST(broadcast_ends_all_waits_with_its_reason)
{
	struct unit_thread *a = unit_run("a", 10, 0, waits, NULL);
	struct unit_thread *b = unit_run("b", 20, 1, waits, NULL);

	sim_settle();
	ck_assert_int_eq(nk_sem_broadcast(&s, 0), 2);
	sim_settle();
	ck_assert_int_eq(a->ret, 0);
	ck_assert_int_eq(b->ret, 0);
	ck_assert_uint_eq(nk_sem_count(&s), 0);
	a = unit_run("a", 10, 0, waits, NULL);
	ck_assert_int_eq(nk_sem_broadcast(&s, -NK_EINTR), 1);
	ck_assert_int_eq(a->ret, -NK_EINTR);
}
END_TEST

START_TEST(destroy_ends_waits_and_refuses_later_calls)
{
	struct unit_thread *u = unit_run("u", 10, 0, waits, NULL);

	ck_assert_int_eq(nk_sem_destroy(&s), 0);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
	ck_assert_int_eq(nk_sem_post(&s), -NK_EIDRM);
	ck_assert_int_eq(nk_sem_trywait(&s), -NK_EIDRM);
	u = unit_run("v", 10, 0, waits, NULL);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
	ck_assert_uint_eq(nk_sem_count(&s), 0);
}
END_TEST

/* The post is either the waiter's or counted, never both, never lost. */
static void post_against_timeout(void *arg)
{
	struct unit_thread *u;

	setup();
	deadline = hal_clock_now() + 100;
	u = unit_run("u", 10, *(int *)arg, waits, NULL);
	sim_settle();
	sim_post(1, unit_advance_100, NULL);
	sim_race_begin();
	nk_sem_post(&s);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_uint_eq(nk_sem_count(&s), u->ret == 0 ? 0 : 1);
	teardown();
}

START_TEST(post_against_timeout_loses_no_post)
{
	unit_explore(post_against_timeout, &_i);
}
END_TEST

static void post_once(void *arg)
{
	(void)arg;
	nk_sem_post(&s);
}

static void post_against_wait(void *arg)
{
	struct unit_thread *a, *b;

	(void)arg;
	setup();
	a = unit_make("a", 10, 0, waits, NULL);
	b = unit_make("b", 20, 1, waits, NULL);
	sim_post(1, post_once, NULL);
	sim_race_begin();
	nk_thread_start(&a->t);
	nk_thread_start(&b->t);
	nk_sem_post(&s);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done + b->done, 2);
	ck_assert_uint_eq(nk_sem_count(&s), 0);
	teardown();
}

/* With a second post or waiter somebody else would come to the rescue. */
static void one_post_against_one_wait(void *arg)
{
	struct unit_thread *a;

	(void)arg;
	setup();
	a = unit_make("a", 10, 0, waits, NULL);
	sim_post(1, post_once, NULL);
	sim_race_begin();
	nk_thread_start(&a->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done, 1);
	ck_assert_uint_eq(nk_sem_count(&s), 0);
	teardown();
}

START_TEST(one_post_reaches_the_one_who_waits)
{
	unit_explore(one_post_against_one_wait, NULL);
}
END_TEST

START_TEST(post_against_wait_loses_no_wakeup)
{
	unit_explore(post_against_wait, NULL);
}
END_TEST

static void post_against_recall(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = unit_user("u", 10, waits, NULL);
	unit_enter(u);
	sim_post(1, unit_recall, &u->t);
	sim_race_begin();
	nk_sem_post(&s);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert(u->ret == 0 || u->ret == -NK_EINTR);
	ck_assert_uint_eq(nk_sem_count(&s), u->ret == 0 ? 0 : 1);
	teardown();
}

START_TEST(post_against_recall_loses_no_post)
{
	unit_explore(post_against_recall, NULL);
}
END_TEST

static int destroyed;

static void destroy(void *arg)
{
	(void)arg;
	destroyed = nk_sem_destroy(&s);
}

static void post_against_destroy(void *arg)
{
	struct unit_thread *u;
	int posted;

	(void)arg;
	setup();
	u = unit_run("u", 10, 1, waits, NULL);
	sim_settle();
	sim_post(1, destroy, NULL);
	sim_race_begin();
	posted = nk_sem_post(&s);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(destroyed, 0);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, posted == 0 ? 0 : -NK_EIDRM);
	teardown();
}

START_TEST(post_against_destroy_has_one_winner)
{
	unit_explore(post_against_destroy, NULL);
}
END_TEST

Suite *sem_suite(void)
{
	Suite *suite = suite_create("sem");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, init_refuses_what_makes_no_sense);
	tcase_add_test(tc, a_give_wakes_and_does_not_switch);
	tcase_add_test(tc, posts_are_counted_up_to_the_maximum);
	tcase_add_test(tc, a_post_goes_to_the_first_waiter);
	tcase_add_test(tc, nobody_takes_a_post_from_a_waiter_it_was_for);
	tcase_add_test(tc, a_wait_times_out);
	tcase_add_test(tc, a_deadline_that_has_passed_does_not_take_from_the_count);
	tcase_add_test(tc, broadcast_ends_all_waits_with_its_reason);
	tcase_add_test(tc, destroy_ends_waits_and_refuses_later_calls);
	tc = unit_race_case(suite, "races");
	tcase_add_loop_test(tc, post_against_timeout_loses_no_post, 0, 2);
	tcase_add_test(tc, post_against_wait_loses_no_wakeup);
	tcase_add_test(tc, one_post_reaches_the_one_who_waits);
	tcase_add_test(tc, post_against_recall_loses_no_post);
	tcase_add_test(tc, post_against_destroy_has_one_winner);
	return suite;
}
