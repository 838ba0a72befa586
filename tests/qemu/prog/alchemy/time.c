// SPDX-License-Identifier: GPL-2.0
/*
 * Sleeps and periods of tasks.
 */
#include "tasks.h"

static int points, late, may_end;

static void sleep_one(void)
{
	RTIME before = rt_timer_read();

	gives(rt_task_sleep(3 * MS), 0);
	check(rt_timer_read() - before >= 3 * MS);
	gives(rt_task_sleep(0), 0);
}

static void sleep_interrupted(void *arg)
{
	flag_set(arg, (int)rt_task_sleep(TM_INFINITE - 2));
}

static void on_signal(int signal)
{
	(void)signal;
	flag_set(&points, points + 1);
}

/* A signal's handler runs, and the sleep goes on. */
static void sleep_through_signals(void *arg)
{
	RTIME before = rt_timer_read();

	gives(rt_task_sleep(400 * MS), 0);
	check(rt_timer_read() - before >= 400 * MS);
	flag_set(arg, 1);
}

static void signal_sleeper(int prio)
{
	RT_TASK task = task_run(prio, T_JOINABLE, sleep_through_signals, &late);

	for (int i = 0; i < 2; i++) {
		sleep_ms(5);
		gives(pthread_kill(task.thread, SIGUSR1), 0);
		await(&points, i + 1, "a signal's handler");
	}
	gives(rt_task_join(&task), 0);
	gives(late, 1);
	late = points = 0;
}

ROW(rt_task_sleep)
{
	RT_TASK task;
	int got = 0;

	everywhere(sleep_one);
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	signal_sleeper(50);
	signal_sleeper(0);
	task = task_run(50, T_JOINABLE, sleep_interrupted, &got);
	gives(rt_task_unblock(&task), 0);
	gives(rt_task_join(&task), 0);
	gives(got, -EINTR);
}

static void sleep_until_one(void)
{
	RTIME date;
	int ret;

	do {		/* late, on a busy machine */
		date = rt_timer_read() + 3 * MS;
		ret = rt_task_sleep_until(date);
	} while (ret == -ETIMEDOUT);
	gives(ret, 0);
	check(rt_timer_read() >= date);
	fails(rt_task_sleep_until(date), ETIMEDOUT);
}

static void sleep_until_interrupted(void *arg)
{
	flag_set(arg, (int)rt_task_sleep_until(TM_INFINITE));
}

ROW(rt_task_sleep_until)
{
	RT_TASK task;
	int got = 0;

	everywhere(sleep_until_one);
	task = task_run(50, T_JOINABLE, sleep_until_interrupted, &got);
	gives(rt_task_unblock(&task), 0);
	gives(rt_task_join(&task), 0);
	gives(got, -EINTR);
}

/* On the grid, whenever it is looked at. */
static void keeps_period(void *arg)
{
	RTIME first = rt_timer_read() + 100 * MS;
	unsigned long overruns;

	gives(rt_task_set_periodic(NULL, first, 2 * MS), 0);
	for (int i = 0; i < 5; i++) {
		int ret = rt_task_wait_period(&overruns);

		check(ret == 0 || (ret == -ETIMEDOUT && overruns));
		i += overruns;
		check(rt_timer_read() >= first + i * 2 * MS);
	}
	rt_timer_spin(9 * MS);
	fails(rt_task_wait_period(&overruns), ETIMEDOUT);
	check(overruns >= 3);
	gives(rt_task_set_periodic(NULL, TM_NOW, TM_INFINITE), 0);
	fails(rt_task_wait_period(NULL), EWOULDBLOCK);
	check(!arg);
}

static void beats(void *arg)
{
	while (!flag_get(&may_end)) {
		int ret = rt_task_wait_period(NULL);

		check(!ret || ret == -ETIMEDOUT || ret == -EINTR);
		flag_set(&points, points + 1);
		flag_set(&late, ret == -EINTR);
	}
	check(!arg);
}

ROW(rt_task_set_periodic)
{
	RT_TASK task, none = NO_ALCHEMY_TASK;

	gives(rt_task_create(&task, NULL, 0, 50, T_JOINABLE), 0);
	gives(rt_task_set_periodic(&task, TM_NOW, 2 * MS), 0);	/* before it begins */
	gives(rt_task_start(&task, beats, NULL), 0);
	await(&points, 5, "points of a period");
	gives(rt_task_set_periodic(&task, TM_NOW, 3600000 * MS), 0);
	sleep_ms(20);
	points = 0;
	sleep_ms(20);
	check(points <= 1);
	gives(rt_task_set_periodic(&task, rt_timer_read() + 3600000 * MS, MS), 0);
	fails(rt_task_set_periodic(&task, rt_timer_read() - 1, MS), ETIMEDOUT);
	fails(rt_task_set_periodic(&task, TM_NOW, 1), EINVAL);
	fails(rt_task_set_periodic(&none, TM_NOW, MS), EINVAL);
	fails(rt_task_set_periodic(NULL, TM_NOW, MS), EPERM);
	flag_set(&may_end, 1);
	gives(rt_task_unblock(&task), 0);
	gives(rt_task_join(&task), 0);
}

ROW(rt_task_wait_period)
{
	RT_TASK task = task_run(50, T_JOINABLE, keeps_period, NULL);

	gives(rt_task_join(&task), 0);
	fails(rt_task_wait_period(NULL), EPERM);
	gives(rt_task_create(&task, NULL, 0, 50, T_JOINABLE), 0);
	gives(rt_task_set_periodic(&task, TM_NOW, 3600000 * MS), 0);
	gives(rt_task_start(&task, beats, NULL), 0);
	may_end = 1;
	gives(rt_task_unblock(&task), 0);
	gives(rt_task_join(&task), 0);
	gives(late, 1);
}
