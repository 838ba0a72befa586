// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Queues. A message lies in a block of the pool, behind its header; places in the pool are offsets, as
 * processes map it where they will. Who waits is given a message by who sends it, so that nobody who comes
 * in between takes it, and the sender knows how many get it. Waits are for a semaphore, without the
 * lock, and a sender posts it behind the lock, so a message takes a call of each:
 *
 * Q1 a message for one who waits goes to the list granted, with a reference for each; who goes on takes
 *    the first of it. They are alike: whoever takes which, each message is taken by as many as it was for;
 * Q2 references in granted <= nwaiters, who wait, are about to, or have been woken and not looked yet. So
 *    one whose wait ended otherwise, and finds more of them than waiters besides itself, was meant:
 *
 *	receive, CPU 0				send, CPU 1
 *	lock; nwaiters 1; unlock
 *	waits
 *						lock; granted 1; unlock
 *	-EINTR; lock; nwaiters 0,
 *	granted 1: it is mine
 *						post: for nobody
 *
 * Q3 so there are at least as many posts as references, now or soon, and may be more: who is woken and
 *    finds none granted waits again.
 */
#include <string.h>
#include <alchemy/queue.h>
#include "kind.h"
#include "monitor.h"
#include "queue.h"

#define PART_GRANTS	'g'
#define OVERHEAD 128			/* in the pool, of each message: header and rounding */
#define UNLIMITED_UNIT 8		/* of messages whose number is not known, on the average at least */

struct wanted {
	size_t poolsize, limit;
	int mode;
};

/* ---- made and gone --------------------------------------------------------------------------------- */

/* Who waits goes on first, and touches nothing; then the rest goes. */
static int unmake(struct alchemy_object *o)
{
	struct alchemy_queue *q = (struct alchemy_queue *)o;

	alchemy_part_delete(o, PART_GRANTS, KEEL_SEM, q->grants.id);
	return alchemy_monitor_unmake(&q->m, o);
}

/* The first block is nobody's, so that no message is at 0. */
static int make(struct alchemy_object *o, void *arg)
{
	struct alchemy_queue *q = (struct alchemy_queue *)o;
	const struct wanted *w = arg;
	size_t count = w->limit ? w->limit : w->poolsize / UNLIMITED_UNIT + 1;
	void *first;
	int err;

	if (w->poolsize > KEEL_AREA_MAX)
		return -ENOMEM;
	if (count > (KEEL_AREA_MAX - w->poolsize) / OVERHEAD - 1)
		count = (KEEL_AREA_MAX - w->poolsize) / OVERHEAD - 1;
	err = alchemy_part_create(o, PART_GRANTS, KEEL_SEM, 0,
				  KEEL_SEM_MAX | (w->mode & Q_PRIO ? 0 : KEEL_FIFO), &q->grants.id);
	if (err)
		return err;
	err = alchemy_monitor_make(&q->m, o, &q->own, w->poolsize + (count + 1) * OVERHEAD, 0);
	if (err) {
		alchemy_part_delete(o, PART_GRANTS, KEEL_SEM, q->grants.id);
		return err;
	}
	*state_of(q) = (struct state){ .poolsize = w->poolsize, .limit = w->limit, .mode = w->mode };
	err = ALCHEMY_CALL(keel_heap_clockalloc(&q->m.memory, 1, &first, CLOCK_MONOTONIC, 0));
	alchemy_inband();
	if (err)
		unmake(o);
	return err;
}

static int attach(struct alchemy_object *o)
{
	struct alchemy_queue *q = (struct alchemy_queue *)o;
	int err = alchemy_part_bind(o, PART_GRANTS, KEEL_SEM, &q->grants.id);

	if (err)
		return err;
	err = alchemy_monitor_attach(&q->m, o);
	if (err)
		alchemy_part_delete(o, PART_GRANTS, KEEL_SEM, q->grants.id);
	return err;
}

static const struct alchemy_kind kind = {
	.type = ALCHEMY_QUEUE, .size = sizeof(struct alchemy_queue), .shared_size = sizeof(struct state),
	.make = make, .attach = attach, .unmake = unmake,
};

int rt_queue_create(RT_QUEUE *queue, const char *name, size_t poolsize, size_t qlimit, int mode)
{
	struct wanted w = { poolsize, qlimit, mode };

	if (!poolsize || (mode & ~Q_PRIO))
		return -EINVAL;
	return alchemy_kind_create(&kind, name, &w, &queue->handle);
}

int rt_queue_delete(RT_QUEUE *queue)
{
	return alchemy_kind_delete(&kind, queue->handle);
}

static struct alchemy_queue *find(const RT_QUEUE *queue)
{
	return alchemy_object_find(queue->handle, ALCHEMY_QUEUE);
}

