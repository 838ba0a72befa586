// SPDX-License-Identifier: GPL-2.0
/*
 * Messages between tasks. The server answers each with the sum of its bytes, to the first of two last.
 */
#include <alchemy/task.h>
#include "tasks.h"

static RT_TASK server;
static int got, served;

enum { STOP = 1, SUM, HOLD, LATER, LARGE, QUIET };

static void answer(int flow, int value)
{
	RT_TASK_MCB reply = { .opcode = value, .data = &value, .size = sizeof(value) };

	gives(rt_task_reply(flow, &reply), 0);
}

/* What is more than the sender has room for. */
static void answer_too_much(int flow, RT_TASK_MCB *in)
{
	in->size = 4096;
	fails(rt_task_reply(flow, in), ENOBUFS);
	fails(rt_task_reply(flow, in), ENXIO);
}

static void serves(void *arg)
{
	static char data[70000];
	int held = 0;

	for (;;) {
		RT_TASK_MCB in = { .data = data, .size = sizeof(data) };
		int flow = rt_task_receive(&in, TM_INFINITE), sum = 0;

		check(flow > 0 && in.flowid == flow);
		for (ssize_t i = 0; i < in.size; i++)
			sum += data[i];
		flag_set(&served, served + 1);
		if (in.opcode == HOLD) {
			held = flow;
			continue;
		}
		if (in.opcode == LARGE) {
			answer_too_much(flow, &in);
			continue;
		}
		if (in.opcode == QUIET) {
			gives(rt_task_reply(flow, NULL), 0);
			continue;
		}
		answer(flow, sum);
		if (held && in.opcode == LATER)
			answer(held, -1);
		if (in.opcode == STOP)
			break;
	}
	check(!arg);
}

static void server_start(int prio)
{
	server = task_run(prio, T_JOINABLE, serves, NULL);
}

/* Which form of a call is tried. */
static enum { RELATIVE, UNTIL, TIMED } form;

static struct timespec date_of(RTIME timeout)
{
	RTIME at = timeout == TM_NONBLOCK ? 0 : rt_timer_read() + timeout;

	return (struct timespec){ .tv_sec = at / (1000 * MS), .tv_nsec = at % (1000 * MS) };
}

static RTIME date_in_ticks(RTIME timeout)
{
	return timeout == TM_INFINITE || timeout == TM_NONBLOCK ? timeout : rt_timer_read() + timeout;
}

static ssize_t send_to(RT_TASK *task, RT_TASK_MCB *out, RT_TASK_MCB *in, RTIME timeout)
{
	struct timespec date = date_of(timeout);

	if (form == RELATIVE)
		return rt_task_send(task, out, in, timeout);
	if (form == UNTIL)
		return rt_task_send_until(task, out, in, date_in_ticks(timeout));
	return rt_task_send_timed(task, out, in, timeout == TM_INFINITE ? NULL : &date);
}

static int receive(RT_TASK_MCB *in, RTIME timeout)
{
	struct timespec date = date_of(timeout);

	if (form == RELATIVE)
		return rt_task_receive(in, timeout);
	if (form == UNTIL)
		return rt_task_receive_until(in, date_in_ticks(timeout));
	return rt_task_receive_timed(in, timeout == TM_INFINITE ? NULL : &date);
}

static ssize_t send(int opcode, const void *data, ssize_t size, int *value, RTIME timeout)
{
	RT_TASK_MCB message = { .opcode = opcode, .data = (void *)data, .size = size };
	RT_TASK_MCB reply = { .data = value, .size = sizeof(*value) };
	ssize_t ret = send_to(&server, &message, &reply, timeout);

	check(ret < 0 || (reply.size == ret && reply.opcode == *value));
	return ret;
}

static void server_stop(void)
{
	int value;

	gives(send(STOP, NULL, 0, &value, TM_INFINITE), sizeof(value));
	gives(rt_task_join(&server), 0);
}

static void on_server(void (*fn)(void), int prio)
{
	server_start(prio);
	in_task(fn);
	in_task(server_stop);
}

/* ---- send ------------------------------------------------------------------------------------------------ */

static void sends_held(void *arg)
{
	int value = 0;

	flag_set(arg, (int)send(HOLD, "x", 1, &value, TM_INFINITE));
	gives(value, -1);
}

