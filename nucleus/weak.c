// SPDX-License-Identifier: GPL-2.0
/*
 * Weak threads belong to Linux's side: they become hard for a call on an object and go back in-band
 * behind it, unless they hold a mutex (kmod/park.c). While hard they have the lowest priority, so they
 * delay nobody but Linux.
 */
#include "nucleus/sched.h"
#include "nucleus/stage.h"

/* As a recall: whoever goes on from here meets it on the way back to user mode. */
void nk_weak_call_ended(struct nk_thread *t)
{
	if (nk_plist_empty(&t->owned) && !t->recall)
		__atomic_store_n(&t->recall, NK_RELAX_CALL, __ATOMIC_RELAXED);
}

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
