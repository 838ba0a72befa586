// SPDX-License-Identifier: GPL-2.0
/*
 * Keel calls.
 */
#include <keel/abi.h>
#include "messages.h"
#include "native.h"
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/trace.h"
#include "objects.h"
#include "poll.h"
#include "signal.h"
#include "sync.h"

static long period_set(unsigned long first, unsigned long period)
{
	nk_time_t p = (nk_time_t)period;

	if (p && (p < KEEL_PERIOD_MIN_NS || p > KEEL_PERIOD_MAX_NS))
		return -NK_EINVAL;
	if ((nk_time_t)first < 0)
		return -NK_EINVAL;
	return nk_thread_set_periodic(nk_thread_current(), (nk_time_t)first, p);
}

/* @clock: 0 or KEEL_REALTIME. */
static long clock_sleep(unsigned long clock, nk_time_t until)
{
	if ((clock & ~(KEEL_REALTIME | KEEL_SLEEP_SIGNAL)) || until < 0)
		return -NK_EINVAL;
	return nk_sleep_until(clock & KEEL_REALTIME ? nk_until_realtime(until) : until);
}

static __attribute__((__noinline__)) long signal_wait(nk_u64 set, unsigned long until)
{
	return (nk_time_t)until < 0 ? -NK_EINVAL : native_signal_wait(set, (nk_time_t)until);
}

/* Flattened: the way back from the most frequent wait. */
static __attribute__((flatten)) long period_wait(void)
{
	unsigned long overruns = 0;
	int err = nk_thread_wait_period(&overruns);

	return err ? err : (long)overruns;
}

static long prio_set(unsigned long prio)
{
	if (prio < KEEL_PRIO_MIN || prio > KEEL_PRIO_MAX)
		return -NK_EINVAL;
	return nk_thread_set_prio(nk_thread_current(), (int)prio);
}

static long warn_set(unsigned long what)
{
	struct nk_thread *t = nk_thread_current();
	int before = t->warns;

	if (what > KEEL_WARN_ALL)
		return -NK_EINVAL;
	t->warns = (int)what;
	return before;
}

/* Out of line, as what follows. */
static __attribute__((__noinline__)) long thread_call(struct native_space *s, long nr, unsigned long tid,
						      unsigned long b)
{
	switch (nr) {
	case KEEL_CALL_THREAD_STATE:
		return native_thread_state(s, tid, (void *)b);
	case KEEL_CALL_THREAD_SUSPEND:
		return native_thread_suspend(s, tid);
	case KEEL_CALL_THREAD_RESUME:
		return native_thread_resume(s, tid);
	case KEEL_CALL_THREAD_PRIORITY:
		if (b < KEEL_PRIO_MIN || b > KEEL_PRIO_MAX)
			return -NK_EINVAL;
		return native_thread_set_prio(s, tid, (int)b);
	default:
		return native_thread_unblock(s, tid);
	}
}

/* Flattened and here, not with the other objects: by these two, threads pass each other the turn. */
static __attribute__((__noinline__, __flatten__)) long sem_post(struct native_space *s, unsigned long id)
{
	struct native_object *o = native_get(s, id, KEEL_SEM);
	long ret;

	if (!o)
		return -NK_EINVAL;
	ret = nk_sem_post(native_body(o, sem));
	native_put(o);
	nk_weak_call_ends();
	return ret;
}

static __attribute__((__noinline__, __flatten__)) long sem_wait(struct native_space *s, unsigned long id,
							      nk_time_t until)
{
	struct native_object *o;
	long ret;

	if (until < 0)
		return -NK_EINVAL;
	o = native_get(s, id, KEEL_SEM);
	if (!o)
		return -NK_EINVAL;
	ret = nk_sem_wait(native_body(o, sem), until);
	native_put(o);
	nk_weak_call_ends();
	return ret;
}

/* Out of line: what it puts on the stack is nothing to the calls above. */
static __attribute__((__noinline__)) long object_call(struct native_space *s, long nr, unsigned long a,
						      unsigned long b, unsigned long c,
						      const unsigned long *more)
{
	struct native_args args;
	long ret;

	args.space = s;
	args.b = b;
	args.c = c;
	args.d = more[0];
	args.e = more[1];
	ret = native_sync_call(nr, a, &args);
	nk_weak_call_ends();
	return ret;
}

static __attribute__((__noinline__)) long plain_call(struct native_space *s, long nr, unsigned long a,
						     unsigned long b, unsigned long c,
						     const unsigned long *more)
{
	switch (nr) {
	case KEEL_CALL_PERIOD_WAIT:
		return period_wait();
	case KEEL_CALL_SLEEP_UNTIL:
		return (nk_time_t)a < 0 ? -NK_EINVAL : nk_sleep_until((nk_time_t)a);
	case KEEL_CALL_CLOCK_SLEEP:
		return clock_sleep(a, (nk_time_t)b);
	case KEEL_CALL_PERIOD_SET:
		return period_set(a, b);
	case KEEL_CALL_PRIORITY_SET:
		return prio_set(a);
	case KEEL_CALL_CLOCK:
		return hal_clock_now();
	case KEEL_CALL_YIELD:
		nk_yield();
		return 0;
	case KEEL_CALL_THREAD_UNBLOCK:
	case KEEL_CALL_THREAD_SUSPEND:
	case KEEL_CALL_THREAD_RESUME:
	case KEEL_CALL_THREAD_PRIORITY:
	case KEEL_CALL_THREAD_STATE:
		return thread_call(s, nr, a, b);
	case KEEL_CALL_THREAD_WARN:
		return warn_set(a);
	case KEEL_CALL_SIGNAL_WAIT:
		return signal_wait(a, b);
	case KEEL_CALL_SIGNAL_SEND:
		return native_signal_send(s, a, b, c);
	case KEEL_CALL_TRACE_MARK:
		if (a > (nk_u32)-1)
			return -NK_EINVAL;
		nk_trace_mark(nk_thread_current(), (long)a, (long)b);
		return 0;
	case KEEL_CALL_POLL:
		return native_poll(s, (void *)a, b, (nk_time_t)c);
	case KEEL_CALL_POLL_ONE:
		return native_poll_one(s, a, b, (nk_time_t)c);
	case KEEL_CALL_SCHED_LOCK:
		return nk_sched_lock();
	case KEEL_CALL_SCHED_UNLOCK:
		return nk_sched_unlock();
	}
	return object_call(s, nr, a, b, c, more);
}

/* What needs no stack of its own here first. */
long native_call(struct native_space *s, long nr, unsigned long a, unsigned long b,
		 unsigned long c, const unsigned long *more)
{
	if (nr == KEEL_CALL_SEM_POST)
		return sem_post(s, a);
	if (nr == KEEL_CALL_SEM_WAIT && !(a & KEEL_REALTIME))
		return sem_wait(s, a, (nk_time_t)b);
	return plain_call(s, nr, a, b, c, more);
}
