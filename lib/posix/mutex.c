// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Mutexes: rule R1 of posix.h. "Settle" is what follows glibc's lock: stay there, convert, or go to
 * the core after all.
 */
#include "posix.h"
#include "shared.h"

/* Bits of __kind, as glibc lays them out for good: they stand in static initialisers and in binaries. */
#define KIND_TYPE	3
#define KIND_ROBUST	16
#define KIND_INHERIT	32
#define KIND_PROTECT	64
#define KIND_SHARED	128

/* ---- the core's ----------------------------------------------------------------------------------- */

static int swap(uint32_t *word, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(word, &from, to, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* The word of one of Keel's, which an attached thread may take in-band as well: nothing tells that from
 * one that went in-band right afterwards. */
static uint32_t *word_of(const struct keel_mutex *m)
{
	struct keel_word *w;

	if (!libkeel_self.heap)
		return NULL;
	w = &libkeel_self.heap[m->id % KEEL_MAX_OBJECTS];
	return w->id == m->id ? &w->word : NULL;
}

static int take_fast(struct posix_object *o)
{
	uint32_t *word;

	if (o->plain)
		return swap(o->word, 0, 1);
	word = word_of(&o->mutex);
	return word && swap(word, KEEL_WORD_FREE, libkeel_self.number);
}

/* Whoever has to wait leaves a 2, so the unlock posts: once too often at worst, which a waiter finds out. */
static int plain_wait(struct posix_object *o, clockid_t clock, int64_t until)
{
	while (__atomic_exchange_n(o->word, 2, __ATOMIC_SEQ_CST)) {
		long ret = keel_sem_clockwait(&o->sem, clock, until);

		if (ret && !posix_again(ret))
			return -ret;
	}
	return 0;
}

/* ---- one that is not robust, when its owner has ended ------------------------------------------------ */

/*
 * Nobody gets it any more, as glibc has it. The core gives it to the next one, with EOWNERDEAD; that one keeps
 * it there, and the word says so: who finds that, the same one too, waits for its time to pass.
 */
static int is_stalled(const struct posix_object *o)
{
	return o->type == POSIX_MUTEX && __atomic_load_n(o->word, __ATOMIC_ACQUIRE);
}

/* What came of locking it. */
static int stalls(struct posix_object *o, int err)
{
	const pthread_mutex_t *m = o->at;

	if (err != EOWNERDEAD || o->type != POSIX_MUTEX ||
	    (o->shared ? o->shared->a & KEEL_MUTEX_ROBUST : m->__data.__kind & KIND_ROBUST))
		return 0;
	__atomic_store_n(o->word, 1, __ATOMIC_RELEASE);
	return 1;
}

static int stalled_wait(clockid_t clock, int64_t until)
{
	long ret;

	do
		ret = libkeel_call(KEEL_CALL_CLOCK_SLEEP, clock == CLOCK_REALTIME ? KEEL_REALTIME : 0, until);
	while (ret && posix_again(ret));
	return ret ? -ret : ETIMEDOUT;
}

static int keel_wait(struct posix_object *o, clockid_t clock, int64_t until)
{
	long ret;

	if (is_stalled(o))
		return stalled_wait(clock, until);
	do
		ret = keel_mutex_clocklock(&o->mutex, clock, until);
	while (ret == -EINTR || (ret == -EAGAIN && !keel_is_hard() && posix_again(ret)));
	return stalls(o, -ret) ? stalled_wait(clock, until) : -ret;
}

static int checks_errors(const struct posix_object *o)
{
	const pthread_mutex_t *m = o->at;

	return o->shared ? (o->shared->a & ~KEEL_MUTEX_ROBUST) == KEEL_MUTEX_ERRORCHECK :
			   (m->__data.__kind & KIND_TYPE) == PTHREAD_MUTEX_ERRORCHECK_NP;
}

/* Without a wait. */
static int take_now(struct posix_object *o)
{
	int err;

	if (take_fast(o))
		return 0;
	if (o->plain || is_stalled(o))
		return EBUSY;
	err = posix_enter();
	if (err)
		return err;
	err = -keel_mutex_trylock(&o->mutex);
	posix_leave();
	return stalls(o, err) ? EBUSY : err;
}

int posix_mutex_take(struct posix_object *o, clockid_t clock, const struct timespec *until)
{
	int err;

	if (take_fast(o))
		return 0;
	if (until && !posix_time_ok(until)) {
		err = take_now(o);
		return err == EBUSY || (err == EDEADLK && !checks_errors(o)) ? EINVAL : err;
	}
	err = posix_enter();
	if (err)
		return err;
	err = o->plain ? plain_wait(o, clock, posix_ns(until)) : keel_wait(o, clock, posix_ns(until));
	posix_leave();
	return err;
}

static int try_take(struct posix_object *o)
{
	int err = take_now(o);

	return err == EDEADLK ? EBUSY : err;
}

static int give_slow(struct posix_object *o)
{
	int err = posix_enter();

	if (err)
		return err;
	if (o->plain)
		err = keel_sem_post(&o->sem) == -EPERM ? EPERM : 0;	/* the rest: it is posted already */
	else
		err = -keel_mutex_unlock(&o->mutex);
	posix_leave();
	return err;
}

int posix_mutex_give(struct posix_object *o)
{
	uint32_t *word;

	if (o->plain)
		return __atomic_exchange_n(o->word, 0, __ATOMIC_SEQ_CST) == 2 ? give_slow(o) : 0;
	word = word_of(&o->mutex);
	if (word && swap(word, libkeel_self.number, KEEL_WORD_FREE))
		return 0;
	return give_slow(o);
}

/* ---- conversion -------------------------------------------------------------------------------------- */

/* The library's own must not depend on itself. */
static int may_convert(const pthread_mutex_t *m)
{
	return !(m->__data.__kind & KIND_SHARED) && m->__data.__count <= 1 &&
	       m != &libkeel_device.lock;
}

static int keel_kind(int kind)
{
	static const int types[] = {
		[PTHREAD_MUTEX_TIMED_NP] = KEEL_MUTEX_NORMAL,
		[PTHREAD_MUTEX_RECURSIVE_NP] = KEEL_MUTEX_RECURSIVE,
		[PTHREAD_MUTEX_ERRORCHECK_NP] = KEEL_MUTEX_ERRORCHECK,
		[PTHREAD_MUTEX_ADAPTIVE_NP] = KEEL_MUTEX_NORMAL,
	};

	return types[kind & KIND_TYPE] | (kind & KIND_ROBUST ? KEEL_MUTEX_ROBUST : 0);
}

/* An object of the core's, taken by the caller. */
static int make_plain(struct posix_object *o)
{
	o->plain = 1;
	o->own = 1;
	o->word = &o->own;
	return keel_sem_create(&o->sem, 0, 1);
}

static int make_keel(struct posix_object *o, const pthread_mutex_t *m)
{
	int ceiling = 0, err;

	o->word = &o->own;
	if (m->__data.__kind & KIND_PROTECT)
		REAL(pthread_mutex_getprioceiling)(m, &ceiling);
	err = keel_mutex_create_as(&o->mutex, keel_kind(m->__data.__kind), ceiling);
	if (err)
		return err;
	err = posix_enter();
	if (!err) {
		err = posix_mutex_take(o, CLOCK_MONOTONIC, NULL);
		posix_leave();
	}
	if (err)
		keel_mutex_delete(&o->mutex);
	return err;
}

static int is_plain(const pthread_mutex_t *m)
{
	return !(m->__data.__kind & (KIND_ROBUST | KIND_INHERIT | KIND_PROTECT)) &&
	       keel_kind(m->__data.__kind) == KEEL_MUTEX_NORMAL;
}

/* Just initialised. */
static void share(pthread_mutex_t *m)
{
	int ceiling = 0;

	if (m->__data.__kind & KIND_PROTECT)
		REAL(pthread_mutex_getprioceiling)(m, &ceiling);
	posix_shared_begin(m, POSIX_MUTEX, is_plain(m) ? POSIX_PLAIN : keel_kind(m->__data.__kind), ceiling);
}

/* The caller holds @m at glibc's level, and will at the core's; NULL: it stays. */
static struct posix_object *convert(pthread_mutex_t *m)
{
	int plain = is_plain(m);
	struct posix_object o = { .type = POSIX_MUTEX }, *at;

	if (!may_convert(m) || (plain ? make_plain(&o) : make_keel(&o, m)))
		return NULL;
	at = posix_object_add(m, &o);
	if (at) {
		REAL(pthread_mutex_unlock)(m);
		return at;
	}
	if (plain)
		keel_sem_delete(&o.sem);
	else if (!posix_mutex_give(&o))
		keel_mutex_delete(&o.mutex);
	return NULL;
}

struct posix_object *posix_mutex_hold(pthread_mutex_t *m, int convert_it)
{
	struct posix_object *o;

	if (posix_object_of(m, POSIX_MUTEX, &o))
		return NULL;
	return o || !convert_it ? o : convert(m);
}

/* ---- locking ------------------------------------------------------------------------------------------- */

struct want {
	enum posix_call call;
	enum posix_how how;
	clockid_t clock;
	const struct timespec *until;
};

static int glibc_lock(pthread_mutex_t *m, const struct want *w)
{
	switch (w->how) {
	case POSIX_LOCK:
		return REAL(pthread_mutex_lock)(m);
	case POSIX_TRYLOCK:
		return REAL(pthread_mutex_trylock)(m);
	default:
		return REAL(pthread_mutex_clocklock)(m, w->clock, w->until);
	}
}

static int core_lock(struct posix_object *o, const struct want *w)
{
	posix_me()->counts.core[w->call]++;
	return w->how == POSIX_TRYLOCK ? try_take(o) : posix_mutex_take(o, w->clock, w->until);
}

/* @m is the caller's at glibc's level. */
static int settle(pthread_mutex_t *m, const struct want *w)
{
	struct posix_object *o = posix_object_find(m, POSIX_MUTEX);

	if (o) {
		REAL(pthread_mutex_unlock)(m);
		return core_lock(o, w);
	}
	if (posix_is_rt() && convert(m))
		posix_me()->counts.core[w->call]++;
	else
		posix_me()->counts.glibc[w->call]++;
	return 0;
}

int posix_mutex_lock(enum posix_call call, enum posix_how how, pthread_mutex_t *m, clockid_t clock,
		     const struct timespec *until)
{
	const struct want w = { call, how, clock, until };
	struct posix_object *o;
	int err = posix_object_of(m, POSIX_MUTEX, &o);

	if (err)
		return err;
	if (o)
		return core_lock(o, &w);
	err = glibc_lock(m, &w);
	if (!err && posix_is_active())
		return settle(m, &w);
	posix_me()->counts.glibc[call]++;
	return err;
}

int posix_mutex_unlock(enum posix_call call, pthread_mutex_t *m)
{
	struct posix_object *o;
	int err = posix_object_of(m, POSIX_MUTEX, &o);

	if (err)
		return err;
	if (o) {
		posix_me()->counts.core[call]++;
		err = posix_mutex_give(o);
		return __builtin_expect(err, 0) ? posix_unlock_failed(err) : 0;
	}
	posix_me()->counts.glibc[call]++;
	return REAL(pthread_mutex_unlock)(m);
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
	struct posix_object *o = posix_object_quick(m, POSIX_MUTEX);

	if (o && take_fast(o)) {
		posix_self.counts.core[POSIX_CALL_pthread_mutex_lock]++;
		return 0;
	}
	return posix_mutex_lock(POSIX_CALL_pthread_mutex_lock, POSIX_LOCK, m, CLOCK_MONOTONIC, NULL);
}
EXPORT(pthread_mutex_lock);

int __wrap_pthread_mutex_trylock(pthread_mutex_t *m)
{
	return posix_mutex_lock(POSIX_CALL_pthread_mutex_trylock, POSIX_TRYLOCK, m, CLOCK_MONOTONIC,
				NULL);
}
EXPORT(pthread_mutex_trylock);

int __wrap_pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *until)
{
	return posix_mutex_lock(POSIX_CALL_pthread_mutex_timedlock, POSIX_TIMEDLOCK, m, CLOCK_REALTIME,
				until);
}
EXPORT(pthread_mutex_timedlock);

int __wrap_pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock, const struct timespec *until)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	return posix_mutex_lock(POSIX_CALL_pthread_mutex_clocklock, POSIX_TIMEDLOCK, m, clock, until);
}
EXPORT(pthread_mutex_clocklock);

