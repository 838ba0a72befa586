// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/snapshot.c, and the account of run time in nucleus/sched.c.
 */
#include "nucleus/barrier.h"
#include "nucleus/class.h"
#include "nucleus/event.h"
#include "nucleus/rwlock.h"
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/snapshot.h"
#include "nucleus/word.h"
#include "tests/unit/actors.h"
#include "tests/unit/unit.h"

static struct nk_thread_snapshot seen;

static nk_time_t run_ns(struct nk_thread *t)
{
	struct nk_thread_snapshot s;

	nk_thread_snapshot(t, &s);
	return s.run_ns;
}

/* ---- run time ------------------------------------------------------------------------------- */

static void busy_300(struct unit_thread *u)
{
	(void)u;
	sim_advance(300);
}

static void sleeps_100_busy_50(struct unit_thread *u)
{
	(void)u;
	nk_sleep_until(hal_clock_now() + 100);
	sim_advance(50);
}

START_TEST(each_is_charged_for_what_it_ran)
{
	struct unit_thread *high = unit_run("h", 20, 0, sleeps_100_busy_50, NULL);
	struct unit_thread *low = unit_run("l", 10, 0, busy_300, NULL);
	struct nk_cpu_snapshot cpu;

	sim_advance(1000);
	ck_assert_int_eq(high->t.run_ns, 50);
	ck_assert_int_eq(low->t.run_ns, 250);
	nk_cpu_snapshot(0, &cpu);
	ck_assert_int_eq(cpu.run_ns, 300);
	ck_assert_int_eq(cpu.prio, 0);
	ck_assert_int_eq(cpu.living, 0);
	nk_cpu_snapshot(1, &cpu);
	ck_assert_int_eq(cpu.run_ns, 0);
}
END_TEST

static void looks_at_itself(struct unit_thread *u)
{
	struct nk_cpu_snapshot cpu;

	sim_advance(700);
	nk_thread_snapshot(&u->t, &seen);
	nk_cpu_snapshot(0, &cpu);
	ck_assert_int_eq(cpu.run_ns, 700);
	ck_assert_int_eq(cpu.prio, 10);
	ck_assert_int_eq(cpu.tid, 7);
	ck_assert_int_eq(cpu.living, 1);
}

START_TEST(a_residence_that_lasts_counts)
{
	struct unit_thread *u = unit_make("u", 10, 0, looks_at_itself, NULL);

	u->t.tid = 7;
	sim_advance(5000);
	nk_thread_start(&u->t);
	ck_assert_int_eq(seen.run_ns, 700);
	ck_assert_int_eq(seen.state, NK_RUNNING);
	ck_assert_int_eq(u->t.run_ns, 700);
}
END_TEST

/* ---- budgets -------------------------------------------------------------------------------- */

#define MS	1000000LL

static const struct nk_sched_attr classes[] = {
	{ .kind = NK_RR, .prio = 10, .budget = 3 * MS },
	{ .kind = NK_EDF, .budget = 3 * MS, .period = 10 * MS },
	{ .kind = NK_SPORADIC, .prio = 10, .low_prio = 1, .max_repl = 4, .budget = 3 * MS, .period = 10 * MS },
	{ .kind = NK_QUOTA, .prio = 10, .group = 2 },
	{ .kind = NK_TP, .prio = 10, .group = 1 },
	{ .kind = NK_FIFO, .prio = 10 },
};

/* What is left in ms: 1 ms after the start, which it runs; at 2 and at 5 ms, when it sleeps; at 11 ms. */
static const struct {
	nk_time_t of, running, asleep[3];
} lefts[] = {
	{ 3, 2, { 3, 3, 3 } },
	{ 3, 2, { 2, 3, 3 } },		/* at 5 ms 2 of 5 is more than 3 of 10 */
	{ 3, 2, { 2, 2, 3 } },
	{ 3, 2, { 2, 2, 3 } },
	{ 4, 3, { 2, 0, 2 } },
	{ 0, 0, { 0, 0, 0 } },
};

static void expect_left(struct nk_thread *t, nk_time_t left, nk_time_t of)
{
	nk_thread_snapshot(t, &seen);
	ck_assert_int_eq(seen.budget.left, left * MS);
	ck_assert_int_eq(seen.budget.of, of * MS);
}

