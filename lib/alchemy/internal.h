/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Alchemy skin, over libkeel: what its files share.
 *
 * Threads. A task is a Keel thread of its priority. Any other thread that calls is attached on the spot,
 * with the lowest priority and without telling Linux ("weak"), and goes in-band again after each call.
 *
 * Objects. What a user holds, an RT_SEM and so on, has a handle: a place in one table and how often that was
 * used. The memory of an object stays its type's when it is deleted, so that a call which comes too late
 * reads nothing else, and Keel knows the ids in it no more.
 *
 * Sessions. An object belongs to its process, and its name too, unless the process is of a session
 * (--session=NAME): then one with a name is shared. Each of its parts is an object of Keel's with a
 * name, made of session, type, part and name, and there is a page with what else is shared; who binds waits
 * for that page.
 */
#ifndef LIBKEEL_ALCHEMY_INTERNAL_H
#define LIBKEEL_ALCHEMY_INTERNAL_H

#include <pthread.h>
#include <stdint.h>
#include <alchemy/timer.h>
#include <keel/keel.h>
#include "core.h"

enum alchemy_type {
	ALCHEMY_TASK = 1, ALCHEMY_SEM, ALCHEMY_MUTEX, ALCHEMY_COND, ALCHEMY_EVENT, ALCHEMY_QUEUE,
	ALCHEMY_BUFFER, ALCHEMY_HEAP, ALCHEMY_PIPE, ALCHEMY_ALARM, ALCHEMY_TYPES
};

/* ---- settings, init.c ------------------------------------------------------------------------------ */

struct alchemy_settings {
	const char *session;		/* NULL: none */
	int64_t tick_ns;
	int verbosity;			/* 0: say nothing; 1 */
};

extern struct alchemy_settings alchemy_settings;

/* The device is open, for the rest of the process: 0 or -errno. Before anything that makes an object.
 * Context: any thread; in-band the first time. */
int alchemy_open(void);

/* ---- printing, print.c, log.c ------------------------------------------------------------------------------ */

/* There is a task: who prints need not go in-band. Context: in-band. */
void alchemy_print_begin(void);
/* The same for the system's log, log.c. Once. */
void alchemy_log_begin(void);

/* ---- time, timer.c ---------------------------------------------------------------------------------- */

#define ALCHEMY_POLL 0		/* a deadline, as KEEL_FOREVER is one: do not wait */

/* Deadlines for Keel, of each of the three forms; below 0: -EINVAL. Context: any. */
int64_t alchemy_rel(RTIME timeout);
int64_t alchemy_abs(RTIME date);
int64_t alchemy_timespec(const struct timespec *date);

/* ---- the caller, self.c ------------------------------------------------------------------------------ */

struct alchemy_task;

struct alchemy_self {
	struct alchemy_task *task;	/* NULL: it is none */
	int weak;			/* attached, but not for itself */
	pid_t tid;			/* of a task, and of who asked; else 0 */
};

extern __thread struct alchemy_self alchemy_self __attribute__((tls_model("initial-exec")));

/* Around Keel calls: 0, or -errno when the caller cannot be attached. Context: any. */
int alchemy_enter(void);
void alchemy_leave(void);

/* An object is being made: the caller may use Keel's requests, and is not taken for the cause of a switch
 * of mode. Context: any; returns in-band. */
int alchemy_inband(void);

/* A cancellation point, at any moment while the thread waits: so a task can be deleted in a wait. */
static inline int alchemy_cancel_begin(void)
{
	int old;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
	return old;
}

static inline void alchemy_cancel_end(int old)
{
	pthread_setcanceltype(old, NULL);
}

/* The value of a Keel call that does not wait, and of one that may. */
#define ALCHEMY_CALL(call)								\
	({										\
		long alchemy_ret = alchemy_enter();					\
		if (__builtin_expect(!alchemy_ret, 1)) {				\
			alchemy_ret = (call);						\
			alchemy_leave();						\
		}									\
		alchemy_ret;								\
	})

