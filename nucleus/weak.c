// SPDX-License-Identifier: GPL-2.0
/*
 * Weak threads belong to Linux's side: they become hard for a call on an object and go back in-band
 * behind it, unless they hold a mutex (kmod/park.c). While hard they have the lowest priority, so they
 * delay nobody but Linux.
 */
#include "nucleus/sched.h"

static int weak_base(const struct nk_thread *t)
{
	(void)t;
	return NK_PRIO_MIN;
}

static int weak_join(struct nk_thread *t)
{
	(void)t;
	return 0;
}

static void weak_quit(struct nk_thread *t)
{
	(void)t;
}

const struct nk_class nk_class_weak = {
	.base = weak_base,
	.join = weak_join,
	.quit = weak_quit,
};
