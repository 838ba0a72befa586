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
#include <keel/sync.h>
#include "kind.h"
#include "monitor.h"

#define PART_GRANTS	'g'
#define OVERHEAD 128			/* in the pool, of each message: header and rounding */
#define UNLIMITED_UNIT 8		/* of messages whose number is not known, on the average at least */

enum { FREE = 0x46726565, IN_HAND = 0x48616e64, QUEUED = 0x51756575 };

struct message {
	uint32_t state;
	uint32_t refs;			/* who has it in hand, or will */
	uint32_t room, size;
	uint32_t next;			/* offset, 0: none */
	uint32_t untaken;		/* references in granted */
	uint32_t block;			/* bytes of the block, with this header */
	uint32_t pad;
	char data[];
};

struct list {
	uint32_t first, last;		/* offsets, 0: none */
};

struct state {
	size_t poolsize, limit, used;
	int mode;
	int nwaiters, granted_refs;
	unsigned int count;
	struct list queued, granted;
	uint32_t spare;			/* a free message, 0: none */
};

struct alchemy_queue {
	struct alchemy_object o;
	struct alchemy_monitor m;
	struct keel_sem grants;
	struct state own;
};

struct wanted {
	size_t poolsize, limit;
	int mode;
};

static struct state *state_of(const struct alchemy_queue *q)
{
	return q->m.state;
}

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

static int shut(struct alchemy_object *o)
{
	return alchemy_monitor_close(&((struct alchemy_queue *)o)->m);
}

static const struct alchemy_kind kind = {
	.type = ALCHEMY_QUEUE, .size = sizeof(struct alchemy_queue), .shared_size = sizeof(struct state),
	.make = make, .attach = attach, .unmake = unmake, .close = shut,
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
	return alchemy_kind_delete(&kind, ALCHEMY_HANDLE(queue));
}

static struct alchemy_queue *find(const RT_QUEUE *queue)
{
	return alchemy_object_find(ALCHEMY_HANDLE(queue), ALCHEMY_QUEUE);
}

/* The queue of @queue with its lock; NULL: why is in @err. */
static struct alchemy_queue *enter(const RT_QUEUE *queue, int *err)
{
	struct alchemy_queue *q = find(queue);

	*err = q ? alchemy_monitor_enter(&q->m) : -EINVAL;
	return *err ? NULL : q;
}

/* ---- messages --------------------------------------------------------------------------------------- */

static struct message *at(const struct alchemy_queue *q, uint32_t offset)
{
	return (struct message *)(q->m.memory.area + offset);
}

static uint32_t offset_of(const struct alchemy_queue *q, const struct message *m)
{
	return (char *)m - q->m.memory.area;
}

/* What @buf is, if it is a message in somebody's hand. */
static struct message *in_hand(const struct alchemy_queue *q, const void *buf)
{
	size_t offset = (const char *)buf - sizeof(struct message) - q->m.memory.area;
	struct message *m;

	if (offset >= q->m.memory.area_size || offset % KEEL_HEAP_UNIT)
		return NULL;
	m = at(q, offset);
	return m->state == IN_HAND ? m : NULL;
}

static void spare_free(struct alchemy_queue *q)
{
	struct state *s = state_of(q);

	if (s->spare)
		keel_heap_free(&q->m.memory, at(q, s->spare));
	s->spare = 0;
}

/* One with room for @block bytes, header and all: the spare one, or of the pool. */
static struct message *block_new(struct alchemy_queue *q, size_t block)
{
	struct state *s = state_of(q);
	struct message *m = s->spare ? at(q, s->spare) : NULL;
	void *got;

	if (m && m->block == block) {
		s->spare = 0;
		return m;
	}
	if (keel_heap_clockalloc(&q->m.memory, block, &got, CLOCK_MONOTONIC, 0)) {
		spare_free(q);
		if (keel_heap_clockalloc(&q->m.memory, block, &got, CLOCK_MONOTONIC, 0))
			return NULL;
	}
	m = got;
	m->block = block;
	return m;
}

static struct message *message_new(struct alchemy_queue *q, size_t size)
{
	struct state *s = state_of(q);
	struct message *m;

	if (size > s->poolsize - s->used)
		return NULL;
	m = block_new(q, (sizeof(*m) + size + KEEL_HEAP_UNIT - 1) & -(size_t)KEEL_HEAP_UNIT);
	if (!m)
		return NULL;
	s->used += size;
	m->state = IN_HAND;
	m->refs = 1;
	m->room = size;
	m->untaken = 0;
	return m;
}

/* One reference less; the block stays for the next message, that neither takes a call. */
static void message_put(struct alchemy_queue *q, struct message *m)
{
	if (--m->refs)
		return;
	state_of(q)->used -= m->room;
	m->state = FREE;
	spare_free(q);
	state_of(q)->spare = offset_of(q, m);
}

static void push(struct alchemy_queue *q, struct list *l, struct message *m, int in_front)
{
	uint32_t here = offset_of(q, m);

	m->next = in_front ? l->first : 0;
	if (l->first && !in_front)
		at(q, l->last)->next = here;
	if (!l->first || !in_front)
		l->last = here;
	if (!l->first || in_front)
		l->first = here;
}

static struct message *pop(struct alchemy_queue *q, struct list *l)
{
	struct message *m = at(q, l->first);

	l->first = m->next;
	if (!l->first)
		l->last = 0;
	return m;
}

void *rt_queue_alloc(RT_QUEUE *queue, size_t size)
{
	struct alchemy_queue *q;
	struct message *m;
	int err;

	q = enter(queue, &err);
	if (!q)
		return NULL;
	m = message_new(q, size);
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
	m = in_hand(q, buf);
	if (m)
		message_put(q, m);
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
		push(q, &s->granted, m, 0);
		return given;
	}
	m->state = QUEUED;
	push(q, &s->queued, m, mode & Q_URGENT);
	s->count++;
	return 0;
}

static int is_full(const struct state *s)
{
	return s->limit && s->count >= s->limit;
}

static int send_entered(struct alchemy_queue *q, const void *buf, size_t size, int mode)
{
	struct message *m = in_hand(q, buf);

	if (!m || size > m->room)
		return -EINVAL;
	if (is_full(state_of(q)))
		return -ENOMEM;
	m->size = size;
	return pass(q, m, mode);
}

static int write_entered(struct alchemy_queue *q, const void *buf, size_t size, int mode)
{
	struct message *m = is_full(state_of(q)) ? NULL : message_new(q, size);

	if (!m)
		return -ENOMEM;
	if (size)
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
	return buf || !size ? send_by(write_entered, queue, buf, size, mode) : -EINVAL;
}

/* ---- receive ----------------------------------------------------------------------------------------- */

static struct message *take_granted(struct alchemy_queue *q)
{
	struct state *s = state_of(q);
	struct message *m = at(q, s->granted.first);
	struct list *l = &s->granted;

	s->granted_refs--;
	if (!--m->untaken)
		pop(q, l);
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
			push(w->q, &s->queued, m, 1);
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
	*m = pop(q, &s->queued);
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
	message_put(q, m);
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
		message_put(q, pop(q, &state_of(q)->queued));
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
