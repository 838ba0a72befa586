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
#include "nucleus/cond.h"
#include "nucleus/event.h"
#include "nucleus/rwlock.h"
#include "nucleus/sem.h"
#include "nucleus/snapshot.h"
#include "objects.h"

#define TYPE_SHIFT	10	/* KEEL_MAX_OBJECTS is 1 << this */
#define GENERATION	(1u << (TYPE_SHIFT + 4))

#define FITS(type) _Static_assert(sizeof(struct type) <= NATIVE_BODY, #type)
FITS(nk_mutex);
FITS(nk_cond);
FITS(nk_sem);
FITS(nk_event);
FITS(nk_rwlock);
FITS(nk_barrier);
FITS(native_set);
_Static_assert(sizeof(((struct native_set *)0)->ids) == KEEL_SET_MAX * sizeof(nk_u32), "set");
_Static_assert(KEEL_MAX_OBJECTS == NATIVE_PLACES && NATIVE_PLACES == 1 << TYPE_SHIFT, "places");

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

static int is_watchable(struct native_space *s, nk_u32 id)
{
	nk_u32 type = native_type(id);
	struct native_object *o = NULL;

	if (type == KEEL_SEM || type == KEEL_EVENT)
		o = native_get(s, id, type);
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
	switch (req->type) {
	case KEEL_MUTEX:
		return mutex_init(o, req);
	case KEEL_COND:
		nk_cond_init(native_body(o, cond));
		return 0;
	case KEEL_SEM:
		return nk_sem_init(native_body(o, sem), req->args[0], req->args[1]);
	case KEEL_EVENT:
		nk_event_init(native_body(o, event), req->args[0]);
		return 0;
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
		[KEEL_MUTEX] = 2, [KEEL_SEM] = 2, [KEEL_EVENT] = 1, [KEEL_BARRIER] = 1,
		[KEEL_SET] = 1,
	};

	if (!req->type || req->type >= KEEL_TYPES || req->id || req->pad)
		return 0;
	return (has[req->type] > 0 || !req->args[0]) && (has[req->type] > 1 || !req->args[1]) &&
	       (req->type == KEEL_SET || !req->data);
}

static struct native_object *free_place(struct native_space *s)
{
	struct native_object *o = s->objects;

	for (; o < s->objects + KEEL_MAX_OBJECTS; o++)
		if (!id_get(o) && !__atomic_load_n(&o->users, __ATOMIC_SEQ_CST))
			return o;
	return NULL;
}

long native_object_create(struct native_space *s, const struct keel_object *req,
			  const nk_u32 *ids)
{
	struct native_object *o = free_place(s);
	nk_u32 at, id;
	int err;

	if (!request_is_valid(req))
		return -NK_EINVAL;
	if (!o)
		return -NK_ENOSPC;
	err = object_init(s, o, req, ids);
	if (err)
		return err;
	at = (nk_u32)(o - s->objects);
	id = o->generation++ * GENERATION + (req->type << TYPE_SHIFT) + at;
	if (req->type == KEEL_MUTEX) {
		nk_mutex_share(native_body(o, mutex), &s->heap[at].word, &s->owners);
		__atomic_store_n(&s->heap[at].id, id, __ATOMIC_RELEASE);
	}
	id_set(o, id);
	return id;
}

/* ---- delete ------------------------------------------------------------------------------ */

/* Those with waits that end are gone at once, whoever has still to leave: users knows. */
static int object_destroy(struct native_object *o, nk_u32 type)
{
	switch (type) {
	case KEEL_MUTEX:
		return nk_mutex_destroy(native_body(o, mutex));
	case KEEL_RWLOCK:
		return nk_rwlock_destroy(native_body(o, rwlock));
	case KEEL_BARRIER:
		return nk_barrier_destroy(native_body(o, barrier));
	case KEEL_COND:
		nk_cond_destroy(native_body(o, cond));
		return 0;
	case KEEL_SEM:
		nk_sem_destroy(native_body(o, sem));
		return 0;
	case KEEL_EVENT:
		nk_event_destroy(native_body(o, event));
		return 0;
	default:
		return 0;
	}
}

int native_object_delete(struct native_space *s, nk_u32 type, nk_u32 id)
{
	struct native_object *o = type ? native_get(s, id, type) : NULL;
	int err;

	if (!o)
		return -NK_EINVAL;
	err = object_destroy(o, type);
	if (!err) {
		__atomic_store_n(&s->heap[o - s->objects].id, 0, __ATOMIC_RELEASE);
		id_set(o, 0);
	}
	native_put(o);
	return err;
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
	unsigned long offset = (unsigned long)wq - (unsigned long)s->objects;

	if (!wq || offset >= KEEL_MAX_OBJECTS * sizeof(*s->objects))
		return 0;
	return id_get(&s->objects[offset / sizeof(*s->objects)]);
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

void native_thread_begins(struct native_space *s, unsigned int i, struct nk_thread *t)
{
	nk_owners_set(&s->owners, i, t);
}

static void let_go(struct native_object *o, nk_u32 type, unsigned int i, struct nk_thread *t)
{
	if (type == KEEL_MUTEX)
		nk_word_bereave(native_body(o, mutex), i + 1);
	else
		nk_rwlock_bereave(native_body(o, rwlock), t);
}

void native_thread_ends(struct native_space *s, unsigned int i)
{
	struct nk_thread *t = s->threads[i];
	int at;

	nk_owners_set(&s->owners, i, NULL);
	for (at = 0; at < KEEL_MAX_OBJECTS; at++) {
		nk_u32 id = id_get(&s->objects[at]);
		struct native_object *o;

		if (native_type(id) != KEEL_MUTEX && native_type(id) != KEEL_RWLOCK)
			continue;
		o = native_get(s, id, native_type(id));
		if (o) {
			let_go(o, native_type(id), i, t);
			native_put(o);
		}
	}
}
