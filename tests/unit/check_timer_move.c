// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/timer_move.c: CPUs that go offline and come back.
 */
#include <string.h>

#include "nucleus/sched.h"
#include "tests/unit/unit.h"

#define TIMERS 40

struct probe {
	struct nk_timer timer;
	nk_time_t due;		/* 0: not armed */
	nk_time_t interval;
	int fired;
};

static struct probe probes[TIMERS];
static int order[TIMERS], served, wrong;

static void fires(struct nk_timer *timer, nk_time_t now)
{
	struct probe *p = nk_container_of(timer, struct probe, timer);

	if (timer->due != p->due || now != p->due || !hal_cpu_online(hal_cpu()))
		wrong++;
	if (served < TIMERS)
		order[served++] = (int)(p - probes);
	p->fired++;
	p->due = p->interval ? p->due + p->interval : 0;
}

static void setup_cpus(int cpus)
{
	int i;

	unit_setup_cpus(cpus);
	memset(probes, 0, sizeof(probes));
	wrong = served = 0;
	for (i = 0; i < TIMERS; i++) {
		nk_timer_init(&probes[i].timer, fires);
		if (i % 4 == 3)
			nk_timer_set_clock(&probes[i].timer, NK_CLOCK_REALTIME);
	}
}

static void probe_start(int i, int cpu, nk_time_t delay, nk_time_t interval)
{
	probes[i].due = hal_clock_now() + delay;
	probes[i].interval = interval;
	nk_timer_start_on(&probes[i].timer, cpu, probes[i].due, interval);
}

START_TEST(timers_move_in_order_and_none_stays)
{
	int i;

	setup_cpus(2);
	for (i = 0; i < TIMERS; i++)
		probe_start(i, 1, 1000, 0);
	probe_start(7, 1, 500, 0);
	unit_offline(1);
	ck_assert_ptr_null(nk_rqs[1].timers.queue.first);
	ck_assert_int_eq(sim_programmed(0), probes[7].due);
	sim_advance(1000);
	ck_assert_int_eq(served, TIMERS);
	ck_assert_int_eq(order[0], 7);
	/* Of one clock, in the order in which they were started. */
	for (i = 2; i < TIMERS; i++)
		if (order[i] % 4 != 3 && order[i - 1] % 4 != 3)
			ck_assert_int_gt(order[i], order[i - 1]);
	ck_assert_int_eq(wrong, 0);
	unit_teardown();
}
END_TEST

static int gaps;

static void a_gap(void)
{
	gaps++;
}

static int gaps_with(int timers)
{
	int i;

	setup_cpus(2);
	for (i = 0; i < timers; i++)
		probe_start(i, 1, 1000, 0);
	gaps = 0;
	sim_on_unmask(a_gap);
	unit_offline(1);
	sim_on_unmask(NULL);
	sim_advance(1000);
	unit_teardown();
	return gaps;
}

/* Sixteen at a time. */
START_TEST(interrupts_come_in_between_when_many_move)
{
	ck_assert_int_ge(gaps_with(TIMERS), gaps_with(1) + TIMERS / 16);
}
END_TEST

/* What is about a CPU, or about a thread's budget on it, waits there until it is back. */
START_TEST(pinned_timers_stay)
{
	struct nk_class_cpu *c = &nk_class_cpus[1];
	struct nk_timer *pinned[5 + NK_GROUPS];
	struct unit_thread *u;
	int i, n = 0;

	setup_cpus(2);
	u = unit_user("u", 10, NULL, NULL);
	pinned[n++] = &nk_rqs[1].share.timer;
	pinned[n++] = &c->timer;
	pinned[n++] = &c->tp_timer;
	pinned[n++] = &u->t.sched.timer;
	pinned[n++] = &nk_rqs[1].watchdog;
	for (i = 0; i < NK_GROUPS; i++)
		pinned[n++] = &c->groups[i].timer;
	for (i = 0; i < n; i++) {
		ck_assert(i == 3 || pinned[i]->cpu == 1);
		nk_timer_start_on(pinned[i], 1, hal_clock_now() + 1000, 0);
	}
	unit_offline(1);
	ck_assert_ptr_null(nk_rqs[0].timers.queue.first);
	for (i = 0; i < n; i++) {
		ck_assert(pinned[i]->armed && pinned[i]->cpu == 1);
		nk_timer_stop(pinned[i]);
	}
	unit_online(1);
	unit_teardown();
}
END_TEST

