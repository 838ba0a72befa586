// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/timer.c
 */
#include <string.h>

#include "nucleus/sched.h"
#include "tests/unit/unit.h"

#define TIMERS 48

struct probe {
	struct nk_timer timer;
	nk_time_t due;		/* what the oracle expects, 0: not armed */
	nk_time_t interval;
	int fired;
	int cpu;		/* where it fired last */
};

static struct probe probes[TIMERS];
static int fired_out_of_time;

static void probe_fires(struct nk_timer *timer, nk_time_t now)
{
	struct probe *p = nk_container_of(timer, struct probe, timer);

	if (now != timer->due || now != p->due)
		fired_out_of_time++;
	p->fired++;
	p->cpu = hal_cpu();
	p->due = p->interval ? p->due + p->interval : 0;
}

static void counts(struct nk_timer *timer, nk_time_t now)
{
	nk_container_of(timer, struct probe, timer)->fired++;
	(void)now;
}

static unsigned long programs[2];

static void starts_another(struct nk_timer *timer, nk_time_t now)
{
	(void)timer;
	programs[0] = sim_programs(0);
	nk_timer_start(&probes[1].timer, now + 10, 0);
	programs[1] = sim_programs(0);
}

static struct probe *probe_start(int i, nk_time_t delay, nk_time_t interval)
{
	struct probe *p = &probes[i];

	p->due = hal_clock_now() + delay;
	p->interval = interval;
	nk_timer_start(&p->timer, p->due, interval);
	return p;
}

/* The hardware comes last. */
START_TEST(a_start_by_a_handler_programs_nothing)
{
	nk_timer_init(&probes[0].timer, starts_another);
	probe_start(0, 100, 0);
	probes[1].due = hal_clock_now() + 110;
	sim_advance(100);
	ck_assert_uint_eq(programs[1], programs[0]);
	ck_assert_int_eq(sim_programmed(0), probes[1].due);
	sim_advance(10);
	ck_assert_int_eq(probes[1].fired, 1);
	ck_assert_int_eq(fired_out_of_time, 0);
}
END_TEST

static void setup(void)
{
	int i;

	unit_setup();
	memset(probes, 0, sizeof(probes));
	fired_out_of_time = 0;
	for (i = 0; i < TIMERS; i++)
		nk_timer_init(&probes[i].timer, probe_fires);
}

START_TEST(a_one_shot_fires_once_at_its_time)
{
	struct probe *p = probe_start(0, 100, 0);

	sim_advance(99);
	ck_assert_int_eq(p->fired, 0);
	sim_advance(1);
	ck_assert_int_eq(p->fired, 1);
	sim_advance(1000);
	ck_assert_int_eq(p->fired, 1);
	ck_assert_int_eq(fired_out_of_time, 0);
}
END_TEST

START_TEST(a_deadline_in_the_past_fires_at_once)
{
	nk_timer_start(&probes[0].timer, hal_clock_now() - 500, 0);
	ck_assert_int_eq(probes[0].fired, 1);
}
END_TEST

START_TEST(a_periodic_timer_keeps_to_its_grid)
{
	struct probe *p = probe_start(0, 70, 100);

	sim_advance(1000);
	ck_assert_int_eq(p->fired, 10);
	ck_assert_int_eq(fired_out_of_time, 0);
	ck_assert_uint_eq(p->timer.overruns, 0);
	ck_assert_int_eq(nk_timer_stop(&p->timer), 1);
}
END_TEST

START_TEST(a_million_periods_do_not_drift)
{
	nk_time_t first = hal_clock_now() + 70;
	hal_flags_t flags = hal_oob_save();
	int i;

	nk_timer_init(&probes[0].timer, counts);
	nk_timer_start(&probes[0].timer, first, 333);
	/* Each is served late, by as much as does not miss the next. */
	for (i = 0; i < 1000000; i++)
		nk_hal_tick(probes[0].timer.node.key + unit_random(333));
	ck_assert_int_eq(probes[0].fired, 1000000);
	ck_assert_uint_eq(probes[0].timer.overruns, 0);
	ck_assert_int_eq(probes[0].timer.node.key, first + 1000000 * 333LL);
	nk_timer_stop(&probes[0].timer);
	hal_oob_restore(flags);
}
END_TEST

START_TEST(grid_points_that_pass_masked_are_counted)
{
	nk_time_t first = hal_clock_now() + 100;

	nk_timer_start(&probes[0].timer, first, 100);
	/* Served 3.5 intervals late: points 2, 3 and 4 are gone, 5 is next. */
	hal_oob_save();
	hal_timer_program(nk_hal_tick(first + 350));
	hal_oob_restore(0);
	ck_assert_int_eq(probes[0].fired, 1);
	ck_assert_uint_eq(probes[0].timer.overruns, 3);
	ck_assert_int_eq(probes[0].timer.node.key, first + 400);
	nk_timer_stop(&probes[0].timer);
}
END_TEST

