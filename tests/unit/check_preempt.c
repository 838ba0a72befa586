// SPDX-License-Identifier: GPL-2.0
/*
 * Who gets ready by what a thread of lower priority does goes first, at once: that thread's next step
 * is after his. And a channel's numbers.
 */
#include <string.h>

#include "nucleus/barrier.h"
#include "nucleus/buffer.h"
#include "nucleus/channel.h"
#include "nucleus/flow.h"
#include "nucleus/mutex.h"
#include "nucleus/queue.h"
#include "nucleus/rwlock.h"
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

#define SIZE	16
#define FLOWS	2

static struct nk_channel c;
static struct nk_flow flows[FLOWS];
static struct nk_queue q;
static struct nk_slot slots[FLOWS + 1];
static char areas[2][FLOWS * SIZE], bytes[SIZE];
static struct nk_buffer b;
static struct nk_barrier bar;
static struct nk_mutex m;
static struct nk_rwlock l;
static struct nk_sem go;
static nk_time_t deadline;
static char text[SIZE];
static unsigned int size, prio;

static void setup(void)
{
	unit_setup();
	ck_assert_int_eq(nk_channel_init(&c, flows, slots, areas[0], FLOWS, SIZE), 0);
	ck_assert_int_eq(nk_queue_init(&q, slots + FLOWS, areas[1], 1, SIZE), 0);
	ck_assert_int_eq(nk_buffer_init(&b, bytes, SIZE), 0);
	nk_mutex_init(&m);
	ck_assert_int_eq(nk_barrier_init(&bar, 2), 0);
	nk_rwlock_init(&l);
	nk_sem_init(&go, 0, 9);
	deadline = NK_TIME_NEVER;
}

static void teardown(void)
{
	ck_assert_uint_eq(nk_sem_count(&c.pool.room), FLOWS);
	ck_assert_int_eq(nk_channel_destroy(&c), 0);
	ck_assert_int_eq(nk_queue_destroy(&q), 0);
	ck_assert_int_eq(nk_buffer_destroy(&b), 0);
	ck_assert_int_eq(nk_rwlock_destroy(&l), 0);
	ck_assert_int_eq(nk_barrier_destroy(&bar), 0);
	unit_teardown();
}

static long nothing(void)
{
	return 0;
}

#define STEP(name, expr) static long name(void) { return (expr); }
STEP(mutex_take, nk_mutex_lock(&m, deadline))
STEP(mutex_close, nk_mutex_close(&m))
STEP(mutex_give, nk_mutex_unlock(&m))
STEP(lock_write, nk_rwlock_write(&l, deadline))
STEP(lock_give, nk_rwlock_unlock(&l))
STEP(queue_send, nk_queue_send(&q, text, 1, 0, deadline))
STEP(queue_receive, nk_queue_receive(&q, text, SIZE, &size, &prio, deadline))
STEP(queue_alloc, nk_queue_alloc(&q, &q, deadline))
STEP(queue_alloc_later, nk_queue_alloc(&q, &b, deadline))
STEP(queue_pass, nk_queue_pass(&q, &q, 0, 1, 0))
STEP(queue_free, nk_queue_free(&q, &q, 0))
STEP(queue_free_later, nk_queue_free(&q, &b, 0))
STEP(buffer_write, nk_buffer_write(&b, text, 1, deadline) - 1)
STEP(buffer_read, nk_buffer_read(&b, text, 1, deadline) - 1)
STEP(barrier_first, nk_barrier_wait(&bar, deadline))
STEP(barrier_last, nk_barrier_wait(&bar, deadline) - NK_BARRIER_LAST)
STEP(sem_wait, nk_sem_wait(&go, deadline))
STEP(sem_post, nk_sem_post(&go))

static const struct {
	long (*begins)(void), (*waits)(void), (*acts)(void), (*ends)(void);
	long gets;
} rows[] = {
	{ mutex_take, mutex_take, mutex_close, nothing, -NK_EIDRM },
	{ mutex_take, mutex_take, mutex_give, mutex_give, 0 },
	{ lock_write, lock_write, lock_give, lock_give, 0 },
	{ nothing, queue_receive, queue_send, nothing, 0 },
	{ queue_send, queue_send, queue_receive, queue_receive, 0 },
	{ queue_alloc, queue_receive, queue_pass, nothing, 0 },
	{ queue_alloc, queue_alloc_later, queue_free, queue_free_later, 0 },
	{ nothing, buffer_read, buffer_write, nothing, 0 },
	{ nothing, barrier_first, barrier_last, nothing, 0 },
	{ nothing, sem_wait, sem_post, nothing, 0 },
};

static int row;

static void high_runs(struct unit_thread *u)
{
	ck_assert_int_eq(rows[row].waits(), rows[row].gets);
	unit_mark('h');
	if (rows[row].ends != nothing)
		ck_assert_int_eq(rows[row].ends(), 0);
	u->ret = 0;
}

static void low_runs(struct unit_thread *u)
{
	ck_assert_int_ge(rows[row].begins(), 0);
	nk_thread_start(u->arg);
	unit_mark('l');
	ck_assert_int_eq(rows[row].acts(), 0);
	unit_mark('l');
}

