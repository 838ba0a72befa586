// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/stage.c
 */
#include "nucleus/init.h"
#include "nucleus/mutex.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

static int recalled_in_first_run;
static int state_at_wake;

static void does_nothing(struct unit_thread *u)
{
	recalled_in_first_run = nk_stage_recalled(&u->t);
}

static void sleeps_long(struct unit_thread *u)
{
	u->ret = nk_sleep_until(hal_clock_now() + 1000);
}

START_TEST(a_thread_enters_runs_and_leaves)
{
	struct unit_thread *u = unit_user("u", 10, does_nothing, NULL);

	unit_enter(u);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->t.state, NK_INBAND);
	ck_assert_int_eq(u->t.leave_reason, 1);
	ck_assert_int_eq(u->t.ctx.syncs, 1);
	ck_assert_int_eq(u->t.ctx.wakes, 1);
	unit_enter(u);
	ck_assert_int_eq(u->done, 2);
	ck_assert_int_eq(u->t.ctx.wakes, 2);
}
END_TEST

static void look_at_state(struct hal_context *ctx)
{
	struct nk_thread *t = nk_container_of(ctx, struct nk_thread, ctx);

	state_at_wake = t->state;
	ck_assert_int_eq(t->leaving, 0);
	ck_assert_ptr_ne(nk_thread_current(), t);
}

START_TEST(the_owner_is_woken_after_the_cpu_has_left)
{
	struct unit_thread *u = unit_user("u", 10, does_nothing, NULL);

	state_at_wake = -1;
	sim_on_wake(look_at_state);
	unit_enter(u);
	ck_assert_int_eq(state_at_wake, NK_INBAND);
}
END_TEST

static void starts_and_leaves(struct unit_thread *u)
{
	/* Ready, lower, never run: the leave goes to a new context, which must publish. */
	nk_thread_start(u->arg);
}

START_TEST(a_new_context_publishes_the_one_that_left)
{
	struct unit_thread *k = unit_make("k", 5, 0, does_nothing, NULL);
	struct unit_thread *u = unit_user("u", 10, starts_and_leaves, &k->t);

	unit_enter(u);
	ck_assert_int_eq(u->t.ctx.wakes, 1);
	ck_assert_int_eq(k->done, 1);
}
END_TEST

START_TEST(a_recall_ends_a_wait)
{
	struct unit_thread *u = unit_user("u", 10, sleeps_long, NULL);

	unit_enter(u);
	ck_assert_int_eq(u->t.state, NK_BLOCKED);
	nk_stage_recall(&u->t, 4);
	ck_assert_int_eq(u->ret, -NK_EINTR);
	ck_assert_int_eq(u->t.state, NK_INBAND);
}
END_TEST

START_TEST(a_recall_in_band_has_no_effect)
{
	struct unit_thread *u = unit_user("u", 10, sleeps_long, NULL);

	nk_stage_recall(&u->t, 4);
	ck_assert_int_eq(nk_stage_recalled(&u->t), 0);
	unit_enter(u);
	ck_assert_int_eq(u->t.state, NK_BLOCKED);
	sim_advance(1000);
	ck_assert_int_eq(u->ret, 0);
	nk_stage_recall(&u->t, 4);
	ck_assert_int_eq(nk_stage_recalled(&u->t), 0);
}
END_TEST

START_TEST(enter_forgets_the_last_recall)
{
	struct unit_thread *u = unit_user("u", 10, sleeps_long, NULL);

	unit_enter(u);
	nk_stage_recall(&u->t, 4);
	unit_enter(u);
	ck_assert_int_eq(nk_stage_recalled(&u->t), 0);
	ck_assert_int_eq(u->t.state, NK_BLOCKED);
	sim_advance(1000);
	ck_assert_int_eq(u->ret, 0);
}
END_TEST

static void busy_until_recalled(struct unit_thread *u)
{
	while (!nk_stage_recalled(&u->t))
		sim_advance(10);
}

static void enter_here(void *arg)
{
	unit_enter(arg);
}

START_TEST(a_recall_kicks_the_cpu_the_thread_runs_on)
{
	struct unit_thread *u = unit_user("u", 10, busy_until_recalled, NULL);
	unsigned long kicks;

	sim_post(1, enter_here, u);
	sim_switch_cpu();
	ck_assert_int_eq(u->t.state, NK_RUNNING);
	kicks = sim_kicks(1);
	nk_stage_recall(&u->t, 4);
	ck_assert_uint_eq(sim_kicks(1), kicks + 1);
	sim_settle();
	ck_assert_int_eq(u->t.state, NK_INBAND);
}
END_TEST

