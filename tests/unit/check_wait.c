// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/wait.c
 */
#include <string.h>

#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "nucleus/wait.h"
#include "tests/unit/unit.h"

static struct nk_waitq wq;
static nk_time_t deadline;
static int flag;
static int count;

static void setup(void)
{
	unit_setup();
	nk_waitq_init(&wq);
	deadline = NK_TIME_NEVER;
	flag = 0;
	count = -1;
}

static void teardown(void)
{
	ck_assert_int_eq(nk_waitq_destroy(&wq), 0);
	unit_teardown();
}

static void waits(struct unit_thread *u)
{
	u->ret = nk_wait_block(&wq, deadline);
	if (u->arg)
		unit_mark(*(char *)u->arg);
}

START_TEST(a_waiter_is_woken)
{
	struct unit_thread *u = unit_run("w", 10, 0, waits, NULL);

	ck_assert_int_eq(u->t.state, NK_BLOCKED);
	ck_assert_int_eq(nk_wait_wake_one(&wq, 0), 1);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(nk_wait_wake_one(&wq, 0), 0);
}
END_TEST

START_TEST(waiters_wake_by_priority_then_by_arrival)
{
	unit_run("a", 10, 0, waits, "c");
	unit_run("b", 20, 0, waits, "a");
	unit_run("c", 10, 0, waits, "d");
	unit_run("d", 20, 0, waits, "b");
	while (nk_wait_wake_one(&wq, 0))
		;
	ck_assert_str_eq(unit_marks(), "abcd");
}
END_TEST

START_TEST(a_waiter_whose_priority_changes_moves_in_the_queue)
{
	struct unit_thread *u = unit_run("a", 10, 0, waits, "a");

	unit_run("b", 20, 0, waits, "b");
	nk_thread_set_prio(&u->t, 30);
	ck_assert_int_eq(nk_plist_top(&wq.waiters), 30);
	nk_wait_wake_one(&wq, 0);
	nk_wait_wake_one(&wq, 0);
	ck_assert_str_eq(unit_marks(), "ab");
}
END_TEST

START_TEST(wake_all_wakes_all_in_order)
{
	struct unit_thread *a = unit_run("a", 10, 0, waits, "b");

	unit_run("b", 20, 1, waits, "x");
	unit_run("c", 30, 0, waits, "a");
	sim_settle();
	a->ret = 1;
	ck_assert_int_eq(nk_wait_wake_all(&wq), 3);
	ck_assert_int_eq(a->ret, 0);
	ck_assert_str_eq(unit_marks(), "ab");
	sim_settle();
	ck_assert_str_eq(unit_marks(), "abx");
}
END_TEST

START_TEST(a_wait_times_out_and_leaves_the_queue)
{
	struct unit_thread *u;

	deadline = hal_clock_now() + 100;
	u = unit_run("w", 10, 0, waits, NULL);
	ck_assert_int_eq(nk_waitq_destroy(&wq), -NK_EBUSY);
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	ck_assert(nk_plist_empty(&wq.waiters));
}
END_TEST

START_TEST(a_woken_waiter_leaves_no_timer)
{
	deadline = hal_clock_now() + 100;
	unit_run("w", 10, 0, waits, NULL);
	nk_wait_wake_one(&wq, 0);
	ck_assert_ptr_null(nk_rqs[0].timers.queue.first);
}
END_TEST

START_TEST(flush_gives_its_reason_to_all)
{
	struct unit_thread *a = unit_run("a", 10, 0, waits, NULL);
	struct unit_thread *b = unit_run("b", 20, 1, waits, NULL);

	sim_settle();
	ck_assert_int_eq(nk_wait_flush(&wq, -NK_EIDRM), 2);
	sim_settle();
	ck_assert_int_eq(a->ret, -NK_EIDRM);
	ck_assert_int_eq(b->ret, -NK_EIDRM);
	ck_assert_int_eq(nk_waitq_destroy(&wq), 0);
}
END_TEST

START_TEST(unblock_ends_a_wait)
{
	struct unit_thread *u = unit_run("w", 10, 0, waits, NULL);

	ck_assert_int_eq(nk_thread_unblock(&u->t, -NK_EINTR), 1);
	ck_assert_int_eq(u->ret, -NK_EINTR);
	ck_assert_ptr_null(u->t.wait_on);
}
END_TEST

START_TEST(a_recalled_thread_does_not_wait)
{
	struct unit_thread *u = unit_run("w", 10, 1, waits, NULL);

	nk_stage_recall(&u->t, 3);
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, -NK_EINTR);
}
END_TEST

/* ---- races: CPU 0 is the test, Linux; the other side is a thread or Linux on CPU 1 ------- */

static void waits_for_flag(struct unit_thread *u)
{
	hal_flags_t flags = hal_oob_save();

	nk_lock_acquire(&wq.lock);
	if (flag)
		nk_lock_release(&wq.lock);
	else
		u->ret = nk_wait_block_locked(&wq, deadline);
	hal_oob_restore(flags);
}

