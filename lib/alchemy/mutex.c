// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include "kind.h"
#include "mutex.h"
#include "tasks.h"

struct alchemy_mutex {
	struct alchemy_object o;
	struct keel_mutex mutex;
};

static int make(struct alchemy_object *o, void *arg)
{
	(void)arg;
	return alchemy_part_create(o, 'm', KEEL_MUTEX, KEEL_MUTEX_RECURSIVE, 0,
				   &((struct alchemy_mutex *)o)->mutex.id);
}

static int attach(struct alchemy_object *o)
{
	return alchemy_part_bind(o, 'm', KEEL_MUTEX, &((struct alchemy_mutex *)o)->mutex.id);
}

static int unmake(struct alchemy_object *o)
{
	return alchemy_mutex_delete(o, 'm', ((struct alchemy_mutex *)o)->mutex.id);
}

static const struct alchemy_kind kind = {
	.type = ALCHEMY_MUTEX, .size = sizeof(struct alchemy_mutex), .shared_size = 8,
	.make = make, .attach = attach, .unmake = unmake,
};

static struct alchemy_mutex *find(const RT_MUTEX *mutex)
{
	return alchemy_object_find(mutex->handle, ALCHEMY_MUTEX);
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
	return err ? err : alchemy_kind_delete(&kind, mutex->handle);
}

static int mutex_wait(RT_MUTEX *mutex, int64_t until)
{
	struct alchemy_mutex *m = find(mutex);
	int err;

	if (!m || until < 0)
		return -EINVAL;
	if (libkeel_mutex_take(m->mutex.id))
		return 0;
	if (until == ALCHEMY_POLL) {
		err = ALCHEMY_CALL(keel_mutex_trylock(&m->mutex));
		return err == -EBUSY ? -EWOULDBLOCK : alchemy_mutex_got(err);
	}
	return alchemy_mutex_got(ALCHEMY_WAIT(keel_mutex_clocklock(&m->mutex, CLOCK_MONOTONIC, until)));
}

ALCHEMY_FORMS(int, rt_mutex_acquire, mutex_wait, RT_MUTEX, , );

int rt_mutex_release(RT_MUTEX *mutex)
{
	struct alchemy_mutex *m = find(mutex);

	if (!m)
		return -EINVAL;
	return libkeel_mutex_give(m->mutex.id) ? 0 : ALCHEMY_CALL(keel_mutex_unlock(&m->mutex));
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
