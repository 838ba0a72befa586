// SPDX-License-Identifier: GPL-2.0
/*
 * Keel calls.
 */
#include <keel/abi.h>
#include "native.h"
#include "nucleus/sched.h"

static struct native_mutex *mutex_get(struct native_space *s, unsigned long id)
{
	return id < KEEL_MAX_MUTEXES ? &s->mutexes[id] : 0;
}

void native_space_init(struct native_space *s)
{
	for (int id = 0; id < KEEL_MAX_MUTEXES; id++) {
		nk_mutex_init(&s->mutexes[id].m);
		nk_mutex_destroy(&s->mutexes[id].m);
	}
}

int native_mutex_create(struct native_space *s)
{
	for (int id = 0; id < KEEL_MAX_MUTEXES; id++) {
		struct native_mutex *m = &s->mutexes[id];

		if (m->live)
			continue;
		nk_mutex_revive(&m->m);
		m->live = 1;
		return id;
	}
	return -NK_ENOSPC;
}

int native_mutex_delete(struct native_space *s, unsigned int id)
{
	struct native_mutex *m = mutex_get(s, id);
	int err;

	if (!m)
		return -NK_EINVAL;
	err = nk_mutex_destroy(&m->m);
	if (!err)
		m->live = 0;
	return err;
}

int native_mutexes(const struct native_space *s)
{
	int n = 0;

	for (int id = 0; id < KEEL_MAX_MUTEXES; id++)
		n += s->mutexes[id].live;
	return n;
}

static long period_set(unsigned long first, unsigned long period)
{
	nk_time_t p = (nk_time_t)period;

	if (p && (p < KEEL_PERIOD_MIN_NS || p > KEEL_PERIOD_MAX_NS))
		return -NK_EINVAL;
	if ((nk_time_t)first < 0)
		return -NK_EINVAL;
	return nk_thread_set_periodic(nk_thread_current(), (nk_time_t)first, p);
}

/* Flattened: the way back from the most frequent wait. */
static __attribute__((flatten)) long period_wait(void)
{
	unsigned long overruns = 0;
	int err = nk_thread_wait_period(&overruns);

	return err ? err : (long)overruns;
}

static long prio_set(unsigned long prio)
{
	if (prio < KEEL_PRIO_MIN || prio > KEEL_PRIO_MAX)
		return -NK_EINVAL;
	nk_thread_set_prio(nk_thread_current(), (int)prio);
	return 0;
}

static long mutex_call(struct native_space *s, long nr, unsigned long id, unsigned long until)
{
	struct native_mutex *m = mutex_get(s, id);

	if (!m)
		return -NK_EINVAL;
	switch (nr) {
	case KEEL_CALL_MUTEX_LOCK:
		if ((nk_time_t)until < 0)
			return -NK_EINVAL;
		return nk_mutex_lock(&m->m, (nk_time_t)until);
	case KEEL_CALL_MUTEX_TRYLOCK:
		return nk_mutex_trylock(&m->m);
	default:
		return nk_mutex_unlock(&m->m);
	}
}

long native_call(struct native_space *s, long nr, unsigned long a, unsigned long b)
{
	switch (nr) {
	case KEEL_CALL_PERIOD_WAIT:
		return period_wait();
	case KEEL_CALL_SLEEP_UNTIL:
		return (nk_time_t)a < 0 ? -NK_EINVAL : nk_sleep_until((nk_time_t)a);
	case KEEL_CALL_PERIOD_SET:
		return period_set(a, b);
	case KEEL_CALL_MUTEX_LOCK:
	case KEEL_CALL_MUTEX_TRYLOCK:
	case KEEL_CALL_MUTEX_UNLOCK:
		return mutex_call(s, nr, a, b);
	case KEEL_CALL_PRIORITY_SET:
		return prio_set(a);
	case KEEL_CALL_CLOCK:
		return hal_clock_now();
	case KEEL_CALL_YIELD:
		nk_yield();
		return 0;
	default:
		return -NK_EINVAL;
	}
}
