// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/share.c. The test itself is Linux on CPU 0: it runs when threads sleep, and in its slices.
 * Both spend their time in steps, and at each the account must be what plain adding up gives.
 */
#include "nucleus/sched.h"
#include "nucleus/share.h"
#include "nucleus/stage.h"
#include "nucleus/watchdog.h"
#include "tests/unit/unit.h"

#define STEP	50000LL		/* every time in these tests is so many ns times something */
#define MS	1000000LL

static struct {
	nk_time_t debt, limit;
	nk_time_t time[2];	/* of threads, of Linux */
	nk_time_t end;
	int in_slice, over;
	int burst, pause;	/* of the thread, in steps, at most; pause 0: none */
	nk_time_t free;		/* of Linux's time from here on, does not count */
} model;
static struct unit_thread *load;

static void crossing_set(nk_time_t crossing)
{
	nk_share_crossing = nk_rqs[0].share.crossing = nk_rqs[0].share.took = crossing;
}

static void setup(void)
{
	unit_setup();
	nk_share_set(5);
	crossing_set(0);
}

static void model_begin(nk_time_t length, int burst, int pause)
{
	nk_time_t s = nk_share_percent;

	model.debt = nk_share_debt(&nk_rqs[0], hal_clock_now());
	model.limit = s * (100 - s) * NK_SHARE_PERIOD / 100;
	model.time[0] = model.time[1] = 0;
	model.end = hal_clock_now() + length;
	model.in_slice = model.over = 0;
	model.burst = burst;
	model.pause = pause;
}

/* Check notes each of its assertions, and these are millions. */
static void must(int good, const char *what)
{
	if (!good)
		ck_abort_msg("%s: model's debt %lld", what, (long long)model.debt);
}

/* H1, H3: threads do not run with the debt at the limit, nor Linux before them with none. */
static void may_run(int root)
{
	int slice = root && load->t.state == NK_READY;

	must(nk_share_debt(&nk_rqs[0], hal_clock_now()) == model.debt, "another debt");
	must(!slice || model.in_slice || model.debt == model.limit, "a slice too early");
	must(!slice || model.debt > 0, "a slice too long");
	must(root || model.debt < model.limit, "a slice too late");
	model.in_slice = slice;
}

static void step(int root)
{
	may_run(root);
	if (!root)
		model.free = nk_share_crossing;
	if (!root || !model.free)
		model.debt += (root ? nk_share_percent - 100 : nk_share_percent) * STEP;
	else
		model.free -= STEP;
	if (model.debt < 0)
		model.debt = 0;
	if (model.debt > model.limit)
		model.debt = model.limit;
	model.time[root] += STEP;
	sim_advance(STEP);
}

static void loads(struct unit_thread *u)
{
	int i;

	(void)u;
	while (hal_clock_now() < model.end) {
		for (i = 1 + (int)unit_random(model.burst); i; i--)
			step(0);
		if (model.pause)
			nk_sleep_until(hal_clock_now() + (1 + unit_random(model.pause)) * STEP);
	}
	model.over = 1;
}

static void run(nk_time_t length, int burst, int pause)
{
	model_begin(length, burst, pause);
	load = unit_user("load", 10, loads, NULL);
	unit_enter(load);
	while (!model.over)
		step(1);
}

static const int percents[] = { 5, 10, 20, 25, 50 };

START_TEST(each_account_is_exact)
{
	static const int loads_of[][2] = { { 40, 1 }, { 400, 3 }, { 100, 20 }, { 10, 10 }, { 3000, 400 } };
	unsigned int i;

	nk_share_set(percents[_i / 2]);
	crossing_set(_i % 2 * 3 * STEP);
	unit_random_seed(_i + 7);
	for (i = 0; i < sizeof(loads_of) / sizeof(loads_of[0]); i++)
		run(2000 * MS, loads_of[i][0], loads_of[i][1]);
}
END_TEST

START_TEST(one_that_never_sleeps_leaves_linux_its_share)
{
	nk_share_set(percents[_i]);
	run(1000 * MS, 100, 0);
	ck_assert_int_eq(model.time[1], percents[_i] * 10 * MS);
	ck_assert_int_eq(nk_rqs[0].share.slices, 10);
}
END_TEST

START_TEST(one_that_leaves_the_share_by_itself_is_let_alone)
{
	/* On average 50 steps of run, 5.5 of sleep. */
	run(3000 * MS, 100, 10);
	ck_assert_int_eq(nk_rqs[0].share.slices, 0);
}
END_TEST