static void raise_flag(void)
{
	hal_flags_t flags = hal_oob_save();

	nk_lock_acquire(&wq.lock);
	flag = 1;
	nk_wait_wake_locked(&wq, 0);
	nk_lock_release(&wq.lock);
	nk_sched();
	hal_oob_restore(flags);
}

/* A wait with a deadline begins in two steps, one without in one. */
static void set_deadline(int timed)
{
	deadline = timed ? hal_clock_now() + 1000000000 : NK_TIME_NEVER;
}

static void block_against_wake(void *arg)
{
	struct unit_thread *u;

	setup();
	set_deadline(*(int *)arg);
	u = unit_make("w", 10, 1, waits_for_flag, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	raise_flag();
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
	teardown();
}

START_TEST(block_against_wake_loses_no_wakeup)
{
	unit_explore(block_against_wake, &_i);
}
END_TEST

/* One wake-up, the first waiter's timeout at the same time: somebody gets the wake-up. */
static void wake_against_timeout(void *arg)
{
	struct unit_thread *a, *b;
	int cpu = *(int *)arg;

	setup();
	deadline = hal_clock_now() + 100;
	a = unit_run("a", 20, cpu, waits, NULL);
	sim_settle();
	deadline = NK_TIME_NEVER;
	b = unit_run("b", 10, cpu, waits, NULL);
	sim_settle();
	sim_post(1, unit_advance_100, NULL);
	sim_race_begin();
	ck_assert_int_eq(nk_wait_wake_one(&wq, 0), 1);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done, 1);
	ck_assert_int_eq(a->ret, b->done ? -NK_ETIMEDOUT : 0);
	nk_wait_wake_all(&wq);
	sim_settle();
	teardown();
}

START_TEST(wake_against_timeout_passes_the_wakeup_on)
{
	unit_explore(wake_against_timeout, &_i);
}
END_TEST

static void unblock(void *arg)
{
	count = nk_thread_unblock(arg, -NK_EINTR);
}

static void wake_against_unblock(void *arg)
{
	struct unit_thread *u;
	int woken;

	setup();
	u = unit_run("a", 20, *(int *)arg, waits, NULL);
	sim_settle();
	sim_post(1, unblock, &u->t);
	sim_race_begin();
	woken = nk_wait_wake_one(&wq, 0);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(woken + count, 1);
	ck_assert_int_eq(u->ret, woken ? 0 : -NK_EINTR);
	teardown();
}

START_TEST(wake_against_unblock_has_one_winner)
{
	unit_explore(wake_against_unblock, &_i);
}
END_TEST

static void wake_all(void *arg)
{
	(void)arg;
	count = nk_wait_flush(&wq, -NK_EIDRM);
}

static void flush_against_set_prio(void *arg)
{
	struct unit_thread *a, *b;

	(void)arg;
	setup();
	deadline = hal_clock_now() + 100;
	a = unit_run("a", 20, 0, waits, NULL);
	b = unit_run("b", 10, 0, waits, NULL);
	sim_post(1, wake_all, NULL);
	sim_race_begin();
	nk_thread_set_prio(&b->t, 30);
	sim_race_end();
	sim_advance(100);
	ck_assert_int_eq(count, 2);
	ck_assert_int_eq(a->ret, -NK_EIDRM);
	ck_assert_int_eq(b->ret, -NK_EIDRM);
	ck_assert_int_eq(b->t.eprio, 30);
	teardown();
}

START_TEST(flush_against_set_prio_leaves_the_queue_empty)
{
	unit_explore(flush_against_set_prio, NULL);
}
END_TEST

static int seen_waiting[4];	/* an interrupt found so many on the queue */
static struct unit_thread *three[3];

static void count_waiting(void *arg)
{
	int i, n = 0;

	for (i = 0; i < 3; i++)
		n += three[i]->t.waiting;
	seen_waiting[n] = 1;
	(void)arg;
}

static void interrupt_zero(void *arg)
{
	sim_irq(0, count_waiting, arg);
}

static void interrupt_against_flush(void *arg)
{
	int i;

	setup();
	for (i = 0; i < 3; i++)
		three[i] = unit_run("w", 10, 1, waits, NULL);
	sim_settle();
	sim_post(1, interrupt_zero, arg);
	sim_race_begin();
	ck_assert_int_eq(nk_wait_wake_all(&wq), 3);
	sim_race_end();
	sim_settle();
	teardown();
}

START_TEST(interrupts_come_in_between_two_who_are_woken)
{
	int i;

	if (unit_explore(interrupt_against_flush, NULL) == 1)
		return;
	for (i = 0; i <= 3; i++)
		ck_assert_int_eq(seen_waiting[i], 1);
}
END_TEST

static void waits_twice(struct unit_thread *u)
{
	waits(u);
	waits(u);
}

/* Who waits again at once was not meant. */
static void flush_against_wait(void *arg)
{
	struct unit_thread *a, *b;

	(void)arg;
	setup();
	a = unit_run("a", 20, 1, waits_twice, NULL);
	b = unit_run("b", 10, 0, waits, NULL);
	sim_settle();
	sim_race_begin();
	ck_assert_int_eq(nk_wait_wake_all(&wq), 2);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done, 0);
	ck_assert_int_eq(b->done, 1);
	ck_assert_int_eq(nk_wait_wake_all(&wq), 1);
	sim_settle();
	teardown();
}