START_TEST(a_stopped_timer_does_not_fire)
{
	probe_start(0, 100, 0);
	probe_start(1, 100, 0);
	ck_assert_int_eq(nk_timer_stop(&probes[0].timer), 1);
	ck_assert_int_eq(nk_timer_stop(&probes[0].timer), 0);
	sim_advance(200);
	ck_assert_int_eq(probes[0].fired, 0);
	ck_assert_int_eq(probes[1].fired, 1);
}
END_TEST

START_TEST(starting_an_armed_timer_moves_it)
{
	probe_start(0, 100, 0);
	probe_start(0, 300, 0);
	sim_advance(299);
	ck_assert_int_eq(probes[0].fired, 0);
	sim_advance(1);
	ck_assert_int_eq(probes[0].fired, 1);
}
END_TEST

START_TEST(a_timer_of_another_cpu_fires_there)
{
	probes[0].due = hal_clock_now() + 100;
	nk_timer_start_on(&probes[0].timer, 1, probes[0].due, 0);
	sim_settle();
	ck_assert_int_eq(sim_programmed(1), probes[0].due);
	sim_advance(100);
	ck_assert_int_eq(probes[0].fired, 1);
	ck_assert_int_eq(probes[0].cpu, 1);
}
END_TEST

START_TEST(a_later_timer_of_another_cpu_kicks_nobody)
{
	unsigned long kicks;

	nk_timer_start_on(&probes[0].timer, 1, hal_clock_now() + 100, 0);
	sim_settle();
	kicks = sim_kicks(1);
	nk_timer_start_on(&probes[1].timer, 1, hal_clock_now() + 200, 0);
	ck_assert_uint_eq(sim_kicks(1), kicks);
	nk_timer_stop(&probes[0].timer);
	nk_timer_stop(&probes[1].timer);
}
END_TEST

START_TEST(an_armed_timer_may_move_to_another_cpu)
{
	probe_start(0, 100, 0);
	probes[0].due = hal_clock_now() + 50;
	nk_timer_start_on(&probes[0].timer, 1, probes[0].due, 0);
	ck_assert_ptr_null(nk_rqs[0].timers.queue.first);
	sim_advance(100);
	ck_assert_int_eq(probes[0].fired, 1);
	ck_assert_int_eq(probes[0].cpu, 1);
}
END_TEST

START_TEST(one_tick_serves_sixteen_and_programs_once)
{
	nk_time_t due = hal_clock_now() + 100;
	unsigned long programs;
	int i, fired;

	for (i = 0; i < 20; i++)
		probe_start(i, 100, 0);
	programs = sim_programs(0);
	hal_oob_save();
	hal_timer_program(nk_hal_tick(due));
	ck_assert_uint_eq(sim_programs(0), programs + 1);
	ck_assert_int_eq(sim_programmed(0), due);
	for (i = 0, fired = 0; i < 20; i++)
		fired += probes[i].fired;
	ck_assert_int_eq(fired, NK_TIMER_BATCH);
	hal_oob_restore(0);
	sim_advance(100);
	for (i = 0, fired = 0; i < 20; i++)
		fired += probes[i].fired;
	ck_assert_int_eq(fired, 20);
}
END_TEST

static void restarts_itself(struct nk_timer *timer, nk_time_t now)
{
	struct probe *p = nk_container_of(timer, struct probe, timer);

	if (++p->fired < 3)
		nk_timer_start(timer, now + 10, 0);
}

START_TEST(a_handler_may_start_its_own_timer)
{
	nk_timer_init(&probes[0].timer, restarts_itself);
	probe_start(0, 10, 0);
	sim_advance(100);
	ck_assert_int_eq(probes[0].fired, 3);
}
END_TEST

static void stops_itself(struct nk_timer *timer, nk_time_t now)
{
	struct probe *p = nk_container_of(timer, struct probe, timer);

	(void)now;
	if (++p->fired == 2)
		nk_timer_stop(timer);
}

START_TEST(a_handler_may_stop_its_own_periodic_timer)
{
	nk_timer_init(&probes[0].timer, stops_itself);
	probe_start(0, 10, 10);
	sim_advance(100);
	ck_assert_int_eq(probes[0].fired, 2);
}
END_TEST

