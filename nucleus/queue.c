// SPDX-License-Identifier: GPL-2.0
/*
 * Message queues. A slot is always in one of these places:
 *
 *	free list	counted by room
 *	in a call	being filled or read: whoever came by it puts it back, or on
 *	held		a process has it, slot->holder
 *	queued		holds a message
 *
 * Q1 room counts the free list: who got one from room finds one there. So a slot is put there before
 *    room is told, and taken from there after;
 * Q2 nobody waits to receive while anything is queued: a message goes to a waiter directly;
 * Q3 a waiter that a message was given to has it, whatever comes after: its wait was won.
 *
 *	send, CPU 0				timeout of a receiver, CPU 1
 *	lock; first waiter: its receipt = slot
 *						lock rq; wait ended; unlock
 *	end its wait: lost
 *	no more waiters: queued
 *	unlock
 *						-ETIMEDOUT: looks at no receipt
 */
#include "nucleus/copy.h"
#include "nucleus/queue.h"
#include "nucleus/sched.h"

struct receipt {
	struct nk_slot *slot;
};

int nk_queue_init(struct nk_queue *q, struct nk_slot *slots, char *area, unsigned int count,
		  unsigned int size)
{
	unsigned int i;

	if (!count || count > NK_QUEUE_COUNT || !size || size > NK_QUEUE_SIZE)
		return -NK_EINVAL;
	*q = (struct nk_queue){ .slots = slots, .area = area, .count = count, .size = size,
				.stride = (size + 7) & ~7u };
	nk_waitq_init(&q->wq);
	nk_lock_init(&q->wq.lock, NK_RANK_COND);
	nk_sem_init(&q->room, count, count);
	nk_plist_init(&q->queued);
	nk_list_init(&q->free);
	for (i = 0; i < count; i++) {
		slots[i].holder = NULL;
		nk_list_add_before(&slots[i].free, &q->free);
	}
	return 0;
}

int nk_queue_destroy(struct nk_queue *q)
{
	int err;

	nk_waitq_close(&q->wq);
	err = nk_sem_destroy(&q->room);
	return err ? err : nk_waitq_destroy(&q->wq);
}

static char *message_of(const struct nk_queue *q, const struct nk_slot *s)
{
	return q->area + (unsigned long)(s - q->slots) * q->stride;
}

/* ---- slots ------------------------------------------------------------------------------------ */

/* A free slot, of @holder or of the calling thread's call: NULL. */
static int slot_get(struct nk_queue *q, const void *holder, nk_time_t deadline,
		    struct nk_slot **slot)
{
	int err = deadline ? nk_sem_wait(&q->room, deadline) : nk_sem_trywait(&q->room);

	if (err)
		return err;
	nk_lock_acquire(&q->wq.lock);
	*slot = nk_container_of(q->free.next, struct nk_slot, free);
	nk_list_del(&(*slot)->free);
	(*slot)->holder = holder;
	nk_lock_release(&q->wq.lock);
	return 0;
}

static void slot_put(struct nk_queue *q, struct nk_slot *s)
{
	nk_lock_acquire(&q->wq.lock);
	s->holder = NULL;
	nk_list_add_before(&s->free, q->free.next);	/* the one that is still in a cache */
	nk_lock_release(&q->wq.lock);
	nk_sem_post(&q->room);
}

/* Slot @i out of @holder's hands: in the call's now. NULL if it is not there. */
static struct nk_slot *slot_from(struct nk_queue *q, const void *holder, unsigned int i)
{
	struct nk_slot *s = NULL;

	if (i >= q->count || !holder)
		return NULL;
	nk_lock_acquire(&q->wq.lock);
	if (q->slots[i].holder == holder) {
		s = &q->slots[i];
		s->holder = NULL;
	}
	nk_lock_release(&q->wq.lock);
	return s;
}

/* ---- messages --------------------------------------------------------------------------------- */

/* To the first who still waits. */
static int queue_hand_over(struct nk_queue *q, struct nk_slot *s)
{
	struct nk_plist_node *n;
	struct nk_thread *t;

	for (n = nk_plist_first(&q->wq.waiters); n; n = nk_plist_next(&q->wq.waiters, n)) {
		t = nk_container_of(n, struct nk_thread, wait_node);
		((struct receipt *)t->wait_data)->slot = s;
		if (nk_wait_wake_this_locked(&q->wq, t, 0))
			return 1;
	}
	return 0;
}

static void queue_tell(struct nk_queue *q)
{
	void (*fn)(void *arg) = q->notify;

	if (fn && q->length == 1) {
		q->notify = NULL;
		fn(q->notify_arg);
	}
	nk_watch_notify_locked(&q->wq);
}

/* @back: it was taken, and comes back where it was. */
static int queue_put(struct nk_queue *q, struct nk_slot *s, int back)
{
	int err = 0;

	nk_lock_acquire(&q->wq.lock);
	if (q->wq.closed) {
		err = -NK_EIDRM;
	} else if (!queue_hand_over(q, s)) {
		if (back)
			nk_plist_add_first(&q->queued, &s->node, s->prio);
		else
			nk_plist_add(&q->queued, &s->node, s->prio);
		q->length++;
		queue_tell(q);
	}
	nk_lock_release(&q->wq.lock);
	return err;
}

