// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Queues. A message lies in a block of the pool, behind its header; places in the pool are offsets, as
 * processes map it where they will. Who waits is given a message by who sends it, so that nobody who comes
 * in between takes it, and the sender knows how many got it:
 *
 * Q1 a message for one who waits goes to the list granted, with a reference for each; who goes on with 0
 *    takes the first of it. They are alike: whoever takes which, each message is taken by as many
 *    as it was for;
 * Q2 references in granted <= nwaiters, who wait or have been woken and not looked yet. So one whose
 *    wait ended otherwise, and finds more of them than waiters besides itself, was meant:
 *
 *	receive, CPU 0				send, CPU 1
 *	waits, nwaiters 1
 *						wakes it: 1; granted 1
 *	-EINTR; lock; nwaiters 0,
 *	granted 1: it is mine
 */
#include <string.h>
#include <alchemy/queue.h>
#include "kind.h"
#include "monitor.h"

#define READERS	0
#define OVERHEAD 128			/* in the pool, of each message: header and rounding */
#define UNLIMITED_UNIT 8		/* of messages whose number is not known, on the average at least */

enum { FREE = 0x46726565, IN_HAND = 0x48616e64, QUEUED = 0x51756575 };

struct message {
	uint32_t state;
	uint32_t refs;			/* who has it in hand, or will */
	uint32_t room, size;
	uint32_t next;			/* offset, 0: none */
	uint32_t untaken;		/* references in granted */
	uint32_t pad[2];
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
};

struct alchemy_queue {
	struct alchemy_object o;
	struct alchemy_monitor m;
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
	err = alchemy_monitor_make(&q->m, o, &q->own, w->poolsize + (count + 1) * OVERHEAD,
				   !(w->mode & Q_PRIO));
	if (err)
		return err;
	*state_of(q) = (struct state){ .poolsize = w->poolsize, .limit = w->limit, .mode = w->mode };
	err = ALCHEMY_CALL(keel_heap_clockalloc(&q->m.memory, 1, &first, CLOCK_MONOTONIC, 0));
	alchemy_inband();
	if (err)
		alchemy_monitor_unmake(&q->m, o);
	return err;
}

static int attach(struct alchemy_object *o)
{
	return alchemy_monitor_attach(&((struct alchemy_queue *)o)->m, o);
}

static int unmake(struct alchemy_object *o)
{
	return alchemy_monitor_unmake(&((struct alchemy_queue *)o)->m, o);
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

/* ---- messages ---------------------------------------------------------------------------------------- */

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

static struct message *message_new(struct alchemy_queue *q, size_t size)
{
	struct state *s = state_of(q);
	void *block;

	if (size > s->poolsize - s->used ||
	    keel_heap_clockalloc(&q->m.memory, sizeof(struct message) + size, &block, CLOCK_MONOTONIC, 0))
		return NULL;
	s->used += size;
	*(struct message *)block = (struct message){ .state = IN_HAND, .refs = 1, .room = size };
	return block;
}

/* One reference less. */
static void message_put(struct alchemy_queue *q, struct message *m)
{
	if (--m->refs)
		return;
	state_of(q)->used -= m->room;
	m->state = FREE;
	keel_heap_free(&q->m.memory, m);
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

/* @m, with one reference, which is the sender's; returns for how many who wait it is. */
static int pass(struct alchemy_queue *q, struct message *m, int mode)
{
	struct state *s = state_of(q);
	int woken = s->nwaiters > s->granted_refs ?
		    alchemy_monitor_wake(&q->m, READERS, mode & Q_BROADCAST) : 0;

	if (woken > 0) {
		m->state = IN_HAND;
		m->refs = m->untaken = woken;
		s->granted_refs += woken;
		push(q, &s->granted, m, 0);
		return woken;
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
	memcpy(m->data, buf, size);
	m->size = size;
	return pass(q, m, mode);
}

static int send_by(int (*fn)(struct alchemy_queue *q, const void *buf, size_t size, int mode),
		   RT_QUEUE *queue, const void *buf, size_t size, int mode)
{
	struct alchemy_queue *q;
	int ret;

	if (mode & ~(Q_URGENT | Q_BROADCAST))
		return -EINVAL;
	q = enter(queue, &ret);
	if (!q)
		return ret;
	ret = fn(q, buf, size, mode);
	alchemy_monitor_leave(&q->m);
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
		pop(q, l);
	return m;
}

static int await(struct alchemy_queue *q, struct message **m, int64_t until)
{
	struct state *s = state_of(q);
	int err = alchemy_monitor_wait(&q->m, READERS, &s->nwaiters, until);

	if (err == -EIDRM || (err && s->granted_refs <= s->nwaiters))
		return err;
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
