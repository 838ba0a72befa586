// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/cond.c
 */
#include "nucleus/cond.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

static struct nk_cond c;
static struct nk_mutex m;
static struct nk_waitq gate;	/* holders wait here with the mutex */
static nk_time_t deadline;
static int tickets;		/* what is waited for, under m */

static void setup(void)
{
	unit_setup();
	nk_cond_init(&c);
	nk_mutex_init(&m);
	nk_waitq_init(&gate);
	deadline = NK_TIME_NEVER;
	tickets = 0;
}

static void teardown(void)
{
	ck_assert_int_eq(nk_mutex_check(&m), 0);
	ck_assert_int_eq(nk_cond_destroy(&c), 0);
	ck_assert_int_eq(nk_mutex_destroy(&m), 0);
	ck_assert_int_eq(nk_waitq_destroy(&gate), 0);
	unit_teardown();
}

/* Takes a ticket. */
static void waits(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	u->ret = 0;
	while (!tickets && !u->ret)
		u->ret = nk_cond_wait(&c, &m, deadline);
	if (u->ret != -NK_EINTR && u->ret != -NK_ENOTRECOVERABLE)
		ck_assert_ptr_eq(m.owner, &u->t);
	if (!u->ret)
		tickets--;
	if (u->arg)
		unit_mark(*(char *)u->arg);
	if (m.owner == &u->t)
		nk_mutex_unlock(&m);
}

static void gives(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	tickets++;
	u->ret = nk_cond_signal(&c);
	nk_mutex_unlock(&m);
}

static void holds(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, NK_TIME_NEVER);
	nk_wait_block(&gate, NK_TIME_NEVER);
	nk_mutex_unlock(&m);
}

START_TEST(a_signal_wakes_the_first_by_priority)
{
	struct unit_thread *g;

	unit_run("a", 10, 0, waits, "b");
	unit_run("b", 20, 0, waits, "a");
	ck_assert_ptr_null(m.owner);
	g = unit_run("g", 5, 0, gives, NULL);
	ck_assert_int_eq(g->ret, 1);
	ck_assert_str_eq(unit_marks(), "a");
	unit_run("g", 5, 0, gives, NULL);
	ck_assert_str_eq(unit_marks(), "ab");
	g = unit_run("g", 5, 0, gives, NULL);
	ck_assert_int_eq(g->ret, 0);
	tickets = 0;
}
END_TEST

START_TEST(a_signalled_waiter_boosts_the_owner_it_waits_for)
{
	struct unit_thread *u = unit_run("u", 30, 1, waits, NULL);
	struct unit_thread *o;

	sim_settle();
	o = unit_run("o", 10, 0, holds, NULL);
	ck_assert_int_eq(o->t.eprio, 10);
	tickets = 1;
	ck_assert_int_eq(nk_cond_signal(&c), 1);
	ck_assert_ptr_eq(u->t.wait_on, &m.wq);
	ck_assert_int_eq(o->t.eprio, 30);
	nk_wait_wake_all(&gate);
	sim_settle();
	ck_assert_int_eq(o->t.eprio, 10);
	ck_assert_int_eq(u->done, 1);
}
END_TEST

START_TEST(a_broadcast_wakes_one_after_the_other)
{
	unit_run("a", 10, 0, waits, "c");
	unit_run("b", 20, 1, waits, "b");
	unit_run("c", 30, 0, waits, "a");
	sim_settle();
	tickets = 3;
	ck_assert_int_eq(nk_cond_broadcast(&c), 3);
	sim_settle();
	ck_assert_str_eq(unit_marks(), "abc");
	ck_assert_int_eq(tickets, 0);
}
END_TEST

START_TEST(a_timeout_takes_the_mutex_again)
{
	struct unit_thread *u, *o;

	deadline = hal_clock_now() + 100;
	u = unit_run("u", 20, 0, waits, NULL);
	o = unit_run("o", 10, 0, holds, NULL);
	sim_advance(100);
	ck_assert_int_eq(u->done, 0);
	ck_assert_int_eq(o->t.eprio, 20);
	nk_wait_wake_all(&gate);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	ck_assert_int_eq(o->t.eprio, 10);
}
END_TEST