/* The best message, or wait for one. */
static int queue_get(struct nk_queue *q, const void *holder, nk_time_t deadline, struct nk_slot **slot)
{
	struct receipt receipt;
	int ret = 0;

	nk_lock_acquire(&q->wq.lock);
	if (q->wq.closed) {
		ret = -NK_EIDRM;
	} else if (!nk_plist_empty(&q->queued)) {
		receipt.slot = nk_container_of(nk_plist_first(&q->queued), struct nk_slot, node);
		nk_plist_del(&q->queued, &receipt.slot->node);
		q->length--;
		receipt.slot->holder = holder;
	} else if (!deadline) {
		ret = -NK_EWOULDBLOCK;
	} else {
		nk_thread_current()->wait_data = &receipt;
		ret = nk_wait_block_locked(&q->wq, deadline);
		if (ret)
			return ret;
		nk_lock_acquire(&q->wq.lock);
		receipt.slot->holder = holder;
	}
	nk_lock_release(&q->wq.lock);
	*slot = receipt.slot;
	return ret;
}

static int queue_send(struct nk_queue *q, const void *from, unsigned int size, unsigned int prio,
		nk_time_t deadline)
{
	struct nk_slot *s;
	int err = slot_get(q, NULL, deadline, &s);

	if (err)
		return err;
	s->size = size;
	s->prio = (int)prio;
	err = nk_copy_in(message_of(q, s), from, size);
	if (!err)
		err = queue_put(q, s, 0);
	if (err)
		slot_put(q, s);
	return err;
}

int nk_queue_send(struct nk_queue *q, const void *from, unsigned int size, unsigned int prio,
		  nk_time_t deadline)
{
	hal_flags_t flags;
	int err;

	if (prio >= NK_QUEUE_PRIOS)
		return -NK_EINVAL;
	if (size > q->size)
		return -NK_EMSGSIZE;
	flags = hal_oob_save();
	err = queue_send(q, from, size, prio, deadline);
	nk_sched();
	hal_oob_restore(flags);
	return err;
}

static int queue_receive(struct nk_queue *q, void *to, unsigned int *size, unsigned int *prio,
		   nk_time_t deadline)
{
	struct nk_slot *s;
	int err = queue_get(q, NULL, deadline, &s);

	if (err)
		return err;
	*size = s->size;
	*prio = (unsigned int)s->prio;
	err = nk_copy_out(to, message_of(q, s), s->size);
	if (err && !queue_put(q, s, 1))
		return err;
	slot_put(q, s);
	return err;
}

int nk_queue_receive(struct nk_queue *q, void *to, unsigned int room, unsigned int *size,
		     unsigned int *prio, nk_time_t deadline)
{
	hal_flags_t flags;
	int err;

	if (room < q->size)
		return -NK_EMSGSIZE;
	flags = hal_oob_save();
	err = queue_receive(q, to, size, prio, deadline);
	nk_sched();
	hal_oob_restore(flags);
	return err;
}

/* ---- without a copy --------------------------------------------------------------------------- */

int nk_queue_alloc(struct nk_queue *q, const void *holder, nk_time_t deadline)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_slot *s;
	int err = slot_get(q, holder, deadline, &s);

	hal_oob_restore(flags);
	return err ? err : (int)(s - q->slots);
}

int nk_queue_pass(struct nk_queue *q, const void *holder, unsigned int slot, unsigned int size,
		  unsigned int prio)
{
	hal_flags_t flags;
	struct nk_slot *s;
	int err = -NK_EINVAL;

	if (prio >= NK_QUEUE_PRIOS)
		return -NK_EINVAL;
	if (size > q->size)
		return -NK_EMSGSIZE;
	flags = hal_oob_save();
	s = slot_from(q, holder, slot);
	if (s) {
		s->size = size;
		s->prio = (int)prio;
		err = queue_put(q, s, 0);
		if (err)
			slot_put(q, s);
	}
	nk_sched();
	hal_oob_restore(flags);
	return err;
}

int nk_queue_take(struct nk_queue *q, const void *holder, unsigned int *size, unsigned int *prio,
		  nk_time_t deadline)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_slot *s;
	int err = queue_get(q, holder, deadline, &s);

	if (!err) {
		*size = s->size;
		*prio = (unsigned int)s->prio;
		err = (int)(s - q->slots);
	}
	hal_oob_restore(flags);
	return err;
}

int nk_queue_free(struct nk_queue *q, const void *holder, unsigned int slot)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_slot *s = slot_from(q, holder, slot);

	if (s)
		slot_put(q, s);
	nk_sched();
	hal_oob_restore(flags);
	return s ? 0 : -NK_EINVAL;
}

int nk_queue_reclaim(struct nk_queue *q, const void *holder)
{
	unsigned int i;
	int count = 0;

	for (i = 0; i < q->count; i++)
		count += !nk_queue_free(q, holder, i);
	return count;
}

int nk_queue_notify(struct nk_queue *q, void (*fn)(void *arg), void *arg)
{
	hal_flags_t flags = hal_oob_save();
	int err = 0;

	nk_lock_acquire(&q->wq.lock);
	if (fn && q->notify) {
		err = -NK_EBUSY;
	} else if (fn || q->notify_arg == arg) {
		q->notify = fn;
		q->notify_arg = arg;
	}
	nk_lock_release(&q->wq.lock);
	hal_oob_restore(flags);
	return err;
}

int nk_queue_notifies(struct nk_queue *q, const void *arg)
{
	hal_flags_t flags = hal_oob_save();
	int ret;

	nk_lock_acquire(&q->wq.lock);
	ret = q->notify && q->notify_arg == arg;
	nk_lock_release(&q->wq.lock);
	hal_oob_restore(flags);
	return ret;
}

unsigned int nk_queue_length(const struct nk_queue *q)
{
	return __atomic_load_n(&q->length, __ATOMIC_RELAXED);
}
