// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/channel.c
 */
#include <string.h>

#include "nucleus/channel.h"
#include "nucleus/flow.h"
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

#define FLOWS	4
#define SIZE	16

static struct nk_channel c, second;
static struct nk_flow flows[2][FLOWS];
static struct nk_slot slots[2][FLOWS];
static char areas[2][FLOWS * SIZE];
static struct nk_sem go;
static nk_time_t deadline;
static int rounds;		/* of a server */

static void setup(void)
{
	unit_setup();
	ck_assert_int_eq(nk_channel_init(&c, flows[0], slots[0], areas[0], FLOWS, SIZE), 0);
	ck_assert_int_eq(nk_channel_init(&second, flows[1], slots[1], areas[1], FLOWS, SIZE), 0);
	nk_sem_init(&go, 0, 10);
	deadline = NK_TIME_NEVER;
	rounds = 1;
}

static void all_is_free(const struct nk_channel *ch)
{
	int i;

	ck_assert_uint_eq(nk_sem_count(&ch->pool.room), FLOWS);
	for (i = 0; i < FLOWS; i++) {
		ck_assert_ptr_null(ch->flows[i].turn.owner);
		ck_assert_int_eq(ch->flows[i].state, NK_FLOW_FREE);
		ck_assert_int_eq(nk_mutex_check(&ch->flows[i].turn), 0);
	}
}

static void teardown(void)
{
	all_is_free(&c);
	all_is_free(&second);
	ck_assert_int_eq(nk_channel_destroy(&c), 0);
	ck_assert_int_eq(nk_channel_destroy(&second), 0);
	ck_assert_int_eq(nk_sem_destroy(&go), 0);
	unit_teardown();
}

/* Sends a letter and wants it back with a '!'. */
static void sends(struct unit_thread *u)
{
	char reply[SIZE] = "";

	u->ret = (int)nk_channel_send(&c, u->arg, 1, reply, SIZE, deadline);
	if (u->ret >= 0) {
		ck_assert_int_eq(u->ret, 2);
		ck_assert_int_eq(reply[0], *(char *)u->arg);
		ck_assert_int_eq(reply[1], '!');
	}
}

/* As many rounds, each: receive, wait for the word to go, reply. */
static void serves(struct unit_thread *u)
{
	unsigned int size;
	char m[SIZE];
	long id;
	int i;

	for (i = 0; i < rounds; i++) {
		id = nk_channel_receive(&c, m, SIZE, &size, NK_TIME_NEVER);
		u->ret = id < 0 ? (int)id : 0;
		if (id < 0)
			break;
		ck_assert_uint_eq(size, 1);
		unit_mark(m[0]);
		nk_sem_wait(&go, NK_TIME_NEVER);
		m[1] = '!';
		u->ret = nk_channel_reply(&c, (unsigned long)id, m, 2);
	}
	nk_channel_bereave(&c, &u->t);
}

static struct unit_thread *server(int prio, int cpu)
{
	return unit_run("server", prio, cpu, serves, NULL);
}

static struct unit_thread *client(int prio, const char *what)
{
	return unit_run("client", prio, 0, sends, (void *)what);
}

static void proceed(int n)
{
	while (n--)
		nk_sem_post(&go);
	sim_settle();
}

START_TEST(init_refuses_what_makes_no_sense)
{
	ck_assert_int_eq(c.wq.lock.rank, NK_RANK_COND);
	ck_assert_int_eq(nk_channel_init(&c, flows[0], slots[0], areas[0], 0, 1), -NK_EINVAL);
	ck_assert_int_eq(nk_channel_init(&c, flows[0], slots[0], areas[0], 1, 0), -NK_EINVAL);
	ck_assert_int_eq(nk_channel_init(&c, NULL, NULL, NULL, NK_CHANNEL_FLOWS + 1, 1), -NK_EINVAL);
}
END_TEST

START_TEST(a_message_is_answered)
{
	struct unit_thread *s = server(10, 0), *u = client(20, "a");

	ck_assert_int_eq(u->done, 0);
	proceed(1);
	ck_assert_int_eq(u->ret, 2);
	ck_assert_int_eq(s->ret, 0);
}
END_TEST

