// SPDX-License-Identifier: GPL-2.0
/*
 * The simulator itself: that it finds what it is there to find.
 */
#include <stdlib.h>

#include "tests/unit/unit.h"

#define CAUGHT 7

static struct hal_spinlock lock;
static int flag, asleep, lost;

static void exit_caught(const char *file, int line, const char *what)
{
	(void)file;
	(void)line;
	(void)what;
	exit(CAUGHT);
}

static void expect_panic(void)
{
	sim_init(2);
	sim_on_panic(exit_caught);
}

START_TEST(a_spinlock_taken_twice_panics)
{
	struct hal_spinlock twice = { 0 };

	expect_panic();
	hal_oob_save();
	hal_spin_lock(&twice);
	hal_spin_lock(&twice);
}
END_TEST

START_TEST(a_spinlock_taken_with_the_mask_open_panics)
{
	struct hal_spinlock open = { 0 };

	expect_panic();
	hal_spin_lock(&open);
}
END_TEST

START_TEST(a_switch_with_a_spinlock_held_panics)
{
	struct hal_spinlock held = { 0 };
	struct hal_context a, b;

	expect_panic();
	hal_context_init_root(&a);
	hal_context_init_root(&b);
	hal_oob_save();
	hal_spin_lock(&held);
	hal_switch(&a, &b);
}
END_TEST

START_TEST(spinning_alone_panics)
{
	expect_panic();
	for (;;)
		hal_cpu_relax();
}
END_TEST

/* A sleeper that looks at the flag outside the lock: the classic lost wake-up. */
static void careless_sleep(void *arg)
{
	hal_flags_t flags;

	(void)arg;
	if (flag)
		return;
	flags = hal_oob_save();
	hal_spin_lock(&lock);
	asleep = 1;
	hal_spin_unlock(&lock);
	hal_oob_restore(flags);
}

static void waker(void)
{
	hal_flags_t flags = hal_oob_save();

	flag = 1;
	hal_spin_lock(&lock);
	asleep = 0;
	hal_spin_unlock(&lock);
	hal_oob_restore(flags);
}

static void careless_scenario(void *arg)
{
	unit_setup();
	flag = asleep = 0;
	sim_post(1, careless_sleep, arg);
	sim_race_begin();
	waker();
	sim_race_end();
	sim_settle();
	lost += asleep;
	unit_teardown();
}

START_TEST(exploring_finds_a_planted_lost_wakeup)
{
	lost = 0;
	sim_explore(careless_scenario, NULL);
	ck_assert_int_gt(lost, 0);
}
END_TEST

static void spin_on_lock(void *arg)
{
	hal_flags_t flags = hal_oob_save();

	hal_spin_lock(arg);
	unit_mark('b');
	hal_spin_unlock(arg);
	hal_oob_restore(flags);
}

START_TEST(a_cpu_that_spins_on_a_lock_lets_the_holder_run)
{
	hal_flags_t flags = hal_oob_save();

	hal_spin_lock(&lock);
	sim_post(1, spin_on_lock, &lock);
	sim_switch_cpu();
	unit_mark('a');
	hal_spin_unlock(&lock);
	hal_oob_restore(flags);
	sim_settle();
	ck_assert_str_eq(unit_marks(), "ab");
}
END_TEST

static void mark(void *arg)
{
	unit_mark(*(char *)arg);
}

START_TEST(an_interrupt_waits_until_the_mask_opens)
{
	hal_flags_t flags = hal_oob_save();

	sim_irq(0, mark, "i");
	unit_mark('a');
	hal_oob_restore(flags);
	unit_mark('b');
	ck_assert_str_eq(unit_marks(), "aib");
}
END_TEST

Suite *sim_suite(void)
{
	Suite *s = suite_create("sim");
	TCase *panics = unit_race_case(s, "panics");
	TCase *race = unit_race_case(s, "race");
	TCase *turns = unit_case(s, "turns");

	tcase_add_exit_test(panics, a_spinlock_taken_twice_panics, CAUGHT);
	tcase_add_exit_test(panics, a_spinlock_taken_with_the_mask_open_panics, CAUGHT);
	tcase_add_exit_test(panics, a_switch_with_a_spinlock_held_panics, CAUGHT);
	tcase_add_exit_test(panics, spinning_alone_panics, CAUGHT);
	tcase_add_test(race, exploring_finds_a_planted_lost_wakeup);
	tcase_add_test(turns, a_cpu_that_spins_on_a_lock_lets_the_holder_run);
	tcase_add_test(turns, an_interrupt_waits_until_the_mask_opens);
	return s;
}
