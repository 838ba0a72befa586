// SPDX-License-Identifier: GPL-2.0
/*
 * A CPU that goes offline moves its timers, the first ones first, a few at a time with both locks held,
 * so whoever looks for one finds it, armed, in one queue or the other:
 *
 *	move_all(0, 1), CPU 0		stop, CPU 2
 *					cpu is 0: lock base 0, wait
 *	cpu = 1; into queue 1
 *	unlock both
 *					has it; cpu is not 0 any more: unlock
 *					lock base 1: armed: off
 *
 * Those that are about their CPU, the alarm too, are pinned: they wait in its queue until it is back.
 * What else is started on it is passed on, under its lock; each of a row of such CPUs went offline while the
 * next was online, so the row has an end:
 *
 *	redirect(0, 1), CPU 0		start_on(0), CPU 2
 *	lock base 0; serves = 1; unlock
 *	moves
 *					lock base 0: served by 1; cpu = 1; unlock
 *					lock base 1: into its queue
 */
#include "nucleus/timer_queue.h"
#include "nucleus/sched.h"

static void lock_both(struct nk_timer_base *a, struct nk_timer_base *b)
{
	nk_lock_acquire(a < b ? &a->lock : &b->lock);
	nk_lock_acquire(a < b ? &b->lock : &a->lock);
}

/* The first of a queue that is not pinned. */
static struct nk_timer *first_of(const struct nk_tree *queue)
{
	const struct nk_tree_node *n = queue->first;

	while (n && nk_timer_of((struct nk_tree_node *)n)->pinned)
		n = nk_tree_next(n);
	return n ? nk_timer_of((struct nk_tree_node *)n) : NULL;
}

static struct nk_timer *first_to_move(const struct nk_timer_base *base)
{
	struct nk_timer *t = first_of(&base->real);

	return t ? t : first_of(&base->queue);
}

/* 1 when some are left. */
static int move_some(struct nk_timer_base *from, struct nk_timer_base *to, int cpu)
{
	struct nk_timer *t = NULL;
	int n;

	for (n = 0; n < NK_TIMER_BATCH; n++) {
		t = first_to_move(from);
		if (!t)
			break;
		nk_timer_queue_del(from, t);
		__atomic_store_n(&t->cpu, cpu, __ATOMIC_RELAXED);
		nk_timer_queue_add(to, t);
	}
	nk_timer_retime(to, cpu);
	return t != NULL;
}

void nk_timer_move_all(int cpu, int to)
{
	struct nk_timer_base *a = &nk_rqs[cpu].timers, *b = &nk_rqs[to].timers;
	hal_flags_t flags;
	int more;

	do {
		flags = hal_oob_save();
		lock_both(a, b);
		more = move_some(a, b, to);
		nk_lock_release(&a->lock);
		nk_lock_release(&b->lock);
		hal_oob_restore(flags);
	} while (more);
}

void nk_timer_redirect(int cpu, int to)
{
	struct nk_timer_base *base = &nk_rqs[cpu].timers;
	hal_flags_t flags = hal_oob_save();

	nk_lock_acquire(&base->lock);
	base->serves = to;
	nk_lock_release(&base->lock);
	hal_oob_restore(flags);
}