START_TEST(a_timeout_after_the_signal_does_not_count)
{
	struct unit_thread *u, *o;

	deadline = hal_clock_now() + 100;
	u = unit_run("u", 20, 1, waits, NULL);
	sim_settle();
	o = unit_run("o", 10, 0, holds, NULL);
	tickets = 1;
	ck_assert_int_eq(nk_cond_signal(&c), 1);
	ck_assert_int_eq(o->t.eprio, 20);
	sim_advance(100);
	ck_assert_int_eq(nk_mutex_check(&m), 0);
	ck_assert_int_eq(o->t.eprio, 20);
	nk_wait_wake_all(&gate);
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
}
END_TEST

START_TEST(an_unblocked_waiter_comes_back_without_the_mutex)
{
	struct unit_thread *u = unit_run("u", 20, 0, waits, NULL);

	nk_thread_unblock(&u->t, -NK_EINTR);
	ck_assert_int_eq(u->ret, -NK_EINTR);
	ck_assert_ptr_null(m.owner);
	ck_assert_uint_eq(c.users, 0);
}
END_TEST

static void misuses(struct unit_thread *u)
{
	struct nk_mutex other;

	nk_mutex_init(&other);
	u->ret = nk_cond_wait(&c, &m, NK_TIME_NEVER) == -NK_EPERM;
	nk_mutex_lock(&other, NK_TIME_NEVER);
	u->ret += nk_cond_wait(&c, &other, NK_TIME_NEVER) == -NK_EINVAL;
	u->ret += other.owner == &u->t;
	nk_mutex_unlock(&other);
}

START_TEST(misuse_is_refused)
{
	struct unit_thread *u;

	tickets = 0;
	unit_run("w", 10, 0, waits, NULL);
	u = unit_run("u", 10, 0, misuses, NULL);
	ck_assert_int_eq(u->ret, 3);
	ck_assert_int_eq(nk_mutex_destroy(&m), -NK_EBUSY);
	unit_run("g", 5, 0, gives, NULL);
}
END_TEST

START_TEST(destroy_ends_waits_with_the_mutex_held)
{
	struct unit_thread *u = unit_run("u", 20, 1, waits, NULL);

	sim_settle();
	ck_assert_int_eq(nk_cond_destroy(&c), -NK_EBUSY);
	sim_settle();
	ck_assert_int_eq(u->ret, -NK_EIDRM);
	u = unit_run("u", 20, 0, waits, NULL);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
}
END_TEST

static void waits_deep(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	nk_mutex_lock(&m, NK_TIME_NEVER);
	u->ret = nk_cond_wait(&c, &m, NK_TIME_NEVER);
	ck_assert_uint_eq(m.depth, 2);
	nk_mutex_unlock(&m);
	nk_mutex_unlock(&m);
}

START_TEST(the_depth_is_given_up_and_comes_back)
{
	struct unit_thread *u;

	nk_mutex_init_as(&m, NK_MUTEX_RECURSIVE, 0);
	u = unit_run("u", 20, 0, waits_deep, NULL);
	ck_assert_ptr_null(m.owner);
	ck_assert_int_eq(nk_cond_signal(&c), 1);
	ck_assert_int_eq(u->done, 1);
	ck_assert_ptr_null(m.owner);
}
END_TEST

static void dies(struct unit_thread *u)
{
	(void)u;
	nk_mutex_lock(&m, NK_TIME_NEVER);
}

START_TEST(the_death_of_an_owner_is_told_by_the_wait)
{
	struct unit_thread *u = unit_run("u", 20, 0, waits, NULL);

	unit_run("d", 10, 0, dies, NULL);
	ck_assert_int_eq(nk_cond_signal(&c), 1);
	ck_assert_int_eq(u->ret, -NK_EOWNERDEAD);
}
END_TEST

