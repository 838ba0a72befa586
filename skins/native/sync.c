// SPDX-License-Identifier: GPL-2.0
/*
 * Keel calls on objects. A table says of which type the first id is and where the deadline
 * stands, so that each call is checked the same way before it is carried out.
 */
#include <keel/abi.h>
#include "nucleus/barrier.h"
#include "nucleus/cond.h"
#include "nucleus/event.h"
#include "nucleus/rwlock.h"
#include "nucleus/sem.h"
#include "nucleus/snapshot.h"
#include "nucleus/watch.h"
#include "link.h"
#include "messages.h"
#include "objects.h"
#include "pipe.h"
#include "signal.h"
#include "sync.h"

/* ---- mutexes and conditions ---------------------------------------------------------------- */

static long mutex_lock(struct native_object *o, const struct native_args *a)
{
	return nk_mutex_lock(native_body(o, mutex), a->until);
}

static long mutex_trylock(struct native_object *o, const struct native_args *a)
{
	return nk_mutex_trylock(native_body(o, mutex));
}

static long mutex_unlock(struct native_object *o, const struct native_args *a)
{
	return nk_mutex_unlock(native_body(o, mutex));
}

static long mutex_consistent(struct native_object *o, const struct native_args *a)
{
	return nk_mutex_consistent(native_body(o, mutex));
}

static long mutex_ceiling(struct native_object *o, const struct native_args *a)
{
	return a->b > NK_PRIO_MAX ? -NK_EINVAL : nk_mutex_set_ceiling(native_body(o, mutex), (int)a->b);
}

static long mutex_close(struct native_object *o, const struct native_args *a)
{
	return nk_mutex_close(native_body(o, mutex));
}

static long mutex_owner(struct native_object *o, const struct native_args *a)
{
	struct nk_object_snapshot now;

	nk_mutex_snapshot(native_body(o, mutex), &now);
	return now.owner;
}

static inline long cond_wait_with(struct native_object *o, const struct native_args *a,
				  int (*wait)(struct nk_cond *c, struct nk_mutex *m, nk_time_t until))
{
	struct native_object *m = native_get(a->space, a->b, KEEL_MUTEX);
	long ret = -NK_EINVAL;

	if (m) {
		ret = wait(native_body(o, cond), native_body(m, mutex), a->until);
		native_put(m);
	}
	return ret;
}

static long cond_wait(struct native_object *o, const struct native_args *a)
{
	return cond_wait_with(o, a, nk_cond_wait);
}

static long cond_leave(struct native_object *o, const struct native_args *a)
{
	return cond_wait_with(o, a, nk_cond_wait_leave);
}

static long cond_signal(struct native_object *o, const struct native_args *a)
{
	return nk_cond_signal(native_body(o, cond));
}

static long cond_broadcast(struct native_object *o, const struct native_args *a)
{
	return nk_cond_broadcast(native_body(o, cond));
}

/* ---- semaphores and events ----------------------------------------------------------------- */

static long sem_wait(struct native_object *o, const struct native_args *a)
{
	return nk_sem_wait(native_body(o, sem), a->until);
}

static long sem_trywait(struct native_object *o, const struct native_args *a)
{
	return nk_sem_trywait(native_body(o, sem));
}

static long sem_broadcast(struct native_object *o, const struct native_args *a)
{
	return nk_sem_broadcast(native_body(o, sem), 0);
}

static long sem_flush(struct native_object *o, const struct native_args *a)
{
	return nk_sem_broadcast(native_body(o, sem), -NK_ECANCELED);
}

static long sem_count(struct native_object *o, const struct native_args *a)
{
	return nk_sem_count(native_body(o, sem));
}

static long event_wait(struct native_object *o, const struct native_args *a)
{
	nk_u32 got = 0;
	long ret = nk_event_wait(native_body(o, event), (nk_u32)a->b, (int)(a->b >> 32), &got, a->until);

	return ret ? ret : got;
}

