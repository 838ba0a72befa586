// SPDX-License-Identifier: GPL-2.0
/*
 * Pipes. A hard thread that waits is given its place or message by who has one, so nobody who
 * comes later takes it away; where it lies is written to the waiter's stack before the wait ends,
 * as it may run at once.
 *
 * Order. Messages are taken in order, and one that is too long for a reader is not taken: that is found
 * with the lock held. But one that was taken and could not be copied, as the reader's memory is not
 * there, comes back behind what others took meanwhile:
 *
 *	read, CPU 0, its buffer is missing	read, CPU 1
 *	lock; takes message 1; unlock
 *						lock; takes message 2; unlock
 *	copy: -EFAULT
 *	lock; message 1 is the next; unlock
 *						the next read: message 1
 *
 * To keep order there too CPU 1 would have to wait for a reader that has its message and not yet its
 * CPU, of whatever priority. So when there are several readers each sees the messages of a sender in
 * order as long as the memory of all is locked; one alone always does.
 *
 * What is joined to the last message is written to that with no lock held either, so it is taken off meanwhile, and a
 * reader that does not wait may find nothing just then:
 *
 *	write, joined, CPU 0			read, in-band, CPU 1
 *	lock; takes the message off; unlock
 *						lock; no message: -EAGAIN, or wanted = 1; unlock
 *	copies
 *	lock; puts it back; tells; unlock
 *						reads all of it
 *
 * In-band asks to be told under the lock that each change is made under, and stands on Linux's own
 * wait queue before:
 *
 *	reader, in-band, CPU 0			hard thread, CPU 1
 *	on Linux's queue
 *	lock; no message; wanted = 1; unlock
 *						lock; message; wanted was 1: 0; unlock
 *						post the work
 *						the work wakes Linux's queue
 *	sleeps: awake already, looks again
 */
#include "nucleus/pipe.h"
#include "nucleus/copy.h"
#include "nucleus/sched.h"

static unsigned long parcel_stride(unsigned int size)
{
	return sizeof(struct nk_parcel) + (size + 7ul) / 8 * 8;
}

unsigned long nk_pipe_room(unsigned int places, unsigned int size)
{
	if (!places || places > NK_PIPE_PLACES || !size || size > NK_PIPE_SIZE)
		return 0;
	return places * parcel_stride(size);
}

void nk_pipe_init(struct nk_pipe *p, void *area, unsigned int places, unsigned int size,
		  int to_inband, struct hal_work *work)
{
	unsigned int i;

	nk_waitq_init(&p->wq);
	nk_list_init(&p->ready);
	nk_list_init(&p->free);
	p->count = 0;
	p->places = places;
	p->size = size;
	p->to_inband = to_inband;
	p->wanted = 0;
	p->work = work;
	p->lost = 0;
	for (i = 0; i < places; i++) {
		struct nk_parcel *parcel = (void *)((char *)area + i * parcel_stride(size));

		nk_list_add_before(&parcel->node, &p->free);
	}
}

/* What hard threads of this pipe wait for, and what in-band does. */
static struct nk_list *hard_end(struct nk_pipe *p)
{
	return p->to_inband ? &p->free : &p->ready;
}

static struct nk_list *inband_end(struct nk_pipe *p)
{
	return p->to_inband ? &p->ready : &p->free;
}

/* Whether in-band is to be told now. */
static int inband_unwant_locked(struct nk_pipe *p)
{
	int wanted = p->wanted;

	p->wanted = 0;
	return wanted;
}

void nk_pipe_close(struct nk_pipe *p)
{
	hal_flags_t flags;

	nk_waitq_close(&p->wq);
	flags = hal_oob_save();
	hal_work_post(p->work);
	hal_oob_restore(flags);
}

/* ---- taking ------------------------------------------------------------------------------- */

/* What a caller wants: of messages one of at most @room bytes. */
struct want {
	struct nk_parcel *parcel;
	unsigned long room;
};

static int suits(const struct nk_pipe *p, const struct nk_list *l, const struct nk_parcel *parcel,
		 const struct want *w)
{
	return l == &p->free || parcel->size <= w->room;
}

