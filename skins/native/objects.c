// SPDX-License-Identifier: GPL-2.0
/*
 * Ids and objects. A call that uses an object says so before it looks whether the id is still
 * right; who makes a new object looks at that last:
 *
 *	call, CPU 0				delete, create, CPU 1
 *	users + 1
 *						id = 0
 *						users is not 0: another place
 *	id is another: users - 1
 *
 * and in the other order the call does not find the id. Deleting ends waits, so users falls.
 */
#include <keel/abi.h>
#include "nucleus/barrier.h"
#include "nucleus/buffer.h"
#include "nucleus/channel.h"
#include "nucleus/cond.h"
#include "nucleus/event.h"
#include "nucleus/heap.h"
#include "nucleus/queue.h"
#include "nucleus/rwlock.h"
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/snapshot.h"
#include "link.h"
#include "memory.h"
#include "messages.h"
#include "objects.h"

#define TYPE_SHIFT	10	/* KEEL_MAX_OBJECTS is 1 << this */
#define GENERATION	(NATIVE_PLACES * NATIVE_TYPES)

#define FITS(type) _Static_assert(sizeof(struct type) <= NATIVE_BODY, #type)
FITS(nk_mutex);
FITS(nk_cond);
FITS(nk_sem);
FITS(nk_event);
FITS(nk_rwlock);
FITS(nk_barrier);
FITS(native_set);
_Static_assert(sizeof(((struct native_set *)0)->ids) == KEEL_SET_MAX * sizeof(nk_u32), "set");
_Static_assert(sizeof(struct native_object) == 256, "a power of two");
_Static_assert(KEEL_TYPES <= NATIVE_TYPES, "types");
_Static_assert(KEEL_MAX_OBJECTS == NATIVE_PLACES && NATIVE_PLACES == 1 << TYPE_SHIFT, "places");
_Static_assert(KEEL_MAX_THREADS == NATIVE_THREADS, "threads");

static nk_u32 id_get(const struct native_object *o)
{
	return __atomic_load_n(&o->id, __ATOMIC_SEQ_CST);
}

static void id_set(struct native_object *o, nk_u32 id)
{
	__atomic_store_n(&o->id, id, __ATOMIC_SEQ_CST);
}

void native_space_init(struct native_space *s)
{
	nk_owners_init(&s->owners, s->threads, KEEL_MAX_THREADS);
}

/* ---- create ------------------------------------------------------------------------------ */

static int mutex_init(struct native_object *o, const struct keel_object *req)
{
	if (req->args[1] > NK_PRIO_MAX)
		return -NK_EINVAL;
	return nk_mutex_init_as(native_body(o, mutex), (int)req->args[0], (int)req->args[1]);
}

static int sem_init(struct native_object *o, const struct keel_object *req)
{
	struct nk_sem *s = native_body(o, sem);
	int err = nk_sem_init(s, req->args[0] & ~KEEL_SEM_PULSE, req->args[1] & ~KEEL_FIFO);

	if (!err && (req->args[0] & KEEL_SEM_PULSE))
		nk_sem_pulse(s);
	if (!err && (req->args[1] & KEEL_FIFO))
		nk_waitq_fifo(&s->wq);
	return err;
}

/* @flags: 0 or KEEL_FIFO. */
static int order_set(struct nk_waitq *wq, nk_u32 flags)
{
	if (flags & ~KEEL_FIFO)
		return -NK_EINVAL;
	if (flags)
		nk_waitq_fifo(wq);
	return 0;
}

static int is_watchable(struct native_space *s, nk_u32 id)
{
	struct native_object *o = NULL;

	if (native_ready_of(native_type(id)))
		o = native_get(s, id, native_type(id));
	if (o)
		native_put(o);
	return o != NULL;
}

static int set_init(struct native_space *s, struct native_object *o,
		    const struct keel_object *req, const nk_u32 *ids)
{
	unsigned int i;

	if (!req->args[0] || req->args[0] > KEEL_SET_MAX)
		return -NK_EINVAL;
	for (i = 0; i < req->args[0]; i++) {
		if (!is_watchable(s, ids[i]))
			return -NK_EINVAL;
		native_set_of(o)->ids[i] = ids[i];
	}
	native_set_of(o)->count = i;
	return 0;
}