START_TEST(who_is_better_goes_first)
{
	struct unit_thread *high = unit_make("h", 20, 0, high_runs, NULL);

	row = _i;
	unit_run("l", 10, 0, low_runs, &high->t);
	ck_assert_str_eq(unit_marks(), "lhl");
	ck_assert_int_eq(high->done, 1);
}
END_TEST

/* ---- channels ----------------------------------------------------------------------------------- */

static void sends_and_marks(struct unit_thread *u)
{
	char reply[SIZE] = "";

	u->ret = (int)nk_channel_send(&c, u->arg, 1, reply, SIZE, deadline);
	unit_mark(*(char *)u->arg);
}

/* What it replied to last is no priority of its own any more, and its number is nobody's. */
static void replies_twice(struct unit_thread *u)
{
	unsigned int size;
	char m[SIZE] = "";
	long id[2];
	int i;

	for (i = 0; i < 2; i++) {
		id[i] = nk_channel_receive(&c, m, SIZE, &size, NK_TIME_NEVER);
		m[1] = '!';
		if (i)
			ck_assert_int_eq(nk_channel_reply(&c, (unsigned long)id[0], m, 2), -NK_EINVAL);
		else
			nk_sem_wait(&go, NK_TIME_NEVER);
		u->ret = nk_channel_reply(&c, (unsigned long)id[i], m, 2);
		ck_assert(nk_plist_empty(&u->t.owned));
		ck_assert_uint_eq(nk_sem_count(&c.pool.room), FLOWS);
		unit_mark('s');
	}
	nk_channel_bereave(&c, &u->t);
}

START_TEST(an_old_number_is_nobodys_and_the_client_goes_first)
{
	struct unit_thread *s = unit_run("server", 5, 0, replies_twice, NULL);

	if (_i)
		deadline = hal_clock_now() + 100;
	unit_run("client", 20, 0, sends_and_marks, "a");
	sim_advance(100);
	nk_sem_post(&go);
	deadline = NK_TIME_NEVER;
	unit_run("client", 20, 0, sends_and_marks, "b");
	ck_assert_int_eq(s->done, 1);
	ck_assert_str_eq(unit_marks(), "asbs");
}
END_TEST

static void replies_to_three(struct unit_thread *u)
{
	int i;

	for (i = 0; i < 3; i++) {
		long id = nk_channel_receive(&c, text, SIZE, &size, deadline);

		nk_sem_wait(&go, NK_TIME_NEVER);
		u->ret = nk_channel_reply(&c, (unsigned long)id, text, 1);
	}
	nk_channel_bereave(&c, &u->t);
}

static void sends_and_looks(struct unit_thread *u)
{
	sends_and_marks(u);
	/* Whose message is that of the one who had no room. */
	ck_assert(!nk_plist_empty(&c.queued));
}

START_TEST(who_waits_for_room_goes_before_who_makes_it)
{
	unit_run("server", 60, 0, replies_to_three, NULL);
	unit_run("a", 10, 0, sends_and_looks, "a");
	unit_run("b", 5, 0, sends_and_marks, "b");
	unit_run("c", 50, 0, sends_and_marks, "c");
	nk_sem_post(&go);
	nk_sem_post(&go);
	nk_sem_post(&go);
	ck_assert_str_eq(unit_marks(), "abc");
}
END_TEST

/* The server has not received it yet, and lives on. */
START_TEST(who_gives_up_takes_its_turn_along)
{
	unit_run("server", 5, 0, replies_to_three, NULL);
	unit_run("a", 10, 0, sends_and_marks, "a");
	deadline = hal_clock_now() + 100;
	unit_run("b", 10, 0, sends_and_marks, "b");
	deadline = NK_TIME_NEVER;
	ck_assert(flows[0].turn.owner && flows[1].turn.owner);
	sim_advance(100);
	ck_assert(!flows[0].turn.owner || !flows[1].turn.owner);
	unit_run("c", 10, 0, sends_and_marks, "c");
	unit_run("d", 10, 0, sends_and_marks, "d");
	nk_sem_post(&go);
	nk_sem_post(&go);
	nk_sem_post(&go);
	ck_assert_str_eq(unit_marks(), "bacd");
}
END_TEST

START_TEST(a_channel_that_somebody_looks_at_stays)
{
	c.wq.pins++;
	ck_assert_int_eq(nk_channel_destroy(&c), -NK_EBUSY);
	c.wq.pins--;
}
END_TEST

Suite *preempt_suite(void)
{
	Suite *suite = suite_create("preempt");
	TCase *tc = unit_race_case(suite, "preempt");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, who_is_better_goes_first, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(tc, an_old_number_is_nobodys_and_the_client_goes_first, 0, 2);
	tcase_add_test(tc, who_gives_up_takes_its_turn_along);
	tcase_add_test(tc, a_channel_that_somebody_looks_at_stays);
	tcase_add_test(tc, who_waits_for_room_goes_before_who_makes_it);
	return suite;
}
