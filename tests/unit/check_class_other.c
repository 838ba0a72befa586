// SPDX-License-Identifier: GPL-2.0
/*
 * Scheduling classes of threads that others change: of one that waits, is held, or becomes hard at that
 * moment. And CPUs that go offline with what classes have on them.
 */
#include "nucleus/class.h"
#include "nucleus/mutex.h"
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

#define US	1000LL
#define MS	1000000LL

static const struct nk_sched_attr edf_half = { .kind = NK_EDF, .budget = 5 * MS, .period = 10 * MS };
static const struct nk_sched_attr little = { .kind = NK_EDF, .budget = MS, .period = 10 * MS };
static const struct nk_sched_attr held = { .kind = NK_TP, .prio = 50, .group = 0 };
static const struct nk_sched_attr fifo = { .kind = NK_FIFO, .prio = 3 };

static struct nk_mutex mutex;
static struct nk_sem sem, gate;
static struct unit_thread *target;

static void setup(void)
{
	unit_setup();
	nk_mutex_init(&mutex);
	nk_sem_init(&sem, 0, 9);
	nk_sem_init(&gate, 0, 9);
}

static void teardown(void)
{
	sim_settle();
	ck_assert_int_eq(nk_mutex_destroy(&mutex), 0);
	unit_teardown();
}

static void waits(struct unit_thread *u)
{
	u->ret = nk_sem_wait(&sem, NK_TIME_NEVER);
	unit_mark(*(char *)u->arg);
}

static void nothing(struct unit_thread *u)
{
	(void)u;
}

static void owns(struct unit_thread *u)
{
	(void)u;
	ck_assert_int_eq(nk_mutex_lock(&mutex, NK_TIME_NEVER), 0);
	ck_assert_int_eq(nk_sem_wait(&gate, NK_TIME_NEVER), 0);
	ck_assert_int_eq(nk_mutex_unlock(&mutex), 0);
}

static void wants(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&mutex, NK_TIME_NEVER);
	ck_assert_int_eq(nk_mutex_unlock(&mutex), 0);
}

/* What it lends goes up and down with its class. */
START_TEST(one_that_waits_for_a_mutex_lends_what_it_gets)
{
	struct unit_thread *o = unit_run("o", 5, 0, owns, NULL);
	struct unit_thread *w = unit_run("w", 10, 0, wants, NULL);

	ck_assert_int_eq(o->t.eprio, 10);
	ck_assert_int_eq(nk_class_set(&w->t, &edf_half), 0);
	ck_assert_int_eq(w->t.eprio, NK_PRIO_EDF);
	ck_assert_int_eq(o->t.eprio, NK_PRIO_EDF_LENT);
	ck_assert_int_eq(nk_rq_check(&nk_rqs[0]), 0);
	ck_assert_int_eq(nk_class_set(&w->t, &fifo), 0);
	ck_assert_int_eq(o->t.eprio, 5);
	nk_sem_post(&gate);
	ck_assert_int_eq(w->done, 1);
}
END_TEST

START_TEST(its_place_among_those_that_wait_changes)
{
	struct unit_thread *b;

	unit_run("a", 20, 0, waits, "a");
	b = unit_run("b", 10, 0, waits, "b");
	nk_class_set(&b->t, &held);
	nk_class_set(&unit_run("c", 10, 0, waits, "c")->t, &(struct nk_sched_attr){ .prio = 30 });
	nk_sem_post(&sem);
	nk_sem_post(&sem);
	ck_assert_str_eq(unit_marks(), "ca");
	nk_sem_post(&sem);
	/* It has the semaphore, but no window. */
	ck_assert_str_eq(unit_marks(), "ca");
	ck_assert_int_eq(nk_rqs[0].classed, 1);
	ck_assert_int_eq(nk_class_set(&b->t, &fifo), 0);
	ck_assert_str_eq(unit_marks(), "cab");
}
END_TEST

