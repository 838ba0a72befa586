// SPDX-License-Identifier: GPL-2.0
/*
 * A program as it is written for Xenomai 3: it knows the documented API, and nothing of Keel. Started with
 * --cpu-affinity=0, so that whoever is more urgent runs at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/mman.h>
#include <copperplate/init.h>
#include <copperplate/traceobj.h>
#include <alchemy/task.h>
#include <alchemy/timer.h>
#include <alchemy/sem.h>
#include <alchemy/mutex.h>
#include <alchemy/cond.h>
#include <alchemy/event.h>
#include <alchemy/queue.h>
#include <alchemy/buffer.h>
#include <alchemy/heap.h>
#include <alchemy/pipe.h>
#include <alchemy/alarm.h>

#define is(call, value)	traceobj_check(&trace, (long)(call), (long)(value))
#define ok(call)	is(call, 0)
#define length(array)	(int)(sizeof(array) / sizeof((array)[0]))

static struct traceobj trace;
static RT_TASK low, high;

/* ---- a task that computes is deleted by one that preempts it ---------------------------------------- */

static RT_SEM sem;
static volatile unsigned long rounds;

static void computes(void *arg)
{
	(void)arg;
	traceobj_mark(&trace, 4);
	ok(rt_sem_v(&sem));
	for (;;)
		rounds++;
}

static void deletes(void *arg)
{
	(void)arg;
	traceobj_enter(&trace);
	traceobj_mark(&trace, 2);
	ok(rt_sem_p(&sem, TM_INFINITE));
	traceobj_mark(&trace, 5);
	do
		ok(rt_task_sleep(20000000));
	while (!rounds);
	ok(rt_task_delete(&low));
	traceobj_mark(&trace, 6);
	traceobj_exit(&trace);
}

static void computing(void)
{
	int order[] = { 1, 2, 3, 4, 5, 6 };

	traceobj_init(&trace, "computing", length(order));
	ok(rt_sem_create(&sem, "begun", 0, S_PRIO));
	traceobj_mark(&trace, 1);
	ok(rt_task_spawn(&high, "high", 0, 30, 0, deletes, NULL));
	traceobj_mark(&trace, 3);
	ok(rt_task_spawn(&low, "low", 0, 20, 0, computes, NULL));
	traceobj_join(&trace);
	traceobj_verify(&trace, order, length(order));
	traceobj_destroy(&trace);
	ok(rt_sem_delete(&sem));
}

/* ---- two of one priority, through queues and heaps -------------------------------------------------- */

static RT_QUEUE there, back;
static RT_HEAP heap;

static void echoes(void *arg)
{
	void *message, *block;
	ssize_t size;

	(void)arg;
	traceobj_enter(&trace);
	while ((size = rt_queue_receive(&there, &message, TM_INFINITE)) > 0) {
		ok(rt_heap_alloc(&heap, size, TM_INFINITE, &block));
		memcpy(block, message, size);
		traceobj_assert(&trace, rt_queue_write(&back, &block, sizeof(block), Q_NORMAL) >= 0);
		ok(rt_queue_free(&there, message));
	}
	is(size, -EIDRM);
	traceobj_exit(&trace);
}

static void asks(void *arg)
{
	int i, *block;

	(void)arg;
	traceobj_enter(&trace);
	for (i = 0; i < 500; i++) {
		int *message = rt_queue_alloc(&there, sizeof(i));

		traceobj_assert(&trace, message != NULL);
		*message = i;
		traceobj_assert(&trace, rt_queue_send(&there, message, sizeof(i), Q_NORMAL) >= 0);
		is(rt_queue_read(&back, &block, sizeof(block), TM_INFINITE), sizeof(block));
		is(*block, i);
		ok(rt_heap_free(&heap, block));
	}
	ok(rt_queue_delete(&there));
	traceobj_exit(&trace);
}