static int object_init(struct native_space *s, struct native_object *o,
		       const struct keel_object *req, const nk_u32 *ids)
{
	if (o->mem && o->mem->type >= KEEL_QUEUE)
		return native_memory_init(o->mem);
	switch (req->type) {
	case KEEL_MUTEX:
		return mutex_init(o, req);
	case KEEL_COND:
		nk_cond_init(native_body(o, cond));
		return order_set(&native_body(o, cond)->wq, req->args[0]);
	case KEEL_SEM:
		return sem_init(o, req);
	case KEEL_EVENT:
		nk_event_init(native_body(o, event), req->args[0]);
		return order_set(&native_body(o, event)->wq, req->args[1]);
	case KEEL_RWLOCK:
		nk_rwlock_init(native_body(o, rwlock));
		return 0;
	case KEEL_BARRIER:
		return nk_barrier_init(native_body(o, barrier), req->args[0]);
	default:
		return set_init(s, o, req, ids);
	}
}

/* What the type does not have must be 0. */
static int request_is_valid(const struct keel_object *req)
{
	static const int has[KEEL_TYPES] = {
		[KEEL_MUTEX] = 2, [KEEL_COND] = 1, [KEEL_SEM] = 2, [KEEL_EVENT] = 2, [KEEL_BARRIER] = 1,
		[KEEL_SET] = 1, [KEEL_QUEUE] = 2, [KEEL_BUFFER] = 1, [KEEL_CHANNEL] = 2,
		[KEEL_HEAP] = 2, [KEEL_PIPE] = 2, [KEEL_PROXY] = 2, [KEEL_TIMER] = 2,
	};

	if (!req->type || req->type >= KEEL_TYPES || req->id || req->pad)
		return 0;
	return (has[req->type] > 0 || !req->args[0]) && (has[req->type] > 1 || !req->args[1]) &&
	       (req->type == KEEL_SET || req->type >= KEEL_PIPE || !req->data);
}

int native_object_needs(const struct keel_object *req, int shared, unsigned long *body,
			unsigned long *area)
{
	*body = 0;
	*area = 0;
	if (!request_is_valid(req) || req->type >= KEEL_PIPE ||
	    (shared && req->type == KEEL_SET))
		return -NK_EINVAL;
	if (req->type >= KEEL_QUEUE)
		return native_memory_needs(req, body, area);
	if (shared)
		*body = NATIVE_BODY;
	return 0;
}

/* Nobody is in the place any more: what is shared is not this process's now. */
static struct native_memory *place_leave(struct native_space *s, struct native_object *o)
{
	struct native_memory *mem = o->mem;

	if (mem && mem->shared)
		native_memory_leave(s, o);
	o->mem = NULL;
	return mem;
}

static int is_unused(const struct native_object *o)
{
	return !id_get(o) && !__atomic_load_n(&o->users, __ATOMIC_SEQ_CST);
}

static struct native_object *free_place(struct native_space *s, struct native_memory **old)
{
	struct native_object *o = s->objects;

	*old = NULL;
	for (; o < s->objects + KEEL_MAX_OBJECTS; o++) {
		if (!is_unused(o))
			continue;
		*old = place_leave(s, o);
		return o;
	}
	return NULL;
}

/* What user space has a word for in the heap is its own to change from now on. */
static void word_share(struct native_space *s, struct native_object *o, nk_u32 type, nk_u32 id)
{
	struct keel_word *w = &s->heap[o - s->objects];

	if (type == KEEL_MUTEX) {
		nk_mutex_share(native_body(o, mutex), &w->word, &s->owners);
		__atomic_store_n(&w->id, id, __ATOMIC_RELEASE);
	} else if (type == KEEL_SEM && native_body(o, sem)->max == NK_SEM_MAX &&
		   !native_body(o, sem)->pulse) {
		nk_sem_share(native_body(o, sem), (nk_u64 *)w, id);
	} else if (type == KEEL_EVENT) {
		nk_event_share(native_body(o, event), (nk_u64 *)w, id);
	}
}

/* The object in @o is ready for its id. */
static long place_open(struct native_space *s, struct native_object *o, nk_u32 type)
{
	nk_u32 at = (nk_u32)(o - s->objects);
	nk_u32 id = o->generation++ * GENERATION + (type << TYPE_SHIFT) + at;

	o->type = type;
	if (!o->mem)
		word_share(s, o, type, id);
	id_set(o, id);
	return id;
}

long native_object_create(struct native_space *s, const struct keel_object *req,
			  const nk_u32 *ids, struct native_memory *mem,
			  struct native_memory **old)
{
	struct native_object *o = free_place(s, old);
	int err;

	if (!request_is_valid(req))
		return -NK_EINVAL;
	if (!o)
		return -NK_ENOSPC;
	o->mem = mem;
	o->body = mem ? mem->body : o->here;
	o->type = 0;	/* what one that fails leaves in the body is no object of the type before */
	err = object_init(s, o, req, ids);
	if (!err)
		return place_open(s, o, req->type);
	o->mem = NULL;
	return err;
}

