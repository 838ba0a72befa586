// SPDX-License-Identifier: GPL-2.0
/*
 * Linux's share, s percent of the period P. Root's account:
 *
 *	while threads have the CPU	debt grows by s percent of the time
 *	while root has it		debt falls by 100 - s percent of the time
 *	at s (100 - s) percent of P	root may have a slice, if Linux wants the CPU
 *
 * H1 The debt is never below 0 nor above that limit: nobody saves up.
 * H2 So threads that leave root s percent that count never meet it, however they do it, unless they run
 *    for (100 - s) percent of P in one go.
 * H3 A slice ends when nothing is owed any more, after s percent of P at most, or when Linux
 *    has nothing to do, where hal can tell (by MWAIT it idles the slice through).
 * H4 What root has in one go counts but for the beginning, in which the CPU gets to Linux and back. Threads
 *    that sleep for less, again and again, would leave it a share of the time and not one instruction: the
 *    wake-up is due before Linux can be interrupted by it. That is nk_share_crossing, or what it took the
 *    last two times that a wake-up was as soon, up to LEARNT times as much.
 *
 * In a slice root stands in the run queue above all threads: picking, waking up and kicking are as
 * ever. The account is made up when root gets the CPU, which is off the wake-up path; when it loses it
 * hal notes the time that was read just before: in the timer interrupt, or by nk_share_watch(). A tick with
 * more to do than to wake one thread notes its own, nk_share_ticked().
 *
 * The time at which the debt could be at the limit, were threads to run from now on, never comes nearer:
 * it stays while they run, and moves on while root does. So a timer may be early, and is not late but by
 * AGAIN, when Linux was asked at the limit, and by what H4 takes back of root's time. It
 * never comes before a wake-up, to add to its latency: when root gets the CPU and the timer is the first
 * of the CPU's, it is put behind the next one, the wake-up, by the time that threads could have then.
 * If that is next to nothing it comes with the wake-up, in its tick: before it, it would fire in root's time
 * only, and always be put off. Where something comes up earlier than the next one was then, as when a clock is
 * set, the tick looks again.
 *
 *	it fires	threads have the CPU, not at the limit	again when they could be
 *			threads, at it				a slice, to its end; or soon again
 *								if Linux wants none
 *			in a slice				the slice ends; as first
 *			root, and nobody is ready		behind the next one, if threads live
 *
 * With a share the watchdog has nothing to do.
 */
#include "nucleus/share.h"
#include "nucleus/sched.h"

#define AGAIN		(NK_SHARE_PERIOD / 20)		/* to ask whether Linux wants the CPU now */
#define ASIDE		30000				/* ns, more than a wake-up takes */
#define SILENCE		(600 * NK_SHARE_PERIOD)		/* between two messages */
#define LEARNT		5				/* times nk_share_crossing, at most */

int nk_share_percent = 5;
nk_time_t nk_share_crossing = 1000;

static nk_time_t limit_of(int percent)
{
	return (nk_time_t)percent * (100 - percent) * (NK_SHARE_PERIOD / 100);
}

static nk_time_t within(nk_time_t debt, nk_time_t limit)
{
	if (debt < 0)
		return 0;
	return debt < limit ? debt : limit;
}

/* Times from P on are as good as P, and then nothing overflows. */
static nk_time_t span(nk_time_t from, nk_time_t to)
{
	return to - from < NK_SHARE_PERIOD ? to - from : NK_SHARE_PERIOD;
}

/* When what root has now begins to count, or has begun to. */
static nk_time_t counts_from(const struct nk_share *s)
{
	return s->root_since + s->crossing;
}

/* What the tick has noted, in which the clock may be read for other things later. */
static nk_time_t root_until(const struct nk_share *s)
{
	return s->left > s->root_since ? s->left : hal_inband_left();
}

static nk_time_t debt_at(const struct nk_rq *rq, nk_time_t now, int percent, int root_runs)
{
	const struct nk_share *s = &rq->share;
	nk_time_t limit = limit_of(percent);
	nk_time_t until = root_runs ? now : root_until(s);
	nk_time_t had = until > counts_from(s) ? span(counts_from(s), until) : 0;
	nk_time_t debt = within(s->debt - (100 - percent) * had, limit);

	return root_runs ? debt : within(debt + percent * span(until, now), limit);
}

nk_time_t nk_share_debt(const struct nk_rq *rq, nk_time_t now)
{
	return debt_at(rq, now, nk_share_percent, nk_root_active(rq->cpu));
}

static int in_slice(const struct nk_rq *rq)
{
	return rq->root.eprio == NK_PRIO_SHARE;
}

static void slice_begin(struct nk_rq *rq, nk_time_t now)
{
	nk_lock_acquire(&rq->lock);
	rq->root.eprio = NK_PRIO_SHARE;
	nk_runq_add_head(&rq->ready, &rq->root.run_node, NK_PRIO_SHARE);
	rq->resched = 1;
	nk_lock_release(&rq->lock);
	__atomic_store_n(&rq->share.slices, rq->share.slices + 1, __ATOMIC_RELAXED);
	if (now < rq->share.silent_until)
		return;
	rq->share.silent_until = now + SILENCE;
	hal_warn("real-time threads leave Linux less than its share of a CPU, it takes it: CPU", rq->cpu);
}

static void slice_end(struct nk_rq *rq)
{
	nk_lock_acquire(&rq->lock);
	nk_runq_del(&rq->ready, &rq->root.run_node, NK_PRIO_SHARE);
	rq->root.eprio = NK_PRIO_ROOT;
	rq->resched = 1;
	nk_lock_release(&rq->lock);
	nk_class_watch(rq);
}

