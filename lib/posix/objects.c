// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The table of objects that are the core's, by address. It is read without a lock: an entry is written
 * before its address is, and its address, once written, is only exchanged while the entry is free,
 * that is, after an object was destroyed, when nobody may use it. What is looked for lies between the
 * place that its address says and the first place that was never used.
 */
#include <string.h>
#include <sys/mman.h>
#include "stats.h"

#define PLACES	POSIX_PLACES
#define FULL	(PLACES * 3 / 4)

struct posix_object posix_objects[PLACES];
struct posix_quick posix_quick[POSIX_QUICK_TYPES][PLACES];
static unsigned int used;		/* (lock, a) places that have an address */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* A signal handler over that may post a semaphore, and is told by in_table not to wait for its own thread. */
static void table_lock(void)
{
	posix_self.in_table++;
	REAL(pthread_mutex_lock)(&lock);
}

static void table_unlock(void)
{
	REAL(pthread_mutex_unlock)(&lock);
	posix_self.in_table--;
}

static unsigned int place_of(const void *at)
{
	return ((uintptr_t)at >> 3) * 0x9e3779b97f4a7c15ull >> 40;
}

static struct posix_object *find(const void *at)
{
	unsigned int i = place_of(at);

	for (;; i++) {
		struct posix_object *o = &posix_objects[i % PLACES];
		const void *there = __atomic_load_n(&o->at, __ATOMIC_ACQUIRE);

		if (!there || there == at)
			return o;
	}
}

struct posix_object *posix_object_find(const void *at, enum posix_type type)
{
	struct posix_object *o = find(at);

	return o->at && __atomic_load_n(&o->type, __ATOMIC_ACQUIRE) == (int)type ? o : NULL;
}

/* Its own place, one that is free again, or one never used. */
static struct posix_object *room_for(const void *at)
{
	unsigned int i = place_of(at);
	struct posix_object *again = NULL, *o;

	for (;; i++) {
		o = &posix_objects[i % PLACES];
		if (o->at == at)
			return o;
		if (!o->at)
			break;
		if (!o->type && !again)
			again = o;
	}
	if (again)
		return again;
	return used < FULL ? o : NULL;
}

int posix_object_free(struct posix_object *o)
{
	int err = 0;

	switch (o->type) {
	case POSIX_MUTEX:
		if ((o->word && __atomic_load_n(o->word, __ATOMIC_RELAXED)) ||
		    __atomic_load_n(&o->waits, __ATOMIC_RELAXED))
			return EBUSY;
		err = o->plain ? keel_sem_delete(&o->sem) : keel_mutex_delete(&o->mutex);
		break;
	case POSIX_COND:
		err = keel_mutex_delete(&o->mutex);
		if (!err)
			keel_cond_delete(&o->cond);
		break;
	case POSIX_SEM:
		keel_sem_delete(&o->sem);
		break;
	case POSIX_RWLOCK:
		err = keel_rwlock_delete(&o->rwlock);
		break;
	case POSIX_BARRIER:
		err = keel_barrier_delete(&o->barrier);
		break;
	}
	return err == -EBUSY ? EBUSY : 0;
}

int posix_object_same(const struct posix_object *a, const struct posix_object *b)
{
	return a->sem.id == b->sem.id && a->mutex.id == b->mutex.id && a->cond.id == b->cond.id &&
	       a->rwlock.id == b->rwlock.id && a->barrier.id == b->barrier.id;
}

