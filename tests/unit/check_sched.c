// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/sched.c
 */
#include <string.h>

#include "nucleus/init.h"
#include "nucleus/sched.h"
#include "tests/unit/unit.h"

static struct plan {
	nk_time_t at;
	char mark;
} plans[8];

static void marks_once(struct unit_thread *u)
{
	unit_mark(*(char *)u->arg);
}

static void marks_after_sleep(struct unit_thread *u)
{
	struct plan *p = u->arg;

	nk_sleep_until(p->at);
	unit_mark(p->mark);
}

static struct unit_thread *run_at(int i, char mark, nk_time_t delay, int prio, int cpu)
{
	plans[i] = (struct plan){ hal_clock_now() + delay, mark };
	return unit_run("sleeper", prio, cpu, marks_after_sleep, &plans[i]);
}

START_TEST(a_thread_started_in_band_runs_at_once)
{
	ck_assert(nk_root_active(0));
	unit_run("a", 10, 0, marks_once, "a");
	ck_assert_str_eq(unit_marks(), "a");
	ck_assert(nk_root_active(0));
}
END_TEST

/* Its memory may go: snapshots look at who had the CPU before. */
START_TEST(who_has_ended_is_not_remembered)
{
	unit_run("a", 10, 0, marks_once, "a");
	ck_assert_ptr_null(nk_rqs[0].prev);
	ck_assert_ptr_null(nk_rqs[0].leaving);
}
END_TEST

START_TEST(a_cpu_begins_anew_in_old_memory)
{
	struct nk_rq *rq = &nk_rqs[1];

	memset(rq, 0x55, sizeof(*rq));
	nk_rq_init(rq, 1);
	nk_cpu_init(1);
	ck_assert_int_eq(nk_rq_check(rq), 0);
	ck_assert_int_eq(nk_cpu_idle(1), 1);
	ck_assert(!rq->charged && !rq->run_ns && !rq->classed && !rq->irq_depth && !rq->prev);
}
END_TEST

START_TEST(higher_priority_runs_first)
{
	run_at(0, 'l', 100, 10, 0);
	run_at(1, 'h', 100, 30, 0);
	run_at(2, 'm', 100, 20, 0);
	sim_advance(100);
	ck_assert_str_eq(unit_marks(), "hml");
}
END_TEST

START_TEST(equals_run_in_the_order_they_woke)
{
	run_at(0, 'c', 300, 10, 0);
	run_at(1, 'a', 100, 10, 0);
	run_at(2, 'b', 200, 10, 0);
	/* All wake while something better has the CPU. */
	run_at(3, '-', 50, 50, 0);
	sim_advance(400);
	ck_assert_str_eq(unit_marks(), "-abc");
}
END_TEST

static void starts_better(struct unit_thread *u)
{
	unit_mark('(');
	unit_run("b", *(int *)u->arg, 0, marks_once, "b");
	unit_mark(')');
}

START_TEST(a_better_thread_preempts_the_one_that_wakes_it)
{
	int prio = 20;

	unit_run("a", 10, 0, starts_better, &prio);
	ck_assert_str_eq(unit_marks(), "(b)");
}
END_TEST

START_TEST(an_equal_thread_does_not_preempt)
{
	int prio = 10;

	unit_run("a", 10, 0, starts_better, &prio);
	ck_assert_str_eq(unit_marks(), "()b");
}
END_TEST

static void busy(struct unit_thread *u)
{
	(void)u;
	unit_mark('(');
	sim_advance(200);
	unit_mark(')');
}

START_TEST(a_preempted_thread_stays_before_its_equals)
{
	run_at(0, 'h', 200, 50, 0);
	run_at(1, 'e', 150, 10, 0);
	unit_run("busy", 10, 0, busy, NULL);
	/* e woke during busy's time, h preempted busy: busy goes on before e. */
	ck_assert_str_eq(unit_marks(), "(h)e");
}
END_TEST

static void yields(struct unit_thread *u)
{
	unit_mark(*(char *)u->arg);
	nk_yield();
	unit_mark(*(char *)u->arg);
}

static void starts_yielders(struct unit_thread *u)
{
	(void)u;
	unit_run("a", 10, 0, yields, "a");
	unit_run("b", 10, 0, yields, "b");
	unit_run("low", 5, 0, marks_once, "l");
}

