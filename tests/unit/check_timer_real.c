// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/timer_real.c: timers and waits by CLOCK_REALTIME, which Linux sets.
 */
#include <string.h>

#include "nucleus/mutex.h"
#include "nucleus/sched.h"
#include "tests/unit/unit.h"

#define TIMERS	32
#define HOUR	3600000000000LL

struct probe {
	struct nk_timer timer;
	nk_time_t due;		/* by its clock; 0: not armed */
	nk_time_t interval;
	int fired;
};

static struct probe probes[TIMERS];
static nk_time_t set_at;	/* when the clock was set last */
static int wrong;

static nk_time_t now_of(const struct probe *p)
{
	return hal_clock_now() + (p->timer.clock ? hal_clock_realtime_offset() : 0);
}

/* On time, or as soon as the clock was set beyond it. Missed points are skipped. */
static void fires(struct nk_timer *timer, nk_time_t now)
{
	struct probe *p = nk_container_of(timer, struct probe, timer);
	nk_time_t clock = now_of(p);

	if (!p->due || timer->due != p->due || clock < p->due || now != hal_clock_now())
		wrong++;
	if (clock != p->due && now != set_at)
		wrong++;
	p->fired++;
	do
		p->due = p->interval ? p->due + p->interval : 0;
	while (p->due && p->due <= clock);
}

static void fires_for_nothing(struct nk_timer *timer, nk_time_t now)
{
	(void)timer;
	(void)now;
}

static void setup_cpus(int cpus)
{
	int i;

	unit_setup_cpus(cpus);
	memset(probes, 0, sizeof(probes));
	wrong = 0;
	set_at = 0;
	sim_set_realtime(HOUR);
	for (i = 0; i < TIMERS; i++) {
		nk_timer_init(&probes[i].timer, fires);
		nk_timer_set_clock(&probes[i].timer,
				   i % 4 ? NK_CLOCK_REALTIME : NK_CLOCK_MONOTONIC);
	}
}

static void setup(void)
{
	setup_cpus(2);
}

static void probe_start(int i, int cpu, nk_time_t delay, nk_time_t interval)
{
	struct probe *p = &probes[i];

	p->due = now_of(p) + delay;
	p->interval = interval;
	nk_timer_start_on(&p->timer, cpu, p->due, interval);
}

static void clock_set(nk_time_t offset)
{
	set_at = hal_clock_now();
	sim_set_realtime(offset);
	sim_settle();
}