START_TEST(a_start_on_a_cpu_that_is_offline_goes_down_the_row)
{
	setup_cpus(4);
	unit_offline(1);
	unit_offline(2);
	probe_start(0, 1, 100, 0);
	ck_assert_int_eq(probes[0].timer.cpu, 3);
	unit_online(2);
	probe_start(1, 1, 100, 0);
	ck_assert_int_eq(probes[1].timer.cpu, 2);
	unit_online(1);
	probe_start(2, 1, 100, 0);
	ck_assert_int_eq(probes[2].timer.cpu, 1);
	sim_settle();
	sim_advance(100);
	ck_assert_int_eq(served, 3);
	ck_assert_int_eq(wrong, 0);
	unit_teardown();
}
END_TEST

START_TEST(what_is_pinned_waits_until_its_cpu_is_back)
{
	setup_cpus(2);
	probes[1].timer.pinned = 1;
	probes[2].timer.pinned = 1;
	probes[3].timer.pinned = 1;
	probe_start(0, 1, 100, 0);
	probe_start(1, 1, 80, 0);
	probe_start(3, 1, 90, 0);	/* by the alarm */
	sim_settle();
	unit_offline(1);
	ck_assert_int_eq(probes[0].timer.cpu, 0);
	probe_start(2, 1, 70, 0);
	ck_assert_int_eq(probes[1].timer.cpu, 1);
	ck_assert_int_eq(probes[2].timer.cpu, 1);
	sim_advance(60);
	unit_online(1);
	sim_advance(40);
	ck_assert_int_eq(served, 4);
	ck_assert_int_eq(order[0], 2);
	ck_assert_int_eq(order[2], 3);
	ck_assert_int_eq(order[3], 0);
	ck_assert_int_eq(wrong, 0);
	unit_teardown();
}
END_TEST

static void random_step(int cpus)
{
	int i = unit_random(TIMERS), cpu = 1 + unit_random(cpus - 1);

	switch (unit_random(6)) {
	case 0:
		ck_assert_int_eq(nk_timer_stop(&probes[i].timer), probes[i].due != 0);
		probes[i].due = 0;
		break;
	case 1:
	case 2:
		nk_timer_stop(&probes[i].timer);
		probe_start(i, unit_random(cpus), 1 + unit_random(300),
			    unit_random(4) ? 0 : 50 + unit_random(200));
		break;
	case 3:
		if (hal_cpu_online(cpu))
			unit_offline(cpu);
		else
			unit_online(cpu);
		break;
	default:
		sim_advance(unit_random(60));
	}
}

START_TEST(random_timers_on_random_cpus_agree_with_a_list)
{
	int cpus = 2 + _i % 3, step, i, cpu;

	setup_cpus(cpus);
	unit_random_seed(_i);
	for (step = 0; step < 3000; step++) {
		random_step(cpus);
		sim_settle();
		for (i = 0; i < TIMERS; i++) {
			unit_must(probes[i].timer.armed == (probes[i].due != 0));
			if (!probes[i].due)
				continue;
			unit_must(probes[i].due > hal_clock_now());
			unit_must(hal_cpu_online(probes[i].timer.cpu));
			unit_must(sim_programmed(probes[i].timer.cpu) <= probes[i].due);
		}
		for (cpu = 0; cpu < cpus; cpu++)
			if (hal_cpu_online(cpu))
				unit_must(nk_timer_base_check(&nk_rqs[cpu].timers) == 0);
		unit_must(!wrong);
	}
	for (i = 0; i < TIMERS; i++)
		nk_timer_stop(&probes[i].timer);
	unit_teardown();
}
END_TEST

/* ---- races ----------------------------------------------------------------------------------- */

