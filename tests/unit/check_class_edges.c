// SPDX-License-Identifier: GPL-2.0
/*
 * Scheduling classes: the last ns of a budget, the first of a window, and what is left behind.
 */
#include "nucleus/class.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

#define US	1000LL
#define MS	1000000LL

static const struct nk_sched_attr edf_half = { .kind = NK_EDF, .budget = 5 * MS, .period = 10 * MS };
static const struct nk_sched_attr windowed = { .kind = NK_TP, .prio = 10, .group = 0 };

static void spends(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	unit_busy(6 * MS);
}

/* Its budget is spent, and that is all there is to wait for. */
START_TEST(one_that_is_held_goes_on_though_more_was_refused)
{
	static const struct nk_sched_attr more = { .kind = NK_EDF, .budget = 96 * MS, .period = 100 * MS };
	struct unit_thread *u = unit_run("u", 10, 0, spends, NULL);

	ck_assert_int_eq(u->t.sched.held, 1);
	ck_assert_int_eq(nk_class_set(&u->t, &more), -NK_EBUSY);
	ck_assert_int_eq(u->t.sched.held, 1);
	sim_advance(5 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

/* It gets the CPU back with a ns left. */
static void spends_all_but_one(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	unit_busy(5 * MS - 1);
	nk_sleep_until(hal_clock_now() + 100);
	unit_busy(2);
}

START_TEST(the_last_ns_of_a_budget_is_had)
{
	nk_time_t begin = hal_clock_now();
	struct unit_thread *u = unit_run("u", 10, 0, spends_all_but_one, NULL);

	sim_advance(100);
	ck_assert_int_eq(u->t.sched.held, 1);
	ck_assert_int_eq(u->t.run_ns, 5 * MS);
	ck_assert_int_eq(hal_clock_now() - begin, 5 * MS + 100);
	sim_advance(10 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

static void spends_all(struct unit_thread *u)
{
	static const struct nk_sched_attr grouped = { .kind = NK_QUOTA, .prio = 10, .group = 2 };

	ck_assert_int_eq(nk_class_set(&u->t, &grouped), 0);
	unit_busy(5 * MS + 2);
}

static void does_nothing(struct unit_thread *u)
{
	(void)u;
}

static struct nk_timer crowd[NK_TIMER_BATCH];
static struct unit_thread *started;

static void starts_one(struct nk_timer *timer, nk_time_t now)
{
	(void)now;
	if (timer == crowd)
		nk_thread_start(&started->t);
}

/* So many timers fire when its budget ends that the CPU goes to another one before the budget's is served. */
START_TEST(who_goes_on_with_nothing_left_gets_nothing)
{
	nk_time_t begin = hal_clock_now();
	struct unit_thread *u;
	int i;

	ck_assert_int_eq(nk_group_set(0, 2, 5 * MS, 10 * MS), 0);
	started = unit_make("s", 20, 0, does_nothing, NULL);
	for (i = 0; i < NK_TIMER_BATCH; i++) {
		nk_timer_init(&crowd[i], starts_one);
		nk_timer_start(&crowd[i], begin + 5 * MS, 0);
	}
	u = unit_run("u", 10, 0, spends_all, NULL);
	ck_assert_int_eq(started->done, 1);
	ck_assert_int_eq(u->t.switches, 2);
	ck_assert_int_eq(u->t.eprio, NK_PRIO_ROOT);
	ck_assert_int_eq(u->t.run_ns, 5 * MS);
	ck_assert_int_eq(hal_clock_now() - begin, 5 * MS);
	sim_advance(10 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

/* Its deadline is 1 ns off when it wakes, and so is what is left to it. */
static void wakes_at_its_deadline(struct unit_thread *u)
{
	nk_time_t begin = hal_clock_now();

	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	unit_busy(5 * MS - 1);
	nk_sleep_until(begin + 10 * MS - 1);
	unit_busy(5 * MS - 1);
	u->ret = u->t.sched.held;
}

START_TEST(one_ns_at_the_deadline_is_too_dense)
{
	nk_time_t begin = hal_clock_now();
	struct unit_thread *u = unit_run("u", 10, 0, wakes_at_its_deadline, NULL);

	sim_advance(5 * MS);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(u->t.budget_overruns, 0);
	ck_assert_int_eq(hal_clock_now(), begin + 15 * MS - 2);
}
END_TEST

static void is_asked_early(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	nk_timer_start(&nk_class_cpus[0].timer, hal_clock_now() + 5 * MS - 1, 0);
	unit_busy(5 * MS - 1);
	ck_assert_int_eq(u->t.sched.held, 0);
	unit_busy(2);
}

START_TEST(a_timer_that_is_early_takes_nothing)
{
	struct unit_thread *u = unit_run("u", 10, 0, is_asked_early, NULL);

	ck_assert_int_eq(u->t.sched.held, 1);
	ck_assert_int_eq(u->t.run_ns, 5 * MS);
	sim_advance(10 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

static void yields(struct unit_thread *u)
{
	const char *marks = u->arg;

	unit_mark(marks[0]);
	nk_yield();
	unit_mark(marks[1]);
}

static void has_a_later_deadline(struct unit_thread *u)
{
	static const struct nk_sched_attr later = { .kind = NK_EDF, .budget = 5 * MS, .period = 100 * MS };

	ck_assert_int_eq(nk_class_set(&u->t, &later), 0);
	nk_thread_start(u->arg);
	unit_busy(MS);
	unit_mark('l');
}

START_TEST(a_yield_is_to_no_later_deadline)
{
	struct unit_thread *u = unit_make("u", 10, 0, yields, "ab");

	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	unit_run("l", 10, 0, has_a_later_deadline, &u->t);
	ck_assert_str_eq(unit_marks(), "abl");
}
END_TEST

static void starts_two(struct unit_thread *u)
{
	struct unit_thread **two = u->arg;

	nk_thread_start(&two[0]->t);
	nk_thread_start(&two[1]->t);
}

START_TEST(a_yield_is_to_an_equal)
{
	static const struct nk_sched_attr slices = { .kind = NK_RR, .prio = 10, .budget = MS };
	struct unit_thread *two[] = { unit_make("a", 10, 0, yields, "ac"), unit_make("b", 10, 0, yields, "bd") };

	ck_assert_int_eq(nk_class_set(&two[0]->t, &slices), 0);
	ck_assert_int_eq(nk_class_set(&two[1]->t, &slices), 0);
	unit_run("s", 20, 0, starts_two, two);
	ck_assert_str_eq(unit_marks(), "abcd");
}
END_TEST

static void sleeps_over_the_close(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, &windowed), 0);
	nk_sleep_until(*(nk_time_t *)u->arg);
	unit_mark('s');
}

static void is_cut_off(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, &windowed), 0);
	unit_busy(3 * MS);
	unit_mark('c');
}

/* Of equals the one that had the CPU when the window closed is the first when it opens. */
START_TEST(who_was_cut_off_by_its_window_goes_on_first)
{
	struct nk_frame frame = {
		.count = 2, .windows = { { .partition = 0, .length = 2 * MS }, { .partition = -1, .length = MS } },
	};
	nk_time_t closed = hal_clock_now() + 2500 * US;

	ck_assert_int_eq(nk_frame_set(0, &frame), 0);
	unit_run("s", 10, 0, sleeps_over_the_close, &closed);
	unit_run("c", 10, 0, is_cut_off, NULL);
	sim_advance(10 * MS);
	ck_assert_str_eq(unit_marks(), "cs");
	ck_assert_int_eq(nk_frame_set(0, &(struct nk_frame){ .count = 0 }), 0);
}
END_TEST

static void changes_in_the_midst(struct unit_thread *u)
{
	static const struct nk_sched_attr quarter = { .kind = NK_EDF, .budget = 5 * MS, .period = 20 * MS };

	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	unit_busy(3 * MS);
	ck_assert_int_eq(nk_class_set(&u->t, &quarter), 0);
	unit_busy(5 * MS - 1);
	u->ret = u->t.sched.held;
}

START_TEST(a_new_class_is_not_charged_for_the_old_one)
{
	nk_time_t begin = hal_clock_now();
	struct unit_thread *u = unit_run("u", 10, 0, changes_in_the_midst, NULL);

	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(hal_clock_now(), begin + 8 * MS - 1);
}
END_TEST

static void locks_once_too_often(struct unit_thread *u)
{
	ck_assert_int_eq(nk_sched_lock(), 0);
	u->t.sched_locks = NK_LOCKS_MAX;
	ck_assert_int_eq(nk_sched_lock(), -NK_EOVERFLOW);
	ck_assert_int_eq(u->t.sched_locks, NK_LOCKS_MAX);
	u->t.sched_locks = 1;
	ck_assert_int_eq(nk_sched_unlock(), 0);
	u->ret = nk_sched_unlock();
}

START_TEST(so_many_scheduler_locks_and_no_more)
{
	ck_assert_int_eq(unit_run("u", 10, 0, locks_once_too_often, NULL)->ret, -NK_EPERM);
}
END_TEST

/* By several periods: the next deadline is one period away, as of one that wakes. */
START_TEST(a_budget_that_comes_late_is_for_a_whole_period)
{
	nk_time_t begin = hal_clock_now();
	struct unit_thread *u = unit_run("u", 10, 0, spends, NULL);
	hal_flags_t flags = hal_oob_save();

	hal_timer_program(nk_hal_tick(begin + 45 * MS));
	hal_oob_restore(flags);
	ck_assert_int_eq(u->t.sched.deadline, begin + 55 * MS);
	sim_advance(10 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

START_TEST(who_is_gone_is_in_no_class)
{
	struct unit_thread *u = unit_user("u", 10, NULL, NULL);

	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	ck_assert_int_eq(nk_class_cpus[0].edf_count, 1);
	nk_thread_destroy(&u->t);
	u->gone = 1;
	ck_assert_int_eq(nk_class_cpus[0].edf_count, 0);
	ck_assert_int_eq(nk_rqs[0].classed, 0);
}
END_TEST

START_TEST(who_leaves_a_class_leaves_its_timer)
{
	struct unit_thread *u = unit_run("u", 10, 0, spends, NULL);

	ck_assert_int_eq(u->t.sched.timer.armed, 1);
	ck_assert_int_eq(nk_class_set(&u->t, &(struct nk_sched_attr){ .prio = 3 }), 0);
	ck_assert_int_eq(u->t.sched.timer.armed, 0);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

START_TEST(a_priority_is_shown_where_there_is_one)
{
	struct unit_thread *u = unit_user("u", 10, NULL, NULL);
	struct nk_sched_attr now;

	nk_class_get(&u->t, &now);
	ck_assert_int_eq(now.prio, 10);
	ck_assert_int_eq(nk_class_set(&u->t, &windowed), 0);
	ck_assert_int_eq(nk_thread_set_prio(&u->t, 20), 0);
	nk_class_get(&u->t, &now);
	ck_assert_int_eq(now.prio, 20);
	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	nk_class_get(&u->t, &now);
	ck_assert_int_eq(now.prio, 0);
}
END_TEST

START_TEST(a_frame_taken_away_closes_all_windows)
{
	struct nk_frame frame = { .count = 1, .windows = { { .partition = 1, .length = MS } } };
	struct nk_class_cpu *c = &nk_class_cpus[0];
	int i;

	ck_assert_int_eq(nk_frame_set(0, &frame), 0);
	ck_assert_int_eq(c->partitions[1].open, 1);
	frame.count = 0;
	ck_assert_int_eq(nk_frame_set(0, &frame), 0);
	ck_assert_int_eq(c->tp_timer.armed, 0);
	for (i = 0; i < NK_PARTITIONS; i++)
		ck_assert_int_eq(c->partitions[i].open, 0);
}
END_TEST

/* unit_teardown() looks for it. */
START_TEST(no_timer_of_a_class_is_left_when_the_nucleus_goes)
{
	struct nk_class_cpu *c = &nk_class_cpus[0];
	struct nk_timer *timers[] = { &c->timer, &c->tp_timer, &c->groups[0].timer,
				      &c->groups[NK_GROUPS - 1].timer };

	nk_timer_start(timers[_i], hal_clock_now() + MS, 0);
}
END_TEST

static void sleeps_with_a_budget(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	ck_assert_int_eq(nk_class_cpus[0].timer.armed, 1);
	nk_sleep_until(hal_clock_now() + MS);
}

/* No interrupt for a budget that nobody spends. */
START_TEST(the_timer_of_a_budget_ends_with_its_use)
{
	struct unit_thread *u = unit_run("u", 10, 0, sleeps_with_a_budget, NULL);

	ck_assert_int_eq(nk_class_cpus[0].timer.armed, 0);
	sim_advance(MS);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(nk_class_cpus[0].timer.armed, 0);
}
END_TEST

static void sleeps_long(struct unit_thread *u)
{
	(void)u;
	nk_sleep_until(hal_clock_now() + 20 * MS);
}

static void starts_without_a_budget(struct nk_timer *timer, nk_time_t now)
{
	static const struct nk_sched_attr fifo = { .kind = NK_FIFO, .prio = 10 };

	starts_one(timer, now);
	ck_assert_int_eq(nk_class_cpus[0].timer.armed, 1);
	ck_assert_int_eq(nk_class_set(&started->t, &fifo), 0);
}

/* It had a budget only until it got the CPU. */
START_TEST(a_timer_too_many_fires_once)
{
	started = unit_make("s", 10, 0, sleeps_long, NULL);
	ck_assert_int_eq(nk_class_set(&started->t, &edf_half), 0);
	nk_timer_init(crowd, starts_without_a_budget);
	nk_timer_start(crowd, hal_clock_now() + 100, 0);
	sim_advance(100);
	ck_assert_int_eq(nk_class_cpus[0].timer.armed, 1);
	sim_advance(5 * MS);
	ck_assert_int_eq(nk_class_cpus[0].timer.armed, 0);
	sim_advance(15 * MS);
	ck_assert_int_eq(started->done, 1);
}
END_TEST

static struct unit_thread *equals[3];

static void starts_equals(struct nk_timer *timer, nk_time_t now)
{
	static const struct nk_sched_attr fifo = { .kind = NK_FIFO, .prio = 10 };
	int i;

	(void)timer;
	(void)now;
	for (i = 0; i < 3; i++)
		nk_thread_start(&equals[i]->t);
	ck_assert_int_eq(nk_class_set(&equals[1]->t, &fifo), 0);
	ck_assert_int_eq(nk_class_set(&equals[0]->t, &fifo), 0);
}

/* It leaves the midst of a queue, and the head of one. */
START_TEST(one_that_is_ready_leaves_the_queue_of_its_class)
{
	static const struct nk_sched_attr tenth = { .kind = NK_EDF, .budget = MS, .period = 10 * MS };
	int i;

	for (i = 0; i < 3; i++) {
		equals[i] = unit_make("e", 10, 0, yields, &"aabbcc"[2 * i]);
		ck_assert_int_eq(nk_class_set(&equals[i]->t, &tenth), 0);
	}
	nk_timer_init(crowd, starts_equals);
	nk_timer_start(crowd, hal_clock_now() + 100, 0);
	sim_advance(100);
	ck_assert_str_eq(unit_marks(), "ccbaba");
}
END_TEST

static const struct nk_sched_attr six_of_ten[] = {
	{ .kind = NK_EDF, .budget = 6 * MS, .period = 10 * MS },
	{ .kind = NK_QUOTA, .prio = 10, .group = 2 },
};

static void overruns_under_the_lock(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, u->arg), 0);
	ck_assert_int_eq(nk_sched_lock(), 0);
	unit_busy(11 * MS);
	ck_assert_int_eq(nk_sched_unlock(), 0);
	unit_busy(2 * MS);
}

/* It had the CPU throughout: nothing but the new budget itself can watch over its end. */
START_TEST(a_budget_that_comes_to_who_runs_has_an_end)
{
	nk_time_t begin = hal_clock_now();
	struct unit_thread *u;

	ck_assert_int_eq(nk_group_set(0, 2, 6 * MS, 10 * MS), 0);
	u = unit_run("u", 10, 0, overruns_under_the_lock, (void *)&six_of_ten[_i]);
	ck_assert_int_eq(u->done, 0);
	ck_assert_int_eq(u->t.eprio, NK_PRIO_ROOT);
	ck_assert_int_eq(hal_clock_now(), begin + 12 * MS);
	sim_advance(10 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

static const struct nk_sched_attr one_ns_less[] = {
	{ .kind = NK_EDF, .budget = 5 * MS, .period = 10 * MS - 1 },
	{ .kind = NK_QUOTA, .prio = 10, .group = 2 },
};

static void keeps_the_lock(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, u->arg), 0);
	ck_assert_int_eq(nk_sched_lock(), 0);
	unit_busy(10 * MS);
	u->ret = (int)u->t.budget_overruns;
	ck_assert_int_eq(nk_sched_unlock(), 0);
}

/* It owes all of the next budget but one ns, and gets that. */
START_TEST(the_ns_that_is_left_of_a_debt_is_had)
{
	struct unit_thread *u;

	ck_assert_int_eq(nk_group_set(0, 2, 5 * MS, 10 * MS - 1), 0);
	u = unit_run("u", 10, 0, keeps_the_lock, (void *)&one_ns_less[_i]);
	ck_assert_int_eq(u->ret, 2);
	sim_advance(20 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

static void is_busy(struct unit_thread *u)
{
	(void)u;
	unit_busy(6 * MS);
}

static void starts(void *arg)
{
	nk_thread_start(arg);
}

static void other_cpu_first(void *arg)
{
	(void)arg;
	sim_switch_cpu();
	ck_assert_int_eq(nk_rqs[0].resched, 1);
}

/* Linux here takes the kick, or looks by itself before that comes in, or at the end of another interrupt. */
START_TEST(who_is_started_from_elsewhere_has_its_budget_only)
{
	nk_time_t begin = hal_clock_now();
	struct unit_thread *u = unit_make("u", 10, 0, is_busy, NULL);
	hal_flags_t flags;

	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	sim_post(1, starts, &u->t);
	if (_i == 2) {
		sim_irq(0, other_cpu_first, NULL);
	} else {
		flags = hal_oob_save();
		other_cpu_first(NULL);
		if (_i)
			nk_sched();
		hal_oob_restore(flags);
	}
	ck_assert_int_eq(u->t.sched.held, 1);
	ck_assert_int_eq(hal_clock_now(), begin + 5 * MS);
	sim_advance(10 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

static struct unit_thread *gone;

/* Its timer fires on CPU 1 when it ends: no handler looks at it any more when it has. */
static void end_against_timer(void *arg)
{
	(void)arg;
	unit_setup();
	gone = unit_user("u", 10, NULL, NULL);
	ck_assert_int_eq(nk_class_set(&gone->t, &edf_half), 0);
	nk_timer_start_on(&gone->t.sched.timer, 1, hal_clock_now() + 100, 0);
	sim_post(1, unit_advance_100, NULL);
	sim_race_begin();
	nk_thread_destroy(&gone->t);
	gone->gone = 1;
	ck_assert_ptr_ne(nk_rqs[1].timers.running, &gone->t.sched.timer);
	sim_race_end();
	unit_teardown();
}

START_TEST(a_thread_that_ends_waits_for_its_timer)
{
	unit_explore(end_against_timer, NULL);
}
END_TEST

Suite *class_edges_suite(void)
{
	Suite *suite = suite_create("class_edges");
	TCase *tc = unit_case(suite, "edges");

	tcase_add_test(tc, one_that_is_held_goes_on_though_more_was_refused);
	tcase_add_test(tc, the_last_ns_of_a_budget_is_had);
	tcase_add_test(tc, who_goes_on_with_nothing_left_gets_nothing);
	tcase_add_test(tc, one_ns_at_the_deadline_is_too_dense);
	tcase_add_test(tc, a_timer_that_is_early_takes_nothing);
	tcase_add_test(tc, a_yield_is_to_no_later_deadline);
	tcase_add_test(tc, a_yield_is_to_an_equal);
	tcase_add_test(tc, who_was_cut_off_by_its_window_goes_on_first);
	tcase_add_test(tc, a_new_class_is_not_charged_for_the_old_one);
	tcase_add_test(tc, so_many_scheduler_locks_and_no_more);
	tcase_add_test(tc, a_budget_that_comes_late_is_for_a_whole_period);
	tcase_add_test(tc, who_is_gone_is_in_no_class);
	tcase_add_test(tc, who_leaves_a_class_leaves_its_timer);
	tcase_add_test(tc, a_priority_is_shown_where_there_is_one);
	tcase_add_test(tc, a_frame_taken_away_closes_all_windows);
	tcase_add_test(tc, the_timer_of_a_budget_ends_with_its_use);
	tcase_add_test(tc, a_timer_too_many_fires_once);
	tcase_add_test(tc, one_that_is_ready_leaves_the_queue_of_its_class);
	tcase_add_loop_test(tc, a_budget_that_comes_to_who_runs_has_an_end, 0, 2);
	tcase_add_loop_test(tc, the_ns_that_is_left_of_a_debt_is_had, 0, 2);
	tcase_add_loop_test(tc, who_is_started_from_elsewhere_has_its_budget_only, 0, 3);
	tcase_add_test(unit_race_case(suite, "races"), a_thread_that_ends_waits_for_its_timer);
	tcase_add_loop_test(tc, no_timer_of_a_class_is_left_when_the_nucleus_goes, 0, 4);
	return suite;
}
