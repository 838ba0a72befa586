// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/sweep.c, by the objects that use it: G1 to G5.
 */
#include <string.h>

#include "nucleus/cond.h"
#include "nucleus/event.h"
#include "nucleus/rwlock.h"
#include "nucleus/sem.h"
#include "tests/unit/waiters.h"

/* ---- G4: another CPU in between -------------------------------------------------------------------- */

static int job_ret;

static void clear_one(void *arg)
{
	nk_event_clear(&e, 1);
	(void)arg;
}

static void clear_against_post(void *arg)
{
	struct unit_thread *a, *b;

	(void)arg;
	waiters_setup();
	a = unit_run("a", 20, 0, waits_for_bit, NULL);
	b = unit_run("b", 10, 0, waits_for_bit, NULL);
	sim_post(1, clear_one, NULL);
	sim_race_begin();
	nk_event_post(&e, 1);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done + b->done, 2);
	waiters_teardown();
}

START_TEST(who_waits_when_its_bit_comes_gets_it)
{
	unit_explore(clear_against_post, NULL);
}
END_TEST

static void try_one(void *arg)
{
	job_ret = nk_event_trywait(&e, 1, NK_EVENT_ANY | NK_EVENT_CONSUME, NULL);
	(void)arg;
}

static void try_against_post(void *arg)
{
	struct unit_thread *a, *b;

	(void)arg;
	waiters_setup();
	a = unit_run("a", 20, 0, waits_for_bit, NULL);
	b = unit_run("b", 10, 0, eats_bit, NULL);
	sim_post(1, try_one, NULL);
	sim_race_begin();
	nk_event_post(&e, 1);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done + b->done, 2);
	ck_assert_int_eq(job_ret, -NK_EWOULDBLOCK);
	waiters_teardown();
}

START_TEST(nobody_takes_a_bit_from_who_waits_for_it)
{
	unit_explore(try_against_post, NULL);
}
END_TEST

/* One who comes in the midst of it, and then what is for one: that is for the newcomer. */
static void newcomer_and_post(void *arg)
{
	struct unit_thread *n = arg;

	nk_thread_start(&n->t);
	nk_sem_post(&sem);
}

static void newcomer_against_broadcast(void *arg)
{
	struct unit_thread *a, *b, *n;

	(void)arg;
	waiters_setup();
	a = unit_run("a", 20, 0, waits_for_sem, NULL);
	b = unit_run("b", 10, 0, waits_for_sem, NULL);
	n = unit_make("n", 5, 1, waits_for_sem, NULL);
	sim_post(1, newcomer_and_post, n);
	sim_race_begin();
	nk_sem_broadcast(&sem, 0);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done + b->done + n->done, 3);
	waiters_teardown();
}

START_TEST(a_post_behind_a_broadcast_is_for_who_came_between)
{
	unit_explore(newcomer_against_broadcast, NULL);
}
END_TEST

static void newcomer_and_signal(void *arg)
{
	struct unit_thread *n = arg;

	nk_thread_start(&n->t);
	job_ret = n->t.wait_on == &cond.wq;
	nk_cond_signal(&cond);
}

static void newcomer_against_cond(void *arg)
{
	struct unit_thread *a, *b, *n;

	(void)arg;
	waiters_setup();
	a = unit_run("a", 20, 0, waits_for_signal, NULL);
	b = unit_run("b", 10, 0, waits_for_signal, NULL);
	n = unit_make("n", 5, 1, waits_for_signal, NULL);
	sim_post(1, newcomer_and_signal, n);
	sim_race_begin();
	nk_cond_broadcast(&cond);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done + b->done, 2);
	ck_assert(n->done || !job_ret);
	nk_cond_broadcast(&cond);
	sim_settle();
	waiters_teardown();
}

START_TEST(a_signal_behind_a_broadcast_is_for_who_came_between)
{
	unit_explore(newcomer_against_cond, NULL);
}
END_TEST

/* ---- G2, G3: places and waits change ------------------------------------------------------------------ */

static void turn_round(void *arg)
{
	nk_thread_set_prio(&three[2]->t, 40);
	nk_thread_set_prio(&three[0]->t, 5);
	(void)arg;
}

static void priorities_against_broadcast(void *arg)
{
	int i, served_now;

	(void)arg;
	waiters_setup();
	for (i = 0; i < THREE; i++)
		three[i] = unit_run("w", 30 - 10 * i, 1, waits_for_bit, NULL);
	sim_settle();
	sim_post(1, turn_round, NULL);
	sim_race_begin();
	served_now = nk_event_broadcast(&e, 1);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(served_now, THREE);
	waiters_teardown();
}

START_TEST(who_changes_places_is_visited_once)
{
	unit_explore(priorities_against_broadcast, NULL);
}
END_TEST

static void writes(struct unit_thread *u)
{
	u->ret = nk_rwlock_write(&rwlock, NK_TIME_NEVER);
	nk_rwlock_unlock(&rwlock);
}

static struct nk_sem go, gate;

static void writes_first(struct unit_thread *u)
{
	nk_rwlock_write(&rwlock, NK_TIME_NEVER);
	nk_sem_wait(&go, NK_TIME_NEVER);
	u->ret = nk_rwlock_unlock(&rwlock);
}

static void reads_on(struct unit_thread *u)
{
	u->ret = nk_rwlock_read(&rwlock, NK_TIME_NEVER);
	nk_sem_wait(&gate, NK_TIME_NEVER);
	nk_rwlock_unlock(&rwlock);
}

static void raise_last(void *arg)
{
	nk_thread_set_prio(&three[2]->t, 25);
	(void)arg;
}

