// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Time. Ticks are of alchemy_settings.tick_ns; deadlines for Keel are ns.
 */
#include "internal.h"

#define NS 1000000000LL

static int64_t ns_of(RTIME ticks)
{
	int64_t tick = alchemy_settings.tick_ns;

	return ticks > (RTIME)(KEEL_FOREVER / tick) ? KEEL_FOREVER : (int64_t)ticks * tick;
}

int64_t alchemy_rel(RTIME timeout)
{
	int64_t now, ns;

	if (timeout == TM_INFINITE)
		return KEEL_FOREVER;
	if (timeout == TM_NONBLOCK)
		return ALCHEMY_POLL;
	now = keel_clock_ns();
	ns = ns_of(timeout);
	return ns < KEEL_FOREVER - now ? now + ns : KEEL_FOREVER;
}

int64_t alchemy_abs(RTIME date)
{
	if (date == TM_INFINITE)
		return KEEL_FOREVER;
	return date == TM_NONBLOCK ? ALCHEMY_POLL : ns_of(date);
}

int64_t alchemy_timespec(const struct timespec *date)
{
	if (!date)
		return KEEL_FOREVER;
	if (date->tv_sec < 0 || date->tv_nsec < 0 || date->tv_nsec >= NS)
		return -EINVAL;
	return date->tv_sec >= KEEL_FOREVER / NS ? KEEL_FOREVER : date->tv_sec * NS + date->tv_nsec;
}

RTIME rt_timer_read(void)
{
	return keel_clock_ns() / alchemy_settings.tick_ns;
}

int rt_timer_inquire(RT_TIMER_INFO *info)
{
	int64_t now = keel_clock_ns();

	info->period = alchemy_settings.tick_ns;
	info->tsc = now;
	info->date = now / alchemy_settings.tick_ns;
	return 0;
}

SRTIME rt_timer_ns2ticks(SRTIME ns)
{
	return ns / alchemy_settings.tick_ns;
}

SRTIME rt_timer_ticks2ns(SRTIME ticks)
{
	return ticks * alchemy_settings.tick_ns;
}

void rt_timer_spin(RTIME ns)
{
	int64_t until = keel_clock_ns() + (int64_t)ns;

	while (keel_clock_ns() < until)
		__builtin_ia32_pause();
}

RTIME rt_timer_tsc(void)
{
	return keel_clock_ns();
}

SRTIME rt_timer_ns2tsc(SRTIME ns)
{
	return ns;
}

SRTIME rt_timer_tsc2ns(SRTIME tsc)
{
	return tsc;
}
