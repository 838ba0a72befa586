// SPDX-License-Identifier: GPL-2.0
/*
 * Objects to wait on, and who waits: see waiters.h.
 */
#include "tests/unit/waiters.h"

#include "nucleus/barrier.h"
#include "nucleus/cond.h"
#include "nucleus/event.h"
#include "nucleus/rwlock.h"
#include "nucleus/sem.h"
#include "nucleus/watch.h"

struct nk_event e, other;
struct nk_sem sem;
struct nk_cond cond;
struct nk_mutex mutex;
struct nk_rwlock rwlock;
struct nk_barrier barrier;
struct unit_thread *three[THREE];

void waiters_setup_cpus(int cpus)
{
	unit_setup_cpus(cpus);
	nk_event_init(&e, 0);
	nk_event_init(&other, 0);
	nk_sem_init(&sem, 0, 9);
	nk_cond_init(&cond);
	nk_mutex_init_as(&mutex, NK_MUTEX_ROBUST, 0);
	nk_rwlock_init(&rwlock);
	nk_barrier_init(&barrier, THREE + 1);
}

void waiters_setup(void)
{
	waiters_setup_cpus(2);
}

/* Nobody waits any more, and each queue is as it was at first. */
void waiters_teardown(void)
{
	ck_assert_int_eq(nk_event_destroy(&e), 0);
	ck_assert_int_eq(nk_event_destroy(&other), 0);
	ck_assert_int_eq(nk_sem_destroy(&sem), 0);
	ck_assert_int_eq(nk_cond_destroy(&cond), 0);
	ck_assert_int_eq(nk_barrier_destroy(&barrier), 0);
	ck_assert_int_eq(nk_rwlock_destroy(&rwlock), 0);
	ck_assert_int_eq(nk_mutex_destroy(&mutex), 0);
	unit_teardown();
}

void waits_for_bit(struct unit_thread *u)
{
	u->ret = nk_event_wait(&e, 1, NK_EVENT_ANY, NULL, NK_TIME_NEVER);
}

void eats_bit(struct unit_thread *u)
{
	u->ret = nk_event_wait(&e, 1, NK_EVENT_ANY | NK_EVENT_CONSUME, NULL, NK_TIME_NEVER);
}

void waits_for_sem(struct unit_thread *u)
{
	u->ret = nk_sem_wait(&sem, NK_TIME_NEVER);
}

void waits_for_signal(struct unit_thread *u)
{
	nk_mutex_lock(&mutex, NK_TIME_NEVER);
	u->ret = nk_cond_wait(&cond, &mutex, NK_TIME_NEVER);
	if (u->ret != -NK_ENOTRECOVERABLE)
		nk_mutex_unlock(&mutex);
}

void waits_for_mutex(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&mutex, NK_TIME_NEVER);
}

void reads(struct unit_thread *u)
{
	u->ret = nk_rwlock_read(&rwlock, NK_TIME_NEVER);
	nk_rwlock_unlock(&rwlock);
}

void meets(struct unit_thread *u)
{
	u->ret = nk_barrier_wait(&barrier, NK_TIME_NEVER);
}

static int sem_is_ready(const struct nk_waitq *wq)
{
	return nk_container_of(wq, struct nk_sem, wq)->count != 0;
}

void watches(struct unit_thread *u)
{
	struct nk_watch w = { .wq = &sem.wq, .ready = sem_is_ready };

	u->ret = nk_watch_wait(&w, 1, u->arg ? *(nk_time_t *)u->arg : NK_TIME_NEVER);
}