START_TEST(no_share_no_slice)
{
	nk_share_set(0);
	model_begin(1000 * MS, 100, 0);
	load = unit_user("load", 10, loads, NULL);
	model.limit = 1;	/* the model's debt stays at 0 */
	unit_enter(load);
	ck_assert_int_eq(model.over, 1);
	ck_assert_int_eq(nk_rqs[0].share.slices, 0);
	ck_assert_ptr_null(nk_rqs[0].timers.queue.first);
}
END_TEST

static nk_time_t lost_at, got_at;

static void spins(struct unit_thread *u)
{
	nk_time_t end = hal_clock_now() + (nk_time_t)u->arg;

	while (hal_clock_now() < end && !nk_stage_recalled(&u->t))
		sim_advance(STEP);
}

static void linux_wants(void *arg)
{
	(void)arg;
	lost_at = hal_clock_now();
	sim_inband_wants(0, 1);
}

static void wants_later(struct nk_timer *t, nk_time_t now)
{
	(void)t;
	(void)now;
	linux_wants(NULL);
}

START_TEST(linux_that_wants_nothing_gets_nothing_until_it_does)
{
	nk_time_t t0 = hal_clock_now();
	struct nk_timer timer;

	sim_inband_wants(0, 0);
	load = unit_user("load", 10, spins, (void *)(400 * MS));
	nk_timer_init(&timer, wants_later);
	nk_timer_start(&timer, t0 + 303 * MS, 0);
	unit_enter(load);
	got_at = hal_clock_now();
	ck_assert_int_eq(lost_at, t0 + 303 * MS);
	ck_assert_int_le(got_at, lost_at + 5 * MS);
	ck_assert_int_eq(load->t.state, NK_READY);
	ck_assert_int_eq(nk_rqs[0].share.slices, 1);
	sim_advance(500 * MS);
	/* H1: of the time that it did not want nothing is left over. */
	ck_assert_int_eq(nk_rqs[0].share.slices, 1);
}
END_TEST

static void goes_idle(void)
{
	hal_flags_t flags = hal_oob_save();

	nk_hal_inband_idle();
	hal_oob_restore(flags);
}

START_TEST(linux_that_has_done_its_work_gives_the_rest_back)
{
	nk_time_t t0 = hal_clock_now();

	load = unit_user("load", 10, spins, (void *)(300 * MS));
	unit_enter(load);
	ck_assert_int_eq(hal_clock_now(), t0 + 95 * MS);
	sim_advance(MS);
	goes_idle();
	/* The next one is due as if nothing had ever been owed. */
	ck_assert_int_eq(hal_clock_now(), t0 + 96 * MS + 95 * MS);
	ck_assert_int_eq(load->t.state, NK_READY);
	ck_assert_int_eq(nk_rqs[0].share.slices, 2);
	sim_advance(500 * MS);
	goes_idle();
	ck_assert_int_eq(load->done, 1);
}
END_TEST

START_TEST(nobody_preempts_linux_in_its_slice)
{
	struct unit_thread *high;

	load = unit_user("load", 10, spins, (void *)(300 * MS));
	unit_enter(load);
	high = unit_user("high", 99, spins, (void *)MS);
	unit_enter(high);
	ck_assert_int_eq(high->t.state, NK_READY);
	ck_assert_int_eq(high->t.switches, 0);
	nk_thread_set_prio(&load->t, 50);
	ck_assert(nk_root_active(0));
	/* It ends, and the better one goes first. */
	sim_advance(5 * MS);
	ck_assert_int_eq(high->done, 1);
	sim_advance(500 * MS);
}
END_TEST

START_TEST(a_recall_in_a_slice_is_met_after_it)
{
	load = unit_user("load", 10, spins, (void *)(300 * MS));
	unit_enter(load);
	nk_stage_recall(&load->t, NK_RELAX_WATCHDOG);
	ck_assert_int_eq(load->t.state, NK_READY);
	sim_advance(5 * MS);
	ck_assert_int_eq(load->done, 1);
	ck_assert_int_eq(load->t.state, NK_INBAND);
}
END_TEST

static void sleeps_long(struct unit_thread *u)
{
	int i;

	for (i = 0; i < 3; i++) {
		sim_advance(MS);
		nk_sleep_until(*(nk_time_t *)u->arg += 200 * MS);
	}
}