static long event_trywait(struct native_object *o, const struct native_args *a)
{
	nk_u32 got = 0;
	long ret = nk_event_trywait(native_body(o, event), (nk_u32)a->b, (int)(a->b >> 32), &got);

	return ret ? ret : got;
}

static int is_bits(unsigned long bits)
{
	return bits == (nk_u32)bits;
}

static long event_post(struct native_object *o, const struct native_args *a)
{
	return is_bits(a->b) ? nk_event_post(native_body(o, event), (nk_u32)a->b) : -NK_EINVAL;
}

static long event_broadcast(struct native_object *o, const struct native_args *a)
{
	return is_bits(a->b) ? nk_event_broadcast(native_body(o, event), (nk_u32)a->b) : -NK_EINVAL;
}

static long event_clear(struct native_object *o, const struct native_args *a)
{
	return is_bits(a->b) ? (long)nk_event_clear(native_body(o, event), (nk_u32)a->b) : -NK_EINVAL;
}

/* ---- read-write locks and barriers ---------------------------------------------------------- */

static long rwlock_read(struct native_object *o, const struct native_args *a)
{
	return nk_rwlock_read(native_body(o, rwlock), a->until);
}

static long rwlock_write(struct native_object *o, const struct native_args *a)
{
	return nk_rwlock_write(native_body(o, rwlock), a->until);
}

static long rwlock_tryread(struct native_object *o, const struct native_args *a)
{
	return nk_rwlock_tryread(native_body(o, rwlock));
}

static long rwlock_trywrite(struct native_object *o, const struct native_args *a)
{
	return nk_rwlock_trywrite(native_body(o, rwlock));
}

static long rwlock_unlock(struct native_object *o, const struct native_args *a)
{
	return nk_rwlock_unlock(native_body(o, rwlock));
}

static long barrier_wait(struct native_object *o, const struct native_args *a)
{
	return nk_barrier_wait(native_body(o, barrier), a->until);
}

/* ---- sets ------------------------------------------------------------------------------------ */

static void watch_init(struct nk_watch *w, struct native_object *o, nk_u32 type)
{
	w->wq = native_watched(o, type);
	w->ready = native_ready_of(type);
}

static long set_wait_held(const struct native_set *set, struct native_object **of, nk_time_t until)
{
	struct nk_watch w[KEEL_SET_MAX];
	unsigned long ready = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < set->count; i++)
		watch_init(&w[i], of[i], native_type(set->ids[i]));
	ret = nk_watch_wait(w, (int)set->count, until);
	if (ret < 0)
		return ret;
	for (i = 0; i < set->count; i++)
		ready |= (unsigned long)w[i].is_ready << i;
	return (long)ready;
}

/* One that has been deleted is as ready as it will ever be: a wait for the others would not end. */
static long set_wait(struct native_object *o, const struct native_args *a)
{
	const struct native_set *set = native_set_of(o);
	struct native_object *of[KEEL_SET_MAX];
	unsigned long gone = 0;
	unsigned int i;
	long ret;

	for (i = 0; i < set->count; i++) {
		of[i] = native_get(a->space, set->ids[i], native_type(set->ids[i]));
		if (!of[i])
			gone |= 1ul << i;
	}
	ret = gone ? (long)gone : set_wait_held(set, of, a->until);
	for (i = 0; i < set->count; i++)
		if (of[i])
			native_put(of[i]);
	return ret;
}

/* ---- the table -------------------------------------------------------------------------------- */

enum { NONE, B, C, D };	/* where the deadline stands */

#define ROW(nr, fn_, type_, until_) \
	[nr - KEEL_CALL_BASE] = { .fn = fn_, .type = type_, .until = until_ }