/* The queue of @queue with its lock; NULL: why is in @err. */
static struct alchemy_queue *enter(const RT_QUEUE *queue, int *err)
{
	struct alchemy_queue *q = find(queue);

	*err = q ? alchemy_monitor_enter(&q->m) : -EINVAL;
	return *err ? NULL : q;
}

/* ---- memory for messages ---------------------------------------------------------------------------- */

void *rt_queue_alloc(RT_QUEUE *queue, size_t size)
{
	struct alchemy_queue *q;
	struct message *m;
	int err;

	q = enter(queue, &err);
	if (!q)
		return NULL;
	m = alchemy_message_new(q, size);
	alchemy_monitor_leave(&q->m);
	return m ? m->data : NULL;
}

int rt_queue_free(RT_QUEUE *queue, void *buf)
{
	struct alchemy_queue *q;
	struct message *m;
	int err;

	q = enter(queue, &err);
	if (!q)
		return err;
	m = alchemy_message_in_hand(q, buf);
	if (m)
		alchemy_message_put(q, m);
	alchemy_monitor_leave(&q->m);
	return m ? 0 : -EINVAL;
}

/* ---- send -------------------------------------------------------------------------------------------- */

/* @m, with one reference, which is the sender's; returns for how many who wait it is: so many posts. */
static int pass(struct alchemy_queue *q, struct message *m, int mode)
{
	struct state *s = state_of(q);
	int waiting = s->nwaiters - s->granted_refs, given = mode & Q_BROADCAST || !waiting ? waiting : 1;

	if (given) {
		m->state = IN_HAND;
		m->refs = m->untaken = given;
		s->granted_refs += given;
		alchemy_message_push(q, &s->granted, m, 0);
		return given;
	}
	m->state = QUEUED;
	alchemy_message_push(q, &s->queued, m, mode & Q_URGENT);
	s->count++;
	return 0;
}

static int is_full(const struct state *s)
{
	return s->limit && s->count >= s->limit;
}

static int send_entered(struct alchemy_queue *q, const void *buf, size_t size, int mode)
{
	struct message *m = alchemy_message_in_hand(q, buf);

	if (!m || size > m->room)
		return -EINVAL;
	if (is_full(state_of(q)))
		return -ENOMEM;
	m->size = size;
	return pass(q, m, mode);
}

static int write_entered(struct alchemy_queue *q, const void *buf, size_t size, int mode)
{
	struct message *m = is_full(state_of(q)) ? NULL : alchemy_message_new(q, size);

	if (!m)
		return -ENOMEM;
	memcpy(m->data, buf, size);
	m->size = size;
	return pass(q, m, mode);
}

static int send_by(int (*fn)(struct alchemy_queue *q, const void *buf, size_t size, int mode),
		   RT_QUEUE *queue, const void *buf, size_t size, int mode)
{
	struct alchemy_queue *q;
	struct keel_sem grants;
	int ret, i;

	if (mode & ~(Q_URGENT | Q_BROADCAST))
		return -EINVAL;
	q = enter(queue, &ret);
	if (!q)
		return ret;
	ret = fn(q, buf, size, mode);
	grants = q->grants;		/* the queue may be gone behind the lock */
	alchemy_monitor_unlock(&q->m);
	for (i = 0; i < ret; i++)
		keel_sem_post(&grants);
	alchemy_leave();
	return ret;
}

int rt_queue_send(RT_QUEUE *queue, const void *buf, size_t size, int mode)
{
	return buf ? send_by(send_entered, queue, buf, size, mode) : -EINVAL;
}

int rt_queue_write(RT_QUEUE *queue, const void *buf, size_t size, int mode)
{
	return send_by(write_entered, queue, buf, size, mode);
}

/* ---- receive ----------------------------------------------------------------------------------------- */

static struct message *take_granted(struct alchemy_queue *q)
{
	struct state *s = state_of(q);
	struct message *m = at(q, s->granted.first);
	struct list *l = &s->granted;

	s->granted_refs--;
	if (!--m->untaken)
		alchemy_message_pop(q, l);
	return m;
}

struct waiting {
	struct alchemy_queue *q;
	struct keel_mutex lock;
	struct keel_sem grants;
};

/* With the lock: one waiter less, and what it was meant to get is queued again, in front. */
static void cancelled(void *arg)
{
	struct waiting *w = arg;
	struct state *s;
	struct message *m;

	if (alchemy_mutex_retake(&w->lock))
		return;
	s = state_of(w->q);
	if (s->granted_refs > --s->nwaiters) {
		m = take_granted(w->q);
		if (m->refs > 1) {
			m->refs--;
		} else {
			m->state = QUEUED;
			alchemy_message_push(w->q, &s->queued, m, 1);
			s->count++;
		}
	}
	keel_mutex_unlock(&w->lock);
}