START_TEST(yield_lets_equals_go_first_and_nobody_lower)
{
	unit_run("starter", 20, 0, starts_yielders, NULL);
	ck_assert_str_eq(unit_marks(), "ababl");
}
END_TEST

START_TEST(a_thread_for_another_cpu_is_kicked_there)
{
	unit_run("a", 10, 1, marks_once, "a");
	ck_assert_str_eq(unit_marks(), "");
	ck_assert_uint_eq(sim_kicks(1), 1);
	sim_settle();
	ck_assert_str_eq(unit_marks(), "a");
	ck_assert(nk_root_active(1));
}
END_TEST

static void wakes_two_elsewhere(struct unit_thread *u)
{
	unsigned long kicks = sim_kicks(0);

	(void)u;
	/* CPU 0 runs a thread of priority 40 that gave the turn away. */
	unit_run("equal", 40, 0, marks_once, "q");
	unit_run("low", 5, 0, marks_once, "l");
	ck_assert_uint_eq(sim_kicks(0), kicks);
	unit_mark('w');
}

static void lets_other_cpu_run(struct unit_thread *u)
{
	(void)u;
	unit_run("waker", 10, 1, wakes_two_elsewhere, NULL);
	sim_settle();
	unit_mark('h');
}

START_TEST(who_beats_nobody_elsewhere_waits_without_a_kick)
{
	unit_run("high", 40, 0, lets_other_cpu_run, NULL);
	ck_assert_str_eq(unit_marks(), "whql");
}
END_TEST

START_TEST(switches_are_counted)
{
	struct unit_thread *u = run_at(0, 'a', 100, 10, 0);

	ck_assert_uint_eq(u->t.switches, 1);
	sim_advance(100);
	ck_assert_uint_eq(u->t.switches, 2);
}
END_TEST

static void raises_itself(struct unit_thread *u)
{
	unit_run("mid", 20, 0, marks_once, "m");
	unit_mark('l');
	nk_thread_set_prio(&u->t, 30);
	unit_run("mid", 20, 0, marks_once, "n");
	unit_mark('h');
	nk_thread_set_prio(&u->t, 10);
	unit_mark('e');
}

START_TEST(a_running_thread_that_falls_gives_way_at_once)
{
	unit_run("a", 10, 0, raises_itself, NULL);
	ck_assert_str_eq(unit_marks(), "mlhne");
}
END_TEST

static void falls_among_equals(struct unit_thread *u)
{
	unit_run("equal", 10, 0, marks_once, "q");
	nk_thread_set_prio(&u->t, 10);
	unit_run("high", 30, 0, marks_once, "h");
	unit_mark('c');
}

START_TEST(a_running_thread_falls_before_its_new_equals)
{
	unit_run("c", 20, 0, falls_among_equals, NULL);
	ck_assert_str_eq(unit_marks(), "hcq");
}
END_TEST

static void raises_other(struct unit_thread *u)
{
	struct unit_thread *other = unit_run("other", 5, 0, marks_once, "o");

	unit_mark('a');
	nk_thread_set_prio(&other->t, 20);
	unit_mark('b');
	(void)u;
}

START_TEST(a_ready_thread_that_rises_above_preempts)
{
	unit_run("a", 10, 0, raises_other, NULL);
	ck_assert_str_eq(unit_marks(), "aob");
}
END_TEST

static void start_on_zero(void *arg)
{
	unit_run("far", 20, 0, marks_once, "f");
	(void)arg;
}

/* Two CPUs start threads for CPU 0 at once: both run, nobody is forgotten. */
static void start_against_start(void *arg)
{
	unit_setup();
	sim_post(1, start_on_zero, arg);
	sim_race_begin();
	unit_run("near", 10, 0, marks_once, "n");
	sim_race_end();
	sim_settle();
	ck_assert_int_eq((int)(unit_marks()[0] + unit_marks()[1]), 'f' + 'n');
	ck_assert(nk_root_active(0));
	unit_teardown();
}

