// SPDX-License-Identifier: GPL-2.0
/*
 * The life of tasks.
 */
#include <sys/syscall.h>
#include "tasks.h"

static int runs, may_end, ended;
static RT_TASK seen;

static void notes(void *arg)
{
	check(keel_is_hard());
	seen = *rt_task_self();
	flag_set(&runs, (int)(long)arg);
}

static void waits(void *arg)
{
	flag_set(&runs, 1);
	while (!flag_get(&may_end))
		rt_task_sleep(MS);
	flag_set(&ended, 1);
	check(!arg);
}

static void end_waiter(RT_TASK *task)
{
	flag_set(&may_end, 1);
	gives(rt_task_join(task), 0);
	may_end = runs = ended = 0;
}

/* ---- create, start, spawn ------------------------------------------------------------------------------ */

static void create_and_start(void)
{
	RT_TASK task, other;

	runs = 0;
	gives(rt_task_create(&task, "made", 0, 50, T_JOINABLE), 0);
	check(task.handle && task.thread);
	fails(rt_task_create(&other, "made", 0, 50, 0), EEXIST);
	sleep_ms(1);
	gives(flag_get(&runs), 0);
	gives(rt_task_start(&task, notes, (void *)7), 0);
	gives(rt_task_join(&task), 0);
	gives(runs, 7);
	gives(rt_task_same(&task, &seen), 1);
	gives(rt_task_create(&other, "made", 0, 50, T_JOINABLE), 0);
	gives(rt_task_delete(&other), 0);
	gives(rt_task_join(&other), 0);
}

static void create_refused(void)
{
	RT_TASK task;

	fails(rt_task_create(&task, NULL, 0, -1, 0), EINVAL);
	fails(rt_task_create(&task, NULL, 0, 100, 0), EINVAL);
	fails(rt_task_create(&task, NULL, 0, 1, 1 << 30), EINVAL);
	fails(rt_task_create(&task, NULL, -1, 1, 0), EINVAL);
	gives(rt_task_create(&task, NULL, 0, 0, 0), 0);
	unprivileged();
	fails(rt_task_create(&task, NULL, 0, 1, 0), EPERM);
}

static void create_without_memory(void)
{
	RT_TASK task;

	gives(rt_task_create(&task, NULL, 0, 0, 0), 0);
	setrlimit(RLIMIT_AS, &(struct rlimit){ 0, 0 });
	fails(rt_task_create(&task, NULL, 1 << 30, 1, 0), ENOMEM);
}

ROW(rt_task_create)
{
	RT_TASK task;

	everywhere(create_and_start);
	gives(rt_task_create(&task, "this name is so long that its end is cut off", 0, 0, T_JOINABLE), 0);
	gives(rt_task_bind(&seen, "this name is so long that its end is cut off", TM_NONBLOCK), 0);
	gives(rt_task_same(&task, &seen), 1);
	process_ends(in_process(create_refused));
	process_ends(in_process(create_without_memory));
}

ROW(rt_task_start)
{
	RT_TASK task, none = NO_ALCHEMY_TASK;

	gives(rt_task_create(&task, NULL, 0, 50, T_JOINABLE), 0);
	gives(rt_task_start(&task, waits, NULL), 0);
	gives(runs, 1);		/* at once: it is the more urgent */
	gives(rt_task_start(&task, notes, (void *)9), 0);	/* of no effect: it was started */
	gives(runs, 1);
	end_waiter(&task);
	fails(rt_task_start(&task, waits, NULL), EINVAL);
	fails(rt_task_start(&none, waits, NULL), EINVAL);
	fails(rt_task_start(NULL, waits, NULL), EINVAL);
}

/* Of priority 0: Linux's, which runs when the creator waits. */
static void is_ordinary(void *arg)
{
	check(!keel_is_hard() && sched_getscheduler(0) == SCHED_OTHER);
	flag_set(arg, 1);
}

ROW(rt_task_spawn)
{
	RT_TASK task;

	gives(rt_task_spawn(&task, "spawned", 1 << 20, 20, T_JOINABLE, notes, (void *)3), 0);
	gives(runs, 3);
	gives(rt_task_join(&task), 0);
	task = task_run(0, T_JOINABLE, is_ordinary, &ended);
	gives(rt_task_join(&task), 0);
	gives(ended, 1);
	fails(rt_task_spawn(&task, NULL, 0, 100, 0, notes, NULL), EINVAL);
	task = task_run(20, T_JOINABLE | T_SUSP, notes, (void *)4);
	gives(runs, 3);
	gives(rt_task_resume(&task), 0);
	gives(rt_task_join(&task), 0);
	gives(runs, 4);
}

