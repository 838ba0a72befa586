/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Condition variables, semaphores, event flags, read-write locks, barriers, and waits for any of
 * several of them, for the threads of one process. keel.h has the mutexes and says what errors,
 * "hardens" and times mean.
 *
 * Objects are made and deleted from any thread, in-band: -ENOSPC when KEEL_MAX_OBJECTS are in use,
 * -EINVAL for a value out of range, -EBADF without keel_open(). All other calls need an
 * attached thread and harden. Waiters are served by effective priority, first come first served
 * among equals. Deadlines are ns on @clock, CLOCK_MONOTONIC or CLOCK_REALTIME, and then follow
 * each set of that clock; one that has passed is no error by itself. A call returns
 *
 *	-EINVAL		the object does not exist (any more), or an argument is out of range
 *	-ETIMEDOUT	the deadline has passed
 *	-EIDRM		it was deleted during the wait
 *	-EINTR		a signal came, see keel.h
 *
 * and what else is said below. An error changes nothing unless it is said.
 */
#ifndef KEEL_SYNC_H
#define KEEL_SYNC_H

#include <time.h>
#include <keel/keel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- condition variables -------------------------------------------------------- */

struct keel_cond {
	unsigned int id;
};

int keel_cond_create(struct keel_cond *cond);
int keel_cond_delete(struct keel_cond *cond);	/* waits end with -EIDRM, the mutex held */

/* Release @mutex, wait for a signal, and take @mutex again. It is held afterwards also with
 * -ETIMEDOUT, -EIDRM, and -EOWNERDEAD (its owner died meanwhile); with -EINTR or
 * -ENOTRECOVERABLE it is not. -EPERM: it was not the caller's; -EINVAL: others wait with another
 * mutex. Context: attached; hardens; blocks. */
int keel_cond_wait(struct keel_cond *cond, struct keel_mutex *mutex);
int keel_cond_timedwait(struct keel_cond *cond, struct keel_mutex *mutex, int64_t deadline);
int keel_cond_clockwait(struct keel_cond *cond, struct keel_mutex *mutex, clockid_t clock,
			int64_t deadline);

/* The first waiter, or all, go on as they get the mutex. Context: attached; hardens. */
int keel_cond_signal(struct keel_cond *cond);
int keel_cond_broadcast(struct keel_cond *cond);

#define KEEL_AS_FIFO	1	/* waiters are served in the order in which they came */
#define KEEL_AS_PULSE	2	/* of a semaphore: a post is for one who waits, and never counted */

/* ---- counting semaphores -------------------------------------------------------- */

struct keel_sem {
	unsigned int id;
};

/* @max: 1 to KEEL_SEM_MAX, @count up to that. */
int keel_sem_create(struct keel_sem *sem, unsigned int count, unsigned int max);

/* @flags: KEEL_AS_*, or-ed. Those with the maximum KEEL_SEM_MAX and no KEEL_AS_PULSE are posted and taken
 * without a system call by hard threads while nobody waits. */
int keel_sem_create_as(struct keel_sem *sem, unsigned int count, unsigned int max, unsigned int flags);
int keel_sem_delete(struct keel_sem *sem);	/* waits end with -EIDRM */

/* Take one. -ECANCELED: keel_sem_flush(). Context: attached; hardens; blocks. */
int keel_sem_wait(struct keel_sem *sem);
int keel_sem_timedwait(struct keel_sem *sem, int64_t deadline);
int keel_sem_clockwait(struct keel_sem *sem, clockid_t clock, int64_t deadline);

/* -EWOULDBLOCK when there is none. Context: attached; hardens. */
int keel_sem_trywait(struct keel_sem *sem);

/* -EOVERFLOW: it is at its maximum, or nobody waits for a pulse. Context: attached; hardens. */
int keel_sem_post(struct keel_sem *sem);

/* All who wait now go on, with 0 or with -ECANCELED; the count stays 0. Returns how many.
 * Context: attached; hardens. */
int keel_sem_broadcast(struct keel_sem *sem);
int keel_sem_flush(struct keel_sem *sem);

/* The count, old as soon as it is told. Context: attached; hardens. */
int keel_sem_count(struct keel_sem *sem);

/* ---- event flags ---------------------------------------------------------------- */

struct keel_event {
	unsigned int id;
};

