// SPDX-License-Identifier: GPL-2.0
/*
 * Scheduling classes: what is refused, admission, moves, the scheduler lock, inheritance between classes,
 * and what is counted. check_class.c has the schedules.
 */
#include "nucleus/class.h"
#include "nucleus/mutex.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

#define US	1000LL
#define MS	1000000LL

static const struct nk_sched_attr edf_half = { .kind = NK_EDF, .budget = 5 * MS, .period = 10 * MS };

static void nothing(struct unit_thread *u)
{
	(void)u;
}

/* ---- refused ----------------------------------------------------------------------------------- */

static const struct nk_sched_attr bad[] = {
	{ .kind = -1, .prio = 10 },
	{ .kind = NK_CLASSES, .prio = 10 },
	{ .kind = NK_FIFO, .prio = 0 },
	{ .kind = NK_FIFO, .prio = 100 },
	{ .kind = NK_FIFO, .prio = 10, .budget = MS },
	{ .kind = NK_FIFO, .prio = 10, .period = MS },
	{ .kind = NK_FIFO, .prio = 10, .group = 1 },
	{ .kind = NK_FIFO, .prio = 10, .low_prio = 1 },
	{ .kind = NK_RR, .prio = 10 },
	{ .kind = NK_RR, .prio = 10, .budget = NK_PERIOD_MIN - 1 },
	{ .kind = NK_RR, .prio = 10, .budget = NK_PERIOD_MAX + 1 },
	{ .kind = NK_RR, .prio = 10, .budget = MS, .period = MS },
	{ .kind = NK_EDF, .prio = 1, .budget = MS, .period = 2 * MS },
	{ .kind = NK_EDF, .budget = 0, .period = 2 * MS },
	{ .kind = NK_EDF, .budget = NK_BUDGET_MIN - 1, .period = 2 * MS },
	{ .kind = NK_EDF, .budget = 3 * MS, .period = 2 * MS },
	{ .kind = NK_EDF, .budget = NK_BUDGET_MIN, .period = NK_PERIOD_MIN - 1 },
	{ .kind = NK_EDF, .budget = MS, .period = NK_PERIOD_MAX + 1 },
	{ .kind = NK_SPORADIC, .prio = 10, .low_prio = 10, .max_repl = 1, .budget = MS, .period = MS },
	{ .kind = NK_SPORADIC, .prio = 10, .low_prio = 0, .max_repl = 1, .budget = MS, .period = MS },
	{ .kind = NK_SPORADIC, .prio = 10, .low_prio = 1, .max_repl = 0, .budget = MS, .period = MS },
	{ .kind = NK_SPORADIC, .prio = 10, .low_prio = 1, .max_repl = NK_REPL_MAX + 1, .budget = MS,
	  .period = MS },
	{ .kind = NK_SPORADIC, .prio = 10, .low_prio = 1, .max_repl = 1, .budget = 2 * MS, .period = MS },
	{ .kind = NK_QUOTA, .prio = 10, .group = -1 },
	{ .kind = NK_QUOTA, .prio = 10, .group = NK_GROUPS },
	{ .kind = NK_QUOTA, .prio = 10, .group = 3 },	/* not set up */
	{ .kind = NK_TP, .prio = 10, .group = NK_PARTITIONS },
	{ .kind = NK_TP, .prio = 10, .budget = MS },
	{ .kind = NK_WEAK, .prio = 10 },
};

START_TEST(what_is_out_of_range_is_refused_and_changes_nothing)
{
	struct unit_thread *u = unit_user("u", 10, nothing, NULL);
	struct nk_sched_attr now;

	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	ck_assert_int_eq(nk_class_set(&u->t, &bad[_i]), -NK_EINVAL);
	nk_class_get(&u->t, &now);
	ck_assert_int_eq(now.kind, NK_EDF);
	ck_assert_int_eq(now.budget, edf_half.budget);
	ck_assert_int_eq(u->t.base_prio, NK_PRIO_EDF);
	ck_assert_int_eq(nk_rqs[0].classed, 1);
}
END_TEST