static void send_all(void)
{
	static char large[60000];
	RT_TASK_MCB small = { .opcode = LARGE, .data = "ab", .size = 2 };
	RT_TASK held;
	int value, result = 0;

	gives(send(SUM, "\1\2\3", 3, &value, TM_INFINITE), 4);
	gives(value, 6);
	memset(large, 1, sizeof(large));
	gives(send(SUM, large, sizeof(large), &value, TM_INFINITE), 4);
	gives(value, sizeof(large));
	fails(send_to(&server, &small, NULL, TM_INFINITE), ENOBUFS);
	small.opcode = QUIET;
	gives(send_to(&server, &small, NULL, TM_INFINITE), 0);
	held = task_run(60, T_JOINABLE, sends_held, &result);
	gives(send(LATER, "\1", 1, &value, TM_INFINITE), 4);	/* out of turn */
	gives(rt_task_join(&held), 0);
	gives(result, 4);
	fails(send(LARGE, NULL, 0, &value, TM_INFINITE), ENOBUFS);
	fails(send(SUM, large, 1 << 16, &value, TM_INFINITE), ENOMEM);
	fails(send(SUM, large, -1, &value, TM_INFINITE), EINVAL);
	fails(send(HOLD, NULL, 0, &value, 5 * MS), ETIMEDOUT);
	gives(send(SUM, "\4", 1, &value, TM_NONBLOCK), 4);	/* it waits for messages */
	gives(value, 4);
}

static void sends_and_is_interrupted(void *arg)
{
	int value;

	flag_set(arg, (int)send(HOLD, NULL, 0, &value, TM_INFINITE));
}

static void does_not_receive(void *arg)
{
	while (!flag_get(arg))
		rt_task_sleep(MS);
}

static void send_to_busy(void)
{
	int value;

	fails(send(SUM, NULL, 0, &value, TM_NONBLOCK), EWOULDBLOCK);
	fails(send(SUM, NULL, 0, &value, 5 * MS), ETIMEDOUT);
}

static void cannot_send(void)
{
	RT_TASK none = NO_ALCHEMY_TASK;
	RT_TASK_MCB message = { .size = 0 };

	fails(send_to(&none, &message, NULL, TM_INFINITE), EINVAL);
	fails(send_to(NULL, &message, NULL, TM_INFINITE), EINVAL);
}

/* A server that asks its client. */
static void asks_back(void *arg)
{
	RT_TASK_MCB in = { .size = 0 }, out = { .size = 0 };
	int flow = rt_task_receive(&in, TM_INFINITE);

	fails(send_to(arg, &out, NULL, TM_INFINITE), EDEADLK);
	gives(rt_task_reply(flow, NULL), 0);
}

static RT_TASK client;

/* One that has never received is waited for, as it may. */
static void asks(void *arg)
{
	RT_TASK_MCB message = { .size = 0 };

	fails(receive(&message, TM_NONBLOCK), EWOULDBLOCK);
	gives(send_to(&server, &message, NULL, TM_INFINITE), 0);
	check(!arg);
}

static void send_round(void)
{
	gives(rt_task_create(&client, NULL, 0, 60, T_JOINABLE), 0);
	server = task_run(70, T_JOINABLE, asks_back, &client);
	gives(rt_task_start(&client, asks, NULL), 0);
	gives(rt_task_join(&client), 0);
	gives(rt_task_join(&server), 0);
}

static void send_row(void)
{
	RT_TASK_MCB message = { .size = 0 };
	RT_TASK task;
	int end = 0;

	on_server(send_all, 70);
	on_server(send_all, 30);	/* it has the sender's priority */
	server_start(70);
	fails(send_to(&server, &message, NULL, TM_INFINITE), EPERM);
	task = task_run(60, T_JOINABLE, sends_and_is_interrupted, &got);
	gives(rt_task_unblock(&task), 0);
	gives(rt_task_join(&task), 0);
	gives(got, -EINTR);
	task = task_run(60, T_JOINABLE, sends_and_is_interrupted, &got);
	gives(rt_task_delete(&server), 0);
	gives(rt_task_join(&task), 0);
	gives(got, -EIDRM);
	gives(rt_task_join(&server), 0);
	in_task(cannot_send);
	server = task_run(60, T_JOINABLE, does_not_receive, &end);
	in_task(send_to_busy);
	flag_set(&end, 1);
	gives(rt_task_join(&server), 0);
}

ROW(rt_task_send)
{
	send_row();
	send_round();
}

ROW(rt_task_send_until)
{
	form = UNTIL;
	send_row();
	send_round();
}

static void send_badly_timed(void)
{
	RT_TASK_MCB message = { .opcode = SUM, .data = "\7", .size = 1 };

	fails(rt_task_send_timed(&server, &message, NULL, &(struct timespec){ .tv_nsec = -1 }), EINVAL);
}

ROW(rt_task_send_timed)
{
	form = TIMED;
	send_row();
	send_round();
	on_server(send_badly_timed, 70);
}

