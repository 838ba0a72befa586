// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for any of several objects.
 *
 *	1. begin the wait: from now on a notification ends it
 *	2. per object: lock; put the watch on its list; look whether it is ready; unlock
 *	3. none was ready: block
 *	4. per object: lock; take the watch off; look once more; unlock
 *
 * The look in 2 comes after the watch is on the list, under the same lock as each notification,
 * so none is missed:
 *
 *	watcher, CPU 0				post, CPU 1
 *	lock; watch on the list
 *	not ready; unlock
 *						lock; count 1; notify: wait ended; unlock
 *	the wait has ended: does not block
 *
 * Interrupts are let in between two objects, and between two watchers of one that are told. Those who
 * are to be told are put on a list of the teller's own first, so that the work has an end, and
 * taken off that one by one; whoever leaves earlier takes itself off:
 *
 *	post, CPU 0				watcher A, CPU 1
 *	lock; count 1; list: A B
 *	A off; wait ended; unlock
 *						lock; off no list; ready; unlock
 *						takes it, and watches again: is not on the list
 *	lock; B off; wait ended; unlock
 *
 * A watcher has the object pinned from 2 to 4. Who deletes that ends its wait.
 */
#include "nucleus/watch.h"
#include "nucleus/sched.h"
#include "nucleus/sweep.h"

static int look(struct nk_watch *w)
{
	w->is_ready = w->wq->closed || w->ready(w->wq);
	return w->is_ready;
}

static int put_all(struct nk_watch *w, int n, hal_flags_t flags)
{
	struct nk_thread *t = nk_thread_current();
	int i, count = 0;

	for (i = 0; i < n; i++) {
		w[i].t = t;
		w[i].tell = NULL;
		nk_waitq_enter(w[i].wq, flags);
		nk_list_add_before(&w[i].node, &w[i].wq->watches);
		__atomic_fetch_add(&w[i].wq->pins, 1, __ATOMIC_ACQUIRE);
		count += look(&w[i]);
		nk_lock_release(&w[i].wq->lock);
		if (i + 1 < n)
			nk_breathe(flags);
	}
	return count;
}

static int take_all(struct nk_watch *w, int n, hal_flags_t flags)
{
	int i, count = 0;

	for (i = 0; i < n; i++) {
		nk_waitq_enter(w[i].wq, flags);
		nk_list_del(&w[i].node);
		count += look(&w[i]);
		__atomic_fetch_sub(&w[i].wq->pins, 1, __ATOMIC_RELEASE);
		nk_lock_release(&w[i].wq->lock);
		if (i + 1 < n)
			nk_breathe(flags);
	}
	return count;
}

int nk_watch_wait(struct nk_watch *w, int n, nk_time_t deadline)
{
	hal_flags_t flags;
	struct nk_thread *t;
	int ret, count;

	if (n <= 0 || n > NK_WATCH_MAX)
		return -NK_EINVAL;
	flags = hal_oob_save();
	nk_assert_can_block();
	t = nk_thread_current();
	ret = nk_thread_wait_begin(t);
	if (!ret) {
		if (put_all(w, n, flags))
			nk_thread_wake(t, 0);
		ret = nk_thread_wait_commit(t, deadline, -NK_ETIMEDOUT);
		count = take_all(w, n, flags);
		if (count)
			ret = count;
	}
	hal_oob_restore(flags);
	return ret;
}

void nk_watch_init(struct nk_watch *w, void (*tell)(struct nk_watch *w))
{
	w->tell = tell;
	w->t = NULL;
	nk_list_init(&w->node);
}

int nk_watch_ask(struct nk_watch *w)
{
	hal_flags_t flags = hal_oob_save();
	int ret;

	nk_waitq_enter(w->wq, flags);
	ret = look(w);
	if (!ret && nk_list_empty(&w->node))
		nk_list_add_before(&w->node, &w->wq->watches);
	nk_lock_release(&w->wq->lock);
	hal_oob_restore(flags);
	return ret;
}

void nk_watch_forget(struct nk_watch *w)
{
	hal_flags_t flags = hal_oob_save();

	nk_waitq_enter(w->wq, flags);
	nk_list_del(&w->node);
	nk_list_init(&w->node);
	nk_lock_release(&w->wq->lock);
	hal_oob_restore(flags);
}

/* In the order in which they came. */
nk_cold void nk_watch_tell_all(struct nk_waitq *wq)
{
	struct nk_list *l, told;
	struct nk_watch *w;

	nk_assert_held(&wq->lock);
	__atomic_fetch_add(&wq->pins, 1, __ATOMIC_ACQUIRE);
	nk_list_add_before(&told, &wq->watches);
	nk_list_del(&wq->watches);
	nk_list_init(&wq->watches);
	while (!nk_list_empty(&told)) {
		l = told.next;
		nk_list_del(l);
		nk_list_init(l);
		w = nk_container_of(l, struct nk_watch, node);
		if (w->tell)
			w->tell(w);
		else
			nk_thread_wake(w->t, 0);
		nk_lock_release(&wq->lock);
		if (!nk_rq_this()->irq_depth && !nk_root_active(hal_cpu()))
			hal_oob_gap();
		nk_lock_acquire(&wq->lock);
	}
	__atomic_fetch_sub(&wq->pins, 1, __ATOMIC_RELEASE);
}