START_TEST(messages_come_by_priority_also_before_there_is_a_server)
{
	struct unit_thread *s;

	client(10, "a");
	client(30, "b");
	client(20, "c");
	rounds = 3;
	s = server(5, 0);
	ck_assert_int_eq(s->t.eprio, 30);
	proceed(3);
	ck_assert_int_eq(s->done, 1);
	ck_assert_str_eq(unit_marks(), "bca");
}
END_TEST

START_TEST(the_server_has_the_priority_of_who_waits_for_it)
{
	struct unit_thread *s;

	rounds = 2;
	s = server(5, 0);
	client(10, "a");
	ck_assert_int_eq(s->t.eprio, 10);
	client(30, "b");	/* queued behind, and yet */
	ck_assert_int_eq(s->t.eprio, 30);
	proceed(1);
	ck_assert_int_eq(s->t.eprio, 30);
	proceed(1);
	ck_assert_int_eq(s->t.eprio, 5);
	ck_assert_str_eq(unit_marks(), "ab");
}
END_TEST

static void holds(struct unit_thread *u)
{
	nk_mutex_lock(u->arg, NK_TIME_NEVER);
	nk_sem_wait(&go, NK_TIME_NEVER);
	nk_mutex_unlock(u->arg);
}

static void serves_with(struct unit_thread *u)
{
	unsigned int size;
	char m[SIZE];
	long id = nk_channel_receive(&c, m, SIZE, &size, NK_TIME_NEVER);

	nk_mutex_lock(u->arg, NK_TIME_NEVER);
	nk_mutex_unlock(u->arg);
	m[1] = '!';
	nk_channel_reply(&c, (unsigned long)id, m, 2);
	nk_channel_bereave(&c, &u->t);
}

START_TEST(priority_goes_through_the_server_to_whom_it_waits_for)
{
	static struct nk_mutex m;
	struct unit_thread *holder, *s, *u;

	nk_mutex_init(&m);
	holder = unit_run("holder", 3, 0, holds, &m);
	s = unit_run("server", 5, 0, serves_with, &m);
	deadline = hal_clock_now() + 100;
	u = client(40, "a");
	ck_assert_int_eq(s->t.eprio, 40);
	ck_assert_int_eq(holder->t.eprio, 40);
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	ck_assert_int_eq(s->t.eprio, 5);
	ck_assert_int_eq(holder->t.eprio, 5);
	proceed(1);
	ck_assert_int_eq(s->done, 1);
}
END_TEST

START_TEST(a_client_that_gives_up_leaves_nothing)
{
	struct unit_thread *s, *u, *v;

	s = server(5, 0);
	deadline = hal_clock_now() + 100;
	u = client(20, "a");
	v = client(30, "b");
	ck_assert_int_eq(s->t.eprio, 30);
	sim_advance(100);
	ck_assert_int_eq(u->ret, -NK_ETIMEDOUT);
	ck_assert_int_eq(v->ret, -NK_ETIMEDOUT);
	ck_assert_int_eq(s->t.eprio, 5);
	proceed(1);
	ck_assert_int_eq(s->ret, -NK_ECANCELED);
	ck_assert_str_eq(unit_marks(), "a");
}
END_TEST

static void receives_and_dies(struct unit_thread *u)
{
	unsigned int size;
	char m[SIZE];

	nk_channel_receive(&c, m, SIZE, &size, NK_TIME_NEVER);
	nk_sem_wait(&go, NK_TIME_NEVER);
	nk_channel_bereave(&c, &u->t);
}

START_TEST(when_the_server_ends_its_clients_hear_of_it)
{
	struct unit_thread *s = unit_run("s", 5, 0, receives_and_dies, NULL), *u, *v, *w;

	u = client(20, "a");
	v = client(10, "b");
	deadline = hal_clock_now() + 100;
	w = client(11, "c");
	sim_advance(100);
	ck_assert_int_eq(w->ret, -NK_ETIMEDOUT);
	deadline = NK_TIME_NEVER;
	proceed(1);
	ck_assert_int_eq(s->done, 1);
	ck_assert_int_eq(u->ret, -NK_EOWNERDEAD);
	ck_assert_int_eq(v->ret, -NK_EOWNERDEAD);
	server(5, 0);		/* another one */
	u = client(20, "d");
	proceed(1);
	ck_assert_int_eq(u->ret, 2);
}
END_TEST