START_TEST(groups_and_frames_out_of_range_are_refused)
{
	struct nk_frame frame = { .count = 1, .windows[0] = { .partition = 0, .length = MS } };

	ck_assert_int_eq(nk_group_set(-1, 0, MS, MS), -NK_EINVAL);
	ck_assert_int_eq(nk_group_set(HAL_MAX_CPUS, 0, MS, MS), -NK_EINVAL);
	ck_assert_int_eq(nk_group_set(0, -1, MS, MS), -NK_EINVAL);
	ck_assert_int_eq(nk_group_set(0, NK_GROUPS, MS, MS), -NK_EINVAL);
	ck_assert_int_eq(nk_group_set(0, 0, 2 * MS, MS), -NK_EINVAL);
	ck_assert_int_eq(nk_group_set(0, 0, 0, MS), -NK_EINVAL);
	ck_assert_int_eq(nk_group_set(0, 0, NK_BUDGET_MIN - 1, MS), -NK_EINVAL);
	ck_assert_int_eq(nk_group_set(0, 0, MS, NK_PERIOD_MAX + 1), -NK_EINVAL);
	ck_assert_int_eq(nk_frame_set(HAL_MAX_CPUS, &frame), -NK_EINVAL);
	frame.windows[0].partition = NK_PARTITIONS;
	ck_assert_int_eq(nk_frame_set(0, &frame), -NK_EINVAL);
	frame.windows[0].partition = -2;
	ck_assert_int_eq(nk_frame_set(0, &frame), -NK_EINVAL);
	frame.windows[0] = (struct nk_window){ .partition = 0, .length = NK_PERIOD_MIN - 1 };
	ck_assert_int_eq(nk_frame_set(0, &frame), -NK_EINVAL);
	frame.count = NK_WINDOWS + 1;
	ck_assert_int_eq(nk_frame_set(0, &frame), -NK_EINVAL);
	ck_assert_int_eq(nk_class_cpus[0].frame.count, 0);
}
END_TEST

START_TEST(the_first_group_that_there_is_not_is_added)
{
	nk_time_t budget = -1, period = -1;
	int i;

	ck_assert_int_eq(nk_group_add(-1, MS, MS), -NK_EINVAL);
	ck_assert_int_eq(nk_group_add(0, 0, MS), -NK_EINVAL);
	ck_assert_int_eq(nk_group_add(0, 2 * MS, MS), -NK_EINVAL);
	ck_assert_int_eq(nk_group_get(0, NK_GROUPS, &budget, &period), -NK_EINVAL);
	ck_assert_int_eq(nk_group_get(0, 0, &budget, &period), 0);
	ck_assert_int_eq(budget, 0);
	ck_assert_int_eq(nk_group_set(0, 1, MS, 2 * MS), 0);
	for (i = 0; i < NK_GROUPS; i++)
		if (i != 1)
			ck_assert_int_eq(nk_group_add(0, 2 * MS, 5 * MS), i);
	ck_assert_int_eq(nk_group_add(0, MS, MS), -NK_ENOSPC);
	ck_assert_int_eq(nk_group_get(0, 1, &budget, &period), 0);
	ck_assert(budget == MS && period == 2 * MS);
	ck_assert_int_eq(nk_group_get(0, 2, &budget, &period), 0);
	ck_assert(budget == 2 * MS && period == 5 * MS);
	for (i = 0; i < NK_GROUPS; i++)
		ck_assert_int_eq(nk_group_set(0, i, 0, 0), 0);
}
END_TEST

START_TEST(a_frame_is_told_as_it_was_set)
{
	struct nk_frame frame = { .count = 2, .windows = { { .partition = 3, .length = MS },
							   { .partition = -1, .length = 2 * MS } } };
	struct nk_frame now;

	ck_assert_int_eq(nk_frame_get(HAL_MAX_CPUS, &now), -NK_EINVAL);
	ck_assert_int_eq(nk_frame_get(0, &now), 0);
	ck_assert_int_eq(now.count, 0);
	ck_assert_int_eq(nk_frame_set(0, &frame), 0);
	ck_assert_int_eq(nk_frame_get(0, &now), 0);
	ck_assert(now.count == 2 && now.windows[0].partition == 3 && now.windows[1].length == 2 * MS);
	ck_assert_int_eq(nk_frame_set(0, &(struct nk_frame){ .count = 0 }), 0);
}
END_TEST

