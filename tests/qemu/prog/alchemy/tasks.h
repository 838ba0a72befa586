/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For rows that need tasks. A row has CPU 0 alone, so a task that is started and has a priority runs at
 * once, until it waits.
 */
#ifndef TEST_ALCHEMY_TASKS_H
#define TEST_ALCHEMY_TASKS_H

#include <alchemy/task.h>
#include "alchemy.h"

/* A task that runs @fn(@arg) now. */
static inline RT_TASK task_run(int prio, int mode, void (*fn)(void *arg), void *arg)
{
	RT_TASK task;

	gives(rt_task_spawn(&task, NULL, 0, prio, mode, fn, arg), 0);
	return task;
}

/* @fn in a task of priority 50, to its end. */
static inline void call_task(void *arg)
{
	void (**fn)(void) = arg;

	(*fn)();
}

static inline void in_task(void (*fn)(void))
{
	RT_TASK task = task_run(50, T_JOINABLE, call_task, &fn);

	gives(rt_task_join(&task), 0);
}

/* In each kind of thread. */
static inline void everywhere(void (*fn)(void))
{
	in_linux(fn);
	in_task(fn);
}

#endif
