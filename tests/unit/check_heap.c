// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/heap.c. The shadow is an allocator that keeps one byte for each unit: whose it is.
 */
#include <string.h>

#include "nucleus/heap.h"
#include "nucleus/sched.h"
#include "nucleus/snapshot.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

#define UNITS	1024
#define HELD	64
#define STEPS	20000

static struct nk_heap h;
static struct nk_heap_block blocks[UNITS];
static unsigned char shadow[UNITS];	/* 0: free, else the number of the block, plus 1 */
static struct {
	long at;
	unsigned long size;
} held[HELD];
static nk_time_t deadline;

static void setup(void)
{
	unit_setup();
	ck_assert_int_eq(nk_heap_init(&h, blocks, UNITS), 0);
	memset(shadow, 0, sizeof(shadow));
	memset(held, 0, sizeof(held));
	deadline = NK_TIME_NEVER;
}

static void teardown(void)
{
	ck_assert_uint_eq(nk_heap_used(&h), 0);
	ck_assert_int_eq(nk_heap_check(&h), 0);
	ck_assert_int_eq(nk_heap_destroy(&h), 0);
	unit_teardown();
}

/* A thread that allocates arg units. */
static void allocates(struct unit_thread *u)
{
	u->ret = (int)nk_heap_alloc(&h, (unsigned long)u->arg * NK_HEAP_UNIT, deadline);
}

static struct unit_thread *alloc_by(int prio, int cpu, long units)
{
	return unit_run("u", prio, cpu, allocates, (void *)units);
}

static long alloc_now(long units)
{
	struct unit_thread *u = alloc_by(90, 0, units);

	ck_assert_int_eq(u->done, 1);
	return u->ret;
}