/* From the next point of its grid on, and that stays. */
START_TEST(a_group_with_threads_gets_another_budget)
{
	static const struct nk_sched_attr quota = { .kind = NK_QUOTA, .prio = 10, .group = 2 };
	struct unit_thread *u = unit_user("u", 10, nothing, NULL);
	struct nk_group *g = &nk_class_cpus[0].groups[2];

	ck_assert_int_eq(nk_group_set(0, 2, MS, 10 * MS), 0);
	ck_assert_int_eq(nk_class_set(&u->t, &quota), 0);
	sim_advance(3 * MS);
	ck_assert_int_eq(nk_group_set(0, 2, MS, 20 * MS), -NK_EBUSY);
	ck_assert_int_eq(nk_group_set(0, 2, 4 * MS, 10 * MS), 0);
	ck_assert_int_eq(g->left, MS);
	sim_advance(8 * MS);
	ck_assert_int_eq(g->left, 4 * MS);
	ck_assert_int_eq(nk_class_set(&u->t, &(struct nk_sched_attr){ .prio = 7 }), 0);
	ck_assert_int_eq(nk_group_set(0, 2, 0, 0), 0);
}
END_TEST

START_TEST(a_group_with_threads_stays_as_it_is)
{
	static const struct nk_sched_attr quota = { .kind = NK_QUOTA, .prio = 10, .group = 2 };
	struct unit_thread *u = unit_user("u", 10, nothing, NULL);

	ck_assert_int_eq(nk_group_set(0, 2, MS, 10 * MS), 0);
	ck_assert_int_eq(nk_class_set(&u->t, &quota), 0);
	ck_assert_int_eq(nk_group_set(0, 2, 0, 0), -NK_EBUSY);
	ck_assert_int_eq(nk_class_set(&u->t, &(struct nk_sched_attr){ .prio = 7 }), 0);
	ck_assert_int_eq(u->t.eprio, 7);
	ck_assert_int_eq(nk_group_set(0, 2, 0, 0), 0);
	ck_assert_int_eq(nk_class_set(&u->t, &quota), -NK_EINVAL);
}
END_TEST

START_TEST(a_priority_is_refused_where_the_class_has_its_own)
{
	static const struct nk_sched_attr weak = { .kind = NK_WEAK };
	static const struct nk_sched_attr sporadic = {
		.kind = NK_SPORADIC, .prio = 20, .low_prio = 5, .max_repl = 1, .budget = MS, .period = MS,
	};
	struct unit_thread *u = unit_user("u", 10, nothing, NULL);

	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	ck_assert_int_eq(nk_thread_set_prio(&u->t, 20), -NK_EINVAL);
	ck_assert_int_eq(nk_class_set(&u->t, &weak), 0);
	ck_assert_int_eq(nk_thread_set_prio(&u->t, 20), -NK_EINVAL);
	ck_assert_int_eq(u->t.eprio, NK_PRIO_MIN);
	ck_assert_int_eq(nk_class_set(&u->t, &sporadic), 0);
	ck_assert_int_eq(nk_thread_set_prio(&u->t, 5), -NK_EINVAL);
	ck_assert_int_eq(nk_thread_set_prio(&u->t, 30), 0);
	ck_assert_int_eq(u->t.eprio, 30);
}
END_TEST

/* ---- admission --------------------------------------------------------------------------------- */

