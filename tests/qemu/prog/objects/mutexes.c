// SPDX-License-Identifier: GPL-2.0
/*
 * Rows on mutexes and condition variables.
 */
#include "objects.h"

static struct keel_mutex mutex;
static struct keel_cond cond;

/* ---- mutexes ------------------------------------------------------------------------------------- */

static int held, may_go;

static long mutex_use(void)
{
	int ret = keel_mutex_lock(&mutex);

	if (ret && ret != -EOWNERDEAD)
		return ret;
	note(0);
	must(keel_mutex_unlock(&mutex));
	return ret;
}

CALL(mutex_lock_20, keel_mutex_timedlock(&mutex, in(20)))
CALL(mutex_lock_real, keel_mutex_clocklock(&mutex, CLOCK_REALTIME, real_in(20)))
CALL(mutex_try_, keel_mutex_trylock(&mutex))
CALL(mutex_unlock_, keel_mutex_unlock(&mutex))

static void *holder(void *arg)
{
	long (*how)(void) = arg;

	must(keel_mutex_lock(&mutex));
	flag_set(&held, 1);
	if (how)
		return (void *)how();
	while (!flag_get(&may_go))
		must(keel_sleep(MS));
	must(keel_mutex_unlock(&mutex));
	return NULL;
}

static pthread_t holder_start(long (*how)(void))
{
	pthread_t thread;

	flag_set(&held, 0);
	flag_set(&may_go, 0);
	thread = hard_create("holder", 10, 0, holder, how);
	await(&held, 1, "the holder");
	return thread;
}

void mutex_fast(void)
{
	pthread_t thread;

	must(keel_open());
	must(keel_mutex_create(&mutex));
	thread = holder_start(NULL);
	check(eff_of("holder") == 10);
	check(hard_call(mutex_try_) == -EBUSY);
	check(hard_call(mutex_unlock_) == -EPERM);
	check(hard_call(mutex_lock_20) == -ETIMEDOUT);
	check(hard_call(mutex_lock_real) == -ETIMEDOUT);
	check(keel_mutex_delete(&mutex) == -EBUSY);
	waiter_start(0, 30, mutex_use);
	waiter_start(1, 40, mutex_use);
	check(eff_of("holder") == 40);
	flag_set(&may_go, 1);
	waiter_end(0, 0);
	waiter_end(1, 0);
	check(order[0] == 1 && order[1] == 0);
	pthread_join(thread, NULL);
	must(keel_mutex_delete(&mutex));
}

/* The owner has locked by the word, and is in-band when the waiter comes. */
static long relax_until_told(void)
{
	keel_relax();
	while (!flag_get(&may_go))
		sleep_ms(1);
	check(!keel_is_hard());
	return keel_mutex_unlock(&mutex);
}

void mutex_inband(void)
{
	pthread_t thread;
	void *ret;

	must(keel_open());
	must(keel_mutex_create(&mutex));
	thread = holder_start(relax_until_told);
	waiter_start(1, 40, mutex_use);
	check(eff_of("holder") == 40);
	flag_set(&may_go, 1);
	waiter_end(1, 0);
	pthread_join(thread, &ret);
	check(!ret);
	must(keel_mutex_delete(&mutex));
}

/* It dies with what it has locked by the word, @waited: somebody waits already. */
static long die_when_told(void)
{
	while (!flag_get(&may_go))
		must(keel_sleep(MS));
	return 0;
}

static void mutex_dies(int waited)
{
	pthread_t thread;

	must(keel_mutex_create(&mutex));
	thread = holder_start(die_when_told);
	if (waited)
		waiter_start(0, 40, mutex_use);
	flag_set(&may_go, 1);
	pthread_join(thread, NULL);
	if (!waited)
		check(hard_call(mutex_use) == -EOWNERDEAD);
	else
		waiter_end(0, -EOWNERDEAD);
	check(hard_call(mutex_use) == 0);
	must(keel_mutex_delete(&mutex));
}

void mutex_owner_dies(void)
{
	must(keel_open());
	mutex_dies(0);
	mutex_dies(1);
}

static long consistent(void)
{
	int ret = keel_mutex_lock(&mutex);

	check(keel_mutex_consistent(&mutex) == 0);
	check(keel_mutex_consistent(&mutex) == -EINVAL);
	must(keel_mutex_unlock(&mutex));
	return ret;
}

void mutex_robust(void)
{
	must(keel_open());
	must(keel_mutex_create_as(&mutex, KEEL_MUTEX_ROBUST, 0));
	pthread_join(holder_start(mutex_unlock_), NULL);
	check(hard_call(mutex_use) == 0);
	flag_set(&may_go, 1);
	pthread_join(hard_create("dies", 10, 0, holder, die_when_told), NULL);
	check(hard_call(consistent) == -EOWNERDEAD);
	check(hard_call(mutex_use) == 0);
	pthread_join(hard_create("dies", 10, 0, holder, die_when_told), NULL);
	check(hard_call(mutex_use) == -EOWNERDEAD);	/* and does not say so */
	check(hard_call(mutex_use) == -ENOTRECOVERABLE);
	must(keel_mutex_delete(&mutex));
}

static long recursive(void)
{
	for (int i = 0; i < 100; i++)
		must(keel_mutex_lock(&mutex));
	must(keel_mutex_trylock(&mutex));
	for (int i = 0; i < 101; i++)
		must(keel_mutex_unlock(&mutex));
	check(keel_mutex_unlock(&mutex) == -EPERM);
	for (int i = 0; i < 65535; i++)
		must(keel_mutex_lock(&mutex));
	check(keel_mutex_lock(&mutex) == -EAGAIN);
	for (int i = 0; i < 65535; i++)
		must(keel_mutex_unlock(&mutex));
	return 0;
}

