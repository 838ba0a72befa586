// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What threads synchronise by. Objects are made and deleted by way of Linux; all else is Keel
 * calls, but for a mutex that nobody contends: that is one compare and swap on its word in the heap.
 */
#include <time.h>
#include <keel/sync.h>
#include "core.h"

int libkeel_object_create(uint32_t type, uint32_t a, uint32_t b, uint64_t *data, unsigned int *id)
{
	struct keel_object req = { .type = type, .args = { a, b }, .data = data ? *data : 0 };
	int err = libkeel_ioctl(KEEL_IOC_OBJECT_CREATE, &req);

	if (err)
		return err;
	*id = req.id;
	if (data)
		*data = req.data;
	return 0;
}

int libkeel_object_delete(uint32_t type, unsigned int id)
{
	struct keel_object req = { .type = type, .id = id };

	return libkeel_ioctl(KEEL_IOC_OBJECT_DELETE, &req);
}

static int object_create(uint32_t type, uint32_t a, uint32_t b, unsigned int *id)
{
	return libkeel_object_create(type, a, b, NULL, id);
}

static long timed_call(long nr, clockid_t clock, unsigned int id, int64_t deadline)
{
	return libkeel_clock_is_known(clock) ? libkeel_call(nr, libkeel_id_on(clock, id), deadline) : -EINVAL;
}

/* ---- mutexes ------------------------------------------------------------------------------- */

int keel_mutex_create_as(struct keel_mutex *mutex, int kind, int ceiling)
{
	if (kind < 0 || ceiling < 0)
		return -EINVAL;
	return object_create(KEEL_MUTEX, kind, ceiling, &mutex->id);
}

int keel_mutex_create(struct keel_mutex *mutex)
{
	return keel_mutex_create_as(mutex, KEEL_MUTEX_ERRORCHECK, 0);
}

int keel_mutex_delete(struct keel_mutex *mutex)
{
	return libkeel_object_delete(KEEL_MUTEX, mutex->id);
}

/* The word of @mutex, if the caller may use it: it is hard, and the id is right. */
static inline uint32_t *word_of(const struct keel_mutex *mutex)
{
	const struct libkeel_self *self = &libkeel_self;
	struct keel_word *w;

	if (__builtin_expect(!*self->hard, 0))
		return NULL;
	w = &self->heap[mutex->id % KEEL_MAX_OBJECTS];
	return __builtin_expect(w->id == mutex->id, 1) ? &w->word : NULL;
}

static inline int swap(uint32_t *word, uint32_t from, uint32_t to)
{
	return word && __atomic_compare_exchange_n(word, &from, to, 0, __ATOMIC_SEQ_CST,
						   __ATOMIC_RELAXED);
}

static inline int take(const struct keel_mutex *mutex)
{
	return __builtin_expect(swap(word_of(mutex), KEEL_WORD_FREE, libkeel_self.number), 1);
}

static __attribute__((noinline)) int lock_slow(struct keel_mutex *mutex)
{
	return libkeel_call(KEEL_CALL_MUTEX_LOCK, mutex->id, KEEL_FOREVER);
}

int keel_mutex_lock(struct keel_mutex *mutex)
{
	return take(mutex) ? 0 : lock_slow(mutex);
}

int keel_mutex_clocklock(struct keel_mutex *mutex, clockid_t clock, int64_t deadline)
{
	if (deadline < 0 || !libkeel_clock_is_known(clock))
		return -EINVAL;
	return take(mutex) ? 0 : timed_call(KEEL_CALL_MUTEX_LOCK, clock, mutex->id, deadline);
}

int keel_mutex_timedlock(struct keel_mutex *mutex, int64_t deadline)
{
	return keel_mutex_clocklock(mutex, CLOCK_MONOTONIC, deadline);
}

int keel_mutex_trylock(struct keel_mutex *mutex)
{
	return take(mutex) ? 0 : libkeel_call(KEEL_CALL_MUTEX_TRYLOCK, mutex->id, 0);
}