/* All periods divide 5040 ms, so sums are exact by whole numbers. */
START_TEST(edf_admits_what_fits_to_the_ns)
{
	static const int parts[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16 };
	struct unit_thread *u[8];
	nk_time_t whole = 5040 * MS, sum = 0;
	int i, set;

	for (i = 0; i < 8; i++)
		u[i] = unit_user("u", 10, nothing, NULL);
	for (set = 0; set < 1000; set++) {
		sum = 0;
		nk_edf_percent = 1 + (int)unit_random(100);
		for (i = 0; i < 8; i++) {
			nk_time_t n = parts[unit_random(14)];
			nk_time_t period = whole / n;
			nk_time_t left = whole * nk_edf_percent / 100 - sum;
			/* Often just what fits, or 1 ns more. */
			nk_time_t budget = unit_random(2) ? left / n + unit_random(2) :
							    period * (1 + unit_random(30)) / 100;
			struct nk_sched_attr a = { .kind = NK_EDF, .budget = budget, .period = period };
			int fits = sum + budget * n <= whole * nk_edf_percent / 100;

			if (budget < NK_BUDGET_MIN || budget > period)
				continue;
			ck_assert_int_eq(nk_class_set(&u[i]->t, &a), fits ? 0 : -NK_EBUSY);
			ck_assert_int_eq(u[i]->t.class == &nk_class_edf, fits);
			if (fits)
				sum += budget * n;
		}
		for (i = 0; i < 8; i++)
			ck_assert_int_eq(nk_class_set(&u[i]->t, &(struct nk_sched_attr){ .prio = 9 }), 0);
	}
	nk_edf_percent = 95;
}
END_TEST

/* By 2^-42 of a CPU. */
START_TEST(edf_refuses_one_ns_more_in_an_hour)
{
	struct nk_sched_attr a = { .kind = NK_EDF, .budget = NK_PERIOD_MAX / 100 * 95, .period = NK_PERIOD_MAX };
	struct unit_thread *u = unit_user("u", 10, nothing, NULL);

	a.budget++;
	ck_assert_int_eq(nk_class_set(&u->t, &a), -NK_EBUSY);
	a.budget--;
	ck_assert_int_eq(nk_class_set(&u->t, &a), 0);
}
END_TEST

START_TEST(one_that_asks_for_more_than_fits_keeps_what_it_has)
{
	struct unit_thread *a = unit_user("a", 10, nothing, NULL);
	struct unit_thread *b = unit_user("b", 10, nothing, NULL);
	struct nk_sched_attr more = { .kind = NK_EDF, .budget = 6 * MS, .period = 10 * MS }, now;

	ck_assert_int_eq(nk_class_set(&a->t, &edf_half), 0);
	ck_assert_int_eq(nk_class_set(&b->t, &edf_half), -NK_EBUSY);
	ck_assert_int_eq(b->t.eprio, 10);
	more.budget = 4 * MS;
	ck_assert_int_eq(nk_class_set(&b->t, &more), 0);
	more.budget = 5 * MS;
	ck_assert_int_eq(nk_class_set(&b->t, &more), -NK_EBUSY);
	nk_class_get(&b->t, &now);
	ck_assert_int_eq(now.budget, 4 * MS);
	/* Its own part does not count against it. */
	more.budget = 3 * MS;
	ck_assert_int_eq(nk_class_set(&b->t, &more), 0);
	ck_assert_int_eq(nk_class_cpus[0].edf_count, 2);
}
END_TEST

static struct unit_thread *mover, *there;

static void fill_there(void *arg)
{
	(void)arg;
	ck_assert_int_eq(nk_stage_move(&there->t, hal_cpu()), 0);
	ck_assert_int_eq(nk_class_set(&there->t, &edf_half), 0);
}

static void leave_there(void *arg)
{
	(void)arg;
	ck_assert_int_eq(nk_class_set(&there->t, &(struct nk_sched_attr){ .prio = 9 }), 0);
}

static void enter_there(void *arg)
{
	hal_flags_t flags = hal_oob_save();

	*(int *)arg = nk_stage_move(&mover->t, hal_cpu());
	hal_oob_restore(flags);
}

