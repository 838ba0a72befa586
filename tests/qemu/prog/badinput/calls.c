// SPDX-License-Identifier: GPL-2.0
/*
 * Keel calls and the library's functions: not attached, in-band, and hard.
 */
#include "badinput.h"

static struct keel_mutex mine, deleted;
static struct keel_mutex nowhere = { .id = (KEEL_TYPES << 10) };
static struct keel_mutex far = { .id = 0xffffffff };

#define ROW(name, expr) static long name(void) { return (expr); }
#define CALL(name, ...) ROW(name, result(syscall(__VA_ARGS__)))

/* ---- Linux's answer to Keel calls -------------------------------------------------------- */

CALL(call_relax, KEEL_CALL_RELAX)
CALL(call_sleep, KEEL_CALL_SLEEP_UNTIL, 0l)
CALL(call_period_set, KEEL_CALL_PERIOD_SET, 0l, MS)
CALL(call_period_wait, KEEL_CALL_PERIOD_WAIT)
CALL(call_lock, KEEL_CALL_MUTEX_LOCK, 0l, KEEL_FOREVER)
CALL(call_trylock, KEEL_CALL_MUTEX_TRYLOCK, 0l)
CALL(call_unlock, KEEL_CALL_MUTEX_UNLOCK, 0l)
CALL(call_prio, KEEL_CALL_PRIORITY_SET, 20l)
CALL(call_clock, KEEL_CALL_CLOCK)
CALL(call_yield, KEEL_CALL_YIELD)
CALL(call_behind, KEEL_CALL_BASE + KEEL_CALL_COUNT)
CALL(call_before, KEEL_CALL_BASE - 1)

static const struct row inband[] = {
	{ "relax", call_relax, -ENOSYS },
	{ "sleep", call_sleep, -ENOSYS },
	{ "period set", call_period_set, -ENOSYS },
	{ "period wait", call_period_wait, -ENOSYS },
	{ "lock", call_lock, -ENOSYS },
	{ "trylock", call_trylock, -ENOSYS },
	{ "unlock", call_unlock, -ENOSYS },
	{ "priority", call_prio, -ENOSYS },
	{ "clock", call_clock, -ENOSYS },
	{ "yield", call_yield, -ENOSYS },
	{ "behind the last", call_behind, -ENOSYS },
	{ "before the first", call_before, -ENOSYS },
};

/* ---- the library, not attached ----------------------------------------------------------- */

ROW(detach, keel_thread_detach())
ROW(harden, keel_harden())
ROW(relax, keel_relax())
ROW(yield, keel_yield())
ROW(sleep_now, keel_sleep(0))
ROW(sleep_until, keel_sleep_until(0))
ROW(period_set, keel_period_set(0, MS))
ROW(period_wait, keel_period_wait(NULL))
ROW(lock, keel_mutex_lock(&mine))
ROW(timedlock, keel_mutex_timedlock(&mine, 0))
ROW(trylock, keel_mutex_trylock(&mine))
ROW(unlock, keel_mutex_unlock(&mine))
ROW(prio_20, keel_priority_set(20))
ROW(cpu_0, keel_cpu_set(0))
ROW(attach_prio_0, keel_thread_attach("x", 0, -1))
ROW(attach_prio_100, keel_thread_attach("x", 100, -1))
ROW(attach_cpu_2, keel_thread_attach("x", 10, 2))
ROW(attach_cpu_minus_2, keel_thread_attach("x", 10, -2))
ROW(attach_cpu_huge, keel_thread_attach("x", 10, 1 << 30))

static long stats(void)
{
	struct keel_stats s;

	return keel_stats_get(&s);
}