START_TEST(the_first_reason_stays)
{
	struct unit_thread *u = unit_user("u", 10, busy_until_recalled, NULL);

	sim_post(1, enter_here, u);
	sim_switch_cpu();
	nk_stage_recall(&u->t, 4);
	nk_stage_recall(&u->t, 6);
	ck_assert_int_eq(nk_stage_recalled(&u->t), 4);
	sim_settle();
}
END_TEST

START_TEST(a_thread_may_enter_on_another_cpu)
{
	struct unit_thread *u = unit_user("u", 10, sleeps_long, NULL);

	unit_enter(u);
	ck_assert_int_eq(nk_cpu_idle(0), 0);
	sim_advance(1000);
	ck_assert_int_eq(nk_cpu_idle(0), 1);
	sim_post(1, enter_here, u);
	sim_settle();
	ck_assert_int_eq(u->t.cpu, 1);
	ck_assert_int_eq(nk_cpu_idle(1), 0);
	sim_advance(1000);
	ck_assert_int_eq(u->done, 2);
}
END_TEST

static void recalls(void *t)
{
	nk_stage_recall(t, 4);
}

/* Four more points pass while it is busy; recalled meanwhile, it hears of none of them. */
static void misses_points(struct unit_thread *u)
{
	unsigned long *missed = u->arg;

	if (!u->done) {
		nk_thread_set_periodic(&u->t, 0, 100);
		ck_assert_int_eq(nk_thread_wait_period(NULL), 0);
		sim_advance(450);
		sim_irq(0, recalls, &u->t);
	}
	u->ret = nk_thread_wait_period(missed);
}

START_TEST(a_recalled_period_wait_keeps_the_missed_points)
{
	unsigned long missed = 99;
	struct unit_thread *u = unit_user("u", 10, misses_points, &missed);
	nk_time_t first = hal_clock_now() + 100;

	unit_enter(u);
	sim_advance(1000);
	ck_assert_int_eq(u->t.state, NK_INBAND);
	ck_assert_int_eq(u->ret, -NK_EINTR);
	ck_assert_uint_eq(missed, 0);
	ck_assert_uint_eq(u->t.overruns, 0);
	ck_assert_int_eq(u->t.release, first + 100);
	/* Nine points have passed since the first: made again, it returns for the newest. */
	ck_assert_int_eq(hal_clock_now(), first + 900);
	unit_enter(u);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_uint_eq(missed, 8);
	ck_assert_uint_eq(u->t.overruns, 8);
	ck_assert_int_eq(u->t.release, first + 1000);
}
END_TEST

START_TEST(a_recall_of_a_thread_that_waits_for_its_period_keeps_the_point)
{
	unsigned long missed = 99;
	struct unit_thread *u = unit_user("u", 10, misses_points, &missed);
	nk_time_t first = hal_clock_now() + 100;

	u->done = 1;
	nk_thread_set_periodic(&u->t, first, 100);
	unit_enter(u);
	ck_assert_int_eq(u->t.state, NK_BLOCKED);
	nk_stage_recall(&u->t, 4);
	ck_assert_int_eq(u->ret, -NK_EINTR);
	ck_assert_int_eq(u->t.release, first);
	sim_advance(250);
	unit_enter(u);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_uint_eq(missed, 1);
	ck_assert_int_eq(u->t.release, first + 200);
}
END_TEST

/* ---- races -------------------------------------------------------------------------------- */

static struct unit_thread *user;

static void recall_user(void *arg)
{
	(void)arg;
	nk_stage_recall(&user->t, 4);
}

static void sees_recall_or_sleeps(struct unit_thread *u)
{
	recalled_in_first_run = nk_stage_recalled(&u->t);
	u->ret = nk_sleep_until(hal_clock_now() + 1000);
}

/* A recall during enter, the first run, the sleep: kept, or in-band and without effect. */
static void recall_against_enter(void *arg)
{
	(void)arg;
	unit_setup();
	user = unit_user("u", 10, sees_recall_or_sleeps, NULL);
	sim_post(1, recall_user, NULL);
	sim_race_begin();
	unit_enter(user);
	sim_race_end();
	sim_settle();
	if (nk_stage_recalled(&user->t)) {
		ck_assert_int_eq(user->ret, -NK_EINTR);
		ck_assert_int_eq(user->t.state, NK_INBAND);
	} else {
		ck_assert_int_eq(user->t.state, NK_BLOCKED);
	}
	sim_advance(1000);
	unit_teardown();
}