START_TEST(a_move_asks_for_room_there)
{
	int ret = 1;

	there = unit_user("there", 10, nothing, NULL);
	mover = unit_user("mover", 10, nothing, NULL);
	ck_assert_int_eq(nk_class_set(&mover->t, &edf_half), 0);
	sim_post(1, fill_there, NULL);
	sim_settle();
	sim_post(1, enter_there, &ret);
	sim_settle();
	ck_assert_int_eq(ret, -NK_EBUSY);
	ck_assert_int_eq(mover->t.sched.cpu, 0);
	ck_assert_int_eq(nk_class_cpus[0].edf_count, 1);
	sim_post(1, leave_there, NULL);
	sim_settle();
	sim_post(1, enter_there, &ret);
	sim_settle();
	ck_assert_int_eq(ret, 0);
	ck_assert_int_eq(nk_class_cpus[0].edf_count, 0);
	ck_assert_int_eq(nk_class_cpus[1].edf_count, 1);
	ck_assert_int_eq(nk_rqs[1].classed, 1);
	ck_assert_int_eq(mover->t.cpu, 1);
}
END_TEST

/* ---- the scheduler lock ------------------------------------------------------------------------- */

static void locks(struct unit_thread *u)
{
	struct unit_thread *high = u->arg;

	ck_assert_int_eq(nk_sched_unlock(), -NK_EPERM);
	ck_assert_int_eq(nk_sched_lock(), 0);
	ck_assert_int_eq(nk_sched_lock(), 0);
	nk_thread_start(&high->t);
	unit_mark('a');
	ck_assert_int_eq(nk_thread_set_prio(&u->t, 20), 0);
	ck_assert_int_eq(nk_sched_unlock(), 0);
	unit_mark('b');
	ck_assert_int_eq(nk_sched_unlock(), 0);
	unit_mark('c');
	ck_assert_int_eq(u->t.eprio, 20);
}

static void marks_h(struct unit_thread *u)
{
	(void)u;
	unit_mark('h');
}

START_TEST(with_the_lock_nobody_preempts)
{
	struct unit_thread *high = unit_make("high", 90, 0, marks_h, NULL);

	unit_run("low", 10, 0, locks, high);
	ck_assert_str_eq(unit_marks(), "abhc");
}
END_TEST

static void locks_to_the_end(struct unit_thread *u)
{
	int i;

	(void)u;
	for (i = 0; i < NK_LOCKS_MAX; i++)
		unit_must(!nk_sched_lock());
	ck_assert_int_eq(nk_sched_lock(), -NK_EOVERFLOW);
	for (i = 0; i < NK_LOCKS_MAX; i++)
		unit_must(!nk_sched_unlock());
	ck_assert_int_eq(nk_sched_unlock(), -NK_EPERM);
}

START_TEST(the_lock_has_an_end)
{
	struct unit_thread *u = unit_run("u", 10, 0, locks_to_the_end, NULL);

	ck_assert_int_eq(u->done, 1);
}
END_TEST

/* ---- inheritance ----------------------------------------------------------------------------------- */

static struct nk_mutex mutex;

static void owns(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, u->arg), 0);
	ck_assert_int_eq(nk_mutex_lock(&mutex, NK_TIME_NEVER), 0);
	unit_busy(8 * MS);
	unit_mark('o');
	ck_assert_int_eq(nk_mutex_unlock(&mutex), 0);
	unit_busy(1 * MS);
	unit_mark('O');
}

static void wants(struct unit_thread *u)
{
	nk_sleep_until(hal_clock_now() + 2 * MS);
	ck_assert_int_eq(nk_mutex_lock(&mutex, NK_TIME_NEVER), 0);
	unit_mark('w');
	ck_assert_int_eq(nk_mutex_unlock(&mutex), 0);
	*(nk_time_t *)u->arg = hal_clock_now();
}

static void hogs(struct unit_thread *u)
{
	(void)u;
	nk_sleep_until(hal_clock_now() + 3 * MS);
	unit_busy(20 * MS);
	unit_mark('h');
}

static const struct nk_sched_attr held_soon[] = {
	{ .kind = NK_EDF, .budget = MS, .period = 1000 * MS },
	{ .kind = NK_SPORADIC, .prio = 50, .low_prio = 1, .max_repl = 2, .budget = MS, .period = 1000 * MS },
	{ .kind = NK_QUOTA, .prio = 50, .group = 0 },
	{ .kind = NK_TP, .prio = 50, .group = 0 },
};

