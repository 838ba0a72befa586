// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Semaphores: rules R3 and R4 of posix.h. The core's is a count in memory, below 0 by how many wait, and a
 * semaphore of Keel's by which those are let go, the best first: nobody comes in between. Who gives up
 * is not counted any more, unless a post has already been made for it, which it takes; Keel's post for that may
 * be yet to come, or be taken by another, so it is a debt, which the next one to get one of Keel's pays, and waits on:
 *
 *	post			wait, timed out		another wait
 *	count -1 -> 0
 *				count is 0: debt 1
 *				takes the post
 *							count 0 -> -1; Keel: waits
 *	Keel's post
 *							gets it; debt 0; Keel: waits
 *
 * Count and debt change in one step there: had the other one come first, the count would be -1, and 0 then, and
 * the time of the first one had passed. Keel's posts that are made or on their way are as many as wait and are
 * not counted below 0, and the debt.
 */
#include <limits.h>
#include "posix.h"
#include "shared.h"

/* What sem_init() leaves behind, as glibc lays it out: named and process-shared ones are marked. */
struct layout {
	uint64_t data;
	int shared;
};

static int fail(int err)
{
	errno = err;
	return -1;
}

/* Let one who waits at glibc's level go, or stay to be found by one who comes. */
static void kick(struct posix_object *o, sem_t *s)
{
	__atomic_add_fetch(&o->kicks, 1, __ATOMIC_SEQ_CST);
	REAL(sem_post)(s);
}

