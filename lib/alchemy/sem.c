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

static int known(struct alchemy_object *o, int err)
{
	o->word = ((struct alchemy_sem *)o)->sem.id;
	return err;
}

static int make(struct alchemy_object *o, void *arg)
{
	const struct wanted *w = arg;

	return known(o, alchemy_part_create(o, 's', KEEL_SEM, w->count | (w->mode & S_PULSE ? KEEL_SEM_PULSE : 0),
					    KEEL_SEM_MAX | (w->mode & S_PRIO ? 0 : KEEL_FIFO),
					    &((struct alchemy_sem *)o)->sem.id));
}

static int attach(struct alchemy_object *o)
{
	return known(o, alchemy_part_bind(o, 's', KEEL_SEM, &((struct alchemy_sem *)o)->sem.id));
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
static inline __attribute__((always_inline)) const struct alchemy_place *place(const RT_SEM *sem)
{
	return __builtin_expect(sem != NULL, 1) ? alchemy_place_find(sem->handle, ALCHEMY_SEM) : NULL;
}

static struct alchemy_sem *find(const RT_SEM *sem)
{
	return alchemy_object_find(ALCHEMY_HANDLE(sem), ALCHEMY_SEM);
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

/* The first try, by @add, of a count from @least to @most. What comes between is the library's affair. */
static inline __attribute__((always_inline)) int change(const struct alchemy_place *p, int add, uint32_t least,
							uint32_t most)
{
	uint64_t *at = (uint64_t *)alchemy_word(p), now;

	if (!at)
		return 0;
	now = __atomic_load_n(at, __ATOMIC_ACQUIRE);
	/* of another's word, or one that Keel has, this is no count */
	return __builtin_expect(now - p->none - least <= most - least, 1) &&
	       __builtin_expect(libkeel_value_swap(at, &now, now + add), 1);
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

static __attribute__((noinline)) int wait_slow(RT_SEM *sem, RTIME timeout)
{
	return sem_wait(sem, alchemy_rel(timeout));
}

/* What is free needs no deadline. */
int rt_sem_p(RT_SEM *sem, RTIME timeout)
{
	const struct alchemy_place *p = place(sem);

	return p && change(p, -1, 1, KEEL_SEM_MAX) ? 0 : wait_slow(sem, timeout);
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

static __attribute__((noinline)) int post_slow(RT_SEM *sem)
{
	struct alchemy_sem *s = find(sem);

	return s ? ALCHEMY_CALL(post(s)) : -EINVAL;
}

int rt_sem_v(RT_SEM *sem)
{
	const struct alchemy_place *p = place(sem);

	return p && change(p, 1, 0, KEEL_SEM_MAX - 1) ? 0 : post_slow(sem);
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
