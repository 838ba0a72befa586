// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/copy.c, by the messages of nucleus/queue.c
 */
#include <string.h>

#include "nucleus/queue.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

#define COUNT	3
#define BIG	5000	/* several slices */

static struct nk_queue q;
static struct nk_slot slots[COUNT];
static char area[COUNT * BIG];
static char big[2][BIG];

static void setup(void)
{
	int i;

	unit_setup();
	nk_queue_init(&q, slots, area, COUNT, BIG);
	for (i = 0; i < BIG; i++)
		big[0][i] = (char)(i * 7 + i / 256);
	memset(big[1], 0, BIG);
}

static void teardown(void)
{
	ck_assert_uint_eq(nk_queue_length(&q), 0);
	ck_assert_uint_eq(nk_sem_count(&q.room), COUNT);
	ck_assert_int_eq(nk_queue_destroy(&q), 0);
	unit_teardown();
}

static void sends_big(struct unit_thread *u)
{
	u->ret = nk_queue_send(&q, big[0], BIG, 0, NK_TIME_NEVER);
}

static void receives_big(struct unit_thread *u)
{
	unsigned int size, prio;

	u->ret = nk_queue_receive(&q, big[1], BIG, &size, &prio, NK_TIME_NEVER);
}

static struct unit_thread *enter(void (*fn)(struct unit_thread *u))
{
	struct unit_thread *u = unit_user("u", 50, fn, NULL);

	unit_enter(u);
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	return u;
}

START_TEST(a_big_message_is_copied_whole)
{
	int user;

	for (user = 0; user < 2; user++) {
		memset(big[1], 0, BIG);
		if (user)
			enter(sends_big);
		else
			unit_run("u", 10, 0, sends_big, NULL);
		if (user)
			enter(receives_big);
		else
			unit_run("u", 10, 0, receives_big, NULL);
		ck_assert_mem_eq(big[0], big[1], BIG);
	}
}
END_TEST

START_TEST(what_is_not_there_is_not_sent)
{
	sim_user_hole(&big[0][BIG - 1]);
	ck_assert_int_eq(enter(sends_big)->ret, -NK_EFAULT);
	ck_assert_uint_eq(nk_queue_length(&q), 0);
}
END_TEST

START_TEST(what_cannot_be_received_stays_where_it_was)
{
	enter(sends_big);
	big[0][0] = 99;
	enter(sends_big);
	sim_user_hole(&big[1][1500]);
	ck_assert_int_eq(enter(receives_big)->ret, -NK_EFAULT);
	ck_assert_uint_eq(nk_queue_length(&q), 2);
	sim_user_hole(NULL);
	ck_assert_int_eq(enter(receives_big)->ret, 0);
	ck_assert_int_eq(big[1][0], 0);
	ck_assert_int_eq(enter(receives_big)->ret, 0);
	ck_assert_int_eq(big[1][0], 99);
}
END_TEST

static int interrupts, open_at;

static void interrupt(void *arg)
{
	(void)arg;
	interrupts++;
	open_at = !nk_queue_length(&q);
}

/* The interrupt is raised while the sender is masked, and comes before the message is queued. */
START_TEST(a_long_copy_lets_interrupts_in)
{
	struct unit_thread *u;
	hal_flags_t flags;

	interrupts = 0;
	u = unit_make("u", 50, 0, sends_big, NULL);
	flags = hal_oob_save();
	nk_rqs[0].irq_depth++;
	nk_thread_start(&u->t);
	nk_rqs[0].irq_depth--;
	sim_irq(0, interrupt, NULL);
	nk_sched();
	hal_oob_restore(flags);
	sim_settle();
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(interrupts, 1);
	ck_assert_int_eq(open_at, 1);
	enter(receives_big);
}
END_TEST

Suite *copy_suite(void)
{
	Suite *suite = suite_create("copy");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_big_message_is_copied_whole);
	tcase_add_test(tc, what_is_not_there_is_not_sent);
	tcase_add_test(tc, what_cannot_be_received_stays_where_it_was);
	tcase_add_test(tc, a_long_copy_lets_interrupts_in);
	return suite;
}
