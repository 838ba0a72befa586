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
 * Interrupts are let in between two objects. An object with watches may not go: who deletes it
 * ends their wait, and each watcher takes its watch off before it returns.
 */
#include "nucleus/watch.h"
#include "nucleus/sched.h"

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
		nk_lock_acquire(&w[i].wq->lock);
		nk_list_add_before(&w[i].node, &w[i].wq->watches);
		count += look(&w[i]);
		nk_lock_release(&w[i].wq->lock);
		nk_breathe(flags);
	}
	return count;
}

static int take_all(struct nk_watch *w, int n, hal_flags_t flags)
{
	int i, count = 0;

	for (i = 0; i < n; i++) {
		nk_lock_acquire(&w[i].wq->lock);
		nk_list_del(&w[i].node);
		count += look(&w[i]);
		nk_lock_release(&w[i].wq->lock);
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

void nk_watch_notify_locked(struct nk_waitq *wq)
{
	struct nk_list *l = wq->watches.next;

	nk_assert_held(&wq->lock);
	for (; l != &wq->watches; l = l->next)
		nk_thread_wake(nk_container_of(l, struct nk_watch, node)->t, 0);
}