static struct unit_thread *held_one(void)
{
	struct unit_thread *u = unit_run("u", 10, 0, waits, "u");

	ck_assert_int_eq(nk_class_set(&u->t, &held), 0);
	nk_sem_post(&sem);
	sim_advance(MS);
	ck_assert_int_eq(u->t.state, NK_READY);
	return u;
}

START_TEST(one_that_is_held_runs_on_in_another_class)
{
	struct unit_thread *u = held_one();
	struct nk_sched_attr now;

	ck_assert_int_eq(nk_class_set(&u->t, _i ? &fifo : &edf_half), 0);
	nk_class_get(&u->t, &now);
	ck_assert_int_eq(now.kind, _i ? NK_FIFO : NK_EDF);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

START_TEST(linux_is_told_of_a_class_as_of_a_priority)
{
	struct unit_thread *u = unit_user("u", 10, nothing, NULL);
	unsigned long told;

	unit_enter(u);
	told = u->t.ctx.prios;
	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	ck_assert_uint_eq(u->t.ctx.prios, told + 1);
}
END_TEST

static void enter_here(void *arg)
{
	(void)arg;
	unit_enter(target);
}

/* Closed where it was, open where it goes. */
START_TEST(one_that_moves_runs_by_the_windows_there)
{
	struct nk_frame frame = { .count = 1, .windows = { { .partition = 0, .length = MS } } };

	target = unit_user("u", 10, nothing, NULL);
	ck_assert_int_eq(nk_class_set(&target->t, &held), 0);
	ck_assert_int_eq(nk_frame_set(1, &frame), 0);
	sim_post(1, enter_here, NULL);
	sim_settle();
	ck_assert_int_eq(target->done, 1);
	ck_assert_int_eq(nk_frame_set(1, &(struct nk_frame){ .count = 0 }), 0);
	sim_settle();
}
END_TEST

START_TEST(a_frame_lets_in_who_is_held_at_once)
{
	struct nk_frame frame = { .count = 1, .windows = { { .partition = 0, .length = MS } } };
	struct unit_thread *u = held_one();

	ck_assert_int_eq(nk_frame_set(0, &frame), 0);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(nk_frame_set(0, &(struct nk_frame){ .count = 0 }), 0);
}
END_TEST

/* What is refused changes nothing, of one that waits too. */
START_TEST(one_that_waits_keeps_what_it_has_when_there_is_no_room)
{
	struct nk_sched_attr more = { .kind = NK_EDF, .budget = 96 * MS, .period = 100 * MS }, now;
	struct unit_thread *u = unit_run("u", 10, 0, waits, "u");

	ck_assert_int_eq(nk_class_set(&u->t, &more), -NK_EBUSY);
	ck_assert_ptr_null(u->t.class);
	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	ck_assert_int_eq(nk_class_set(&u->t, &more), -NK_EBUSY);
	nk_class_get(&u->t, &now);
	ck_assert_int_eq(now.budget, edf_half.budget);
	ck_assert_int_eq(nk_rqs[0].classed, 1);
	ck_assert_int_eq(nk_class_cpus[0].edf_count, 1);
	nk_sem_post(&sem);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

static void sleeps(struct unit_thread *u)
{
	nk_sleep_until(hal_clock_now() + MS);
	u->ret = u->t.sched.deadline == hal_clock_now() + edf_half.period;
}

/* Its timer was started before the class. */
START_TEST(one_that_sleeps_wakes_as_its_new_class_has_it)
{
	struct unit_thread *u = unit_run("u", 10, 0, sleeps, NULL);

	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	sim_advance(MS);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 1);
}
END_TEST

static int answer;

static void set_half(void *arg)
{
	(void)arg;
	answer = nk_class_set(&target->t, &edf_half);
}

START_TEST(a_thread_of_another_cpu_is_refused_unless_that_is_offline)
{
	target = unit_run("there", 10, 1, waits, "t");
	sim_settle();
	ck_assert_int_eq(nk_class_set(&target->t, &edf_half), -NK_EWOULDBLOCK);
	ck_assert_ptr_null(target->t.class);
	sim_post(1, set_half, NULL);
	sim_settle();
	ck_assert_int_eq(answer, 0);
	ck_assert_int_eq(nk_class_cpus[1].edf_count, 1);
	nk_sem_post(&sem);
	sim_settle();
	target = unit_user("home", 10, nothing, NULL);
	target->t.cpu = 1;
	ck_assert_int_eq(nk_class_set(&target->t, &held), -NK_EWOULDBLOCK);
	unit_offline(1);
	ck_assert_int_eq(nk_class_set(&target->t, &little), 0);
	unit_enter(target);
	ck_assert_int_eq(target->done, 1);
	ck_assert_int_eq(nk_class_cpus[0].edf_count, 1);
	unit_online(1);
}
END_TEST

/* ---- CPUs that go ---------------------------------------------------------------------------------- */

#define WINDOW (10 * US)

/* Ten days of windows, each 10 us: one by one, when the CPU is back, they would take longer than the test may. */
START_TEST(frames_that_went_by_offline_are_passed_over)
{
	struct nk_frame frame = {
		.count = 3, .windows = { { .partition = 0, .length = WINDOW }, { .partition = 1, .length = WINDOW },
					 { .partition = -1, .length = WINDOW } },
	};
	struct nk_class_cpu *c = &nk_class_cpus[1];
	nk_time_t begin = hal_clock_now(), at;

	ck_assert_int_eq(nk_frame_set(1, &frame), 0);
	unit_offline(1);
	sim_advance(240 * 3600000LL * MS + 4 * WINDOW + 5 * US);
	unit_online(1);
	sim_advance(US);
	at = (hal_clock_now() - begin) % (3 * WINDOW);
	ck_assert_int_eq(c->window, at / WINDOW);
	ck_assert_int_eq(c->window_end, hal_clock_now() - at + (c->window + 1) * WINDOW);
	ck_assert_int_eq(c->partitions[1].open, 1);
	ck_assert_int_eq(nk_frame_set(1, &(struct nk_frame){ .count = 0 }), 0);
}
END_TEST

/* Its budget is whole when its CPU is back, once. */
START_TEST(a_group_that_went_by_offline_has_its_budget)
{
	struct nk_group *g = &nk_class_cpus[1].groups[0];

	ck_assert_int_eq(nk_group_set(1, 0, 2 * MS, 10 * MS), 0);
	g->left = -3 * MS;
	g->gate.open = 0;
	unit_offline(1);
	sim_advance(3600000 * MS);
	ck_assert_int_eq(g->gate.open, 0);
	unit_online(1);
	sim_advance(20 * MS);
	ck_assert_int_eq(g->gate.open, 1);
	ck_assert_int_eq(g->left, 2 * MS);
	ck_assert_int_eq(nk_group_set(1, 0, 0, 0), 0);
}
END_TEST

/* ---- races ----------------------------------------------------------------------------------------- */

/* Either it has the class on the CPU where it is, or it has moved and the request is for there. */
static void set_against_move(void *arg)
{
	int cpu, ret;

	(void)arg;
	setup();
	target = unit_user("u", 10, nothing, NULL);
	sim_post(1, enter_here, NULL);
	sim_race_begin();
	ret = nk_class_set(&target->t, &edf_half);
	sim_race_end();
	sim_settle();
	cpu = target->t.cpu;
	ck_assert_int_eq(target->done, 1);
	ck_assert_int_eq(cpu, 1);
	ck_assert(ret == 0 || ret == -NK_EWOULDBLOCK);
	ck_assert_int_eq(nk_class_cpus[1].edf_count, ret == 0);
	ck_assert_int_eq(nk_rqs[1].classed, ret == 0);
	ck_assert_int_eq(nk_class_cpus[0].edf_count, 0);
	ck_assert(ret || target->t.sched.cpu == 1);
	teardown();
}

START_TEST(a_class_set_against_a_move_is_where_the_thread_is)
{
	unit_explore(set_against_move, NULL);
}
END_TEST

static void post(void *arg)
{
	(void)arg;
	nk_sem_post(&sem);
}

static void set_against_wake(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = unit_run("u", 10, 0, waits, "u");
	sim_post(1, post, NULL);
	sim_race_begin();
	ck_assert_int_eq(nk_class_set(&u->t, &edf_half), 0);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
	teardown();
}

START_TEST(a_class_set_against_a_wake_loses_neither)
{
	unit_explore(set_against_wake, NULL);
}
END_TEST

/* Who is held, from now on, is let go as Linux waits for it. */
static void set_against_recall(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = unit_user("u", 10, waits, "u");
	unit_enter(u);
	sim_post(1, unit_recall, &u->t);
	sim_race_begin();
	ck_assert_int_eq(nk_class_set(&u->t, &held), 0);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->t.state, NK_INBAND);
	ck_assert_int_eq(u->ret, -NK_EINTR);
	teardown();
}

