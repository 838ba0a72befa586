// SPDX-License-Identifier: GPL-2.0
/*
 * Objects and the calls on them: what is out of range, of another type, gone, or not the caller's.
 */
#include <keel/sync.h>
#include "badinput.h"

#define CREATE(...) KEEL_IOC_OBJECT_CREATE, &(struct keel_object){ __VA_ARGS__ }
#define DELETE(...) KEEL_IOC_OBJECT_DELETE, &(struct keel_object){ __VA_ARGS__ }
#define DRAIN(...) KEEL_IOC_PROXY_DRAIN, &(struct keel_object){ __VA_ARGS__ }
#define ROW(name, expr) static long name(void) { return (expr); }

static unsigned int no_ids[KEEL_SET_MAX + 1];

static const struct request requests[] = {
	{ "create, no pointer", KEEL_IOC_OBJECT_CREATE, NULL, -EFAULT },
	{ "delete, no pointer", KEEL_IOC_OBJECT_DELETE, NULL, -EFAULT },
	{ "type 0", CREATE(.type = 0), -EINVAL },
	{ "type behind the last", CREATE(.type = KEEL_TYPES), -EINVAL },
	{ "type -1", CREATE(.type = -1), -EINVAL },
	{ "with an id", CREATE(.type = KEEL_COND, .id = 1), -EINVAL },
	{ "padding", CREATE(.type = KEEL_COND, .pad = 1), -EINVAL },
	{ "data of a condition", CREATE(.type = KEEL_COND, .data = 8), -EINVAL },
	{ "condition with a value", CREATE(.type = KEEL_COND, .args = { 1 }), -EINVAL },
	{ "event with two values", CREATE(.type = KEEL_EVENT, .args = { 1, 1 }), -EINVAL },
	{ "mutex of kind 3", CREATE(.type = KEEL_MUTEX, .args = { 3 }), -EINVAL },
	{ "mutex of kind 8", CREATE(.type = KEEL_MUTEX, .args = { 8 }), -EINVAL },
	{ "mutex, ceiling 100", CREATE(.type = KEEL_MUTEX, .args = { 0, 100 }), -EINVAL },
	{ "mutex, ceiling -1", CREATE(.type = KEEL_MUTEX, .args = { 0, -1 }), -EINVAL },
	{ "semaphore, maximum 0", CREATE(.type = KEEL_SEM), -EINVAL },
	{ "semaphore, maximum 2^31", CREATE(.type = KEEL_SEM, .args = { 0, 1u << 31 }), -EINVAL },
	{ "semaphore, over its maximum", CREATE(.type = KEEL_SEM, .args = { 2, 1 }), -EINVAL },
	{ "barrier for nobody", CREATE(.type = KEEL_BARRIER), -EINVAL },
	{ "set of none", CREATE(.type = KEEL_SET), -EINVAL },
	{ "set of too many", CREATE(.type = KEEL_SET, .args = { KEEL_SET_MAX + 1 },
				    .data = (uintptr_t)no_ids), -EINVAL },
	{ "set, no pointer", CREATE(.type = KEEL_SET, .args = { 1 }), -EFAULT },
	{ "set, kernel address", CREATE(.type = KEEL_SET, .args = { 1 },
					.data = 0xffffffff81000000ul), -EFAULT },
	{ "set of what is not there", CREATE(.type = KEEL_SET, .args = { 1 },
					     .data = (uintptr_t)no_ids), -EINVAL },
	{ "delete 0", DELETE(.type = KEEL_SEM), -EINVAL },
	{ "delete a free place", DELETE(.type = 0), -EINVAL },
	{ "delete -1", DELETE(.type = KEEL_SEM, .id = -1), -EINVAL },
	{ "delete type 0", DELETE(.id = 1), -EINVAL },
	{ "delete, with a value", DELETE(.type = KEEL_SEM, .args = { 1 }), -EINVAL },
	{ "delete, padding", DELETE(.type = KEEL_SEM, .pad = 1), -EINVAL },
	{ "drain, no pointer", KEEL_IOC_PROXY_DRAIN, NULL, -EFAULT },
	{ "drain 0", DRAIN(.type = KEEL_PROXY), -EINVAL },
	{ "drain -1", DRAIN(.type = KEEL_PROXY, .id = -1), -EINVAL },
	{ "drain a type behind the last", DRAIN(.type = KEEL_TYPES, .id = 1), -EINVAL },
	{ "drain, with a value", DRAIN(.type = KEEL_PROXY, .args = { 1 }), -EINVAL },
	{ "drain, with data", DRAIN(.type = KEEL_PROXY, .data = 1), -EINVAL },
	{ "drain, padding", DRAIN(.type = KEEL_PROXY, .pad = 1), -EINVAL },
};

