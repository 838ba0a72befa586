// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/suspend.c
 */
#include "nucleus/init.h"
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

static struct nk_sem sem;

/* As a user thread does: a call, and then back to user mode. */
static void waits_and_returns(struct unit_thread *u)
{
	hal_flags_t flags;

	u->ret = nk_sem_wait(&sem, NK_TIME_NEVER);
	flags = hal_oob_save();
	if (nk_thread_stop())
		unit_mark('r');
	hal_oob_restore(flags);
	unit_mark('u');
}

static struct unit_thread *waiter(void)
{
	nk_sem_init(&sem, 0, 10);
	return unit_user("w", 10, waits_and_returns, NULL);
}

static int suspend(struct unit_thread *u)
{
	hal_flags_t flags = hal_oob_save();
	int ret = nk_thread_suspend(&u->t);

	hal_oob_restore(flags);
	return ret;
}

static int resume(struct unit_thread *u)
{
	hal_flags_t flags = hal_oob_save();
	int ret = nk_thread_resume(&u->t);

	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

START_TEST(a_suspended_waiter_gets_what_it_waits_for_and_stops)
{
	struct unit_thread *u = waiter();

	unit_enter(u);
	ck_assert_int_eq(suspend(u), 0);
	ck_assert_int_eq(nk_sem_post(&sem), 0);
	ck_assert_int_eq(nk_sem_count(&sem), 0);
	ck_assert_int_eq(u->t.state, NK_BLOCKED);
	ck_assert_str_eq(unit_marks(), "");
	ck_assert_int_eq(resume(u), 1);
	ck_assert_str_eq(unit_marks(), "u");
	ck_assert_int_eq(u->ret, 0);
}
END_TEST

START_TEST(suspends_add_up)
{
	struct unit_thread *u = waiter();

	unit_enter(u);
	suspend(u);
	suspend(u);
	nk_sem_post(&sem);
	ck_assert_int_eq(resume(u), 1);
	ck_assert_str_eq(unit_marks(), "");
	ck_assert_int_eq(resume(u), 1);
	ck_assert_str_eq(unit_marks(), "u");
	ck_assert_int_eq(resume(u), 0);
}
END_TEST

START_TEST(a_resume_in_time_leaves_no_stop)
{
	struct unit_thread *u = waiter();

	unit_enter(u);
	suspend(u);
	resume(u);
	nk_sem_post(&sem);
	ck_assert_str_eq(unit_marks(), "u");
}
END_TEST

START_TEST(an_unblock_ends_the_wait_and_not_the_stop)
{
	struct unit_thread *u = waiter();

	unit_enter(u);
	suspend(u);
	ck_assert_int_eq(nk_thread_unblock(&u->t, -NK_EINTR), 1);
	ck_assert_int_eq(u->ret, -NK_EINTR);
	ck_assert_int_eq(u->t.state, NK_BLOCKED);
	ck_assert_int_eq(nk_thread_unblock(&u->t, -NK_EINTR), 0);
	ck_assert_str_eq(unit_marks(), "");
	resume(u);
	ck_assert_str_eq(unit_marks(), "u");
}
END_TEST

START_TEST(a_recall_ends_a_stop_until_the_thread_is_hard_again)
{
	struct unit_thread *u = waiter();

	unit_enter(u);
	suspend(u);
	nk_sem_post(&sem);
	nk_stage_recall(&u->t, 4);
	ck_assert_str_eq(unit_marks(), "ru");
	ck_assert_int_eq(u->t.state, NK_INBAND);
	nk_sem_post(&sem);
	unit_enter(u);
	ck_assert_int_eq(u->t.state, NK_BLOCKED);
	resume(u);
	ck_assert_str_eq(unit_marks(), "ruu");
}
END_TEST

START_TEST(a_count_that_is_full_is_refused)
{
	struct unit_thread *u = waiter();
	int i;

	for (i = 0; i < 65535; i++)
		unit_must(!suspend(u));
	ck_assert_int_eq(suspend(u), -NK_EOVERFLOW);
	for (i = 0; i < 65535; i++)
		unit_must(resume(u) == 1);
	ck_assert_int_eq(resume(u), 0);
}
END_TEST

/* ---- races -------------------------------------------------------------------------------------- */

static struct unit_thread *target;

static void resumes_from_afar(void *arg)
{
	(void)arg;
	resume(target);
}

/* It stops, or finds that it need not, while the other CPU resumes it: it always goes on. */
static void stop_against_resume(void *arg)
{
	(void)arg;
	unit_setup();
	target = waiter();
	unit_enter(target);
	suspend(target);
	sim_post(1, resumes_from_afar, NULL);
	sim_race_begin();
	nk_sem_post(&sem);
	sim_race_end();
	sim_settle();
	unit_must(target->t.state == NK_INBAND && !target->t.suspends && !target->ret);
	unit_teardown();
}

START_TEST(a_stop_against_a_resume_goes_on)
{
	unit_explore(stop_against_resume, NULL);
}
END_TEST

Suite *suspend_suite(void)
{
	Suite *s = suite_create("suspend");
	TCase *tc = unit_case(s, "suspend");

	tcase_add_test(tc, a_suspended_waiter_gets_what_it_waits_for_and_stops);
	tcase_add_test(tc, suspends_add_up);
	tcase_add_test(tc, a_resume_in_time_leaves_no_stop);
	tcase_add_test(tc, an_unblock_ends_the_wait_and_not_the_stop);
	tcase_add_test(tc, a_recall_ends_a_stop_until_the_thread_is_hard_again);
	tcase_add_test(tc, a_count_that_is_full_is_refused);
	tc = unit_race_case(s, "races");
	tcase_add_test(tc, a_stop_against_a_resume_goes_on);
	return s;
}