static int parcel_pop_locked(struct nk_pipe *p, struct nk_list *l, struct want *w)
{
	struct nk_parcel *parcel;

	if (p->wq.closed && (l == &p->free || !p->to_inband || nk_list_empty(l)))
		return -NK_EIDRM;
	if (nk_list_empty(l))
		return -NK_EWOULDBLOCK;
	parcel = nk_container_of(l->next, struct nk_parcel, node);
	if (!suits(p, l, parcel, w))
		return -NK_EMSGSIZE;
	nk_list_del(&parcel->node);
	p->count -= l == &p->ready;
	w->parcel = parcel;
	return 0;
}

static int parcel_get(struct nk_pipe *p, struct nk_list *l, nk_time_t deadline, struct want *w)
{
	hal_flags_t flags = hal_oob_save();
	int ret;

	nk_lock_acquire(&p->wq.lock);
	ret = parcel_pop_locked(p, l, w);
	if (ret == -NK_EWOULDBLOCK && deadline && l == hard_end(p)) {
		nk_thread_current()->wait_data = w;
		ret = nk_wait_block_locked(&p->wq, deadline);
	} else {
		nk_lock_release(&p->wq.lock);
	}
	hal_oob_restore(flags);
	return ret;
}

int nk_pipe_place(struct nk_pipe *p, nk_time_t deadline, struct nk_parcel **parcel)
{
	struct want w = { .room = 0 };
	int ret = parcel_get(p, &p->free, deadline, &w);

	*parcel = w.parcel;
	return ret;
}

int nk_pipe_take(struct nk_pipe *p, unsigned long room, nk_time_t deadline,
		 struct nk_parcel **parcel)
{
	struct want w = { .room = room };
	int ret = parcel_get(p, &p->ready, deadline, &w);

	*parcel = w.parcel;
	return ret;
}

/* ---- passing on --------------------------------------------------------------------------- */

/* Written before the wait is ended; who does not get it has another reason, and does not look. Whom it
 * does not suit hears of that. */
static int parcel_hand_locked(struct nk_pipe *p, struct nk_list *l, struct nk_parcel *parcel)
{
	struct nk_plist_node *n, *next;

	for (n = nk_plist_first(&p->wq.waiters); n; n = next) {
		struct nk_thread *t = nk_container_of(n, struct nk_thread, wait_node);
		struct want *w = t->wait_data;
		int fits = suits(p, l, parcel, w);

		next = nk_plist_next(&p->wq.waiters, n);
		w->parcel = parcel;
		if (nk_wait_wake_this_locked(&p->wq, t, fits ? 0 : -NK_EMSGSIZE) && fits)
			return 1;
	}
	return 0;
}

/* To a waiter, or before @pos in @l; 1 when in-band is to be told. */
static int parcel_put_locked(struct nk_pipe *p, struct nk_parcel *parcel, struct nk_list *l,
		      struct nk_list *pos)
{
	if (l == hard_end(p) && parcel_hand_locked(p, l, parcel))
		return 0;
	nk_list_add_before(&parcel->node, pos);
	if (l == &p->ready && !p->count++ && !p->to_inband)
		nk_watch_notify_locked(&p->wq);
	return l == inband_end(p) ? inband_unwant_locked(p) : 0;
}

static void parcel_put(struct nk_pipe *p, struct nk_parcel *parcel, struct nk_list *l, int first)
{
	hal_flags_t flags = hal_oob_save();
	int tell;

	nk_lock_acquire(&p->wq.lock);
	tell = parcel_put_locked(p, parcel, l, first ? l->next : l);
	nk_lock_release(&p->wq.lock);
	if (tell)
		hal_work_post(p->work);
	nk_sched();
	hal_oob_restore(flags);
}

void nk_pipe_send(struct nk_pipe *p, struct nk_parcel *parcel)
{
	parcel_put(p, parcel, &p->ready, 0);
}

void nk_pipe_free(struct nk_pipe *p, struct nk_parcel *parcel)
{
	parcel_put(p, parcel, &p->free, 1);
}

void nk_pipe_untake(struct nk_pipe *p, struct nk_parcel *parcel)
{
	parcel_put(p, parcel, &p->ready, 1);
}

/* ---- calls -------------------------------------------------------------------------------- */