START_TEST(init_refuses_what_makes_no_sense)
{
	ck_assert_int_eq(nk_heap_init(&h, blocks, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_heap_init(&h, blocks, NK_HEAP_UNITS + 1), -NK_EINVAL);
}
END_TEST

/* Whatever was in the memory that it describes itself with. */
START_TEST(a_block_is_none_where_none_was_taken)
{
	long at;

	memset(blocks, 0x11, sizeof(blocks));
	ck_assert_int_eq(nk_heap_init(&h, blocks, UNITS), 0);
	ck_assert_int_eq(alloc_now(UNITS), 0);
	for (at = 1; at < UNITS; at++)
		ck_assert_int_eq(nk_heap_free(&h, (unsigned long)at * NK_HEAP_UNIT), -NK_EINVAL);
	ck_assert_int_eq(nk_heap_free(&h, 0), 0);
}
END_TEST

static struct nk_heap_block most[NK_HEAP_UNITS];

START_TEST(the_largest_heap_has_no_more_than_it_has)
{
	ck_assert_int_eq(nk_heap_init(&h, most, NK_HEAP_UNITS), 0);
	deadline = 0;
	ck_assert_int_eq(alloc_now(NK_HEAP_UNITS - 1), 0);
	ck_assert_int_eq(alloc_now(NK_HEAP_UNITS), -NK_EWOULDBLOCK);
	ck_assert_int_eq(alloc_now(NK_HEAP_UNITS / 2 + 1), -NK_EWOULDBLOCK);
	ck_assert_int_eq(alloc_now(1), (NK_HEAP_UNITS - 1) * NK_HEAP_UNIT);
	ck_assert_int_eq(nk_heap_free(&h, 0), 0);
	ck_assert_int_eq(nk_heap_free(&h, (NK_HEAP_UNITS - 1) * NK_HEAP_UNIT), 0);
}
END_TEST

static long longest_run(void)
{
	long at, run = 0, longest = 0;

	for (at = 0; at < UNITS; at++) {
		run = shadow[at] ? 0 : run + 1;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void claim(int i, long at, unsigned long size)
{
	unsigned long units = (size + NK_HEAP_UNIT - 1) / NK_HEAP_UNIT, k;

	unit_must(at % NK_HEAP_UNIT == 0);
	for (k = at / NK_HEAP_UNIT; k < at / NK_HEAP_UNIT + units; k++) {
		unit_must(k < UNITS);
		unit_must(!shadow[k]);
		shadow[k] = (unsigned char)(i + 1);
	}
	held[i].at = at;
	held[i].size = size;
}

static void drop(int i)
{
	long k;

	unit_must(nk_heap_free(&h, held[i].at) == 0);
	unit_must(nk_heap_free(&h, held[i].at) == -NK_EINVAL);
	for (k = 0; k < UNITS; k++)
		if (shadow[k] == i + 1)
			shadow[k] = 0;
	held[i].size = 0;
}

/* Refused only when the shadow has no run of that many, or of as many as lie up to a list further. */
static void step(void)
{
	int i = (int)unit_random(HELD);
	unsigned long size, units;
	long at;

	if (held[i].size) {
		drop(i);
		return;
	}
	size = 1 + unit_random(1u << unit_random(15));
	units = (size + NK_HEAP_UNIT - 1) / NK_HEAP_UNIT;
	at = nk_heap_alloc(&h, size, 0);
	if (at >= 0)
		claim(i, at, size);
	else
		unit_must(at == -NK_EWOULDBLOCK && (unsigned long)longest_run() < units + units / 16 + 1);
}

static void steps(struct unit_thread *u)
{
	int i;

	for (i = 0; i < STEPS; i++) {
		step();
		unit_must(nk_heap_check(&h) == 0);
		if (i % 64 == 0)
			unit_must(nk_heap_free(&h, unit_random(UNITS * NK_HEAP_UNIT) | 1) == -NK_EINVAL);
	}
	for (i = 0; i < HELD; i++)
		if (held[i].size)
			drop(i);
	u->ret = 1;
}

/* The larger ones are for larger wishes. */
START_TEST(a_block_of_the_very_size_is_taken_first)
{
	long size = 8 << _i, at = alloc_now(size), next = alloc_now(1);

	ck_assert_int_eq(nk_heap_free(&h, (unsigned long)at), 0);
	ck_assert_int_eq(alloc_now(size), at);
	ck_assert_int_eq(nk_heap_free(&h, (unsigned long)at), 0);
	ck_assert_int_eq(nk_heap_free(&h, (unsigned long)next), 0);
}
END_TEST

START_TEST(random_use_agrees_with_a_shadow)
{
	struct unit_thread *u;

	unit_random_seed(1 + _i);
	u = unit_run("u", 10, 0, steps, NULL);
	ck_assert_int_eq(u->ret, 1);
	/* All joined again: the whole of it can be had at once. */
	ck_assert_int_eq(alloc_now(UNITS), 0);
	ck_assert_int_eq(nk_heap_free(&h, 0), 0);
}
END_TEST

START_TEST(what_is_no_block_is_not_freed)
{
	long at = alloc_now(3), free_at = alloc_now(1);

	ck_assert_int_eq(nk_heap_free(&h, free_at), 0);
	ck_assert_int_eq(nk_heap_free(&h, free_at), -NK_EINVAL);
	ck_assert_int_eq(nk_heap_free(&h, at + NK_HEAP_UNIT), -NK_EINVAL);
	ck_assert_int_eq(nk_heap_free(&h, at + 1), -NK_EINVAL);
	ck_assert_int_eq(nk_heap_free(&h, UNITS * NK_HEAP_UNIT), -NK_EINVAL);
	ck_assert_int_eq(nk_heap_free(&h, -64ul), -NK_EINVAL);
	ck_assert_int_eq(alloc_now(0), -NK_EINVAL);
	ck_assert_int_eq(alloc_now(UNITS + 1), -NK_EINVAL);
	ck_assert_int_eq(nk_heap_free(&h, at), 0);
}
END_TEST

START_TEST(who_waits_is_served_by_priority_and_not_overtaken)
{
	struct unit_thread *low, *big, *small;
	long first = alloc_now(UNITS / 2), second = alloc_now(UNITS / 2);

	low = alloc_by(10, 0, 1);
	big = alloc_by(20, 0, UNITS / 2 + 1);
	small = alloc_by(15, 0, 1);
	nk_heap_free(&h, first);
	ck_assert_int_eq(low->done + big->done + small->done, 0);
	nk_heap_free(&h, second);
	ck_assert_int_eq(low->done + big->done + small->done, 3);
	ck_assert_int_eq(big->ret, 0);
	ck_assert_int_ge(small->ret, 0);
	ck_assert_int_ge(low->ret, 0);
	nk_heap_free(&h, big->ret);
	nk_heap_free(&h, small->ret);
	nk_heap_free(&h, low->ret);
}
END_TEST

START_TEST(a_wait_times_out_or_is_none)
{
	struct unit_thread *u, *next;

	alloc_now(UNITS);
	deadline = 0;
	ck_assert_int_eq(alloc_now(1), -NK_EWOULDBLOCK);
	deadline = hal_clock_now() + 100;
	u = alloc_by(20, 0, UNITS);
	deadline = NK_TIME_NEVER;
	next = alloc_by(10, 0, 1);
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	nk_heap_free(&h, 0);
	ck_assert_int_eq(next->ret, 0);
	nk_heap_free(&h, 0);
}
END_TEST

/* One above it waits for more than there is; when that gives up, what there is goes to the next. */
START_TEST(who_gives_up_lets_the_next_one_go_on)
{
	struct unit_thread *u, *next;

	alloc_now(UNITS / 2);
	deadline = hal_clock_now() + 100;
	u = alloc_by(20, 0, UNITS);
	deadline = NK_TIME_NEVER;
	next = alloc_by(10, 0, 1);
	ck_assert_int_eq(next->done, 0);
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	ck_assert_int_eq(next->done, 1);
	nk_heap_free(&h, 0);
	nk_heap_free(&h, next->ret);
}
END_TEST

START_TEST(destroy_ends_waits_and_refuses_later_calls)
{
	struct unit_thread *u;

	alloc_now(UNITS);
	u = alloc_by(10, 0, 1);
	nk_heap_destroy(&h);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
	ck_assert_int_eq(alloc_now(1), -NK_EIDRM);
	nk_heap_free(&h, 0);
}
END_TEST

static void free_it(void *arg)
{
	nk_heap_free(&h, (unsigned long)arg);
}

/* Whoever wins, nothing is lost. */
static void free_against_timeout(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	alloc_now(UNITS);
	deadline = hal_clock_now() + 100;
	u = alloc_by(20, 1, UNITS);
	sim_settle();
	sim_post(1, unit_advance_100, NULL);
	sim_race_begin();
	nk_heap_free(&h, 0);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_uint_eq(nk_heap_used(&h), u->ret == 0 ? UNITS * NK_HEAP_UNIT : 0);
	if (u->ret == 0)
		nk_heap_free(&h, 0);
	teardown();
}

static void frees_against_waits(void *arg)
{
	struct unit_thread *u, *v;
	long other;

	(void)arg;
	setup();
	alloc_now(UNITS / 2);
	other = alloc_now(UNITS / 2);
	u = alloc_by(20, 1, UNITS / 2);
	v = alloc_by(10, 0, UNITS / 2);
	sim_settle();
	sim_post(1, free_it, (void *)other);
	sim_race_begin();
	nk_heap_free(&h, 0);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done + v->done, 2);
	nk_heap_free(&h, u->ret);
	nk_heap_free(&h, v->ret);
	teardown();
}

START_TEST(no_race_loses_memory)
{
	unit_explore_as("heap", _i ? free_against_timeout : frees_against_waits, NULL);
}
END_TEST

static void shows(unsigned long used, unsigned long largest)
{
	struct nk_heap_snapshot now;

	nk_heap_snapshot(&h, &now);
	ck_assert_uint_eq(now.size, UNITS * NK_HEAP_UNIT);
	ck_assert_uint_eq(now.used, used * NK_HEAP_UNIT);
	ck_assert_uint_eq(now.largest, largest * NK_HEAP_UNIT);
}

START_TEST(a_snapshot_shows_use_and_the_largest_free_block)
{
	long a, b, c, d;

	shows(0, UNITS);
	a = alloc_now(100);
	b = alloc_now(200);
	c = alloc_now(300);
	shows(600, UNITS - 600);
	nk_heap_free(&h, b);
	shows(400, UNITS - 600);
	d = alloc_now(UNITS - 600);
	shows(UNITS - 200, 200);
	nk_heap_free(&h, a);
	shows(UNITS - 300, 300);
	a = alloc_now(300);
	shows(UNITS, 0);
	nk_heap_free(&h, a);
	nk_heap_free(&h, c);
	nk_heap_free(&h, d);
	shows(0, UNITS);
}
END_TEST

Suite *heap_suite(void)
{
	Suite *suite = suite_create("heap");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_block_of_the_very_size_is_taken_first, 0, 4);
	tcase_add_loop_test(tc, random_use_agrees_with_a_shadow, 0, 4);
	tcase_add_test(tc, what_is_no_block_is_not_freed);
	tcase_add_test(tc, init_refuses_what_makes_no_sense);
	tcase_add_test(tc, a_block_is_none_where_none_was_taken);
	tcase_add_test(tc, the_largest_heap_has_no_more_than_it_has);
	tcase_add_test(tc, who_waits_is_served_by_priority_and_not_overtaken);
	tcase_add_test(tc, a_wait_times_out_or_is_none);
	tcase_add_test(tc, who_gives_up_lets_the_next_one_go_on);
	tcase_add_test(tc, a_snapshot_shows_use_and_the_largest_free_block);
	tcase_add_test(tc, destroy_ends_waits_and_refuses_later_calls);
	tc = unit_race_case(suite, "races");
	tcase_add_loop_test(tc, no_race_loses_memory, 0, 2);
	return suite;
}
