// SPDX-License-Identifier: GPL-2.0
/*
 * What a module of poor manners looks like: interrupt-flag instructions outside slots, in a
 * function with a slot besides. Nothing happens between them.
 */
#include <linux/irqflags.h>
#include <linux/module.h>

static noinline void rawflags_touch(void)
{
	unsigned long flags;

	asm volatile("pushf; pop %0; cli" : "=r"(flags) : : "memory");
	asm volatile("push %0; popf" : : "r"(flags) : "memory", "cc");
	asm volatile("cli; sti" : : : "memory");
	local_irq_disable();
	barrier();
	local_irq_enable();
}

static int __init rawflags_init(void)
{
	rawflags_touch();
	return 0;
}

static void __exit rawflags_exit(void)
{
	rawflags_touch();
}

module_init(rawflags_init);
module_exit(rawflags_exit);

MODULE_DESCRIPTION("Raw interrupt-flag instructions, to be found");
MODULE_LICENSE("GPL");
