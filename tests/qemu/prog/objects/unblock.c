// SPDX-License-Identifier: GPL-2.0
/*
 * Rows on keel_thread_unblock(): each wait ends with -EINTR, and the object is as if it had not begun.
 */
#include <sys/syscall.h>
#include "objects.h"

static struct keel_sem sem;
static struct keel_event event;
static struct keel_mutex mutex, other;
static struct keel_cond cond;
static struct keel_rwlock rwlock;
static struct keel_barrier barrier;
static struct keel_set set;
static int may_go, held;
static pid_t target;

static void *holder(void *arg)
{
	must(keel_mutex_lock(&mutex));
	must(keel_rwlock_write(&rwlock));
	flag_set(&held, 1);
	while (!flag_get(&may_go))
		must(keel_sleep(MS));
	must(keel_rwlock_unlock(&rwlock));
	must(keel_mutex_unlock(&mutex));
	return arg;
}

static long cond_wait(void)
{
	long ret;

	must(keel_mutex_lock(&other));
	ret = keel_cond_wait(&cond, &other);
	check(keel_mutex_unlock(&other) == -EPERM);
	return ret;
}

static long set_wait(void)
{
	uint32_t ready;

	return keel_set_wait(&set, &ready);
}

static long period_wait(void)
{
	long ret;

	must(keel_period_set(in(1000), 1000 * MS));
	ret = keel_period_wait(NULL);
	must(keel_period_set(0, 0));
	return ret;
}

CALL(sem_wait_, keel_sem_wait(&sem))
CALL(event_wait, keel_event_wait(&event, 1, KEEL_EVENT_ANY, NULL))
CALL(mutex_wait, keel_mutex_lock(&mutex))
CALL(read_, keel_rwlock_read(&rwlock))
CALL(write_, keel_rwlock_write(&rwlock))
CALL(meet, keel_barrier_wait(&barrier))
CALL(sleep_, keel_sleep(1000 * 1000 * MS))
CALL(unblock, keel_thread_unblock(target))
CALL(sem_try, keel_sem_trywait(&sem))

static void objects_create(void)
{
	unsigned int ids[2];

	must(keel_open());
	must(keel_sem_create(&sem, 0, 9));
	must(keel_event_create(&event, 0));
	must(keel_mutex_create(&mutex));
	must(keel_mutex_create(&other));
	must(keel_cond_create(&cond));
	must(keel_rwlock_create(&rwlock));
	must(keel_barrier_create(&barrier, 2));
	ids[0] = sem.id;
	ids[1] = event.id;
	must(keel_set_create(&set, ids, 2));
}

void unblock_each(void)
{
	static long (*const waits[])(void) = {
		sem_wait_, event_wait, mutex_wait, cond_wait, read_, write_, meet, set_wait, sleep_,
		period_wait,
	};
	pthread_t thread;

	objects_create();
	thread = hard_create("holder", 10, 0, holder, NULL);
	await(&held, 1, "the holder");
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		target = waiter_start(1, 40, waits[i])->tid;
		check(hard_call(unblock) == 1);
		waiter_end(1, -EINTR);
	}
	check(eff_of("holder") == 10);
	flag_set(&may_go, 1);
	pthread_join(thread, NULL);
	must(keel_mutex_delete(&mutex));
	must(keel_mutex_delete(&other));
	must(keel_rwlock_delete(&rwlock));
	must(keel_barrier_delete(&barrier));
}

static long unblock_self(void)
{
	return keel_thread_unblock(syscall(SYS_gettid));
}

static long sleep_inband(void)
{
	keel_relax();
	while (!flag_get(&may_go))
		sleep_ms(1);
	return keel_is_hard();
}

/* Nobody who waits: nothing happens, then or later. */
void unblock_nobody(void)
{
	objects_create();
	check(hard_call(unblock_self) == 0);
	target = waiter_start(1, 40, sleep_inband)->tid;
	check(hard_call(unblock) == 0);
	flag_set(&may_go, 1);
	waiter_end(1, 0);
	check(hard_call(unblock) == -ESRCH);	/* it has ended */
	target = syscall(SYS_gettid);
	check(hard_call(unblock) == -ESRCH);	/* never attached */
	target = 1;
	check(hard_call(unblock) == -ESRCH);
	target = 0;
	check(hard_call(unblock) == -ESRCH);
	target = -1;
	check(hard_call(unblock) == -ESRCH);
}

#define ROUNDS 2000

static long broken_off;

static long wait_often(void)
{
	int ret;

	for (int i = 0; i < ROUNDS; i++) {
		ret = keel_sem_timedwait(&sem, keel_clock_ns() + MS / 10);
		check(ret == -ETIMEDOUT || ret == -EINTR);
		broken_off += ret == -EINTR;
	}
	return sem_try();
}

static long unblock_often(void)
{
	struct waiter *w = &waiters[1];
	long won = 0;

	while (!flag_get(&w->done)) {
		for (int i = 0; i < 10; i++)
			won += keel_thread_unblock(target) == 1;
		must(keel_sleep(MS / 50));
	}
	return won;
}

/* Against timeouts: each wait ends once, and each that was said to be broken off was. */
void unblock_races(void)
{
	long won;

	objects_create();
	target = waiter_start(1, 40, wait_often)->tid;
	won = hard_call(unblock_often);
	waiter_end(1, -EWOULDBLOCK);
	check(won > 0 && won == broken_off);
}
