/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flight recorder: the last events of each CPU, kept for a crash. They are printed on an oops, on
 * a panic, and when the watchdog sends a thread to Linux.
 */
#ifndef KMOD_FLIGHT_H
#define KMOD_FLIGHT_H

#include <linux/percpu.h>
#include <linux/types.h>
#include "hal/hal.h"

#define FLIGHT_EVENTS 256	/* a CPU */

/* 0 or -ENOMEM. Context: in-band, may sleep, before the first event and behind the last. */
int flight_init(void);
void flight_exit(void);

struct flight_event {
	s64 ns;
	u32 event;
	s32 tid;
	long a, b;
};

struct flight_ring {
	unsigned int next;
	struct flight_event events[FLIGHT_EVENTS];
};

extern struct flight_ring __percpu *flight_rings;

/* Context: hard masked; never blocks. */
static inline void flight_record(enum hal_trace_event event, int tid, long a, long b, s64 now)
{
	struct flight_ring *ring = this_cpu_ptr(flight_rings);
	struct flight_event *e = &ring->events[ring->next++ % FLIGHT_EVENTS];

	e->ns = now;
	e->event = event;
	e->tid = tid;
	e->a = a;
	e->b = b;
}

/* Print them soon, from Linux. Context: hard masked; never blocks. */
void flight_print(void);

#endif