static const struct row stranger[] = {
	{ "detach", detach, -EPERM },
	{ "harden", harden, -EPERM },
	{ "relax", relax, -EPERM },
	{ "yield", yield, -EPERM },
	{ "sleep", sleep_now, -EPERM },
	{ "sleep until", sleep_until, -EPERM },
	{ "period set", period_set, -EPERM },
	{ "period wait", period_wait, -EPERM },
	{ "lock", lock, -EPERM },
	{ "timedlock", timedlock, -EPERM },
	{ "trylock", trylock, -EPERM },
	{ "unlock", unlock, -EPERM },
	{ "priority", prio_20, -EPERM },
	{ "CPU", cpu_0, -EPERM },
	{ "stats", stats, -EPERM },
	{ "attach, priority 0", attach_prio_0, -EINVAL },
	{ "attach, priority 100", attach_prio_100, -EINVAL },
	{ "attach, CPU 2 of 2", attach_cpu_2, -EINVAL },
	{ "attach, CPU -2", attach_cpu_minus_2, -EINVAL },
	{ "attach, huge CPU", attach_cpu_huge, -EINVAL },
};

/* ---- hard -------------------------------------------------------------------------------- */

ROW(attach_again, keel_thread_attach("again", 10, -1))
ROW(sleep_negative, keel_sleep(-1))
ROW(sleep_until_negative, keel_sleep_until(-1))
ROW(sleep_clock, keel_clocksleep(CLOCK_TAI, 0))
ROW(sleep_real_negative, keel_clocksleep(CLOCK_REALTIME, -1))
ROW(sleep_real_past, keel_clocksleep(CLOCK_REALTIME, 1))
CALL(call_clock_bits, KEEL_CALL_CLOCK_SLEEP, KEEL_REALTIME | 1)
ROW(period_1, keel_period_set(0, 1))
ROW(period_short, keel_period_set(0, KEEL_PERIOD_MIN_NS - 1))
ROW(period_long, keel_period_set(0, KEEL_PERIOD_MAX_NS + 1))
ROW(period_negative, keel_period_set(0, -MS))
ROW(period_first_negative, keel_period_set(-1, MS))
ROW(lock_nowhere, keel_mutex_lock(&nowhere))
ROW(lock_far, keel_mutex_lock(&far))
ROW(lock_deleted, keel_mutex_lock(&deleted))
ROW(lock_negative, keel_mutex_timedlock(&mine, -1))
ROW(trylock_nowhere, keel_mutex_trylock(&nowhere))
ROW(unlock_nowhere, keel_mutex_unlock(&nowhere))
ROW(unlock_deleted, keel_mutex_unlock(&deleted))
ROW(prio_0, keel_priority_set(0))
ROW(prio_100, keel_priority_set(100))
ROW(cpu_minus_1, keel_cpu_set(-1))
ROW(cpu_2, keel_cpu_set(2))
CALL(call_prio_0, KEEL_CALL_PRIORITY_SET, 0l)
CALL(call_prio_100, KEEL_CALL_PRIORITY_SET, 100l)
CALL(call_prio_far, KEEL_CALL_PRIORITY_SET, 1l << 32 | 20)
CALL(call_id_far, KEEL_CALL_MUTEX_TRYLOCK, 1l << 32)

static const struct row hard[] = {
	{ "attach, in the library", attach_again, -EALREADY },
	{ "sleep -1", sleep_negative, -EINVAL },
	{ "sleep until -1", sleep_until_negative, -EINVAL },
	{ "sleep by another clock", sleep_clock, -EINVAL },
	{ "sleep by the real one until -1", sleep_real_negative, -EINVAL },
	{ "sleep by the real one, past", sleep_real_past, 0 },
	{ "sleep by the real one, low bits", call_clock_bits, -EINVAL },
	{ "period wait, no period", period_wait, -EWOULDBLOCK },
	{ "period 1", period_1, -EINVAL },
	{ "period too short", period_short, -EINVAL },
	{ "period too long", period_long, -EINVAL },
	{ "period negative", period_negative, -EINVAL },
	{ "period, first negative", period_first_negative, -EINVAL },
	{ "still no period", period_wait, -EWOULDBLOCK },
	{ "lock behind the last", lock_nowhere, -EINVAL },
	{ "lock -1", lock_far, -EINVAL },
	{ "lock a deleted one", lock_deleted, -EINVAL },
	{ "lock until -1", lock_negative, -EINVAL },
	{ "trylock behind the last", trylock_nowhere, -EINVAL },
	{ "trylock, high bits", call_id_far, -EINVAL },
	{ "unlock behind the last", unlock_nowhere, -EINVAL },
	{ "unlock a deleted one", unlock_deleted, -EINVAL },
	{ "unlock an open one", unlock, -EPERM },
	{ "lock", lock, 0 },
	{ "lock again", lock, -EDEADLK },
	{ "trylock again", trylock, -EDEADLK },
	{ "unlock", unlock, 0 },
	{ "unlock twice", unlock, -EPERM },
	{ "priority 0", prio_0, -EINVAL },
	{ "priority 100", prio_100, -EINVAL },
	{ "priority 0, past the library", call_prio_0, -EINVAL },
	{ "priority 100, past the library", call_prio_100, -EINVAL },
	{ "priority, high bits", call_prio_far, -EINVAL },
	{ "CPU -1", cpu_minus_1, -EINVAL },
	{ "CPU 2 of 2", cpu_2, -EINVAL },
};