static __attribute__((noinline)) int unlock_slow(struct keel_mutex *mutex)
{
	return libkeel_call(KEEL_CALL_MUTEX_UNLOCK, mutex->id, 0);
}

int keel_mutex_unlock(struct keel_mutex *mutex)
{
	if (__builtin_expect(swap(word_of(mutex), libkeel_self.number, KEEL_WORD_FREE), 1))
		return 0;
	return unlock_slow(mutex);
}

int keel_mutex_consistent(struct keel_mutex *mutex)
{
	return libkeel_call(KEEL_CALL_MUTEX_CONSISTENT, mutex->id, 0);
}

int keel_mutex_ceiling_set(struct keel_mutex *mutex, int ceiling)
{
	return ceiling < 0 ? -EINVAL : libkeel_call(KEEL_CALL_MUTEX_CEILING, mutex->id, ceiling);
}

/* ---- condition variables -------------------------------------------------------------------- */

int keel_cond_create(struct keel_cond *cond)
{
	return object_create(KEEL_COND, 0, 0, &cond->id);
}

int keel_cond_delete(struct keel_cond *cond)
{
	return libkeel_object_delete(KEEL_COND, cond->id);
}

int keel_cond_clockwait(struct keel_cond *cond, struct keel_mutex *mutex, clockid_t clock,
			int64_t deadline)
{
	if (!libkeel_clock_is_known(clock))
		return -EINVAL;
	return libkeel_call3(KEEL_CALL_COND_WAIT, libkeel_id_on(clock, cond->id), mutex->id, deadline);
}

int keel_cond_timedwait(struct keel_cond *cond, struct keel_mutex *mutex, int64_t deadline)
{
	return keel_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, deadline);
}

int keel_cond_wait(struct keel_cond *cond, struct keel_mutex *mutex)
{
	return keel_cond_timedwait(cond, mutex, KEEL_FOREVER);
}

static int cond_call(long nr, struct keel_cond *cond)
{
	long ret = libkeel_call(nr, cond->id, 0);

	return ret < 0 ? ret : 0;
}

int keel_cond_signal(struct keel_cond *cond)
{
	return cond_call(KEEL_CALL_COND_SIGNAL, cond);
}

int keel_cond_broadcast(struct keel_cond *cond)
{
	return cond_call(KEEL_CALL_COND_BROADCAST, cond);
}

/* Of those calls that harden: one who is not hard makes them. Looked at here, as each instruction on the way
 * to a call that has to be made counts. */
static inline int is_here(unsigned int id)
{
	return libkeel_has_value(id) && *libkeel_self.hard;
}

/* ---- semaphores ------------------------------------------------------------------------------ */

int keel_sem_create(struct keel_sem *sem, unsigned int count, unsigned int max)
{
	return keel_sem_create_as(sem, count, max, 0);
}

int keel_sem_create_as(struct keel_sem *sem, unsigned int count, unsigned int max, unsigned int flags)
{
	if (count > KEEL_SEM_MAX || max > KEEL_SEM_MAX || (flags & ~(KEEL_AS_FIFO | KEEL_AS_PULSE)))
		return -EINVAL;
	return object_create(KEEL_SEM, count | (flags & KEEL_AS_PULSE ? KEEL_SEM_PULSE : 0),
			     max | (flags & KEEL_AS_FIFO ? KEEL_FIFO : 0), &sem->id);
}

int keel_sem_delete(struct keel_sem *sem)
{
	return libkeel_object_delete(KEEL_SEM, sem->id);
}

int keel_sem_wait(struct keel_sem *sem)
{
	if (is_here(sem->id) && libkeel_sem_take(sem->id))
		return 0;
	return libkeel_call(KEEL_CALL_SEM_WAIT, sem->id, KEEL_FOREVER);
}

