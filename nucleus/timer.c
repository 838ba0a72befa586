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
 *
 * A CPU that goes offline moves its timers, the first ones first, a few at a time with both locks held,
 * so whoever looks for one finds it, armed, in one queue or the other:
 *
 *	move_all(0, 1), CPU 0		stop, CPU 2
 *					cpu is 0: lock base 0, wait
 *	cpu = 1; into queue 1
 *	unlock both
 *					has it; cpu is not 0 any more: unlock
 *					lock base 1: armed: off
 *
 * Those that are about their CPU, the alarm too, are pinned: they wait in its queue until it is back.
 * What else is started on it is passed on, under its lock; each of a row of such CPUs went offline while the
 * next was online, so the row has an end:
 *
 *	redirect(0, 1), CPU 0		start_on(0), CPU 2
 *	lock base 0; serves = 1; unlock
 *	moves
 *					lock base 0: served by 1; cpu = 1; unlock
 *					lock base 1: into its queue
 */
#include "nucleus/timer.h"
#include "nucleus/trace.h"
#include "nucleus/sched.h"

int nk_gravity[NK_GRAVITY_LEVELS];

static inline struct nk_timer *timer_of(struct nk_tree_node *n)
{
	return nk_container_of(n, struct nk_timer, node);
}

/* After the queue by CLOCK_REALTIME has changed, or the offset. */
static nk_cold void alarm_set(struct nk_timer_base *base)
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

static void queue_add(struct nk_timer_base *base, struct nk_timer *t)
{
	t->armed = 1;
	if (nk_unlikely(t->clock == NK_CLOCK_REALTIME)) {
		nk_tree_add(&base->real, &t->node);
		alarm_set(base);
	} else {
		nk_tree_add(&base->queue, &t->node);
	}
}

static void queue_del(struct nk_timer_base *base, struct nk_timer *t)
{
	t->armed = 0;
	if (nk_unlikely(t->clock == NK_CLOCK_REALTIME)) {
		nk_tree_del(&base->real, &t->node);
		alarm_set(base);
	} else {
		nk_tree_del(&base->queue, &t->node);
	}
}

static void alarm_fires(struct nk_timer *alarm, nk_time_t now);

void nk_timer_base_init(struct nk_timer_base *base, int cpu)
{
	nk_lock_init(&base->lock, NK_RANK_TIMER);
	nk_tree_init(&base->queue);
	base->running = NULL;
	base->serves = cpu;
	base->in_tick = 0;
	base->programmed = NK_TIME_NEVER;
	nk_tree_init(&base->real);
	nk_timer_init(&base->alarm, alarm_fires);
	base->alarm.cpu = cpu;
	base->alarm.pinned = 1;
}

void nk_timer_set_clock(struct nk_timer *timer, enum nk_clock clock)
{
	nk_assert(!timer->armed);
	timer->clock = clock;
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
		queue_del(base, timer);
	__atomic_store_n(&timer->cpu, cpu, __ATOMIC_RELAXED);
	nk_lock_release(&base->lock);
	return armed;
}

static inline nk_time_t next_deadline(const struct nk_timer_base *base)
{
	return base->queue.first ? base->queue.first->key : NK_TIME_NEVER;
}

static void program_locked(struct nk_timer_base *base, nk_time_t deadline)
{
	base->programmed = deadline;
	if (!base->in_tick)
		hal_timer_program(deadline);
}

/* The first has changed, perhaps. The base lock is held. */
static void retime(struct nk_timer_base *base, int cpu)
{
	if (next_deadline(base) >= base->programmed)
		return;
	if (cpu == hal_cpu())
		program_locked(base, next_deadline(base));
	else if (nk_likely(base->serves == cpu))
		hal_ipi_send(cpu);
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
	queue_add(base, timer);
	retime(base, timer->cpu);
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
		queue_del(base, timer);
	nk_lock_release(&base->lock);
	hal_oob_restore(flags);
	return armed;
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
	queue_add(base, t);
}

