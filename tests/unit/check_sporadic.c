// SPDX-License-Identifier: GPL-2.0
/*
 * The sporadic server when its timers are late: no budget is lost. check_class.c has its schedules, to the ns.
 */
#include "nucleus/class.h"
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "tests/unit/unit.h"

#define US	1000LL
#define MS	1000000LL

static const struct nk_sched_attr attr = {
	.kind = NK_SPORADIC, .prio = 20, .low_prio = 5, .max_repl = 2, .budget = MS, .period = 10 * MS,
};

/* Nothing comes in meanwhile: what was due comes at the end. */
static void advance_late(nk_time_t ns)
{
	hal_flags_t flags = hal_oob_save();

	sim_advance_masked(ns);
	hal_oob_restore(flags);
}

/* A replenishment is due at 10 ms, the budget is used up at 10.4, both are found at 14.5. */
static void used_up_behind_a_replenishment(struct unit_thread *u)
{
	nk_time_t begin = hal_clock_now();

	ck_assert_int_eq(nk_class_set(&u->t, &attr), 0);
	sim_advance(100 * US);
	nk_sleep_until(begin + 9500 * US);
	ck_assert_int_eq(u->t.eprio, 20);
	advance_late(5 * MS);
	ck_assert_int_eq(u->t.eprio, 5);
	ck_assert_uint_eq(u->t.budget_overruns, 1);
	sim_advance(begin + 19500 * US - 1 - hal_clock_now());
	ck_assert_int_eq(u->t.eprio, 5);
	sim_advance(1);
	ck_assert_int_eq(u->t.eprio, 20);
	ck_assert_int_eq(u->t.sched.left, MS);
	ck_assert_int_eq(u->t.sched.pending, 0);
}

START_TEST(a_budget_that_a_late_replenishment_finds_used_comes_back)
{
	struct unit_thread *u = unit_run("u", 10, 0, used_up_behind_a_replenishment, NULL);

	sim_advance(10 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

static struct nk_sem to_first, to_other;

static void gives(struct unit_thread *u)
{
	hal_flags_t flags = hal_oob_save();

	(void)u;
	ck_assert_int_eq(nk_sem_wait(&to_other, NK_TIME_NEVER), 0);
	ck_assert_int_eq(nk_sem_post(&to_first), 0);
	hal_oob_restore(flags);
}

/* It blocks with as many replenishments under way as there may be, and runs again, all before the timer that is to
 * lower it. */
static void runs_again_before_it_is_lowered(struct unit_thread *u)
{
	struct nk_sched_attr most = attr;
	nk_time_t begin = hal_clock_now(), sum = 0;
	hal_flags_t flags;
	int i;

	most.max_repl = NK_REPL_MAX;
	ck_assert_int_eq(nk_class_set(&u->t, &most), 0);
	for (i = 0; i < NK_REPL_MAX - 1; i++) {
		sim_advance(10 * US);
		nk_sleep_until(begin + (i + 1) * 100 * US);
	}
	sim_advance(10 * US);
	flags = hal_oob_save();
	ck_assert_int_eq(nk_sem_post(&to_other), 0);
	ck_assert_int_eq(nk_sem_wait(&to_first, NK_TIME_NEVER), 0);
	ck_assert_int_eq(u->t.sched.pending, NK_REPL_MAX);
	ck_assert_int_eq(u->t.eprio, 20);
	sim_advance_masked(10 * US);
	hal_oob_restore(flags);
	ck_assert_int_eq(u->t.eprio, 5);
	ck_assert_int_eq(u->t.sched.pending, NK_REPL_MAX);
	for (i = 0; i < NK_REPL_MAX; i++)
		sum += u->t.sched.repl[i].amount;
	ck_assert_int_eq(u->t.sched.left + sum, MS);
	sim_advance(20 * MS);
	ck_assert_int_eq(u->t.sched.left, MS);
}

START_TEST(what_has_no_place_comes_back_with_the_last)
{
	struct unit_thread *other, *u;

	ck_assert_int_eq(nk_sem_init(&to_first, 0, 1), 0);
	ck_assert_int_eq(nk_sem_init(&to_other, 0, 1), 0);
	other = unit_run("other", 3, 0, gives, NULL);
	u = unit_run("u", 10, 0, runs_again_before_it_is_lowered, NULL);
	sim_advance(30 * MS);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(other->done, 1);
}
END_TEST

static nk_time_t whole(const struct nk_sched *s)
{
	nk_time_t sum = s->left + s->used;

	for (int i = 0; i < s->pending; i++)
		sum += s->repl[i].amount;
	return sum;
}

static void blocks_while_time_passes(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, &attr), 0);
	sim_advance(10 * US);
	sim_post(1, unit_advance_100, NULL);
	sim_race_begin();
	nk_sleep_until(hal_clock_now() + 100 * US);
	ck_assert_int_eq(whole(&u->t.sched), MS);
}

static void time_passes_in_the_switch(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	unit_setup();
	u = unit_run("u", 10, 0, blocks_while_time_passes, NULL);
	sim_race_end();
	sim_settle();
	sim_advance(MS);
	ck_assert_int_eq(u->done, 1);
	unit_teardown();
}

/* After its time was counted, and before it has left the CPU. */
START_TEST(what_passes_while_it_leaves_the_cpu_is_not_lost)
{
	unit_explore(time_passes_in_the_switch, NULL);
}
END_TEST

Suite *sporadic_suite(void)
{
	Suite *suite = suite_create("sporadic");
	TCase *tc = unit_case(suite, "late");

	tcase_add_test(tc, a_budget_that_a_late_replenishment_finds_used_comes_back);
	tcase_add_test(tc, what_has_no_place_comes_back_with_the_last);
	tc = unit_race_case(suite, "race");
	tcase_add_test(tc, what_passes_while_it_leaves_the_cpu_is_not_lost);
	return suite;
}
