// SPDX-License-Identifier: GPL-2.0
/*
 * Sections with interrupts off, 500 us long, about a hundred a second.
 *
 * The pause is not a whole number of milliseconds: a sleep locked to the
 * tick would never let a section meet the next period of a 1 kHz thread.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/module.h>

static struct task_struct *irqoff_task;

static int irqoff_loop(void *unused)
{
	unsigned long flags;

	while (!kthread_should_stop()) {
		local_irq_save(flags);
		udelay(500);
		local_irq_restore(flags);
		usleep_range(10370, 10371);
	}
	return 0;
}

static int __init irqoff_init(void)
{
	irqoff_task = kthread_run(irqoff_loop, NULL, "irqoff");
	return PTR_ERR_OR_ZERO(irqoff_task);
}

static void __exit irqoff_exit(void)
{
	kthread_stop(irqoff_task);
}

module_init(irqoff_init);
module_exit(irqoff_exit);

MODULE_DESCRIPTION("Load: long sections with interrupts off");
MODULE_LICENSE("GPL");
