// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/watch.c, on semaphores and event flags
 */
#include <string.h>

#include "nucleus/event.h"
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/watch.h"
#include "tests/unit/unit.h"

#define SEMS 3

static struct nk_sem sems[SEMS];
static struct nk_event flags;
static struct nk_watch watches[SEMS + 1];
static nk_time_t deadline;

static int sem_is_ready(const struct nk_waitq *wq)
{
	return nk_container_of(wq, struct nk_sem, wq)->count != 0;
}

static int event_is_ready(const struct nk_waitq *wq)
{
	return nk_container_of(wq, struct nk_event, wq)->bits != 0;
}

static void setup(void)
{
	int i;

	unit_setup();
	memset(watches, 0, sizeof(watches));
	for (i = 0; i < SEMS; i++) {
		nk_sem_init(&sems[i], 0, 5);
		watches[i].wq = &sems[i].wq;
		watches[i].ready = sem_is_ready;
	}
	nk_event_init(&flags, 0);
	watches[SEMS].wq = &flags.wq;
	watches[SEMS].ready = event_is_ready;
	deadline = NK_TIME_NEVER;
}

static void teardown(void)
{
	int i;

	for (i = 0; i < SEMS; i++)
		ck_assert_int_eq(nk_sem_destroy(&sems[i]), 0);
	ck_assert_int_eq(nk_event_destroy(&flags), 0);
	unit_teardown();
}

static void watches_all(struct unit_thread *u)
{
	u->ret = nk_watch_wait(watches, SEMS + 1, deadline);
}

START_TEST(any_of_them_ends_the_wait_and_keeps_what_it_has)
{
	struct unit_thread *u = unit_run("u", 10, 0, watches_all, NULL);

	ck_assert_int_eq(u->done, 0);
	nk_sem_post(&sems[1]);
	ck_assert_int_eq(u->ret, 1);
	ck_assert_int_eq(watches[1].is_ready, 1);
	ck_assert_int_eq(watches[0].is_ready + watches[2].is_ready + watches[3].is_ready, 0);
	ck_assert_uint_eq(nk_sem_count(&sems[1]), 1);
	nk_sem_trywait(&sems[1]);
	u = unit_run("u", 10, 0, watches_all, NULL);
	nk_event_post(&flags, 8);
	ck_assert_int_eq(u->ret, 1);
	ck_assert_int_eq(watches[SEMS].is_ready, 1);
}
END_TEST

START_TEST(what_is_ready_before_does_not_wait)
{
	struct unit_thread *u;

	nk_sem_post(&sems[0]);
	nk_sem_post(&sems[2]);
	u = unit_run("u", 10, 0, watches_all, NULL);
	ck_assert_int_eq(u->ret, 2);
	ck_assert_int_eq(watches[0].is_ready, 1);
	ck_assert_int_eq(watches[1].is_ready, 0);
	ck_assert_int_eq(watches[2].is_ready, 1);
}
END_TEST

static void waits_for_sem(struct unit_thread *u)
{
	u->ret = nk_sem_wait(u->arg, NK_TIME_NEVER);
}

static void takes_first(struct unit_thread *u)
{
	u->ret = nk_sem_trywait(u->arg);
}

START_TEST(who_comes_too_late_is_told_of_none)
{
	struct unit_thread *u = unit_run("u", 10, 0, watches_all, NULL);
	struct unit_thread *v = unit_make("v", 20, 0, takes_first, &sems[0]);
	hal_flags_t flags = hal_oob_save();

	/* Both become ready, and the better one goes first. */
	nk_rqs[0].irq_depth++;
	nk_sem_post(&sems[0]);
	nk_thread_start(&v->t);
	nk_rqs[0].irq_depth--;
	nk_sched();
	hal_oob_restore(flags);
	ck_assert_int_eq(v->ret, 0);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
}
END_TEST

START_TEST(a_waiter_goes_before_a_watcher)
{
	struct unit_thread *u = unit_run("u", 20, 0, watches_all, NULL);
	struct unit_thread *v = unit_run("v", 10, 0, waits_for_sem, &sems[0]);

	nk_sem_post(&sems[0]);
	ck_assert_int_eq(v->done, 1);
	ck_assert_int_eq(u->done, 0);
	nk_sem_post(&sems[0]);
	ck_assert_int_eq(u->ret, 1);
}
END_TEST

START_TEST(a_deadline_ends_it)
{
	struct unit_thread *u;

	deadline = hal_clock_now() + 100;
	u = unit_run("u", 10, 0, watches_all, NULL);
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	ck_assert(nk_list_empty(&sems[0].wq.watches));
}
END_TEST

START_TEST(what_goes_away_is_ready)
{
	struct unit_thread *u = unit_run("u", 10, 1, watches_all, NULL);

	sim_settle();
	ck_assert_int_eq(nk_sem_destroy(&sems[2]), -NK_EBUSY);
	sim_settle();
	ck_assert_int_eq(u->ret, 1);
	ck_assert_int_eq(watches[2].is_ready, 1);
	ck_assert_int_eq(nk_sem_destroy(&sems[2]), 0);
}
END_TEST

static void watches_badly(struct unit_thread *u)
{
	u->ret = nk_watch_wait(watches, *(int *)u->arg, deadline);
}

START_TEST(too_few_and_too_many_are_refused)
{
	static const int counts[] = { 0, -1, NK_WATCH_MAX + 1 };
	int i;

	for (i = 0; i < 3; i++) {
		struct unit_thread *u = unit_run("u", 10, 0, watches_badly, (void *)&counts[i]);

		ck_assert_int_eq(u->ret, -NK_EINVAL);
	}
}
END_TEST

