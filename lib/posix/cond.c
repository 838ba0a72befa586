// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Condition variables: rule R2 of posix.h. The core's condition goes with a mutex of its own ("inner").
 *
 *	wait				signal
 *	waiters + 1; lock inner
 *	unlock the program's mutex
 *					lock its mutex, change, unlock
 *	core: wait, inner released	waiters > 0: lock inner; unlock inner; signal
 *	waiters - 1
 *	lock the program's mutex
 *
 * A signaller who changed what is waited for with the mutex held finds the waiter counted, and gets inner
 * only when it waits. That is all that inner is for: who is woken does not get it back.
 */
#include "posix.h"
#include "shared.h"

#define GOING		0x80000000u	/* or-ed to how many wait: it is to be destroyed when they have left */
#define GOING_NS	1000000000

/* Bits of __wrefs. */
#define COND_SHARED	1
#define COND_MONOTONIC	2

struct wait {
	struct posix_object *cond, *mutex;
	int cancel;
};

static int make(pthread_cond_t *c, struct posix_object *o)
{
	if (c->__data.__wrefs & COND_SHARED || keel_cond_create(&o->cond))
		return -1;
	if (!keel_mutex_create(&o->mutex))
		return 0;
	keel_cond_delete(&o->cond);
	return -1;
}

/* The caller holds the mutex. */
static struct posix_object *hold(pthread_cond_t *c)
{
	struct posix_object *at = posix_object_find(c, POSIX_COND), o = { .type = POSIX_COND };

	if (at || make(c, &o))
		return at;
	at = posix_object_add(c, &o);
	if (at && at->cond.id == o.cond.id) {
		REAL(pthread_cond_broadcast)(c);
	} else {
		keel_cond_delete(&o.cond);
		keel_mutex_delete(&o.mutex);
	}
	return at;
}

/* A process that was killed with it has left nothing half done. */
static int inner_lock(struct posix_object *o)
{
	int err = posix_mutex_take(o, CLOCK_MONOTONIC, NULL);

	return err == EOWNERDEAD ? 0 : err;
}

/* It is the caller's afterwards, as it may be already. */
static int inner_have(struct posix_object *o)
{
	int err = inner_lock(o);

	return !err || err == EDEADLK;
}

/* What the core's wait returns when it came to one, that is, without inner. */
static int has_waited(long ret)
{
	return !ret || ret == -ETIMEDOUT || ret == -EINTR;
}

/* Who waits for it to be left goes on, with inner, when the caller has let go of that. */
static __attribute__((noinline)) void last_left(struct posix_object *o)
{
	if (inner_lock(o))
		return;
	__atomic_and_fetch(o->word, ~GOING, __ATOMIC_SEQ_CST);
	keel_cond_broadcast(&o->cond);
	posix_mutex_give(o);
}

/* Who is no longer counted does not touch the condition again: it may be destroyed, unless that is to be told:
 *
 *	the last one in a wait		pthread_cond_destroy()
 *					lock inner; going; counted: one
 *	counted: none, but going
 *	lock inner
 *					core: wait, inner released
 *	not going; broadcast
 *	unlock inner
 *					has inner; not going any more: unlock it, destroy
 */
static void wait_end(struct wait *w, int has_inner)
{
	if (__builtin_expect(has_inner, 0))
		posix_mutex_give(w->cond);
	if (__builtin_expect(__atomic_sub_fetch(w->cond->word, 1, __ATOMIC_SEQ_CST) == GOING, 0))
		last_left(w->cond);
	posix_leave();
}

/* Until then nobody destroys it. */
static int lock_again(struct wait *w)
{
	int err = posix_mutex_take(w->mutex, CLOCK_MONOTONIC, NULL);

	__atomic_sub_fetch(&w->mutex->waits, 1, __ATOMIC_RELAXED);
	return err;
}

/* No signal was spent on who is cancelled: cancel.c. */
static void cancelled(void *arg)
{
	struct wait *w = arg;

	wait_end(w, inner_have(w->cond));
	lock_again(w);
}

static long core_wait(struct wait *w, clockid_t clock, int64_t until)
{
	long ret;

	pthread_cleanup_push(cancelled, w);
	ret = posix_wait_call(KEEL_CALL_COND_LEAVE, libkeel_id_on(clock, w->cond->cond.id),
			      w->cond->mutex.id, until, 0, 0);
	pthread_cleanup_pop(0);
	return ret;
}

static int wait(struct wait *w, clockid_t clock, const struct timespec *until)
{
	int err = posix_enter(), again;
	long ret;

	if (err)
		return err;
	err = inner_lock(w->cond);
	if (err) {
		posix_leave();
		return err;
	}
	__atomic_add_fetch(w->cond->word, 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&w->mutex->waits, 1, __ATOMIC_RELAXED);
	err = posix_mutex_give(w->mutex);
	if (err) {
		__atomic_sub_fetch(&w->mutex->waits, 1, __ATOMIC_RELAXED);
		wait_end(w, 1);
		return err;
	}
	ret = core_wait(w, clock, posix_ns(until));
	wait_end(w, !has_waited(ret) && inner_have(w->cond));
	if (ret && ret != -ETIMEDOUT)
		posix_again(ret);	/* for nothing, as POSIX allows */
	again = lock_again(w);
	return again ? again : ret == -ETIMEDOUT ? ETIMEDOUT : 0;
}

