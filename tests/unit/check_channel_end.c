// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/channel.c: who goes on when a reply is there, or will never be.
 */
#include "nucleus/channel.h"
#include "nucleus/flow.h"
#include "nucleus/sched.h"
#include "tests/unit/unit.h"

#define SIZE	16
#define FLOWS	4

static struct nk_channel c;
static struct nk_flow flow;
static struct nk_slot slot;
static char area[SIZE];
static struct nk_waitq gate;

static void setup(void)
{
	unit_setup();
	ck_assert_int_eq(nk_channel_init(&c, &flow, &slot, area, 1, SIZE), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(nk_channel_destroy(&c), 0);
	unit_teardown();
}

static void sends(struct unit_thread *u)
{
	char reply[SIZE];

	u->ret = (int)nk_channel_send(&c, "a", 1, reply, SIZE, NK_TIME_NEVER);
	unit_mark('c');
}

static void replies(struct unit_thread *u)
{
	unsigned int size;
	char m[SIZE];
	long id = nk_channel_receive(&c, m, SIZE, &size, NK_TIME_NEVER);

	if (u->arg)
		nk_wait_block(u->arg, NK_TIME_NEVER);
	u->ret = nk_channel_reply(&c, (unsigned long)id, m, size);
	unit_mark('s');
	nk_channel_bereave(&c, &u->t);
}

START_TEST(a_reply_gives_way_to_a_better_client)
{
	struct unit_thread *s = unit_run("s", 5, 0, replies, NULL);
	struct unit_thread *u = unit_run("c", 20, 0, sends, NULL);

	ck_assert_int_eq(s->ret, 0);
	ck_assert_int_eq(u->ret, 1);
	ck_assert_str_eq(unit_marks(), "cs");
}
END_TEST

static void sends_from_nowhere(struct unit_thread *u)
{
	static char from[4];

	sim_user_hole(from);
	u->ret = (int)nk_channel_send(&c, from, 1, from, 1, NK_TIME_NEVER);
	sim_user_hole(NULL);
}

/* There is one flow: who could not be sent has given it back. */
START_TEST(a_message_that_is_not_there_takes_no_flow)
{
	struct unit_thread *bad = unit_user("b", 20, sends_from_nowhere, NULL), *u;

	unit_enter(bad);
	ck_assert_int_eq(bad->ret, -NK_EFAULT);
	unit_run("s", 5, 0, replies, NULL);
	u = unit_run("c", 20, 0, sends, NULL);
	ck_assert_int_eq(u->ret, 1);
	ck_assert_str_eq(unit_marks(), "cs");
}
END_TEST

/* As on behalf of a thread that is gone. */
START_TEST(clients_of_a_server_that_linux_buries_go_on_at_once)
{
	struct unit_thread *s, *u;

	nk_waitq_init(&gate);
	s = unit_run("s", 5, 0, replies, &gate);
	u = unit_run("c", 20, 0, sends, NULL);
	nk_channel_bereave(&c, &s->t);
	ck_assert_str_eq(unit_marks(), "c");
	ck_assert_int_eq(u->ret, -NK_EOWNERDEAD);
	nk_wait_wake_all(&gate);
	ck_assert_int_eq(s->ret, -NK_EINVAL);
	ck_assert_int_eq(nk_waitq_destroy(&gate), 0);
}
END_TEST

/* The client gave up while it was served: its flow is nobody's until the server goes. */
START_TEST(a_flow_without_client_comes_back_when_the_server_goes)
{
	struct unit_thread *s, *u;

	nk_waitq_init(&gate);
	s = unit_run("s", 5, 0, replies, &gate);
	u = unit_run("c", 20, 0, sends, NULL);
	nk_thread_unblock(&u->t, -NK_EINTR);
	ck_assert_int_eq(u->ret, -NK_ECANCELED);
	nk_channel_bereave(&c, &s->t);
	nk_wait_wake_all(&gate);
	ck_assert_int_eq(s->ret, -NK_EINVAL);
	unit_run("s", 5, 0, replies, NULL);
	u = unit_run("c", 20, 0, sends, NULL);
	ck_assert_int_eq(u->ret, 1);
	ck_assert_int_eq(nk_waitq_destroy(&gate), 0);
}
END_TEST

static int gaps;

static void a_gap(void)
{
	gaps++;
}

static void leaves(struct unit_thread *u)
{
	unsigned int size;
	char m[SIZE];

	ck_assert_int_eq(nk_channel_receive(u->arg, m, SIZE, &size, 0), -NK_EWOULDBLOCK);
	sim_on_unmask(a_gap);
	nk_channel_bereave(u->arg, &u->t);
	sim_on_unmask(NULL);
}

/* Each flow is looked at, in use or not. */
START_TEST(interrupts_are_let_in_between_the_flows)
{
	struct nk_channel wide;
	struct nk_flow flows[FLOWS];
	struct nk_slot slots[FLOWS];
	char room[FLOWS * SIZE];

	ck_assert_int_eq(nk_channel_init(&wide, flows, slots, room, FLOWS, SIZE), 0);
	unit_run("s", 5, 0, leaves, &wide);
	ck_assert_int_ge(gaps, FLOWS);
	ck_assert_int_eq(nk_channel_destroy(&wide), 0);
}
END_TEST

Suite *channel_end_suite(void)
{
	Suite *suite = suite_create("channel_end");
	TCase *tc = unit_race_case(suite, "core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_reply_gives_way_to_a_better_client);
	tcase_add_test(tc, a_message_that_is_not_there_takes_no_flow);
	tcase_add_test(tc, clients_of_a_server_that_linux_buries_go_on_at_once);
	tcase_add_test(tc, a_flow_without_client_comes_back_when_the_server_goes);
	tcase_add_test(tc, interrupts_are_let_in_between_the_flows);
	return suite;
}
