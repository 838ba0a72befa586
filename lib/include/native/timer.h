/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As Xenomai 2 called it; docs/porting.md has what differs. */
#ifndef NATIVE_TIMER_H
#define NATIVE_TIMER_H

#include <alchemy/timer.h>

#define TM_ONESHOT	0

/* The unit is always ns, unless the program is started with another resolution. */
static inline int rt_timer_set_mode(RTIME tick)
{
	return tick == TM_ONESHOT || (SRTIME)tick == rt_timer_ticks2ns(1) ? 0 : -19;	/* -ENODEV */
}

#endif