START_TEST(waking_all_wakes_each_once)
{
	unit_explore(flush_against_wait, NULL);
}
END_TEST

/* Who is woken last frees the queue, as soon as destroy allows. */
static void waits_and_frees(struct unit_thread *u)
{
	waits(u);
	while (nk_waitq_destroy(&wq))
		hal_cpu_relax();
	memset(&wq, 0x5a, sizeof(wq));
}

static void flush_against_free(void *arg)
{
	(void)arg;
	setup();
	unit_run("a", 20, 0, waits, NULL);
	unit_run("b", 10, 1, waits_and_frees, NULL);
	sim_settle();
	sim_race_begin();
	nk_wait_wake_all(&wq);
	sim_race_end();
	sim_settle();
	unit_teardown();
}

START_TEST(freeing_a_queue_waits_for_who_wakes_all)
{
	unit_explore(flush_against_free, NULL);
}
END_TEST

/* The queue's memory goes as soon as destroy allows; nobody may touch it afterwards. */
static void flush_and_free(void *arg)
{
	(void)arg;
	nk_wait_flush(&wq, -NK_EIDRM);
	while (nk_waitq_destroy(&wq))
		hal_cpu_relax();
	memset(&wq, 0x5a, sizeof(wq));
}

static void free_against_set_prio(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = unit_run("w", 10, 0, waits, NULL);
	sim_post(1, flush_and_free, NULL);
	sim_race_begin();
	nk_thread_set_prio(&u->t, 30);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->ret, -NK_EIDRM);
	unit_teardown();
}

START_TEST(destroy_against_a_walk_waits_for_its_last_touch)
{
	unit_explore(free_against_set_prio, NULL);
}
END_TEST

/* The same against a timeout: the thread leaves the queue by itself. */
static void free_against_timeout(void *arg)
{
	struct unit_thread *u;

	setup();
	deadline = hal_clock_now() + 100;
	u = unit_run("w", 10, 0, waits, arg);
	sim_post(1, flush_and_free, NULL);
	sim_race_begin();
	sim_advance(100);
	sim_race_end();
	sim_settle();
	ck_assert(u->ret == -NK_EIDRM || u->ret == -NK_ETIMEDOUT);
	unit_teardown();
}

START_TEST(destroy_against_a_timeout_waits_for_its_last_touch)
{
	unit_explore(free_against_timeout, NULL);
}
END_TEST

static void recall(void *arg)
{
	nk_stage_recall(arg, 4);
}

/* A recall at any moment of a block: the thread never stays asleep. */
static void recall_against_block(void *arg)
{
	struct unit_thread *u;

	setup();
	set_deadline(*(int *)arg);
	u = unit_make("w", 10, 0, waits, NULL);
	sim_post(1, recall, &u->t);
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	if (nk_stage_recalled(&u->t)) {
		ck_assert_int_eq(u->done, 1);
		ck_assert_int_eq(u->ret, -NK_EINTR);
	} else {
		/* Too early: before the start a recall has no effect. */
		ck_assert_int_eq(nk_wait_wake_all(&wq), 1);
	}
	sim_settle();
	teardown();
}

START_TEST(recall_against_block_never_sleeps_on)
{
	unit_explore(recall_against_block, &_i);
}
END_TEST

Suite *wait_suite(void)
{
	Suite *s = suite_create("wait");
	TCase *tc = unit_race_case(s, "wait");
	TCase *race = unit_race_case(s, "race");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_waiter_is_woken);
	tcase_add_test(tc, waiters_wake_by_priority_then_by_arrival);
	tcase_add_test(tc, a_waiter_whose_priority_changes_moves_in_the_queue);
	tcase_add_test(tc, wake_all_wakes_all_in_order);
	tcase_add_test(tc, a_wait_times_out_and_leaves_the_queue);
	tcase_add_test(tc, a_woken_waiter_leaves_no_timer);
	tcase_add_test(tc, flush_gives_its_reason_to_all);
	tcase_add_test(tc, unblock_ends_a_wait);
	tcase_add_test(tc, a_recalled_thread_does_not_wait);
	tcase_add_loop_test(race, block_against_wake_loses_no_wakeup, 0, 2);
	tcase_add_loop_test(race, wake_against_timeout_passes_the_wakeup_on, 0, 2);
	tcase_add_loop_test(race, wake_against_unblock_has_one_winner, 0, 2);
	tcase_add_test(race, flush_against_set_prio_leaves_the_queue_empty);
	tcase_add_test(race, interrupts_come_in_between_two_who_are_woken);
	tcase_add_test(race, waking_all_wakes_each_once);
	tcase_add_test(race, freeing_a_queue_waits_for_who_wakes_all);
	tcase_add_loop_test(race, recall_against_block_never_sleeps_on, 0, 2);
	tcase_add_test(race, destroy_against_a_walk_waits_for_its_last_touch);
	tcase_add_test(race, destroy_against_a_timeout_waits_for_its_last_touch);
	return s;
}
