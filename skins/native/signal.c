// SPDX-License-Identifier: GPL-2.0
/*
 * Signals between hard threads, and from timers. What no hard thread takes or keeps is handed to the
 * timer's part in Linux, or back to the caller.
 */
#include <keel/abi.h>
#include "link.h"
#include "messages.h"
#include "nucleus/sched.h"
#include "objects.h"
#include "signal.h"

#define UNHEARD		10000000	/* ns */
#define INBAND		1000000
#define INTERVAL_MAX	(KEEL_FOREVER / 2)	/* longer is never */

_Static_assert(KEEL_SIGNAL_MAX == NK_SIGNO_MAX, "signals");

/* ---- signals ----------------------------------------------------------------------------------- */

static int send_to(struct native_space *s, nk_u32 tid, const struct nk_signal *sig)
{
	struct nk_thread *t = native_thread_pin(s, tid);
	int sent;

	if (!t)
		return -NK_ESRCH;
	sent = t->signals ? nk_signal_send(t->signals, sig) : 0;
	nk_thread_unpin(t);
	return sent;
}

/* The first that waits for it. */
static int send_to_any(struct native_space *s, const struct nk_signal *sig)
{
	unsigned int i, top = __atomic_load_n(&s->top, __ATOMIC_SEQ_CST);
	int sent = 0;

	if (!__atomic_load_n(&nk_signal_waiters, __ATOMIC_SEQ_CST))
		return 0;
	for (i = 0; i < top && !sent; i++) {
		struct nk_thread *t = nk_owners_pin(&s->owners, i);

		if (!t)
			continue;
		sent = t->signals ? nk_signal_offer(t->signals, sig) : 0;
		nk_thread_unpin(t);
	}
	return sent;
}

long native_signal_send(struct native_space *s, unsigned long tid, unsigned long what, nk_u64 value)
{
	const struct nk_signal sig = {
		.signo = (int)(what & 0xff),
		.code = (signed char)(what >> KEEL_SIGNAL_CODE_SHIFT),
		.value = value,
	};
	int sent;

	if (what > 0xffff || sig.signo < 1 || sig.signo > NK_SIGNO_MAX)
		return -NK_EINVAL;
	sent = tid ? send_to(s, (nk_u32)tid, &sig) : send_to_any(s, &sig);
	nk_sched();
	return sent > 0 ? 0 : sent < 0 ? sent : -NK_EWOULDBLOCK;
}

long native_signal_wait(nk_u64 set, nk_time_t until)
{
	struct nk_signals *s = nk_thread_current()->signals;
	struct nk_signal sig;
	int err = nk_signal_wait(set, until, &sig);

	if (err)
		return err;
	s->out->value = sig.value;
	s->out->timer = sig.timer;
	s->out->overrun = sig.overrun;
	return sig.signo | (long)(unsigned char)sig.code << KEEL_SIGNAL_CODE_SHIFT;
}

/* ---- timers ------------------------------------------------------------------------------------ */

static struct native_timer *timer_of(const struct native_object *o)
{
	return native_link_of(o)->timer;
}

/* All returns how long nobody needs to hear of it again. */
static nk_time_t tell_linux(struct native_timer *t, unsigned int count)
{
	unsigned int before = __atomic_fetch_add(&t->owed, count, __ATOMIC_SEQ_CST);

	hal_work_post(t->work);
	return before || __atomic_load_n(&t->deaf, __ATOMIC_RELAXED) ? UNHEARD : INBAND;
}

static nk_time_t tell(struct native_timer *t, unsigned int count)
{
	struct nk_signal sig = t->signal;
	int sent;

	sig.overrun = count - 1;
	sent = t->tid ? send_to(t->space, t->tid, &sig) : send_to_any(t->space, &sig);
	if (sent <= 0)
		return tell_linux(t, count);
	__atomic_store_n(&t->overrun, -1, __ATOMIC_RELAXED);
	return sent > 1 ? UNHEARD : 0;
}

