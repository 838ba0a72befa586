// SPDX-License-Identifier: GPL-2.0
/*
 * An oops: whoever loads this dies of it, and it stays half loaded.
 */
#include <linux/module.h>

static int *nowhere;

static int __init oops_init(void)
{
	return READ_ONCE(*nowhere);
}

module_init(oops_init);

MODULE_DESCRIPTION("An access to nowhere");
MODULE_LICENSE("GPL");