long native_object_link(struct native_space *s, const struct keel_object *req,
			const struct native_link *link, struct native_memory **old)
{
	struct native_object *o = free_place(s, old);

	if (!request_is_valid(req))
		return -NK_EINVAL;
	if (!o)
		return -NK_ENOSPC;
	o->mem = NULL;
	o->body = o->here;
	*(const struct native_link **)o->body = link;
	return place_open(s, o, req->type);
}

int native_object_users(const struct native_space *s, nk_u32 id)
{
	return __atomic_load_n(&s->objects[id % NATIVE_PLACES].users, __ATOMIC_SEQ_CST);
}

long native_object_bind(struct native_space *s, struct native_memory *mem,
			struct native_memory **old)
{
	struct native_object *o = free_place(s, old);

	if (!o)
		return -NK_ENOSPC;
	o->mem = mem;
	o->body = mem->body;
	return place_open(s, o, mem->type);
}

/* ---- delete ------------------------------------------------------------------------------ */

/* Those with waits that end are gone at once, whoever has still to leave: users knows. */
int native_object_destroy(void *body, nk_u32 type)
{
	switch (type) {
	case KEEL_MUTEX:
		return nk_mutex_destroy(body);
	case KEEL_RWLOCK:
		return nk_rwlock_destroy(body);
	case KEEL_BARRIER:
		return nk_barrier_destroy(body);
	case KEEL_PIPE:
	case KEEL_PROXY:
	case KEEL_TIMER:
		native_link_close(*(const struct native_link **)body);
		return 0;
	case KEEL_EVENTFD:
		return 0;
	case KEEL_COND:
		nk_cond_destroy(body);
		return 0;
	case KEEL_SEM:
		nk_sem_destroy(body);
		return 0;
	case KEEL_EVENT:
		nk_event_destroy(body);
		return 0;
	case KEEL_QUEUE:
		nk_queue_destroy(body);
		return 0;
	case KEEL_BUFFER:
		nk_buffer_destroy(body);
		return 0;
	case KEEL_CHANNEL:
		nk_channel_destroy(body);
		return 0;
	case KEEL_HEAP:
		nk_heap_destroy(body);
		return 0;
	default:
		return 0;
	}
}

/* A thread of @s has it: it would not be found any more when that ends. */
static int is_held_here(struct native_space *s, struct native_object *o, nk_u32 type)
{
	const struct nk_thread *holder = NULL;
	unsigned int i;

	if (type == KEEL_MUTEX)
		holder = native_body(o, mutex)->owner;
	else if (type == KEEL_RWLOCK)
		holder = native_body(o, rwlock)->writer;
	for (i = 0; holder && i < KEEL_MAX_THREADS; i++)
		if (s->threads[i] == holder)
			return 1;
	return 0;
}

int native_object_delete(struct native_space *s, nk_u32 type, nk_u32 id,
			 struct native_memory **old)
{
	struct native_object *o = type ? native_get(s, id, type) : NULL;
	int err;

	*old = NULL;
	if (!o)
		return -NK_EINVAL;
	if (o->mem && o->mem->shared)
		err = is_held_here(s, o, type) ? -NK_EBUSY : 0;
	else
		err = native_object_destroy(o->body, type);
	if (!err) {
		__atomic_store_n(&s->heap[o - s->objects].id, 0, __ATOMIC_RELEASE);
		id_set(o, 0);
	}
	native_put(o);
	if (!err && is_unused(o))
		*old = place_leave(s, o);
	return err;
}

struct native_memory *native_place_end(struct native_space *s, unsigned int place)
{
	struct native_object *o = &s->objects[place];

	id_set(o, 0);
	if (o->type && o->body == o->here)
		native_body_quiesce(o->body, o->type);
	return place_leave(s, o);
}

struct native_memory *native_place_memory(struct native_space *s, unsigned int place)
{
	return place < KEEL_MAX_OBJECTS && id_get(&s->objects[place]) ? s->objects[place].mem : NULL;
}

int native_object_count(const struct native_space *s)
{
	int i, count = 0;

	for (i = 0; i < KEEL_MAX_OBJECTS; i++)
		count += id_get(&s->objects[i]) != 0;
	return count;
}

/* ---- what people see ---------------------------------------------------------------------- */

nk_u32 native_object_at(const struct native_space *s, const struct nk_waitq *wq)
{
	unsigned int at;

	for (at = 0; wq && at < KEEL_MAX_OBJECTS; at++)
		if (s->objects[at].body == wq && id_get(&s->objects[at]))
			return id_get(&s->objects[at]);
	return 0;
}

