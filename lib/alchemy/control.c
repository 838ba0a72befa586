// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a task is told while it runs: suspends, priority, slices, periods, CPUs, modes; its sleep; and what is
 * known of it.
 */
#include <string.h>
#include <keel/keel.h>
#include <keel/sched.h>
#include "remote.h"
#include "tasks.h"

/* ---- asked by others ----------------------------------------------------------------------------------- */

/* A suspended one that is in-band stops here, as it becomes hard. */
void alchemy_task_obey(struct alchemy_task *t)
{
	int64_t period = __atomic_exchange_n(&t->ask_period, -1, __ATOMIC_ACQ_REL);

	__atomic_store_n(&t->known->running, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&t->of->weak, !alchemy_task_prio(t), __ATOMIC_RELAXED);
	if (period >= 0)
		keel_period_set(t->ask_first, period);
	if (__atomic_load_n(&t->known->suspends, __ATOMIC_ACQUIRE))
		keel_harden();
}

/* One that has not begun obeys before its entry. */
void alchemy_task_poke(struct alchemy_task *t)
{
	if (__atomic_load_n(&t->known->running, __ATOMIC_ACQUIRE))
		pthread_kill(t->thread, ALCHEMY_POKE);
}

/* ---- suspends ---------------------------------------------------------------------------------------------- */

static void suspends_add(struct alchemy_task *t, int n)
{
	__atomic_fetch_add(&t->known->suspends, n, __ATOMIC_ACQ_REL);
}

static int suspend_self(struct alchemy_task *t)
{
	int ret;

	suspends_add(t, 1);
	ret = ALCHEMY_WAIT(keel_thread_suspend(t->known->tid));
	if (ret)	/* no resume: by itself */
		suspends_add(t, -1);
	return ret;
}

static int suspend_here(struct alchemy_task *t)
{
	int err = ALCHEMY_CALL(keel_thread_suspend(t->known->tid));

	if (err)
		return err;
	suspends_add(t, 1);
	if (!t->window->hard)
		alchemy_task_poke(t);
	return 0;
}

int rt_task_suspend(RT_TASK *task)
{
	int err = -EINVAL;
	struct alchemy_task *t = alchemy_task_of(task, &err);

	if (!t)
		return err;
	if (t->o.bound)
		return alchemy_remote_suspend(t);
	return t == alchemy_self.task ? suspend_self(t) : suspend_here(t);
}

int rt_task_resume(RT_TASK *task)
{
	int err = -EINVAL;
	struct alchemy_task *t = task ? alchemy_task_of(task, &err) : NULL;

	if (!t)
		return err;
	if (t->o.bound)
		return alchemy_remote_resume(t);
	err = ALCHEMY_CALL(keel_thread_resume(t->known->tid));
	if (err > 0)
		suspends_add(t, -1);
	return err < 0 ? err : 0;
}

int rt_task_unblock(RT_TASK *task)
{
	int err = -EINVAL;
	struct alchemy_task *t = task ? alchemy_task_of(task, &err) : NULL;

	if (!t)
		return err;
	__atomic_store_n(&t->known->unblocked, 1, __ATOMIC_RELEASE);
	if (t->o.bound)
		return alchemy_remote_unblock(t);
	err = ALCHEMY_CALL(keel_thread_unblock(t->known->tid));
	return err < 0 ? err : 0;
}

int rt_task_yield(void)
{
	return alchemy_self.task ? ALCHEMY_WAIT(keel_yield()) : -EPERM;
}

/* ---- priority, slice, CPUs, modes ---------------------------------------------------------------------------- */

static int linux_priority(const struct alchemy_task *t, int prio)
{
	struct sched_param param = { .sched_priority = prio };

	return -pthread_setschedparam(t->thread, prio ? SCHED_FIFO : SCHED_OTHER, &param);
}

/* A hard caller changes what counts while the task is hard, and goes in-band only if it becomes one of
 * Linux's or of Keel's by it. */
int rt_task_set_priority(RT_TASK *task, int prio)
{
	int err = -EINVAL;
	struct alchemy_task *t = alchemy_task_of(task, &err);

	if (!t || prio < T_LOPRIO || prio > T_HIPRIO)
		return t ? -EINVAL : err;
	if (t->o.bound)
		return alchemy_remote_priority(t, prio);
	if (t == alchemy_self.task && prio && prio == alchemy_task_prio(t))
		return ALCHEMY_WAIT(keel_yield());
	if (!keel_is_hard() || !prio != !alchemy_task_prio(t))
		err = linux_priority(t, prio);
	else
		err = 0;
	if (!err)
		err = ALCHEMY_CALL(keel_thread_priority_set(t->known->tid, prio ? prio : KEEL_PRIO_MIN));
	if (err)
		return err;
	__atomic_store_n(&t->known->prio, prio, __ATOMIC_RELEASE);
	__atomic_store_n(&t->of->weak, !prio, __ATOMIC_RELAXED);
	if (t == alchemy_self.task)
		alchemy_leave();
	return 0;
}