#define ALCHEMY_WAIT(call)								\
	({										\
		int alchemy_old = alchemy_cancel_begin();				\
		long alchemy_got = ALCHEMY_CALL(call);					\
		alchemy_cancel_end(alchemy_old);					\
		alchemy_got;								\
	})

/* ---- objects, object.c -------------------------------------------------------------------------------- */

struct alchemy_object {			/* first in each type's own */
	uintptr_t handle;		/* (a) 0: there is none, or not yet */
	uintptr_t next_handle;
	unsigned int word;		/* id of the part whose word is in its place, if it has one */
	enum alchemy_type type;
	int named;			/* by its user */
	int bound;			/* another process made it */
	struct {			/* a struct keel_heap, if it is shared */
		unsigned int id;
		size_t size;
		char *area;
	} page;
	void *shared;			/* in the page: what it shares; NULL: it is not shared */
	struct alchemy_object *next;	/* of the free ones of its type, or of those there are */
	char name[XNOBJECT_NAME_LEN];
};

/* Memory for an object, zeroed behind the header; nobody finds it yet. @size: always the same for a type.
 * @name NULL or "": one is made up. Before an object's parts are made. NULL: no memory, or 4096 there are.
 * Context: in-band. */
void *alchemy_object_new(enum alchemy_type type, size_t size, const char *name);

/* It is to be shared if the process is of a session and it has a name of its user's: with @size bytes,
 * zeroed, at o->shared, up to 4000. -EEXIST: there is one. Context: in-band. */
int alchemy_object_share(struct alchemy_object *o, size_t size);

/* From now on it is found, by handle and name; who binds to what is shared goes on. -EEXIST: another of its
 * type in this process has the name; then nothing has changed. Context: in-band. */
int alchemy_object_publish(struct alchemy_object *o);

/* The same in two steps, for what is not complete when its name is taken: nobody else gets the name, -EEXIST
 * if somebody has it; and it is found. Context: in-band. */
int alchemy_object_claim(struct alchemy_object *o);
void alchemy_object_announce(struct alchemy_object *o);

/* The object with that handle and type, which no handle leads to any more: who deletes it does that before all
 * else, as what follows may wait for Linux while others run. NULL: there is none, or another was faster. And it was not
 * deleted after all. Context: any; no system call. */
void *alchemy_object_close(uintptr_t handle, enum alchemy_type type);
void alchemy_object_reopen(struct alchemy_object *o);

/* It is no more: found by nobody, its page and memory given up. Also one that was never published.
 * Who made a shared one takes it from all; who bound it, from himself. Context: in-band. */
void alchemy_object_free(struct alchemy_object *o);

/* Where a handle leads. A handle is its place's distance from the first one and, above that, how often the place
 * was used, so it is never 0; its type is told by the key alone, which costs what is free no look of its own. */
struct alchemy_place {
	uintptr_t key;			/* (a) handle + type; 0: nobody's */
	struct alchemy_object *object;	/* (c) as soon as it has one: the place is that memory's */
	uint64_t none;			/* the object's word when it is a value, of 0: see libkeel_value() */
	uint32_t id;			/* whose word that is, and how far from the heap's begin: what is free */
	uint32_t at;			/* is taken by that, without a look at the object */
} __attribute__((aligned(32)));

#define ALCHEMY_PLACES		4096
#define ALCHEMY_PLACE_SIZE	sizeof(struct alchemy_place)
#define ALCHEMY_USE		(ALCHEMY_PLACES * ALCHEMY_PLACE_SIZE)	/* of a place, in its handle */

extern struct alchemy_place alchemy_places[ALCHEMY_PLACES];