/* While nobody waits hard threads set, clear and find bits without a system call. */
int keel_event_create(struct keel_event *event, uint32_t bits);
int keel_event_create_as(struct keel_event *event, uint32_t bits, unsigned int flags);	/* KEEL_AS_FIFO or 0 */
int keel_event_delete(struct keel_event *event);	/* waits end with -EIDRM */

/* Wait for @bits (not 0) as @mode says, KEEL_EVENT_*; those that met it are stored in @got, which
 * may be NULL. Context: attached; hardens; blocks. */
int keel_event_wait(struct keel_event *event, uint32_t bits, int mode, uint32_t *got);
int keel_event_timedwait(struct keel_event *event, uint32_t bits, int mode, uint32_t *got,
			 int64_t deadline);
int keel_event_clockwait(struct keel_event *event, uint32_t bits, int mode, uint32_t *got,
			 clockid_t clock, int64_t deadline);

/* -EWOULDBLOCK when it is not met. Context: attached; hardens. */
int keel_event_trywait(struct keel_event *event, uint32_t bits, int mode, uint32_t *got);

/* Set @bits. Context: attached; hardens. */
int keel_event_post(struct keel_event *event, uint32_t bits);

/* All who wait now and whose wish @bits, with those set, meet go on; nothing is set or consumed.
 * Returns how many. Context: attached; hardens. */
int keel_event_broadcast(struct keel_event *event, uint32_t bits);

/* Clear @bits, 0 to read only; what was set is stored in @before, which may be NULL.
 * Context: attached; hardens. */
int keel_event_clear(struct keel_event *event, uint32_t bits, uint32_t *before);

/* ---- read-write locks ----------------------------------------------------------- */

/* Without inheritance; where an inversion matters take a mutex. When a writer dies its lock stays
 * locked and may only be deleted. */
struct keel_rwlock {
	unsigned int id;
};

int keel_rwlock_create(struct keel_rwlock *lock);
int keel_rwlock_delete(struct keel_rwlock *lock);	/* -EBUSY: held or waited for */

/* -EDEADLK: the caller has it for writing. Context: attached; hardens; blocks. */
int keel_rwlock_read(struct keel_rwlock *lock);
int keel_rwlock_write(struct keel_rwlock *lock);
int keel_rwlock_clockread(struct keel_rwlock *lock, clockid_t clock, int64_t deadline);
int keel_rwlock_clockwrite(struct keel_rwlock *lock, clockid_t clock, int64_t deadline);

/* -EBUSY instead of a wait. Context: attached; hardens. */
int keel_rwlock_tryread(struct keel_rwlock *lock);
int keel_rwlock_trywrite(struct keel_rwlock *lock);

/* -EPERM: the caller is not the writer and there is no reader. Context: attached; hardens. */
int keel_rwlock_unlock(struct keel_rwlock *lock);

/* ---- barriers ------------------------------------------------------------------- */

struct keel_barrier {
	unsigned int id;
};

/* @count threads meet, at least 1, again and again. */
int keel_barrier_create(struct keel_barrier *barrier, unsigned int count);
int keel_barrier_delete(struct keel_barrier *barrier);	/* -EBUSY: somebody waits */

/* Wait for the others: 0, or 1 for one of them. With an error the caller has not been counted.
 * Context: attached; hardens; blocks. */
int keel_barrier_wait(struct keel_barrier *barrier);
int keel_barrier_clockwait(struct keel_barrier *barrier, clockid_t clock, int64_t deadline);

/* ---- any of several ------------------------------------------------------------- */

struct keel_set {
	unsigned int id;
};

/* The semaphores, event flags, queues, buffers and channels with these @ids, 1 to KEEL_SET_MAX. */
int keel_set_create(struct keel_set *set, const unsigned int *ids, unsigned int count);
int keel_set_delete(struct keel_set *set);	/* who waits goes on with what it waits for */

/* Wait until a semaphore has a count, an event a bit, any other a message or byte: bit i of @ready stands for ids[i]. Takes
 * nothing; who is faster may, so go on with a call that does not wait. One that was deleted is
 * ready too. Context: attached; hardens; blocks. */
int keel_set_wait(struct keel_set *set, uint32_t *ready);
int keel_set_clockwait(struct keel_set *set, uint32_t *ready, clockid_t clock, int64_t deadline);

#ifdef __cplusplus
}
#endif

#endif
