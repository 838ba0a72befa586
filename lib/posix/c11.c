// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * C11's mutexes and conditions: glibc keeps them as POSIX ones in the same storage, and calls itself
 * past the wrappers.
 */
#include "posix.h"

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "mtx_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "cnd_t");

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
	posix_object_forget(m);
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
	return thrd(posix_mutex_lock(POSIX_CALL_mtx_lock, POSIX_LOCK, (pthread_mutex_t *)m,
				     CLOCK_MONOTONIC, NULL));
}
EXPORT(mtx_lock);

int __wrap_mtx_trylock(mtx_t *m)
{
	return thrd(posix_mutex_lock(POSIX_CALL_mtx_trylock, POSIX_TRYLOCK, (pthread_mutex_t *)m,
				     CLOCK_MONOTONIC, NULL));
}
EXPORT(mtx_trylock);

int __wrap_mtx_timedlock(mtx_t *m, const struct timespec *until)
{
	return thrd(posix_mutex_lock(POSIX_CALL_mtx_timedlock, POSIX_TIMEDLOCK, (pthread_mutex_t *)m,
				     CLOCK_REALTIME, until));
}
EXPORT(mtx_timedlock);

int __wrap_mtx_unlock(mtx_t *m)
{
	return thrd(posix_mutex_unlock(POSIX_CALL_mtx_unlock, (pthread_mutex_t *)m));
}
EXPORT(mtx_unlock);

int __wrap_cnd_init(cnd_t *c)
{
	posix_object_forget(c);
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
	return thrd(posix_cond_wait(POSIX_CALL_cnd_wait, (pthread_cond_t *)c, (pthread_mutex_t *)m,
				    CLOCK_REALTIME, NULL));
}
EXPORT(cnd_wait);

int __wrap_cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *until)
{
	return thrd(posix_cond_wait(POSIX_CALL_cnd_timedwait, (pthread_cond_t *)c, (pthread_mutex_t *)m,
				    CLOCK_REALTIME, until));
}
EXPORT(cnd_timedwait);

int __wrap_cnd_signal(cnd_t *c)
{
	return thrd(posix_cond_signal(POSIX_CALL_cnd_signal, (pthread_cond_t *)c, 0));
}
EXPORT(cnd_signal);

int __wrap_cnd_broadcast(cnd_t *c)
{
	return thrd(posix_cond_signal(POSIX_CALL_cnd_broadcast, (pthread_cond_t *)c, 1));
}
EXPORT(cnd_broadcast);
