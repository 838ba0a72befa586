// SPDX-License-Identifier: GPL-2.0
/*
 * A program as it is written for Xenomai 2's native skin.
 */
#include <stdio.h>
#include <errno.h>
#include <signal.h>
#include <unistd.h>
#include <sys/mman.h>
#include <rtdk.h>
#include <native/task.h>
#include <native/timer.h>
#include <native/sem.h>
#include <native/mutex.h>
#include <native/queue.h>

#define PERIOD 1000000

static RT_TASK task;
static RT_SEM done;
static RT_MUTEX mutex;
static int cycles;

static void cycle(void *cookie)
{
	RTIME last = rt_timer_read(), now;
	unsigned long overruns = 0;
	int err;

	err = rt_task_set_periodic(NULL, TM_NOW, rt_timer_ns2ticks(PERIOD));
	if (err)
		rt_printf("set_periodic: %d\n", err);
	while (cycles < 20 && !err) {
		err = rt_task_wait_period(&overruns);
		if (err == -ETIMEDOUT)
			err = 0;
		rt_mutex_acquire(&mutex, TM_INFINITE);
		cycles++;
		rt_mutex_release(&mutex);
		now = rt_timer_read();
		if (now < last)
			err = 1;
		last = now;
	}
	rt_printf("%s: %d cycles\n", (const char *)cookie, cycles);
	rt_sem_v(&done);
}

int main(void)
{
	int err;

	mlockall(MCL_CURRENT | MCL_FUTURE);
	rt_print_auto_init(1);
	err = rt_timer_set_mode(TM_ONESHOT);
	if (!err)
		err = rt_sem_create(&done, "done", 0, S_PRIO);
	if (!err)
		err = rt_mutex_create(&mutex, "mutex");
	if (!err)
		err = rt_task_create(&task, "cycle", 0, 80, T_FPU | T_CPU(0) | T_JOINABLE);
	if (!err)
		err = rt_task_start(&task, cycle, (void *)"native");
	if (!err)
		err = rt_sem_p(&done, TM_INFINITE);
	if (!err)
		err = rt_task_join(&task);
	if (!err)
		err = rt_sem_delete(&done);
	if (err)
		fprintf(stderr, "error %d\n", err);
	return err || cycles != 20;
}