static const struct {
	native_call_fn *fn;
	nk_u32 type;
	int until;
} calls[KEEL_CALL_COUNT] = {
	ROW(KEEL_CALL_MUTEX_LOCK, mutex_lock, KEEL_MUTEX, B),
	ROW(KEEL_CALL_MUTEX_TRYLOCK, mutex_trylock, KEEL_MUTEX, NONE),
	ROW(KEEL_CALL_MUTEX_UNLOCK, mutex_unlock, KEEL_MUTEX, NONE),
	ROW(KEEL_CALL_MUTEX_CONSISTENT, mutex_consistent, KEEL_MUTEX, NONE),
	ROW(KEEL_CALL_MUTEX_CEILING, mutex_ceiling, KEEL_MUTEX, NONE),
	ROW(KEEL_CALL_COND_WAIT, cond_wait, KEEL_COND, C),
	ROW(KEEL_CALL_COND_LEAVE, cond_leave, KEEL_COND, C),
	ROW(KEEL_CALL_COND_SIGNAL, cond_signal, KEEL_COND, NONE),
	ROW(KEEL_CALL_COND_BROADCAST, cond_broadcast, KEEL_COND, NONE),
	ROW(KEEL_CALL_SEM_WAIT, sem_wait, KEEL_SEM, B),
	ROW(KEEL_CALL_SEM_TRYWAIT, sem_trywait, KEEL_SEM, NONE),
	ROW(KEEL_CALL_SEM_BROADCAST, sem_broadcast, KEEL_SEM, NONE),
	ROW(KEEL_CALL_SEM_FLUSH, sem_flush, KEEL_SEM, NONE),
	ROW(KEEL_CALL_SEM_COUNT, sem_count, KEEL_SEM, NONE),
	ROW(KEEL_CALL_EVENT_WAIT, event_wait, KEEL_EVENT, C),
	ROW(KEEL_CALL_EVENT_TRYWAIT, event_trywait, KEEL_EVENT, NONE),
	ROW(KEEL_CALL_EVENT_POST, event_post, KEEL_EVENT, NONE),
	ROW(KEEL_CALL_EVENT_BROADCAST, event_broadcast, KEEL_EVENT, NONE),
	ROW(KEEL_CALL_EVENT_CLEAR, event_clear, KEEL_EVENT, NONE),
	ROW(KEEL_CALL_RWLOCK_READ, rwlock_read, KEEL_RWLOCK, B),
	ROW(KEEL_CALL_RWLOCK_WRITE, rwlock_write, KEEL_RWLOCK, B),
	ROW(KEEL_CALL_RWLOCK_TRYREAD, rwlock_tryread, KEEL_RWLOCK, NONE),
	ROW(KEEL_CALL_RWLOCK_TRYWRITE, rwlock_trywrite, KEEL_RWLOCK, NONE),
	ROW(KEEL_CALL_RWLOCK_UNLOCK, rwlock_unlock, KEEL_RWLOCK, NONE),
	ROW(KEEL_CALL_BARRIER_WAIT, barrier_wait, KEEL_BARRIER, B),
	ROW(KEEL_CALL_SET_WAIT, set_wait, KEEL_SET, B),
	ROW(KEEL_CALL_QUEUE_SEND, native_queue_send, KEEL_QUEUE, D),
	ROW(KEEL_CALL_QUEUE_RECEIVE, native_queue_receive, KEEL_QUEUE, D),
	ROW(KEEL_CALL_QUEUE_ALLOC, native_queue_alloc, KEEL_QUEUE, B),
	ROW(KEEL_CALL_QUEUE_PASS, native_queue_pass, KEEL_QUEUE, NONE),
	ROW(KEEL_CALL_QUEUE_TAKE, native_queue_take, KEEL_QUEUE, B),
	ROW(KEEL_CALL_QUEUE_FREE, native_queue_free, KEEL_QUEUE, NONE),
	ROW(KEEL_CALL_QUEUE_NOTIFY, native_queue_notify, KEEL_QUEUE, NONE),
	ROW(KEEL_CALL_QUEUE_COUNT, native_queue_count, KEEL_QUEUE, NONE),
	ROW(KEEL_CALL_BUFFER_WRITE, native_buffer_write, KEEL_BUFFER, D),
	ROW(KEEL_CALL_BUFFER_READ, native_buffer_read, KEEL_BUFFER, D),
	ROW(KEEL_CALL_BUFFER_COUNT, native_buffer_count, KEEL_BUFFER, NONE),
	ROW(KEEL_CALL_CHANNEL_SEND, native_channel_send, KEEL_CHANNEL, D),
	ROW(KEEL_CALL_CHANNEL_RECEIVE, native_channel_receive, KEEL_CHANNEL, D),
	ROW(KEEL_CALL_CHANNEL_REPLY, native_channel_reply, KEEL_CHANNEL, NONE),
	ROW(KEEL_CALL_HEAP_ALLOC, native_heap_alloc, KEEL_HEAP, C),
	ROW(KEEL_CALL_HEAP_FREE, native_heap_free, KEEL_HEAP, NONE),
	ROW(KEEL_CALL_PIPE_WRITE, native_pipe_write, KEEL_PIPE, D),
	ROW(KEEL_CALL_PIPE_READ, native_pipe_read, KEEL_PIPE, D),
	ROW(KEEL_CALL_PIPE_FLUSH, native_pipe_flush, KEEL_PIPE, NONE),
	ROW(KEEL_CALL_PROXY_WRITE, native_proxy_write, KEEL_PROXY, D),
	ROW(KEEL_CALL_PROXY_LOST, native_proxy_lost, KEEL_PROXY, NONE),
	ROW(KEEL_CALL_EVENTFD_SIGNAL, native_eventfd_signal, KEEL_EVENTFD, NONE),
	ROW(KEEL_CALL_MUTEX_CLOSE, mutex_close, KEEL_MUTEX, NONE),
	ROW(KEEL_CALL_MUTEX_OWNER, mutex_owner, KEEL_MUTEX, NONE),
	ROW(KEEL_CALL_HEAP_USED, native_heap_used, KEEL_HEAP, NONE),
	ROW(KEEL_CALL_TIMER_SET, native_timer_set, KEEL_TIMER, B),
	ROW(KEEL_CALL_TIMER_GET, native_timer_get, KEEL_TIMER, NONE),
	ROW(KEEL_CALL_TIMER_OVERRUN, native_timer_overrun, KEEL_TIMER, NONE),
	ROW(KEEL_CALL_TIMER_WAIT, native_timer_wait, KEEL_TIMER, B),
};