/* None of these left hard mode by an accident: only keel_cpu_set() asked to. */
static void hard_rows(void)
{
	struct keel_stats s;

	rows_run("hard", hard, COUNT(hard));
	must(keel_stats_get(&s));
	check(s.relaxes[KEEL_RELAX_FAULT] == 0 && s.relaxes[KEEL_RELAX_SIGNAL] == 0);
	check(s.relaxes[KEEL_RELAX_CALL] == 1);
}

/* Another's mutex: owned by the attached caller's hard sibling. */
static struct keel_mutex taken;
static int holding, release;

static void *holder(void *unused)
{
	(void)unused;
	must(keel_mutex_lock(&taken));
	flag_set(&holding, 1);
	while (!flag_get(&release))
		must(keel_sleep(MS));
	must(keel_mutex_unlock(&taken));
	return NULL;
}

ROW(taken_trylock, keel_mutex_trylock(&taken))
ROW(taken_unlock, keel_mutex_unlock(&taken))
ROW(taken_timedlock, keel_mutex_timedlock(&taken, keel_clock_ns() + MS))
ROW(taken_past, keel_mutex_timedlock(&taken, 0))

static const struct row taken_rows[] = {
	{ "trylock", taken_trylock, -EBUSY },
	{ "unlock", taken_unlock, -EPERM },
	{ "lock until it is late", taken_timedlock, -ETIMEDOUT },
	{ "lock until long ago", taken_past, -ETIMEDOUT },
};

static void taken_test(void)
{
	pthread_t thread;

	must(keel_mutex_create(&taken));
	thread = hard_create("holder", 30, 1, holder, NULL);
	await(&holding, 1, "the holder");
	check(keel_mutex_delete(&taken) == -EBUSY);
	must(keel_thread_attach("other", 20, 0));
	for (int i = 0; i < COUNT(taken_rows); i++)
		check(taken_rows[i].call() == taken_rows[i].want);
	check(keel_is_hard());
	must(keel_thread_detach());
	flag_set(&release, 1);
	pthread_join(thread, NULL);
	must(keel_mutex_delete(&taken));
	check(keel_mutex_delete(&taken) == -EINVAL);
}

void inband_test(void)
{
	rows_run("Keel calls, not attached", inband, COUNT(inband));
	rows_run("library, not attached", stranger, COUNT(stranger));
	must(keel_thread_attach("inband", 20, -1));
	must(keel_relax());
	rows_run("Keel calls, attached and in-band", inband, COUNT(inband));
	must(keel_thread_detach());
}

void hard_test(void)
{
	must(keel_mutex_create(&mine));
	must(keel_mutex_create(&deleted));
	must(keel_mutex_delete(&deleted));
	must(keel_thread_attach("hard", 20, -1));
	hard_rows();
	must(keel_harden());
	check(call_behind() == -ENOSYS);
	must(keel_harden());
	check(call_before() == -ENOSYS);
	must(keel_thread_detach());
	must(keel_mutex_delete(&mine));
	taken_test();
}
