// SPDX-License-Identifier: GPL-2.0
/*
 * Softirqs that find no end: every 10 ms a timer raises a tasklet that raises itself twenty times, which is
 * more than Linux does at one go behind an interrupt, so that it wakes ksoftirqd there.
 */
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/module.h>

static struct hrtimer timer;
static int left;

static void again(struct tasklet_struct *t)
{
	if (left-- > 0)
		tasklet_schedule(t);
}

static DECLARE_TASKLET(tasklet, again);

static enum hrtimer_restart expired(struct hrtimer *t)
{
	if (left <= 0) {
		left = 20;
		tasklet_schedule(&tasklet);
	}
	hrtimer_forward_now(t, ms_to_ktime(10));
	return HRTIMER_RESTART;
}

static int __init softirqs_init(void)
{
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	timer.function = expired;
	hrtimer_start(&timer, ms_to_ktime(10), HRTIMER_MODE_REL_HARD);
	return 0;
}

static void __exit softirqs_exit(void)
{
	hrtimer_cancel(&timer);
	tasklet_kill(&tasklet);
}

module_init(softirqs_init);
module_exit(softirqs_exit);

MODULE_DESCRIPTION("Load: softirqs that go on in ksoftirqd");
MODULE_LICENSE("GPL");
