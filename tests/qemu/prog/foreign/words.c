// SPDX-License-Identifier: GPL-2.0
/*
 * A program as it is written for Xenomai 3: it takes the documentation at its word, in what is seldom used. Started with
 * --cpu-affinity=0, so that whoever is more urgent runs at once. Compiled against no header but those of the API and
 * of the C library.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <syslog.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <copperplate/traceobj.h>
#include <boilerplate/trace.h>
#include <rtdm/testing.h>
#include <alchemy/task.h>
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
#define wrong(call)	is(call, -EINVAL)
#define length(array)	(int)(sizeof(array) / sizeof((array)[0]))

static struct traceobj trace;

/* ---- the log, and marks, from a task that is warned of each change of mode ----------------------------- */

static int journal, warnings;
static char long_line[1500];

static void on_warning(int signal)
{
	(void)signal;
	warnings++;
}

static void log_args(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	rt_vsyslog(priority, format, args);
	va_end(args);
}

static void logs(void *arg)
{
	RT_TASK_INFO before, after;

	(void)arg;
	traceobj_enter(&trace);
	ok(rt_task_inquire(NULL, &before));
	for (int i = 0; i < 20; i++)
		rt_syslog(LOG_WARNING, "line %d of %s", i, "a task");
	log_args(LOG_INFO, "%s", "the last line");
	ok(xntrace_special(7, 77));
	ok(xntrace_user_freeze(1, 1));
	rt_printf("logged\n");
	ok(rt_task_inquire(NULL, &after));
	is(after.stat.msw, before.stat.msw);
	is(warnings, 0);
	rt_syslog(LOG_ERR, "%s", long_line);	/* that one is too long to stay */
	ok(rt_task_inquire(NULL, &after));
	traceobj_assert(&trace, after.stat.msw > before.stat.msw);
	traceobj_exit(&trace);
}

/* The next line of the log, which is one of @priority. */
static const char *logged(int *priority)
{
	static char line[2048];
	ssize_t n = recv(journal, line, sizeof(line) - 1, 0);

	traceobj_assert(&trace, n > 0 && line[0] == '<');
	line[n] = 0;
	*priority = atoi(line + 1) & LOG_PRIMASK;
	is(atoi(line + 1) & LOG_FACMASK, LOG_USER);
	return line;
}