static void random_step(void)
{
	int i = unit_random(TIMERS);
	nk_time_t interval = unit_random(4) ? 0 : 50 + unit_random(200);

	switch (unit_random(3)) {
	case 0:
		ck_assert_int_eq(nk_timer_stop(&probes[i].timer), probes[i].due != 0);
		probes[i].due = 0;
		break;
	case 1:
		probes[i].due = hal_clock_now() + 1 + unit_random(300);
		probes[i].interval = interval;
		nk_timer_start_on(&probes[i].timer, unit_random(2), probes[i].due, interval);
		break;
	default:
		sim_advance(unit_random(60));
	}
}

/* The queues hold exactly what is due later, and the hardware waits for the first of it. */
static void compare_with_list(void)
{
	nk_time_t first[2] = { NK_TIME_NEVER, NK_TIME_NEVER };
	int i, cpu;

	for (i = 0; i < TIMERS; i++) {
		const struct probe *p = &probes[i];

		unit_must(p->timer.armed == (p->due != 0));
		if (!p->due)
			continue;
		unit_must(p->due > hal_clock_now());
		unit_must(p->timer.node.key == p->due);
		if (p->due < first[p->timer.cpu])
			first[p->timer.cpu] = p->due;
	}
	for (cpu = 0; cpu < 2; cpu++) {
		const struct nk_tree_node *first_node = nk_rqs[cpu].timers.queue.first;

		unit_must(nk_timer_base_check(&nk_rqs[cpu].timers) == 0);
		unit_must((first_node ? first_node->key : NK_TIME_NEVER) == first[cpu]);
		unit_must(sim_programmed(cpu) <= first[cpu]);
	}
}

START_TEST(random_timers_agree_with_a_list)
{
	int step, i;

	unit_random_seed(_i);
	for (step = 0; step < 2000; step++) {
		random_step();
		sim_settle();
		compare_with_list();
	}
	ck_assert_int_eq(fired_out_of_time, 0);
	for (i = 0; i < TIMERS; i++)
		nk_timer_stop(&probes[i].timer);
}
END_TEST

/* Whatever stop says, the handler has run when it says 0 and not when it says 1. */
static void stop_against_expiry(void *arg)
{
	int stopped;

	setup();
	probes[0].due = hal_clock_now() + 100;
	nk_timer_start_on(&probes[0].timer, 1, probes[0].due, 0);
	sim_settle();
	sim_post(1, unit_advance_100, arg);
	sim_race_begin();
	stopped = nk_timer_stop_sync(&probes[0].timer);
	sim_race_end();
	ck_assert_int_eq(probes[0].fired, !stopped);
	sim_settle();
	ck_assert_int_eq(probes[0].fired, !stopped);
	unit_teardown();
}

START_TEST(stop_sync_against_expiry_leaves_no_handler_behind)
{
	unit_explore(stop_against_expiry, NULL);
}
END_TEST

static int stopped, fired_then;

static void stop_from_afar(void *arg)
{
	(void)arg;
	stopped = nk_timer_stop_sync(&probes[0].timer);
	fired_then = probes[0].fired;
}

/* The handler runs on CPU 0, the first of those to be looked at. */
static void expiry_against_stop(void *arg)
{
	setup();
	probes[0].due = hal_clock_now() + 100;
	nk_timer_start(&probes[0].timer, probes[0].due, 0);
	sim_post(1, stop_from_afar, arg);
	sim_race_begin();
	sim_advance(100);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(fired_then, !stopped);
	ck_assert_int_eq(probes[0].fired, !stopped);
	unit_teardown();
}

START_TEST(expiry_against_stop_sync_leaves_no_handler_behind)
{
	unit_explore(expiry_against_stop, NULL);
}
END_TEST

/* The handler arms its timer again, at any moment of the stop. */
static void stop_against_restart(void *arg)
{
	int fired;

	setup();
	nk_timer_init(&probes[0].timer, restarts_itself);
	nk_timer_start_on(&probes[0].timer, 1, hal_clock_now() + 100, 0);
	sim_settle();
	sim_post(1, unit_advance_100, arg);
	sim_race_begin();
	nk_timer_stop_sync(&probes[0].timer);
	sim_race_end();
	fired = probes[0].fired;
	sim_settle();
	sim_advance(100);
	ck_assert_int_eq(probes[0].fired, fired);
	unit_teardown();
}

START_TEST(stop_sync_against_a_restarting_handler_wins)
{
	unit_explore(stop_against_restart, NULL);
}
END_TEST

static void start_earlier(void *arg)
{
	(void)arg;
	nk_timer_start_on(&probes[1].timer, 0, probes[1].due, 0);
}

