// SPDX-License-Identifier: GPL-2.0
/*
 * eyes: threads in states that a case looks at, until it is killed. Prints NAME TID a line and then
 * "ready". holder has a mutex and sleeps in-band; waiter waits for that, an hour at most; taker has one
 * by its word and sleeps; beater runs 5 ms of each 10 on the last CPU; soft is in-band.
 * beater makes marks (1, time), soft (2, -3).
 */
#include <sys/syscall.h>
#include "hard.h"

static struct keel_mutex held, taken;
static int holds, waits;

static void say(const char *name)
{
	printf("%s %ld\n", name, syscall(SYS_gettid));
	fflush(stdout);
}

static void *holder(void *arg)
{
	say("holder");
	must(keel_mutex_lock(&held));
	flag_set(&holds, 1);
	pause();
	return arg;
}

static void *waiter(void *arg)
{
	say("waiter");
	flag_set(&waits, 1);
	keel_mutex_timedlock(&held, keel_clock_ns() + 3600000 * MS);
	return arg;
}

static void *taker(void *arg)
{
	say("taker");
	must(keel_mutex_lock(&taken));
	must(keel_sleep(3600000 * MS));
	return arg;
}

static void *beater(void *arg)
{
	say("beater");
	must(keel_period_set(0, 10 * MS));
	for (;;) {
		int64_t begin = keel_clock_ns();

		must(keel_trace_mark(1, begin));
		while (keel_clock_ns() < begin + 5 * MS)
			;
		must(keel_period_wait(NULL));
	}
	return arg;
}

static void *soft(void *arg)
{
	say("soft");
	must(keel_harden());
	sleep_ms(10);
	for (;;) {
		must(keel_trace_mark(2, -3));
		sleep_ms(50);
	}
	return arg;
}

int main(void)
{
	must(keel_open());
	must(keel_mutex_create(&held));
	must(keel_mutex_create(&taken));
	hard_create("holder", 20, 0, holder, NULL);
	await(&holds, 1, "holder");
	hard_create("waiter", 40, 0, waiter, NULL);
	await(&waits, 1, "waiter");
	hard_create("taker", 21, 0, taker, NULL);
	hard_create("beater", 30, get_nprocs() - 1, beater, NULL);
	hard_create("soft", 22, 0, soft, NULL);
	sleep_ms(100);
	say("ready");
	for (;;)
		pause();
}
