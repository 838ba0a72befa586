/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects of one process, and their ids: an id has the object's place, its type and a
 * generation. Memory stays until the process closes the device, and a place is used
 * again only when no call is on its way there, so an id that went stale names nothing.
 */
#ifndef SKINS_NATIVE_OBJECTS_H
#define SKINS_NATIVE_OBJECTS_H

#include "nucleus/word.h"

#define NATIVE_BODY	240	/* bytes; enough for the largest object, a power of two in all */
#define NATIVE_PLACES	1024	/* KEEL_MAX_OBJECTS */

struct keel_object;
struct keel_word;

struct native_object {
	nk_u32 id;		/* (a) 0: none, or it goes */
	int users;		/* (a) calls on their way */
	unsigned int generation; /* of the next id */
	unsigned long body[NATIVE_BODY / sizeof(long)];
};

struct native_space {
	struct native_object *objects;	/* (c) KEEL_MAX_OBJECTS of them, zeroed at first */
	struct keel_word *heap;		/* (c) as many; the process writes there too */
	struct nk_thread **threads;	/* (c) KEEL_MAX_THREADS, for owners */
	struct nk_owners owners;
};

struct native_set {
	unsigned int count;
	nk_u32 ids[32];		/* KEEL_SET_MAX */
};

/* The object of @o: mutex, cond, sem, event, rwlock or barrier. */
#define native_body(o, type) ((struct nk_##type *)(o)->body)

static inline struct native_set *native_set_of(struct native_object *o)
{
	return (struct native_set *)o->body;
}

/* Context: in-band, once, before anything else. */
void native_space_init(struct native_space *s);

/* Make what @req asks for, with @ids for a set: its id, or -EINVAL, -ENOSPC.
 * Context: in-band, one caller at a time. */
long native_object_create(struct native_space *s, const struct keel_object *req,
			  const nk_u32 *ids);

/* 0, -EINVAL: no such object of that type; -EBUSY, see abi.h. Context: as create. */
int native_object_delete(struct native_space *s, nk_u32 type, nk_u32 id);

/* The id of the object whose wait queue @wq is, or was; 0: it is none of @s. Context: any. */
nk_u32 native_object_at(const struct native_space *s, const struct nk_waitq *wq);

struct keel_object_info;

/* What is in place @at now; 0: nothing. pid and uid are left alone.
 * Context: in-band, @s stays; takes an object's lock. */
int native_object_list(struct native_space *s, unsigned int at, struct keel_object_info *info);

/* How many there are. Context: as create. */
int native_object_count(const struct native_space *s);

/* The type an id is of, if it is one. Context: any. */
static inline nk_u32 native_type(unsigned long id)
{
	return id / NATIVE_PLACES % 16;
}

static inline void native_put(struct native_object *o)
{
	__atomic_fetch_sub(&o->users, 1, __ATOMIC_RELEASE);
}

/* The object with that id and type, which stays until native_put(), or NULL. @type is not 0: a free
 * place has that. Context: any; never blocks. */
static inline struct native_object *native_get(struct native_space *s, unsigned long id,
					       nk_u32 type)
{
	struct native_object *o = &s->objects[id % NATIVE_PLACES];

	if (native_type(id) != type)
		return NULL;
	__atomic_fetch_add(&o->users, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&o->id, __ATOMIC_SEQ_CST) == id)
		return o;
	native_put(o);
	return NULL;
}

/* @t has number @i + 1 in words, until it ends: it does not run any more, and lets go of all it had
 * got by words. Context: in-band or any where Linux does not sleep; takes all ranks up to rq. */
void native_thread_begins(struct native_space *s, unsigned int i, struct nk_thread *t);
void native_thread_ends(struct native_space *s, unsigned int i);

#endif
