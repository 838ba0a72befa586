// SPDX-License-Identifier: GPL-2.0
/*
 * Boosts in Linux. Each attached task owns an rt_mutex; to boost it, a kernel thread of its own, the
 * booster, waits for that with the priority in question, and Linux does the rest: the task's own policy
 * stays what it is, may be changed meanwhile, and is in force again when the booster has given up.
 * /proc/PID/stat shows both.
 *
 *	Keel, oob: the priority of a thread in-band changes, or a boosted one becomes in-band: irq_work
 *	irq_work: queues work
 *	worker, FIFO 99: asks what it is to be now, sets level and the booster's priority, wakes
 *		it, or has it give up by a signal
 *	booster: rt_mutex_lock_interruptible()
 *
 * Only the worker writes level, and it asks anew each time, so the last of several kicks counts.
 *
 *	worker				booster
 *	level = 0
 *					level was set: goes to lock
 *	signal				gives up; forgets signals; level is 0: sleeps
 *
 * The task never unlocks. A mutex without a waiter leaves no trace in its owner, so it is freed with the
 * booster gone, while the task, dead or not, is still held.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <uapi/linux/sched/types.h>
#include "boost.h"

static struct kthread_worker *worker;

static void set_fifo(struct task_struct *t, int prio)
{
	const struct sched_attr attr = {
		.size = sizeof(attr), .sched_policy = SCHED_FIFO, .sched_priority = prio,
	};

	sched_setattr_nocheck(t, &attr);
}

static void on_irq(struct irq_work *irq)
{
	struct boost *b = container_of(irq, struct boost, irq);

	kthread_queue_work(worker, &b->work);
}

static void give_up(struct boost *b)
{
	send_sig(SIGUSR1, b->booster, 1);
}

static void on_work(struct kthread_work *work)
{
	struct boost *b = container_of(work, struct boost, work);
	int level = shadow_boost(b), before = b->level;

	if (level == before)
		return;
	if (level)
		set_fifo(b->booster, level);
	WRITE_ONCE(b->level, level);
	if (!level)
		give_up(b);
	else if (!before)
		wake_up_process(b->booster);
	if (level && !before)
		shadow_boosted(b);
}

/* With the mutex locked nobody boosts any more: the task has gone. */
static int booster_run(void *arg)
{
	struct boost *b = arg;

	allow_kernel_signal(SIGUSR1);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (!READ_ONCE(b->level) || READ_ONCE(b->over))
			schedule();
		__set_current_state(TASK_RUNNING);
		flush_signals(current);
		if (READ_ONCE(b->level) && !READ_ONCE(b->over) &&
		    !rt_mutex_lock_interruptible(&b->mutex))
			rt_mutex_unlock(&b->mutex);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

int boost_begin(struct boost *b)
{
	struct task_struct *t = kthread_create(booster_run, b, "keel-pi/%d", task_pid_nr(current));

	if (IS_ERR(t))
		return PTR_ERR(t);
	b->booster = t;
	rt_mutex_init(&b->mutex);
	rt_mutex_lock(&b->mutex);
	b->irq = IRQ_WORK_INIT_HARD(on_irq);
	kthread_init_work(&b->work, on_work);
	wake_up_process(t);
	return 0;
}

void boost_end(struct boost *b)
{
	if (!b->booster)
		return;
	irq_work_sync(&b->irq);
	kthread_cancel_work_sync(&b->work);
	WRITE_ONCE(b->over, 1);
	give_up(b);
	kthread_stop(b->booster);
}

int boost_init(void)
{
	worker = kthread_create_worker(0, "keel-pi");
	if (IS_ERR(worker))
		return PTR_ERR(worker);
	set_fifo(worker->task, MAX_RT_PRIO - 1);
	return 0;
}

void boost_exit(void)
{
	kthread_destroy_worker(worker);
}