/* (lock) What @o was, it is no more. */
static void forget(struct posix_object *o)
{
	if (o->type && o->type <= POSIX_QUICK_TYPES) {
		struct posix_quick *q = posix_quick_of((void *)o->at, o->type);

		if (q->o == o)
			__atomic_store_n(&q->at, NULL, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&o->type, POSIX_FREE, __ATOMIC_RELEASE);
}

/* (lock) */
static void remember(struct posix_object *o)
{
	struct posix_quick *q;

	if (o->shared || o->type > POSIX_QUICK_TYPES)
		return;
	q = posix_quick_of((void *)o->at, o->type);
	if (q->at)
		return;
	q->o = o;
	__atomic_store_n(&q->at, o->at, __ATOMIC_RELEASE);
}

static void put(struct posix_object *to, const void *at, const struct posix_object *o)
{
	__atomic_store_n(&used, used + !to->at, __ATOMIC_RELAXED);
	if (to->at)
		forget(to);
	to->plain = o->plain;
	to->own = o->own;
	to->debt = 0;
	to->word = o->shared ? &o->shared->word : &to->own;
	to->shared = o->shared;
	to->key = o->key;
	to->kicks = o->kicks;
	to->waits = 0;
	to->mutex = o->mutex;
	to->cond = o->cond;
	to->sem = o->sem;
	to->rwlock = o->rwlock;
	to->barrier = o->barrier;
	__atomic_store_n(&to->type, o->type, __ATOMIC_RELEASE);
	__atomic_store_n(&to->at, at, __ATOMIC_RELEASE);
	remember(to);
}

struct posix_object *posix_object_add(const void *at, const struct posix_object *o)
{
	struct posix_object *to;

	if (posix_self.in_table)
		return NULL;
	table_lock();
	to = room_for(at);
	if (to && (to->type != o->type || to->key != o->key)) {
		if (to->type)	/* what was there before went without being destroyed */
			posix_object_free(to);
		put(to, at, o);
	}
	table_unlock();
	return to;
}

int posix_object_drop(const void *at)
{
	struct posix_object *o;
	int err = 0;

	if (!__atomic_load_n(&used, __ATOMIC_RELAXED))
		return 0;
	table_lock();
	o = find(at);
	if (o->at && o->type) {
		err = posix_object_free(o);
		if (!err)
			forget(o);
	}
	table_unlock();
	return err;
}

/* What its owner has not unlocked is unlocked if that is the caller; else the core keeps it until the process
 * ends. */
void posix_object_forget(const void *at)
{
	struct posix_object *o;

	if (!posix_object_drop(at))
		return;
	table_lock();
	o = find(at);
	if (o->at && o->type) {
		o->own = 0;
		o->waits = 0;
		if (o->type == POSIX_MUTEX && !o->plain && !posix_enter()) {
			keel_mutex_unlock(&o->mutex);
			posix_leave();
		}
		posix_object_free(o);
		forget(o);
	}
	table_unlock();
}

/* ---- fork ------------------------------------------------------------------------------------------------ */

/* 1: the caller has it; a plain one: somebody has. */
static int is_held(struct posix_object *o)
{
	int err;

	if (o->plain)
		return o->own != 0;
	err = keel_mutex_trylock(&o->mutex);
	if (!err || err == -EOWNERDEAD)
		keel_mutex_unlock(&o->mutex);
	return err == -EDEADLK;
}

/* What the child will find. A recursive mutex it finds free. */
void posix_objects_prepare(void)
{
	unsigned int i;

	if (!posix_is_active() || posix_enter())
		return;
	for (i = 0; i < PLACES; i++) {
		struct posix_object *o = &posix_objects[i];

		if (o->shared)
			continue;
		if (o->type == POSIX_MUTEX)
			o->kept = is_held(o);
		else if (o->type == POSIX_SEM)
			o->kept = (int)o->own;
	}
	posix_leave();
}

static int is_mapped(const void *at)
{
	unsigned char page;

	return !mincore((void *)((uintptr_t)at & ~4095ul), 4096, &page);
}

/* Everything but what is shared is glibc's again, where it was free all the time. An object that was never destroyed may
 * have no memory any more. */
int posix_objects_child(void)
{
	unsigned int i;
	int shared = 0;

	for (i = 0; i < PLACES; i++) {
		struct posix_object *o = &posix_objects[i];
		void *at = (void *)o->at;

		if (!o->shared && o->type == POSIX_MUTEX && o->kept && is_mapped(at))
			REAL(pthread_mutex_trylock)(at);
		if (!o->shared && o->type == POSIX_SEM && is_mapped(at))
			REAL(sem_init)(at, 0, o->kept > 0 ? o->kept : 0);
		shared |= o->type && o->shared;
		*o = (struct posix_object){ .at = NULL };
	}
	memset(posix_quick, 0, sizeof(posix_quick));
	used = 0;
	return shared;
}