int keel_sem_clockwait(struct keel_sem *sem, clockid_t clock, int64_t deadline)
{
	if (is_here(sem->id) && deadline >= 0 && libkeel_clock_is_known(clock) && libkeel_sem_take(sem->id))
		return 0;
	return timed_call(KEEL_CALL_SEM_WAIT, clock, sem->id, deadline);
}

int keel_sem_timedwait(struct keel_sem *sem, int64_t deadline)
{
	return keel_sem_clockwait(sem, CLOCK_MONOTONIC, deadline);
}

int keel_sem_trywait(struct keel_sem *sem)
{
	if (is_here(sem->id) && libkeel_sem_take(sem->id))
		return 0;
	return libkeel_call(KEEL_CALL_SEM_TRYWAIT, sem->id, 0);
}

int keel_sem_post(struct keel_sem *sem)
{
	if (is_here(sem->id) && libkeel_sem_give(sem->id))
		return 0;
	return libkeel_call(KEEL_CALL_SEM_POST, sem->id, 0);
}

int keel_sem_broadcast(struct keel_sem *sem)
{
	return libkeel_call(KEEL_CALL_SEM_BROADCAST, sem->id, 0);
}

int keel_sem_flush(struct keel_sem *sem)
{
	return libkeel_call(KEEL_CALL_SEM_FLUSH, sem->id, 0);
}

int keel_sem_count(struct keel_sem *sem)
{
	return libkeel_call(KEEL_CALL_SEM_COUNT, sem->id, 0);
}

/* ---- event flags ------------------------------------------------------------------------------ */

int keel_event_create(struct keel_event *event, uint32_t bits)
{
	return keel_event_create_as(event, bits, 0);
}

int keel_event_create_as(struct keel_event *event, uint32_t bits, unsigned int flags)
{
	if (flags & ~KEEL_AS_FIFO)
		return -EINVAL;
	return object_create(KEEL_EVENT, bits, flags ? KEEL_FIFO : 0, &event->id);
}

int keel_event_delete(struct keel_event *event)
{
	return libkeel_object_delete(KEEL_EVENT, event->id);
}

static int event_call(long nr, clockid_t clock, struct keel_event *event, uint32_t bits, int mode,
		      uint32_t *got, int64_t deadline)
{
	uint32_t taken;
	long ret;

	if (!libkeel_clock_is_known(clock) || deadline < 0)
		return -EINVAL;
	if (is_here(event->id) && libkeel_event_take(event->id, bits, mode, &taken)) {
		if (got)
			*got = taken;
		return 0;
	}
	ret = libkeel_call3(nr, libkeel_id_on(clock, event->id), (long)mode << 32 | bits, deadline);
	if (ret < 0)
		return ret;
	if (got)
		*got = ret;
	return 0;
}

int keel_event_clockwait(struct keel_event *event, uint32_t bits, int mode, uint32_t *got,
			 clockid_t clock, int64_t deadline)
{
	return event_call(KEEL_CALL_EVENT_WAIT, clock, event, bits, mode, got, deadline);
}

int keel_event_timedwait(struct keel_event *event, uint32_t bits, int mode, uint32_t *got,
			 int64_t deadline)
{
	return keel_event_clockwait(event, bits, mode, got, CLOCK_MONOTONIC, deadline);
}

int keel_event_wait(struct keel_event *event, uint32_t bits, int mode, uint32_t *got)
{
	return keel_event_timedwait(event, bits, mode, got, KEEL_FOREVER);
}

int keel_event_trywait(struct keel_event *event, uint32_t bits, int mode, uint32_t *got)
{
	return event_call(KEEL_CALL_EVENT_TRYWAIT, CLOCK_MONOTONIC, event, bits, mode, got, 0);
}

int keel_event_post(struct keel_event *event, uint32_t bits)
{
	uint32_t before;

	if (is_here(event->id) && libkeel_event_change(event->id, bits, 0, &before))
		return 0;
	return libkeel_call(KEEL_CALL_EVENT_POST, event->id, bits);
}

