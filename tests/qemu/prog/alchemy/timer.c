// SPDX-License-Identifier: GPL-2.0
#include "alchemy.h"

static void read_between(void)
{
	RTIME before = keel_clock_ns(), now = rt_timer_read(), after = keel_clock_ns();

	check(before <= now && now <= after);
}

ROW(rt_timer_read)
{
	in_linux(read_between);
}

ROW(rt_timer_inquire)
{
	RTIME before = rt_timer_read();
	RT_TIMER_INFO info;

	gives(rt_timer_inquire(&info), 0);
	gives(info.period, 1);
	check(info.date >= before && info.date <= rt_timer_read());
	check(info.tsc >= before);
}

ROW(rt_timer_spin)
{
	RTIME before = rt_timer_read();

	rt_timer_spin(3 * MS);
	check(rt_timer_read() - before >= 3 * MS);
}

ROW(rt_timer_ns2ticks)
{
	gives(rt_timer_ns2ticks(123456789), 123456789);
	gives(rt_timer_ns2ticks(-5), -5);
}

ROW(rt_timer_ticks2ns)
{
	gives(rt_timer_ticks2ns(123456789), 123456789);
	gives(rt_timer_ticks2ns(-5), -5);
}