/* A reader is let in, a writer ends the sweep, and the one behind has got its place all the same. */
static void priority_against_unlock(void *arg)
{
	int i;

	(void)arg;
	waiters_setup();
	nk_sem_init(&go, 0, 1);
	nk_sem_init(&gate, 0, 1);
	unit_run("first", 50, 0, writes_first, NULL);
	three[0] = unit_run("r", 30, 1, reads_on, NULL);
	three[1] = unit_run("w", 20, 0, writes, NULL);
	three[2] = unit_run("w", 10, 0, writes, NULL);
	sim_settle();
	sim_post(1, raise_last, NULL);
	sim_race_begin();
	nk_sem_post(&go);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(nk_plist_top(&rwlock.wq.waiters), 25);
	nk_sem_post(&gate);
	sim_settle();
	for (i = 0; i < THREE; i++)
		ck_assert_int_eq(three[i]->done, 1);
	waiters_teardown();
}

START_TEST(a_sweep_cut_short_leaves_nobody_in_a_wrong_place)
{
	unit_explore(priority_against_unlock, NULL);
}
END_TEST

static void two_waits(struct unit_thread *u)
{
	nk_event_wait(&e, 1, NK_EVENT_ANY, NULL, *(nk_time_t *)u->arg);
	nk_event_wait(&other, 1, NK_EVENT_ANY, NULL, NK_TIME_NEVER);
}

static void advance_100(void *arg)
{
	sim_advance(100);
	(void)arg;
}

/* The next one times out, and stands on another queue when its turn would be. */
static void timeout_against_post(void *arg)
{
	nk_time_t at;
	struct unit_thread *b;

	(void)arg;
	waiters_setup();
	at = hal_clock_now() + 100;
	unit_run("a", 20, 1, waits_for_bit, NULL);
	b = unit_run("b", 10, 1, two_waits, &at);
	sim_settle();
	sim_post(1, advance_100, NULL);
	sim_race_begin();
	nk_event_post(&e, 1);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(b->done, 0);
	ck_assert_int_eq(nk_event_broadcast(&other, 1), 1);
	sim_settle();
	waiters_teardown();
}

START_TEST(who_has_left_is_not_visited)
{
	unit_explore(timeout_against_post, NULL);
}
END_TEST

/* Two watch, one of them until a time that comes meanwhile. */
static void deadline_against_watchers(void *arg)
{
	nk_time_t at;
	struct unit_thread *a, *b;

	waiters_setup();
	at = hal_clock_now() + 100;
	a = unit_run("a", 20, 1, watches, *(int *)arg ? &at : NULL);
	b = unit_run("b", 10, 1, watches, *(int *)arg ? NULL : &at);
	sim_settle();
	sim_post(1, advance_100, NULL);
	sim_race_begin();
	nk_sem_post(&sem);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done + b->done, 2);
	ck_assert_int_eq(a->ret == 1 || b->ret == 1, 1);
	ck_assert_int_eq(sem.wq.pins, 0);
	waiters_teardown();
}

START_TEST(a_watcher_that_leaves_keeps_nothing_from_the_next)
{
	unit_explore(deadline_against_watchers, &_i);
}
END_TEST

/* ---- G5 ----------------------------------------------------------------------------------------------- */

/* Not before the post has begun: then there is none any more. */
static void frees_event(void *arg)
{
	if (!nk_event_bits(&e))
		return;
	while (nk_event_destroy(&e))
		hal_cpu_relax();
	memset(&e, 0x5a, sizeof(e));
	(void)arg;
}

static void watches_and_frees(struct unit_thread *u)
{
	watches(u);
	while (nk_sem_destroy(&sem))
		hal_cpu_relax();
	memset(&sem, 0x5a, sizeof(sem));
}

static void post_against_free(void *arg)
{
	(void)arg;
	waiters_setup();
	unit_run("a", 20, 0, waits_for_bit, NULL);
	unit_run("b", 10, 0, waits_for_bit, NULL);
	sim_post(1, frees_event, NULL);
	sim_race_begin();
	nk_event_post(&e, 1);
	sim_race_end();
	sim_settle();
	nk_event_init(&e, 0);
	waiters_teardown();
}

static void post_against_watchers(void *arg)
{
	(void)arg;
	waiters_setup();
	unit_run("a", 20, 1, watches, NULL);
	unit_run("b", 10, 1, watches_and_frees, NULL);
	sim_settle();
	sim_race_begin();
	nk_sem_post(&sem);
	sim_race_end();
	sim_settle();
	nk_sem_init(&sem, 0, 9);
	waiters_teardown();
}

START_TEST(freeing_an_object_waits_for_who_serves)
{
	unit_explore(post_against_free, NULL);
}
END_TEST

START_TEST(freeing_an_object_waits_for_who_tells_its_watchers)
{
	unit_explore(post_against_watchers, NULL);
}
END_TEST

Suite *sweep_suite(void)
{
	Suite *suite = suite_create("sweep");
	TCase *tc = unit_race_case(suite, "races");

	tcase_add_test(tc, who_waits_when_its_bit_comes_gets_it);
	tcase_add_test(tc, nobody_takes_a_bit_from_who_waits_for_it);
	tcase_add_test(tc, a_post_behind_a_broadcast_is_for_who_came_between);
	tcase_add_test(tc, a_signal_behind_a_broadcast_is_for_who_came_between);
	tcase_add_test(tc, who_changes_places_is_visited_once);
	tcase_add_test(tc, a_sweep_cut_short_leaves_nobody_in_a_wrong_place);
	tcase_add_test(tc, who_has_left_is_not_visited);
	tcase_add_loop_test(tc, a_watcher_that_leaves_keeps_nothing_from_the_next, 0, 2);
	tcase_add_test(tc, freeing_an_object_waits_for_who_serves);
	tcase_add_test(tc, freeing_an_object_waits_for_who_tells_its_watchers);
	return suite;
}
