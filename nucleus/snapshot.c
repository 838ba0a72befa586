// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots. The run time of a thread, and with it its budget, is counted when its CPU goes from it to
 * another one, after the rq lock was let go, so a reader may come in between:
 *
 *	CPU 0: t blocks, u is next		CPU 1, here
 *	lock rq; prev = t; curr = u; unlock
 *						lock rq: t has its old run_ns; and u, as curr, would
 *						have all since that was counted last, t's time
 *	t: run_ns += ...; charges++
 *
 * It sees by the two counts of prev, which are equal when all is counted, and looks again. CPU 0 is hard
 * masked, so the wait is for a few instructions. Only prev can be uncounted, as a CPU does one switch
 * after the other. When u follows Linux there is nothing to be counted, and hal says whether it has noted
 * when Linux left. What is counted without a switch is so under the class lock or the rq lock.
 */
#include "nucleus/snapshot.h"
#include "nucleus/barrier.h"
#include "nucleus/class.h"
#include "nucleus/event.h"
#include "nucleus/heap.h"
#include "nucleus/mutex.h"
#include "nucleus/rwlock.h"
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/word.h"

/* By the monotonic clock. */
static nk_time_t deadline_of(const struct nk_timer *timer)
{
	nk_time_t due = __atomic_load_n(&timer->node.key, __ATOMIC_RELAXED);

	if (!__atomic_load_n(&timer->armed, __ATOMIC_RELAXED))
		return 0;
	if (__atomic_load_n(&timer->clock, __ATOMIC_RELAXED) == NK_CLOCK_REALTIME)
		due -= hal_clock_realtime_offset();
	return due + __atomic_load_n(&timer->early, __ATOMIC_RELAXED);
}

/* How long the present residence lasts; a little less while another CPU is at it. */
static nk_time_t residence(const struct nk_rq *rq, nk_time_t now)
{
	nk_time_t since = hal_inband_left_of(rq->cpu);
	nk_time_t charged = __atomic_load_n(&rq->charged, __ATOMIC_RELAXED);

	if (since < charged)
		since = charged;
	return now > since ? now - since : 0;
}

static int is_settled(const struct nk_rq *rq)
{
	const struct nk_thread *prev = rq->prev;

	return !prev || prev == &rq->root ||
	       __atomic_load_n(&prev->charges, __ATOMIC_ACQUIRE) == prev->switches;
}

/* Lock @rq, with all run time there counted but the residence that lasts. */
static void lock_settled(struct nk_rq *rq)
{
	nk_lock_acquire(&rq->lock);
	while (!is_settled(rq)) {
		nk_lock_release(&rq->lock);
		hal_cpu_relax();
		nk_lock_acquire(&rq->lock);
	}
}

/* Context: (l), so @t keeps its CPU; @t's lock held. */
static void take_counts(const struct nk_thread *t, struct nk_thread_snapshot *s)
{
	struct nk_rq *rq = &nk_rqs[t->cpu];
	nk_time_t now, ran;

	lock_settled(rq);
	now = hal_clock_now();
	ran = rq->curr == &rq->root ? 0 : residence(rq, now);
	s->state = t->state;
	s->cpu = t->cpu;
	s->eprio = t->eprio;
	s->switches = t->switches;
	s->run_ns = t->run_ns + (rq->curr == t ? ran : 0);
	s->budget_overruns = t->budget_overruns;
	s->budget = (struct nk_budget){ .of = 0 };
	if (t->class && t->class->budget)
		t->class->budget(t, &(struct nk_budget_at){ rq->curr, ran, now }, &s->budget);
	nk_lock_release(&rq->lock);
}

/*
 * Lock @t, and before it the mutex that it waits for, which is returned, or NULL. That one is pinned while
 * no lock is held, as for a chain walk; and @t may have it, or have given up, when both are locked:
 *
 *	CPU 0: the owner			CPU 1, here
 *						t waits for m: pin; unlock t
 *	unlocks m: it is t's now
 *						lock m, lock t: it does not wait: again
 */
static struct nk_mutex *lock_with_mutex(struct nk_thread *t)
{
	for (;;) {
		struct nk_waitq *wq;

		nk_lock_acquire(&t->lock);
		wq = t->wait_on;
		if (!wq || !wq->mutex)
			return NULL;
		__atomic_fetch_add(&wq->pins, 1, __ATOMIC_ACQUIRE);
		nk_lock_release(&t->lock);
		nk_lock_acquire(&wq->lock);
		__atomic_fetch_sub(&wq->pins, 1, __ATOMIC_RELEASE);
		nk_lock_acquire(&t->lock);
		if (t->wait_on == wq)
			return wq->mutex;
		nk_lock_release(&t->lock);
		nk_lock_release(&wq->lock);
	}
}

