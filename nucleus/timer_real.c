// SPDX-License-Identifier: GPL-2.0
/*
 * Timers on CLOCK_REALTIME stand in a queue by that clock. For the first of them stands the alarm, a
 * timer like any other, where it comes by the offset between the clocks:
 *
 * T4 the alarm is armed exactly when that queue is not empty;
 * T5 it stands by the offset that was read last under the lock. What is due is told by the clock
 *    itself, when it fires, so one that stands too early only looks and is set anew.
 *
 * A set of the clock costs the same however many timers there are: each CPU sets its alarm anew.
 *
 *	start_on(1), CPU 0		clock set, CPU 2	CPU 1
 *	lock base 1; reads the old
 *	offset; alarm; unlock
 *					offset = new
 *					kick CPU 1
 *								kick: lock, alarm anew
 *
 * If CPU 1 takes the kick before CPU 0 has the lock, then CPU 0 reads the new offset.
 */
#include "nucleus/timer_queue.h"
#include "nucleus/sched.h"

nk_cold void nk_timer_alarm_set(struct nk_timer_base *base)
{
	struct nk_timer *alarm = &base->alarm;

	if (alarm->armed)
		nk_tree_del(&base->queue, &alarm->node);
	alarm->armed = base->real.first != NULL;
	if (alarm->armed) {
		alarm->node.key = base->real.first->key - hal_clock_realtime_offset();
		nk_tree_add(&base->queue, &alarm->node);
	}
}

void nk_timer_set_clock(struct nk_timer *timer, enum nk_clock clock)
{
	nk_assert(!timer->armed);
	timer->clock = clock;
}

/* One at a time: each counts among those that one interrupt serves. */
static void alarm_fires(struct nk_timer *alarm, nk_time_t now)
{
	struct nk_rq *rq = nk_container_of(alarm, struct nk_rq, timers.alarm);
	struct nk_timer_base *base = &rq->timers;
	struct nk_timer *t;

	nk_lock_acquire(&base->lock);
	t = nk_timer_take_first(base, &base->real, now + hal_clock_realtime_offset());
	nk_timer_alarm_set(base);
	base->programmed = nk_timer_next(base);
	nk_lock_release(&base->lock);
	if (!t)
		return;
	if (t->handler)
		t->handler(t, now);
	else
		nk_rq_timeout(rq, nk_container_of(t, struct nk_thread, timer));
}

void nk_timer_alarm_init(struct nk_timer_base *base, int cpu)
{
	nk_tree_init(&base->real);
	nk_timer_init(&base->alarm, alarm_fires);
	base->alarm.cpu = cpu;
	base->alarm.pinned = 1;
}

void nk_hal_clock_set(void)
{
	int cpu;

	for (cpu = 0; cpu < HAL_MAX_CPUS; cpu++)
		if (cpu != hal_cpu() && hal_cpu_online(cpu))
			hal_ipi_send(cpu);
	nk_timer_kick(&nk_rq_this()->timers);
}
