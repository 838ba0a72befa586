// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/init.c
 */
#include <stdlib.h>

#include "nucleus/init.h"
#include "nucleus/sched.h"
#include "tests/unit/unit.h"

#define CAUGHT 7

static void sleeps(struct unit_thread *u)
{
	nk_sleep_until(*(nk_time_t *)u->arg);
}

START_TEST(root_runs_on_every_cpu_after_init)
{
	int cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		ck_assert(nk_root_active(cpu));
		ck_assert_int_eq(nk_cpu_idle(cpu), 1);
		ck_assert_int_eq(nk_rqs[cpu].root.eprio, NK_PRIO_ROOT);
		ck_assert_str_eq(nk_rqs[cpu].root.name, "root");
		ck_assert_int_eq(nk_rqs[cpu].root.cpu, cpu);
	}
}
END_TEST

START_TEST(a_cpu_with_a_sleeper_is_not_idle)
{
	nk_time_t at = hal_clock_now() + 100;

	unit_run("s", 10, 0, sleeps, &at);
	ck_assert(nk_root_active(0));
	ck_assert_int_eq(nk_cpu_idle(0), 0);
	ck_assert_int_eq(nk_cpu_idle(1), 1);
	sim_advance(100);
	ck_assert_int_eq(nk_cpu_idle(0), 1);
}
END_TEST

static void exit_caught(const char *file, int line, const char *what)
{
	(void)file;
	(void)line;
	(void)what;
	exit(CAUGHT);
}

START_TEST(leaving_with_a_thread_alive_panics)
{
	nk_time_t at = hal_clock_now() + 100;

	unit_run("s", 10, 0, sleeps, &at);
	sim_on_panic(exit_caught);
	nk_exit();
}
END_TEST

START_TEST(init_after_exit_starts_afresh)
{
	nk_exit();
	nk_init();
	nk_cpu_init(0);
	nk_cpu_init(1);
	ck_assert(nk_root_active(0));
	ck_assert_int_eq(nk_rq_check(&nk_rqs[0]), 0);
}
END_TEST

Suite *init_suite(void)
{
	Suite *s = suite_create("init");
	TCase *tc = unit_case(s, "init");

	tcase_add_test(tc, root_runs_on_every_cpu_after_init);
	tcase_add_test(tc, a_cpu_with_a_sleeper_is_not_idle);
	tcase_add_test(tc, init_after_exit_starts_afresh);
	tcase_add_exit_test(tc, leaving_with_a_thread_alive_panics, CAUGHT);
	return s;
}
