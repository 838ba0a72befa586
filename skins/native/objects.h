/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects of one process, and their ids: an id has the object's place, its type and a
 * generation. Memory stays until the process closes the device, and a place is used
 * again only when no call is on its way there, so an id that went stale names nothing.
 *
 * What is larger than a place, or shared by processes under a name, has memory of its own, which the
 * places only refer to; the owner of spaces gives it and takes it back (kmod/objects.c).
 */
#ifndef SKINS_NATIVE_OBJECTS_H
#define SKINS_NATIVE_OBJECTS_H

#include "nucleus/word.h"

#define NATIVE_BODY	224	/* bytes; enough for the largest object */
#define NATIVE_PLACES	1024	/* KEEL_MAX_OBJECTS */
#define NATIVE_TYPES	64	/* that an id can tell apart */
#define NATIVE_THREADS	256	/* KEEL_MAX_THREADS */

struct keel_object;
struct native_link;
struct keel_word;
struct nk_watch;

/* An object that is not in a place. */
struct native_memory {
	void *body;		/* (c) the object, and what belongs to it */
	char *area;		/* (c) mapped by processes, or NULL */
	unsigned long area_size; /* (c) whole pages */
	unsigned long body_pages; /* (c) */
	nk_u32 type;		/* (c) */
	nk_u32 args[2];		/* (c) what it was made with */
	int shared;		/* (c) by name */
};

/* A power of two in size: an id's place is found by a shift. */
struct native_object {
	nk_u32 id;		/* (a) 0: none, or it goes */
	int users;		/* (a) calls on their way */
	void *body;		/* the object: here or elsewhere */
	unsigned int generation; /* of the next id */
	nk_u32 type;		/* of the last id */
	struct native_memory *mem; /* or NULL; also after the id has gone, while there are users */
	unsigned long here[NATIVE_BODY / sizeof(long)];
};

struct native_space {
	struct native_object *objects;	/* (c) KEEL_MAX_OBJECTS of them, zeroed at first */
	struct keel_word *heap;		/* (c) as many; the process writes there too */
	struct nk_thread **threads;	/* (c) KEEL_MAX_THREADS, for owners */
	struct nk_owners owners;
	nk_u32 tids[NATIVE_THREADS];	/* (a) what Linux calls them, 0: nobody */
	unsigned int top;		/* (a) no thread has stood there or behind */
};

struct native_set {
	unsigned int count;
	nk_u32 ids[32];		/* KEEL_SET_MAX */
};

/* The object of @o: mutex, cond, sem, event, rwlock, barrier, queue, buffer, channel or heap. */
#define native_body(o, type) ((struct nk_##type *)(o)->body)

static inline struct native_set *native_set_of(struct native_object *o)
{
	return o->body;
}

static inline const struct native_link *native_link_of(const struct native_object *o)
{
	return *(const struct native_link **)o->body;
}

/* Context: in-band, once, before anything else. */
void native_space_init(struct native_space *s);

/* The memory that the object of @req needs elsewhere: bytes of @body, and of @area, which is for
 * processes to map. 0 for both: none. -EINVAL: it cannot be made. @shared: it is to have a name.
 * Context: in-band. */
int native_object_needs(const struct keel_object *req, int shared, unsigned long *body,
			unsigned long *area);

/* Make what @req asks for, in @mem unless that is NULL, with @ids for a set: its id, or -EINVAL,
 * -ENOSPC. @old: what had this place before and nobody refers to from here any more, or NULL; also
 * with an error. Context: in-band, one caller at a time. */
long native_object_create(struct native_space *s, const struct keel_object *req,
			  const nk_u32 *ids, struct native_memory *mem,
			  struct native_memory **old);

/* The same for what has a part in Linux, which is to be found at @link. */
long native_object_link(struct native_space *s, const struct keel_object *req,
			const struct native_link *link, struct native_memory **old);

/* How many calls use the place of @id. Context: any. */
int native_object_users(const struct native_space *s, nk_u32 id);

/* An id for what is in @mem already. As above. */
long native_object_bind(struct native_space *s, struct native_memory *mem,
			struct native_memory **old);

/* 0, -EINVAL: no such object of that type; -EBUSY, see abi.h. One that is shared only loses its id
 * here; -EBUSY while a thread of @s holds it. @old as above. Context: as create. */
int native_object_delete(struct native_space *s, nk_u32 type, nk_u32 id,
			 struct native_memory **old);

/* Place by place from 0: what the process had there, its threads have ended; or NULL. Nothing in the
 * place is referred to afterwards. Context: in-band, may wait for others' walks passing by. */
struct native_memory *native_place_end(struct native_space *s, unsigned int place);

/* All waits for the shared object in @mem end, and later calls are refused; -EBUSY: it is held.
 * Context: in-band. */
int native_memory_close(struct native_memory *mem);

/* Nobody refers to @mem any more: nor does anything of the nucleus after this.
 * Context: in-band, may wait for walks passing by. */
void native_memory_quiesce(struct native_memory *mem);

/* A watch on what is in @mem, to be read or to be written: 0, or -EINVAL: nobody waits for that.
 * Context: any. */
int native_memory_watch(const struct native_memory *mem, int write, struct nk_watch *w);

/* The memory that place @place can map, or NULL. Context: as create. */
struct native_memory *native_place_memory(struct native_space *s, unsigned int place);

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
	return id / NATIVE_PLACES % NATIVE_TYPES;
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

/* @t has number @i + 1 in words, and the process calls it @tid, until it ends: it does not run any more,
 * and lets go of all it had got by words.
 * Context: in-band or any where Linux does not sleep; takes all ranks up to rq. */
void native_thread_begins(struct native_space *s, unsigned int i, struct nk_thread *t, nk_u32 tid);
void native_thread_ends(struct native_space *s, unsigned int i);

/* The thread that is called @tid, pinned as nk_owners_pin() says, or NULL: it is none of this process, or
 * not attached. Context: any, hard masked; takes the owners' lock. */
struct nk_thread *native_thread_pin(struct native_space *s, unsigned long tid);

/* End its wait, whatever for, with -EINTR: 1, or 0 when it did not wait; -ESRCH: there is none.
 * Context: any, hard masked; may switch; takes the owners' and rq locks. */
long native_thread_unblock(struct native_space *s, unsigned long tid);

/* The same, for its suspends and its priority; as nk_thread_suspend(), nk_thread_resume() and
 * nk_thread_set_prio() say. The caller itself, suspended, comes back when it is resumed, or with -EINTR, and
 * then it is not suspended. */
long native_thread_suspend(struct native_space *s, unsigned long tid);
long native_thread_resume(struct native_space *s, unsigned long tid);
long native_thread_set_prio(struct native_space *s, unsigned long tid, int prio);

/* What it does now, to the current thread's memory at @to: 0, -ESRCH, or -EFAULT as nk_copy_out() has it.
 * Context: oob, hard masked, no lock held; may switch; takes the owners' lock and those of a snapshot. */
long native_thread_state(struct native_space *s, unsigned long tid, void *to);
/* KEEL_STATE_* of @state. Context: any. */
nk_u32 native_state_of(enum nk_thread_state state);

#endif
