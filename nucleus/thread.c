// SPDX-License-Identifier: GPL-2.0
/*
 * Threads: life, waits that are on no queue, periods. For how a wait begins and ends see
 * wait.c.
 */
#include "nucleus/thread.h"
#include "nucleus/mutex.h"
#include "nucleus/pi.h"
#include "nucleus/sched.h"

void nk_thread_init(struct nk_thread *t, const char *name, int prio, int cpu)
{
	int i;

	*t = (struct nk_thread){ .state = NK_DORMANT };
	nk_lock_init(&t->lock, NK_RANK_THREAD);
	t->cpu = cpu;
	t->prio = prio;
	t->limit = NK_PRIO_EDF;
	t->base_prio = prio;
	t->eprio = prio;
	nk_plist_init(&t->owned);
	nk_timer_init(&t->timer, NULL);
	nk_timer_init(&t->sched.timer, NULL);
	t->sched.timer.pinned = 1;
	for (i = 0; i < NK_NAME_LEN - 1 && name[i]; i++)
		t->name[i] = name[i];
}

void nk_thread_start(struct nk_thread *t)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_rq *rq = nk_rq_lock_of(t);

	nk_assert(t->state == NK_DORMANT);
	rq->living++;
	nk_rq_enqueue(rq, t);
	nk_lock_release(&rq->lock);
	nk_sched();
	hal_oob_restore(flags);
}

void nk_thread_exit(void)
{
	nk_mutex_abandon_all(nk_thread_current());
	hal_oob_save();
	nk_rq_leave(NK_DEAD);
}

int nk_thread_is_dead(const struct nk_thread *t)
{
	return !__atomic_load_n(&t->leaving, __ATOMIC_ACQUIRE) && t->state == NK_DEAD;
}

void nk_thread_destroy(struct nk_thread *t)
{
	hal_flags_t flags = hal_oob_save();

	/* Whoever made it ready for the last time may still hold its lock. */
	nk_lock_acquire(&t->lock);
	nk_assert(t->state == NK_DORMANT || t->state == NK_DEAD || t->state == NK_INBAND);
	nk_assert(!t->leaving && !t->wait_on && nk_plist_empty(&t->owned));
	nk_lock_release(&t->lock);
	hal_oob_restore(flags);
	while (__atomic_load_n(&t->pins, __ATOMIC_ACQUIRE))
		hal_cpu_relax();
	nk_timer_stop(&t->timer);
	nk_class_end(t);
}

