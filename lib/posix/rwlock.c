// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Read-write locks: rule R1 of posix.h, converted by who has glibc's for writing. A reader that finds
 * others reading stays with them.
 */
#include "posix.h"
#include "shared.h"

struct want {
	enum posix_call call;
	enum posix_how how;
	int write;
	clockid_t clock;
	const struct timespec *until;
};

static long keel_lock(struct posix_object *o, const struct want *w)
{
	int64_t until = posix_ns(w->until);

	if (w->how == POSIX_TRYLOCK)
		return w->write ? keel_rwlock_trywrite(&o->rwlock) : keel_rwlock_tryread(&o->rwlock);
	return w->write ? keel_rwlock_clockwrite(&o->rwlock, w->clock, until) :
		keel_rwlock_clockread(&o->rwlock, w->clock, until);
}

static int core_lock(struct posix_object *o, const struct want *w)
{
	int err = posix_enter();
	long ret;

	if (err)
		return err;
	posix_me()->counts.core[w->call]++;
	do
		ret = keel_lock(o, w);
	while (ret && posix_again(ret));
	posix_leave();
	return ret == -EDEADLK && w->how == POSIX_TRYLOCK ? EBUSY : -ret;
}

static int glibc_lock(pthread_rwlock_t *l, const struct want *w)
{
	switch (w->how) {
	case POSIX_LOCK:
		return w->write ? REAL(pthread_rwlock_wrlock)(l) : REAL(pthread_rwlock_rdlock)(l);
	case POSIX_TRYLOCK:
		return w->write ? REAL(pthread_rwlock_trywrlock)(l) : REAL(pthread_rwlock_tryrdlock)(l);
	default:
		return w->write ? REAL(pthread_rwlock_clockwrlock)(l, w->clock, w->until) :
			REAL(pthread_rwlock_clockrdlock)(l, w->clock, w->until);
	}
}

/* The caller has it for writing at glibc's level, and not any more if it is the core's. */
static struct posix_object *convert(pthread_rwlock_t *l)
{
	struct posix_object o = { .type = POSIX_RWLOCK }, *at;

	if (l->__data.__shared || keel_rwlock_create(&o.rwlock))
		return NULL;
	at = posix_object_add(l, &o);
	if (at)
		REAL(pthread_rwlock_unlock)(l);
	else
		keel_rwlock_delete(&o.rwlock);
	return at;
}

/* A real-time thread's way: glibc's for writing, if that is free. */
static struct posix_object *claim(pthread_rwlock_t *l)
{
	struct posix_object *o;

	if (REAL(pthread_rwlock_trywrlock)(l))
		return NULL;
	o = posix_object_find(l, POSIX_RWLOCK);
	if (!o)
		o = convert(l);
	else
		REAL(pthread_rwlock_unlock)(l);
	if (!o)
		REAL(pthread_rwlock_unlock)(l);
	return o;
}

static int hold(pthread_rwlock_t *l, struct posix_object **o)
{
	int err = posix_object_of(l, POSIX_RWLOCK, o);

	if (!err && !*o && posix_is_active() && posix_is_rt())
		*o = claim(l);
	return err;
}

static int lock(pthread_rwlock_t *l, const struct want *w)
{
	struct posix_object *o;
	int err;

	if (w->until && !posix_time_ok(w->until))
		return EINVAL;
	err = hold(l, &o);
	if (err)
		return err;
	if (o)
		return core_lock(o, w);
	posix_me()->counts.glibc[w->call]++;
	err = glibc_lock(l, w);
	o = !err && posix_is_active() ? posix_object_find(l, POSIX_RWLOCK) : NULL;
	if (!o)
		return err;
	REAL(pthread_rwlock_unlock)(l);
	return core_lock(o, w);
}

#define LOCKER(name, how_, write_, clock_, until_, ...)						\
	int __wrap_pthread_rwlock_##name(pthread_rwlock_t *l __VA_OPT__(,) __VA_ARGS__)		\
	{											\
		return lock(l, &(struct want){ POSIX_CALL_pthread_rwlock_##name, how_, write_,	\
					       clock_, until_ });				\
	}											\
	EXPORT(pthread_rwlock_##name)

LOCKER(rdlock, POSIX_LOCK, 0, CLOCK_MONOTONIC, NULL);
LOCKER(wrlock, POSIX_LOCK, 1, CLOCK_MONOTONIC, NULL);
LOCKER(tryrdlock, POSIX_TRYLOCK, 0, CLOCK_MONOTONIC, NULL);
LOCKER(trywrlock, POSIX_TRYLOCK, 1, CLOCK_MONOTONIC, NULL);
LOCKER(timedrdlock, POSIX_TIMEDLOCK, 0, CLOCK_REALTIME, until, const struct timespec *until);
LOCKER(timedwrlock, POSIX_TIMEDLOCK, 1, CLOCK_REALTIME, until, const struct timespec *until);

int __wrap_pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock,
				      const struct timespec *until)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	return lock(l, &(struct want){ POSIX_CALL_pthread_rwlock_clockrdlock, POSIX_TIMEDLOCK, 0, clock,
				       until });
}
EXPORT(pthread_rwlock_clockrdlock);

int __wrap_pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock,
				      const struct timespec *until)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	return lock(l, &(struct want){ POSIX_CALL_pthread_rwlock_clockwrlock, POSIX_TIMEDLOCK, 1, clock,
				       until });
}
EXPORT(pthread_rwlock_clockwrlock);

int __wrap_pthread_rwlock_unlock(pthread_rwlock_t *l)
{
	struct posix_object *o;
	int err = posix_object_of(l, POSIX_RWLOCK, &o);

	if (err)
		return err;
	if (!o) {
		GLIBC(pthread_rwlock_unlock);
		return REAL(pthread_rwlock_unlock)(l);
	}
	CORE(pthread_rwlock_unlock);
	err = posix_enter();
	if (err)
		return err;
	err = -keel_rwlock_unlock(&o->rwlock);
	posix_leave();
	return err ? posix_unlock_failed(err) : 0;
}
EXPORT(pthread_rwlock_unlock);

int __wrap_pthread_rwlock_init(pthread_rwlock_t *l, const pthread_rwlockattr_t *attr)
{
	int err;

	posix_object_forget(l);
	GLIBC(pthread_rwlock_init);
	err = REAL(pthread_rwlock_init)(l, attr);
	if (!err && l->__data.__shared)
		posix_shared_begin(l, POSIX_RWLOCK, 0, 0);
	return err;
}
EXPORT(pthread_rwlock_init);

/* As with glibc it may still be held: a reader that has ended cannot unlock it any more. */
int __wrap_pthread_rwlock_destroy(pthread_rwlock_t *l)
{
	if (posix_shared_is(l, POSIX_RWLOCK))
		return posix_shared_end(l, POSIX_RWLOCK);
	posix_object_forget(l);
	GLIBC(pthread_rwlock_destroy);
	return REAL(pthread_rwlock_destroy)(l);
}
EXPORT(pthread_rwlock_destroy);