/* The look that each residence sets does not stay with the hardware, to come before a wake-up. */
START_TEST(while_linux_has_the_cpu_only_wake_ups_are_waited_for)
{
	nk_time_t t0 = hal_clock_now(), next = t0;
	unsigned long switches;
	int i;

	load = unit_user("load", 10, sleeps_long, &next);
	unit_enter(load);
	for (i = 1; i <= 3; i++) {
		ck_assert_int_eq(sim_programmed(0), t0 + 200 * i * MS);
		switches = load->t.switches;
		sim_advance(t0 + 200 * i * MS - hal_clock_now());
		ck_assert_uint_eq(load->t.switches, switches + 1);
	}
	ck_assert_int_eq(load->done, 1);
	ck_assert_int_eq(sim_programmed(0), NK_TIME_NEVER);
}
END_TEST

static void set_share(void *arg)
{
	nk_share_set((int)(long)arg);
}

START_TEST(a_share_set_later_holds_for_who_runs)
{
	nk_time_t t0 = hal_clock_now();

	nk_share_set(_i);
	load = unit_user("load", 10, spins, (void *)(900 * MS));
	sim_post(1, set_share, (void *)20);
	unit_enter(load);
	ck_assert_int_le(hal_clock_now(), t0 + 81 * MS);
	ck_assert_int_eq(nk_rqs[0].share.slices, 1);
	/* Taken away in the slice: it ends, and there is no other. */
	nk_share_set(0);
	sim_advance(20 * MS);
	ck_assert_int_eq(load->done, 1);
	ck_assert_int_eq(nk_rqs[0].share.slices, 1);
}
END_TEST

static void sleeps_then_spins(struct unit_thread *u)
{
	nk_sleep_until(hal_clock_now() + 10 * MS);
	spins(u);
}

START_TEST(a_share_set_while_linux_runs_holds_from_the_next_tick)
{
	nk_time_t t0 = hal_clock_now();

	load = unit_user("load", 10, sleeps_then_spins, (void *)(300 * MS));
	unit_enter(load);
	nk_share_set(50);
	sim_advance(10 * MS);
	/* It got the CPU by a tick, and here Linux has it again. */
	ck_assert_int_eq(nk_rqs[0].share.slices, 1);
	ck_assert_int_eq(hal_clock_now(), t0 + 10 * MS + 50 * MS);
	sim_advance(1000 * MS);
}
END_TEST

START_TEST(a_share_taken_away_leaves_no_timer)
{
	load = unit_user("load", 10, spins, (void *)(200 * MS));
	sim_post(1, set_share, (void *)0);
	unit_enter(load);
	ck_assert_int_eq(load->done, 1);
	ck_assert_int_eq(nk_rqs[0].share.slices, 0);
	ck_assert_ptr_null(nk_rqs[0].timers.queue.first);
}
END_TEST

static void nothing(struct nk_timer *t, nk_time_t now)
{
	(void)t;
	(void)now;
}

/* It stands behind another timer; unit_teardown() looks. */
START_TEST(no_timer_is_left_when_the_nucleus_goes)
{
	struct nk_timer timer;

	nk_timer_init(&timer, nothing);
	nk_timer_start(&timer, hal_clock_now() + 500 * MS, 0);
	load = unit_user("load", 10, spins, (void *)MS);
	unit_enter(load);
	nk_timer_stop(&timer);
	ck_assert_ptr_eq(nk_rqs[0].timers.queue.first, &nk_rqs[0].share.timer.node);
	/* And with no gravity. */
	ck_assert_int_eq(nk_timer_left(&nk_rqs[0].share.timer),
			 nk_rqs[0].share.timer.node.key - hal_clock_now());
}
END_TEST

/* A measurement in interrupt context, say, is not delayed by it then. */
START_TEST(the_timer_rests_while_no_thread_lives)
{
	struct nk_timer timer;

	nk_timer_init(&timer, nothing);
	nk_timer_start(&timer, hal_clock_now() + 10 * MS, 10 * MS);
	load = unit_user("load", 10, spins, (void *)MS);
	unit_enter(load);
	sim_advance(300 * MS);
	ck_assert(!nk_rqs[0].share.timer.armed);
	load = unit_user("next", 10, spins, (void *)(300 * MS));
	unit_enter(load);
	ck_assert_int_gt(nk_rqs[0].share.slices, 0);
	sim_advance(1000 * MS);
	nk_timer_stop(&timer);
}
END_TEST

static void sleeps_300_then_spins(struct unit_thread *u)
{
	nk_sleep_until(hal_clock_now() + 300 * MS);
	spins(u);
}