int rt_task_slice(RT_TASK *task, RTIME quantum)
{
	int64_t ns = rt_timer_ticks2ns(quantum);
	struct keel_sched sched = { .sched_class = ns ? KEEL_CLASS_RR : KEEL_CLASS_FIFO, .budget_ns = ns };
	int err = -EINVAL;
	struct alchemy_task *t = alchemy_task_of(task, &err);

	if (!t)
		return err;
	sched.prio = alchemy_task_prio(t);
	if (!sched.prio || ns < 0 || (ns && ns < KEEL_PERIOD_MIN_NS) || ns > KEEL_PERIOD_MAX_NS)
		return -EINVAL;
	if (t == alchemy_self.task)
		return keel_thread_sched_set(&sched);
	if (t->o.bound)
		return alchemy_remote_class(t, &sched);
	err = alchemy_inband();
	if (!err)
		err = keel_sched_set(t->known->tid, &sched);
	return err == -ESRCH ? -EINVAL : err;
}

/* Linux moves a thread in-band: so it becomes hard again on one of its new CPUs. */
int rt_task_set_affinity(RT_TASK *task, const cpu_set_t *cpus)
{
	int err = -EINVAL, hard;
	struct alchemy_task *t = alchemy_task_of(task, &err);

	if (!t)
		return err;
	hard = keel_is_hard();
	keel_relax();
	if (t->o.bound)
		err = alchemy_remote_cpus(t, cpus);
	else
		err = -pthread_setaffinity_np(t->thread, sizeof(*cpus), cpus);
	if (!err && !t->o.bound && t != alchemy_self.task)
		alchemy_task_poke(t);
	if (hard)
		keel_harden();
	return err;
}

static int lock_set(struct alchemy_task *t, int on)
{
	int err;

	if (!(t->mode & T_LOCK) == !on)
		return 0;
	err = on ? keel_sched_lock() : keel_sched_unlock();
	if (!err)
		t->mode ^= T_LOCK;
	return err;
}

static int warn_set(struct alchemy_task *t, int on)
{
	int err = keel_thread_warn(on);

	if (err < 0)
		return err;
	t->mode = on ? t->mode | T_WARNSW : t->mode & ~T_WARNSW;
	return 0;
}

int alchemy_task_modes(struct alchemy_task *t, int clear, int set)
{
	int err = 0;

	if ((clear | set) & T_LOCK)
		err = lock_set(t, (set & T_LOCK) != 0);
	if (!err && (clear | set) & T_WARNSW)
		err = warn_set(t, (set & T_WARNSW) != 0);
	return err;
}

int rt_task_set_mode(int clrmask, int setmask, int *mode_r)
{
	struct alchemy_task *t = alchemy_self.task;
	int before, err;

	if (!t)
		return -EPERM;
	if ((clrmask | setmask) & ~(T_LOCK | T_WARNSW | T_CONFORMING))
		return -EINVAL;
	before = t->mode & (T_LOCK | T_WARNSW);
	err = alchemy_task_modes(t, clrmask & ~setmask, setmask);
	if (!err && setmask & T_CONFORMING)
		err = alchemy_task_prio(t) ? keel_harden() : keel_relax();
	if (mode_r)
		*mode_r = before;
	return err;
}

/* ---- time ----------------------------------------------------------------------------------------------------- */

/* A signal's handler ends a wait like an unblock does, but then the thread is in-band. One that goes in-band
 * behind each wait, or is unblocked when a signal has just come, tells by its note. */
static int is_unblocked(const struct alchemy_task *t)
{
	return keel_is_hard() || (t && __atomic_load_n(&t->known->unblocked, __ATOMIC_ACQUIRE));
}

static int sleep_until(int64_t ns)
{
	struct alchemy_task *t = alchemy_self.task;
	int err;

	if (t)
		__atomic_store_n(&t->known->unblocked, 0, __ATOMIC_RELEASE);
	do
		err = ALCHEMY_WAIT(keel_sleep_until(ns));
	while (err == -EINTR && !is_unblocked(t));
	return err;
}

int rt_task_sleep(RTIME delay)
{
	return delay ? sleep_until(alchemy_rel(delay)) : 0;
}

