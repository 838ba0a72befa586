// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <alchemy/cond.h>
#include <keel/sync.h>
#include "kind.h"
#include "mutex.h"

struct alchemy_cond {
	struct alchemy_object o;
	struct keel_cond cond;
};

static int make(struct alchemy_object *o, void *arg)
{
	(void)arg;
	return alchemy_part_create(o, 'c', KEEL_COND, 0, 0, &((struct alchemy_cond *)o)->cond.id);
}

static int attach(struct alchemy_object *o)
{
	return alchemy_part_bind(o, 'c', KEEL_COND, &((struct alchemy_cond *)o)->cond.id);
}

static int unmake(struct alchemy_object *o)
{
	return alchemy_part_delete(o, 'c', KEEL_COND, ((struct alchemy_cond *)o)->cond.id);
}

static const struct alchemy_kind kind = {
	.type = ALCHEMY_COND, .size = sizeof(struct alchemy_cond), .shared_size = 8,
	.make = make, .attach = attach, .unmake = unmake,
};

static struct alchemy_cond *find(const RT_COND *cond)
{
	return alchemy_object_find(ALCHEMY_HANDLE(cond), ALCHEMY_COND);
}

int rt_cond_create(RT_COND *cond, const char *name)
{
	return alchemy_kind_create(&kind, name, NULL, &cond->handle);
}

int rt_cond_delete(RT_COND *cond)
{
	return alchemy_kind_delete(&kind, ALCHEMY_HANDLE(cond));
}

int rt_cond_signal(RT_COND *cond)
{
	struct alchemy_cond *c = find(cond);

	return c ? ALCHEMY_CALL(keel_cond_signal(&c->cond)) : -EINVAL;
}

int rt_cond_broadcast(RT_COND *cond)
{
	struct alchemy_cond *c = find(cond);

	return c ? ALCHEMY_CALL(keel_cond_broadcast(&c->cond)) : -EINVAL;
}

/* What Keel returns when it came to the wait: the mutex is not the caller's any more. -EPERM, as it was the caller's
 * before: the wait was broken off for Linux, which ran no handler and made the call again. */
static int has_waited(long ret)
{
	return !ret || ret == -ETIMEDOUT || ret == -EINTR || ret == -EIDRM || ret == -EPERM;
}

static int is_mine(const struct keel_mutex *m)
{
	const struct keel_word *w = &libkeel_self.heap[m->id % KEEL_MAX_OBJECTS];

	if (__builtin_expect(w->id == m->id && w->word == libkeel_self.number, 1))
		return 1;
	if (!alchemy_self.tid)
		alchemy_self.tid = syscall(SYS_gettid);
	return libkeel_call(KEEL_CALL_MUTEX_OWNER, m->id, 0) == alchemy_self.tid;
}

static int retake(struct keel_mutex *m)
{
	int err = libkeel_mutex_take(m->id) ? 0 : alchemy_mutex_retake(m);

	return err == -EINVAL ? -EIDRM : err;	/* it was deleted meanwhile */
}

/* One call leaves the mutex and waits; who is woken takes it by its word, if it is free. Keel leaves none that is
 * locked more than once, so that is undone first. */
static int core_wait(struct alchemy_cond *c, const struct keel_mutex *mutex, int64_t until)
{
	struct keel_mutex m = *mutex;	/* it may be another one when the wait ends */
	int again = 0, deeper = 0;
	long ret;

	if (!is_mine(&m))
		return -EPERM;
	while ((ret = libkeel_call3(KEEL_CALL_COND_LEAVE, c->cond.id, m.id, until)) == -EBUSY) {
		keel_mutex_unlock(&m);
		deeper++;
	}
	if (has_waited(ret))
		again = retake(&m);
	for (; deeper && !again; deeper--)
		again = keel_mutex_lock(&m);
	return again ? again : ret == -EPERM ? -EINTR : (int)ret;
}

static int cond_wait(RT_COND *cond, RT_MUTEX *mutex, int64_t until)
{
	struct alchemy_cond *c = find(cond);
	struct keel_mutex *m = alchemy_mutex_find(mutex);

	if (!c || !m || until < 0)
		return -EINVAL;
	if (until == ALCHEMY_POLL)
		return -EWOULDBLOCK;
	return ALCHEMY_WAIT(core_wait(c, m, until));
}

ALCHEMY_FORMS(int, rt_cond_wait, cond_wait, RT_COND, ALCHEMY_LIST(RT_MUTEX *mutex,), ALCHEMY_LIST(mutex,));

int rt_cond_inquire(RT_COND *cond, RT_COND_INFO *info)
{
	struct alchemy_cond *c = find(cond);

	if (!c)
		return -EINVAL;
	memcpy(info->name, c->o.name, sizeof(info->name));
	return 0;
}

ALCHEMY_BINDING(cond, RT_COND, &kind);
