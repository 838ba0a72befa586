// SPDX-License-Identifier: GPL-2.0
/*
 * Rows on what has no owner: semaphores, event flags, read-write locks, barriers, sets.
 */
#include "objects.h"

static struct keel_sem sem, second;
static struct keel_event event;
static struct keel_rwlock lock;
static struct keel_barrier barrier;
static struct keel_set set;
static uint32_t bits;
static int held, may_go;

/* ---- semaphores ---------------------------------------------------------------------------------- */

CALL(sem_wait_, keel_sem_wait(&sem))
CALL(sem_wait_20, keel_sem_timedwait(&sem, in(20)))
CALL(sem_wait_real, keel_sem_clockwait(&sem, CLOCK_REALTIME, real_in(20)))
CALL(sem_post_, keel_sem_post(&sem))
CALL(sem_flush_, keel_sem_flush(&sem))
CALL(sem_broadcast_, keel_sem_broadcast(&sem))
CALL(sem_count_, keel_sem_count(&sem))
CALL(sem_try_, keel_sem_trywait(&sem))

void sem_order(void)
{
	static const int turn[WAITERS] = { 3, 1, 0, 2 };

	must(keel_open());
	must(keel_sem_create(&sem, 0, 5));
	waiter_start(0, 20, sem_wait_);
	waiter_start(1, 30, sem_wait_);
	waiter_start(2, 20, sem_wait_);
	waiter_start(3, 40, sem_wait_);
	for (int i = 0; i < WAITERS; i++) {
		check(hard_call(sem_post_) == 0);
		waiter_end(turn[i], 0);
		for (int j = i + 1; j < WAITERS; j++)
			check(!flag_get(&waiters[turn[j]].done));
	}
	check(hard_call(sem_count_) == 0);
	must(keel_sem_delete(&sem));
}

void sem_reasons(void)
{
	int64_t before = keel_clock_ns();

	must(keel_open());
	must(keel_sem_create(&sem, 1, 5));
	check(hard_call(sem_try_) == 0);
	check(hard_call(sem_wait_20) == -ETIMEDOUT);
	check(hard_call(sem_wait_real) == -ETIMEDOUT);
	check(keel_clock_ns() - before >= 39 * MS);
	waiter_start(0, 20, sem_wait_);
	waiter_start(1, 30, sem_wait_);
	check(hard_call(sem_flush_) == 2);
	waiter_end(0, -ECANCELED);
	waiter_end(1, -ECANCELED);
	waiter_start(0, 20, sem_wait_);
	waiter_start(1, 30, sem_wait_);
	check(hard_call(sem_broadcast_) == 2);
	waiter_end(0, 0);
	waiter_end(1, 0);
	check(hard_call(sem_count_) == 0);
	waiter_start(0, 20, sem_wait_);
	must(keel_sem_delete(&sem));
	waiter_end(0, -EIDRM);
	check(hard_call(sem_wait_) == -EINVAL);
}

/* Nothing was taken. */
void sem_interrupt(void)
{
	must(keel_open());
	signals_handle();
	must(keel_sem_create(&sem, 0, 5));
	waiter_start(0, 20, sem_wait_);
	pthread_kill(waiters[0].thread, SIGUSR1);
	waiter_end(0, -EINTR);
	check(hard_call(sem_post_) == 0);
	check(hard_call(sem_count_) == 1);
}

/* ---- event flags --------------------------------------------------------------------------------- */

CALL(event_any, keel_event_wait(&event, 3, KEEL_EVENT_ANY | KEEL_EVENT_CONSUME, &bits) ?: (long)bits)
CALL(event_all, keel_event_wait(&event, 6, KEEL_EVENT_ALL, NULL))
CALL(event_exact, keel_event_wait(&event, 12, KEEL_EVENT_EXACT, NULL))
CALL(event_post_2, keel_event_post(&event, 2))
CALL(event_post_4, keel_event_post(&event, 4))
CALL(event_post_8, keel_event_post(&event, 8))
CALL(event_clear_all, keel_event_clear(&event, ~0u, &bits) ?: (long)bits)
CALL(event_broadcast_6, keel_event_broadcast(&event, 6))
CALL(event_wait_20, keel_event_timedwait(&event, 1, 0, NULL, in(20)))