static void queues(void)
{
	traceobj_init(&trace, "queues", 0);
	ok(rt_queue_create(&there, "there", 1024, 16, Q_FIFO));
	ok(rt_queue_create(&back, "back", 1024, Q_UNLIMITED, Q_PRIO));
	ok(rt_heap_create(&heap, "blocks", 4096, H_FIFO));
	ok(rt_task_create(&low, "echoes", 0, 20, 0));
	ok(rt_task_create(&high, "asks", 0, 20, 0));
	ok(rt_task_start(&low, echoes, NULL));
	ok(rt_task_start(&high, asks, NULL));
	traceobj_join(&trace);
	ok(rt_queue_delete(&back));
	ok(rt_heap_delete(&heap));
	traceobj_destroy(&trace);
}

/* ---- locks ------------------------------------------------------------------------------------------ */

static RT_MUTEX mutex;
static RT_COND cond;
static RT_EVENT event;
static RT_BUFFER buffer;
static int full;

static void consumes(void *arg)
{
	unsigned int mask;
	char text[6];

	(void)arg;
	traceobj_enter(&trace);
	traceobj_mark(&trace, 1);
	ok(rt_mutex_acquire(&mutex, TM_INFINITE));
	while (!full)
		ok(rt_cond_wait(&cond, &mutex, TM_INFINITE));
	ok(rt_mutex_release(&mutex));
	traceobj_mark(&trace, 3);
	ok(rt_event_wait(&event, 0x3, &mask, EV_ALL, TM_INFINITE));
	is(mask, 0x3);
	traceobj_mark(&trace, 6);
	is(rt_buffer_read(&buffer, text, 6, TM_INFINITE), 6);
	ok(strcmp(text, "hello"));
	traceobj_mark(&trace, 8);
	traceobj_exit(&trace);
}

static void produces(void *arg)
{
	(void)arg;
	traceobj_enter(&trace);
	traceobj_mark(&trace, 2);
	ok(rt_mutex_acquire(&mutex, 60000000000ULL));
	full = 1;
	ok(rt_cond_signal(&cond));
	ok(rt_mutex_release(&mutex));
	traceobj_mark(&trace, 4);
	ok(rt_event_signal(&event, 0x1));
	traceobj_mark(&trace, 5);
	ok(rt_event_signal(&event, 0x2));
	traceobj_mark(&trace, 7);
	is(rt_buffer_write(&buffer, "hello", 6, TM_NONBLOCK), 6);
	traceobj_mark(&trace, 9);
	traceobj_exit(&trace);
}

