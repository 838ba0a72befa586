// SPDX-License-Identifier: GPL-2.0
/*
 * Keel calls on another thread of the process. It is pinned meanwhile, and not while the caller may
 * lose its CPU: who ends a thread waits for its pins.
 */
#include <keel/abi.h>
#include "nucleus/class.h"
#include "nucleus/sched.h"
#include "objects.h"

long native_thread_unblock(struct native_space *s, unsigned long tid)
{
	struct nk_thread *t = native_thread_pin(s, tid);
	int won;

	if (!t)
		return -NK_ESRCH;
	won = nk_thread_wake(t, -NK_EINTR);
	nk_thread_unpin(t);
	nk_sched();
	return won;
}

/* Ended by Linux, it is not suspended any more: the signal's handler is to run, and the call returns. */
static long stop_self(struct nk_thread *t)
{
	int err = nk_thread_stop();

	if (err)
		nk_thread_resume(t);
	return err;
}

long native_thread_suspend(struct native_space *s, unsigned long tid)
{
	struct nk_thread *t = native_thread_pin(s, tid);
	int self = t == nk_thread_current(), err;

	if (!t)
		return -NK_ESRCH;
	err = nk_thread_suspend(t);
	nk_thread_unpin(t);
	return self && !err ? stop_self(t) : err;
}

long native_thread_resume(struct native_space *s, unsigned long tid)
{
	struct nk_thread *t = native_thread_pin(s, tid);
	int was;

	if (!t)
		return -NK_ESRCH;
	was = nk_thread_resume(t);
	nk_thread_unpin(t);
	nk_sched();
	return was;
}

long native_thread_set_prio(struct native_space *s, unsigned long tid, int prio)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_thread *t = native_thread_pin(s, tid);
	long err = -NK_ESRCH;

	if (t) {
		err = nk_class_set_prio(t, prio, hal_oob_save());
		nk_thread_unpin(t);
		nk_sched();
	}
	hal_oob_restore(flags);
	return err;
}
