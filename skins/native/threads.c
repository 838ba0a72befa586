// SPDX-License-Identifier: GPL-2.0
/*
 * Keel calls on another thread of the process. It is pinned meanwhile, and not while the caller may
 * lose its CPU: who ends a thread waits for its pins.
 */
#include <keel/abi.h>
#include "nucleus/class.h"
#include "nucleus/copy.h"
#include "nucleus/sched.h"
#include "nucleus/snapshot.h"
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

nk_u32 native_state_of(enum nk_thread_state state)
{
	switch (state) {
	case NK_READY:
		return KEEL_STATE_READY;
	case NK_RUNNING:
		return KEEL_STATE_RUNNING;
	case NK_BLOCKED:
		return KEEL_STATE_WAITING;
	case NK_DORMANT:
		return KEEL_STATE_NEW;
	default:
		return KEEL_STATE_INBAND;
	}
}

long native_thread_state(struct native_space *s, unsigned long tid, void *to)
{
	struct nk_thread *t = native_thread_pin(s, tid);
	struct keel_thread_state state;
	struct nk_thread_snapshot now;

	if (!t)
		return -NK_ESRCH;
	nk_thread_snapshot(t, &now);
	nk_thread_unpin(t);
	state.cpu = now.cpu;
	state.base_prio = now.base_prio;
	state.state = native_state_of(now.state);
	state.waits = now.wait_on != NULL;
	state.run_ns = (nk_u64)now.run_ns;
	state.switches = now.switches;
	state.until_ns = now.until == NK_TIME_NEVER ? 0 : now.until;
	return nk_copy_out(to, &state, sizeof(state));
}
