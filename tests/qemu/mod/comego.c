// SPDX-License-Identifier: GPL-2.0
/*
 * A module that takes its time, and has interrupt-off sections in all that it is made of: init text,
 * a thread, exit. Each section is checked from within: off means off, on means on.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/module.h>

static int init_ms, exit_ms;
static bool fail, spin, oops;
module_param(init_ms, int, 0);
MODULE_PARM_DESC(init_ms, "init sleeps this long between two sections");
module_param(exit_ms, int, 0);
MODULE_PARM_DESC(exit_ms, "so does exit");
module_param(fail, bool, 0);
MODULE_PARM_DESC(fail, "init gives an error at its end");
module_param(spin, bool, 0);
MODULE_PARM_DESC(spin, "a thread is in such a section most of the time");

module_param(oops, bool, 0);
MODULE_PARM_DESC(oops, "init reads from address 0 with interrupts off");

static struct task_struct *spinner;

/* In each caller's own section of text. */
static __always_inline void section(unsigned int us)
{
	unsigned long flags;

	local_irq_disable();
	WARN_ON(!irqs_disabled());
	local_irq_save(flags);
	udelay(us);
	local_irq_restore(flags);
	WARN_ON(!irqs_disabled());
	local_irq_enable();
	WARN_ON(irqs_disabled());
}

static int spin_loop(void *unused)
{
	while (!kthread_should_stop()) {
		section(5000);
		cond_resched();
	}
	return 0;
}

static int __init comego_init(void)
{
	section(100);
	if (init_ms)
		msleep(init_ms);
	section(100);
	if (oops) {
		local_irq_disable();
		*(volatile int *)NULL;
	}
	if (fail)
		return -ENODEV;
	if (spin)
		spinner = kthread_run(spin_loop, NULL, "comego");
	return PTR_ERR_OR_ZERO(spinner);
}

static void __exit comego_exit(void)
{
	section(100);
	if (spinner)
		kthread_stop(spinner);
	if (exit_ms)
		msleep(exit_ms);
	section(100);
}

module_init(comego_init);
module_exit(comego_exit);
MODULE_DESCRIPTION("Comes and goes slowly, with interrupt-off sections everywhere");
MODULE_LICENSE("GPL");