/* ---- calls --------------------------------------------------------------------------------- */

static struct keel_mutex mutex, ceiled;
static struct keel_cond cond;
static struct keel_sem sem, gone, full;
static struct keel_event event;
static struct keel_rwlock lock;
static struct keel_barrier barrier;
static struct keel_set set;
static uint32_t word;

/* Ids of another type. */
#define AS(type, of) (&(struct keel_##type){ (of).id })

ROW(mutex_is_sem, keel_mutex_lock(AS(mutex, sem)))
ROW(mutex_unlock_sem, keel_mutex_unlock(AS(mutex, sem)))
ROW(mutex_is_0, keel_mutex_lock(&(struct keel_mutex){ 0 }))
ROW(mutex_next, keel_mutex_lock(&(struct keel_mutex){ mutex.id + (1 << 16) }))
ROW(mutex_clock, keel_mutex_clocklock(&mutex, CLOCK_MONOTONIC_RAW, MS))
ROW(mutex_negative, keel_mutex_clocklock(&mutex, CLOCK_REALTIME, -1))
ROW(mutex_consistent, keel_mutex_consistent(&mutex))
ROW(mutex_ceiling, keel_mutex_ceiling_set(&mutex, 10))
ROW(ceiled_lock, keel_mutex_lock(&ceiled))
ROW(ceiled_0, keel_mutex_ceiling_set(&ceiled, 0))
ROW(ceiled_100, keel_mutex_ceiling_set(&ceiled, 100))
ROW(ceiled_same, keel_mutex_ceiling_set(&ceiled, 10))
ROW(kind_negative, keel_mutex_create_as(&mutex, -1, 0))
ROW(cond_unlocked, keel_cond_wait(&cond, &mutex))
ROW(cond_no_mutex, keel_cond_wait(&cond, AS(mutex, sem)))
ROW(cond_is_sem, keel_cond_wait(AS(cond, sem), &mutex))
ROW(cond_negative, keel_cond_timedwait(&cond, &mutex, -1))
ROW(cond_clock, keel_cond_clockwait(&cond, &mutex, CLOCK_BOOTTIME, 1))
ROW(cond_signal_sem, keel_cond_signal(AS(cond, sem)))
ROW(cond_broadcast_sem, keel_cond_broadcast(AS(cond, sem)))
ROW(sem_is_event, keel_sem_wait(AS(sem, event)))
ROW(sem_gone, keel_sem_wait(&gone))
ROW(sem_gone_post, keel_sem_post(&gone))
ROW(sem_gone_flush, keel_sem_flush(&gone))
ROW(sem_gone_broadcast, keel_sem_broadcast(&gone))
ROW(sem_gone_count, keel_sem_count(&gone))
ROW(sem_past, keel_sem_timedwait(&sem, 0))
ROW(sem_past_real, keel_sem_clockwait(&sem, CLOCK_REALTIME, 1))
ROW(sem_negative, keel_sem_timedwait(&sem, -1))
ROW(sem_clock, keel_sem_clockwait(&sem, 99, 0))
ROW(sem_none, keel_sem_trywait(&sem))
ROW(sem_full, keel_sem_post(&full))
ROW(sem_full_count, keel_sem_count(&full))
ROW(event_no_bits, keel_event_wait(&event, 0, KEEL_EVENT_ANY, NULL))
ROW(event_mode_3, keel_event_wait(&event, 1, 3, NULL))
ROW(event_mode_8, keel_event_trywait(&event, 1, 8, NULL))
ROW(event_mode_negative, keel_event_wait(&event, 1, -1, NULL))
ROW(event_unmet, keel_event_trywait(&event, 1, KEEL_EVENT_ALL, NULL))
ROW(event_past, keel_event_timedwait(&event, 1, 0, NULL, 0))
ROW(event_clock, keel_event_clockwait(&event, 1, 0, NULL, 7, 0))
ROW(event_is_sem, keel_event_post(AS(event, sem), 1))
ROW(event_high_bits, syscall(KEEL_CALL_EVENT_POST, event.id, 1l << 32) < 0 ? -errno : 0)
ROW(event_broadcast_sem, keel_event_broadcast(AS(event, sem), 1))
ROW(event_clear_sem, keel_event_clear(AS(event, sem), 1, NULL))
ROW(lock_unlock, keel_rwlock_unlock(&lock))
ROW(lock_write, keel_rwlock_write(&lock))
ROW(lock_again, keel_rwlock_read(&lock))
ROW(lock_write_again, keel_rwlock_trywrite(&lock))
ROW(lock_is_sem, keel_rwlock_read(AS(rwlock, sem)))
ROW(lock_negative, keel_rwlock_clockread(&lock, CLOCK_MONOTONIC, -1))
ROW(barrier_past, keel_barrier_clockwait(&barrier, CLOCK_MONOTONIC, 0))
ROW(barrier_is_sem, keel_barrier_wait(AS(barrier, sem)))
ROW(set_past, keel_set_clockwait(&set, &word, CLOCK_MONOTONIC, 0))
ROW(set_is_sem, keel_set_wait(AS(set, sem), &word))
ROW(set_negative, keel_set_clockwait(&set, &word, CLOCK_MONOTONIC, -1))
ROW(real_untimed, syscall(KEEL_CALL_SEM_POST, KEEL_REALTIME | sem.id) < 0 ? -errno : 0)