static void locks(void)
{
	int order[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

	traceobj_init(&trace, "locks", length(order));
	ok(rt_mutex_create(&mutex, "mutex"));
	ok(rt_cond_create(&cond, "cond"));
	ok(rt_event_create(&event, "event", 0, EV_PRIO));
	ok(rt_buffer_create(&buffer, "buffer", 64, B_PRIO));
	ok(rt_task_spawn(&high, "consumes", 8192, 51, T_JOINABLE, consumes, NULL));
	ok(rt_task_spawn(&low, "produces", 8192, 50, T_JOINABLE, produces, NULL));
	ok(rt_task_join(&high));
	ok(rt_task_join(&low));
	traceobj_join(&trace);
	traceobj_verify(&trace, order, length(order));
	traceobj_destroy(&trace);
	ok(rt_buffer_delete(&buffer));
	ok(rt_event_delete(&event));
	ok(rt_cond_delete(&cond));
	ok(rt_mutex_delete(&mutex));
}

/* ---- messages, periods, alarms ---------------------------------------------------------------------- */

static RT_ALARM alarm_;
static RT_TASK server;

static void on_alarm(void *arg)
{
	rt_sem_v(arg);
}

static void serves(void *arg)
{
	int flow, n, value;
	RT_TASK_MCB in, out;

	(void)arg;
	traceobj_enter(&trace);
	for (n = 0; n < 10; n++) {
		in.data = &value;
		in.size = sizeof(value);
		flow = rt_task_receive(&in, TM_INFINITE);
		traceobj_assert(&trace, flow > 0 && in.opcode == 0x77);
		value += 1;
		out.opcode = 0;
		out.data = &value;
		out.size = sizeof(value);
		ok(rt_task_reply(flow, &out));
	}
	traceobj_exit(&trace);
}

static void beats(void *arg)
{
	RTIME start;
	unsigned long missed, all = 0;
	RT_TASK_MCB out, in;
	int n, value, ret;

	(void)arg;
	traceobj_enter(&trace);
	do {		/* late, on a machine with much else to do */
		start = rt_timer_read() + rt_timer_ns2ticks(100000000);
		ret = rt_task_set_periodic(NULL, start, rt_timer_ns2ticks(1000000));
	} while (ret == -ETIMEDOUT);
	ok(ret);
	for (n = 0; n < 10; n++) {
		ret = rt_task_wait_period(&missed);
		traceobj_assert(&trace, ret == 0 || ret == -ETIMEDOUT);
		all += missed;
		value = n;
		out.opcode = 0x77;
		out.data = &value;
		out.size = sizeof(value);
		in.data = &value;
		in.size = sizeof(value);
		is(rt_task_send(&server, &out, &in, TM_INFINITE), sizeof(value));
		is(value, n + 1);
	}
	traceobj_assert(&trace, rt_timer_read() >= start + (n + all - 1) * 1000000);
	for (n = 0; n < 3; n++)
		ok(rt_sem_p(&sem, TM_INFINITE));
	traceobj_exit(&trace);
}

static void times(void)
{
	RT_TASK_INFO info;

	traceobj_init(&trace, "times", 0);
	ok(rt_sem_create(&sem, NULL, 0, S_FIFO));
	ok(rt_alarm_create(&alarm_, "alarm", on_alarm, &sem));
	ok(rt_alarm_start(&alarm_, 1000000, 1000000));
	ok(rt_task_spawn(&server, "server", 0, 40, 0, serves, NULL));
	ok(rt_task_inquire(&server, &info));
	traceobj_assert(&trace, info.prio == 40 && !strcmp(info.name, "server"));
	ok(rt_task_spawn(&high, "beats", 0, 99, T_WARNSW, beats, NULL));
	traceobj_join(&trace);
	ok(rt_alarm_stop(&alarm_));
	ok(rt_alarm_delete(&alarm_));
	ok(rt_sem_delete(&sem));
	traceobj_destroy(&trace);
}

/* ---- a pipe to Linux -------------------------------------------------------------------------------- */

static RT_PIPE pipe_;

static void pipes_back(void *arg)
{
	RT_PIPE found;
	int n, value;

	(void)arg;
	traceobj_enter(&trace);
	ok(rt_pipe_bind(&found, "pipe", TM_INFINITE));
	for (n = 0; n < 100; n++) {
		is(rt_pipe_read(&found, &value, sizeof(value), TM_INFINITE), sizeof(value));
		is(value, n);
		is(rt_pipe_write(&found, &value, sizeof(value), n & 1 ? P_URGENT : P_NORMAL), sizeof(value));
	}
	traceobj_exit(&trace);
}

static void pipes(void)
{
	char path[32];
	int minor, fd, n, value;

	traceobj_init(&trace, "pipes", 0);
	ok(rt_task_spawn(&high, "pipe", 0, 10, 0, pipes_back, NULL));
	minor = rt_pipe_create(&pipe_, "pipe", P_MINOR_AUTO, 0);
	traceobj_assert(&trace, minor >= 0);
	snprintf(path, sizeof(path), "/dev/rtp%d", minor);
	fd = open(path, O_RDWR);
	traceobj_assert(&trace, fd >= 0);
	for (n = 0; n < 100; n++) {
		is(write(fd, &n, sizeof(n)), sizeof(n));
		is(read(fd, &value, sizeof(value)), sizeof(value));
		is(value, n);
	}
	traceobj_join(&trace);
	close(fd);
	ok(rt_pipe_delete(&pipe_));
	traceobj_destroy(&trace);
}

int main(int argc, char *const argv[])
{
	copperplate_init(&argc, &argv);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	computing();
	queues();
	locks();
	times();
	pipes();
	printf("%s: %d argument\n", argv[0], argc);
	return 0;
}