/* The place that a handle leads to, whatever it is, also none. */
static inline struct alchemy_place *alchemy_place_at(uintptr_t handle)
{
	return (struct alchemy_place *)((char *)alchemy_places +
					(handle & (ALCHEMY_USE - ALCHEMY_PLACE_SIZE)));
}

/* The place of the object with that handle and type, or NULL. Context: any; no system call. */
static inline const struct alchemy_place *alchemy_place_find(uintptr_t handle, enum alchemy_type type)
{
	const struct alchemy_place *p = alchemy_place_at(handle);

	return __builtin_expect(__atomic_load_n(&p->key, __ATOMIC_ACQUIRE) == handle + type, 1) ? p : NULL;
}

/* The object. Context: any; no system call. */
static inline void *alchemy_object_find(uintptr_t handle, enum alchemy_type type)
{
	const struct alchemy_place *p = alchemy_place_find(handle, type);

	return p ? p->object : NULL;
}

/* The word of what has that place; NULL: the caller cannot read it yet. It is another's unless p->id is in it. */
static inline struct keel_word *alchemy_word(const struct alchemy_place *p)
{
	char *heap = (char *)libkeel_self.heap;

	return __builtin_expect(heap != NULL, 1) ? (struct keel_word *)(heap + p->at) : NULL;
}

/* Of what a user holds, NULL too: what is looked for. */
#define ALCHEMY_HANDLE(held) ((held) ? (held)->handle : 0)

/* The handle of the object of that name, or 0. Context: any; no system call while nobody contends. */
uintptr_t alchemy_object_named(enum alchemy_type type, const char *name);

/* The page that processes share, in @heap from now on. */
struct alchemy_page {
	uint32_t magic;			/* (a) */
	uint32_t size;			/* of what follows */
	uint64_t data[];
};

#define ALCHEMY_PAGE_MAGIC	0x616c6368

struct alchemy_page *alchemy_page_set(struct alchemy_object *o, const struct keel_heap *heap);

/* ---- bind.c ------------------------------------------------------------------------------------------ */

/* An object has a name: who waits for one looks again. Context: in-band. */
void alchemy_bind_published(void);

/* Wait until there is a published object of that name: 0, -EWOULDBLOCK, -ETIMEDOUT, -EINVAL, -EPERM...
 * One of another process is first made known to this one: @attach(o) binds its parts, with o->shared
 * there, 0 or -errno. Its memory is alchemy_object_new()'s, of @size. Context: any; one of this process is waited for
 * hard, one of another in-band. */
int alchemy_object_bind(enum alchemy_type type, size_t size, const char *name, RTIME timeout,
			int (*attach)(struct alchemy_object *o), uintptr_t *handle);

/* rt_x_unbind(): an object of another process is freed by @detach(o), one of this process stays; *@handle is 0
 * then. 0, or -EINVAL: it is none. Context: any; goes in-band for one of another process. */
int alchemy_object_unbind(enum alchemy_type type, uintptr_t *handle, int (*detach)(struct alchemy_object *o));

/* A part of @o, of type @keel_type of Keel's, with what its create takes: a part of its own or, when @o is
 * shared, with a name; the same part bound, where @o is; and gone. @part tells them apart, a letter.
 * Context: in-band. */
int alchemy_part_create(const struct alchemy_object *o, char part, uint32_t keel_type, uint32_t a,
			uint32_t b, unsigned int *id);
int alchemy_part_bind(const struct alchemy_object *o, char part, uint32_t keel_type, unsigned int *id);
int alchemy_part_delete(const struct alchemy_object *o, char part, uint32_t keel_type, unsigned int id);

/* The name in Keel of a part: KEEL_NAMED_LEN bytes. For parts that are made otherwise, queues and heaps. */
void alchemy_part_name(const struct alchemy_object *o, char part, char *to);

/* Every object there is of @type, under the lock. Context: in-band. */
void alchemy_object_each(enum alchemy_type type, void (*fn)(struct alchemy_object *o, void *arg), void *arg);

#endif