/* It fires once while Linux has the CPU, and is there all the same when the thread has it. */
START_TEST(the_timer_moves_on_while_linux_has_the_cpu)
{
	nk_time_t t0 = hal_clock_now();
	struct nk_timer timer;

	nk_timer_init(&timer, nothing);
	nk_timer_start(&timer, t0 + 10 * MS, 0);
	load = unit_user("load", 10, sleeps_300_then_spins, (void *)(300 * MS));
	unit_enter(load);
	ck_assert_int_eq(nk_rqs[0].share.timer.armed, 1);
	ck_assert_int_lt(nk_rqs[0].share.timer.node.key, t0 + 110 * MS);
	sim_advance(300 * MS);
	ck_assert_int_eq(nk_rqs[0].share.slices, 1);
	ck_assert_int_eq(hal_clock_now(), t0 + 395 * MS);
	sim_advance(500 * MS);
	ck_assert_int_eq(load->done, 1);
}
END_TEST

START_TEST(a_share_taken_away_while_linux_runs_leaves_no_timer)
{
	struct nk_timer timer;

	nk_timer_init(&timer, nothing);
	nk_timer_start(&timer, hal_clock_now() + 10 * MS, 0);
	load = unit_user("load", 10, spins, (void *)MS);
	unit_enter(load);
	ck_assert_int_eq(nk_rqs[0].share.timer.armed, 1);
	nk_share_set(0);
	ck_assert_int_eq(nk_rqs[0].share.timer.armed, 0);
	nk_timer_stop(&timer);
}
END_TEST

START_TEST(it_is_said_once_a_minute)
{
	long cpu = -1;

	run(1000 * MS, 100, 0);
	ck_assert_int_eq(sim_warnings(&cpu), 1);
	ck_assert_int_eq(cpu, 0);
	run(60000 * MS, 100, 0);
	ck_assert_int_eq(sim_warnings(&cpu), 2);
}
END_TEST

static void linux_irq(void *arg)
{
	(void)arg;
	nk_hal_inband_waits(hal_clock_now());
}

static void waited_for(struct unit_thread *u)
{
	sim_irq(0, linux_irq, NULL);
	spins(u);
}

START_TEST(with_a_share_the_watchdog_recalls_nobody)
{
	nk_watchdog_limit = 50 * MS;
	load = unit_user("load", 10, waited_for, (void *)(300 * MS));
	unit_enter(load);
	while (!load->done)
		sim_advance(MS);
	ck_assert_int_eq(nk_stage_recalled(&load->t), 0);
}
END_TEST

Suite *share_suite(void)
{
	Suite *s = suite_create("share");
	TCase *tc = unit_race_case(s, "share");
	const int n = sizeof(percents) / sizeof(percents[0]);

	tcase_add_checked_fixture(tc, setup, unit_teardown);
	tcase_add_loop_test(tc, each_account_is_exact, 0, 2 * n);
	tcase_add_loop_test(tc, one_that_never_sleeps_leaves_linux_its_share, 0, n);
	tcase_add_test(tc, one_that_leaves_the_share_by_itself_is_let_alone);
	tcase_add_test(tc, no_share_no_slice);
	tcase_add_test(tc, linux_that_wants_nothing_gets_nothing_until_it_does);
	tcase_add_test(tc, linux_that_has_done_its_work_gives_the_rest_back);
	tcase_add_test(tc, nobody_preempts_linux_in_its_slice);
	tcase_add_test(tc, a_recall_in_a_slice_is_met_after_it);
	tcase_add_test(tc, while_linux_has_the_cpu_only_wake_ups_are_waited_for);
	tcase_add_loop_test(tc, a_share_set_later_holds_for_who_runs, 0, 2);
	tcase_add_test(tc, a_share_set_while_linux_runs_holds_from_the_next_tick);
	tcase_add_test(tc, a_share_taken_away_leaves_no_timer);
	tcase_add_test(tc, no_timer_is_left_when_the_nucleus_goes);
	tcase_add_test(tc, the_timer_rests_while_no_thread_lives);
	tcase_add_test(tc, the_timer_moves_on_while_linux_has_the_cpu);
	tcase_add_test(tc, a_share_taken_away_while_linux_runs_leaves_no_timer);
	tcase_add_test(tc, it_is_said_once_a_minute);
	tcase_add_test(tc, with_a_share_the_watchdog_recalls_nobody);
	return s;
}
