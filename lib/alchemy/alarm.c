// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Alarms: one hard thread of priority 99 waits for the earliest and runs the handlers. It sleeps on a
 * semaphore, which is posted when another one becomes the earliest. The list and its lock are Keel's, so
 * that tasks start and stop alarms without leaving hard mode; no lock is held while a handler runs.
 *
 *	delete, any thread			the alarms' thread
 *						lock; due; expiries++; unlock
 *	lock; off the list; runs it: wait
 *						handler; lock; not running; unlock
 *	gone
 */
#include <string.h>
#include <unistd.h>
#include <alchemy/alarm.h>
#include <keel/keel.h>
#include <keel/sync.h>
#include "internal.h"

#define PRIO	99
#define STACK	(256 << 10)

struct alarm {
	struct alchemy_object o;
	void (*handler)(void *arg);
	void *arg;
	int64_t at;			/* (lock) KEEL_FOREVER: not active */
	int64_t interval;		/* (lock) 0: once */
	unsigned long expiries;		/* (lock) */
	struct alarm *next;		/* (lock) of all, in no order */
};

static struct {
	pthread_mutex_t begin;		/* the thread, and who makes alarms */
	int started;			/* (begin) */
	pthread_t thread;
	struct keel_mutex lock;
	struct keel_sem wake;
	struct alarm *all;
	struct alarm *running;		/* (lock) its handler runs */
} alarms = {
	.begin = PTHREAD_MUTEX_INITIALIZER,
};

static int lock(void)
{
	int ret;

	do
		ret = keel_mutex_lock(&alarms.lock);
	while (ret == -EINTR);
	return ret;
}

static void unlock(void)
{
	keel_mutex_unlock(&alarms.lock);
}

/* ---- the thread -------------------------------------------------------------------------------------- */

static struct alarm *earliest(void)
{
	struct alarm *a, *found = NULL;

	for (a = alarms.all; a; a = a->next)
		if (a->at != KEEL_FOREVER && (!found || a->at < found->at))
			found = a;
	return found;
}

/* One that is late does not expire twice at once: points that have passed are left out. */
static void expires(struct alarm *a, int64_t now)
{
	a->expiries++;
	if (!a->interval)
		a->at = KEEL_FOREVER;
	else
		a->at += ((now - a->at) / a->interval + 1) * a->interval;
}

/* Run what is due; returns when the next one is. */
static int64_t run_due(void)
{
	for (;;) {
		int64_t now = keel_clock_ns(), at;
		struct alarm *a;

		if (lock())
			return now + 1000000;	/* Keel is stopped */
		alarms.running = NULL;
		a = earliest();
		at = a ? a->at : KEEL_FOREVER;
		if (at <= now) {
			alarms.running = a;
			expires(a, now);
		}
		unlock();
		if (at > now)
			return at;
		a->handler(a->arg);
	}
}

static void *alarm_thread(void *arg)
{
	for (;;)
		if (keel_sem_timedwait(&alarms.wake, run_due()) == -EAGAIN)
			usleep(1000);
	return arg;
}

static int thread_begin(void)
{
	struct keel_thread_attr attr = { .name = "alarms", .prio = PRIO, .cpu = -1, .stack = STACK };
	int err = keel_mutex_create(&alarms.lock);

	if (err)
		return err;
	err = keel_sem_create(&alarms.wake, 0, KEEL_SEM_MAX);
	if (!err) {
		err = keel_thread_create(&alarms.thread, &attr, alarm_thread, NULL);
		if (!err)
			return 0;
		keel_sem_delete(&alarms.wake);
	}
	keel_mutex_delete(&alarms.lock);
	return err;
}

static int thread_get(void)
{
	int err = 0;

	pthread_mutex_lock(&alarms.begin);
	if (!alarms.started)
		err = thread_begin();
	if (!err)
		alarms.started = 1;
	pthread_mutex_unlock(&alarms.begin);
	return err;
}