int keel_event_broadcast(struct keel_event *event, uint32_t bits)
{
	return libkeel_call(KEEL_CALL_EVENT_BROADCAST, event->id, bits);
}

int keel_event_clear(struct keel_event *event, uint32_t bits, uint32_t *before)
{
	uint32_t now;
	long ret;

	if (!is_here(event->id) || !libkeel_event_change(event->id, 0, bits, &now)) {
		ret = libkeel_call(KEEL_CALL_EVENT_CLEAR, event->id, bits);
		if (ret < 0)
			return ret;
		now = ret;
	}
	if (before)
		*before = now;
	return 0;
}

/* ---- read-write locks -------------------------------------------------------------------------- */

int keel_rwlock_create(struct keel_rwlock *lock)
{
	return object_create(KEEL_RWLOCK, 0, 0, &lock->id);
}

int keel_rwlock_delete(struct keel_rwlock *lock)
{
	return libkeel_object_delete(KEEL_RWLOCK, lock->id);
}

int keel_rwlock_read(struct keel_rwlock *lock)
{
	return libkeel_call(KEEL_CALL_RWLOCK_READ, lock->id, KEEL_FOREVER);
}

int keel_rwlock_write(struct keel_rwlock *lock)
{
	return libkeel_call(KEEL_CALL_RWLOCK_WRITE, lock->id, KEEL_FOREVER);
}

int keel_rwlock_clockread(struct keel_rwlock *lock, clockid_t clock, int64_t deadline)
{
	return timed_call(KEEL_CALL_RWLOCK_READ, clock, lock->id, deadline);
}

int keel_rwlock_clockwrite(struct keel_rwlock *lock, clockid_t clock, int64_t deadline)
{
	return timed_call(KEEL_CALL_RWLOCK_WRITE, clock, lock->id, deadline);
}

int keel_rwlock_tryread(struct keel_rwlock *lock)
{
	return libkeel_call(KEEL_CALL_RWLOCK_TRYREAD, lock->id, 0);
}

int keel_rwlock_trywrite(struct keel_rwlock *lock)
{
	return libkeel_call(KEEL_CALL_RWLOCK_TRYWRITE, lock->id, 0);
}

int keel_rwlock_unlock(struct keel_rwlock *lock)
{
	return libkeel_call(KEEL_CALL_RWLOCK_UNLOCK, lock->id, 0);
}

/* ---- barriers and sets -------------------------------------------------------------------------- */

int keel_barrier_create(struct keel_barrier *barrier, unsigned int count)
{
	return object_create(KEEL_BARRIER, count, 0, &barrier->id);
}

int keel_barrier_delete(struct keel_barrier *barrier)
{
	return libkeel_object_delete(KEEL_BARRIER, barrier->id);
}

int keel_barrier_wait(struct keel_barrier *barrier)
{
	return libkeel_call(KEEL_CALL_BARRIER_WAIT, barrier->id, KEEL_FOREVER);
}

int keel_barrier_clockwait(struct keel_barrier *barrier, clockid_t clock, int64_t deadline)
{
	return timed_call(KEEL_CALL_BARRIER_WAIT, clock, barrier->id, deadline);
}

int keel_set_create(struct keel_set *set, const unsigned int *ids, unsigned int count)
{
	uint64_t data = (uintptr_t)ids;

	return libkeel_object_create(KEEL_SET, count, 0, &data, &set->id);
}

int keel_set_delete(struct keel_set *set)
{
	return libkeel_object_delete(KEEL_SET, set->id);
}

int keel_set_clockwait(struct keel_set *set, uint32_t *ready, clockid_t clock, int64_t deadline)
{
	long ret = timed_call(KEEL_CALL_SET_WAIT, clock, set->id, deadline);

	if (ret < 0)
		return ret;
	*ready = ret;
	return 0;
}

int keel_set_wait(struct keel_set *set, uint32_t *ready)
{
	return keel_set_clockwait(set, ready, CLOCK_MONOTONIC, KEEL_FOREVER);
}