/* ---- receive and reply --------------------------------------------------------------------------------------- */

static void receive_nothing(void)
{
	RT_TASK_MCB in = { .size = 0 };

	fails(receive(&in, TM_NONBLOCK), EWOULDBLOCK);
	fails(receive(&in, 5 * MS), ETIMEDOUT);
	in.size = -1;
	fails(receive(&in, TM_INFINITE), EINVAL);
}

static void receives_too_little(void *arg)
{
	RT_TASK_MCB in = { .data = arg, .size = 1 };

	fails(receive(&in, TM_INFINITE), ENOBUFS);
	flag_set(&got, receive(&in, TM_INFINITE));
}

static void sends_much(void)
{
	int value;

	fails(send(SUM, "abc", 3, &value, TM_INFINITE), ENOBUFS);
}

static void receive_row(void)
{
	RT_TASK_MCB in = { .size = 0 };
	char byte;

	fails(receive(&in, TM_INFINITE), EPERM);
	in_task(receive_nothing);
	server = task_run(70, T_JOINABLE, receives_too_little, &byte);
	in_task(sends_much);
	gives(rt_task_unblock(&server), 0);
	gives(rt_task_join(&server), 0);
	gives(got, -EINTR);
}

/* Two that wait, and the more urgent is received first. */
static void receives_by_priority(void *arg)
{
	char data[2];

	for (int i = 0; i < 2; i++) {
		RT_TASK_MCB in = { .data = &data[i], .size = 1 };
		int flow = receive(&in, 100000 * MS);

		check(flow > 0);
		gives(rt_task_reply(flow, NULL), 0);
	}
	check(data[0] == 'b' && data[1] == 'a');
	check(!arg);
}

static void sends_a(void *arg)
{
	RT_TASK_MCB message = { .data = arg, .size = 1 };

	gives(rt_task_send(&server, &message, NULL, TM_INFINITE), 0);
}

static void receive_in_order(void)
{
	RT_TASK a, b;

	server = task_run(80, T_JOINABLE | T_SUSP, receives_by_priority, NULL);
	a = task_run(30, T_JOINABLE, sends_a, "a");
	b = task_run(60, T_JOINABLE, sends_a, "b");
	gives(rt_task_resume(&server), 0);
	gives(rt_task_join(&server), 0);
	gives(rt_task_join(&a), 0);
	gives(rt_task_join(&b), 0);
}

ROW(rt_task_receive)
{
	receive_row();
	receive_in_order();
}

ROW(rt_task_receive_until)
{
	form = UNTIL;
	receive_row();
	receive_in_order();
}

ROW(rt_task_receive_timed)
{
	RT_TASK_MCB in = { .size = 0 };

	form = TIMED;
	receive_row();
	receive_in_order();
	gives(rt_task_shadow(NULL, NULL, 5, 0), 0);
	fails(rt_task_receive_timed(&in, &(struct timespec){ .tv_nsec = 1000 * MS }), EINVAL);
}

static int gave_up;

static void replies_late(void *arg)
{
	RT_TASK_MCB in = { .size = 0 };
	int flow = rt_task_receive(&in, TM_INFINITE);

	check(flow > 0);
	while (!flag_get(&gave_up))
		rt_task_sleep(MS);
	fails(rt_task_reply(flow, NULL), ENXIO);
	fails(rt_task_reply(flow, NULL), ENXIO);
	fails(rt_task_reply(0, NULL), EINVAL);
	flow = rt_task_receive(&in, TM_INFINITE);
	in.size = -1;
	fails(rt_task_reply(flow, &in), EINVAL);
	in.size = 0;
	gives(rt_task_reply(flow, &in), 0);
	check(!arg);
}

static void gives_up(void)
{
	RT_TASK_MCB message = { .size = 0 };

	fails(rt_task_send(&server, &message, NULL, 5 * MS), ETIMEDOUT);
	flag_set(&gave_up, 1);
	gives(rt_task_send(&server, &message, NULL, TM_INFINITE), 0);
}

static void has_nothing(void)
{
	RT_TASK_MCB none = { .size = -1 };

	fails(rt_task_reply(-1, &none), EINVAL);
	fails(rt_task_reply(999, &none), ENXIO);
}

static void too_much(void)
{
	int value;

	fails(send(LARGE, NULL, 0, &value, TM_INFINITE), ENOBUFS);
}

ROW(rt_task_reply)
{
	on_server(too_much, 70);
	fails(rt_task_reply(1, NULL), EPERM);
	server = task_run(70, T_JOINABLE, replies_late, NULL);
	in_task(gives_up);
	gives(rt_task_join(&server), 0);
	in_task(has_nothing);
}
