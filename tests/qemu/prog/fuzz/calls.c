// SPDX-License-Identifier: GPL-2.0
/*
 * Keel calls with random numbers and arguments.
 */
#include <sys/syscall.h>
#include "fuzz.h"

#define BURST	20		/* calls without a wait of its own: Linux must get its CPU */

static unsigned long argument(struct dice *d)
{
	switch (dice_below(d, 4)) {
	case 0:
		return dice_value(d);
	case 1:
		return keel_clock_ns() + dice_below(d, MS);
	default:
		return dice_below(d, 16);	/* a mutex, or a priority */
	}
}

/* Mostly Keel's; the next ones too, and what Linux has. */
static long number(struct dice *d)
{
	static const int linux_has[] = { SYS_getpid, SYS_sched_yield, SYS_gettid, 4000 };

	switch (dice_below(d, 16)) {
	case 0:
		return linux_has[dice_below(d, 4)];
	case 1:
		return (long)(dice_next(d) << 32 | (KEEL_CALL_BASE + dice_below(d, KEEL_CALL_COUNT)));
	default:
		return KEEL_CALL_BASE - 1 + (long)dice_below(d, KEEL_CALL_COUNT + 2);
	}
}

static long call(long nr, unsigned long a, unsigned long b)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b)
			 : "rcx", "r11", "memory");
	return ret;
}

/* Waits end soon: the next thing to draw is worth more than the rest of this one. */
static void bound(struct dice *d, long nr, unsigned long *a, unsigned long *b)
{
	if (!dice_below(d, 16))
		return;
	switch (nr) {
	case KEEL_CALL_SLEEP_UNTIL:
		*a = keel_clock_ns() + dice_below(d, MS);
		break;
	case KEEL_CALL_PERIOD_SET:
		*a = keel_clock_ns() + dice_below(d, MS);
		*b = dice_below(d, 2 * MS);
		break;
	case KEEL_CALL_MUTEX_LOCK:
		*b = keel_clock_ns() + dice_below(d, MS);
		break;
	}
}

/* Ways out of hard mode that are no calls of Keel's. */
static void leave_random(struct dice *d)
{
	unsigned int ax = SYS_getpid;

	switch (dice_below(d, 4)) {
	case 0:
		request_page()[dice_below(d, 4096)]++;
		break;
	case 1:
		__asm__ volatile("int $0x80" : "+a"(ax) : : "memory");
		break;
	case 2:
		call(SYS_sched_yield, 0, 0);
		break;
	default:
		keel_relax();
	}
}

void *hard_random(void *arg)
{
	struct dice d = { (unsigned long)arg | 1 };

	tid_note();
	for (;;) {
		for (int i = dice_below(&d, BURST); i > 0; i--) {
			long nr = number(&d);
			unsigned long a = argument(&d), b = argument(&d);

			bound(&d, nr, &a, &b);
			call(nr, a, b);
		}
		if (!dice_below(&d, 8))
			leave_random(&d);
		keel_sleep_until(keel_clock_ns() + 200 * US + dice_below(&d, MS));
	}
	return NULL;
}

void inband_random(struct dice *d)
{
	long nr = KEEL_CALL_BASE - 1 + (long)dice_below(d, KEEL_CALL_COUNT + 2);

	if (!keel_is_hard())
		call(nr, argument(d), argument(d));
}