int rt_task_sleep_until(RTIME date)
{
	int64_t ns = alchemy_abs(date);

	return ns <= keel_clock_ns() ? -ETIMEDOUT : sleep_until(ns);
}

static int period_check(int64_t first, int64_t period)
{
	if (period && (period < KEEL_PERIOD_MIN_NS || period > KEEL_PERIOD_MAX_NS))
		return -EINVAL;
	return first && period && first <= keel_clock_ns() ? -ETIMEDOUT : 0;
}

int rt_task_set_periodic(RT_TASK *task, RTIME idate, RTIME period)
{
	int64_t first = rt_timer_ticks2ns(idate), ns = rt_timer_ticks2ns(period);
	int err = -EINVAL;
	struct alchemy_task *t = alchemy_task_of(task, &err);

	if (!t)
		return err;
	err = t->o.bound ? -EINVAL : period_check(first, ns);
	if (err)
		return err;
	if (t == alchemy_self.task)
		return ALCHEMY_CALL(keel_period_set(first, ns));
	t->ask_first = first;
	__atomic_store_n(&t->ask_period, ns, __ATOMIC_RELEASE);
	alchemy_task_poke(t);
	return 0;
}

int rt_task_wait_period(unsigned long *overruns_r)
{
	unsigned long overruns = 0;
	int old, err;

	if (!alchemy_self.task)
		return -EPERM;
	old = alchemy_cancel_begin();
	err = keel_period_wait(&overruns);
	alchemy_leave();
	alchemy_cancel_end(old);
	if (err)
		return err;
	if (overruns_r)
		*overruns_r = overruns;
	return overruns ? -ETIMEDOUT : 0;
}

/* ---- inquire -------------------------------------------------------------------------------------------------- */

/* All that is asked of it, as one of this process and one of another tell it. */
static int state_of(struct alchemy_task *t, struct keel_thread_state *s, uint64_t *relaxes)
{
	struct keel_thread_info i;
	int err;

	if (!t->o.bound) {
		err = ALCHEMY_CALL(keel_thread_state(t->known->tid, s));
		for (int n = 0; !err && n < KEEL_RELAX_REASONS; n++)
			relaxes[n] = t->window->relaxes[n];
		return err;
	}
	err = alchemy_remote_info(t, &i);
	if (err)
		return err;
	*s = (struct keel_thread_state){
		.cpu = i.cpu, .base_prio = i.base_prio, .state = i.state, .waits = i.waits_type != 0,
		.run_ns = i.run_ns, .switches = i.switches, .until_ns = i.until_ns,
	};
	memcpy(relaxes, i.relaxes, KEEL_RELAX_REASONS * sizeof(*relaxes));
	return 0;
}

static int status_of(const struct alchemy_task *t, const struct keel_thread_state *s)
{
	int status = XNMAPPED;

	if (__atomic_load_n(&t->known->suspends, __ATOMIC_ACQUIRE) > 0)
		status |= XNSUSP;
	if (!__atomic_load_n(&t->known->started, __ATOMIC_ACQUIRE))
		return status | XNDORMANT;
	switch (s->state) {
	case KEEL_STATE_INBAND:
	case KEEL_STATE_NEW:
		return status | XNRELAX;
	case KEEL_STATE_WAITING:
		if (s->waits)
			status |= XNPEND;
		return s->until_ns || !s->waits ? status | XNDELAY : status;
	default:
		return status | XNREADY;
	}
}

int rt_task_inquire(RT_TASK *task, RT_TASK_INFO *info)
{
	uint64_t relaxes[KEEL_RELAX_REASONS];
	struct keel_thread_state s;
	int64_t now = keel_clock_ns();
	int err = -EINVAL;
	struct alchemy_task *t = alchemy_task_of(task, &err);

	if (!t || !info)
		return t ? 0 : err;
	err = state_of(t, &s, relaxes);
	if (err)
		return err == -ESRCH ? -EINVAL : err;
	memset(info, 0, sizeof(*info));
	info->prio = alchemy_task_prio(t) ? s.base_prio : 0;
	info->pid = t->known->tid;
	memcpy(info->name, t->o.name, sizeof(info->name));
	info->stat.cpu = s.cpu;
	info->stat.status = status_of(t, &s);
	info->stat.xtime = s.run_ns;
	info->stat.csw = s.switches;
	for (int n = 1; n < KEEL_RELAX_REASONS; n++)
		info->stat.msw += relaxes[n];
	info->stat.pf = relaxes[KEEL_RELAX_FAULT];
	info->stat.timeout = s.until_ns > now ? s.until_ns - now : 0;
	return 0;
}
