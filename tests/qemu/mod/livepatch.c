// SPDX-License-Identifier: GPL-2.0
/*
 * A live patch of raise_softirq(), which has interrupt-flag slots of its own in both forms. The new one
 * counts; called from a task it leaves the softirq to the end of the next interrupt.
 */
#include <linux/interrupt.h>
#include <linux/livepatch.h>
#include <linux/module.h>

static ulong calls;
module_param(calls, ulong, 0444);

static void counted_raise_softirq(unsigned int nr)
{
	unsigned long flags;

	local_irq_save(flags);
	calls++;
	or_softirq_pending(1u << nr);
	local_irq_restore(flags);
}

static struct klp_func funcs[] = {
	{ .old_name = "raise_softirq", .new_func = counted_raise_softirq },
	{ }
};

static struct klp_object objects[] = {
	{ .funcs = funcs },
	{ }
};

static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objects };

static int __init livepatch_init(void)
{
	return klp_enable_patch(&patch);
}

static void __exit livepatch_exit(void)
{
}

module_init(livepatch_init);
module_exit(livepatch_exit);
MODULE_DESCRIPTION("Live patch of a function with interrupt-off sections");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