START_TEST(recall_against_enter_is_kept)
{
	unit_explore(recall_against_enter, NULL);
}
END_TEST

/* The Linux task of user waits on CPU 1 and makes it hard there as soon as it is woken. */
static void follow_to_one(struct hal_context *ctx)
{
	(void)ctx;
	if (user->done == 1 && hal_cpu() == 0)
		sim_post(1, enter_here, user);
}

static void leave_against_enter_elsewhere(void *arg)
{
	(void)arg;
	unit_setup();
	user = unit_user("u", 10, does_nothing, NULL);
	sim_on_wake(follow_to_one);
	sim_race_begin();
	unit_enter(user);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(user->done, 2);
	ck_assert_int_eq(user->t.cpu, 1);
	ck_assert_int_eq(nk_cpu_idle(0) + nk_cpu_idle(1), 2);
	unit_teardown();
}

START_TEST(leave_against_enter_elsewhere_never_shares_a_stack)
{
	unit_explore(leave_against_enter_elsewhere, NULL);
}
END_TEST

static void recall_while_moving(void *arg)
{
	(void)arg;
	unit_setup();
	user = unit_user("u", 10, sleeps_long, NULL);
	unit_enter(user);
	sim_advance(1000);
	sim_post(1, enter_here, user);
	sim_race_begin();
	nk_stage_recall(&user->t, 4);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(user->t.state, nk_stage_recalled(&user->t) ? NK_INBAND : NK_BLOCKED);
	sim_advance(1000);
	ck_assert_int_eq(nk_rq_check(&nk_rqs[0]), 0);
	unit_teardown();
}

START_TEST(recall_against_enter_elsewhere_hits_the_right_cpu)
{
	unit_explore(recall_while_moving, NULL);
}
END_TEST

/* ---- priorities in-band ---------------------------------------------------------------------- */

static struct nk_mutex lent;

static void takes(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&lent, NK_TIME_NEVER);
}

static void wants_100(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&lent, hal_clock_now() + 100);
}

START_TEST(the_owner_hears_of_each_priority_in_band)
{
	struct unit_thread *u = unit_user("u", 10, takes, NULL);

	nk_mutex_init(&lent);
	unit_enter(u);
	sim_settle();
	ck_assert_int_eq(u->t.ctx.prios, 1);
	unit_run("w", 30, 1, wants_100, NULL);
	sim_settle();
	ck_assert_int_eq(u->t.eprio, 30);
	ck_assert_int_eq(u->t.ctx.prios, 2);
	sim_advance(200);
	ck_assert_int_eq(u->t.eprio, 10);
	ck_assert_int_eq(u->t.ctx.prios, 3);
	nk_mutex_abandon_all(&u->t);
}
END_TEST

Suite *stage_suite(void)
{
	Suite *s = suite_create("stage");
	TCase *tc = unit_case(s, "stage");
	TCase *race = unit_race_case(s, "race");

	tcase_add_test(tc, a_thread_enters_runs_and_leaves);
	tcase_add_test(tc, the_owner_is_woken_after_the_cpu_has_left);
	tcase_add_test(tc, a_new_context_publishes_the_one_that_left);
	tcase_add_test(tc, a_recall_ends_a_wait);
	tcase_add_test(tc, the_first_reason_stays);
	tcase_add_test(tc, a_recall_in_band_has_no_effect);
	tcase_add_test(tc, enter_forgets_the_last_recall);
	tcase_add_test(tc, a_recall_kicks_the_cpu_the_thread_runs_on);
	tcase_add_test(tc, a_thread_may_enter_on_another_cpu);
	tcase_add_test(tc, a_recalled_period_wait_keeps_the_missed_points);
	tcase_add_test(tc, a_recall_of_a_thread_that_waits_for_its_period_keeps_the_point);
	tcase_add_test(tc, the_owner_hears_of_each_priority_in_band);
	tcase_add_test(race, recall_against_enter_is_kept);
	tcase_add_test(race, leave_against_enter_elsewhere_never_shares_a_stack);
	tcase_add_test(race, recall_against_enter_elsewhere_hits_the_right_cpu);
	return s;
}