/* It is held after 1 ms, runs on when another waits at 2 ms, and no hog in between keeps that waiting. */
START_TEST(who_is_held_runs_on_with_what_a_waiter_lends)
{
	struct nk_frame frame = {
		.count = 2, .windows = { { .partition = 0, .length = MS }, { .partition = 1, .length = 999 * MS } },
	};
	nk_time_t start = hal_clock_now(), got = 0;
	struct unit_thread *u;

	nk_mutex_init(&mutex);
	ck_assert_int_eq(nk_group_set(0, 0, MS, 1000 * MS), 0);
	ck_assert_int_eq(nk_frame_set(0, &frame), 0);
	unit_run("wants", 40, 0, wants, &got);
	unit_run("hogs", 30, 0, hogs, NULL);
	u = unit_run("owns", 10, 0, owns, (void *)&held_soon[_i]);
	sim_advance(100 * MS);
	/* Sporadic: at low_prio from 1 to 2 ms nobody else wanted the CPU. */
	ck_assert_int_eq(got - start, (held_soon[_i].kind == NK_SPORADIC ? 8 : 9) * MS);
	ck_assert_str_eq(unit_marks(), held_soon[_i].kind == NK_SPORADIC ? "owhO" : "owh");
	ck_assert_uint_eq(u->t.budget_overruns, 1);
	/* What was lent of a budget is paid back: 8 periods go by without it. */
	sim_advance(7800 * MS);
	ck_assert_int_eq(u->done, held_soon[_i].kind != NK_EDF && held_soon[_i].kind != NK_QUOTA);
	sim_advance(1200 * MS);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->t.run_ns, 9 * MS);
	ck_assert_int_eq(nk_mutex_destroy(&mutex), 0);
}
END_TEST

static void edf_wants(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	wants(u);
}

static void low_owns(struct unit_thread *u)
{
	ck_assert_int_eq(nk_mutex_lock(&mutex, NK_TIME_NEVER), 0);
	unit_busy(4 * MS);
	ck_assert_int_eq(u->t.eprio, NK_PRIO_EDF_LENT);
	ck_assert_int_eq(nk_mutex_unlock(&mutex), 0);
	ck_assert_int_eq(u->t.eprio, 10);
}

START_TEST(who_holds_what_edf_waits_for_goes_before_all_deadlines)
{
	nk_time_t start = hal_clock_now(), got = 0;

	nk_mutex_init(&mutex);
	unit_run("edf", 10, 0, edf_wants, &got);
	unit_run("hogs", 99, 0, hogs, NULL);
	unit_run("low", 10, 0, low_owns, NULL);
	sim_advance(100 * MS);
	ck_assert_int_eq(got - start, 4 * MS);
	ck_assert_int_eq(nk_mutex_destroy(&mutex), 0);
}
END_TEST

/* ---- Linux wants it ------------------------------------------------------------------------------------ */

START_TEST(who_is_held_goes_home_when_it_is_recalled)
{
	struct unit_thread *u = unit_user("u", 10, nothing, NULL);

	/* No partition has a window. */
	ck_assert_int_eq(nk_class_set(&u->t, &held_soon[3]), 0);
	unit_enter(u);
	sim_advance(MS);
	ck_assert_int_eq(u->t.state, NK_READY);
	ck_assert_int_eq(u->done, 0);
	nk_stage_recall(&u->t, NK_RELAX_WATCHDOG);
	ck_assert_int_eq(u->t.state, NK_INBAND);
	/* And is held again the next time. */
	unit_enter(u);
	ck_assert_int_eq(u->t.state, NK_READY);
	nk_stage_recall(&u->t, NK_RELAX_WATCHDOG);
}
END_TEST

static void weak_calls(struct unit_thread *u)
{
	nk_mutex_lock(&mutex, NK_TIME_NEVER);
	nk_weak_call_ends();
	ck_assert_int_eq(u->t.recall, 0);
	nk_mutex_unlock(&mutex);
	nk_weak_call_ends();
	ck_assert_int_eq(u->t.recall, NK_RELAX_CALL);
}