START_TEST(a_mutex_beyond_repair_ends_the_wait_without_it)
{
	struct unit_thread *u, *h;

	nk_mutex_init_as(&m, NK_MUTEX_ROBUST, 0);
	u = unit_run("u", 20, 1, waits, NULL);
	sim_settle();
	unit_run("d", 10, 0, dies, NULL);
	h = unit_run("h", 10, 0, holds, NULL);
	ck_assert_int_eq(h->ret, -NK_EOWNERDEAD);
	nk_cond_signal(&c);
	nk_wait_wake_all(&gate);
	sim_settle();
	ck_assert_int_eq(u->ret, -NK_ENOTRECOVERABLE);
}
END_TEST

/* Who waits with it has not set things right either. */
static void waits_without_mending(struct unit_thread *u)
{
	ck_assert_int_eq(nk_mutex_lock(&m, NK_TIME_NEVER), -NK_EOWNERDEAD);
	nk_wait_block(&gate, NK_TIME_NEVER);
	u->ret = nk_cond_wait(&c, &m, NK_TIME_NEVER);
}

START_TEST(a_wait_with_what_is_not_mended_ends_all_waits_for_it)
{
	struct unit_thread *u, *w;

	nk_mutex_init_as(&m, NK_MUTEX_ROBUST, 0);
	unit_run("d", 10, 0, dies, NULL);
	u = unit_run("u", 20, 0, waits_without_mending, NULL);
	w = unit_run("w", 10, 0, holds, NULL);
	ck_assert_int_eq(w->done, 0);
	nk_wait_wake_all(&gate);
	ck_assert_int_eq(w->ret, -NK_ENOTRECOVERABLE);
	ck_assert_ptr_null(m.owner);
	nk_cond_signal(&c);
	ck_assert_int_eq(u->ret, -NK_ENOTRECOVERABLE);
	nk_wait_wake_all(&gate);
}
END_TEST

static void waits_once(struct unit_thread *u)
{
	nk_mutex_lock(&m, NK_TIME_NEVER);
	u->ret = nk_cond_wait(&c, &m, deadline);
	nk_mutex_unlock(&m);
}

START_TEST(a_signal_without_the_mutex_is_for_one)
{
	struct unit_thread *a = unit_run("a", 20, 0, waits_once, NULL);
	struct unit_thread *b = unit_run("b", 10, 0, waits_once, NULL);

	ck_assert_int_eq(nk_cond_signal(&c), 1);
	ck_assert_int_eq(a->done, 1);
	ck_assert_int_eq(b->done, 0);
	ck_assert_int_eq(nk_cond_signal(&c), 1);
	ck_assert_int_eq(b->done, 1);
}
END_TEST

/* ---- races ------------------------------------------------------------------------------- */

static struct unit_thread *giver;

static void start_giver(void *arg)
{
	(void)arg;
	nk_thread_start(&giver->t);
}

static void wait_against_signal(void *arg)
{
	struct unit_thread *u;

	setup();
	u = unit_make("u", 10, 0, waits, NULL);
	giver = unit_make("g", 20, *(int *)arg, gives, NULL);
	sim_post(1, start_giver, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done + giver->done, 2);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(tickets, 0);
	teardown();
}

START_TEST(wait_against_signal_loses_none)
{
	unit_explore(wait_against_signal, &_i);
}
END_TEST