int __wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
	struct posix_object *o = posix_object_quick(m, POSIX_MUTEX);

	if (o && o->plain) {
		posix_self.counts.core[POSIX_CALL_pthread_mutex_unlock]++;
		return posix_mutex_give(o);
	}
	return posix_mutex_unlock(POSIX_CALL_pthread_mutex_unlock, m);
}
EXPORT(pthread_mutex_unlock);

/* ---- the rest -------------------------------------------------------------------------------------------- */

int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
	int err;

	posix_object_forget(m);
	GLIBC(pthread_mutex_init);
	err = REAL(pthread_mutex_init)(m, attr);
	if (!err && (m->__data.__kind & KIND_SHARED))
		share(m);
	return err;
}
EXPORT(pthread_mutex_init);

int __wrap_pthread_mutex_destroy(pthread_mutex_t *m)
{
	int err;

	if (posix_shared_is(m, POSIX_MUTEX))
		return posix_shared_end(m, POSIX_MUTEX);
	err = posix_object_drop(m);
	GLIBC(pthread_mutex_destroy);
	return err ? err : REAL(pthread_mutex_destroy)(m);
}
EXPORT(pthread_mutex_destroy);

int __wrap_pthread_mutex_consistent(pthread_mutex_t *m)
{
	struct posix_object *o;
	int err = posix_object_of(m, POSIX_MUTEX, &o);

	if (err)
		return err;
	if (o && o->shared && o->plain)
		return EINVAL;
	if (!o || o->plain) {
		GLIBC(pthread_mutex_consistent);
		return REAL(pthread_mutex_consistent)(m);
	}
	CORE(pthread_mutex_consistent);
	err = posix_enter();
	if (err)
		return err;
	err = -keel_mutex_consistent(&o->mutex);
	posix_leave();
	return err == EPERM ? EINVAL : err;
}
EXPORT(pthread_mutex_consistent);