static long twice(void)
{
	must(keel_mutex_lock(&mutex));
	check(keel_mutex_timedlock(&mutex, in(10)) == -ETIMEDOUT);
	check(keel_mutex_trylock(&mutex) == -EDEADLK);
	must(keel_mutex_unlock(&mutex));
	return 0;
}

static long at_ceiling(void)
{
	must(keel_mutex_lock(&mutex));
	check(eff_of("caller") == 90);		/* reads a file: in-band, with the mutex */
	check(keel_mutex_ceiling_set(&mutex, 95) == 90);
	check(eff_of("caller") == 95);
	must(keel_mutex_unlock(&mutex));
	check(eff_of("caller") == 80);
	return 0;
}

void mutex_kinds(void)
{
	must(keel_open());
	must(keel_mutex_create_as(&mutex, KEEL_MUTEX_RECURSIVE, 0));
	check(hard_call(recursive) == 0);
	must(keel_mutex_delete(&mutex));
	must(keel_mutex_create_as(&mutex, KEEL_MUTEX_NORMAL, 0));
	check(hard_call(twice) == 0);
	must(keel_mutex_delete(&mutex));
	must(keel_mutex_create_as(&mutex, KEEL_MUTEX_ERRORCHECK, 90));
	check(hard_call(at_ceiling) == 0);
	must(keel_mutex_delete(&mutex));
}

/* A wait that ends with EINTR takes its boost along. */
void mutex_interrupt(void)
{
	must(keel_open());
	signals_handle();
	must(keel_mutex_create(&mutex));
	holder_start(NULL);
	waiter_start(1, 40, mutex_use);
	check(eff_of("holder") == 40);
	pthread_kill(waiters[1].thread, SIGUSR1);
	waiter_end(1, -EINTR);
	check(eff_of("holder") == 10);
	flag_set(&may_go, 1);
}

/* ---- condition variables --------------------------------------------------------------------------- */

static int turns;

static long cond_use(void)
{
	int ret;

	must(keel_mutex_lock(&mutex));
	ret = keel_cond_wait(&cond, &mutex);
	turns++;
	note(0);
	must(keel_mutex_unlock(&mutex));
	return ret;
}

static long cond_use_20(void)
{
	int ret, real;

	must(keel_mutex_lock(&mutex));
	ret = keel_cond_timedwait(&cond, &mutex, in(20));
	real = keel_cond_clockwait(&cond, &mutex, CLOCK_REALTIME, real_in(20));
	must(keel_mutex_unlock(&mutex));
	return ret == real ? ret : 1;
}

CALL(cond_signal_, keel_cond_signal(&cond))

/* All go on one by one, as the mutex is held: nobody runs in between. */
static long cond_broadcast_held(void)
{
	int before = turns;

	must(keel_mutex_lock(&mutex));
	must(keel_cond_broadcast(&cond));
	must(keel_sleep(5 * MS));
	check(turns == before);
	must(keel_mutex_unlock(&mutex));
	return 0;
}

void conds(void)
{
	must(keel_open());
	must(keel_mutex_create(&mutex));
	must(keel_cond_create(&cond));
	check(hard_call(cond_use_20) == -ETIMEDOUT);
	waiter_start(0, 20, cond_use);
	waiter_start(1, 40, cond_use);
	waiter_start(2, 30, cond_use);
	check(hard_call(cond_signal_) == 0);
	waiter_end(1, 0);
	check(order[0] == 1 && turns == 1);
	check(hard_call(cond_broadcast_held) == 0);
	waiter_end(0, 0);
	waiter_end(2, 0);
	check(order[1] == 2 && order[2] == 0 && turns == 3);
	waiter_start(0, 20, cond_use);
	must(keel_cond_delete(&cond));
	waiter_end(0, -EIDRM);
	must(keel_mutex_delete(&mutex));
}

/* ---- what a signal moves --------------------------------------------------------------------------- */

static struct keel_mutex further;
static int kept;

static void *keeper(void *arg)
{
	must(keel_mutex_lock(&further));
	flag_set(&kept, 1);
	while (!flag_get(&may_go))
		must(keel_sleep(MS));
	must(keel_mutex_unlock(&further));
	return arg;
}

static long wait_for_further(void)
{
	must(keel_mutex_lock(&further));
	must(keel_mutex_unlock(&further));
	return keel_mutex_unlock(&mutex);
}

/* A signalled waiter waits for the mutex: its priority goes to the owner, and to whom that waits for. */
void conds_boost(void)
{
	pthread_t owner, end;
	void *ret;

	must(keel_open());
	must(keel_mutex_create(&mutex));
	must(keel_mutex_create(&further));
	must(keel_cond_create(&cond));
	waiter_start(1, 40, cond_use);
	end = hard_create("keeper", 5, 0, keeper, NULL);
	await(&kept, 1, "the keeper");
	owner = holder_start(wait_for_further);
	sleep_ms(5);
	check(eff_of("holder") == 10 && eff_of("keeper") == 10);
	check(hard_call(cond_signal_) == 0);
	check(eff_of("holder") == 40);
	check(eff_of("keeper") == 40);
	flag_set(&may_go, 1);
	waiter_end(1, 0);
	pthread_join(owner, &ret);
	check(!ret);
	pthread_join(end, NULL);
	must(keel_cond_delete(&cond));
	must(keel_mutex_delete(&further));
	must(keel_mutex_delete(&mutex));
}
