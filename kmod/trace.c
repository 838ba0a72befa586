// SPDX-License-Identifier: GPL-2.0
/*
 * From hal_trace() to Linux's tracepoints.
 *
 * An event may come when Linux was interrupted anywhere, in the midst of its own trace too, on a CPU
 * that RCU believes to be idle, with Linux's preempt count whatever it is. That is just what an NMI
 * finds. So for Linux it is one: hard masked, nothing of Linux runs on this CPU until it is over, and
 *
 *	1. the preempt count says NMI: ring buffers take the room kept for one, whatever level they were
 *	   interrupted at, perf its own recursion context, and who wakes readers does it by irq_work;
 *	2. RCU is told, so that filters, probes and lists of events stay while they are followed;
 *	3. both are undone, in the reverse order, before anything else runs here.
 *
 * Code for NMIs takes no lock and calls nothing that waits. A true NMI in between nests in this one;
 * what it wants to trace itself may be lost, as in any NMI that met another.
 *
 *	CPU: Linux				Keel
 *	ring buffer: room is taken
 *						timer: keel_switch, in the next room
 *						thread runs, keel_mark: the next; it is committed
 *	the event is written			by Linux, with its own, when that is done
 */
#include <linux/hardirq.h>
#include <linux/jump_label.h>
#include <linux/preempt.h>
#include <keel/abi.h>
#include "flight.h"
#include "hal/x86/thunks.h"
#include "nucleus/thread.h"

#define CREATE_TRACE_POINTS
#include "trace_events.h"

DEFINE_STATIC_KEY_FALSE(hal_trace_key);

int trace_on(void)
{
	static_branch_inc(&hal_trace_key);
	return 0;
}

void trace_off(void)
{
	static_branch_dec(&hal_trace_key);
}

/* The contexts of threads stand first in them. */
static const struct nk_thread *thread_of(const struct hal_context *ctx)
{
	return ctx ? container_of(ctx, struct nk_thread, ctx) : NULL;
}

static void emit(enum hal_trace_event event, const struct nk_thread *t,
		 const struct nk_thread *other, long a, long b)
{
	switch (event) {
	case HAL_TRACE_SWITCH:
		trace_keel_switch(t, other, a);
		break;
	case HAL_TRACE_WAKE:
		trace_keel_wake(t, a, b);
		break;
	case HAL_TRACE_TIMER:
		trace_keel_timer(t, a, b);
		break;
	case HAL_TRACE_IRQ:
		trace_keel_irq(a);
		break;
	case HAL_TRACE_LOG:
		trace_keel_log(a);
		break;
	case HAL_TRACE_REPLAY:
		trace_keel_replay(a);
		break;
	case HAL_TRACE_HARDEN:
	case HAL_TRACE_RELAX:
		trace_keel_stage(t, event == HAL_TRACE_HARDEN, event == HAL_TRACE_RELAX ? a : 0);
		break;
	case HAL_TRACE_LOCK_WAIT:
	case HAL_TRACE_LOCK_END:
		trace_keel_lock(t, other, a, b);
		break;
	case HAL_TRACE_BOOST:
		trace_keel_boost(t, a, b);
		break;
	case HAL_TRACE_ATTACH:
	case HAL_TRACE_DETACH:
		trace_keel_attach(event == HAL_TRACE_ATTACH);
		break;
	case HAL_TRACE_MARK:
		trace_keel_mark(t, a, b);
		break;
	default:
		break;
	}
}

static noinline void emit_as_nmi(enum hal_trace_event event, const struct hal_context *who,
				 const struct hal_context *other, long a, long b)
{
	__preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);	/* 1 */
	hal_ct_nmi_enter();					/* 2 */
	emit(event, thread_of(who), thread_of(other), a, b);
	hal_ct_nmi_exit();					/* 3 */
	__preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
}

void hal_trace(enum hal_trace_event event, const struct hal_context *who,
	       const struct hal_context *other, long a, long b)
{
	unsigned long flags = hal_oob_save();

	flight_record(event, who ? thread_of(who)->tid : 0, a, b, hal_clock_near());
	if (unlikely(event == HAL_TRACE_WATCHDOG))
		flight_print();
	if (hal_tracing())
		emit_as_nmi(event, who, other, a, b);
	hal_oob_restore(flags);
}