static void runs_1_sleeps_11(struct unit_thread *u)
{
	long i = (long)u->arg;

	ck_assert_int_eq(nk_class_set(&u->t, &classes[i]), 0);
	sim_advance(MS);
	expect_left(&u->t, lefts[i].running, lefts[i].of);
	nk_sleep_until(hal_clock_now() + 11 * MS);
}

static void changes_class(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, &classes[1]), 0);
	sim_advance(MS);
	ck_assert_int_eq(nk_class_set(&u->t, &classes[0]), 0);
	expect_left(&u->t, 3, 3);
}

START_TEST(a_new_class_has_its_whole_budget)
{
	unit_run("u", 10, 0, changes_class, NULL);
}
END_TEST

static const struct nk_frame frame = {
	.count = 4, .windows = { { 1, MS }, { 1, 3 * MS }, { -1, 4 * MS }, { 2, MS } },
};

START_TEST(what_is_left_of_a_budget)
{
	struct unit_thread *u;

	ck_assert_int_eq(nk_group_set(0, 2, 3 * MS, 10 * MS), 0);
	ck_assert_int_eq(nk_frame_set(0, &frame), 0);
	u = unit_run("u", 10, 0, runs_1_sleeps_11, (void *)(long)_i);
	ck_assert_int_eq(seen.attr.kind, classes[_i].kind);
	ck_assert_int_eq(seen.attr.budget, classes[_i].budget);
	sim_advance(MS);
	expect_left(&u->t, lefts[_i].asleep[0], lefts[_i].of);
	sim_advance(3 * MS);
	expect_left(&u->t, lefts[_i].asleep[1], lefts[_i].of);
	sim_advance(6 * MS);
	expect_left(&u->t, lefts[_i].asleep[2], lefts[_i].of);
	sim_advance(2 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

static void used_up(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, u->arg), 0);
	sim_advance(3 * MS);
	sim_advance(MS);
}

/* Held, it has nothing; sporadic, it goes on at its low priority and pays nothing for that. */
START_TEST(a_budget_that_is_used_up)
{
	struct unit_thread *u;

	ck_assert_int_eq(nk_group_set(0, 2, 3 * MS, 10 * MS), 0);
	u = unit_run("u", 10, 0, used_up, (void *)&classes[_i]);
	sim_advance(MS);
	expect_left(&u->t, 0, 3);
	ck_assert_uint_eq(seen.budget_overruns, 1);
	sim_advance(20 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

static struct nk_thread *member;

static void shares_a_group(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, &classes[3]), 0);
	if (u->t.tid) {
		nk_sleep_until(hal_clock_now() + 50 * MS);
		return;
	}
	sim_advance(2 * MS);
	expect_left(member, 1, 3);
}