/* When the debt could be at the limit, were threads to run from @now on. */
static nk_time_t earliest(const struct nk_rq *rq, nk_time_t now, int percent)
{
	nk_time_t debt = debt_at(rq, now, percent, nk_root_active(rq->cpu));

	return now + (limit_of(percent) - debt + percent - 1) / percent;
}

/* Root has the CPU, and not for a slice. */
static void put_behind(struct nk_rq *rq, nk_time_t now)
{
	int percent = nk_share_percent;
	nk_time_t after;

	rq->share.percent = percent;
	if (!percent) {
		nk_timer_stop(&rq->share.timer);
		return;
	}
	/* Not at the very time of a later wake-up, as the period may well be a part of the share's. */
	after = earliest(rq, now, percent) - now - ASIDE;
	nk_timer_start_behind(&rq->share.timer, after > 0 ? after : 0);
}

/* Root was to lose the CPU before it had it. One that took long by chance is not believed. */
static void learn(struct nk_share *s)
{
	nk_time_t took = root_until(s) - s->root_since;

	s->crossing = took < s->took ? took : s->took;
	if (s->crossing < nk_share_crossing)
		s->crossing = nk_share_crossing;
	if (s->crossing > LEARNT * nk_share_crossing)
		s->crossing = LEARNT * nk_share_crossing;
	s->took = took;
}

nk_cold void nk_hal_inband_runs(void)
{
	struct nk_rq *rq = nk_rq_this();
	const struct nk_tree_node *first = rq->timers.queue.first;
	struct nk_share *s = &rq->share;
	nk_time_t now = hal_clock_now();

	if (s->at_once)
		learn(s);
	s->at_once = 0;
	s->debt = debt_at(rq, now, nk_share_percent, 0);
	s->root_since = now;
	if (in_slice(rq))
		return;
	if (first == &s->timer.node || (first && !s->timer.armed))
		put_behind(rq, now);
	s->at_once = rq->timers.programmed <= now + nk_share_crossing;
}

static nk_time_t decide(struct nk_rq *rq, nk_time_t now, int percent)
{
	nk_time_t next = earliest(rq, now, percent);

	if (next > now)
		return next;
	if (!hal_inband_wants())
		return now + AGAIN;
	slice_begin(rq, now);
	return now + rq->share.crossing + (limit_of(percent) + 99 - percent) / (100 - percent);
}

static void share_fires(struct nk_timer *timer, nk_time_t now)
{
	struct nk_rq *rq = nk_container_of(timer, struct nk_rq, share.timer);
	int percent = nk_share_percent;

	if (in_slice(rq))
		slice_end(rq);
	if (nk_root_active(rq->cpu) && !rq->resched) {
		if (__atomic_load_n(&rq->living, __ATOMIC_RELAXED))
			put_behind(rq, now);
	} else if (percent)
		nk_timer_start(timer, decide(rq, now, percent), 0);
}

/* Threads have the CPU or get it: the timer is not to be later than it may have to be, nor to ask again
 * before its time what Linux wants. */
static void hasten(struct nk_rq *rq, nk_time_t now, int percent)
{
	nk_time_t next;

	if (!percent)
		return;
	next = earliest(rq, now, percent);
	if (rq->share.timer.armed &&
	    (rq->share.timer.node.key <= next || (next <= now && rq->share.timer.node.key <= now + AGAIN)))
		return;
	nk_timer_start(&rq->share.timer, next, 0);
}

nk_cold void nk_share_watch(struct nk_rq *rq)
{
	nk_time_t now = hal_clock_now();
	int percent = nk_share_percent;

	if (in_slice(rq))
		return;
	if (!nk_root_active(rq->cpu) || rq->resched)
		hasten(rq, now, percent);
	else if (rq->share.percent != percent || !rq->share.timer.armed)
		put_behind(rq, now);
}

static int root_stays(struct nk_rq *rq)
{
	int stays;

	if (!rq->resched)
		return 1;
	nk_lock_acquire(&rq->lock);
	stays = nk_rq_pick(rq) == &rq->root;
	nk_lock_release(&rq->lock);
	return stays;
}

nk_cold void nk_share_ticked(struct nk_rq *rq, nk_time_t now)
{
	if (!nk_root_active(rq->cpu))
		return;
	if (root_stays(rq)) {
		rq->share.at_once = 0;
		return;
	}
	rq->share.left = now;
	hasten(rq, now, nk_share_percent);
}

/* Linux does nothing with the rest of its slice, so nothing is owed. */
void nk_hal_inband_idle(void)
{
	struct nk_rq *rq = nk_rq_this();

	if (!in_slice(rq))
		return;
	slice_end(rq);
	rq->share.debt = 0;
	rq->share.root_since = hal_clock_now();
	nk_timer_stop(&rq->share.timer);
	nk_share_watch(rq);
	nk_rq_switch(rq);
}

void nk_share_set(int percent)
{
	hal_flags_t flags = hal_oob_save();
	int cpu;

	__atomic_store_n(&nk_share_percent, percent, __ATOMIC_RELAXED);
	for (cpu = 0; cpu < HAL_MAX_CPUS; cpu++)
		if (cpu != hal_cpu() && hal_cpu_online(cpu))
			hal_ipi_send(cpu);
	nk_share_watch(nk_rq_this());
	hal_oob_restore(flags);
}

void nk_share_init(struct nk_rq *rq)
{
	rq->share = (struct nk_share){ .percent = nk_share_percent, .crossing = nk_share_crossing,
					.took = nk_share_crossing };
	nk_timer_init(&rq->share.timer, share_fires);
	rq->share.timer.cpu = rq->cpu;
	rq->share.timer.pinned = 1;
}

void nk_share_exit(struct nk_rq *rq)
{
	nk_timer_stop_sync(&rq->share.timer);
}