/* A start from afar against the end of a tick: the earlier deadline must be programmed. */
static void remote_start_against_tick(void *arg)
{
	setup();
	probe_start(0, 100, 0);
	probe_start(2, 500, 0);
	probes[1].due = hal_clock_now() + 200;
	sim_post(1, start_earlier, arg);
	sim_race_begin();
	sim_advance(100);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(sim_programmed(0), probes[1].due);
	sim_advance(400);
	ck_assert_int_eq(probes[1].fired, 1);
	ck_assert_int_eq(fired_out_of_time, 0);
	unit_teardown();
}

START_TEST(a_start_from_afar_against_a_tick_is_programmed)
{
	unit_explore(remote_start_against_tick, NULL);
}
END_TEST

static void move_to_one(void *arg)
{
	(void)arg;
	nk_timer_start_on(&probes[0].timer, 1, probes[0].due, 0);
}

/* A stop looks for the timer on the CPU it is just leaving. */
static void stop_against_move(void *arg)
{
	(void)arg;
	setup();
	probe_start(0, 100, 0);
	probes[0].due = hal_clock_now() + 200;
	sim_post(1, move_to_one, NULL);
	sim_race_begin();
	nk_timer_stop(&probes[0].timer);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(nk_timer_base_check(&nk_rqs[0].timers), 0);
	ck_assert_int_eq(nk_timer_base_check(&nk_rqs[1].timers), 0);
	ck_assert_ptr_null(nk_rqs[0].timers.queue.first);
	ck_assert_int_eq(probes[0].timer.armed, nk_rqs[1].timers.queue.first != NULL);
	nk_timer_stop(&probes[0].timer);
	unit_teardown();
}

START_TEST(stop_against_move_keeps_both_queues_sound)
{
	unit_explore(stop_against_move, NULL);
}
END_TEST

static void sleeps_until(struct unit_thread *u)
{
	nk_sleep_until(*(nk_time_t *)u->arg);
}

START_TEST(a_sleeper_counts_among_the_sixteen)
{
	nk_time_t due = hal_clock_now() + 100;
	struct unit_thread *u;
	int i, fired = 0;

	for (i = 0; i < 20; i++)
		probe_start(i, 101, 0);
	u = unit_run("s", 10, 0, sleeps_until, &due);
	hal_oob_save();
	hal_timer_program(nk_hal_tick(due + 1));
	for (i = 0; i < 20; i++)
		fired += probes[i].fired;
	ck_assert_int_eq(u->t.state, NK_READY);
	ck_assert_int_eq(fired, NK_TIMER_BATCH - 1);
	hal_oob_restore(0);
	sim_advance(200);
}
END_TEST

Suite *timer_suite(void)
{
	Suite *s = suite_create("timer");
	TCase *tc = unit_race_case(s, "timer");
	TCase *race = unit_race_case(s, "race");

	tcase_add_checked_fixture(tc, setup, unit_teardown);
	tcase_add_test(tc, a_one_shot_fires_once_at_its_time);
	tcase_add_test(tc, a_deadline_in_the_past_fires_at_once);
	tcase_add_test(tc, a_periodic_timer_keeps_to_its_grid);
	tcase_add_test(tc, a_million_periods_do_not_drift);
	tcase_add_test(tc, grid_points_that_pass_masked_are_counted);
	tcase_add_test(tc, a_stopped_timer_does_not_fire);
	tcase_add_test(tc, starting_an_armed_timer_moves_it);
	tcase_add_test(tc, a_timer_of_another_cpu_fires_there);
	tcase_add_test(tc, a_later_timer_of_another_cpu_kicks_nobody);
	tcase_add_test(tc, an_armed_timer_may_move_to_another_cpu);
	tcase_add_test(tc, a_start_by_a_handler_programs_nothing);
	tcase_add_test(tc, one_tick_serves_sixteen_and_programs_once);
	tcase_add_test(tc, a_sleeper_counts_among_the_sixteen);
	tcase_add_test(tc, a_handler_may_start_its_own_timer);
	tcase_add_test(tc, a_handler_may_stop_its_own_periodic_timer);
	tcase_add_loop_test(tc, random_timers_agree_with_a_list, 1, 6);
	tcase_add_test(race, stop_sync_against_expiry_leaves_no_handler_behind);
	tcase_add_test(race, expiry_against_stop_sync_leaves_no_handler_behind);
	tcase_add_test(race, stop_sync_against_a_restarting_handler_wins);
	tcase_add_test(race, a_start_from_afar_against_a_tick_is_programmed);
	tcase_add_test(race, stop_against_move_keeps_both_queues_sound);
	return s;
}