static nk_time_t tell_waiter(struct native_timer *t, unsigned int count)
{
	int unheard = nk_sem_give(&t->expired) != 0;

	__atomic_fetch_add(&t->more, unheard ? count : count - 1, __ATOMIC_SEQ_CST);
	return unheard ? UNHEARD : 0;
}

/* Interrupts that tell nobody anything could take all of a CPU: nothing holds them off, as the share does
 * threads. So the timer stands still for @gap; what passes is told when it goes on. It may have been set
 * anew meanwhile, on another CPU. */
static void stand_still(struct native_timer *t, nk_time_t gap)
{
	struct nk_timer *timer = &t->timer;
	nk_time_t next, points;

	nk_lock_acquire(&t->lock);
	next = timer->node.key + timer->early;
	if (timer->armed && timer->interval && timer->interval < gap && next > timer->due &&
	    (next - timer->due) % timer->interval == 0) {
		points = gap / timer->interval;
		t->passed += (unsigned int)points;
		t->skipped = 0;
		nk_timer_start(timer, next + points * timer->interval, timer->interval);
	}
	nk_lock_release(&t->lock);
}

/* In the timer's interrupt. */
static void on_expiry(struct nk_timer *timer, nk_time_t now)
{
	struct native_timer *t = nk_container_of(timer, struct native_timer, timer);
	unsigned int count = 1 + t->passed + (unsigned int)(timer->overruns - t->skipped);
	nk_time_t gap;

	(void)now;
	t->skipped = timer->overruns;
	t->passed = 0;
	gap = t->signal.signo ? tell(t, count) : tell_waiter(t, count);
	if (gap)
		stand_still(t, gap);
}

void native_timer_init(struct native_timer *t, struct hal_work *work)
{
	nk_timer_init(&t->timer, on_expiry);
	nk_sem_init(&t->expired, 0, 1);
	nk_lock_init(&t->lock, NK_RANK_WAITQ);
	t->work = work;
}

void native_timer_end(struct native_timer *t)
{
	nk_timer_stop_sync(&t->timer);
}

int native_timer_handed(struct native_space *s, nk_u32 id, unsigned int overrun)
{
	struct native_object *o = native_get(s, id, KEEL_TIMER);
	int number;

	if (!o)
		return 0;
	number = timer_of(o)->number;
	__atomic_store_n(&timer_of(o)->overrun, (int)overrun, __ATOMIC_RELAXED);
	native_put(o);
	return number;
}

long native_timer_set(struct native_object *o, const struct native_args *a)
{
	struct native_timer *t = timer_of(o);
	nk_time_t first = (nk_time_t)a->b, interval = (nk_time_t)a->c;

	if (first < 0 || interval < 0 || (interval && interval < KEEL_PERIOD_MIN_NS))
		return -NK_EINVAL;
	nk_lock_acquire(&t->lock);
	nk_timer_stop(&t->timer);
	t->skipped = 0;
	t->passed = 0;
	t->signal.timer = o->id;
	__atomic_store_n(&t->more, 0, __ATOMIC_RELAXED);
	if (first) {
		nk_timer_set_clock(&t->timer, a->until < 0 ? NK_CLOCK_REALTIME : NK_CLOCK_MONOTONIC);
		nk_timer_start(&t->timer, first, interval > INTERVAL_MAX ? 0 : interval);
	}
	nk_lock_release(&t->lock);
	return 0;
}

long native_timer_get(struct native_object *o, const struct native_args *a)
{
	return nk_timer_left(&timer_of(o)->timer);
}

long native_timer_overrun(struct native_object *o, const struct native_args *a)
{
	int overrun = __atomic_load_n(&timer_of(o)->overrun, __ATOMIC_RELAXED);

	return overrun < 0 ? -NK_EWOULDBLOCK : overrun;
}

long native_timer_wait(struct native_object *o, const struct native_args *a)
{
	struct native_timer *t = timer_of(o);
	int err = t->signal.signo ? -NK_EINVAL : nk_sem_wait(&t->expired, a->until);

	return err ? err : (long)__atomic_exchange_n(&t->more, 0, __ATOMIC_SEQ_CST);
}