/* Without the lock, and with it again afterwards; -EIDRM: without. */
static int await_post(struct waiting *w, int64_t until)
{
	int err, old, again;

	alchemy_monitor_unlock(&w->q->m);
	pthread_cleanup_push(cancelled, w);
	old = alchemy_cancel_begin();
	err = keel_sem_clockwait(&w->grants, CLOCK_MONOTONIC, until);
	alchemy_cancel_end(old);
	pthread_cleanup_pop(0);
	if (err == -EIDRM || err == -EINVAL)
		return -EIDRM;
	again = libkeel_mutex_take(w->lock.id) ? 0 : alchemy_mutex_retake(&w->lock);
	return again ? -EIDRM : err;
}

static int await(struct alchemy_queue *q, struct message **m, int64_t until)
{
	struct waiting w = { q, q->m.lock, q->grants };	/* the queue may be another one when the wait ends */
	struct state *s = state_of(q);
	int err;

	s->nwaiters++;
	do
		err = await_post(&w, until);
	while (!err && !s->granted_refs);
	if (err == -EIDRM)
		return err;
	if (err && s->granted_refs < s->nwaiters) {
		s->nwaiters--;
		return err;
	}
	s->nwaiters--;
	*m = take_granted(q);
	return 0;
}

static int next_message(struct alchemy_queue *q, struct message **m, int64_t until)
{
	struct state *s = state_of(q);

	if (!s->queued.first)
		return until == ALCHEMY_POLL ? -EWOULDBLOCK : await(q, m, until);
	*m = alchemy_message_pop(q, &s->queued);
	(*m)->state = IN_HAND;
	s->count--;
	return 0;
}

/* The message is the caller's with its lock, or -errno without. */
static int receive(RT_QUEUE *queue, struct alchemy_queue **q, struct message **m, int64_t until)
{
	int err;

	if (until < 0)
		return -EINVAL;
	*q = enter(queue, &err);
	if (!*q)
		return err;
	err = next_message(*q, m, until);
	if (err == -EIDRM)
		alchemy_leave();
	else if (err)
		alchemy_monitor_leave(&(*q)->m);
	return err;
}

static ssize_t queue_receive(RT_QUEUE *queue, void **bufp, int64_t until)
{
	struct alchemy_queue *q;
	struct message *m;
	ssize_t size = receive(queue, &q, &m, until);

	if (size)
		return size;
	*bufp = m->data;
	size = m->size;
	alchemy_monitor_leave(&q->m);
	return size;
}

ALCHEMY_FORMS(ssize_t, rt_queue_receive, queue_receive, RT_QUEUE, ALCHEMY_LIST(void **bufp,),
	      ALCHEMY_LIST(bufp,));

static ssize_t queue_read(RT_QUEUE *queue, void *buf, size_t size, int64_t until)
{
	struct alchemy_queue *q;
	struct message *m;
	int err = receive(queue, &q, &m, until);

	if (err)
		return err;
	if (size > m->size)
		size = m->size;
	memcpy(buf, m->data, size);
	alchemy_message_put(q, m);
	alchemy_monitor_leave(&q->m);
	return size;
}

ALCHEMY_FORMS(ssize_t, rt_queue_read, queue_read, RT_QUEUE, ALCHEMY_LIST(void *buf, size_t size,),
	      ALCHEMY_LIST(buf, size,));

/* ---- the rest ------------------------------------------------------------------------------------------ */

int rt_queue_flush(RT_QUEUE *queue)
{
	struct alchemy_queue *q;
	int count;

	q = enter(queue, &count);
	if (!q)
		return count;
	for (count = 0; state_of(q)->queued.first; count++)
		alchemy_message_put(q, alchemy_message_pop(q, &state_of(q)->queued));
	state_of(q)->count = 0;
	alchemy_monitor_leave(&q->m);
	return count;
}

int rt_queue_inquire(RT_QUEUE *queue, RT_QUEUE_INFO *info)
{
	struct alchemy_queue *q;
	const struct state *s;
	int err;

	q = enter(queue, &err);
	if (!q)
		return err;
	s = state_of(q);
	info->nwaiters = s->nwaiters - s->granted_refs;
	info->nmessages = s->count;
	info->mode = s->mode;
	info->qlimit = s->limit;
	info->poolsize = s->poolsize;
	info->usedmem = s->used;
	memcpy(info->name, q->o.name, sizeof(info->name));
	alchemy_monitor_leave(&q->m);
	return 0;
}

ALCHEMY_BINDING(queue, RT_QUEUE, &kind);