static void object_snapshot(struct native_object *o, nk_u32 type, struct nk_object_snapshot *s)
{
	*s = (struct nk_object_snapshot){ .owner = 0 };
	switch (type) {
	case KEEL_MUTEX:
		nk_mutex_snapshot(native_body(o, mutex), s);
		break;
	case KEEL_RWLOCK:
		nk_rwlock_snapshot(native_body(o, rwlock), s);
		break;
	case KEEL_SEM:
		nk_sem_snapshot(native_body(o, sem), s);
		break;
	case KEEL_EVENT:
		nk_event_snapshot(native_body(o, event), s);
		break;
	case KEEL_BARRIER:
		nk_barrier_snapshot(native_body(o, barrier), s);
		break;
	case KEEL_QUEUE:
		s->value = nk_queue_length(native_body(o, queue));
		s->limit = native_body(o, queue)->count;
		break;
	case KEEL_BUFFER:
		s->value = (unsigned int)nk_buffer_fill(native_body(o, buffer));
		s->limit = (unsigned int)native_body(o, buffer)->size;
		break;
	case KEEL_HEAP:
		s->value = (unsigned int)nk_heap_used(native_body(o, heap));
		s->limit = native_body(o, heap)->units * NK_HEAP_UNIT;
		break;
	}
}

int native_object_list(struct native_space *s, unsigned int at, struct keel_object_info *info)
{
	nk_u32 id = id_get(&s->objects[at]);
	struct native_object *o = id ? native_get(s, id, native_type(id)) : NULL;
	struct nk_object_snapshot now;

	if (!o)
		return 0;
	object_snapshot(o, native_type(id), &now);
	native_put(o);
	info->type = native_type(id);
	info->id = id;
	info->owner = (nk_u32)now.owner;
	info->value = now.value;
	info->limit = now.limit;
	info->kind = (nk_u32)now.kind;
	return 1;
}

/* ---- threads ------------------------------------------------------------------------------ */

static nk_u32 tid_get(const struct native_space *s, unsigned int i)
{
	return __atomic_load_n(&s->tids[i], __ATOMIC_SEQ_CST);
}

static void tid_set(struct native_space *s, unsigned int i, nk_u32 tid)
{
	__atomic_store_n(&s->tids[i], tid, __ATOMIC_SEQ_CST);
}

void native_thread_begins(struct native_space *s, unsigned int i, struct nk_thread *t, nk_u32 tid)
{
	unsigned int top = __atomic_load_n(&s->top, __ATOMIC_RELAXED);

	tid_set(s, i, tid);
	nk_owners_set(&s->owners, i, t);
	while (top <= i && !__atomic_compare_exchange_n(&s->top, &top, i + 1, 0, __ATOMIC_SEQ_CST,
							__ATOMIC_RELAXED))
		;
}

/*
 * A place may pass to another thread between the look at its name and the pin, so the name is looked at
 * again. It is written before the thread is there, and cleared after that has gone:
 *
 *	pin A, CPU 0				A ends, B begins, CPU 1
 *	tids[3] is A's
 *						nobody at 3; tids[3] = 0
 *						tids[3] = B's; B at 3
 *	pin what is at 3: B
 *	tids[3] is B's: unpin, there is no A
 */
struct nk_thread *native_thread_pin(struct native_space *s, unsigned long tid)
{
	unsigned int i, top = __atomic_load_n(&s->top, __ATOMIC_SEQ_CST);
	struct nk_thread *t;

	for (i = 0; i < top && tid_get(s, i) != tid; i++)
		;
	if (!tid || i == top)
		return NULL;
	t = nk_owners_pin(&s->owners, i);
	if (t && tid_get(s, i) != tid) {
		nk_thread_unpin(t);
		t = NULL;
	}
	return t;
}

void native_thread_ends(struct native_space *s, unsigned int i)
{
	struct nk_thread *t = s->threads[i];
	int at;

	nk_owners_set(&s->owners, i, NULL);
	tid_set(s, i, 0);
	for (at = 0; at < KEEL_MAX_OBJECTS; at++) {
		nk_u32 id = id_get(&s->objects[at]);
		struct native_object *o;

		if (native_type(id) != KEEL_MUTEX && native_type(id) != KEEL_RWLOCK &&
		    native_type(id) != KEEL_CHANNEL)
			continue;
		o = native_get(s, id, native_type(id));
		if (!o)
			continue;
		if (native_type(id) == KEEL_MUTEX && !o->mem)
			nk_word_bereave(native_body(o, mutex), i + 1);
		else
			native_let_go(o, native_type(id), t);
		native_put(o);
	}
}