static void is_told_for_nothing(struct nk_watch *w)
{
	(void)w;
}

static int gaps;

static void a_gap(void)
{
	gaps++;
}

static void posts(struct unit_thread *u)
{
	gaps = 0;
	sim_on_unmask(a_gap);
	u->ret = nk_sem_post(&sems[0]);
	sim_on_unmask(NULL);
}

/* However many objects one waits for, and however many wait for one. */
START_TEST(interrupts_are_let_in_between)
{
	struct nk_watch more[3];
	int i;

	gaps = 0;
	sim_on_unmask(a_gap);
	unit_run("u", 10, 0, watches_all, NULL);
	sim_on_unmask(NULL);
	ck_assert_int_ge(gaps, SEMS + 1);
	for (i = 0; i < 3; i++) {
		more[i] = (struct nk_watch){ .wq = &sems[0].wq, .ready = sem_is_ready };
		nk_watch_init(&more[i], is_told_for_nothing);
		ck_assert_int_eq(nk_watch_ask(&more[i]), 0);
	}
	unit_run("p", 20, 0, posts, NULL);
	ck_assert_int_ge(gaps, 4);
	nk_sem_trywait(&sems[0]);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(nk_watch_ask(&more[i]), 0);
	nk_sem_post(&sems[0]);
	nk_sem_trywait(&sems[0]);
}
END_TEST

static void post_other(void *arg)
{
	(void)arg;
	nk_event_post(&flags, 1);
}

static void watch_against_posts(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = unit_make("u", 10, 1, watches_all, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	nk_sem_post(&sems[0]);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_ge(u->ret, 1);
	teardown();
}

START_TEST(watch_against_posts_misses_none)
{
	unit_explore(watch_against_posts, NULL);
}
END_TEST

/* Ready when it is looked at first, and taken by another then: as many as are ready are told. */
static void watch_against_take(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	nk_sem_post(&sems[0]);
	u = unit_make("u", 10, 1, watches_all, NULL);
	deadline = hal_clock_now() + 100;
	sim_race_begin();
	nk_thread_start(&u->t);
	nk_sem_trywait(&sems[0]);
	sim_race_end();
	sim_settle();
	sim_advance(100);
	ck_assert_int_eq(u->done, 1);
	ck_assert(u->ret == watches[0].is_ready || u->ret == -NK_ETIMEDOUT);
	teardown();
}

START_TEST(watch_against_take_tells_how_many_are_ready)
{
	unit_explore(watch_against_take, NULL);
}
END_TEST

static void post_against_deadline(void *arg)
{
	struct unit_thread *u;

	setup();
	deadline = hal_clock_now() + 100;
	u = unit_run("u", 10, *(int *)arg, watches_all, NULL);
	sim_settle();
	sim_post(1, post_other, NULL);
	sim_race_begin();
	sim_advance(100);
	nk_sem_post(&sems[1]);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert(u->ret == -NK_ETIMEDOUT || u->ret == 1 || u->ret == 2);
	teardown();
}

START_TEST(post_against_deadline_ends_once)
{
	unit_explore(post_against_deadline, &_i);
}
END_TEST

static int told;

static void tell(struct nk_watch *w)
{
	ck_assert_ptr_eq(w, &watches[0]);
	told++;
}

START_TEST(who_asks_is_told_once)
{
	struct nk_watch *w = &watches[0];

	told = 0;
	nk_watch_init(w, tell);
	ck_assert_int_eq(nk_watch_ask(w), 0);
	ck_assert_int_eq(nk_watch_ask(w), 0);
	nk_sem_post(&sems[0]);
	ck_assert_int_eq(told, 1);
	ck_assert_int_eq(nk_watch_ask(w), 1);
	nk_sem_trywait(&sems[0]);
	nk_sem_post(&sems[0]);
	ck_assert_int_eq(told, 1);
	nk_sem_trywait(&sems[0]);
	ck_assert_int_eq(nk_watch_ask(w), 0);
	nk_watch_forget(w);
	nk_sem_post(&sems[0]);
	ck_assert_int_eq(told, 1);
	nk_sem_trywait(&sems[0]);
	ck_assert_int_eq(nk_watch_ask(w), 0);
	nk_waitq_close(&sems[0].wq);
	ck_assert_int_eq(told, 2);
	ck_assert_int_eq(nk_watch_ask(w), 1);
	nk_watch_forget(w);
}
END_TEST

Suite *watch_suite(void)
{
	Suite *suite = suite_create("watch");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, any_of_them_ends_the_wait_and_keeps_what_it_has);
	tcase_add_test(tc, what_is_ready_before_does_not_wait);
	tcase_add_test(tc, a_waiter_goes_before_a_watcher);
	tcase_add_test(tc, who_comes_too_late_is_told_of_none);
	tcase_add_test(tc, a_deadline_ends_it);
	tcase_add_test(tc, what_goes_away_is_ready);
	tcase_add_test(tc, too_few_and_too_many_are_refused);
	tcase_add_test(tc, who_asks_is_told_once);
	tcase_add_test(tc, interrupts_are_let_in_between);
	tc = unit_race_case(suite, "races");
	tcase_add_test(tc, watch_against_posts_misses_none);
	tcase_add_test(tc, watch_against_take_tells_how_many_are_ready);
	tcase_add_loop_test(tc, post_against_deadline_ends_once, 0, 2);
	return suite;
}