int nk_thread_set_prio(struct nk_thread *t, int prio)
{
	hal_flags_t flags = hal_oob_save();
	int ret;

	nk_assert(prio >= NK_PRIO_MIN && prio <= NK_PRIO_MAX);
	ret = nk_class_set_prio(t, prio, flags);
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

int nk_thread_wake(struct nk_thread *t, int error)
{
	struct nk_rq *rq = nk_rq_lock_of(t);
	int won = t->waiting && !t->stopped;

	if (won)
		nk_rq_wake(rq, t, error);
	nk_lock_release(&rq->lock);
	return won;
}

int nk_thread_unblock(struct nk_thread *t, int error)
{
	hal_flags_t flags = hal_oob_save();
	int won = nk_thread_wake(t, error);

	nk_sched();
	hal_oob_restore(flags);
	return won;
}

int nk_thread_wait_begin(struct nk_thread *t)
{
	struct nk_rq *rq = nk_rq_this();
	int recalled;

	nk_assert(t == rq->curr && !t->waiting);
	nk_lock_acquire(&rq->lock);
	recalled = t->recall;
	t->waiting = !recalled;
	nk_lock_release(&rq->lock);
	return recalled ? -NK_EINTR : 0;
}

/* From now on; below 0: it has passed. */
static nk_time_t left_of(nk_time_t until)
{
	nk_time_t now = hal_clock_now();

	if (until >= 0)
		return until - now;
	return nk_until_realtime(until) - hal_clock_realtime_offset() - now;
}

/* The interrupt was early: spend the rest. More than that is left when CLOCK_REALTIME has been set
 * back just now. */
static void spend_rest(const struct nk_timer *timer, nk_time_t until)
{
	nk_time_t left = left_of(until);

	if (left > 0)
		hal_clock_await(hal_clock_now() + (left < timer->early ? left : timer->early));
}

/* The wait itself, with gravity or until a time of nk_until_realtime(). */
static nk_cold int wait_specially(struct nk_rq *rq, struct nk_thread *t, nk_time_t until)
{
	struct nk_timer *timer = &t->timer;

	timer->early = nk_gravity[t->user ? NK_GRAVITY_USER : NK_GRAVITY_KERNEL];
	if (until < 0)
		nk_timer_set_clock(timer, NK_CLOCK_REALTIME);
	nk_timer_start(timer, until < 0 ? nk_until_realtime(until) : until, 0);
	nk_rq_switch(rq);
	nk_timer_stop(timer);
	nk_timer_set_clock(timer, NK_CLOCK_MONOTONIC);
	if (timer->early && t->wait_error == t->timeout_error)
		spend_rest(timer, until);
	timer->early = 0;
	return t->wait_error;
}

static inline int has_gravity(void)
{
	return nk_gravity[NK_GRAVITY_KERNEL] | nk_gravity[NK_GRAVITY_USER];
}

int nk_thread_wait_commit(struct nk_thread *t, nk_time_t deadline, int timeout_error)
{
	struct nk_rq *rq = nk_rq_this();

	nk_lock_acquire(&rq->lock);
	if (!t->waiting) {
		nk_lock_release(&rq->lock);
		return t->wait_error;
	}
	t->state = NK_BLOCKED;
	nk_rq_del(rq, t);
	rq->resched = 1;
	nk_lock_release(&rq->lock);
	if (deadline != NK_TIME_NEVER) {
		t->timeout_error = timeout_error;
		if (nk_unlikely(deadline < 0 || has_gravity()))
			return wait_specially(rq, t, deadline);
		nk_timer_start(&t->timer, deadline, 0);
	}
	nk_rq_switch(rq);
	/* Only this CPU arms and serves it, and it is hard masked: unarmed means done. */
	if (t->timer.armed)
		nk_timer_stop(&t->timer);
	return t->wait_error;
}

static int sleep_until(struct nk_thread *t, nk_time_t abs)
{
	int ret = nk_thread_wait_begin(t);

	return ret ? ret : nk_thread_wait_commit(t, abs, 0);
}

int nk_sleep_until(nk_time_t abs)
{
	hal_flags_t flags = hal_oob_save();
	int ret;

	nk_assert_can_block();
	/* A time that is past is no wait: Linux would get the CPU for a moment only, which
	 * would hide a loop of such calls from the watchdog. */
	if (left_of(abs) <= 0)
		ret = nk_thread_current()->recall ? -NK_EINTR : 0;
	else
		ret = sleep_until(nk_thread_current(), abs);
	hal_oob_restore(flags);
	return ret;
}

int nk_thread_set_periodic(struct nk_thread *t, nk_time_t first, nk_time_t period)
{
	hal_flags_t flags;

	if (first < 0 || period < 0)
		return -NK_EINVAL;
	flags = hal_oob_save();
	t->release = first ? first : hal_clock_now() + period;
	hal_oob_restore(flags);
	t->period = period;
	return 0;
}

/* The newest point that has passed counts as served now, those before it as missed. */
static unsigned long skip_missed(struct nk_thread *t, nk_time_t now)
{
	nk_time_t missed = (now - t->release) / t->period;

	t->release += missed * t->period;
	t->overruns += (unsigned long)missed;
	return (unsigned long)missed;
}

int nk_thread_wait_period(unsigned long *overruns)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_thread *t = nk_thread_current();
	unsigned long missed = 0;
	nk_time_t now;
	int ret = -NK_EWOULDBLOCK;

	nk_assert_can_block();
	if (t->period) {
		now = hal_clock_now();
		if (now < t->release) {
			ret = sleep_until(t, t->release);
		} else if (t->recall) {
			ret = -NK_EINTR;	/* all points stay due: nobody would hear of them */
		} else {
			missed = skip_missed(t, now);
			ret = 0;
		}
	}
	if (!ret)
		t->release += t->period;
	if (overruns)
		*overruns = missed;
	hal_oob_restore(flags);
	return ret;
}
