// SPDX-License-Identifier: GPL-2.0
/*
 * Timers: an ordered tree per CPU, so that starting, stopping and expiring each take O(log n) in
 * the worst case, not only on average, and timers of the same time expire in the order in which
 * they were started. Invariants, whenever the base lock is free:
 *
 * T1 the queue is sound (N1 to N5 of tree.c);
 * T2 every timer in it is armed, with cpu that of the base;
 * T3 the hardware waits for the first or for something earlier. Stopping a timer leaves the
 *    hardware alone: a tick that finds nothing due programs anew.
 *
 * programmed is written by its own CPU only, under the lock. What is started there during a tick
 * changes it and leaves the hardware to the end of the tick. Another CPU that starts an
 * earlier one sends a kick:
 *
 *	tick, CPU 0				start_on(0), CPU 1
 *	lock; programmed = 50; unlock
 *						lock; first = 40 < 50; unlock
 *	hal_timer_program(50)			hal_ipi_send(0)
 *	kick: 40 < 50, program(40)
 *
 * Timers on CLOCK_REALTIME: timer_real.c, with T4 and T5; CPUs that go offline: timer_move.c.
 */
#include "nucleus/timer_queue.h"
#include "nucleus/sched.h"
#include "nucleus/trace.h"

int nk_gravity[NK_GRAVITY_LEVELS];

void nk_timer_base_init(struct nk_timer_base *base, int cpu)
{
	nk_lock_init(&base->lock, NK_RANK_TIMER);
	nk_tree_init(&base->queue);
	base->running = NULL;
	base->serves = cpu;
	base->in_tick = 0;
	base->programmed = NK_TIME_NEVER;
	nk_timer_alarm_init(base, cpu);
}

void nk_timer_init(struct nk_timer *timer,
		   void (*handler)(struct nk_timer *timer, nk_time_t now))
{
	*timer = (struct nk_timer){ .handler = handler, .anticipates = handler != NULL };
}

/* cpu changes only while disarmed, so a base that is locked and still the right one stays so. */
static struct nk_timer_base *lock_base_of(const struct nk_timer *timer)
{
	for (;;) {
		int cpu = __atomic_load_n(&timer->cpu, __ATOMIC_RELAXED);
		struct nk_timer_base *base = &nk_rqs[cpu].timers;

		nk_lock_acquire(&base->lock);
		if (nk_likely(__atomic_load_n(&timer->cpu, __ATOMIC_RELAXED) == cpu))
			return base;
		nk_lock_release(&base->lock);
	}
}

/* Disarm, and say where the next start will be. Returns whether it was armed. */
static int disarm(struct nk_timer *timer, int cpu)
{
	struct nk_timer_base *base = lock_base_of(timer);
	int armed = timer->armed;

	if (armed)
		nk_timer_queue_del(base, timer);
	__atomic_store_n(&timer->cpu, cpu, __ATOMIC_RELAXED);
	nk_lock_release(&base->lock);
	return armed;
}

/* Lock the base that serves @cpu, and say that the timer, which is not armed, will be there. */
static struct nk_timer_base *lock_base_for(struct nk_timer *timer, int cpu)
{
	for (;;) {
		struct nk_timer_base *base = &nk_rqs[cpu].timers;

		nk_lock_acquire(&base->lock);
		if (nk_likely(base->serves == cpu || timer->pinned))
			return base;
		cpu = base->serves;
		__atomic_store_n(&timer->cpu, cpu, __ATOMIC_RELAXED);
		nk_lock_release(&base->lock);
	}
}

void nk_timer_start_on(struct nk_timer *timer, int cpu, nk_time_t first, nk_time_t interval)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_timer_base *base;

	if (timer->armed || timer->cpu != cpu)
		disarm(timer, cpu);
	base = lock_base_for(timer, cpu);
	if (timer->anticipates)
		timer->early = nk_gravity[NK_GRAVITY_IRQ];
	timer->node.key = first - timer->early;
	timer->interval = interval;
	timer->overruns = 0;
	nk_timer_queue_add(base, timer);
	nk_timer_retime(base, timer->cpu);
	nk_lock_release(&base->lock);
	hal_oob_restore(flags);
}

void nk_timer_start(struct nk_timer *timer, nk_time_t first, nk_time_t interval)
{
	hal_flags_t flags = hal_oob_save();

	nk_timer_start_on(timer, hal_cpu(), first, interval);
	hal_oob_restore(flags);
}

int nk_timer_stop(struct nk_timer *timer)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_timer_base *base = lock_base_of(timer);
	int armed = timer->armed;

	if (armed)
		nk_timer_queue_del(base, timer);
	nk_lock_release(&base->lock);
	hal_oob_restore(flags);
	return armed;
}

nk_time_t nk_timer_left(struct nk_timer *timer)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_timer_base *base = lock_base_of(timer);
	nk_time_t now = hal_clock_now(), left = 0;

	if (timer->clock == NK_CLOCK_REALTIME)
		now += hal_clock_realtime_offset();
	if (timer->armed)
		left = timer->node.key + timer->early > now ? timer->node.key + timer->early - now : 1;
	nk_lock_release(&base->lock);
	hal_oob_restore(flags);
	return left;
}

/* On any CPU: a handler may have started its timer on another one. */
static int is_running(const struct nk_timer *timer)
{
	int cpu;

	for (cpu = 0; cpu < HAL_MAX_CPUS; cpu++)
		if (__atomic_load_n(&nk_rqs[cpu].timers.running, __ATOMIC_ACQUIRE) == timer)
			return 1;
	return 0;
}

/* One look under the lock, without which no handler starts it again: 1 when @timer is neither armed
 * nor running. */
