// SPDX-License-Identifier: GPL-2.0
/*
 * Timers: a leftist heap per CPU, so that starting, stopping and expiring each take
 * O(log n) in the worst case, not only on average.
 *
 * dist is the number of nodes on the way down the right links. Invariants, whenever the base
 * lock is free:
 *
 * T1 no node is due before its parent;
 * T2 dist(left) >= dist(right) and dist(node) = dist(right) + 1; so a right spine, and with it
 *    every merge, is at most log2(n + 1) long;
 * T3 parent links mirror child links, the root has none;
 * T4 every node is armed, with cpu that of the base;
 * T5 the hardware waits for the root or for something earlier. Stopping a timer leaves the
 *    hardware alone: a tick that finds nothing due programs anew.
 *
 * programmed is written by its own CPU only, under the lock. What is started there during a tick
 * changes it and leaves the hardware to the end of the tick. Another CPU that starts an
 * earlier one sends a kick:
 *
 *	tick, CPU 0				start_on(0), CPU 1
 *	lock; programmed = 50; unlock
 *						lock; root = 40 < 50; unlock
 *	hal_timer_program(50)			hal_ipi_send(0)
 *	kick: 40 < 50, program(40)
 */
#include "nucleus/timer.h"
#include "nucleus/sched.h"

static inline unsigned int dist_of(const struct nk_timer *t)
{
	return t ? t->dist : 0;
}

/* Restore T2 at @t; 0 when nothing changed for those above. */
static inline int repair(struct nk_timer *t)
{
	unsigned int before = t->dist;

	if (dist_of(t->left) < dist_of(t->right)) {
		struct nk_timer *left = t->left;

		t->left = t->right;
		t->right = left;
	}
	t->dist = dist_of(t->right) + 1;
	return t->dist != before;
}

/* From the bottom of a spine up: @right is the lower part, with its dist, and @t what it hangs on.
 * Returns the top. */
static struct nk_timer *repair_spine(struct nk_timer *t, struct nk_timer *right)
{
	unsigned int dist = right->dist;

	for (; t; t = t->parent) {
		struct nk_timer *left = t->left;

		if (left && left->dist >= dist) {
			t->right = right;
			dist++;
		} else {
			t->left = right;
			t->right = left;
			dist = dist_of(left) + 1;
		}
		t->dist = dist;
		right = t;
	}
	return right;
}

/* Zip the two right spines by their parent links, then repair from the bottom up. */
static struct nk_timer *merge(struct nk_timer *a, struct nk_timer *b)
{
	struct nk_timer *last = NULL, *other;

	if (!a || !b)
		return a ? a : b;
	for (;;) {
		if (b->deadline < a->deadline) {
			other = a;
			a = b;
			b = other;
		}
		a->parent = last;
		/* These hang on one another already. */
		do {
			last = a;
			a = a->right;
		} while (a && a->deadline <= b->deadline);
		if (!a)
			break;
	}
	b->parent = last;
	return repair_spine(last, b);
}

static void heap_insert(struct nk_timer_base *base, struct nk_timer *t)
{
	t->left = NULL;
	t->right = NULL;
	t->parent = NULL;
	t->dist = 1;
	t->armed = 1;
	base->root = merge(base->root, t);
}

static void heap_remove(struct nk_timer_base *base, struct nk_timer *t)
{
	struct nk_timer *parent = t->parent;
	struct nk_timer *below = merge(t->left, t->right);

	t->armed = 0;
	if (below)
		below->parent = parent;
	if (!parent) {
		base->root = below;
		return;
	}
	if (parent->left == t)
		parent->left = below;
	else
		parent->right = below;
	while (parent && repair(parent))
		parent = parent->parent;
}

/* The root has no right child: the left one, if any, is the new root. */
static inline void heap_pop_only_child(struct nk_timer_base *base)
{
	struct nk_timer *t = base->root;

	t->armed = 0;
	base->root = t->left;
	if (base->root)
		base->root->parent = NULL;
}

void nk_timer_base_init(struct nk_timer_base *base)
{
	nk_lock_init(&base->lock, NK_RANK_TIMER);
	base->root = NULL;
	base->running = NULL;
	base->in_tick = 0;
	base->programmed = NK_TIME_NEVER;
}

void nk_timer_init(struct nk_timer *timer,
		   void (*handler)(struct nk_timer *timer, nk_time_t now))
{
	*timer = (struct nk_timer){ .handler = handler };
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
		heap_remove(base, timer);
	__atomic_store_n(&timer->cpu, cpu, __ATOMIC_RELAXED);
	nk_lock_release(&base->lock);
	return armed;
}

static inline nk_time_t next_deadline(const struct nk_timer_base *base)
{
	return base->root ? base->root->deadline : NK_TIME_NEVER;
}

static void program_locked(struct nk_timer_base *base, nk_time_t deadline)
{
	base->programmed = deadline;
	if (!base->in_tick)
		hal_timer_program(deadline);
}

