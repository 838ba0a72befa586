// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/mutex.c: races. The owner is on CPU 0, the other side on CPU 1 or both.
 */
#include "nucleus/mutex.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

static struct nk_mutex m;
static struct nk_waitq gate;	/* holders wait here with the mutex */
static nk_time_t deadline;

static void setup(void)
{
	unit_setup();
	nk_mutex_init(&m);
	nk_waitq_init(&gate);
	deadline = NK_TIME_NEVER;
}

static void teardown(void)
{
	int dead;

	ck_assert_int_eq(nk_mutex_check(&m), 0);
	dead = m.dead;
	ck_assert_int_eq(nk_mutex_destroy(&m), dead ? -NK_EINVAL : 0);
	ck_assert_int_eq(nk_waitq_destroy(&gate), 0);
	unit_teardown();
}

static void holds(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, deadline);
	if (u->ret && u->ret != -NK_EOWNERDEAD)
		return;
	if (u->arg)
		unit_mark(*(char *)u->arg);
	nk_wait_block(&gate, NK_TIME_NEVER);
	nk_mutex_unlock(&m);
}

static void passes(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, deadline);
	if (u->ret && u->ret != -NK_EOWNERDEAD)
		return;
	if (u->arg)
		unit_mark(*(char *)u->arg);
	nk_mutex_unlock(&m);
}

static void open_gate(void)
{
	nk_wait_wake_all(&gate);
	sim_settle();
}

static struct unit_thread *owner, *waiter;

static void start_waiter(void *arg)
{
	(void)arg;
	nk_thread_start(&waiter->t);
}

static void unlock_against_lock(void *arg)
{
	setup();
	owner = unit_run("o", 10, 0, holds, NULL);
	waiter = unit_make("w", 20, *(int *)arg, passes, NULL);
	sim_post(1, start_waiter, NULL);
	sim_race_begin();
	nk_wait_wake_all(&gate);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(owner->done + waiter->done, 2);
	ck_assert_int_eq(waiter->ret, 0);
	ck_assert_int_eq(owner->t.eprio, 10);
	teardown();
}

START_TEST(unlock_against_lock_loses_nobody)
{
	unit_explore(unlock_against_lock, &_i);
}
END_TEST

static void unlock_against_timeout(void *arg)
{
	struct unit_thread *second;

	setup();
	owner = unit_run("o", 10, 0, holds, NULL);
	deadline = hal_clock_now() + 100;
	waiter = unit_run("w", 30, *(int *)arg, passes, NULL);
	sim_settle();
	deadline = NK_TIME_NEVER;
	second = unit_run("v", 20, 0, passes, NULL);
	sim_post(1, unit_advance_100, NULL);
	sim_race_begin();
	nk_wait_wake_all(&gate);
	sim_race_end();
	sim_settle();
	ck_assert(waiter->ret == 0 || waiter->ret == -NK_ETIMEDOUT);
	ck_assert_int_eq(waiter->done + second->done + owner->done, 3);
	ck_assert_int_eq(second->ret, 0);
	ck_assert_int_eq(owner->t.eprio, 10);
	ck_assert_int_eq(second->t.eprio, 20);
	teardown();
}

START_TEST(unlock_against_timeout_gives_it_to_somebody)
{
	unit_explore(unlock_against_timeout, &_i);
}
END_TEST

static void recall_waiter(void *arg)
{
	nk_stage_recall(&waiter->t, 4);
	(void)arg;
}

/* The waiter is recalled while it enters, while its boost spreads, while it gets the lock. */
static void recall_against_lock(void *arg)
{
	setup();
	owner = unit_run("o", 10, 1, holds, NULL);
	sim_settle();
	waiter = unit_make("w", 30, 0, passes, NULL);
	sim_post(1, recall_waiter, arg);
	sim_race_begin();
	nk_thread_start(&waiter->t);
	sim_race_end();
	sim_settle();
	if (nk_stage_recalled(&waiter->t)) {
		ck_assert_int_eq(waiter->ret, -NK_EINTR);
		ck_assert_int_eq(owner->t.eprio, 10);
	} else {
		ck_assert_int_eq(owner->t.eprio, 30);
	}
	open_gate();
	ck_assert_int_eq(waiter->done, 1);
	teardown();
}

START_TEST(recall_against_lock_leaves_no_boost)
{
	unit_explore(recall_against_lock, NULL);
}
END_TEST

static void dies_again(void *arg)
{
	nk_mutex_abandon_all(&owner->t);
	(void)arg;
}

static void leaves_holding(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, NK_TIME_NEVER);
}

