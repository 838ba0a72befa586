// SPDX-License-Identifier: GPL-2.0
/*
 * A program as it is written for Xenomai 3: it looks at who runs when, where one thread goes in-band, or does not.
 * Started with --cpu-affinity=0, so that whoever is more urgent runs at once. Compiled against no header but those
 * of the API and of the C library.
 */
#include <stdlib.h>
#include <signal.h>
#include <rtdk.h>
#include <copperplate/traceobj.h>
#include <alchemy/task.h>
#include <alchemy/sem.h>
#include <alchemy/mutex.h>
#include <alchemy/event.h>
#include <alchemy/queue.h>
#include <alchemy/buffer.h>
#include <alchemy/heap.h>

#define MS		1000000ULL
#define is(call, value)	traceobj_check(&trace, (long)(call), (long)(value))
#define ok(call)	is(call, 0)
#define length(array)	(int)(sizeof(array) / sizeof((array)[0]))
#define mark(n)		traceobj_mark(&trace, n)

static struct traceobj trace;
static RT_TASK low, high, third;
static RT_SEM sem;

static void begin(const char *what, int marks)
{
	traceobj_init(&trace, what, marks);
}

static void end(int *order, int marks)
{
	traceobj_join(&trace);
	if (marks)
		traceobj_verify(&trace, order, marks);
	traceobj_destroy(&trace);
}

/* ---- asking what a task does leaves the CPU to nobody ------------------------------------------------- */

static void takes(void *arg)
{
	(void)arg;
	traceobj_enter(&trace);
	ok(rt_sem_p(&sem, TM_INFINITE));
	mark(5);
	traceobj_exit(&trace);
}

static void asks(void *arg)
{
	RT_TASK_INFO info;
	RT_TASK found;

	(void)arg;
	traceobj_enter(&trace);
	mark(1);
	ok(rt_sem_v(&sem));		/* who takes it is ready, and waits for this one */
	ok(rt_task_inquire(NULL, &info));
	is(info.prio, 31);
	mark(2);
	ok(rt_task_inquire(&low, &info));
	traceobj_assert(&trace, info.prio == 30 && info.stat.status & XNREADY);
	mark(3);
	ok(rt_task_bind(&found, "takes", TM_INFINITE));
	is(rt_task_same(&found, &low), 1);
	is(rt_task_bind(&found, "nobody", TM_NONBLOCK), -EWOULDBLOCK);
	mark(4);
	ok(rt_task_set_priority(&low, 31));
	ok(rt_task_set_priority(&low, 32));
	mark(6);
	traceobj_exit(&trace);
}

static void asking(void)
{
	int order[] = { 1, 2, 3, 4, 5, 6 };

	begin("asking", length(order));
	ok(rt_sem_create(&sem, "asked", 0, S_PRIO));
	ok(rt_task_spawn(&low, "takes", 0, 30, 0, takes, NULL));
	ok(rt_task_spawn(&high, "asks", 0, 31, 0, asks, NULL));
	end(order, length(order));
	ok(rt_sem_delete(&sem));
}

/* ---- those who wait for a name go on by priority, without Linux ---------------------------------------- */

static RT_HEAP heap;

static void binds_second(void *arg)
{
	RT_HEAP found;
	void *block;

	traceobj_enter(&trace);
	mark(1);
	ok(rt_heap_bind(&found, arg, TM_INFINITE));
	mark(5);
	is(rt_heap_alloc(&found, 4096, TM_NONBLOCK, &block), -EWOULDBLOCK);
	ok(rt_heap_alloc(&found, 4096, TM_INFINITE, &block));
	mark(7);
	is(rt_heap_alloc(&found, 8192, TM_INFINITE, &block), -EIDRM);
	traceobj_exit(&trace);
}

static void binds_first(void *arg)
{
	RT_HEAP found;
	void *block[2];

	traceobj_enter(&trace);
	mark(2);
	ok(rt_heap_bind(&found, arg, TM_INFINITE));
	mark(3);
	ok(rt_heap_alloc(&found, 4096, TM_NONBLOCK, &block[0]));
	ok(rt_heap_alloc(&found, 4096, TM_NONBLOCK, &block[1]));
	mark(4);
	ok(rt_task_set_priority(NULL, 20));	/* below the other one, which has the name too */
	mark(6);
	ok(rt_heap_free(&found, block[0]));
	mark(8);
	ok(rt_task_sleep(5 * MS));
	ok(rt_heap_delete(&found));
	traceobj_exit(&trace);
}