static const struct row hard[] = {
	{ "a semaphore as a mutex", mutex_is_sem, -EINVAL },
	{ "unlock a semaphore", mutex_unlock_sem, -EINVAL },
	{ "mutex 0", mutex_is_0, -EINVAL },
	{ "the next mutex in this place", mutex_next, -EINVAL },
	{ "mutex, another clock", mutex_clock, -EINVAL },
	{ "mutex until -1", mutex_negative, -EINVAL },
	{ "consistent, not the owner", mutex_consistent, -EPERM },
	{ "ceiling of one without", mutex_ceiling, -EINVAL },
	{ "priority above the ceiling", ceiled_lock, -EINVAL },
	{ "ceiling 0", ceiled_0, -EINVAL },
	{ "ceiling 100", ceiled_100, -EINVAL },
	{ "ceiling as it is", ceiled_same, 10 },
	{ "wait, the mutex not locked", cond_unlocked, -EPERM },
	{ "wait, no mutex", cond_no_mutex, -EINVAL },
	{ "wait on a semaphore", cond_is_sem, -EINVAL },
	{ "wait until -1", cond_negative, -EINVAL },
	{ "wait, another clock", cond_clock, -EINVAL },
	{ "signal a semaphore", cond_signal_sem, -EINVAL },
	{ "broadcast a semaphore", cond_broadcast_sem, -EINVAL },
	{ "an event as a semaphore", sem_is_event, -EINVAL },
	{ "deleted semaphore, wait", sem_gone, -EINVAL },
	{ "deleted semaphore, post", sem_gone_post, -EINVAL },
	{ "deleted semaphore, flush", sem_gone_flush, -EINVAL },
	{ "deleted semaphore, broadcast", sem_gone_broadcast, -EINVAL },
	{ "deleted semaphore, count", sem_gone_count, -EINVAL },
	{ "semaphore, long ago", sem_past, -ETIMEDOUT },
	{ "semaphore, 1970", sem_past_real, -ETIMEDOUT },
	{ "semaphore until -1", sem_negative, -EINVAL },
	{ "semaphore, no clock", sem_clock, -EINVAL },
	{ "semaphore at 0", sem_none, -EWOULDBLOCK },
	{ "full semaphore", sem_full, -EOVERFLOW },
	{ "still full", sem_full_count, 1 },
	{ "event, no bits", event_no_bits, -EINVAL },
	{ "event, mode 3", event_mode_3, -EINVAL },
	{ "event, mode 8", event_mode_8, -EINVAL },
	{ "event, mode -1", event_mode_negative, -EINVAL },
	{ "event, not met", event_unmet, -EWOULDBLOCK },
	{ "event, long ago", event_past, -ETIMEDOUT },
	{ "event, no clock", event_clock, -EINVAL },
	{ "post a semaphore's bits", event_is_sem, -EINVAL },
	{ "bits above 32", event_high_bits, -EINVAL },
	{ "broadcast a semaphore's bits", event_broadcast_sem, -EINVAL },
	{ "clear a semaphore's bits", event_clear_sem, -EINVAL },
	{ "unlock what is free", lock_unlock, -EPERM },
	{ "write", lock_write, 0 },
	{ "read what one writes", lock_again, -EDEADLK },
	{ "write what one writes", lock_write_again, -EDEADLK },
	{ "unlock", lock_unlock, 0 },
	{ "read a semaphore", lock_is_sem, -EINVAL },
	{ "read until -1", lock_negative, -EINVAL },
	{ "barrier, long ago", barrier_past, -ETIMEDOUT },
	{ "a semaphore as a barrier", barrier_is_sem, -EINVAL },
	{ "set, long ago", set_past, -ETIMEDOUT },
	{ "a semaphore as a set", set_is_sem, -EINVAL },
	{ "set until -1", set_negative, -EINVAL },
	{ "a clock where no time is", real_untimed, -EINVAL },
};