/* While another has the CPU. What is spoilt here is mended before anybody runs by it. */
static void looks_at_the_queue(struct unit_thread *u)
{
	struct nk_rq *rq = &nk_rqs[0];
	struct nk_thread *t = u->arg;

	nk_thread_start(t);
	ck_assert_int_eq(t->state, NK_READY);
	ck_assert_int_eq(nk_rq_check(rq), 0);
	t->eprio++;
	ck_assert_int_eq(nk_rq_check(rq), 2);
	t->eprio--;
	t->cpu = 1;
	ck_assert_int_eq(nk_rq_check(rq), 2);
	t->cpu = 0;
	t->state = NK_BLOCKED;
	ck_assert_int_eq(nk_rq_check(rq), 2);
	t->state = NK_RUNNING;
	ck_assert_int_eq(nk_rq_check(rq), 3);
	t->state = NK_READY;
	rq->ready.used[0] ^= 1ul << 20;
	ck_assert_int_eq(nk_rq_check(rq), 1);
	rq->ready.used[0] ^= 1ul << 20;
	rq->root.state = NK_RUNNING;
	ck_assert_int_eq(nk_rq_check(rq), 3);
	rq->root.state = NK_READY;
	rq->curr = t;
	t->state = NK_RUNNING;
	u->t.state = NK_READY;
	ck_assert_int_eq(nk_rq_check(rq), 4);
	u->t.state = NK_RUNNING;
	t->state = NK_READY;
	rq->curr = &u->t;
	ck_assert_int_eq(nk_rq_check(rq), 0);
}

START_TEST(a_look_at_a_run_queue_finds_what_is_wrong)
{
	struct unit_thread *low = unit_make("l", 10, 0, marks_once, "l");

	ck_assert_int_eq(unit_run("h", 20, 0, looks_at_the_queue, &low->t)->done, 1);
	ck_assert_str_eq(unit_marks(), "l");
}
END_TEST

START_TEST(starts_from_two_cpus_lose_nobody)
{
	unit_explore(start_against_start, NULL);
}
END_TEST

/* As another CPU may at any time. */
static void looks_from_elsewhere(void *arg)
{
	hal_flags_t flags = hal_oob_save();

	(void)arg;
	nk_lock_acquire(&nk_rqs[0].lock);
	ck_assert_int_eq(nk_rq_check(&nk_rqs[0]), 0);
	nk_lock_release(&nk_rqs[0].lock);
	hal_oob_restore(flags);
}

static void naps(struct unit_thread *u)
{
	(void)u;
	nk_sleep_until(hal_clock_now() + 100);
}

static void ends(struct unit_thread *u)
{
	(void)u;
}

static void (*const goes_off[])(struct unit_thread *u) = { naps, ends };

static void look_against_switch(void *arg)
{
	struct unit_thread *u;

	unit_setup();
	u = unit_make("u", 10, 0, goes_off[*(int *)arg], NULL);
	sim_post(1, looks_from_elsewhere, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_advance(100);
	ck_assert_int_eq(u->done, 1);
	unit_teardown();
}

START_TEST(a_run_queue_is_sound_whenever_its_lock_is_free)
{
	unit_explore(look_against_switch, &_i);
}
END_TEST

Suite *sched_suite(void)
{
	Suite *s = suite_create("sched");
	TCase *tc = unit_case(s, "sched");
	TCase *race = unit_race_case(s, "race");

	tcase_add_test(tc, a_thread_started_in_band_runs_at_once);
	tcase_add_test(tc, who_has_ended_is_not_remembered);
	tcase_add_test(tc, a_cpu_begins_anew_in_old_memory);
	tcase_add_test(tc, higher_priority_runs_first);
	tcase_add_test(tc, equals_run_in_the_order_they_woke);
	tcase_add_test(tc, a_better_thread_preempts_the_one_that_wakes_it);
	tcase_add_test(tc, an_equal_thread_does_not_preempt);
	tcase_add_test(tc, a_preempted_thread_stays_before_its_equals);
	tcase_add_test(tc, yield_lets_equals_go_first_and_nobody_lower);
	tcase_add_test(tc, a_thread_for_another_cpu_is_kicked_there);
	tcase_add_test(tc, who_beats_nobody_elsewhere_waits_without_a_kick);
	tcase_add_test(tc, switches_are_counted);
	tcase_add_test(tc, a_look_at_a_run_queue_finds_what_is_wrong);
	tcase_add_test(tc, a_running_thread_that_falls_gives_way_at_once);
	tcase_add_test(tc, a_running_thread_falls_before_its_new_equals);
	tcase_add_test(tc, a_ready_thread_that_rises_above_preempts);
	tcase_add_test(race, starts_from_two_cpus_lose_nobody);
	tcase_add_loop_test(race, a_run_queue_is_sound_whenever_its_lock_is_free, 0, 2);
	return s;
}
