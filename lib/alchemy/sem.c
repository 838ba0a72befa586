// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <alchemy/sem.h>
#include <keel/sync.h>
#include "kind.h"

struct alchemy_sem {
	struct alchemy_object o;
	struct keel_sem sem;
};

struct wanted {
	unsigned long count;
	int mode;
};

static int make(struct alchemy_object *o, void *arg)
{
	struct alchemy_sem *s = (struct alchemy_sem *)o;
	const struct wanted *w = arg;

	return alchemy_part_create(o, 's', KEEL_SEM, w->count | (w->mode & S_PULSE ? KEEL_SEM_PULSE : 0),
				   KEEL_SEM_MAX | (w->mode & S_PRIO ? 0 : KEEL_FIFO), &s->sem.id);
}

static int attach(struct alchemy_object *o)
{
	return alchemy_part_bind(o, 's', KEEL_SEM, &((struct alchemy_sem *)o)->sem.id);
}

static int unmake(struct alchemy_object *o)
{
	return alchemy_part_delete(o, 's', KEEL_SEM, ((struct alchemy_sem *)o)->sem.id);
}

static const struct alchemy_kind kind = {
	.type = ALCHEMY_SEM, .size = sizeof(struct alchemy_sem), .shared_size = 8,
	.make = make, .attach = attach, .unmake = unmake,
};

/* Inline, as what is free is to cost little. */
static inline __attribute__((always_inline)) struct alchemy_sem *find(const RT_SEM *sem)
{
	return __builtin_expect(sem != NULL, 1) ? alchemy_object_find(sem->handle, ALCHEMY_SEM) : NULL;
}

int rt_sem_create(RT_SEM *sem, const char *name, unsigned long icount, int mode)
{
	struct wanted w = { icount, mode };

	if ((mode & ~(S_PRIO | S_PULSE)) || icount > (mode & S_PULSE ? 0 : KEEL_SEM_MAX))
		return -EINVAL;
	return alchemy_kind_create(&kind, name, &w, &sem->handle);
}

int rt_sem_delete(RT_SEM *sem)
{
	return alchemy_kind_delete(&kind, ALCHEMY_HANDLE(sem));
}

/* The first try, of one that nobody waits for; what comes between is the library's affair. */
static inline int take(const struct alchemy_sem *s)
{
	uint64_t *at, now = libkeel_value(&at, s->sem.id);

	return (uint32_t)now && libkeel_value_swap(at, &now, now - 1);
}

static inline int give(const struct alchemy_sem *s)
{
	uint64_t *at, now = libkeel_value(&at, s->sem.id);

	return now && (uint32_t)now < KEEL_SEM_MAX && libkeel_value_swap(at, &now, now + 1);
}

static __attribute__((noinline)) int sem_wait(RT_SEM *sem, int64_t until)
{
	struct alchemy_sem *s = find(sem);

	if (!s || until < 0)
		return -EINVAL;
	if (libkeel_sem_take(s->sem.id))
		return 0;
	if (until == ALCHEMY_POLL)
		return ALCHEMY_CALL(keel_sem_trywait(&s->sem));
	return ALCHEMY_WAIT(keel_sem_clockwait(&s->sem, CLOCK_MONOTONIC, until));
}

/* What is free needs no deadline. */
int rt_sem_p(RT_SEM *sem, RTIME timeout)
{
	struct alchemy_sem *s = find(sem);

	return s && take(s) ? 0 : sem_wait(sem, alchemy_rel(timeout));
}

int rt_sem_p_until(RT_SEM *sem, RTIME timeout)
{
	return sem_wait(sem, alchemy_abs(timeout));
}

int rt_sem_p_timed(RT_SEM *sem, const struct timespec *abs_timeout)
{
	return sem_wait(sem, alchemy_timespec(abs_timeout));
}

/* A pulse that nobody waits for is no error. */
static int post(struct alchemy_sem *s)
{
	int err = keel_sem_post(&s->sem);

	return err == -EOVERFLOW && keel_sem_count(&s->sem) != KEEL_SEM_MAX ? 0 : err;
}

static __attribute__((noinline)) int post_slow(struct alchemy_sem *s)
{
	return ALCHEMY_CALL(post(s));
}

int rt_sem_v(RT_SEM *sem)
{
	struct alchemy_sem *s = find(sem);

	if (!s)
		return -EINVAL;
	return give(s) ? 0 : post_slow(s);
}

int rt_sem_broadcast(RT_SEM *sem)
{
	struct alchemy_sem *s = find(sem);
	long woken = s ? ALCHEMY_CALL(keel_sem_broadcast(&s->sem)) : -EINVAL;

	return woken < 0 ? woken : 0;
}

int rt_sem_inquire(RT_SEM *sem, RT_SEM_INFO *info)
{
	struct alchemy_sem *s = find(sem);
	long count = s ? ALCHEMY_CALL(keel_sem_count(&s->sem)) : -EINVAL;

	if (count < 0)
		return count;
	info->count = count;
	info->nwaiters = alchemy_waiters(s->sem.id);
	memcpy(info->name, s->o.name, sizeof(info->name));
	return info->nwaiters < 0 ? info->nwaiters : 0;
}

ALCHEMY_BINDING(sem, RT_SEM, &kind);