static void binding(void)
{
	int order[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	char name[] = "a heap";

	begin("binding", length(order));
	ok(rt_task_spawn(&low, NULL, 0, 40, 0, binds_second, name));
	ok(rt_task_spawn(&high, NULL, 0, 41, 0, binds_first, name));
	ok(rt_heap_create(&heap, name, 8192, H_PRIO));
	end(order, length(order));
}

/* ---- with the scheduler locked, and suspended with a mutex --------------------------------------------- */

static RT_MUTEX mutex;

static void holds(void *arg)
{
	(void)arg;
	traceobj_enter(&trace);
	mark(1);
	ok(rt_mutex_create(&mutex, "held"));
	is(rt_mutex_create(&mutex, "held"), -EEXIST);
	ok(rt_mutex_acquire(&mutex, TM_INFINITE));
	mark(2);
	ok(rt_task_suspend(rt_task_self()));
	mark(7);
	ok(rt_mutex_release(&mutex));
	traceobj_exit(&trace);
}

static void wants(void *arg)
{
	RT_TASK found;
	int mode;

	(void)arg;
	traceobj_enter(&trace);
	mark(3);
	ok(rt_task_set_mode(T_LOCK, T_LOCK, &mode));
	is(mode, 0);
	ok(rt_task_bind(&found, "holds", TM_INFINITE));
	is(rt_mutex_acquire(&mutex, 20 * MS), -ETIMEDOUT);
	mark(4);
	ok(rt_task_resume(&found));
	mark(5);
	ok(rt_task_set_priority(&found, 49));
	ok(rt_task_set_mode(T_LOCK, 0, &mode));
	is(mode, T_LOCK);
	mark(6);
	ok(rt_mutex_acquire(&mutex, TM_INFINITE));
	mark(8);
	ok(rt_mutex_release(&mutex));
	ok(rt_mutex_delete(&mutex));
	traceobj_exit(&trace);
}

static void locking(void)
{
	int order[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	begin("locking", length(order));
	ok(rt_task_spawn(&high, "holds", 0, 51, 0, holds, NULL));
	ok(rt_task_spawn(&low, "wants", 0, 50, 0, wants, NULL));
	end(order, length(order));
}

/* ---- two that never stop, deleted by main(), a task too ------------------------------------------------ */

static RT_BUFFER buffer;
static volatile int halves, wholes;

static void fills(void *arg)
{
	char letter = 'a';

	traceobj_enter(&trace);
	for (;;) {
		is(rt_buffer_write(&buffer, &letter, 1, TM_INFINITE), 1);
		is(rt_buffer_write(&buffer, arg, 3, TM_INFINITE), 3);
	}
}

/* What there is, and then a whole. */
static void empties(void *arg)
{
	char got[3];
	ssize_t n;

	(void)arg;
	traceobj_enter(&trace);
	for (;;) {
		n = rt_buffer_read(&buffer, got, sizeof(got), TM_INFINITE);
		traceobj_assert(&trace, n == (halves > wholes ? 3 : 1));
		n == 1 ? halves++ : wholes++;
	}
}

static void endless(void)
{
	char text[] = "xyz";

	begin("endless", 0);
	ok(rt_buffer_create(&buffer, NULL, 3, B_FIFO));
	ok(rt_task_create(&high, NULL, 0, 20, 0));
	ok(rt_task_start(&high, empties, NULL));
	ok(rt_task_create(&low, NULL, 0, 10, 0));
	ok(rt_task_start(&low, fills, text));
	while (halves <= 10 || wholes <= 10)
		ok(rt_task_sleep(50 * MS));
	ok(rt_task_delete(&low));
	ok(rt_task_delete(&high));
	ok(rt_buffer_delete(&buffer));
	end(NULL, 0);
}

/* ---- a signal of Linux's, and what ends a sleep -------------------------------------------------------- */

static int handled;

static void on_signal(int signal)
{
	(void)signal;
	__atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

static void sleeps(void *arg)
{
	(void)arg;
	traceobj_enter(&trace);
	is(rt_task_sleep_until(TM_INFINITE), -EINTR);
	traceobj_exit(&trace);
}

/* To the process; the task alone takes it. */
static void signals(void)
{
	struct sigaction action;
	RT_TASK_INFO info;
	sigset_t set;

	begin("signals", 0);
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	ok(sigaction(SIGUSR1, &action, NULL));
	ok(rt_task_create(&third, "sleeps", 0, 10, 0));
	ok(rt_task_inquire(&third, &info));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ok(pthread_sigmask(SIG_BLOCK, &set, NULL));
	ok(rt_task_start(&third, sleeps, NULL));
	ok(rt_task_sleep(20 * MS));
	ok(__STD(kill(info.pid, SIGUSR1)));
	while (!__atomic_load_n(&handled, __ATOMIC_SEQ_CST))
		ok(rt_task_sleep(5 * MS));
	ok(rt_task_sleep(20 * MS));
	ok(rt_task_unblock(&third));
	end(NULL, 0);
	ok(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
}

/* ---- replies that do not arrive ------------------------------------------------------------------------- */

static void answers(void *arg)
{
	RT_TASK_MCB mcb;
	int flow, n, value;

	(void)arg;
	traceobj_enter(&trace);
	is(rt_task_reply(-1, &mcb), -EINVAL);
	is(rt_task_reply(999, &mcb), -ENXIO);
	for (n = 0; n < 20; n++) {
		mcb.data = &value;
		mcb.size = sizeof(value);
		flow = rt_task_receive(&mcb, TM_NONBLOCK);	/* the next one waits already */
		traceobj_assert(&trace, flow > 0 && mcb.size == sizeof(value));
		value = -value;
		is(rt_task_reply(flow, &mcb), mcb.opcode ? 0 : -ENOBUFS);
	}
	traceobj_exit(&trace);
}

static void questions(void *arg)
{
	RT_TASK_MCB out, in;
	int n, value;

	traceobj_enter(&trace);
	for (n = 1; n <= 10; n++) {
		out.opcode = arg != NULL;
		out.data = &n;
		out.size = sizeof(n);
		in.data = arg ? &value : NULL;
		in.size = arg ? sizeof(value) : 0;
		is(rt_task_send(&low, &out, &in, TM_INFINITE), arg ? (long)sizeof(value) : -ENOBUFS);
		traceobj_assert(&trace, !arg || value == -n);
	}
	traceobj_exit(&trace);
}

static void messages(void)
{
	begin("messages", 0);
	ok(rt_task_create(&low, "answers", 0, 30, 0));
	ok(rt_task_spawn(&high, "one", 0, 31, 0, questions, &low));
	ok(rt_task_spawn(&third, "other", 0, 31, 0, questions, NULL));
	ok(rt_task_start(&low, answers, NULL));
	end(NULL, 0);
}

/* ---- round robin ------------------------------------------------------------------------------------------ */

static void computes(void *arg)
{
	volatile double d = 0.7;
	int n;

	(void)arg;
	traceobj_enter(&trace);
	ok(rt_task_slice(NULL, MS / 2));
	ok(rt_sem_p(&sem, TM_INFINITE));
	for (n = 0; n < 200000; n++)
		d *= 0.99;
	traceobj_exit(&trace);
}

static void slices(void)
{
	begin("slices", 0);
	ok(rt_sem_create(&sem, "start", 0, S_FIFO));
	ok(rt_task_spawn(&high, "one", 0, 10, 0, computes, NULL));
	ok(rt_task_spawn(&low, "other", 0, 10, 0, computes, NULL));
	ok(rt_sem_broadcast(&sem));
	end(NULL, 0);
	ok(rt_sem_delete(&sem));
}

/* ---- what takes a task in-band is told ------------------------------------------------------------------ */

static volatile int reason;

static void on_debug(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	reason = sigdebug_reason(info);
}

static void warned(void *arg)
{
	(void)arg;
	traceobj_enter(&trace);
	sched_yield();
	is(reason, SIGDEBUG_MIGRATE_SYSCALL);
	traceobj_exit(&trace);
}

static void warning(void)
{
	struct sigaction action;

	begin("warning", 0);
	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_debug;
	action.sa_flags = SA_SIGINFO;
	ok(sigaction(SIGDEBUG, &action, NULL));
	ok(rt_task_spawn(&high, NULL, 0, 30, T_WARNSW, warned, NULL));
	end(NULL, 0);
}

/* ---- who prints is not taken in-band ------------------------------------------------------------------- */

static void prints(void *arg)
{
	RT_TASK_INFO before, after;
	int n;

	(void)arg;
	traceobj_enter(&trace);
	ok(rt_task_set_mode(0, T_WARNSW, NULL));
	ok(rt_task_inquire(NULL, &before));
	for (n = 0; n < 20; n++)
		is(rt_printf("line %02d: %5.2f\n", n, n / 4.0), 15);
	is(rt_puts("the last"), 9);
	ok(rt_task_inquire(NULL, &after));
	is(after.stat.msw, before.stat.msw);
	traceobj_exit(&trace);
}

static void printing(void)
{
	begin("printing", 0);
	ok(rt_task_spawn(&high, NULL, 0, 30, 0, prints, NULL));
	end(NULL, 0);
	rt_print_flush_buffers();
}

int main(int argc, char *const argv[])
{
	(void)argc;
	(void)argv;
	asking();
	binding();
	locking();
	messages();
	signals();
	slices();
	warning();
	printing();
	ok(rt_task_shadow(NULL, "main", 60, 0));
	endless();
	exit(0);
}