void nk_timer_start_on(struct nk_timer *timer, int cpu, nk_time_t first, nk_time_t interval)
{
	struct nk_timer_base *base = &nk_rqs[cpu].timers;
	hal_flags_t flags = hal_oob_save();

	if (timer->armed || timer->cpu != cpu)
		disarm(timer, cpu);
	nk_lock_acquire(&base->lock);
	timer->deadline = first;
	timer->interval = interval;
	timer->overruns = 0;
	heap_insert(base, timer);
	if (base->root == timer && first < base->programmed) {
		if (cpu == hal_cpu())
			program_locked(base, first);
		else
			hal_ipi_send(cpu);
	}
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
		heap_remove(base, timer);
	nk_lock_release(&base->lock);
	hal_oob_restore(flags);
	return armed;
}

/* One look under the lock: 1 when @timer is neither armed nor running. */
static int is_quiet(struct nk_timer *timer)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_timer_base *base = lock_base_of(timer);
	int quiet = !timer->armed &&
		    __atomic_load_n(&base->running, __ATOMIC_ACQUIRE) != timer;

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
	t->deadline += t->interval;
	if (nk_unlikely(t->deadline <= now)) {
		nk_time_t missed = (now - t->deadline) / t->interval + 1;

		t->overruns += (unsigned long)missed;
		t->deadline += missed * t->interval;
	}
	heap_insert(base, t);
}

/* Take the first timer off if it is due, else NULL; either way say what comes next. */
static struct nk_timer *take_due(struct nk_timer_base *base, nk_time_t now)
{
	struct nk_timer *t;

	nk_lock_acquire(&base->lock);
	t = base->root;
	if (t && t->deadline <= now) {
		heap_remove(base, t);
		t->due = t->deadline;
		if (t->interval)
			rearm_periodic(base, t, now);
		if (t->handler)
			base->running = t;
	} else {
		t = NULL;
	}
	base->programmed = next_deadline(base);
	nk_lock_release(&base->lock);
	return t;
}

static void run_handler(struct nk_rq *rq, struct nk_timer *t, nk_time_t now)
{
	rq->irq_depth++;
	rq->timers.in_tick = 1;
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
 * due is mostly that of a thread, without a handler, and its place in the heap is taken by
 * its only child, if any: that case alone is served here, without a call.
 */
hal_time_t nk_hal_tick(hal_time_t now)
{
	struct nk_rq *rq = nk_rq_this();
	struct nk_timer_base *base = &rq->timers;
	struct nk_timer *t;

	nk_lock_acquire(&base->lock);
	t = base->root;
	if (nk_unlikely(!t || t->deadline > now || t->handler || t->right)) {
		nk_lock_release(&base->lock);
		serve_due(rq, now, NK_TIMER_BATCH);
		return base->programmed;
	}
	heap_pop_only_child(base);
	base->programmed = next_deadline(base);
	nk_lock_release(&base->lock);
	nk_rq_timeout(rq, nk_container_of(t, struct nk_thread, timer));
	if (nk_unlikely(base->programmed <= now))
		serve_due(rq, now, NK_TIMER_BATCH - 1);
	return base->programmed;
}

void nk_timer_kick(struct nk_timer_base *base)
{
	nk_lock_acquire(&base->lock);
	if (base->root && base->root->deadline < base->programmed)
		program_locked(base, base->root->deadline);
	nk_lock_release(&base->lock);
}

void nk_timer_start_behind(struct nk_timer *timer, nk_time_t after)
{
	struct nk_timer_base *base = &nk_rqs[timer->cpu].timers;

	nk_lock_acquire(&base->lock);
	if (timer->armed)
		heap_remove(base, timer);
	if (base->root) {
		timer->deadline = base->root->deadline + after;
		heap_insert(base, timer);
	}
	program_locked(base, next_deadline(base));
	nk_lock_release(&base->lock);
}

static int node_check(const struct nk_timer_base *base, const struct nk_timer *t)
{
	const struct nk_timer *p = t->parent;

	if (p && t->deadline < p->deadline)
		return 1;
	if (dist_of(t->left) < dist_of(t->right) || t->dist != dist_of(t->right) + 1)
		return 2;
	if (p ? p->left != t && p->right != t : base->root != t)
		return 3;
	if ((t->left && t->left->parent != t) || (t->right && t->right->parent != t))
		return 3;
	if (!t->armed || &nk_rqs[t->cpu].timers != base)
		return 4;
	return 0;
}

/* The node after @t when every node is visited before its children. */
static const struct nk_timer *walk_next(const struct nk_timer *t)
{
	if (t->left)
		return t->left;
	for (; t->parent; t = t->parent)
		if (t == t->parent->left && t->parent->right)
			return t->parent->right;
	return NULL;
}

int nk_timer_base_check(const struct nk_timer_base *base)
{
	const struct nk_timer *t;
	int broken;

	for (t = base->root; t; t = walk_next(t)) {
		broken = node_check(base, t);
		if (broken)
			return broken;
	}
	if (base->root && base->programmed > base->root->deadline)
		return 5;
	return 0;
}
