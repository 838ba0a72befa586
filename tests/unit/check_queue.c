// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/queue.c
 */
#include <string.h>

#include "nucleus/queue.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "nucleus/watch.h"
#include "tests/unit/unit.h"

#define COUNT	3
#define SIZE	20	/* is rounded up */

static struct nk_queue q;
static struct nk_slot slots[COUNT];
static char area[COUNT * 24];
static nk_time_t deadline;
static int here, there;		/* holders */
static int told;

static void setup(void)
{
	unit_setup();
	ck_assert_int_eq(nk_queue_init(&q, slots, area, COUNT, SIZE), 0);
	deadline = NK_TIME_NEVER;
	told = 0;
}

/* All slots are free again, whatever happened. */
static void teardown(void)
{
	ck_assert_uint_eq(nk_queue_length(&q), 0);
	ck_assert_uint_eq(nk_sem_count(&q.room), q.count);
	ck_assert_int_eq(nk_queue_destroy(&q), 0);
	unit_teardown();
}

/* What a thread of a test does; the text is "x5": x with priority 5. */
static void sends(struct unit_thread *u)
{
	const char *m = u->arg;

	u->ret = nk_queue_send(&q, m, 1, (unsigned int)(m[1] - '0'), deadline);
}

static void receives(struct unit_thread *u)
{
	unsigned int size, prio;
	char to[SIZE];

	(void)u;
	u->ret = nk_queue_receive(&q, to, sizeof(to), &size, &prio, deadline);
	if (!u->ret) {
		ck_assert_uint_eq(size, 1);
		unit_mark(to[0]);
	}
}

static struct unit_thread *send_now(const char *m)
{
	return unit_run("sends", 50, 0, sends, (void *)m);
}

static struct unit_thread *receive_now(void)
{
	return unit_run("receives", 50, 0, receives, NULL);
}

