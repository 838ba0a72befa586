// SPDX-License-Identifier: GPL-2.0
/*
 * Barriers. A waiter whose wait ends early takes its arrival back, unless the round is over: then
 * it was counted, and whatever ended its wait came too late.
 *
 *	timeout, CPU 0				last one, CPU 1
 *	wait ended: -ETIMEDOUT
 *						lock; arrived == needed
 *						round + 1; unlock; wake all
 *	lock; the round is another one:
 *	counted, so 0; unlock
 */
#include "nucleus/barrier.h"
#include "nucleus/sched.h"
#include "nucleus/sweep.h"

int nk_barrier_init(struct nk_barrier *b, unsigned int needed)
{
	if (!needed)
		return -NK_EINVAL;
	nk_waitq_init(&b->wq);
	b->needed = needed;
	b->arrived = 0;
	b->round = 0;
	return 0;
}

int nk_barrier_destroy(struct nk_barrier *b)
{
	hal_flags_t flags = hal_oob_save();
	int ret = -NK_EBUSY;

	nk_lock_acquire(&b->wq.lock);
	if (!b->arrived && nk_plist_empty(&b->wq.waiters) &&
	    !__atomic_load_n(&b->wq.pins, __ATOMIC_ACQUIRE)) {
		b->wq.closed = 1;
		ret = 0;
	}
	nk_lock_release(&b->wq.lock);
	hal_oob_restore(flags);
	return ret;
}

static int wait_for_others(struct nk_barrier *b, nk_time_t deadline)
{
	unsigned long round = b->round;
	int ret = nk_wait_block_locked(&b->wq, deadline);

	if (!ret)
		return 0;
	nk_lock_acquire(&b->wq.lock);
	if (b->round == round)
		b->arrived--;
	else
		ret = 0;
	nk_lock_release(&b->wq.lock);
	return ret;
}

int nk_barrier_wait(struct nk_barrier *b, nk_time_t deadline)
{
	hal_flags_t flags = hal_oob_save();
	int ret;

	nk_waitq_enter(&b->wq, flags);
	if (b->wq.closed) {
		nk_lock_release(&b->wq.lock);
		ret = -NK_EIDRM;
	} else if (++b->arrived == b->needed) {
		b->arrived = 0;
		b->round++;
		nk_wait_flush_locked(&b->wq, 0, flags);
		nk_sched();
		ret = NK_BARRIER_LAST;
	} else {
		ret = wait_for_others(b, deadline);
	}
	hal_oob_restore(flags);
	return ret;
}
