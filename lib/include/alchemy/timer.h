/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alchemy: time, and what all its headers share. RTIME counts ticks, of 1 ns unless the program was
 * started with --alchemy-clock-resolution=NS, on CLOCK_MONOTONIC.
 *
 * A call that waits has three forms: plain, with a duration in ticks; _until, with a date in ticks; _timed,
 * with a date as a timespec. TM_INFINITE or NULL: no limit; TM_NONBLOCK or { 0, 0 }: do not wait,
 * -EWOULDBLOCK. All calls return 0 or more, or a negative errno.
 */
#ifndef ALCHEMY_TIMER_H
#define ALCHEMY_TIMER_H

#include <errno.h>		/* programs count on this, and on the next */
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Around a call that is to be Linux's, or Keel's, where both have one of that name: here, Linux's. */
#ifndef __STD
#define __STD(call)	call
#endif
#ifndef __RT
#define __RT(call)	call
#endif

#ifndef ONE_BILLION
#define ONE_BILLION	1000000000
#endif

#ifndef XNOBJECT_NAME_LEN
#define XNOBJECT_NAME_LEN 32	/* of a name with its end; what is longer is cut off */
#endif

typedef unsigned long long RTIME;
typedef long long SRTIME;

#define TM_INFINITE	0
#define TM_NOW		0
#define TM_NONBLOCK	((RTIME)-1ULL)

typedef struct rt_timer_info {
	RTIME period;		/* ns of a tick */
	RTIME tsc;		/* the clock in ns */
	RTIME date;		/* and in ticks */
} RT_TIMER_INFO;

/* Now, in ticks. Context: any thread; no system call. */
RTIME rt_timer_read(void);

/* Context: any thread; no system call. */
int rt_timer_inquire(RT_TIMER_INFO *info);

/* Context: any. */
SRTIME rt_timer_ns2ticks(SRTIME ns);
SRTIME rt_timer_ticks2ns(SRTIME ticks);

/* Spend @ns without giving up the CPU. Context: any thread; no system call. */
void rt_timer_spin(RTIME ns);

/* The counter that RT_TIMER_INFO has as tsc; its unit is 1 ns. Context: any. */
RTIME rt_timer_tsc(void);
SRTIME rt_timer_ns2tsc(SRTIME ns);
SRTIME rt_timer_tsc2ns(SRTIME tsc);

#ifdef __cplusplus
}
#endif

#endif
