// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include "kind.h"
#include "mutex.h"
#include "tasks.h"

struct alchemy_mutex {
	struct alchemy_object o;
	struct keel_mutex mutex;
};

static int known(struct alchemy_object *o, int err)
{
	o->word = ((struct alchemy_mutex *)o)->mutex.id;
	return err;
}

static int make(struct alchemy_object *o, void *arg)
{
	(void)arg;
	return known(o, alchemy_part_create(o, 'm', KEEL_MUTEX, KEEL_MUTEX_RECURSIVE, 0,
					    &((struct alchemy_mutex *)o)->mutex.id));
}

static int attach(struct alchemy_object *o)
{
	return known(o, alchemy_part_bind(o, 'm', KEEL_MUTEX, &((struct alchemy_mutex *)o)->mutex.id));
}

static int unmake(struct alchemy_object *o)
{
	return alchemy_mutex_delete(o, 'm', ((struct alchemy_mutex *)o)->mutex.id);
}

static const struct alchemy_kind kind = {
	.type = ALCHEMY_MUTEX, .size = sizeof(struct alchemy_mutex), .shared_size = 8,
	.make = make, .attach = attach, .unmake = unmake,
};

/* Inline, as what is free is to cost little. */
static inline __attribute__((always_inline)) const struct alchemy_place *place(const RT_MUTEX *mutex)
{
	return __builtin_expect(mutex != NULL, 1) ? alchemy_place_find(mutex->handle, ALCHEMY_MUTEX) : NULL;
}

static struct alchemy_mutex *find(const RT_MUTEX *mutex)
{
	return alchemy_object_find(ALCHEMY_HANDLE(mutex), ALCHEMY_MUTEX);
}

struct keel_mutex *alchemy_mutex_find(const RT_MUTEX *mutex)
{
	struct alchemy_mutex *m = find(mutex);

	return m ? &m->mutex : NULL;
}

int rt_mutex_create(RT_MUTEX *mutex, const char *name)
{
	return alchemy_kind_create(&kind, name, NULL, &mutex->handle);
}

/* First it is nobody's, and those who wait go on; then it can be deleted. */
int rt_mutex_delete(RT_MUTEX *mutex)
{
	struct alchemy_mutex *m = find(mutex);
	int err;

	if (!m)
		return -EINVAL;
	err = ALCHEMY_CALL(libkeel_call(KEEL_CALL_MUTEX_CLOSE, m->mutex.id, 0));
	return err ? err : alchemy_kind_delete(&kind, ALCHEMY_HANDLE(mutex));
}

/* The word of the mutex at @p, from @from to @to. 0: that takes a call. */
static inline __attribute__((always_inline)) int swap(const struct alchemy_place *p, uint32_t from, uint32_t to)
{
	struct keel_word *w = alchemy_word(p);

	return w && __builtin_expect(w->id == p->id, 1) &&
	       __builtin_expect(__atomic_compare_exchange_n(&w->word, &from, to, 0, __ATOMIC_SEQ_CST,
							    __ATOMIC_RELAXED), 1);
}

static __attribute__((noinline)) int mutex_wait(RT_MUTEX *mutex, int64_t until)
{
	const struct alchemy_place *p = until < 0 ? NULL : place(mutex);
	struct alchemy_mutex *m;
	int err;

	if (!p)
		return -EINVAL;
	if (swap(p, KEEL_WORD_FREE, libkeel_self.number))
		return 0;
	m = (struct alchemy_mutex *)p->object;
	if (until == ALCHEMY_POLL) {
		err = ALCHEMY_CALL(keel_mutex_trylock(&m->mutex));
		return err == -EBUSY ? -EWOULDBLOCK : alchemy_mutex_got(err);
	}
	return alchemy_mutex_got(ALCHEMY_WAIT(keel_mutex_clocklock(&m->mutex, CLOCK_MONOTONIC, until)));
}

static __attribute__((noinline)) int acquire_slow(RT_MUTEX *mutex, RTIME timeout)
{
	return mutex_wait(mutex, alchemy_rel(timeout));
}

/* What is free needs no deadline. */
int rt_mutex_acquire(RT_MUTEX *mutex, RTIME timeout)
{
	const struct alchemy_place *p = place(mutex);

	return p && swap(p, KEEL_WORD_FREE, libkeel_self.number) ? 0 : acquire_slow(mutex, timeout);
}

int rt_mutex_acquire_until(RT_MUTEX *mutex, RTIME timeout)
{
	return mutex_wait(mutex, alchemy_abs(timeout));
}

int rt_mutex_acquire_timed(RT_MUTEX *mutex, const struct timespec *abs_timeout)
{
	return mutex_wait(mutex, alchemy_timespec(abs_timeout));
}

static __attribute__((noinline)) int release_slow(RT_MUTEX *mutex)
{
	struct alchemy_mutex *m = find(mutex);

	return m ? ALCHEMY_CALL(keel_mutex_unlock(&m->mutex)) : -EINVAL;
}

int rt_mutex_release(RT_MUTEX *mutex)
{
	const struct alchemy_place *p = place(mutex);

	return p && swap(p, libkeel_self.number, KEEL_WORD_FREE) ? 0 : release_slow(mutex);
}

struct search {
	pid_t tid;
	RT_TASK *found;
};

static void compare(struct alchemy_object *o, void *arg)
{
	const struct alchemy_task *t = (struct alchemy_task *)o;
	const struct search *s = arg;

	if (t->known->tid == s->tid)
		*s->found = t->self;
}

int rt_mutex_inquire(RT_MUTEX *mutex, RT_MUTEX_INFO *info)
{
	struct alchemy_mutex *m = find(mutex);
	long tid = m ? ALCHEMY_CALL(libkeel_call(KEEL_CALL_MUTEX_OWNER, m->mutex.id, 0)) : -EINVAL;

	if (tid < 0)
		return tid;
	memset(&info->owner, 0, sizeof(info->owner));
	alchemy_object_each(ALCHEMY_TASK, compare, &(struct search){ tid, &info->owner });
	memcpy(info->name, m->o.name, sizeof(info->name));
	return 0;
}

ALCHEMY_BINDING(mutex, RT_MUTEX, &kind);