/* An owner in-band dies while another thread locks: it gets the mutex, one way or the other. */
static void abandon_against_lock(void *arg)
{
	setup();
	owner = unit_user("o", 10, leaves_holding, NULL);
	unit_enter(owner);
	waiter = unit_make("w", 30, 0, passes, NULL);
	sim_post(1, dies_again, arg);
	sim_race_begin();
	nk_thread_start(&waiter->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(waiter->ret, -NK_EOWNERDEAD);
	ck_assert_int_eq(owner->t.eprio, 10);
	teardown();
}

START_TEST(abandon_against_lock_hands_the_mutex_on)
{
	unit_explore(abandon_against_lock, NULL);
}
END_TEST

#define MANY 4

static struct nk_mutex many[MANY];
static int seen_owned[MANY + 1];	/* an interrupt found so many still owned */

static void leaves_holding_many(struct unit_thread *u)
{
	for (int i = 0; i < MANY; i++)
		u->ret |= nk_mutex_lock(&many[i], NK_TIME_NEVER);
}

static void count_owned(void *arg)
{
	int n = 0;

	for (int i = 0; i < MANY; i++)
		n += many[i].owner == &owner->t;
	seen_owned[n] = 1;
	(void)arg;
}

static void interrupts_zero(void *arg)
{
	sim_irq(0, count_owned, arg);
}

static void interrupt_against_abandon(void *arg)
{
	setup();
	for (int i = 0; i < MANY; i++)
		nk_mutex_init(&many[i]);
	owner = unit_user("o", 10, leaves_holding_many, NULL);
	unit_enter(owner);
	ck_assert_int_eq(owner->ret, 0);
	sim_post(1, interrupts_zero, arg);
	sim_race_begin();
	ck_assert_int_eq(nk_mutex_abandon_all(&owner->t), MANY);
	sim_race_end();
	sim_settle();
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(nk_mutex_destroy(&many[i]), 0);
	teardown();
}

START_TEST(interrupts_come_in_between_two_abandoned_mutexes)
{
	memset(seen_owned, 0, sizeof(seen_owned));
	if (unit_explore(interrupt_against_abandon, NULL) == 1)
		return;
	for (int i = 0; i <= MANY; i++)
		ck_assert_int_eq(seen_owned[i], 1);
}
END_TEST

static void destroy_when_free(void *arg)
{
	int *destroyed = arg;

	*destroyed = nk_mutex_destroy(&m) == 0;
}

/* destroy says 0 only once the owner has let go of it. */
static void destroy_against_unlock(void *arg)
{
	int destroyed = 0;

	setup();
	owner = unit_run("o", 10, 0, holds, NULL);
	deadline = hal_clock_now() + 50;
	waiter = unit_run("w", 30, 0, passes, NULL);
	nk_thread_unblock(&waiter->t, -NK_EINTR);
	sim_post(1, destroy_when_free, &destroyed);
	sim_race_begin();
	nk_wait_wake_all(&gate);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(owner->done, 1);
	if (destroyed)
		ck_assert_ptr_null(m.owner);
	teardown();
	(void)arg;
}

START_TEST(destroy_against_unlock_waits_for_the_last_touch)
{
	unit_explore(destroy_against_unlock, NULL);
}
END_TEST

static void locks_and_dies(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, NK_TIME_NEVER);
}

/* Either the locker is turned away, or destroy is told that it is busy. */
static void destroy_against_lock(void *arg)
{
	int ret;

	setup();
	waiter = unit_make("w", 20, *(int *)arg, holds, NULL);
	sim_post(1, start_waiter, NULL);
	sim_race_begin();
	ret = nk_mutex_destroy(&m);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(ret, m.owner ? -NK_EBUSY : 0);
	ck_assert_int_eq(waiter->ret, m.owner ? 0 : -NK_EINVAL);
	open_gate();
	ck_assert_int_eq(waiter->done, 1);
	teardown();
}

START_TEST(destroy_against_lock_lets_one_of_them_win)
{
	int cpu = _i;

	unit_explore(destroy_against_lock, &cpu);
}
END_TEST

/* Who gets the mutex from an unlock may exit with it before the unlock is over. */
static void unlock_against_exit(void *arg)
{
	(void)arg;
	setup();
	owner = unit_run("o", 10, 0, holds, NULL);
	waiter = unit_run("w", 20, 1, locks_and_dies, NULL);
	sim_settle();
	sim_race_begin();
	nk_wait_wake_all(&gate);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(waiter->ret, 0);
	ck_assert(nk_thread_is_dead(&waiter->t));
	ck_assert_ptr_null(m.owner);
	ck_assert_int_eq(m.owner_died, 1);
	teardown();
}

START_TEST(unlock_against_the_new_owners_exit_leaves_it_free)
{
	unit_explore(unlock_against_exit, NULL);
}
END_TEST

Suite *mutex_race_suite(void)
{
	Suite *s = suite_create("mutex_race");
	TCase *race = unit_race_case(s, "race");

	tcase_add_loop_test(race, unlock_against_lock_loses_nobody, 0, 2);
	tcase_add_loop_test(race, unlock_against_timeout_gives_it_to_somebody, 0, 2);
	tcase_add_test(race, recall_against_lock_leaves_no_boost);
	tcase_add_test(race, abandon_against_lock_hands_the_mutex_on);
	tcase_add_test(race, interrupts_come_in_between_two_abandoned_mutexes);
	tcase_add_test(race, destroy_against_unlock_waits_for_the_last_touch);
	tcase_add_loop_test(race, destroy_against_lock_lets_one_of_them_win, 0, 2);
	tcase_add_test(race, unlock_against_the_new_owners_exit_leaves_it_free);
	return s;
}
