// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * C11's mutexes and conditions: glibc keeps them as POSIX ones in the same storage, and calls itself
 * past the wrappers.
 */
#include "posix.h"

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "mtx_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "cnd_t");

int __wrap_pthread_mutex_lock(pthread_mutex_t *m);
int __wrap_pthread_mutex_trylock(pthread_mutex_t *m);
int __wrap_pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *until);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *m);
int __wrap_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m);
int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until);
int __wrap_pthread_cond_signal(pthread_cond_t *c);
int __wrap_pthread_cond_broadcast(pthread_cond_t *c);

static int thrd(int err)
{
	switch (err) {
	case 0:
		return thrd_success;
	case ENOMEM:
		return thrd_nomem;
	case ETIMEDOUT:
		return thrd_timedout;
	case EBUSY:
		return thrd_busy;
	default:
		return thrd_error;
	}
}

int __wrap_mtx_init(mtx_t *m, int type)
{
	posix_object_drop(m);
	GLIBC(mtx_init);
	return REAL(mtx_init)(m, type);
}
EXPORT(mtx_init);

void __wrap_mtx_destroy(mtx_t *m)
{
	posix_object_drop(m);
	GLIBC(mtx_destroy);
	REAL(mtx_destroy)(m);
}
EXPORT(mtx_destroy);

int __wrap_mtx_lock(mtx_t *m)
{
	CORE(mtx_lock);
	return thrd(__wrap_pthread_mutex_lock((pthread_mutex_t *)m));
}
EXPORT(mtx_lock);

int __wrap_mtx_trylock(mtx_t *m)
{
	CORE(mtx_trylock);
	return thrd(__wrap_pthread_mutex_trylock((pthread_mutex_t *)m));
}
EXPORT(mtx_trylock);

int __wrap_mtx_timedlock(mtx_t *m, const struct timespec *until)
{
	CORE(mtx_timedlock);
	return thrd(__wrap_pthread_mutex_timedlock((pthread_mutex_t *)m, until));
}
EXPORT(mtx_timedlock);

int __wrap_mtx_unlock(mtx_t *m)
{
	CORE(mtx_unlock);
	return thrd(__wrap_pthread_mutex_unlock((pthread_mutex_t *)m));
}
EXPORT(mtx_unlock);

int __wrap_cnd_init(cnd_t *c)
{
	posix_object_drop(c);
	GLIBC(cnd_init);
	return REAL(cnd_init)(c);
}
EXPORT(cnd_init);

void __wrap_cnd_destroy(cnd_t *c)
{
	posix_object_drop(c);
	GLIBC(cnd_destroy);
	REAL(cnd_destroy)(c);
}
EXPORT(cnd_destroy);

int __wrap_cnd_wait(cnd_t *c, mtx_t *m)
{
	CORE(cnd_wait);
	return thrd(__wrap_pthread_cond_wait((pthread_cond_t *)c, (pthread_mutex_t *)m));
}
EXPORT(cnd_wait);

int __wrap_cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *until)
{
	CORE(cnd_timedwait);
	return thrd(__wrap_pthread_cond_timedwait((pthread_cond_t *)c, (pthread_mutex_t *)m, until));
}
EXPORT(cnd_timedwait);

int __wrap_cnd_signal(cnd_t *c)
{
	CORE(cnd_signal);
	return thrd(__wrap_pthread_cond_signal((pthread_cond_t *)c));
}
EXPORT(cnd_signal);

int __wrap_cnd_broadcast(cnd_t *c)
{
	CORE(cnd_broadcast);
	return thrd(__wrap_pthread_cond_broadcast((pthread_cond_t *)c));
}
EXPORT(cnd_broadcast);