void events(void)
{
	must(keel_open());
	must(keel_event_create(&event, 0));
	check(hard_call(event_wait_20) == -ETIMEDOUT);
	waiter_start(0, 30, event_any);
	waiter_start(1, 20, event_all);
	check(hard_call(event_post_2) == 0);
	waiter_end(0, 2);
	check(hard_call(event_post_4) == 0);
	sleep_ms(5);
	check(!flag_get(&waiters[1].done));	/* the first has taken bit 1 */
	check(hard_call(event_broadcast_6) == 1);
	waiter_end(1, 0);
	check(hard_call(event_clear_all) == 4);
	waiter_start(0, 30, event_exact);
	check(hard_call(event_post_8) == 0);
	check(hard_call(event_post_4) == 0);
	waiter_end(0, 0);
	check(hard_call(event_clear_all) == 12);
	waiter_start(0, 30, event_all);
	must(keel_event_delete(&event));
	waiter_end(0, -EIDRM);
}

/* ---- read-write locks, barriers, sets ---------------------------------------------------------------- */

static long read_hold(void)
{
	must(keel_rwlock_read(&lock));
	flag_set(&held, 1);
	while (!flag_get(&may_go))
		must(keel_sleep(MS));
	return keel_rwlock_unlock(&lock);
}

static long write_use(void)
{
	int ret = keel_rwlock_write(&lock);

	return ret ? ret : keel_rwlock_unlock(&lock);
}

CALL(try_write, keel_rwlock_trywrite(&lock))
CALL(try_read, keel_rwlock_tryread(&lock) ?: keel_rwlock_unlock(&lock))
CALL(write_20, keel_rwlock_clockwrite(&lock, CLOCK_MONOTONIC, in(20)))
CALL(write_for_ever, keel_rwlock_write(&lock))

void rwlocks(void)
{
	must(keel_open());
	flag_set(&held, 0);
	flag_set(&may_go, 0);
	must(keel_rwlock_create(&lock));
	waiter_start(0, 20, read_hold);
	check(hard_call(try_read) == 0);
	check(hard_call(try_write) == -EBUSY);
	check(hard_call(write_20) == -ETIMEDOUT);
	check(keel_rwlock_delete(&lock) == -EBUSY);
	waiter_start(1, 85, write_use);
	check(hard_call(try_read) == -EBUSY);	/* not ahead of a writer above it */
	flag_set(&may_go, 1);
	waiter_end(0, 0);
	waiter_end(1, 0);
	check(hard_call(write_for_ever) == 0);	/* and dies as writer */
	check(hard_call(try_read) == -EBUSY);
	must(keel_rwlock_delete(&lock));
}

CALL(barrier_wait_, keel_barrier_wait(&barrier))
CALL(barrier_20, keel_barrier_clockwait(&barrier, CLOCK_REALTIME, real_in(20)))

void barriers(void)
{
	must(keel_open());
	must(keel_barrier_create(&barrier, 3));
	check(hard_call(barrier_20) == -ETIMEDOUT);
	for (int round = 0; round < 3; round++) {
		waiter_start(0, 20, barrier_wait_);
		waiter_start(1, 30, barrier_wait_);
		check(keel_barrier_delete(&barrier) == -EBUSY);
		check(hard_call(barrier_wait_) == 1);
		waiter_end(0, 0);
		waiter_end(1, 0);
	}
	must(keel_barrier_delete(&barrier));
}

CALL(set_wait_, keel_set_wait(&set, &bits) ?: (long)bits)
CALL(set_20, keel_set_clockwait(&set, &bits, CLOCK_MONOTONIC, in(20)))

void sets(void)
{
	unsigned int ids[3];

	must(keel_open());
	must(keel_sem_create(&sem, 0, 5));
	must(keel_sem_create(&second, 0, 5));
	must(keel_event_create(&event, 0));
	ids[0] = sem.id;
	ids[1] = second.id;
	ids[2] = event.id;
	must(keel_set_create(&set, ids, 3));
	check(hard_call(set_20) == -ETIMEDOUT);
	waiter_start(0, 20, set_wait_);
	check(hard_call(event_post_2) == 0);
	waiter_end(0, 4);
	check(hard_call(sem_post_) == 0);
	check(hard_call(set_wait_) == 5);
	check(hard_call(sem_try_) == 0);
	check(hard_call(event_clear_all) == 2);
	waiter_start(0, 20, set_wait_);
	must(keel_sem_delete(&second));
	waiter_end(0, 2);
	check(hard_call(set_wait_) == 2);
	must(keel_set_delete(&set));
	must(keel_sem_delete(&sem));
	must(keel_event_delete(&event));
}