/* On whichever queue the object begins with: who receives, reads, or wants memory. */
static long waiters_of(struct native_space *s, unsigned long id)
{
	nk_u32 type = native_type(id);
	struct native_object *o;
	long ret;

	if (!type || type == KEEL_SET || type > KEEL_HEAP)
		return -NK_EINVAL;
	o = native_get(s, id, type);
	if (!o)
		return -NK_EINVAL;
	ret = nk_wait_count(o->body);
	native_put(o);
	return ret;
}

static int until_get(unsigned long value, int realtime, nk_time_t *until)
{
	nk_time_t t = (nk_time_t)value;

	if (t < 0)
		return -NK_EINVAL;
	*until = realtime && t ? nk_until_realtime(t) : t;	/* 0 may mean: no wait */
	return 0;
}

static unsigned long until_at(const struct native_args *a, int where)
{
	return where == B ? a->b : where == C ? a->c : a->d;
}

long native_sync_call(long nr, unsigned long id, struct native_args *a)
{
	unsigned long i = (unsigned long)nr - KEEL_CALL_BASE;
	struct native_object *o;
	long ret;

	if (nr == KEEL_CALL_WAITERS)
		return waiters_of(a->space, id);
	if (i >= KEEL_CALL_COUNT || !calls[i].fn)
		return -NK_EINVAL;
	if (calls[i].until) {
		if (until_get(until_at(a, calls[i].until), (id & KEEL_REALTIME) != 0, &a->until))
			return -NK_EINVAL;
		id &= ~KEEL_REALTIME;
	}
	o = native_get(a->space, id, calls[i].type);
	if (!o)
		return -NK_EINVAL;
	ret = calls[i].fn(o, a);
	native_put(o);
	return ret;
}