START_TEST(init_refuses_what_makes_no_sense)
{
	struct nk_queue other;

	ck_assert_int_eq(q.wq.lock.rank, NK_RANK_COND);
	ck_assert_int_eq(nk_queue_init(&other, slots, area, 3, 24), 0);
	ck_assert_uint_eq(other.stride, 24);
	ck_assert_int_eq(nk_queue_init(&other, slots, area, 0, 1), -NK_EINVAL);
	ck_assert_int_eq(nk_queue_init(&other, slots, area, NK_QUEUE_COUNT + 1, 1), -NK_EINVAL);
	ck_assert_int_eq(nk_queue_init(&other, slots, area, 1, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_queue_init(&other, slots, area, 1, NK_QUEUE_SIZE + 1), -NK_EINVAL);
}
END_TEST

START_TEST(the_highest_priority_comes_first_and_the_oldest_of_it)
{
	send_now("a1");
	send_now("b2");
	send_now("c2");
	ck_assert_uint_eq(nk_queue_length(&q), 3);
	while (nk_queue_length(&q))
		receive_now();
	ck_assert_str_eq(unit_marks(), "bca");
}
END_TEST

START_TEST(a_full_queue_makes_senders_wait_by_priority)
{
	struct unit_thread *low, *high;

	send_now("a1");
	send_now("b1");
	send_now("c1");
	low = unit_run("low", 10, 0, sends, "l1");
	high = unit_run("high", 20, 0, sends, "h1");
	ck_assert_int_eq(low->done + high->done, 0);
	receive_now();
	ck_assert_int_eq(high->done, 1);
	ck_assert_int_eq(low->done, 0);
	while (nk_queue_length(&q))
		receive_now();
	ck_assert_str_eq(unit_marks(), "abchl");
}
END_TEST

START_TEST(a_message_goes_to_the_first_receiver)
{
	struct unit_thread *low = unit_run("low", 10, 0, receives, NULL);
	struct unit_thread *high = unit_run("high", 20, 1, receives, NULL);

	sim_settle();
	send_now("a1");
	sim_settle();
	ck_assert_int_eq(high->done, 1);
	ck_assert_int_eq(low->done, 0);
	send_now("b1");
	ck_assert_int_eq(low->done, 1);
}
END_TEST

START_TEST(waits_end_with_their_deadline_or_at_once)
{
	struct unit_thread *u;

	deadline = hal_clock_now() + 100;
	u = receive_now();
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	deadline = 0;
	ck_assert_int_eq(receive_now()->ret, -NK_EWOULDBLOCK);
	send_now("a1");
	send_now("b1");
	send_now("c1");
	ck_assert_int_eq(send_now("d1")->ret, -NK_EWOULDBLOCK);
	deadline = hal_clock_now() + 100;
	u = send_now("d1");
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	while (nk_queue_length(&q))
		receive_now();
	ck_assert_str_eq(unit_marks(), "abc");
}
END_TEST

static void calls_badly(struct unit_thread *u)
{
	unsigned int size, prio;
	char to[SIZE] = "";

	(void)u;
	ck_assert_int_eq(nk_queue_send(&q, to, SIZE + 1, 0, deadline), -NK_EMSGSIZE);
	ck_assert_int_eq(nk_queue_send(&q, to, 1, NK_QUEUE_PRIOS, deadline), -NK_EINVAL);
	ck_assert_int_eq(nk_queue_receive(&q, to, SIZE - 1, &size, &prio, deadline), -NK_EMSGSIZE);
	ck_assert_int_eq(nk_queue_pass(&q, &here, 0, 1, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_queue_pass(&q, &here, COUNT, 1, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_queue_pass(&q, NULL, 0, 1, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_queue_free(&q, &here, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_queue_alloc(&q, &here, 0), 0);
	ck_assert_int_eq(nk_queue_pass(&q, &there, 0, 1, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_queue_pass(&q, &here, 0, SIZE + 1, 0), -NK_EMSGSIZE);
	ck_assert_int_eq(nk_queue_pass(&q, &here, 0, 1, NK_QUEUE_PRIOS), -NK_EINVAL);
	ck_assert_int_eq(nk_queue_free(&q, &there, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_queue_free(&q, &here, 0), 0);
	ck_assert_int_eq(nk_queue_free(&q, &here, 0), -NK_EINVAL);
}

START_TEST(bad_arguments_change_nothing)
{
	unit_run("u", 10, 0, calls_badly, NULL);
}
END_TEST

/* A slot is nobody's while it is queued, and the receiver's then. */
static void passes_on(struct unit_thread *u)
{
	unsigned int size, prio;
	int slot = nk_queue_alloc(&q, &here, deadline);

	(void)u;
	strcpy(&area[slot * 24], "hello");
	ck_assert_int_eq(nk_queue_pass(&q, &here, (unsigned int)slot, 6, 7), 0);
	ck_assert_uint_eq(nk_sem_count(&q.room), COUNT - 1);
	ck_assert_int_eq(nk_queue_free(&q, &here, (unsigned int)slot), -NK_EINVAL);
	ck_assert_int_eq(nk_queue_take(&q, &there, &size, &prio, deadline), slot);
	ck_assert_uint_eq(size, 6);
	ck_assert_uint_eq(prio, 7);
	ck_assert_int_eq(nk_queue_free(&q, &here, (unsigned int)slot), -NK_EINVAL);
	ck_assert_str_eq(&area[slot * 24], "hello");
	ck_assert_int_eq(nk_queue_free(&q, &there, (unsigned int)slot), 0);
}

START_TEST(a_slot_goes_from_hand_to_hand)
{
	unit_run("u", 10, 0, passes_on, NULL);
}
END_TEST

static void allocates(struct unit_thread *u)
{
	u->ret = nk_queue_alloc(&q, u->arg, deadline);
}

START_TEST(what_a_holder_had_is_had_back)
{
	struct unit_thread *u;

	unit_run("u", 10, 0, allocates, &here);
	unit_run("u", 10, 0, allocates, &there);
	unit_run("u", 10, 0, allocates, &here);
	u = send_now("a1");
	ck_assert_int_eq(u->done, 0);
	ck_assert_int_eq(nk_queue_reclaim(&q, &here), 2);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_int_eq(nk_queue_reclaim(&q, &here), 0);
	ck_assert_int_eq(nk_queue_reclaim(&q, &there), 1);
	receive_now();
}
END_TEST

static void is_told(void *arg)
{
	ck_assert(hal_oob_masked());
	told += *(int *)arg;
}

START_TEST(one_is_told_once_when_it_is_no_longer_empty)
{
	here = 1;
	there = 100;
	ck_assert_int_eq(nk_queue_notifies(&q, &here), 0);
	ck_assert_int_eq(nk_queue_notify(&q, is_told, &here), 0);
	ck_assert_int_eq(nk_queue_notify(&q, is_told, &there), -NK_EBUSY);
	ck_assert_int_eq(nk_queue_notifies(&q, &here), 1);
	ck_assert_int_eq(nk_queue_notifies(&q, &there), 0);
	receive_now();
	send_now("a1");		/* somebody waits */
	ck_assert_int_eq(told, 0);
	send_now("b1");
	ck_assert_int_eq(told, 1);
	ck_assert_int_eq(nk_queue_notifies(&q, &here), 0);
	receive_now();
	send_now("c1");		/* only once */
	ck_assert_int_eq(told, 1);
	ck_assert_int_eq(nk_queue_notify(&q, is_told, &there), 0);
	send_now("d1");		/* it is not empty */
	ck_assert_int_eq(told, 1);
	ck_assert_int_eq(nk_queue_notify(&q, NULL, &here), 0);
	receive_now();
	receive_now();
	send_now("e1");
	ck_assert_int_eq(told, 101);
	nk_queue_notify(&q, is_told, &here);
	ck_assert_int_eq(nk_queue_notify(&q, NULL, &here), 0);
	receive_now();
	send_now("f1");
	ck_assert_int_eq(told, 101);
	receive_now();
	here = there = 0;
}
END_TEST

START_TEST(destroy_ends_waits_and_refuses_later_calls)
{
	struct unit_thread *u = receive_now(), *v;

	ck_assert_int_eq(nk_queue_destroy(&q), 0);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
	ck_assert_int_eq(receive_now()->ret, -NK_EIDRM);
	ck_assert_int_eq(send_now("a1")->ret, -NK_EIDRM);
	nk_queue_init(&q, slots, area, 1, SIZE);
	unit_run("u", 10, 0, allocates, &here);
	v = send_now("a1");
	nk_queue_destroy(&q);
	ck_assert_int_eq(v->ret, -NK_EIDRM);
	nk_queue_init(&q, slots, area, COUNT, SIZE);
}
END_TEST

static int is_ready(const struct nk_waitq *wq)
{
	return nk_container_of(wq, struct nk_queue, wq)->length != 0;
}

static void watches(struct unit_thread *u)
{
	struct nk_watch w = { .wq = &q.wq, .ready = is_ready };

	u->ret = nk_watch_wait(&w, 1, deadline);
}

START_TEST(a_watcher_hears_of_a_message)
{
	struct unit_thread *u = unit_run("u", 10, 0, watches, NULL);

	ck_assert_int_eq(u->done, 0);
	send_now("a1");
	ck_assert_int_eq(u->ret, 1);
	receive_now();
}
END_TEST

/* ---- races -------------------------------------------------------------------------------------- */

static void drain(void)
{
	deadline = 0;
	while (nk_queue_length(&q))
		receive_now();
}

static void send_one(void *arg)
{
	send_now(arg);
}

static void send_against_receive(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = unit_make("u", 10, 1, receives, NULL);
	sim_race_begin();
	nk_thread_start(&u->t);
	send_now("a1");
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->ret, 0);
	ck_assert_str_eq(unit_marks(), "a");
	teardown();
}

/* The message is received or queued, not both and not neither. */
static void send_against_timeout(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	deadline = hal_clock_now() + 100;
	u = unit_race_timeout(1, receives, send_one, "a1");
	ck_assert_uint_eq(nk_queue_length(&q), u->ret == 0 ? 0 : 1);
	drain();
	ck_assert_str_eq(unit_marks(), "a");
	teardown();
}

static void send_against_recall(void *arg)
{
	struct unit_thread *u;

	(void)arg;
	setup();
	u = unit_race_recall(receives, send_one, "a1");
	ck_assert_uint_eq(nk_queue_length(&q), u->ret == 0 ? 0 : 1);
	drain();
	teardown();
}

static void free_one(void *arg)
{
	nk_queue_reclaim(arg, &here);
}

/* The slot goes to the sender, or is free. */
static void room_against_timeout(void *arg)
{
	struct unit_thread *v;

	(void)arg;
	setup();
	nk_queue_init(&q, slots, area, 1, SIZE);
	unit_run("u", 10, 0, allocates, &here);
	deadline = hal_clock_now() + 100;
	v = unit_run("v", 50, 0, sends, "a1");
	sim_post(1, free_one, &q);
	sim_race_begin();
	sim_advance(100);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(v->done, 1);
	ck_assert_uint_eq(nk_queue_length(&q), v->ret == 0 ? 1 : 0);
	drain();
	teardown();
}

static int destroyed;

static void destroy(void *arg)
{
	(void)arg;
	destroyed = nk_queue_destroy(&q);
}

static void send_against_destroy(void *arg)
{
	struct unit_thread *u, *v;

	(void)arg;
	setup();
	u = unit_run("u", 10, 1, receives, NULL);
	sim_settle();
	v = unit_make("v", 50, 0, sends, "a1");
	sim_post(1, destroy, NULL);
	sim_race_begin();
	nk_thread_start(&v->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done + v->done, 2);
	ck_assert_int_eq(u->ret, v->ret);
	ck_assert(u->ret == 0 || u->ret == -NK_EIDRM);
	ck_assert_int_eq(nk_queue_destroy(&q), 0);
	unit_teardown();
}

static void two_senders(void *arg)
{
	(void)arg;
	setup();
	nk_queue_init(&q, slots, area, 1, SIZE);
	unit_run("u", 10, 0, receives, NULL);
	unit_run("v", 11, 1, receives, NULL);
	sim_settle();
	sim_post(1, send_one, "a1");
	sim_race_begin();
	send_now("b1");
	sim_race_end();
	sim_settle();
	ck_assert_uint_eq(strlen(unit_marks()), 2);
	teardown();
}

static void (*const races[])(void *arg) = {
	send_against_receive, send_against_timeout, send_against_recall, room_against_timeout,
	send_against_destroy, two_senders,
};

START_TEST(no_race_loses_a_message_or_a_slot)
{
	unit_explore_as("queue", races[_i], NULL);
}
END_TEST

Suite *queue_suite(void)
{
	Suite *suite = suite_create("queue");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, init_refuses_what_makes_no_sense);
	tcase_add_test(tc, the_highest_priority_comes_first_and_the_oldest_of_it);
	tcase_add_test(tc, a_full_queue_makes_senders_wait_by_priority);
	tcase_add_test(tc, a_message_goes_to_the_first_receiver);
	tcase_add_test(tc, waits_end_with_their_deadline_or_at_once);
	tcase_add_test(tc, bad_arguments_change_nothing);
	tcase_add_test(tc, a_slot_goes_from_hand_to_hand);
	tcase_add_test(tc, what_a_holder_had_is_had_back);
	tcase_add_test(tc, one_is_told_once_when_it_is_no_longer_empty);
	tcase_add_test(tc, destroy_ends_waits_and_refuses_later_calls);
	tcase_add_test(tc, a_watcher_hears_of_a_message);
	tc = unit_race_case(suite, "races");
	tcase_add_loop_test(tc, no_race_loses_a_message_or_a_slot, 0,
			    sizeof(races) / sizeof(races[0]));
	return suite;
}