/* Two wait, the first may time out: the signal reaches one of them. */
static void signal_against_timeout(void *arg)
{
	struct unit_thread *a, *b, *g;

	setup();
	deadline = hal_clock_now() + 100;
	a = unit_run("a", 30, *(int *)arg, waits, NULL);
	sim_settle();
	deadline = NK_TIME_NEVER;
	b = unit_run("b", 20, 1, waits, NULL);
	sim_settle();
	g = unit_make("g", 10, 0, gives, NULL);
	sim_post(1, unit_advance_100, NULL);
	sim_race_begin();
	nk_thread_start(&g->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done + g->done, 2);
	ck_assert_int_eq(b->done, a->ret != 0);
	ck_assert_int_eq(tickets, 0);
	ck_assert_int_eq(g->t.eprio, 10);
	if (!b->done) {
		giver = unit_run("h", 10, 0, gives, NULL);
		sim_settle();
	}
	ck_assert_int_eq(b->ret, 0);
	teardown();
}

START_TEST(signal_against_timeout_reaches_somebody)
{
	unit_explore(signal_against_timeout, &_i);
}
END_TEST

static void signals(void *arg)
{
	(void)arg;
	nk_cond_signal(&c);
}

/* The same without the mutex, for which nobody waits then. */
static void plain_signal_against_timeout(void *arg)
{
	struct unit_thread *a, *b;

	setup();
	deadline = hal_clock_now() + 100;
	a = unit_run("a", 30, *(int *)arg, waits_once, NULL);
	sim_settle();
	deadline = NK_TIME_NEVER;
	b = unit_run("b", 20, 0, waits_once, NULL);
	sim_post(1, signals, NULL);
	sim_race_begin();
	sim_advance(100);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(a->done, 1);
	ck_assert_int_eq(b->done, a->ret != 0);
	nk_cond_signal(&c);
	teardown();
}

START_TEST(a_plain_signal_against_timeout_reaches_somebody)
{
	unit_explore(plain_signal_against_timeout, &_i);
}
END_TEST

static void broadcast_against_recall(void *arg)
{
	struct unit_thread *u, *o;

	(void)arg;
	setup();
	u = unit_user("u", 30, waits, NULL);
	unit_enter(u);
	o = unit_run("o", 10, 0, holds, NULL);
	tickets = 1;
	sim_post(1, unit_recall, &u->t);
	sim_race_begin();
	nk_cond_broadcast(&c);
	nk_wait_wake_all(&gate);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done + o->done, 2);
	ck_assert(u->ret == 0 || u->ret == -NK_EINTR);
	ck_assert_int_eq(o->t.eprio, 10);
	ck_assert_ptr_null(m.owner);
	teardown();
}

START_TEST(broadcast_against_recall_leaves_no_boost)
{
	unit_explore(broadcast_against_recall, NULL);
}
END_TEST

Suite *cond_suite(void)
{
	Suite *suite = suite_create("cond");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_signal_wakes_the_first_by_priority);
	tcase_add_test(tc, a_signalled_waiter_boosts_the_owner_it_waits_for);
	tcase_add_test(tc, a_broadcast_wakes_one_after_the_other);
	tcase_add_test(tc, a_timeout_takes_the_mutex_again);
	tcase_add_test(tc, a_timeout_after_the_signal_does_not_count);
	tcase_add_test(tc, an_unblocked_waiter_comes_back_without_the_mutex);
	tcase_add_test(tc, misuse_is_refused);
	tcase_add_test(tc, destroy_ends_waits_with_the_mutex_held);
	tcase_add_test(tc, the_depth_is_given_up_and_comes_back);
	tcase_add_test(tc, the_death_of_an_owner_is_told_by_the_wait);
	tcase_add_test(tc, a_wait_with_what_is_not_mended_ends_all_waits_for_it);
	tcase_add_test(tc, a_signal_without_the_mutex_is_for_one);
	tcase_add_test(tc, a_mutex_beyond_repair_ends_the_wait_without_it);
	tc = unit_race_case(suite, "races");
	tcase_add_loop_test(tc, wait_against_signal_loses_none, 0, 2);
	tcase_add_loop_test(tc, signal_against_timeout_reaches_somebody, 0, 2);
	tcase_add_loop_test(tc, a_plain_signal_against_timeout_reaches_somebody, 0, 2);
	tcase_add_test(tc, broadcast_against_recall_leaves_no_boost);
	return suite;
}