/* ---- shadows ---------------------------------------------------------------------------------------------- */

static void shadow_self(void)
{
	RT_TASK task;

	check(!rt_task_self());
	gives(rt_task_shadow(&task, "shadow", 30, 0), 0);
	check(keel_is_hard());
	gives(rt_task_same(&task, rt_task_self()), 1);
	fails(rt_task_shadow(NULL, NULL, 30, 0), EBUSY);
	gives(rt_task_sleep(MS), 0);
	check(keel_is_hard());
}

static void *shadow_thread(void *arg)
{
	shadow_self();
	return arg;
}

ROW(rt_task_shadow)
{
	pthread_t thread;
	RT_TASK task;

	fails(rt_task_shadow(NULL, NULL, 100, 0), EINVAL);
	fails(rt_task_shadow(NULL, NULL, 10, T_JOINABLE), EINVAL);
	pthread_create(&thread, NULL, shadow_thread, NULL);
	pthread_join(thread, NULL);
	fails(rt_task_bind(&task, "shadow", TM_NONBLOCK), EWOULDBLOCK);	/* it went with its thread */
	gives(rt_task_create(&task, "taken", 0, 5, 0), 0);
	fails(rt_task_shadow(NULL, "taken", 5, 0), EEXIST);
	shadow_self();
}

/* ---- join and delete ---------------------------------------------------------------------------------------- */

static void joins_itself(void *arg)
{
	fails(rt_task_join(rt_task_self()), EDEADLK);
	flag_set(arg, 1);
}

ROW(rt_task_join)
{
	RT_TASK task = task_run(50, T_JOINABLE, waits, NULL), none = NO_ALCHEMY_TASK;

	flag_set(&may_end, 1);
	gives(rt_task_join(&task), 0);
	gives(ended, 1);
	fails(rt_task_join(&task), ESRCH);
	fails(rt_task_join(&none), ESRCH);
	fails(rt_task_join(NULL), EINVAL);
	may_end = 0;
	task = task_run(50, 0, waits, NULL);
	fails(rt_task_join(&task), EINVAL);
	gives(rt_task_delete(&task), 0);
	ended = 0;
	task = task_run(50, T_JOINABLE, joins_itself, &ended);
	gives(rt_task_join(&task), 0);
	gives(ended, 1);
}

static void deletes_itself(void *arg)
{
	rt_task_delete(NULL);
	flag_set(arg, 1);
}

static void sleeps(void *arg)
{
	rt_task_sleep(TM_INFINITE - 2);
	flag_set(arg, 1);
}

static void delete_a_sleeper(void)
{
	RT_TASK task = task_run(60, 0, sleeps, &ended);

	gives(rt_task_delete(&task), 0);
	fails(rt_task_delete(&task), EINVAL);
	gives(ended, 0);
}

ROW(rt_task_delete)
{
	RT_TASK task;

	everywhere(delete_a_sleeper);
	task = task_run(50, T_JOINABLE, deletes_itself, &ended);
	gives(rt_task_join(&task), 0);
	gives(ended, 0);
	gives(rt_task_create(&task, "never started", 0, 50, T_JOINABLE), 0);
	gives(rt_task_delete(&task), 0);
	gives(rt_task_join(&task), 0);
	task = task_run(60, T_JOINABLE, sleeps, &ended);
	gives(rt_task_suspend(&task), 0);
	gives(rt_task_delete(&task), 0);
	gives(rt_task_join(&task), 0);
	gives(ended, 0);
	fails(rt_task_delete(NULL), EPERM);
}

/* ---- who is who --------------------------------------------------------------------------------------------- */

ROW(rt_task_self)
{
	RT_TASK task;

	check(!rt_task_self());
	task = task_run(50, T_JOINABLE, notes, (void *)1);
	gives(rt_task_same(&task, &seen), 1);
	check(seen.thread == task.thread);
	gives(rt_task_join(&task), 0);
}

ROW(rt_task_same)
{
	RT_TASK a, b;

	gives(rt_task_create(&a, NULL, 0, 1, 0), 0);
	gives(rt_task_create(&b, NULL, 0, 1, 0), 0);
	gives(rt_task_same(&a, &a), 1);
	gives(rt_task_same(&a, &b), 0);
}