/* The first of @queue, if it is due; @now is by its clock. */
static struct nk_timer *take_first(struct nk_timer_base *base, const struct nk_tree *queue,
				   nk_time_t now)
{
	struct nk_timer *t;

	if (!queue->first || queue->first->key > now)
		return NULL;
	t = timer_of(queue->first);
	queue_del(base, t);
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
	t = take_first(base, &base->queue, now);
	base->programmed = next_deadline(base);
	nk_lock_release(&base->lock);
	return t;
}

/* One at a time: each counts among those that one interrupt serves. */
static void alarm_fires(struct nk_timer *alarm, nk_time_t now)
{
	struct nk_rq *rq = nk_container_of(alarm, struct nk_rq, timers.alarm);
	struct nk_timer_base *base = &rq->timers;
	struct nk_timer *t;

	nk_lock_acquire(&base->lock);
	t = take_first(base, &base->real, now + hal_clock_realtime_offset());
	alarm_set(base);
	base->programmed = next_deadline(base);
	nk_lock_release(&base->lock);
	if (!t)
		return;
	if (t->handler)
		t->handler(t, now);
	else
		nk_rq_timeout(rq, nk_container_of(t, struct nk_thread, timer));
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
	t = timer_of(first);
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
		alarm_set(base);
	if (next_deadline(base) < base->programmed)
		program_locked(base, next_deadline(base));
	nk_lock_release(&base->lock);
}

void nk_timer_start_behind(struct nk_timer *timer, nk_time_t after)
{
	struct nk_timer_base *base = &nk_rqs[timer->cpu].timers;

	nk_lock_acquire(&base->lock);
	if (timer->armed)
		queue_del(base, timer);
	if (base->queue.first) {
		timer->early = 0;
		timer->node.key = base->queue.first->key + after;
		queue_add(base, timer);
	}
	program_locked(base, next_deadline(base));
	nk_lock_release(&base->lock);
}

void nk_hal_clock_set(void)
{
	int cpu;

	for (cpu = 0; cpu < HAL_MAX_CPUS; cpu++)
		if (cpu != hal_cpu() && hal_cpu_online(cpu))
			hal_ipi_send(cpu);
	nk_timer_kick(&nk_rq_this()->timers);
}

static void lock_both(struct nk_timer_base *a, struct nk_timer_base *b)
{
	nk_lock_acquire(a < b ? &a->lock : &b->lock);
	nk_lock_acquire(a < b ? &b->lock : &a->lock);
}

/* The first of a queue that is not pinned. */
static struct nk_timer *first_of(const struct nk_tree *queue)
{
	const struct nk_tree_node *n = queue->first;

	while (n && timer_of((struct nk_tree_node *)n)->pinned)
		n = nk_tree_next(n);
	return n ? timer_of((struct nk_tree_node *)n) : NULL;
}

static struct nk_timer *first_to_move(const struct nk_timer_base *base)
{
	struct nk_timer *t = first_of(&base->real);

	return t ? t : first_of(&base->queue);
}

/* 1 when some are left. */
static int move_some(struct nk_timer_base *from, struct nk_timer_base *to, int cpu)
{
	struct nk_timer *t = NULL;
	int n;

	for (n = 0; n < NK_TIMER_BATCH; n++) {
		t = first_to_move(from);
		if (!t)
			break;
		queue_del(from, t);
		__atomic_store_n(&t->cpu, cpu, __ATOMIC_RELAXED);
		queue_add(to, t);
	}
	retime(to, cpu);
	return t != NULL;
}

void nk_timer_move_all(int cpu, int to)
{
	struct nk_timer_base *a = &nk_rqs[cpu].timers, *b = &nk_rqs[to].timers;
	hal_flags_t flags;
	int more;

	do {
		flags = hal_oob_save();
		lock_both(a, b);
		more = move_some(a, b, to);
		nk_lock_release(&a->lock);
		nk_lock_release(&b->lock);
		hal_oob_restore(flags);
	} while (more);
}

void nk_timer_redirect(int cpu, int to)
{
	struct nk_timer_base *base = &nk_rqs[cpu].timers;
	hal_flags_t flags = hal_oob_save();

	nk_lock_acquire(&base->lock);
	base->serves = to;
	nk_lock_release(&base->lock);
	hal_oob_restore(flags);
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
	if (base->programmed > next_deadline(base))
		return 3;
	return base->alarm.armed != (base->real.first != NULL) ? 4 : 0;
}