START_TEST(a_class_set_against_a_recall_holds_nobody)
{
	unit_explore(set_against_recall, NULL);
}
END_TEST

static void uses_two(struct unit_thread *u)
{
	(void)u;
	unit_busy(2 * MS);
}

static void move_here(void *t)
{
	ck_assert_int_eq(nk_stage_move(t, hal_cpu()), 0);
}

START_TEST(a_budget_comes_back_where_its_thread_has_moved)
{
	static const struct nk_sched_attr server = {
		.kind = NK_SPORADIC, .prio = 10, .low_prio = 1, .max_repl = 4, .budget = 3 * MS, .period = 10 * MS,
	};
	struct unit_thread *u = unit_user("u", 10, uses_two, NULL);

	ck_assert_int_eq(nk_class_set(&u->t, &server), 0);
	unit_enter(u);
	sim_settle();
	ck_assert_int_eq(u->t.sched.left, MS);
	sim_post(1, move_here, &u->t);
	sim_settle();
	ck_assert_int_eq(u->t.sched.timer.cpu, 1);
	sim_advance(8 * MS - 1);
	ck_assert_int_eq(u->t.sched.left, MS);
	sim_advance(1);
	ck_assert_int_eq(u->t.sched.left, 3 * MS);
}
END_TEST

Suite *class_other_suite(void)
{
	Suite *suite = suite_create("class_other");
	TCase *tc = unit_race_case(suite, "others");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_budget_comes_back_where_its_thread_has_moved);
	tcase_add_test(tc, one_that_waits_for_a_mutex_lends_what_it_gets);
	tcase_add_test(tc, its_place_among_those_that_wait_changes);
	tcase_add_loop_test(tc, one_that_is_held_runs_on_in_another_class, 0, 2);
	tcase_add_test(tc, linux_is_told_of_a_class_as_of_a_priority);
	tcase_add_test(tc, one_that_moves_runs_by_the_windows_there);
	tcase_add_test(tc, a_frame_lets_in_who_is_held_at_once);
	tcase_add_test(tc, one_that_waits_keeps_what_it_has_when_there_is_no_room);
	tcase_add_test(tc, one_that_sleeps_wakes_as_its_new_class_has_it);
	tcase_add_test(tc, a_thread_of_another_cpu_is_refused_unless_that_is_offline);
	tcase_add_test(tc, frames_that_went_by_offline_are_passed_over);
	tcase_add_test(tc, a_group_that_went_by_offline_has_its_budget);
	tc = unit_race_case(suite, "races");
	tcase_add_test(tc, a_class_set_against_a_move_is_where_the_thread_is);
	tcase_add_test(tc, a_class_set_against_a_wake_loses_neither);
	tcase_add_test(tc, a_class_set_against_a_recall_holds_nobody);
	return suite;
}