static void sends_to_itself(struct unit_thread *u)
{
	unsigned int size;
	char m[SIZE];

	u->ret = (int)nk_channel_receive(&c, m, SIZE, &size, 0);
	ck_assert_int_eq(u->ret, -NK_EWOULDBLOCK);
	u->ret = (int)nk_channel_send(&c, m, 1, m, SIZE, NK_TIME_NEVER);
	nk_channel_bereave(&c, &u->t);
}

static void serves_by_sending(struct unit_thread *u)
{
	unsigned int size;
	char m[SIZE];
	long id;

	id = nk_channel_receive(&second, m, SIZE, &size, NK_TIME_NEVER);
	u->ret = (int)nk_channel_send(&c, "x", 1, m, SIZE, NK_TIME_NEVER);
	ck_assert_int_eq(nk_channel_reply(&second, (unsigned long)id, m, 0), 0);
	nk_channel_bereave(&second, &u->t);
}

static void asks_the_second(struct unit_thread *u)
{
	unsigned int size;
	char m[SIZE];
	long id = nk_channel_receive(&c, m, SIZE, &size, NK_TIME_NEVER);

	u->ret = (int)nk_channel_send(&second, "y", 1, m, SIZE, NK_TIME_NEVER);
	m[0] = 'a';
	m[1] = '!';
	ck_assert_int_eq(nk_channel_reply(&c, (unsigned long)id, m, 2), 0);
	nk_channel_bereave(&c, &u->t);
}

START_TEST(rings_are_told)
{
	struct unit_thread *u = unit_run("u", 10, 0, sends_to_itself, NULL), *v, *w;

	ck_assert_int_eq(u->ret, -NK_EDEADLK);
	v = unit_run("v", 10, 0, serves_by_sending, NULL);
	w = unit_run("w", 10, 0, asks_the_second, NULL);
	u = client(20, "a");
	ck_assert_int_eq(v->ret, -NK_EDEADLK);
	ck_assert_int_eq(w->ret, 0);
	ck_assert_int_eq(u->ret, 2);
}
END_TEST

static void calls_badly(struct unit_thread *u)
{
	unsigned int size;
	char m[SIZE + 1] = "";
	long id;

	ck_assert_int_eq(nk_channel_send(&c, m, SIZE + 1, m, SIZE, NK_TIME_NEVER), -NK_EMSGSIZE);
	ck_assert_int_eq(nk_channel_receive(&c, m, SIZE - 1, &size, NK_TIME_NEVER), -NK_EMSGSIZE);
	id = nk_channel_receive(&c, m, SIZE, &size, NK_TIME_NEVER);
	ck_assert_int_gt(id, 0);
	ck_assert_int_eq(nk_channel_reply(&c, (unsigned long)id, m, SIZE + 1), -NK_EMSGSIZE);
	ck_assert_int_eq(nk_channel_reply(&c, (unsigned long)id + 1, m, 1), -NK_EINVAL);
	ck_assert_int_eq(nk_channel_reply(&c, (unsigned long)id + 256, m, 1), -NK_EINVAL);
	ck_assert_int_eq(nk_channel_reply(&c, (unsigned long)id + FLOWS, m, 1), -NK_EINVAL);
	ck_assert_int_eq(nk_channel_reply(&c, 0, m, 1), -NK_EINVAL);
	nk_sem_wait(&go, NK_TIME_NEVER);
	m[1] = '!';
	ck_assert_int_eq(nk_channel_reply(&c, (unsigned long)id, m, 2), 0);
	ck_assert_int_eq(nk_channel_reply(&c, (unsigned long)id, m, 2), -NK_EINVAL);
	nk_channel_bereave(&c, &u->t);
}

static void intrudes(struct unit_thread *u)
{
	unsigned int size;
	char m[SIZE];

	u->ret = (int)nk_channel_receive(&c, m, SIZE, &size, 0);
	ck_assert_int_eq(nk_channel_reply(&c, *(unsigned long *)u->arg, m, 1), -NK_EINVAL);
}

