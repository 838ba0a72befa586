// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Barriers: a mutex and a condition, which are the core's or glibc's as posix.h says, so a round may
 * begin before there is any real-time thread and end with one. Process-shared ones are barriers of the core's.
 */
#include <stdlib.h>
#include "posix.h"
#include "shared.h"

#define MAGIC 0x6b65656c62617272ull

struct barrier {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	unsigned int count, in, leaving;
	unsigned int round;
};

/* In glibc's storage; its own has two small numbers where the magic is. */
struct handle {
	uint64_t magic;
	struct barrier *barrier;
};

_Static_assert(sizeof(struct handle) <= sizeof(pthread_barrier_t), "pthread_barrier_t");

static struct barrier *barrier_of(pthread_barrier_t *b)
{
	struct handle *h = (struct handle *)b;

	return h->magic == MAGIC ? h->barrier : NULL;
}

static void lock(struct barrier *b)
{
	posix_mutex_lock(POSIX_CALL_pthread_mutex_lock, POSIX_LOCK, &b->mutex, CLOCK_MONOTONIC, NULL);
}

static void unlock(struct barrier *b)
{
	posix_mutex_unlock(POSIX_CALL_pthread_mutex_unlock, &b->mutex);
}

static void sleep_on(struct barrier *b)
{
	posix_cond_wait(POSIX_CALL_pthread_cond_wait, &b->cond, &b->mutex, CLOCK_MONOTONIC, NULL);
}

static void wake(struct barrier *b)
{
	posix_cond_signal(POSIX_CALL_pthread_cond_broadcast, &b->cond, 1);
}

int __wrap_pthread_barrier_init(pthread_barrier_t *b, const pthread_barrierattr_t *attr,
				unsigned int count)
{
	int shared = PTHREAD_PROCESS_PRIVATE;
	struct handle *h = (struct handle *)b;
	int err = REAL(pthread_barrier_init)(b, attr, count);

	GLIBC(pthread_barrier_init);
	if (attr)
		pthread_barrierattr_getpshared(attr, &shared);
	if (!err && shared != PTHREAD_PROCESS_PRIVATE && count <= UINT16_MAX)
		posix_shared_begin(b, POSIX_BARRIER, count, 0);
	if (err || shared != PTHREAD_PROCESS_PRIVATE)
		return err;
	h->barrier = calloc(1, sizeof(*h->barrier));
	if (!h->barrier)
		return ENOMEM;
	h->barrier->count = count;
	h->magic = MAGIC;
	return 0;
}
EXPORT(pthread_barrier_init);

/* Who was let go may still be on the way out. */
int __wrap_pthread_barrier_destroy(pthread_barrier_t *b)
{
	struct barrier *own = barrier_of(b);
	int busy, old;

	GLIBC(pthread_barrier_destroy);
	if (posix_shared_is(b, POSIX_BARRIER))
		return posix_shared_end(b, POSIX_BARRIER);
	if (!own)
		return REAL(pthread_barrier_destroy)(b);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	lock(own);
	busy = own->in != 0;
	while (!busy && own->leaving)
		sleep_on(own);
	unlock(own);
	pthread_setcancelstate(old, NULL);
	if (busy)
		return EBUSY;
	posix_object_drop(&own->cond);
	posix_object_drop(&own->mutex);
	((struct handle *)b)->magic = 0;
	free(own);
	return 0;
}
EXPORT(pthread_barrier_destroy);

static int meet(struct barrier *b)
{
	unsigned int round = b->round;

	if (++b->in == b->count) {
		b->in = 0;
		b->round++;
		b->leaving += b->count - 1;
		wake(b);
		return PTHREAD_BARRIER_SERIAL_THREAD;
	}
	while (b->round == round)
		sleep_on(b);
	if (!--b->leaving)
		wake(b);
	return 0;
}

static int shared_wait(pthread_barrier_t *b)
{
	struct posix_object *o;
	int err = posix_shared_hold(b, POSIX_BARRIER, &o), old;
	long ret;

	if (!err)
		err = posix_enter();
	if (err)
		return err;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	do
		ret = keel_barrier_wait(&o->barrier);
	while (ret < 0 && posix_again(ret));
	posix_leave();
	pthread_setcancelstate(old, NULL);
	return ret == 1 ? PTHREAD_BARRIER_SERIAL_THREAD : -ret;
}

int __wrap_pthread_barrier_wait(pthread_barrier_t *b)
{
	struct barrier *own = barrier_of(b);
	int ret, old;

	if (posix_shared_is(b, POSIX_BARRIER)) {
		CORE(pthread_barrier_wait);
		return shared_wait(b);
	}
	if (!own) {
		GLIBC(pthread_barrier_wait);
		return REAL(pthread_barrier_wait)(b);
	}
	if (posix_is_active() && posix_is_rt())
		CORE(pthread_barrier_wait);
	else
		GLIBC(pthread_barrier_wait);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	lock(own);
	ret = meet(own);
	unlock(own);
	pthread_setcancelstate(old, NULL);
	return ret;
}
EXPORT(pthread_barrier_wait);