START_TEST(a_weak_thread_is_sent_home_behind_a_call_unless_it_holds_a_mutex)
{
	struct unit_thread *u = unit_user("u", 10, weak_calls, NULL);

	nk_mutex_init(&mutex);
	ck_assert_int_eq(nk_class_set(&u->t, &(struct nk_sched_attr){ .kind = NK_WEAK }), 0);
	unit_enter(u);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(nk_mutex_destroy(&mutex), 0);
}
END_TEST

/* ---- counting ----------------------------------------------------------------------------------------- */

static void counted(struct unit_thread *u)
{
	nk_sleep_until(hal_clock_now() + (nk_time_t)u->arg);
	unit_busy(5 * MS);
}

START_TEST(run_time_is_counted_without_a_class_too)
{
	struct unit_thread *a = unit_run("a", 10, 0, counted, (void *)MS);
	struct unit_thread *b = unit_run("b", 20, 0, counted, (void *)(3 * MS));

	sim_advance(100 * MS);
	ck_assert_int_eq(a->t.run_ns, 5 * MS);
	ck_assert_int_eq(b->t.run_ns, 5 * MS);
}
END_TEST

static void overruns_window(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, &held_soon[3]), 0);
	unit_busy(5 * MS);
	nk_sleep_until(hal_clock_now() + 20 * MS);
}

START_TEST(an_overrun_window_is_counted_and_one_slept_through_is_not)
{
	struct nk_frame frame = {
		.count = 2, .windows = { { .partition = 0, .length = 2 * MS }, { .partition = -1, .length = MS } },
	};
	struct unit_thread *u;

	ck_assert_int_eq(nk_frame_set(0, &frame), 0);
	u = unit_run("u", 10, 0, overruns_window, NULL);
	sim_advance(15 * MS);
	ck_assert_uint_eq(u->t.budget_overruns, 2);
	sim_advance(100 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

Suite *class_rules_suite(void)
{
	Suite *suite = suite_create("class_rules");
	TCase *tc = unit_case(suite, "refused");

	tcase_add_loop_test(tc, what_is_out_of_range_is_refused_and_changes_nothing, 0,
			    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tc, groups_and_frames_out_of_range_are_refused);
	tcase_add_test(tc, the_first_group_that_there_is_not_is_added);
	tcase_add_test(tc, a_frame_is_told_as_it_was_set);
	tcase_add_test(tc, a_group_with_threads_gets_another_budget);
	tcase_add_test(tc, a_group_with_threads_stays_as_it_is);
	tcase_add_test(tc, a_priority_is_refused_where_the_class_has_its_own);
	tc = unit_case(suite, "admission");
	tcase_add_test(tc, edf_admits_what_fits_to_the_ns);
	tcase_add_test(tc, edf_refuses_one_ns_more_in_an_hour);
	tcase_add_test(tc, one_that_asks_for_more_than_fits_keeps_what_it_has);
	tcase_add_test(tc, a_move_asks_for_room_there);
	tc = unit_case(suite, "lock");
	tcase_add_test(tc, with_the_lock_nobody_preempts);
	tcase_add_test(tc, the_lock_has_an_end);
	tc = unit_case(suite, "inheritance");
	tcase_add_loop_test(tc, who_is_held_runs_on_with_what_a_waiter_lends, 0,
			    sizeof(held_soon) / sizeof(held_soon[0]));
	tcase_add_test(tc, who_holds_what_edf_waits_for_goes_before_all_deadlines);
	tc = unit_case(suite, "home");
	tcase_add_test(tc, who_is_held_goes_home_when_it_is_recalled);
	tcase_add_test(tc, a_weak_thread_is_sent_home_behind_a_call_unless_it_holds_a_mutex);
	tc = unit_case(suite, "counted");
	tcase_add_test(tc, run_time_is_counted_without_a_class_too);
	tcase_add_test(tc, an_overrun_window_is_counted_and_one_slept_through_is_not);
	return suite;
}