/* The parent has the thread. */
static void fork_child(void)
{
	pthread_mutex_init(&alarms.begin, NULL);
	alarms.started = 0;
	alarms.all = NULL;
	alarms.running = NULL;
}

__attribute__((constructor)) static void begin(void)
{
	pthread_atfork(NULL, NULL, fork_child);
}

/* ---- calls -------------------------------------------------------------------------------------------- */

static void put_locked(struct alarm *a)
{
	a->next = alarms.all;
	alarms.all = a;
}

static int put(struct alarm *a)
{
	int err = lock();

	if (err)
		return err;
	put_locked(a);
	unlock();
	return 0;
}

int rt_alarm_create(RT_ALARM *alarm, const char *name, void (*handler)(void *arg), void *arg)
{
	struct alarm *a;
	int err = handler ? alchemy_inband() : -EINVAL;

	if (!err)
		err = thread_get();
	if (err)
		return err;
	a = alchemy_object_new(ALCHEMY_ALARM, sizeof(*a), name);
	if (!a)
		return -ENOMEM;
	a->handler = handler;
	a->arg = arg;
	a->at = KEEL_FOREVER;
	err = alchemy_object_publish(&a->o);
	if (!err)
		err = ALCHEMY_CALL(put(a));
	if (err)
		alchemy_object_free(&a->o);
	else
		alarm->handle = a->o.handle;
	return err;
}

static int take_off(struct alarm *a)
{
	struct alarm **at;
	int err = lock();

	if (err)
		return err;
	for (at = &alarms.all; *at && *at != a; at = &(*at)->next)
		;
	err = *at ? 0 : -EINVAL;	/* another thread was faster */
	if (*at)
		*at = a->next;
	while (alarms.running == a) {
		unlock();
		keel_sleep(100000);
		if (lock())
			return -EAGAIN;
	}
	unlock();
	return err;
}

int rt_alarm_delete(RT_ALARM *alarm)
{
	struct alarm *a = alchemy_object_find(ALCHEMY_HANDLE(alarm), ALCHEMY_ALARM);
	int err;

	if (!a)
		return -EINVAL;
	if (pthread_equal(pthread_self(), alarms.thread))
		return -EPERM;
	err = ALCHEMY_CALL(take_off(a));
	if (err)
		return err;
	keel_relax();
	alchemy_object_free(&a->o);
	return 0;
}

static int set(struct alarm *a, int64_t at, int64_t interval)
{
	int err = lock();

	if (err)
		return err;
	a->at = at;
	a->interval = interval;
	unlock();
	return at == KEEL_FOREVER ? 0 : keel_sem_post(&alarms.wake);
}

int rt_alarm_start(RT_ALARM *alarm, RTIME value, RTIME interval)
{
	struct alarm *a = alchemy_object_find(ALCHEMY_HANDLE(alarm), ALCHEMY_ALARM);
	int64_t at = value ? alchemy_rel(value) : keel_clock_ns(), step = rt_timer_ticks2ns(interval);

	if (!a || value == TM_NONBLOCK || at == KEEL_FOREVER || step < 0)
		return -EINVAL;
	return ALCHEMY_CALL(set(a, at, step));
}

int rt_alarm_stop(RT_ALARM *alarm)
{
	struct alarm *a = alchemy_object_find(ALCHEMY_HANDLE(alarm), ALCHEMY_ALARM);

	return a ? ALCHEMY_CALL(set(a, KEEL_FOREVER, 0)) : -EINVAL;
}

static int get(struct alarm *a, RT_ALARM_INFO *info)
{
	int err = lock();

	if (err)
		return err;
	info->expiries = a->expiries;
	info->active = a->at != KEEL_FOREVER;
	unlock();
	return 0;
}

int rt_alarm_inquire(RT_ALARM *alarm, RT_ALARM_INFO *info)
{
	struct alarm *a = alchemy_object_find(ALCHEMY_HANDLE(alarm), ALCHEMY_ALARM);

	if (!a)
		return -EINVAL;
	memcpy(info->name, a->o.name, sizeof(info->name));
	return ALCHEMY_CALL(get(a, info));
}