START_TEST(bad_arguments_change_nothing)
{
	unsigned long id = 256;
	struct unit_thread *u, *v;

	unit_run("s", 10, 0, calls_badly, NULL);
	u = client(20, "a");
	v = unit_run("v", 30, 0, intrudes, &id);
	ck_assert_int_eq(v->ret, -NK_EBUSY);
	proceed(1);
	ck_assert_int_eq(u->ret, 2);
}
END_TEST

static void sends_for_little(struct unit_thread *u)
{
	char reply[SIZE];

	u->ret = (int)nk_channel_send(&c, u->arg, 1, reply, 1, deadline);
}

START_TEST(a_reply_that_is_too_long_is_told)
{
	struct unit_thread *u;

	server(5, 0);
	u = unit_run("u", 10, 0, sends_for_little, "a");
	proceed(1);
	ck_assert_int_eq(u->ret, -NK_EMSGSIZE);
}
END_TEST

static char got[SIZE];

static void receives_into_got(struct unit_thread *u)
{
	unsigned int size;
	long id = nk_channel_receive(&c, got, SIZE, &size, NK_TIME_NEVER);

	u->ret = (int)id;
	if (id > 0) {
		got[1] = '!';
		ck_assert_int_eq(nk_channel_reply(&c, (unsigned long)id, got, 2), 0);
	}
}

/* -EINTR lets a caller send again: only when nobody has received it. */
START_TEST(a_recall_tells_whether_it_was_received)
{
	struct unit_thread *u = unit_user("u", 10, sends, "a"), *s;

	unit_enter(u);
	sim_settle();
	nk_stage_recall(&u->t, 3);
	sim_settle();
	ck_assert_int_eq(u->ret, -NK_EINTR);
	s = server(5, 0);
	ck_assert_int_eq(s->done, 0);
	unit_enter(u);
	sim_settle();
	nk_stage_recall(&u->t, 3);
	sim_settle();
	ck_assert_int_eq(u->ret, -NK_ECANCELED);
	proceed(1);
	ck_assert_int_eq(s->ret, -NK_ECANCELED);
}
END_TEST

START_TEST(what_cannot_be_received_stays)
{
	struct unit_thread *u = client(20, "a"), *s = unit_user("s", 10, receives_into_got, NULL);

	sim_user_hole(got);
	unit_enter(s);
	sim_settle();
	ck_assert_int_eq(s->ret, -NK_EFAULT);
	ck_assert_int_eq(u->done, 0);
	sim_user_hole(NULL);
	unit_enter(s);
	sim_settle();
	ck_assert_int_eq(u->ret, 2);
	nk_channel_bereave(&c, &s->t);
}
END_TEST

START_TEST(destroy_ends_all_waits)
{
	struct unit_thread *s = server(5, 0), *u;

	ck_assert_int_eq(nk_channel_destroy(&c), 0);
	ck_assert_int_eq(s->ret, -NK_EIDRM);
	nk_channel_init(&c, flows[0], slots[0], areas[0], FLOWS, SIZE);
	s = server(5, 0);
	u = client(20, "a");
	nk_channel_destroy(&c);
	ck_assert_int_eq(u->ret, -NK_EIDRM);
	ck_assert_int_eq(s->t.eprio, 5);
	proceed(1);
	ck_assert_int_eq(s->ret, -NK_EIDRM);
	ck_assert_int_eq(nk_channel_destroy(&c), 0);
	ck_assert_int_eq(client(20, "a")->ret, -NK_EIDRM);
	nk_channel_init(&c, flows[0], slots[0], areas[0], FLOWS, SIZE);
}
END_TEST

/* The reply, or else the message, against a deadline. Either it is answered or not at all. */
static void against_timeout(int late)
{
	struct unit_thread *s, *u;

	setup();
	deadline = hal_clock_now() + 100;
	s = late ? server(5, 0) : unit_make("s", 5, 0, serves, NULL);
	u = unit_run("u", 10, 1, sends, "a");
	sim_settle();
	sim_post(1, unit_advance_100, NULL);
	sim_race_begin();
	if (late)
		nk_sem_post(&go);
	else
		nk_thread_start(&s->t);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done, 1);
	ck_assert(u->ret == 2 || u->ret == -NK_ETIMEDOUT);
	deadline = hal_clock_now() + 1000;
	if (!s->done)		/* it received, or waits for another one */
		nk_sem_post(&go);
	if (!s->done)
		client(10, "b");
	sim_settle();
	ck_assert_int_eq(s->t.eprio, 5);
	nk_sem_trywait(&go);
	teardown();
}