static int parcel_fill(struct nk_pipe *p, struct nk_parcel *parcel, const void *from,
		       unsigned long size, unsigned long how)
{
	hal_flags_t flags = hal_oob_save();
	int ret = nk_copy_in(parcel->data, from, size);

	parcel->size = (unsigned int)size;
	parcel->joins = (how & NK_PIPE_JOIN) != 0;
	if (ret)
		nk_pipe_free(p, parcel);
	else
		parcel_put(p, parcel, &p->ready, (how & NK_PIPE_URGENT) != 0);
	hal_oob_restore(flags);
	return ret;
}

/* The last message, if @size more may be added to it: it is the caller's until it is put back. NULL: it may not. */
static struct nk_parcel *last_take(struct nk_pipe *p, unsigned long size)
{
	struct nk_parcel *parcel = NULL;

	nk_lock_acquire(&p->wq.lock);
	if (!p->wq.closed && !nk_list_empty(&p->ready))
		parcel = nk_container_of(p->ready.prev, struct nk_parcel, node);
	if (parcel && parcel->joins && parcel->size + size <= p->size) {
		nk_list_del(&parcel->node);
		p->count--;
	} else {
		parcel = NULL;
	}
	nk_lock_release(&p->wq.lock);
	return parcel;
}

/* Nobody sees half of it: it is nobody else's while it is filled. 1: there is none to join. */
static int parcel_join(struct nk_pipe *p, const void *from, unsigned long size)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_parcel *parcel = last_take(p, size);
	int ret = parcel ? nk_copy_in(parcel->data + parcel->size, from, size) : 1;

	if (parcel) {
		if (!ret)
			parcel->size += (unsigned int)size;
		parcel_put(p, parcel, &p->ready, 0);
	}
	hal_oob_restore(flags);
	return ret;
}

static long parcel_empty(struct nk_pipe *p, struct nk_parcel *parcel, void *to)
{
	hal_flags_t flags = hal_oob_save();
	long ret = nk_copy_out(to, parcel->data, parcel->size);

	if (ret) {
		nk_pipe_untake(p, parcel);
	} else {
		ret = parcel->size;
		nk_pipe_free(p, parcel);
	}
	hal_oob_restore(flags);
	return ret;
}

int nk_pipe_write(struct nk_pipe *p, const void *from, unsigned long size, nk_time_t deadline)
{
	unsigned long how = size & (NK_PIPE_URGENT | NK_PIPE_JOIN);
	struct nk_parcel *parcel;
	int ret = 1;

	size -= how;
	if (!size)
		return -NK_EINVAL;
	if (size > p->size)
		return -NK_EMSGSIZE;
	if (how & NK_PIPE_JOIN)
		ret = parcel_join(p, from, size);
	if (ret <= 0)
		return ret;
	ret = nk_pipe_place(p, deadline, &parcel);
	return ret ? ret : parcel_fill(p, parcel, from, size, how);
}

long nk_pipe_read(struct nk_pipe *p, void *to, unsigned long room, nk_time_t deadline)
{
	struct nk_parcel *parcel;
	long ret = nk_pipe_take(p, room, deadline, &parcel);

	return ret ? ret : parcel_empty(p, parcel, to);
}

int nk_pipe_flush(struct nk_pipe *p)
{
	unsigned int at_most = __atomic_load_n(&p->count, __ATOMIC_RELAXED);
	struct nk_parcel *parcel;
	hal_flags_t flags;
	int count = 0;

	while (at_most-- && !nk_pipe_take(p, NK_PIPE_SIZE, 0, &parcel)) {
		nk_pipe_free(p, parcel);
		count++;
		flags = hal_oob_save();
		if (!nk_root_active(hal_cpu()))
			hal_oob_gap();
		hal_oob_restore(flags);
	}
	return count;
}

int nk_pipe_want(struct nk_pipe *p)
{
	hal_flags_t flags = hal_oob_save();
	int ret;

	nk_lock_acquire(&p->wq.lock);
	ret = p->wq.closed || !nk_list_empty(inband_end(p));
	p->wanted |= !ret;
	nk_lock_release(&p->wq.lock);
	hal_oob_restore(flags);
	return ret;
}

int nk_pipe_is_ready(const struct nk_waitq *wq)
{
	return nk_container_of(wq, struct nk_pipe, wq)->count != 0;
}
