// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/value.c, with the compare and swap of user space made by the tests' threads.
 */
#include "nucleus/event.h"
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/watch.h"
#include "tests/unit/unit.h"

#define ID 0x1234u

static struct nk_sem s;
static struct nk_event e;
static nk_u64 sem_word, event_word;
static int takes, posts;

static void setup(void)
{
	unit_setup();
	ck_assert_int_eq(nk_sem_init(&s, 0, NK_SEM_MAX), 0);
	nk_sem_share(&s, &sem_word, ID);
	nk_event_init(&e, 0);
	nk_event_share(&e, &event_word, ID);
	takes = 0;
	posts = 0;
}

static void teardown(void)
{
	ck_assert_int_eq(nk_sem_destroy(&s), 0);
	ck_assert_int_eq(nk_event_destroy(&e), 0);
	unit_teardown();
}

static nk_u64 has(nk_u32 value)
{
	return (nk_u64)ID << 32 | value;
}

/* ---- user space ---------------------------------------------------------------------------- */

static int swap(nk_u64 *word, nk_u64 *from, nk_u64 to)
{
	return __atomic_compare_exchange_n(word, from, to, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static int user_post(void)
{
	nk_u64 now = __atomic_load_n(&sem_word, __ATOMIC_SEQ_CST);

	while (now >> 32 == ID)
		if (swap(&sem_word, &now, now + 1))
			return 0;
	return nk_sem_post(&s);
}

static int user_wait(nk_time_t deadline)
{
	nk_u64 now = __atomic_load_n(&sem_word, __ATOMIC_SEQ_CST);

	while (now >> 32 == ID && (nk_u32)now)
		if (swap(&sem_word, &now, now - 1))
			return 0;
	return nk_sem_wait(&s, deadline);
}

static int user_set(nk_u32 bits)
{
	nk_u64 now = __atomic_load_n(&event_word, __ATOMIC_SEQ_CST);

	while (now >> 32 == ID)
		if (swap(&event_word, &now, now | bits))
			return 0;
	return nk_event_post(&e, bits);
}

static void waits(struct unit_thread *u)
{
	u->ret = user_wait(NK_TIME_NEVER);
	takes += !u->ret;
}

static void posts_once(struct unit_thread *u)
{
	u->ret = user_post();
	posts++;
}

/* ---- semaphores ------------------------------------------------------------------------------ */

START_TEST(a_semaphore_that_nobody_waits_for_leaves_keel_out)
{
	ck_assert(sem_word == has(0));
	user_post();
	user_post();
	ck_assert(sem_word == has(2));
	ck_assert_uint_eq(nk_sem_count(&s), 2);
	ck_assert_int_eq(unit_run("w", 10, 0, waits, NULL)->ret, 0);
	ck_assert(sem_word == has(1));
	ck_assert_int_eq(s.value.open, 1);
}
END_TEST

START_TEST(calls_see_what_user_space_has_posted_and_give_it_back)
{
	user_post();
	ck_assert_int_eq(nk_sem_trywait(&s), 0);
	ck_assert(sem_word == has(0));
	ck_assert_int_eq(nk_sem_trywait(&s), -NK_EWOULDBLOCK);
	ck_assert(sem_word == has(0));
	ck_assert_int_eq(nk_sem_post(&s), 0);
	ck_assert(sem_word == has(1));
	ck_assert_int_eq(nk_sem_broadcast(&s, 0), 0);
	ck_assert_uint_eq(nk_sem_count(&s), 1);
}
END_TEST

/* V3. */
START_TEST(a_post_for_a_waiter_is_a_call)
{
	struct unit_thread *w = unit_run("w", 10, 0, waits, NULL);

	ck_assert(sem_word == 0);
	ck_assert_int_eq(nk_sem_trywait(&s), -NK_EWOULDBLOCK);
	ck_assert(sem_word == 0);
	ck_assert_int_eq(user_post(), 0);
	sim_settle();
	ck_assert_int_eq(w->done, 1);
	ck_assert_int_eq(w->ret, 0);
	ck_assert_uint_eq(nk_sem_count(&s), 0);
	ck_assert_int_eq(nk_sem_post(&s), 0);
	ck_assert(sem_word == has(1));
}
END_TEST

static void waits_a_while(struct unit_thread *u)
{
	u->ret = user_wait(1000);
}

START_TEST(who_gave_up_does_not_keep_the_word)
{
	struct unit_thread *w = unit_run("w", 10, 0, waits_a_while, NULL);

	ck_assert(sem_word == 0);
	sim_advance(2000);
	sim_settle();
	ck_assert_int_eq(w->ret, -NK_ETIMEDOUT);
	user_post();
	ck_assert(sem_word == has(1));
}
END_TEST

/* V1. */
START_TEST(what_a_process_writes_is_bounded)
{
	sem_word = ~0ull;
	ck_assert_int_eq(nk_sem_post(&s), -NK_EOVERFLOW);
	ck_assert_uint_le(nk_sem_count(&s), NK_SEM_MAX);
	ck_assert_int_eq(nk_sem_trywait(&s), 0);
	ck_assert(sem_word == has(NK_SEM_MAX - 1));
	nk_sem_post(&s);
	sem_word = 0;
	ck_assert_int_eq(nk_sem_trywait(&s), -NK_EWOULDBLOCK);
	ck_assert(sem_word == has(0));
}
END_TEST

START_TEST(what_is_written_over_a_claim_is_not_believed)
{
	struct unit_thread *w = unit_run("w", 10, 0, waits, NULL);

	sem_word = has(7);
	ck_assert_int_eq(nk_sem_trywait(&s), -NK_EWOULDBLOCK);
	ck_assert_int_eq(w->done, 0);
	ck_assert_int_eq(nk_sem_post(&s), 0);
	sim_settle();
	ck_assert_int_eq(w->done, 1);
	ck_assert_int_eq(nk_sem_trywait(&s), -NK_EWOULDBLOCK);
}
END_TEST

START_TEST(a_pulse_is_for_one_who_waits)
{
	struct unit_thread *w;
	struct nk_sem p;

	ck_assert_int_eq(nk_sem_init(&p, 0, 1), 0);
	nk_sem_pulse(&p);
	ck_assert_int_eq(nk_sem_post(&p), -NK_EOVERFLOW);
	ck_assert_uint_eq(nk_sem_count(&p), 0);
	ck_assert_int_eq(nk_sem_trywait(&p), -NK_EWOULDBLOCK);
	ck_assert_int_eq(nk_sem_destroy(&p), 0);
	nk_sem_pulse(&s);
	w = unit_run("w", 10, 0, waits, NULL);
	ck_assert_int_eq(nk_sem_post(&s), 0);
	sim_settle();
	ck_assert_int_eq(w->done, 1);
}
END_TEST

static void marks(struct unit_thread *u)
{
	u->ret = nk_sem_wait(&s, NK_TIME_NEVER);
	unit_mark(*(char *)u->arg);
}

START_TEST(first_come_first_served_when_so_made)
{
	nk_waitq_fifo(&s.wq);
	unit_run("a", 10, 0, marks, "a");
	unit_run("b", 30, 0, marks, "b");
	unit_run("c", 20, 0, marks, "c");
	ck_assert_int_eq(nk_wait_count(&s.wq), 3);
	for (int i = 0; i < 3; i++) {
		nk_sem_post(&s);
		sim_settle();
	}
	ck_assert_str_eq(unit_marks(), "abc");
	ck_assert_int_eq(nk_wait_count(&s.wq), 0);
}
END_TEST

START_TEST(nothing_is_posted_by_a_word_once_it_is_destroyed)
{
	ck_assert_int_eq(nk_sem_destroy(&s), 0);
	ck_assert(sem_word == 0);
	ck_assert_int_eq(user_post(), -NK_EIDRM);
	ck_assert(sem_word == 0);
}
END_TEST

/* ---- events ---------------------------------------------------------------------------------- */

START_TEST(no_bit_is_set_by_a_word_once_it_is_destroyed)
{
	ck_assert_int_eq(nk_event_destroy(&e), 0);
	ck_assert(event_word == 0);
	ck_assert_int_eq(user_set(1), -NK_EIDRM);
	ck_assert(event_word == 0);
}
END_TEST

static void awaits(struct unit_thread *u)
{
	nk_u32 got = 0;

	u->ret = nk_event_wait(&e, 6, NK_EVENT_ALL | NK_EVENT_CONSUME, &got, NK_TIME_NEVER);
	ck_assert_uint_eq(got, 6);
}

START_TEST(bits_are_set_without_keel_until_somebody_waits)
{
	struct unit_thread *w;

	user_set(1);
	user_set(2);
	ck_assert(event_word == has(3));
	w = unit_run("w", 10, 0, awaits, NULL);
	ck_assert(event_word == 0);
	ck_assert_uint_eq(nk_event_bits(&e), 3);
	user_set(4);
	sim_settle();
	ck_assert_int_eq(w->done, 1);
	ck_assert(event_word == has(1));
	ck_assert_uint_eq(nk_event_clear(&e, 1), 1);
	ck_assert(event_word == has(0));
}
END_TEST

static struct nk_watch watch[2];

static void watches(struct unit_thread *u)
{
	watch[0] = (struct nk_watch){ .wq = &s.wq, .ready = nk_sem_is_ready };
	watch[1] = (struct nk_watch){ .wq = &e.wq, .ready = nk_event_is_ready };
	u->ret = nk_watch_wait(watch, 2, NK_TIME_NEVER);
}

START_TEST(who_watches_is_told)
{
	struct unit_thread *w = unit_run("w", 10, 0, watches, NULL);

	nk_sem_trywait(&s);
	nk_event_clear(&e, 1);
	ck_assert(sem_word == 0);
	ck_assert(event_word == 0);
	if (_i)
		user_set(1);
	else
		user_post();
	sim_settle();
	ck_assert_int_eq(w->done, 1);
	ck_assert_int_eq(w->ret, 1);
	ck_assert_int_eq(watch[_i].is_ready, 1);
}
END_TEST

START_TEST(a_watch_sees_what_was_there)
{
	if (_i)
		user_set(1);
	else
		user_post();
	ck_assert_int_eq(unit_run("w", 10, 0, watches, NULL)->ret, 1);
	ck_assert_int_eq(watch[_i].is_ready, 1);
}
END_TEST

/* ---- races ------------------------------------------------------------------------------------- */

static struct unit_thread *other;

static void start_other(void *arg)
{
	(void)arg;
	nk_thread_start(&other->t);
}

static void post_against_wait(void *arg)
{
	struct unit_thread *p;

	(void)arg;
	setup();
	p = unit_make("p", 10, 0, posts_once, NULL);
	other = unit_make("w", 20, 1, waits, NULL);
	sim_post(1, start_other, NULL);
	sim_race_begin();
	nk_thread_start(&p->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(posts, 1);
	ck_assert_int_eq(takes, 1);
	ck_assert_uint_eq(nk_sem_count(&s), 0);
	teardown();
}

START_TEST(a_post_against_a_claim_is_neither_lost_nor_doubled)
{
	unit_explore(post_against_wait, NULL);
}
END_TEST

static void sets(struct unit_thread *u)
{
	u->ret = user_set(4);
}

static void set_against_wait(void *arg)
{
	struct unit_thread *p;

	(void)arg;
	setup();
	p = unit_make("p", 10, 0, sets, NULL);
	user_set(2);
	other = unit_make("w", 20, 1, awaits, NULL);
	sim_post(1, start_other, NULL);
	sim_race_begin();
	nk_thread_start(&p->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(other->done, 1);
	ck_assert_uint_eq(nk_event_bits(&e), 0);
	teardown();
}

START_TEST(a_bit_against_a_claim_is_seen)
{
	unit_explore(set_against_wait, NULL);
}
END_TEST

Suite *value_suite(void)
{
	Suite *suite = suite_create("value");
	TCase *tc = unit_race_case(suite, "value");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_semaphore_that_nobody_waits_for_leaves_keel_out);
	tcase_add_test(tc, calls_see_what_user_space_has_posted_and_give_it_back);
	tcase_add_test(tc, a_post_for_a_waiter_is_a_call);
	tcase_add_test(tc, who_gave_up_does_not_keep_the_word);
	tcase_add_test(tc, what_a_process_writes_is_bounded);
	tcase_add_test(tc, what_is_written_over_a_claim_is_not_believed);
	tcase_add_test(tc, a_pulse_is_for_one_who_waits);
	tcase_add_test(tc, first_come_first_served_when_so_made);
	tcase_add_test(tc, nothing_is_posted_by_a_word_once_it_is_destroyed);
	tcase_add_test(tc, no_bit_is_set_by_a_word_once_it_is_destroyed);
	tcase_add_test(tc, bits_are_set_without_keel_until_somebody_waits);
	tcase_add_loop_test(tc, who_watches_is_told, 0, 2);
	tcase_add_loop_test(tc, a_watch_sees_what_was_there, 0, 2);
	tc = unit_race_case(suite, "races");
	tcase_add_test(tc, a_post_against_a_claim_is_neither_lost_nor_doubled);
	tcase_add_test(tc, a_bit_against_a_claim_is_seen);
	return suite;
}