START_TEST(a_set_forward_makes_it_fire_at_once)
{
	probe_start(1, 0, 1000, 0);
	clock_set(HOUR + 999);
	ck_assert_int_eq(probes[1].fired, 0);
	ck_assert_int_eq(sim_programmed(0), hal_clock_now() + 1);
	clock_set(HOUR + 1000);
	ck_assert_int_eq(probes[1].fired, 1);
	ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(a_set_back_makes_it_wait)
{
	probe_start(1, 1, 1000, 0);
	clock_set(HOUR - 5000);
	sim_advance(5999);
	ck_assert_int_eq(probes[1].fired, 0);
	sim_advance(1);
	ck_assert_int_eq(probes[1].fired, 1);
	ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(a_set_moves_no_timer_of_the_monotonic_clock)
{
	probe_start(0, 0, 1000, 0);
	clock_set(10 * HOUR);
	ck_assert_int_eq(probes[0].fired, 0);
	clock_set(0);
	sim_advance(1000);
	ck_assert_int_eq(probes[0].fired, 1);
	ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(points_that_a_set_skips_are_overruns)
{
	probe_start(1, 0, 100, 100);
	clock_set(HOUR + 1050);
	ck_assert_int_eq(probes[1].fired, 1);
	ck_assert_uint_eq(probes[1].timer.overruns, 9);
	sim_advance(50);
	ck_assert_int_eq(probes[1].fired, 2);
	nk_timer_stop(&probes[1].timer);
	ck_assert_int_eq(wrong, 0);
}
END_TEST

static int order[TIMERS], served;

static void notes_order(struct nk_timer *timer, nk_time_t now)
{
	(void)now;
	order[served++] = (int)(nk_container_of(timer, struct probe, timer) - probes);
}

/* Of both clocks: one set makes all of one of them due. What is more than sixteen waits for the next
 * interrupt, and order holds. */
START_TEST(all_that_a_set_makes_due_is_served_in_order_sixteen_at_a_time)
{
	int i, last = -1;

	served = 0;
	for (i = 0; i < TIMERS; i++) {
		nk_timer_init(&probes[i].timer, notes_order);
		nk_timer_set_clock(&probes[i].timer, NK_CLOCK_REALTIME);
		/* Pairs of the same time, the later pairs first. */
		probe_start(i, 0, 1000 - i / 2 * 10, 0);
	}
	hal_oob_save();
	sim_set_realtime(2 * HOUR);
	hal_timer_program(nk_hal_tick(hal_clock_now()));
	ck_assert_int_eq(served, NK_TIMER_BATCH);
	ck_assert_int_le(sim_programmed(0), hal_clock_now());
	hal_oob_restore(0);
	ck_assert_int_eq(served, TIMERS);
	for (i = 0; i < TIMERS; i += 2) {
		ck_assert_int_eq(order[i], TIMERS - 2 - i);
		ck_assert_int_eq(order[i + 1], order[i] + 1);
		last = order[i];
	}
	ck_assert_int_eq(last, 0);
}
END_TEST

static void random_step(int cpus)
{
	int i = unit_random(TIMERS);

	switch (unit_random(8)) {
	case 0:
	case 1:
		ck_assert_int_eq(nk_timer_stop(&probes[i].timer), probes[i].due != 0);
		probes[i].due = 0;
		break;
	case 2:
	case 3:
	case 4:
		nk_timer_stop(&probes[i].timer);
		probe_start(i, unit_random(cpus), 1 + unit_random(300),
			    unit_random(4) ? 0 : 50 + unit_random(200));
		break;
	case 5:
		clock_set(HOUR + (nk_time_t)unit_random(1000) - 500);
		break;
	default:
		sim_advance(unit_random(60));
	}
}

/* Nothing that is due is left, and the hardware of each CPU waits for the first or less. */
static void compare(int cpus)
{
	int i, cpu;

	for (i = 0; i < TIMERS; i++) {
		const struct probe *p = &probes[i];

		unit_must(p->timer.armed == (p->due != 0));
		if (!p->due)
			continue;
		unit_must(p->timer.node.key == p->due);
		unit_must(p->due > now_of(p));
		unit_must(sim_programmed(p->timer.cpu) <= hal_clock_now() + p->due - now_of(p));
	}
	for (cpu = 0; cpu < cpus; cpu++)
		unit_must(nk_timer_base_check(&nk_rqs[cpu].timers) == 0);
	unit_must(!wrong);
}

START_TEST(random_timers_and_sets_agree_with_a_list)
{
	int step, i;

	setup_cpus(1 + _i % 4);
	unit_random_seed(_i);
	for (step = 0; step < 3000; step++) {
		random_step(1 + _i % 4);
		sim_settle();
		compare(1 + _i % 4);
	}
	for (i = 0; i < TIMERS; i++)
		nk_timer_stop(&probes[i].timer);
	unit_teardown();
}
END_TEST

/* ---- waits ---------------------------------------------------------------------------------- */

static nk_time_t woken_at;

static void sleeps(struct unit_thread *u)
{
	u->ret = nk_sleep_until(*(nk_time_t *)u->arg);
	woken_at = hal_clock_now();
	/* The timer is the monotonic clock's again. */
	u->ret |= nk_sleep_until(hal_clock_now() + 100);
}

START_TEST(a_sleep_follows_the_clock)
{
	nk_time_t start = hal_clock_now(), until = nk_until_realtime(start + HOUR + 1000);
	struct unit_thread *u = unit_run("s", 10, 0, sleeps, &until);

	clock_set(HOUR - 500);
	sim_advance(1200);
	clock_set(HOUR - 300);
	sim_advance(99);
	ck_assert_int_eq(u->t.state, NK_BLOCKED);
	ck_assert_int_eq(woken_at, 0);
	sim_advance(1);
	ck_assert_int_eq(woken_at, start + 1300);
	clock_set(HOUR * 7);
	ck_assert_int_eq(u->done, 0);
	sim_advance(100);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
}
END_TEST

START_TEST(a_time_that_has_passed_by_the_clock_is_no_wait)
{
	nk_time_t until = nk_until_realtime(hal_clock_now() + HOUR);

	woken_at = 0;
	unit_run("s", 10, 0, sleeps, &until);
	ck_assert_int_eq(woken_at, hal_clock_now());
	until = nk_until_realtime(hal_clock_now() + HOUR + 1);
	unit_run("t", 10, 0, sleeps, &until);
	sim_advance(1);
	ck_assert_int_eq(woken_at, hal_clock_now());
	sim_advance(100);
}
END_TEST

static struct nk_mutex mutex;

static void locks(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&mutex, *(nk_time_t *)u->arg);
}

static void holds(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&mutex, NK_TIME_NEVER);
	nk_sleep_until(hal_clock_now() + 10000);
	nk_mutex_unlock(&mutex);
}

START_TEST(a_timed_lock_ends_when_the_clock_is_set_beyond)
{
	nk_time_t until = nk_until_realtime(hal_clock_now() + HOUR + 1000);
	nk_time_t never = nk_until_realtime(NK_TIME_NEVER);
	struct unit_thread *u, *v;

	nk_mutex_init(&mutex);
	unit_run("h", 10, 0, holds, NULL);
	u = unit_run("u", 10, 0, locks, &until);
	v = unit_run("v", 10, 1, locks, &never);
	sim_advance(100);
	ck_assert_int_eq(u->done, 0);
	clock_set(2 * HOUR);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	ck_assert_int_eq(v->done, 0);
	sim_advance(10000);
	ck_assert_int_eq(v->ret, 0);
}
END_TEST

/* By its own clock, and with what it anticipates; a time that is over counts as 1 till it fires. */
START_TEST(what_is_left_is_told)
{
	nk_time_t now = hal_clock_now();
	struct nk_timer timer;
	hal_flags_t flags;

	nk_timer_init(&timer, fires_for_nothing);
	ck_assert_int_eq(nk_timer_left(&timer), 0);
	nk_timer_set_clock(&timer, _i ? NK_CLOCK_REALTIME : NK_CLOCK_MONOTONIC);
	nk_gravity[NK_GRAVITY_IRQ] = 30;
	nk_timer_start(&timer, now + 100 + (_i ? HOUR : 0), 0);
	nk_gravity[NK_GRAVITY_IRQ] = 0;
	ck_assert_int_eq(nk_timer_left(&timer), 100);
	sim_advance(60);
	ck_assert_int_eq(nk_timer_left(&timer), 40);
	flags = hal_oob_save();
	sim_set_realtime(HOUR + (_i ? 1000 : 0));
	ck_assert_int_eq(nk_timer_left(&timer), _i ? 1 : 40);
	hal_oob_restore(flags);
	sim_settle();
	nk_timer_stop(&timer);
	ck_assert_int_eq(nk_timer_left(&timer), 0);
}
END_TEST

/* ---- races ---------------------------------------------------------------------------------- */

static void sets_the_clock(void *arg)
{
	(void)arg;
	sim_set_realtime(HOUR + 500);
}

/* A start on CPU 1 from CPU 0, while CPU 2 sets the clock. */
static void start_against_set(void *arg)
{
	setup_cpus(3);
	sim_post(2, sets_the_clock, arg);
	sim_race_begin();
	probes[1].due = hal_clock_now() + HOUR + 1000;
	nk_timer_start_on(&probes[1].timer, 1, probes[1].due, 0);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(sim_programmed(1), hal_clock_now() + 500);
	nk_timer_stop(&probes[1].timer);
	unit_teardown();
}

START_TEST(a_start_from_afar_against_a_set_is_by_the_new_clock)
{
	unit_explore(start_against_set, NULL);
}
END_TEST

/* A tick that looks at the clock, while CPU 1 sets it: it fires once, and not late. */
static void tick_against_set(void *arg)
{
	setup();
	probe_start(1, 0, 100, 0);
	probe_start(2, 0, 600, 0);
	sim_post(1, sets_the_clock, arg);
	sim_race_begin();
	sim_advance(100);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(probes[1].fired, 1);
	ck_assert_int_eq(probes[2].fired, 1);
	unit_teardown();
}

static void sets_the_clock_back(void *arg)
{
	(void)arg;
	sim_set_realtime(HOUR - 500);
}

/* The same backwards: the alarm that comes too early is not the last. */
static void tick_against_set_back(void *arg)
{
	setup();
	probe_start(1, 0, 100, 0);
	probe_start(2, 0, 600, 0);
	sim_post(1, sets_the_clock_back, arg);
	sim_race_begin();
	sim_advance(100);
	sim_race_end();
	sim_settle();
	sim_advance(1000);
	ck_assert_int_eq(probes[1].fired, 1);
	ck_assert_int_eq(probes[2].fired, 1);
	unit_teardown();
}

START_TEST(a_tick_against_a_set_back_loses_no_timer)
{
	unit_explore(tick_against_set_back, NULL);
}
END_TEST

START_TEST(a_tick_against_a_set_loses_no_timer)
{
	unit_explore(tick_against_set, NULL);
}
END_TEST

Suite *timer_real_suite(void)
{
	Suite *s = suite_create("timer_real");
	TCase *tc = unit_race_case(s, "timer_real");
	TCase *race = unit_race_case(s, "race");

	tcase_add_checked_fixture(tc, setup, unit_teardown);
	tcase_add_test(tc, a_set_forward_makes_it_fire_at_once);
	tcase_add_test(tc, a_set_back_makes_it_wait);
	tcase_add_test(tc, a_set_moves_no_timer_of_the_monotonic_clock);
	tcase_add_test(tc, points_that_a_set_skips_are_overruns);
	tcase_add_test(tc, all_that_a_set_makes_due_is_served_in_order_sixteen_at_a_time);
	tcase_add_loop_test(tc, what_is_left_is_told, 0, 2);
	tcase_add_test(tc, a_sleep_follows_the_clock);
	tcase_add_test(tc, a_time_that_has_passed_by_the_clock_is_no_wait);
	tcase_add_test(tc, a_timed_lock_ends_when_the_clock_is_set_beyond);
	tcase_add_loop_test(race, random_timers_and_sets_agree_with_a_list, 0, 12);
	tcase_add_test(race, a_start_from_afar_against_a_set_is_by_the_new_clock);
	tcase_add_test(race, a_tick_against_a_set_loses_no_timer);
	tcase_add_test(race, a_tick_against_a_set_back_loses_no_timer);
	return s;
}