static void reply_against_timeout(void *arg)
{
	(void)arg;
	against_timeout(1);
}

static void receive_against_timeout(void *arg)
{
	(void)arg;
	against_timeout(0);
}

static void reply_against_recall(void *arg)
{
	struct unit_thread *s, *u;

	(void)arg;
	setup();
	s = server(5, 1);
	u = unit_user("u", 10, sends, "a");
	sim_settle();
	unit_enter(u);
	sim_settle();
	sim_post(1, unit_recall, &u->t);
	sim_race_begin();
	nk_sem_post(&go);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(u->done + s->done, 2);
	ck_assert(u->ret == 2 || u->ret == -NK_ECANCELED);
	ck_assert_int_eq(s->ret, u->ret == 2 ? 0 : -NK_ECANCELED);
	teardown();
}

static void bereave_against_send(void *arg)
{
	struct unit_thread *s, *u, *v;

	(void)arg;
	setup();
	s = unit_run("s", 5, 1, receives_and_dies, NULL);
	sim_settle();
	u = client(20, "a");
	sim_settle();
	v = unit_make("v", 10, 0, sends, "b");
	deadline = hal_clock_now() + 100;
	sim_race_begin();
	nk_sem_post(&go);
	nk_thread_start(&v->t);
	sim_race_end();
	sim_settle();
	sim_advance(100);
	ck_assert_int_eq(s->done + u->done + v->done, 3);
	ck_assert_int_eq(u->ret, -NK_EOWNERDEAD);
	ck_assert(v->ret == -NK_EOWNERDEAD || v->ret == -NK_ETIMEDOUT);
	teardown();
}

static void destroy(void *arg)
{
	nk_channel_destroy(arg);
}

static void destroy_against_reply(void *arg)
{
	struct unit_thread *s, *u;

	(void)arg;
	setup();
	s = server(5, 0);
	u = client(20, "a");
	sim_post(1, destroy, &c);
	sim_race_begin();
	nk_sem_post(&go);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(s->done + u->done, 2);
	/* The server may hear of it first, and end before the client is told. */
	ck_assert(u->ret == 2 || u->ret == -NK_EIDRM || u->ret == -NK_EOWNERDEAD);
	ck_assert_int_eq(s->t.eprio, 5);
	ck_assert_int_eq(nk_channel_destroy(&c), 0);
	nk_channel_init(&c, flows[0], slots[0], areas[0], FLOWS, SIZE);
	teardown();
}

static void (*const races[])(void *arg) = {
	reply_against_timeout, receive_against_timeout, reply_against_recall, bereave_against_send,
	destroy_against_reply,
};

START_TEST(no_race_loses_a_flow_or_a_priority)
{
	unit_explore_as("channel", races[_i], NULL);
}
END_TEST

Suite *channel_suite(void)
{
	Suite *suite = suite_create("channel");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, init_refuses_what_makes_no_sense);
	tcase_add_test(tc, a_message_is_answered);
	tcase_add_test(tc, messages_come_by_priority_also_before_there_is_a_server);
	tcase_add_test(tc, the_server_has_the_priority_of_who_waits_for_it);
	tcase_add_test(tc, priority_goes_through_the_server_to_whom_it_waits_for);
	tcase_add_test(tc, a_client_that_gives_up_leaves_nothing);
	tcase_add_test(tc, when_the_server_ends_its_clients_hear_of_it);
	tcase_add_test(tc, rings_are_told);
	tcase_add_test(tc, bad_arguments_change_nothing);
	tcase_add_test(tc, a_reply_that_is_too_long_is_told);
	tcase_add_test(tc, a_recall_tells_whether_it_was_received);
	tcase_add_test(tc, what_cannot_be_received_stays);
	tcase_add_test(tc, destroy_ends_all_waits);
	tc = unit_race_case(suite, "races");
	tcase_add_loop_test(tc, no_race_loses_a_flow_or_a_priority, 0,
			    sizeof(races) / sizeof(races[0]));
	return suite;
}
