// SPDX-License-Identifier: GPL-2.0
/*
 * Fixture and helpers of the unit tests.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "nucleus/init.h"
#include "nucleus/sched.h"
#include "nucleus/share.h"
#include "nucleus/stage.h"

#define MAX_THREADS 64
#define STACK_SIZE (128 * 1024)
#define MAX_MARKS 256

static struct unit_thread threads[MAX_THREADS];
static char stacks[MAX_THREADS][STACK_SIZE] __attribute__((aligned(16)));
static int used;
static int cpus;
static char marks[MAX_MARKS];
static unsigned int random_state;

static void fail_test(const char *file, int line, const char *what)
{
	_ck_assert_failed(file, line, what, NULL);
}

void unit_setup_cpus(int count)
{
	int cpu;

	cpus = count;
	used = 0;
	marks[0] = 0;
	unit_random_seed(1);
	sim_on_panic(fail_test);
	sim_init(cpus);
	nk_share_percent = 0;	/* a test that wants one asks for it */
	nk_init();
	for (cpu = 0; cpu < cpus; cpu++)
		nk_cpu_init(cpu);
}

void unit_setup(void)
{
	unit_setup_cpus(2);
}

void unit_teardown(void)
{
	int cpu, i;

	sim_race_end();
	sim_settle();
	ck_assert_int_eq(hal_cpu(), 0);
	ck_assert(!hal_oob_masked());
	ck_assert_int_eq(sim_locks_held(), 0);
	for (cpu = 0; cpu < cpus; cpu++) {
		ck_assert_int_eq(nk_lock_count(cpu), 0);
		ck_assert_int_eq(nk_rq_check(&nk_rqs[cpu]), 0);
		ck_assert_int_eq(nk_cpu_idle(cpu), 1);
	}
	for (i = 0; i < used; i++)
		if (!threads[i].gone)
			nk_thread_destroy(&threads[i].t);
	nk_exit();
	for (cpu = 0; cpu < cpus; cpu++)
		ck_assert_ptr_null(nk_rqs[cpu].timers.queue.first);
}

TCase *unit_race_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	return tc;
}

TCase *unit_case(Suite *suite, const char *name)
{
	TCase *tc = unit_race_case(suite, name);

	tcase_add_checked_fixture(tc, unit_setup, unit_teardown);
	return tc;
}

unsigned long unit_explore_as(const char *name, void (*scenario)(void *arg), void *arg)
{
	unsigned long schedules;

	if (getenv("UNIT_STRAIGHT")) {
		scenario(arg);
		return 1;
	}
	schedules = sim_explore(scenario, arg);
	printf("explored: %6lu schedules of %s\n", schedules, name);
	fflush(stdout);
	/* Fewer would mean that the race was not inside the window. */
	ck_assert_uint_gt(schedules, 20);
	return schedules;
}

static void kernel_entry(void *arg)
{
	struct unit_thread *u = arg;

	u->fn(u);
	ck_assert(!hal_oob_masked());
	u->done++;
	nk_thread_exit();
}

static void user_entry(void *arg)
{
	struct unit_thread *u = arg;

	u->fn(u);
	ck_assert(!hal_oob_masked());
	u->done++;
	nk_stage_leave(1);
}

static struct unit_thread *make(const char *name, int prio, int cpu,
				void (*fn)(struct unit_thread *), void *arg)
{
	struct unit_thread *u = &threads[used];

	ck_assert_int_lt(used, MAX_THREADS);
	memset(u, 0, sizeof(*u));
	u->stack = stacks[used++];
	u->fn = fn;
	u->arg = arg;
	nk_thread_init(&u->t, name, prio, cpu);
	return u;
}

struct unit_thread *unit_make(const char *name, int prio, int cpu,
			      void (*fn)(struct unit_thread *u), void *arg)
{
	struct unit_thread *u = make(name, prio, cpu, fn, arg);

	hal_context_init_kernel(&u->t.ctx, u->stack, STACK_SIZE, kernel_entry, u);
	return u;
}

struct unit_thread *unit_run(const char *name, int prio, int cpu,
			     void (*fn)(struct unit_thread *u), void *arg)
{
	struct unit_thread *u = unit_make(name, prio, cpu, fn, arg);

	nk_thread_start(&u->t);
	return u;
}

struct unit_thread *unit_user(const char *name, int prio, void (*fn)(struct unit_thread *u),
			      void *arg)
{
	struct unit_thread *u = make(name, prio, 0, fn, arg);

	u->t.user = 1;
	return u;
}

void unit_enter(struct unit_thread *u)
{
	hal_flags_t flags = hal_oob_save();

	hal_context_init_kernel(&u->t.ctx, u->stack, STACK_SIZE, user_entry, u);
	ck_assert_int_eq(nk_stage_enter(&u->t, hal_cpu()), 0);
	nk_sched();
	hal_oob_restore(flags);
}

void unit_advance_100(void *arg)
{
	(void)arg;
	sim_advance(100);
}

void unit_recall(void *arg)
{
	nk_stage_recall(arg, 3);
}

void unit_busy(nk_time_t ns)
{
	nk_time_t step;

	for (; ns > 0; ns -= step) {
		step = sim_programmed(0) - hal_clock_now();
		if (step > ns)
			step = ns;
		sim_advance(step);
	}
}

static struct unit_thread *race(struct unit_thread *u, void (*brings)(void *arg), void *arg)
{
	sim_race_begin();
	brings(arg);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	return u;
}

struct unit_thread *unit_race_recall(void (*fn)(struct unit_thread *u), void (*brings)(void *arg), void *arg)
{
	struct unit_thread *u = unit_user("u", 10, fn, NULL);

	unit_enter(u);
	sim_post(1, unit_recall, &u->t);
	return race(u, brings, arg);
}

struct unit_thread *unit_race_timeout(int cpu, void (*fn)(struct unit_thread *u),
				      void (*brings)(void *arg), void *arg)
{
	struct unit_thread *u = unit_run("u", 10, cpu, fn, NULL);

	sim_settle();
	sim_post(1, unit_advance_100, NULL);
	return race(u, brings, arg);
}

/* On the CPU itself. */
void unit_goes_offline(void *arg)
{
	int cpu = hal_cpu(), to = cpu;

	(void)arg;
	do
		to = (to + 1) % HAL_MAX_CPUS;
	while (!hal_cpu_online(to));
	nk_hal_cpu_offline(cpu, to);
	sim_set_online(cpu, 0);
}

void unit_offline(int cpu)
{
	sim_post(cpu, unit_goes_offline, NULL);
	sim_settle();
}

static void comes_online(void *arg)
{
	(void)arg;
	nk_hal_cpu_online(hal_cpu());
}

void unit_online(int cpu)
{
	sim_set_online(cpu, 1);
	sim_post(cpu, comes_online, NULL);
	sim_settle();
}

void unit_mark(char c)
{
	size_t n = strlen(marks);

	ck_assert_uint_lt(n, MAX_MARKS - 1);
	marks[n] = c;
	marks[n + 1] = 0;
}

const char *unit_marks(void)
{
	return marks;
}

void unit_random_seed(unsigned int seed)
{
	random_state = seed * 2654435761u + 1;
}

unsigned int unit_random(unsigned int limit)
{
	random_state = random_state * 1664525u + 1013904223u;
	/* By the high bits: the low ones of such a generator repeat after a few thousand draws. */
	return (unsigned long)random_state * limit >> 32;
}