void nk_thread_snapshot(struct nk_thread *t, struct nk_thread_snapshot *s)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_class_cpu *c = nk_class_lock_of(t);
	struct nk_mutex *m = lock_with_mutex(t);

	nk_class_get(t, &s->attr);
	s->base_prio = t->base_prio;
	s->holds = !nk_plist_empty(&t->owned);
	s->wait_on = t->wait_on;
	s->owner = m && m->owner ? m->owner->tid : 0;
	take_counts(t, s);
	s->until = deadline_of(&t->timer);
	s->period = __atomic_load_n(&t->period, __ATOMIC_RELAXED);
	s->release = __atomic_load_n(&t->release, __ATOMIC_RELAXED);
	s->overruns = __atomic_load_n(&t->overruns, __ATOMIC_RELAXED);
	nk_lock_release(&t->lock);
	if (m)
		nk_lock_release(&m->wq.lock);
	nk_lock_release(&c->lock);
	hal_oob_restore(flags);
}

/* ---- objects ------------------------------------------------------------------------------- */

static hal_flags_t snapshot_begin(struct nk_waitq *wq, struct nk_object_snapshot *s)
{
	hal_flags_t flags = hal_oob_save();

	*s = (struct nk_object_snapshot){ .owner = 0 };
	nk_lock_acquire(&wq->lock);
	return flags;
}

static void snapshot_end(struct nk_waitq *wq, hal_flags_t flags)
{
	nk_lock_release(&wq->lock);
	hal_oob_restore(flags);
}

void nk_mutex_snapshot(struct nk_mutex *m, struct nk_object_snapshot *s)
{
	hal_flags_t flags = snapshot_begin(&m->wq, s);

	s->kind = m->kind;
	s->limit = (unsigned int)m->ceiling;
	if (m->word && !m->claimed) {
		s->owner = nk_word_owner(m);
		s->value = s->owner != 0;
	} else {
		s->owner = m->owner ? m->owner->tid : 0;
		s->value = m->owner ? m->depth : 0;
	}
	snapshot_end(&m->wq, flags);
}

void nk_rwlock_snapshot(struct nk_rwlock *l, struct nk_object_snapshot *s)
{
	hal_flags_t flags = snapshot_begin(&l->wq, s);

	s->owner = l->writer ? l->writer->tid : 0;
	s->value = l->readers;
	snapshot_end(&l->wq, flags);
}

void nk_sem_snapshot(struct nk_sem *sem, struct nk_object_snapshot *s)
{
	hal_flags_t flags = snapshot_begin(&sem->wq, s);

	s->value = nk_sem_count(sem);
	s->limit = sem->max;
	snapshot_end(&sem->wq, flags);
}

void nk_event_snapshot(struct nk_event *e, struct nk_object_snapshot *s)
{
	hal_flags_t flags = snapshot_begin(&e->wq, s);

	s->value = nk_event_bits(e);
	snapshot_end(&e->wq, flags);
}

void nk_barrier_snapshot(struct nk_barrier *b, struct nk_object_snapshot *s)
{
	hal_flags_t flags = snapshot_begin(&b->wq, s);

	s->value = b->arrived;
	s->limit = b->needed;
	snapshot_end(&b->wq, flags);
}

/* The first block of the last list that has one: all in a list are of nearly one size. */
static nk_u32 heap_largest(const struct nk_heap *h)
{
	nk_u32 power, fine;

	if (!h->powers)
		return 0;
	power = 31 - (nk_u32)__builtin_clz(h->powers);
	fine = 31 - (nk_u32)__builtin_clz(h->fine[power]);
	return h->blocks[h->first[power][fine]].units;
}

void nk_heap_snapshot(struct nk_heap *h, struct nk_heap_snapshot *s)
{
	hal_flags_t flags = hal_oob_save();

	nk_lock_acquire(&h->wq.lock);
	s->size = (unsigned long)h->units * NK_HEAP_UNIT;
	s->used = (unsigned long)h->used * NK_HEAP_UNIT;
	s->largest = (unsigned long)heap_largest(h) * NK_HEAP_UNIT;
	nk_lock_release(&h->wq.lock);
	hal_oob_restore(flags);
}

/* ---- CPUs ---------------------------------------------------------------------------------- */

void nk_cpu_snapshot(int cpu, struct nk_cpu_snapshot *s)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_rq *rq = &nk_rqs[cpu];

	lock_settled(rq);
	s->now = hal_clock_now();
	s->prio = rq->curr->eprio;
	s->tid = rq->curr->tid;
	s->living = rq->living;
	s->run_ns = __atomic_load_n(&rq->run_ns, __ATOMIC_RELAXED);
	if (rq->curr != &rq->root)
		s->run_ns += residence(rq, s->now);
	nk_lock_release(&rq->lock);
	s->slices = __atomic_load_n(&rq->share.slices, __ATOMIC_RELAXED);
	s->share = deadline_of(&rq->share.timer);
	s->watchdog = deadline_of(&rq->watchdog);
	hal_oob_restore(flags);
}