static void logging(void)
{
	struct sockaddr_un there = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	struct timeval limit = { .tv_sec = 20 };
	RT_TASK task;
	const char *line;
	char text[32];
	int i, priority, others = 0;

	traceobj_init(&trace, "logging", 0);
	memset(long_line, 'x', sizeof(long_line) - 1);
	signal(SIGDEBUG, on_warning);
	unlink(there.sun_path);
	journal = socket(AF_UNIX, SOCK_DGRAM, 0);
	traceobj_assert(&trace, journal >= 0);
	ok(bind(journal, (struct sockaddr *)&there, sizeof(there)));
	ok(setsockopt(journal, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	rt_syslog(LOG_NOTICE, "before there is a task");
	traceobj_assert(&trace, strstr(logged(&priority), "before there is a task"));
	is(priority, LOG_NOTICE);
	ok(rt_task_spawn(&task, "logs", 0, 40, T_WARNSW | T_JOINABLE, logs, NULL));
	for (i = 0; i < 22; i++) {	/* the long one comes by another way, and whenever it does */
		line = logged(&priority);
		if (strstr(line, "xxxx")) {
			is(priority, LOG_ERR);
			others++;
			continue;
		}
		snprintf(text, sizeof(text), i - others < 20 ? "line %d of a task" : "the last line", i - others);
		traceobj_assert(&trace, strstr(line, text));
		is(priority, i - others < 20 ? LOG_WARNING : LOG_INFO);
	}
	is(others, 1);
	ok(rt_task_join(&task));
	traceobj_join(&trace);
	traceobj_destroy(&trace);
	close(journal);
	unlink(there.sun_path);
}

/* ---- what says nothing of a task or an object ----------------------------------------------------------- */

static void handler(void *arg)
{
	(void)arg;
}

static void sleeps(void *arg)
{
	(void)arg;
	rt_task_sleep(TM_INFINITE - 2);
}

static void tasks(void)
{
	RT_TASK task, none;

	memset(&none, 0, sizeof(none));
	ok(rt_task_create(&task, "tasks", 0, 10, T_JOINABLE));
	ok(rt_task_inquire(&task, NULL));
	wrong(rt_task_inquire(&none, NULL));
	ok(rt_task_start(&task, sleeps, NULL));
	ok(rt_task_start(&task, sleeps, NULL));
	wrong(rt_task_start(NULL, sleeps, NULL));
	wrong(rt_task_start(&none, sleeps, NULL));
	wrong(rt_task_resume(NULL));
	wrong(rt_task_unblock(NULL));
	wrong(rt_task_join(NULL));
	is(rt_task_suspend(NULL), -EPERM);
	is(rt_task_delete(NULL), -EPERM);
	ok(rt_task_delete(&task));
	ok(rt_task_join(&task));
	is(rt_task_join(&task), -ESRCH);
}

static void objects(void)
{
	unsigned int mask;
	void *block;
	char byte = 0;

	wrong(rt_sem_p(NULL, TM_NONBLOCK));
	wrong(rt_sem_p(NULL, TM_INFINITE));
	wrong(rt_sem_v(NULL));
	wrong(rt_sem_broadcast(NULL));
	wrong(rt_sem_delete(NULL));
	wrong(rt_sem_bind(NULL, "sem", TM_NONBLOCK));
	wrong(rt_mutex_acquire(NULL, TM_INFINITE));
	wrong(rt_mutex_release(NULL));
	wrong(rt_mutex_delete(NULL));
	wrong(rt_cond_signal(NULL));
	wrong(rt_cond_broadcast(NULL));
	wrong(rt_cond_wait(NULL, NULL, TM_INFINITE));
	wrong(rt_cond_delete(NULL));
	wrong(rt_event_wait(NULL, 1, &mask, EV_ANY, TM_INFINITE));
	wrong(rt_event_signal(NULL, 1));
	wrong(rt_event_clear(NULL, 1, NULL));
	wrong(rt_event_delete(NULL));
	wrong(rt_queue_write(NULL, &byte, 1, Q_NORMAL));
	wrong(rt_queue_read(NULL, &byte, 1, TM_INFINITE));
	wrong(rt_queue_receive(NULL, &block, TM_INFINITE));
	wrong(rt_queue_flush(NULL));
	wrong(rt_queue_delete(NULL));
	traceobj_assert(&trace, !rt_queue_alloc(NULL, 1));
	wrong(rt_buffer_write(NULL, &byte, 1, TM_INFINITE));
	wrong(rt_buffer_read(NULL, &byte, 1, TM_INFINITE));
	wrong(rt_buffer_clear(NULL));
	wrong(rt_buffer_delete(NULL));
	wrong(rt_heap_alloc(NULL, 1, TM_INFINITE, &block));
	wrong(rt_heap_free(NULL, &byte));
	wrong(rt_heap_delete(NULL));
	wrong(rt_pipe_read(NULL, &byte, 1, TM_INFINITE));
	wrong(rt_pipe_write(NULL, &byte, 1, P_NORMAL));
	wrong(rt_pipe_delete(NULL));
	wrong(rt_alarm_start(NULL, 1, 1));
	wrong(rt_alarm_stop(NULL));
	wrong(rt_alarm_delete(NULL));
}

static void arguments(void)
{
	RT_QUEUE queue;
	RT_HEAP heap;
	RT_PIPE pipe;
	void *block, *again;
	char byte;

	ok(rt_queue_create(&queue, NULL, 64, 4, Q_FIFO));
	wrong(rt_queue_write(&queue, NULL, 1, Q_NORMAL));
	ok(rt_queue_write(&queue, NULL, 0, Q_NORMAL));
	ok(rt_queue_read(&queue, &byte, 1, TM_NONBLOCK));
	ok(rt_queue_delete(&queue));
	ok(rt_heap_create(&heap, NULL, 1000, H_SINGLE));
	wrong(rt_heap_alloc(&heap, 999, TM_NONBLOCK, &block));
	ok(rt_heap_alloc(&heap, 1000, TM_NONBLOCK, &block));
	ok(rt_heap_alloc(&heap, 0, TM_NONBLOCK, &again));
	traceobj_assert(&trace, block == again);
	ok(rt_heap_delete(&heap));
	is(rt_pipe_create(&pipe, NULL, 4096, 0), -ENODEV);
	traceobj_assert(&trace, rt_pipe_create(&pipe, NULL, P_MINOR_AUTO, 0) >= 0);
	ok(rt_pipe_read(&pipe, &byte, 0, TM_INFINITE));
	ok(rt_pipe_delete(&pipe));
}

static void refusals(void)
{
	RT_ALARM alarm;
	RT_ALARM_INFO info;

	traceobj_init(&trace, "refusals", 0);
	tasks();
	objects();
	arguments();
	ok(rt_alarm_create(&alarm, NULL, handler, NULL));
	ok(rt_alarm_start(&alarm, TM_NOW, TM_INFINITE));
	do {
		ok(rt_task_sleep(1000000));
		ok(rt_alarm_inquire(&alarm, &info));
	} while (!info.expiries);
	is(info.expiries, 1);
	ok(rt_alarm_delete(&alarm));
	traceobj_destroy(&trace);
}

/* ---- a priority that is set anew puts a task behind its equals ------------------------------------------ */

static RT_SEM begin;

static void takes_turns(void *arg)
{
	int mark = *(int *)arg;

	traceobj_enter(&trace);
	ok(rt_sem_p(&begin, TM_INFINITE));
	for (int i = 0; i < 3; i++) {
		traceobj_mark(&trace, mark + i);
		ok(rt_task_set_priority(NULL, 20));
	}
	traceobj_exit(&trace);
}

static void lets_both(void *arg)
{
	(void)arg;
	traceobj_enter(&trace);
	ok(rt_sem_broadcast(&begin));
	traceobj_mark(&trace, 1);
	traceobj_exit(&trace);
}

static void turns(void)
{
	int order[] = { 1, 10, 20, 11, 21, 12, 22 }, marks[] = { 10, 20 };
	RT_TASK task[3];

	traceobj_init(&trace, "turns", length(order));
	ok(rt_sem_create(&begin, NULL, 0, S_FIFO));
	for (int i = 0; i < 2; i++)
		ok(rt_task_spawn(&task[i], NULL, 0, 20, 0, takes_turns, &marks[i]));
	ok(rt_task_spawn(&task[2], NULL, 0, 21, 0, lets_both, NULL));
	traceobj_join(&trace);
	traceobj_verify(&trace, order, length(order));
	traceobj_destroy(&trace);
	ok(rt_sem_delete(&begin));
}

/* ---- a sampler, which would have the kernel sample too ------------------------------------------------- */

static const char *const reasons[] = {
	[SIGDEBUG_UNDEFINED] = "?", [SIGDEBUG_WATCHDOG] = "watchdog", [SIGDEBUG_LOCK_BREAK] = "lock broken",
	[SIGDEBUG_RESCNT_IMBALANCE] = "locks", [SIGDEBUG_NOMLOCK] = "memory",
};

static RT_SEM batch;

static void sampler(void *arg)
{
	const RTIME period = CONFIG_XENO_DEFAULT_PERIOD, begin = rt_timer_read();
	struct rttst_bench_res *res = arg;
	unsigned long overruns;

	traceobj_enter(&trace);
	ok(rt_task_set_periodic(NULL, TM_NOW, period));
	for (res->test_loops = 0; res->test_loops < 20; res->test_loops++) {
		int ret = rt_task_wait_period(&overruns);

		traceobj_assert(&trace, !ret || (ret == -ETIMEDOUT && overruns));
		res->overruns += ret ? overruns : 0;
	}
	is((long)(rt_timer_read() - begin) >= (long)(19 * period), 1);
	ok(rt_sem_v(&batch));
	traceobj_exit(&trace);
}

static void samples(void)
{
	struct rttst_tmbench_config config = { .mode = RTTST_TMBENCH_TASK, .period = CONFIG_XENO_DEFAULT_PERIOD };
	struct rttst_interm_bench_res res = { .last.avg = 0 };
	RT_TASK task;

	traceobj_init(&trace, "samples", 0);
	is(length(reasons), SIGDEBUG_LOCK_BREAK + 1);
	is(open("/dev/rtdm/timerbench", O_RDWR), -1);
	is(errno, ENOENT);
	is(ioctl(0, RTTST_RTIOC_TMBENCH_START, &config), -1);
	ok(rt_sem_create(&batch, "batch", 0, S_FIFO));
	ok(rt_task_spawn(&task, "sampler", 0, T_HIPRIO, T_WARNSW, sampler, &res.last));
	ok(rt_sem_p(&batch, TM_INFINITE));
	traceobj_join(&trace);
	is(res.last.test_loops, 20);
	ok(rt_sem_delete(&batch));
	traceobj_destroy(&trace);
}

int main(void)
{
	logging();
	refusals();
	turns();
	samples();
	rt_printf("words: done\n");
	return 0;
}
