/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The local APIC timer, shared: Keel programs the hardware for the earlier of its own and
 * Linux's deadline. Linux reaches its tick through the callbacks of its clock event device,
 * which are replaced per CPU.
 */
#ifndef HAL_X86_TIMER_H
#define HAL_X86_TIMER_H

#include "cpu.h"

/* Can every online CPU's tick be shared? 0, or -EOPNOTSUPP after a message. Context: in-band. */
int hal_timer_check(void);

/* The clock: 0, or -EOPNOTSUPP after a message. Context: in-band. */
int hal_clock_init(void);

/* The page from which user space reads the clock (struct keel_clock); one for all.
 * Context: in-band, may sleep. */
int hal_clock_share(void);
void hal_clock_unshare(void);
void *hal_clock_page(void);

/* Bring that page up to date: at each update of Linux's clock (from thunks.S, hard masked), and when
 * Keel attaches or detaches (all CPUs stopped). */
struct timekeeper;
void hal_clock_publish(const struct timekeeper *tk);
void hal_clock_publish_state(int valid);

/* 1 while Linux's clocksource is the TSC. Context: any. */
int hal_clock_ok(void);

/* Take this CPU's timer from Linux, give it back. Context: hard masked, V open, tick device
 * not in use elsewhere (stop_machine, or hotplug on this CPU). */
void hal_timer_take(struct hal_cpu *hc);
void hal_timer_release(struct hal_cpu *hc);

/* The timer fired: runs nk_hal_tick() when ours is due, notes Linux's. Context: hard masked. */
void hal_timer_interrupt(struct hal_cpu *hc);

#endif
