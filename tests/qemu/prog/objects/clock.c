// SPDX-License-Identifier: GPL-2.0
/*
 * Waits by CLOCK_REALTIME while Linux sets that clock: set beyond their time they end, set back
 * they go on.
 */
#include "objects.h"

#define HOUR	3600000		/* ms */

static struct keel_mutex mutex;
static struct keel_sem held, gate;
static int64_t until;

static long hold(void)
{
	must(keel_mutex_lock(&mutex));
	must(keel_sem_post(&held));
	must(keel_sem_wait(&gate));
	return keel_mutex_unlock(&mutex);
}

CALL(sleep_real, keel_clocksleep(CLOCK_REALTIME, until))
CALL(lock_real, keel_mutex_clocklock(&mutex, CLOCK_REALTIME, until))
CALL(sem_real, keel_sem_clockwait(&gate, CLOCK_REALTIME, until))
CALL(let_go, keel_sem_post(&gate))
CALL(clock_bad, keel_clocksleep(CLOCK_BOOTTIME, 0))

static void clock_move(int ms)
{
	int64_t now = real_in(ms);
	struct timespec ts = { .tv_sec = now / 1000000000, .tv_nsec = now % 1000000000 };

	if (clock_settime(CLOCK_REALTIME, &ts))
		fail("clock_settime: %m");
}

void clock_sets(void)
{
	struct waiter *sleeper;

	must(keel_open());
	must(keel_mutex_create(&mutex));
	must(keel_sem_create(&held, 0, 1));
	must(keel_sem_create(&gate, 0, 1));
	check(hard_call(clock_bad) == -EINVAL);
	waiter_start(0, 50, hold);
	until = real_in(HOUR);
	waiter_start(1, 60, sleep_real);
	waiter_start(2, 40, lock_real);
	clock_move(2 * HOUR);
	waiter_end(1, 0);
	waiter_end(2, -ETIMEDOUT);
	check(hard_call(sleep_real) == 0);

	until = real_in(2000);
	sleeper = waiter_start(1, 60, sleep_real);
	clock_move(-2 * HOUR);
	sleep_ms(2200);
	check(!flag_get(&sleeper->done));
	waiter_start(2, 40, lock_real);
	must(hard_call(let_go));
	waiter_end(0, 0);
	waiter_end(2, 0);
	waiter_start(2, 40, sem_real);
	clock_move(2 * HOUR);
	waiter_end(1, 0);
	waiter_end(2, -ETIMEDOUT);
	clock_move(-2 * HOUR);
}