/* glibc's word, which nobody takes any more, keeps the ceiling to be read. */
int __wrap_pthread_mutex_getprioceiling(const pthread_mutex_t *m, int *ceiling)
{
	const struct posix_shared *s = (const struct posix_shared *)m;

	GLIBC(pthread_mutex_getprioceiling);
	if (posix_shared_is(m, POSIX_MUTEX)) {
		if (s->b)
			*ceiling = s->b;
		return s->b ? 0 : EINVAL;
	}
	return REAL(pthread_mutex_getprioceiling)(m, ceiling);
}
EXPORT(pthread_mutex_getprioceiling);

static int shared_ceiling(struct posix_shared *s, int ceiling, int *old)
{
	if (!s->b || ceiling < 1 || ceiling > KEEL_PRIO_MAX)
		return EINVAL;
	if (old)
		*old = s->b;
	s->b = ceiling;
	return 0;
}

int __wrap_pthread_mutex_setprioceiling(pthread_mutex_t *m, int ceiling, int *old)
{
	struct posix_object *o;
	int err = posix_object_of(m, POSIX_MUTEX, &o);

	if (!err && o)
		err = posix_mutex_take(o, CLOCK_MONOTONIC, NULL);
	if (err)
		return err;
	GLIBC(pthread_mutex_setprioceiling);
	if (o && !o->plain && !posix_enter()) {
		if (keel_mutex_ceiling_set(&o->mutex, ceiling) == -EPERM)
			err = EPERM;
		posix_leave();
	}
	if (!err)
		err = o && o->shared ? shared_ceiling(o->shared, ceiling, old) :
				       REAL(pthread_mutex_setprioceiling)(m, ceiling, old);
	if (o)
		posix_mutex_give(o);
	return err;
}
EXPORT(pthread_mutex_setprioceiling);
