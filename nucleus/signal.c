// SPDX-License-Identifier: GPL-2.0
/*
 * Signals of hard threads.
 *
 * SG1 Nothing is kept while closed.
 * SG2 wanted is not 0 only while the thread waits, and who ends its wait clears it; so one that arrives
 *     next is kept.
 * SG3 A signal that Linux gets is not missed: the waiter says what it wants before it looks at what Linux
 *     has pending, and Linux marks it pending before it tells:
 *
 *	waiter, CPU 0				sender in Linux, CPU 1
 *	wanted = set
 *	barrier					pending there
 *	pending there? -EBUSY			barrier
 *						wanted? end the wait, -EBUSY
 */
#include "nucleus/signal.h"
#include "nucleus/sched.h"

int nk_signal_waiters;

void nk_signals_init(struct nk_signals *s, struct nk_thread *t, const nk_u64 *own, const nk_u64 *shared)
{
	nk_lock_init(&s->lock, NK_RANK_WAITQ);
	s->thread = t;
	s->inband[0] = own;
	s->inband[1] = shared;
	s->open = 0;
	s->wanted = 0;
	s->count = 0;
	t->signals = s;
}

static void signals_set_open(struct nk_signals *s, int open, nk_u64 blocked)
{
	hal_flags_t flags = hal_oob_save();

	nk_lock_acquire(&s->lock);
	s->open = open;
	s->blocked = blocked;
	nk_lock_release(&s->lock);
	hal_oob_restore(flags);
}

void nk_signals_open(struct nk_signals *s, nk_u64 blocked)
{
	signals_set_open(s, 1, blocked);
}

void nk_signals_close(struct nk_signals *s)
{
	signals_set_open(s, 0, 0);
}

static void pick_at(struct nk_signals *s, int i, struct nk_signal *sig)
{
	*sig = s->kept[i];
	for (s->count--; i < s->count; i++)
		s->kept[i] = s->kept[i + 1];
}

int nk_signals_next(struct nk_signals *s, struct nk_signal *sig)
{
	if (!s->count)
		return 0;
	pick_at(s, 0, sig);
	return 1;
}

/* ---- wait -------------------------------------------------------------------------------------- */

static int pick_locked(struct nk_signals *s, nk_u64 set, struct nk_signal *sig)
{
	int i, best = -1;

	for (i = 0; i < s->count; i++)
		if ((set & nk_signal_bit(s->kept[i].signo)) &&
		    (best < 0 || s->kept[i].signo < s->kept[best].signo))
			best = i;
	if (best < 0)
		return 0;
	pick_at(s, best, sig);
	return 1;
}

static void want_locked(struct nk_signals *s, nk_u64 set)
{
	if (!s->wanted != !set)
		__atomic_fetch_add(&nk_signal_waiters, set ? 1 : -1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&s->wanted, set, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);	/* SG3 */
}

static int inband_has(const struct nk_signals *s, nk_u64 set)
{
	return ((__atomic_load_n(s->inband[0], __ATOMIC_RELAXED) |
		 __atomic_load_n(s->inband[1], __ATOMIC_RELAXED)) & set) != 0;
}

/* 0: it is to wait now, and its wait has begun. */
static int wait_signal_locked(struct nk_signals *s, nk_u64 set, nk_time_t until)
{
	int ret = 0;

	if (set & ~s->blocked)
		return -NK_EINVAL;
	want_locked(s, set);
	if (inband_has(s, set))
		ret = -NK_EBUSY;
	else if (!until)
		ret = -NK_ETIMEDOUT;
	else
		ret = nk_thread_wait_begin(s->thread);
	if (ret)
		want_locked(s, 0);
	return ret;
}

/* What ends the wait is kept first, so it is there to be taken. */
int nk_signal_wait(nk_u64 set, nk_time_t until, struct nk_signal *sig)
{
	struct nk_signals *s = nk_thread_current()->signals;
	hal_flags_t flags = hal_oob_save();
	int ret, taken;

	nk_assert_can_block();
	nk_lock_acquire(&s->lock);
	taken = pick_locked(s, set, sig);
	ret = taken ? 0 : wait_signal_locked(s, set, until);
	nk_lock_release(&s->lock);
	if (!taken && !ret) {
		ret = nk_thread_wait_commit(s->thread, until, -NK_ETIMEDOUT);
		nk_lock_acquire(&s->lock);
		want_locked(s, 0);
		if (pick_locked(s, set, sig))
			ret = 0;
		nk_lock_release(&s->lock);
	}
	hal_oob_restore(flags);
	return ret;
}

/* ---- send -------------------------------------------------------------------------------------- */

/* One that is kept already and stands for @sig as well. */
static struct nk_signal *kept_same_locked(struct nk_signals *s, const struct nk_signal *sig)
{
	int i;

	for (i = 0; i < s->count; i++) {
		struct nk_signal *k = &s->kept[i];

		if (k->signo == sig->signo && (sig->signo < NK_SIGNO_QUEUED ||
					       (sig->timer && k->timer == sig->timer)))
			return k;
	}
	return NULL;
}

static int keep_locked(struct nk_signals *s, const struct nk_signal *sig)
{
	struct nk_signal *same = kept_same_locked(s, sig);

	if (same) {
		if (sig->timer && same->timer == sig->timer)
			same->overrun += sig->overrun + 1;
		return 2;
	}
	if (s->count == NK_SIGNALS)
		return 0;
	s->kept[s->count++] = *sig;
	return 1;
}

static void tell_waiter_locked(struct nk_signals *s, int signo, int error)
{
	if ((s->wanted & nk_signal_bit(signo)) && nk_thread_wake(s->thread, error))
		want_locked(s, 0);
}

static int send_signal(struct nk_signals *s, const struct nk_signal *sig, int only_wanted)
{
	int kept = 0;

	nk_lock_acquire(&s->lock);
	if (s->open && ((only_wanted ? s->wanted : s->blocked) & nk_signal_bit(sig->signo)))
		kept = keep_locked(s, sig);
	if (kept)
		tell_waiter_locked(s, sig->signo, 0);
	nk_lock_release(&s->lock);
	return kept;
}

int nk_signal_send(struct nk_signals *s, const struct nk_signal *sig)
{
	return send_signal(s, sig, 0);
}

int nk_signal_offer(struct nk_signals *s, const struct nk_signal *sig)
{
	return send_signal(s, sig, 1);
}

void nk_signal_inband(struct nk_signals *s, int signo)
{
	hal_flags_t flags;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);	/* SG3 */
	if (!(__atomic_load_n(&s->wanted, __ATOMIC_RELAXED) & nk_signal_bit(signo)))
		return;
	flags = hal_oob_save();
	nk_lock_acquire(&s->lock);
	tell_waiter_locked(s, signo, -NK_EBUSY);
	nk_lock_release(&s->lock);
	nk_sched();
	hal_oob_restore(flags);
}