START_TEST(a_group_has_one_budget)
{
	struct unit_thread *u = unit_make("sleeps", 10, 0, shares_a_group, NULL);

	ck_assert_int_eq(nk_group_set(0, 2, 3 * MS, 100 * MS), 0);
	u->t.tid = 1;
	member = &u->t;
	nk_thread_start(member);
	unit_run("runs", 10, 0, shares_a_group, NULL);
	sim_advance(50 * MS);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

/* ---- races ---------------------------------------------------------------------------------- */

static struct unit_thread *first, *next;
static nk_time_t began;

static void look(void *arg)
{
	(void)arg;
	nk_thread_snapshot(&first->t, &seen);
	ck_assert_int_eq(seen.run_ns, 100);
	if (seen.budget.of)
		ck_assert_int_eq(seen.budget.left, 3 * MS - 100);
	ck_assert_int_le(100 + run_ns(&next->t), hal_clock_now() - began);
}

static void busy_100_then_sleeps(struct unit_thread *u)
{
	nk_thread_start(&next->t);
	sim_advance(100);
	sim_post(1, look, u);
	sim_race_begin();
	nk_sleep_until(hal_clock_now() + 1000);
}

/* What blocks with a class is counted before; what loses its CPU is not. */
static void busy_100_then_preempted(struct unit_thread *u)
{
	ck_assert_int_eq(nk_class_set(&u->t, &classes[3]), 0);
	sim_advance(100);
	sim_post(1, look, u);
	sim_race_begin();
	nk_thread_start(&next->t);
}

static void look_against_switch(void *arg)
{
	int preempts = arg != NULL;

	unit_setup();
	ck_assert_int_eq(nk_group_set(0, 2, 3 * MS, 10 * MS), 0);
	next = unit_make("next", preempts ? 20 : 10, 0, busy_300, NULL);
	first = unit_make("first", 10, 0, preempts ? busy_100_then_preempted : busy_100_then_sleeps, NULL);
	began = hal_clock_now();
	nk_thread_start(&first->t);
	sim_race_end();
	sim_settle();
	sim_advance(2000);
	unit_teardown();
}

START_TEST(a_look_while_the_cpu_switches_misses_nothing)
{
	unit_explore(look_against_switch, NULL);
}
END_TEST

START_TEST(a_look_while_a_thread_loses_the_cpu_sees_its_budget)
{
	unit_explore(look_against_switch, &began);
}
END_TEST

static void look_at_waiter(void *arg)
{
	(void)arg;
	nk_thread_snapshot(actors_thread(1), &seen);
	ck_assert(!seen.owner || (seen.owner == 100 && seen.wait_on));
}

/* Thread 0 lets go of the mutex that 1 waits for. */
static void look_against_unlock(void *arg)
{
	(void)arg;
	actors_setup(2);
	actors_thread(0)->tid = 100;
	actors_thread(1)->tid = 101;
	actors_build_chain(1);
	sim_post(1, look_at_waiter, NULL);
	sim_race_begin();
	actors_tell(0, UNLOCK, 0);
	sim_race_end();
	sim_settle();
	actors_tell(1, UNLOCK, 0);
	actors_teardown();
}

START_TEST(nobody_waits_for_what_it_has)
{
	unit_explore(look_against_unlock, NULL);
}
END_TEST

static void look_at_next(void *arg)
{
	(void)arg;
	ck_assert_int_eq(run_ns(&next->t), 0);
}

static void looks_and_goes_on(struct unit_thread *u)
{
	(void)u;
	sim_race_end();
	sim_settle();
	sim_advance(300);
}

/* Linux has had the CPU for a while when a thread gets it. */
static void look_against_start(void *arg)
{
	(void)arg;
	unit_setup();
	next = unit_make("next", 10, 0, looks_and_goes_on, NULL);
	sim_advance(5000);
	sim_post(1, look_at_next, NULL);
	sim_race_begin();
	nk_thread_start(&next->t);
	unit_teardown();
}

START_TEST(a_look_while_linux_loses_the_cpu_counts_none_of_its_time)
{
	unit_explore(look_against_start, NULL);
}
END_TEST

/* ---- waits ---------------------------------------------------------------------------------- */

START_TEST(what_a_thread_waits_for_and_who_has_it)
{
	actors_setup(2);
	actors_thread(0)->tid = 100;
	actors_build_chain(1);
	nk_thread_snapshot(actors_thread(1), &seen);
	ck_assert_ptr_eq(seen.wait_on, &mutexes[0].wq);
	ck_assert_int_eq(seen.owner, 100);
	ck_assert_int_eq(seen.state, NK_BLOCKED);
	ck_assert_int_eq(seen.cpu, 1);
	ck_assert_int_eq(seen.until, 0);
	ck_assert_int_eq(mutexes[0].wq.pins, 0);
	nk_thread_snapshot(actors_thread(0), &seen);
	ck_assert_int_eq(seen.base_prio, 10);
	ck_assert_int_eq(seen.eprio, 11);
	ck_assert_int_eq(seen.holds, 1);
	actors_tell(0, UNLOCK, 0);
	nk_thread_snapshot(actors_thread(0), &seen);
	ck_assert_int_eq(seen.holds, 0);
	actors_tell(1, UNLOCK, 0);
	actors_teardown();
}
END_TEST

static void sleeps_500(struct unit_thread *u)
{
	nk_thread_set_periodic(&u->t, 3000000000, 1000);
	nk_sleep_until(hal_clock_now() + 500);
}

START_TEST(when_a_wait_ends_and_periods)
{
	struct unit_thread *u = unit_run("u", 10, 0, sleeps_500, NULL);
	nk_time_t now = hal_clock_now();

	nk_thread_snapshot(&u->t, &seen);
	ck_assert_int_eq(seen.until, now + 500);
	ck_assert_int_eq(seen.period, 1000);
	ck_assert_int_eq(seen.release, 3000000000);
	ck_assert_int_eq(seen.switches, 1);
	ck_assert_int_eq(seen.owner, 0);
	sim_advance(500);
	nk_thread_snapshot(&u->t, &seen);
	ck_assert_int_eq(seen.until, 0);
	ck_assert_int_eq(seen.switches, 2);
}
END_TEST

static void sleeps_by_realtime(struct unit_thread *u)
{
	(void)u;
	nk_sleep_until(nk_until_realtime(hal_clock_now() + 1000000 + 500));
}

START_TEST(a_wait_by_the_other_clock_is_shown_by_the_monotonic_one)
{
	struct unit_thread *u;

	sim_set_realtime(1000000);
	u = unit_run("u", 10, 0, sleeps_by_realtime, NULL);
	nk_thread_snapshot(&u->t, &seen);
	ck_assert_int_eq(seen.until, hal_clock_now() + 500);
	sim_advance(500);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

/* ---- objects -------------------------------------------------------------------------------- */

static struct nk_object_snapshot object;

START_TEST(a_mutex_held_by_its_word)
{
	struct nk_thread *of[2] = { NULL, NULL };
	struct nk_owners owners;
	struct unit_thread *u = unit_make("u", 10, 0, busy_300, NULL);
	struct nk_mutex m;
	nk_u32 word;

	u->t.tid = 55;
	nk_owners_init(&owners, of, 2);
	nk_owners_set(&owners, 1, &u->t);
	nk_mutex_init(&m);
	nk_mutex_share(&m, &word, &owners);
	nk_mutex_snapshot(&m, &object);
	ck_assert(object.owner == 0 && object.value == 0);
	word = 2;
	nk_mutex_snapshot(&m, &object);
	ck_assert_int_eq(object.owner, 55);
	ck_assert_int_eq(object.value, 1);
	word = 1;
	nk_mutex_snapshot(&m, &object);
	ck_assert_int_eq(object.owner, 0);
	word = 0xffff;
	nk_mutex_snapshot(&m, &object);
	ck_assert_int_eq(object.owner, 0);
	ck_assert_int_eq(word, 0xffff);
	nk_thread_start(&u->t);
}
END_TEST

START_TEST(what_the_others_show)
{
	struct nk_sem sem;
	struct nk_event event;
	struct nk_barrier barrier;
	struct nk_rwlock lock;
	struct nk_mutex mutex;

	nk_sem_init(&sem, 3, 8);
	nk_sem_snapshot(&sem, &object);
	ck_assert(object.value == 3 && object.limit == 8 && object.owner == 0);
	nk_event_init(&event, 0x11);
	nk_event_snapshot(&event, &object);
	ck_assert(object.value == 0x11 && object.limit == 0);
	nk_barrier_init(&barrier, 4);
	nk_barrier_snapshot(&barrier, &object);
	ck_assert(object.value == 0 && object.limit == 4);
	nk_rwlock_init(&lock);
	lock.readers = 2;
	nk_rwlock_snapshot(&lock, &object);
	ck_assert(object.value == 2 && object.owner == 0);
	nk_mutex_init_as(&mutex, NK_MUTEX_RECURSIVE, 30);
	nk_mutex_snapshot(&mutex, &object);
	ck_assert(object.kind == NK_MUTEX_RECURSIVE && object.limit == 30 && object.value == 0);
}
END_TEST

Suite *snapshot_suite(void)
{
	Suite *s = suite_create("snapshot");
	TCase *tc = unit_case(s, "snapshot");
	TCase *race = unit_race_case(s, "races");

	tcase_add_test(tc, each_is_charged_for_what_it_ran);
	tcase_add_test(tc, a_residence_that_lasts_counts);
	tcase_add_test(tc, when_a_wait_ends_and_periods);
	tcase_add_test(tc, a_wait_by_the_other_clock_is_shown_by_the_monotonic_one);
	tcase_add_test(tc, a_mutex_held_by_its_word);
	tcase_add_test(tc, what_the_others_show);
	tcase_add_test(tc, a_new_class_has_its_whole_budget);
	tcase_add_loop_test(tc, what_is_left_of_a_budget, 0, sizeof(classes) / sizeof(classes[0]));
	tcase_add_loop_test(tc, a_budget_that_is_used_up, 1, 4);
	tcase_add_test(tc, a_group_has_one_budget);
	tcase_add_test(race, a_look_while_the_cpu_switches_misses_nothing);
	tcase_add_test(race, a_look_while_a_thread_loses_the_cpu_sees_its_budget);
	tcase_add_test(race, a_look_while_linux_loses_the_cpu_counts_none_of_its_time);
	tcase_add_test(race, nobody_waits_for_what_it_has);
	tcase_add_test(race, what_a_thread_waits_for_and_who_has_it);
	return s;
}