static int is_quiet(struct nk_timer *timer)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_timer_base *base = lock_base_of(timer);
	int quiet = !timer->armed && !is_running(timer);

	nk_lock_release(&base->lock);
	hal_oob_restore(flags);
	return quiet;
}

int nk_timer_stop_sync(struct nk_timer *timer)
{
	int armed = 0;

	nk_assert(!hal_oob_masked());
	for (;;) {
		armed |= nk_timer_stop(timer);
		if (is_quiet(timer))
			return armed;
		hal_cpu_relax();
	}
}

/* To the next point of the grid after @now. The division only when points were missed. */
static void rearm_periodic(struct nk_timer_base *base, struct nk_timer *t, nk_time_t now)
{
	t->node.key += t->interval;
	if (nk_unlikely(t->node.key <= now)) {
		nk_time_t missed = (now - t->node.key) / t->interval + 1;

		t->overruns += (unsigned long)missed;
		t->node.key += missed * t->interval;
	}
	nk_timer_queue_add(base, t);
}

struct nk_timer *nk_timer_take_first(struct nk_timer_base *base, const struct nk_tree *queue,
				     nk_time_t now)
{
	struct nk_timer *t;

	if (!queue->first || queue->first->key > now)
		return NULL;
	t = nk_timer_of(queue->first);
	nk_timer_queue_del(base, t);
	t->due = t->node.key + t->early;
	if (t->interval)
		rearm_periodic(base, t, now);
	if (t->handler)
		base->running = t;
	return t;
}

/* Take the first timer off if it is due, else NULL; either way say what comes next. */
static struct nk_timer *take_due(struct nk_timer_base *base, nk_time_t now)
{
	struct nk_timer *t;

	nk_lock_acquire(&base->lock);
	t = nk_timer_take_first(base, &base->queue, now);
	base->programmed = nk_timer_next(base);
	nk_lock_release(&base->lock);
	return t;
}

static void run_handler(struct nk_rq *rq, struct nk_timer *t, nk_time_t now)
{
	rq->irq_depth++;
	rq->timers.in_tick = 1;
	nk_trace_timer(t, now);
	t->handler(t, now);
	rq->timers.in_tick = 0;
	rq->irq_depth--;
	__atomic_store_n(&rq->timers.running, NULL, __ATOMIC_RELEASE);
}

/* Any timers, any number of them. */
static nk_cold void serve_due(struct nk_rq *rq, nk_time_t now, int budget)
{
	struct nk_timer_base *base = &rq->timers;
	struct nk_timer *t;

	do {
		t = take_due(base, now);
		if (!t)
			break;
		if (t->handler)
			run_handler(rq, t, now);
		else
			nk_rq_timeout(rq, nk_container_of(t, struct nk_thread, timer));
	} while (base->programmed <= now && --budget);
	base->in_tick = 1;
	nk_share_ticked(rq, now);
	base->in_tick = 0;
}

/*
 * From here to the switch is the wake-up path, where every instruction counts. The first timer
 * due is mostly that of a thread, without a handler, and may go without more ado: that case alone
 * is served here, without a call.
 */
hal_time_t nk_hal_tick(hal_time_t now)
{
	struct nk_rq *rq = nk_rq_this();
	struct nk_timer_base *base = &rq->timers;
	struct nk_tree_node *first;
	struct nk_timer *t;
	nk_time_t next;

	nk_lock_acquire(&base->lock);
	first = base->queue.first;
	t = nk_timer_of(first);
	if (nk_unlikely(!first || first->key > now || t->handler || !nk_tree_is_loose(first))) {
		nk_lock_release(&base->lock);
		serve_due(rq, now, NK_TIMER_BATCH);
		return base->programmed;
	}
	t->armed = 0;
	first = nk_tree_pop(&base->queue, first);
	next = first ? first->key : NK_TIME_NEVER;
	base->programmed = next;
	nk_lock_release(&base->lock);
	nk_rq_timeout(rq, nk_container_of(t, struct nk_thread, timer));
	if (nk_likely(next > now))
		return next;
	serve_due(rq, now, NK_TIMER_BATCH - 1);
	return base->programmed;
}

void nk_timer_kick(struct nk_timer_base *base)
{
	nk_lock_acquire(&base->lock);
	if (nk_unlikely(base->alarm.armed))
		nk_timer_alarm_set(base);
	if (nk_timer_next(base) < base->programmed)
		nk_timer_program_locked(base, nk_timer_next(base));
	nk_lock_release(&base->lock);
}

void nk_timer_start_behind(struct nk_timer *timer, nk_time_t after)
{
	struct nk_timer_base *base = &nk_rqs[timer->cpu].timers;

	nk_lock_acquire(&base->lock);
	if (timer->armed)
		nk_timer_queue_del(base, timer);
	if (base->queue.first) {
		timer->early = 0;
		timer->node.key = base->queue.first->key + after;
		nk_timer_queue_add(base, timer);
	}
	nk_timer_program_locked(base, nk_timer_next(base));
	nk_lock_release(&base->lock);
}

static int queue_check(const struct nk_timer_base *base, const struct nk_tree *queue)
{
	const struct nk_tree_node *n;

	if (nk_tree_check(queue))
		return 1;
	for (n = queue->first; n; n = nk_tree_next(n)) {
		const struct nk_timer *t = nk_container_of(n, struct nk_timer, node);

		if (!t->armed || &nk_rqs[t->cpu].timers != base)
			return 2;
	}
	return 0;
}

int nk_timer_base_check(const struct nk_timer_base *base)
{
	int broken = queue_check(base, &base->queue);

	if (!broken)
		broken = queue_check(base, &base->real);
	if (broken)
		return broken;
	if (base->programmed > nk_timer_next(base))
		return 3;
	return base->alarm.armed != (base->real.first != NULL) ? 4 : 0;
}