static int glibc_wait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
		      const struct timespec *until)
{
	struct posix_object *o;
	int err, again;

	if (!until)
		err = REAL(pthread_cond_wait)(c, m);
	else
		err = REAL(pthread_cond_clockwait)(c, m, clock, until);
	o = posix_is_active() ? posix_object_find(m, POSIX_MUTEX) : NULL;
	if (!o)
		return err;
	REAL(pthread_mutex_unlock)(m);
	again = posix_mutex_take(o, CLOCK_MONOTONIC, NULL);
	return again ? again : err;
}

int posix_cond_wait(enum posix_call call, pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
		    const struct timespec *until)
{
	int rt = posix_is_active() && posix_is_rt(), err;
	struct wait w = { NULL };

	if (until && !posix_time_ok(until))
		return EINVAL;
	err = posix_object_of(c, POSIX_COND, &w.cond);
	if (err)
		return err;
	if (posix_is_active() || posix_shared_is(m, POSIX_MUTEX)) {
		w.mutex = posix_mutex_hold(m, rt || w.cond);
		if (w.mutex && !w.cond)
			w.cond = hold(c);
		if (w.mutex && w.cond) {
			posix_me()->counts.core[call]++;
			return wait(&w, clock, until);
		}
		if (w.mutex || w.cond)
			return EINVAL;	/* one is process-shared, or there is no room */
	}
	posix_me()->counts.glibc[call]++;
	return glibc_wait(c, m, clock, until);
}

static clockid_t clock_of(const pthread_cond_t *c)
{
	if (posix_shared_is(c, POSIX_COND))
		return ((const struct posix_shared *)c)->a;
	return c->__data.__wrefs & COND_MONOTONIC ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

int __wrap_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	return posix_cond_wait(POSIX_CALL_pthread_cond_wait, c, m, CLOCK_MONOTONIC, NULL);
}
EXPORT(pthread_cond_wait);

int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until)
{
	return posix_cond_wait(POSIX_CALL_pthread_cond_timedwait, c, m, clock_of(c), until);
}
EXPORT(pthread_cond_timedwait);

int __wrap_pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
				  const struct timespec *until)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	return posix_cond_wait(POSIX_CALL_pthread_cond_clockwait, c, m, clock, until);
}
EXPORT(pthread_cond_clockwait);

/* ---- signals ------------------------------------------------------------------------------------------- */

static int core_signal(struct posix_object *o, int all)
{
	int err;

	if (!__atomic_load_n(o->word, __ATOMIC_SEQ_CST))
		return 0;
	err = posix_enter();
	if (err)
		return err;
	err = inner_lock(o);
	if (!err) {
		posix_mutex_give(o);
		if (all)
			keel_cond_broadcast(&o->cond);
		else
			keel_cond_signal(&o->cond);
	}
	posix_leave();
	return err;
}

int posix_cond_signal(enum posix_call call, pthread_cond_t *c, int all)
{
	struct posix_object *o;
	int err = posix_object_of(c, POSIX_COND, &o);

	if (err)
		return err;
	if (!o) {
		posix_me()->counts.glibc[call]++;
		err = all ? REAL(pthread_cond_broadcast)(c) : REAL(pthread_cond_signal)(c);
		if (!posix_is_active())
			return err;
		o = posix_object_find(c, POSIX_COND);
	} else {
		posix_me()->counts.core[call]++;
	}
	return o ? core_signal(o, all) : err;
}

int __wrap_pthread_cond_signal(pthread_cond_t *c)
{
	return posix_cond_signal(POSIX_CALL_pthread_cond_signal, c, 0);
}
EXPORT(pthread_cond_signal);

int __wrap_pthread_cond_broadcast(pthread_cond_t *c)
{
	return posix_cond_signal(POSIX_CALL_pthread_cond_broadcast, c, 1);
}
EXPORT(pthread_cond_broadcast);

int __wrap_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr)
{
	int err;

	posix_object_forget(c);
	GLIBC(pthread_cond_init);
	err = REAL(pthread_cond_init)(c, attr);
	if (!err && (c->__data.__wrefs & COND_SHARED))
		posix_shared_begin(c, POSIX_COND, clock_of(c), 0);
	return err;
}
EXPORT(pthread_cond_init);

/* Those who were woken are soon out of their waits; no one else may be in one. */
static int all_left(struct posix_object *o)
{
	int64_t until = posix_later(keel_clock_ns(), GOING_NS);
	long ret = 0;

	if (!__atomic_load_n(o->word, __ATOMIC_SEQ_CST))
		return 1;
	if (posix_enter())
		return 0;
	if (inner_lock(o)) {
		posix_leave();
		return 0;
	}
	if (__atomic_fetch_or(o->word, GOING, __ATOMIC_SEQ_CST))
		while (has_waited(ret) && ret != -ETIMEDOUT && __atomic_load_n(o->word, __ATOMIC_SEQ_CST)) {
			ret = libkeel_call3(KEEL_CALL_COND_LEAVE, o->cond.id, o->mutex.id, until);
			inner_have(o);
		}
	__atomic_and_fetch(o->word, ~GOING, __ATOMIC_SEQ_CST);
	posix_mutex_give(o);
	posix_leave();
	return !__atomic_load_n(o->word, __ATOMIC_SEQ_CST);
}

int __wrap_pthread_cond_destroy(pthread_cond_t *c)
{
	struct posix_object *o;
	int err = posix_object_of(c, POSIX_COND, &o);

	if (err)
		return err;
	if (o && !all_left(o))
		return EBUSY;
	if (posix_shared_is(c, POSIX_COND))
		return posix_shared_end(c, POSIX_COND);
	err = posix_object_drop(c);
	GLIBC(pthread_cond_destroy);
	return err ? err : REAL(pthread_cond_destroy)(c);
}
EXPORT(pthread_cond_destroy);