static void stop_against_offline(void *arg)
{
	int stopped;

	setup_cpus(2);
	probe_start(0, 1, 100, 0);
	probe_start(1, 1, 100, 0);
	sim_settle();
	sim_post(1, unit_goes_offline, arg);
	sim_race_begin();
	stopped = nk_timer_stop(&probes[1].timer);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(stopped, 1);
	sim_advance(100);
	ck_assert_int_eq(probes[0].fired, 1);
	ck_assert_int_eq(probes[1].fired, 0);
	unit_teardown();
}

START_TEST(a_stop_against_offline_finds_the_timer)
{
	unit_explore(stop_against_offline, NULL);
}
END_TEST

static void start_against_offline(void *arg)
{
	setup_cpus(3);
	probe_start(0, 1, 100, 0);
	sim_settle();
	sim_post(1, unit_goes_offline, arg);
	sim_race_begin();
	probe_start(1, 1, 50, 0);
	probe_start(0, 1, 70, 0);
	sim_race_end();
	sim_settle();
	ck_assert_ptr_null(nk_rqs[1].timers.queue.first);
	ck_assert_int_eq(sim_programmed(2), probes[1].due);
	sim_advance(100);
	ck_assert_int_eq(probes[0].fired, 1);
	ck_assert_int_eq(probes[1].fired, 1);
	ck_assert_int_eq(wrong, 0);
	unit_teardown();
}

START_TEST(a_start_against_offline_is_not_left_behind)
{
	unit_explore(start_against_offline, NULL);
}
END_TEST

static void expiry_against_offline(void *arg)
{
	int i;

	setup_cpus(2);
	for (i = 0; i < 3; i++)
		probe_start(i, 1, 100, 0);
	sim_settle();
	sim_post(1, unit_goes_offline, arg);
	sim_race_begin();
	sim_advance(100);
	sim_race_end();
	sim_settle();
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(probes[i].fired, 1);
	unit_teardown();
}

START_TEST(an_expiry_against_offline_comes_once)
{
	unit_explore(expiry_against_offline, NULL);
}
END_TEST

static void starts_elsewhere(struct nk_timer *timer, nk_time_t now)
{
	struct probe *p = nk_container_of(timer, struct probe, timer);

	if (!p->fired)
		nk_timer_start_on(timer, 0, now + 1000, 0);
	hal_oob_restore(hal_oob_save());
	p->fired++;
}

/* The handler has put its timer on another CPU, and still runs. */
static void stop_against_hand_over(void *arg)
{
	int fired;

	setup_cpus(2);
	nk_timer_init(&probes[0].timer, starts_elsewhere);
	nk_timer_start_on(&probes[0].timer, 1, hal_clock_now() + 100, 0);
	sim_settle();
	sim_post(1, unit_advance_100, arg);
	sim_race_begin();
	nk_timer_stop_sync(&probes[0].timer);
	fired = probes[0].fired;
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(probes[0].fired, fired);
	ck_assert_int_eq(probes[0].timer.armed, 0);
	unit_teardown();
}

START_TEST(stop_sync_waits_for_a_handler_that_started_it_elsewhere)
{
	unit_explore(stop_against_hand_over, NULL);
}
END_TEST

Suite *timer_move_suite(void)
{
	Suite *s = suite_create("timer_move");
	TCase *race = unit_race_case(s, "race");

	tcase_add_test(race, timers_move_in_order_and_none_stays);
	tcase_add_test(race, a_start_on_a_cpu_that_is_offline_goes_down_the_row);
	tcase_add_test(race, what_is_pinned_waits_until_its_cpu_is_back);
	tcase_add_test(race, pinned_timers_stay);
	tcase_add_test(race, interrupts_come_in_between_when_many_move);
	tcase_add_loop_test(race, random_timers_on_random_cpus_agree_with_a_list, 0, 12);
	tcase_add_test(race, a_stop_against_offline_finds_the_timer);
	tcase_add_test(race, a_start_against_offline_is_not_left_behind);
	tcase_add_test(race, an_expiry_against_offline_comes_once);
	tcase_add_test(race, stop_sync_waits_for_a_handler_that_started_it_elsewhere);
	return s;
}