static const struct row stranger[] = {
	{ "wait", cond_unlocked, -EPERM },
	{ "signal", cond_signal_sem, -EPERM },
	{ "broadcast", cond_broadcast_sem, -EPERM },
	{ "semaphore", sem_past, -EPERM },
	{ "try", sem_none, -EPERM },
	{ "post", sem_full, -EPERM },
	{ "count", sem_full_count, -EPERM },
	{ "flush", sem_gone_flush, -EPERM },
	{ "event", event_past, -EPERM },
	{ "event, try", event_unmet, -EPERM },
	{ "event, post", event_is_sem, -EPERM },
	{ "write", lock_write, -EPERM },
	{ "unlock", lock_unlock, -EPERM },
	{ "barrier", barrier_past, -EPERM },
	{ "set", set_past, -EPERM },
	{ "consistent", mutex_consistent, -EPERM },
	{ "ceiling", ceiled_same, -EPERM },
	{ "kind -1", kind_negative, -EINVAL },
};

/* A set that is refused by its last member has been written over what an event left. When the process
 * ends, that is not taken for an event. */
static void set_refused(void)
{
	unsigned int ids[KEEL_SET_MAX];
	struct keel_event left;
	struct keel_set none;

	for (int i = 0; i < KEEL_SET_MAX; i++)
		ids[i] = sem.id;
	ids[KEEL_SET_MAX - 1] = 0;
	must(keel_event_create(&left, 1));
	must(keel_event_delete(&left));
	check(keel_set_create(&none, ids, KEEL_SET_MAX) == -EINVAL);
}

static void make_all(void)
{
	unsigned int ids[2];

	must(keel_mutex_create(&mutex));
	must(keel_mutex_create_as(&ceiled, KEEL_MUTEX_RECURSIVE, 10));
	must(keel_cond_create(&cond));
	must(keel_sem_create(&sem, 0, 1));
	must(keel_sem_create(&full, 1, 1));
	must(keel_sem_create(&gone, 0, 1));
	must(keel_sem_delete(&gone));
	must(keel_event_create(&event, 0));
	must(keel_rwlock_create(&lock));
	must(keel_barrier_create(&barrier, 2));
	ids[0] = sem.id;
	ids[1] = event.id;
	must(keel_set_create(&set, ids, 2));
	ids[1] = mutex.id;
	check(keel_set_create(&set, ids, 2) == -EINVAL);
	set_refused();
}

/* None of what was refused has changed anything: all are free, and go once. */
static void delete_all(void)
{
	check(keel_sem_delete(AS(sem, event)) == -EINVAL);
	must(keel_set_delete(&set));
	check(keel_set_delete(&set) == -EINVAL);
	must(keel_mutex_delete(&mutex));
	must(keel_mutex_delete(&ceiled));
	check(keel_mutex_delete(&mutex) == -EINVAL);
	must(keel_cond_delete(&cond));
	check(keel_cond_delete(&cond) == -EINVAL);
	must(keel_sem_delete(&sem));
	must(keel_sem_delete(&full));
	check(keel_sem_delete(&sem) == -EINVAL);
	must(keel_event_delete(&event));
	check(keel_event_delete(&event) == -EINVAL);
	must(keel_rwlock_delete(&lock));
	check(keel_rwlock_delete(&lock) == -EINVAL);
	must(keel_barrier_delete(&barrier));
	check(keel_barrier_delete(&barrier) == -EINVAL);
}

/* Kinds count against one limit; all of it can be had again and again. */
static void limit_test(void)
{
	static struct keel_sem sems[KEEL_MAX_OBJECTS];
	struct keel_event one;
	int i;

	for (int round = 0; round < 3; round++) {
		for (i = 0; i < KEEL_MAX_OBJECTS; i++)
			must(keel_sem_create(&sems[i], 0, 1));
		check(keel_event_create(&one, 0) == -ENOSPC);
		for (i = 0; i < KEEL_MAX_OBJECTS; i++)
			must(keel_sem_delete(&sems[i]));
	}
}

void objects_test(void)
{
	requests_run("requests for objects", requests, COUNT(requests));
	limit_test();
	make_all();
	rows_run("objects, not attached", stranger, COUNT(stranger));
	must(keel_thread_attach("hard", 20, -1));
	rows_run("objects, hard", hard, COUNT(hard));
	must(keel_thread_detach());
	delete_all();
}