/* @n posts were taken at glibc's level: how many of them were true. */
static int true_posts(struct posix_object *o, int n)
{
	int kicks = __atomic_load_n(&o->kicks, __ATOMIC_SEQ_CST), false_ones;

	do
		false_ones = n < kicks ? n : kicks;
	while (!__atomic_compare_exchange_n(&o->kicks, &kicks, kicks - false_ones, 0,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	return n - false_ones;
}

/* Let one who waits go on. */
static int grant(struct posix_object *o)
{
	int err = posix_enter();
	long ret;

	if (err)
		return err;
	do
		ret = keel_sem_post(&o->sem);
	while (ret && ret != -EOVERFLOW && posix_again(ret));
	posix_leave();
	return -ret;
}

static inline int add_one(int *count, int *old)
{
	return __atomic_compare_exchange_n(count, old, *old + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* 1: done, as nobody waits. */
static inline int post_free(int *count)
{
	int old = __atomic_load_n(count, __ATOMIC_RELAXED);

	while ((unsigned int)old < SEM_VALUE_MAX)
		if (add_one(count, &old))
			return 1;
	return 0;
}

static int core_post(struct posix_object *o)
{
	int *count = (int *)o->word;
	int old = __atomic_load_n(count, __ATOMIC_RELAXED);

	do
		if (old == SEM_VALUE_MAX)
			return EOVERFLOW;
	while (!add_one(count, &old));
	return old < 0 ? grant(o) : 0;
}

/* As so many times trywait at glibc's level. */
static unsigned int take_all(sem_t *s)
{
	uint64_t *data = &((struct layout *)s)->data, now = __atomic_load_n(data, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(data, &now, now & ~0xffffffffull, 0, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED))
		;
	return (uint32_t)now;
}

/* @n posts at once, which let as many go as wait. */
static void post_all(struct posix_object *o, int n)
{
	int *count = (int *)o->word;
	int old = __atomic_load_n(count, __ATOMIC_RELAXED), new;

	do
		new = old > SEM_VALUE_MAX - n ? SEM_VALUE_MAX : old + n;
	while (!__atomic_compare_exchange_n(count, &old, new, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	for (; old < 0 && n > 0; old++, n--)
		grant(o);
}

/* What was posted at glibc's level is the core's. */
static void move(struct posix_object *o, sem_t *s)
{
	int n = true_posts(o, take_all(s));

	if (n > 0)
		post_all(o, n);
	kick(o, s);
}

static struct posix_object *convert(sem_t *s)
{
	struct posix_object o = { .type = POSIX_SEM }, *at;

	if (((struct layout *)s)->shared || keel_sem_create(&o.sem, 0, KEEL_SEM_MAX))
		return NULL;
	at = posix_object_add(s, &o);
	if (at && at->sem.id == o.sem.id)
		move(at, s);
	else
		keel_sem_delete(&o.sem);	/* two at a time: the first one's counts */
	return at;
}

/* The core's, or made so by a real-time thread. */
static int hold(sem_t *s, struct posix_object **o)
{
	int err = posix_object_of(s, POSIX_SEM, o);

	if (!err && !*o && posix_is_active() && posix_is_rt())
		*o = convert(s);
	return err;
}

/* ---- waiting ---------------------------------------------------------------------------------------- */

static inline int take(int *count)
{
	int old = __atomic_load_n(count, __ATOMIC_RELAXED);

	while (old > 0)
		if (__atomic_compare_exchange_n(count, &old, old - 1, 0, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return 1;
	return 0;
}

/* The caller waits no more: 0, or 1: a post was made for it, and is the caller's. */
static int withdraw(struct posix_object *o)
{
	uint64_t *both = (uint64_t *)(void *)o->word, old = __atomic_load_n(both, __ATOMIC_RELAXED), new;

	do
		new = (int)old < 0 ? (old & ~0xffffffffull) | (uint32_t)(old + 1) : old + (1ull << 32);
	while (!__atomic_compare_exchange_n(both, &old, new, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	return (int)old >= 0;
}

/* What the caller was let go by was owed: 1. */
static int pays(struct posix_object *o)
{
	uint32_t *debt = o->word + 1, old = __atomic_load_n(debt, __ATOMIC_RELAXED);

	while (__builtin_expect(old, 0))
		if (__atomic_compare_exchange_n(debt, &old, old - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return 1;
	return 0;
}

/* What was for it is another's. */
static void cancelled(void *arg)
{
	if (withdraw(arg))
		core_post(arg);
	posix_leave();
}

static int wait_for_grant(struct posix_object *o, clockid_t clock, int64_t until)
{
	long ret;

	pthread_cleanup_push(cancelled, o);
	do
		ret = posix_wait_call(KEEL_CALL_SEM_WAIT, libkeel_id_on(clock, o->sem.id), until, 0, 0, 0);
	while (ret ? ret != -EINTR && posix_again(ret) : pays(o));
	pthread_cleanup_pop(0);
	return ret && withdraw(o) ? 0 : -ret;
}

static int core_wait(struct posix_object *o, clockid_t clock, const struct timespec *until)
{
	int err;

	pthread_testcancel();
	if (take((int *)o->word))
		return 0;
	err = posix_enter();
	if (err)
		return err;
	if (__atomic_fetch_sub((int *)o->word, 1, __ATOMIC_SEQ_CST) <= 0)
		err = wait_for_grant(o, clock, posix_ns(until));
	posix_leave();
	return err;
}

/* glibc's own call for a clock looks for a cancellation only when it has to wait. */
static int glibc_wait(sem_t *s, clockid_t clock, const struct timespec *until)
{
	pthread_testcancel();
	return until ? REAL(sem_clockwait)(s, clock, until) : REAL(sem_wait)(s);
}

/* A post was taken at glibc's level: 1 if it was a true one. */
static int was_true(struct posix_object *o, sem_t *s)
{
	if (true_posts(o, 1))
		return 1;
	kick(o, s);
	return 0;
}

static int do_wait(enum posix_call call, sem_t *s, clockid_t clock, const struct timespec *until)
{
	struct posix_object *o;
	int err;

	if (until && !posix_time_ok(until))
		return fail(EINVAL);
	err = hold(s, &o);
	if (err)
		return fail(err);
	if (!o) {
		posix_me()->counts.glibc[call]++;
		err = glibc_wait(s, clock, until);
		if (err || !posix_is_active())
			return err;
		o = posix_object_find(s, POSIX_SEM);
		if (!o || was_true(o, s))
			return 0;
	}
	posix_me()->counts.core[call]++;
	err = core_wait(o, clock, until);
	return err ? fail(err) : 0;
}

/* Apart, so that a free one saves no registers. */
static __attribute__((noinline)) int wait_long(sem_t *s)
{
	return do_wait(POSIX_CALL_sem_wait, s, CLOCK_MONOTONIC, NULL);
}

int __wrap_sem_wait(sem_t *s)
{
	struct posix_object *o = posix_object_quick(s, POSIX_SEM);

	if (!o)
		return wait_long(s);
	pthread_testcancel();
	if (!take((int *)&o->own))
		return wait_long((sem_t *)o->at);
	posix_self.counts.core[POSIX_CALL_sem_wait]++;
	return 0;
}
EXPORT(sem_wait);

int __wrap_sem_timedwait(sem_t *s, const struct timespec *until)
{
	return do_wait(POSIX_CALL_sem_timedwait, s, CLOCK_REALTIME, until);
}
EXPORT(sem_timedwait);

int __wrap_sem_clockwait(sem_t *s, clockid_t clock, const struct timespec *until)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return fail(EINVAL);
	return do_wait(POSIX_CALL_sem_clockwait, s, clock, until);
}
EXPORT(sem_clockwait);

int __wrap_sem_trywait(sem_t *s)
{
	struct posix_object *o;
	int err = hold(s, &o);

	if (err)
		return fail(err);
	if (!o) {
		GLIBC(sem_trywait);
		err = REAL(sem_trywait)(s);
		if (err || !posix_is_active())
			return err;
		o = posix_object_find(s, POSIX_SEM);
		if (!o || was_true(o, s))
			return 0;
	}
	CORE(sem_trywait);
	return take((int *)o->word) ? 0 : fail(EAGAIN);
}
EXPORT(sem_trywait);

/* ---- the rest ------------------------------------------------------------------------------------------ */

/* Also from a signal handler inside libkeel: those who wait at the core's level must not miss it. */
static __attribute__((noinline)) int do_post(sem_t *s)
{
	struct posix_object *o;
	int err = hold(s, &o);

	if (err)
		return fail(err);
	if (o) {
		CORE(sem_post);
		err = core_post(o);
		return err ? fail(err) : 0;
	}
	GLIBC(sem_post);
	err = REAL(sem_post)(s);
	o = __atomic_load_n(&posix_active, __ATOMIC_ACQUIRE) ? posix_object_find(s, POSIX_SEM) : NULL;
	if (!err && o)
		move(o, s);
	return err;
}

int __wrap_sem_post(sem_t *s)
{
	struct posix_object *o = posix_object_quick(s, POSIX_SEM);

	if (o && post_free((int *)&o->own)) {
		posix_self.counts.core[POSIX_CALL_sem_post]++;
		return 0;
	}
	return do_post(s);
}
EXPORT(sem_post);

int __wrap_sem_getvalue(sem_t *s, int *value)
{
	struct posix_object *o;
	int ret = posix_object_of(s, POSIX_SEM, &o);

	if (ret)
		return fail(ret);
	if (!o) {
		GLIBC(sem_getvalue);
		return REAL(sem_getvalue)(s, value);
	}
	CORE(sem_getvalue);
	ret = __atomic_load_n((int *)o->word, __ATOMIC_RELAXED);
	*value = ret > 0 ? ret : 0;
	return 0;
}
EXPORT(sem_getvalue);

int __wrap_sem_init(sem_t *s, int shared, unsigned int value)
{
	int err;

	posix_object_forget(s);
	GLIBC(sem_init);
	err = REAL(sem_init)(s, shared, value);
	if (!err && shared)
		posix_shared_begin(s, POSIX_SEM, value, 0);
	return err;
}
EXPORT(sem_init);

int __wrap_sem_destroy(sem_t *s)
{
	int err;

	GLIBC(sem_destroy);
	if (posix_shared_is(s, POSIX_SEM)) {
		err = posix_shared_end(s, POSIX_SEM);
		return err ? fail(err) : 0;
	}
	posix_object_drop(s);
	return REAL(sem_destroy)(s);
}
EXPORT(sem_destroy);
