// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What goes beyond POSIX: modes of threads, and scheduling classes that Linux does not have, or has
 * otherwise. Such a thread has SCHED_FIFO under Linux, and keeps its class there: it is asked for again
 * with each change of policy.
 */
#include <string.h>
#include <sys/syscall.h>
#include <keel/posix.h>
#include <keel/sched.h>
#include "posix.h"

#define MODES	(PTHREAD_WARNSW | PTHREAD_LOCK_SCHED)

/* Linux's, without the members that came later. */
struct attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t prio;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

/* ---- modes ------------------------------------------------------------------------------------------- */

int pthread_setmode_np(int clear, int set, int *before)
{
	struct posix_self *self = posix_me();
	int mode = (self->mode & ~clear) | set, changed = mode ^ self->mode, err = 0;

	if ((clear | set) & ~MODES)
		return EINVAL;
	if (!posix_is_rt())
		return EPERM;
	if (before)
		*before = self->mode;
	if (changed & PTHREAD_WARNSW)
		err = keel_thread_warn(mode & PTHREAD_WARNSW ? KEEL_WARN_ALL : 0);
	if (err >= 0 && (changed & PTHREAD_LOCK_SCHED))
		err = mode & PTHREAD_LOCK_SCHED ? keel_sched_lock() : keel_sched_unlock();
	if (err < 0)
		return -err;
	self->mode = mode;
	return 0;
}

int posix_unlock_failed(int err)
{
	const union sigval why = { .sival_int = KEEL_WARNED + KEEL_WARNED_UNLOCK };

	if (err == EPERM && (posix_self.mode & PTHREAD_WARNSW))
		REAL(pthread_sigqueue)(pthread_self(), SIGDEBUG, why);
	return err;
}

/* ---- classes -------------------------------------------------------------------------------------------- */

/* The caller becomes Keel's, if it is not: 0 or a positive errno. */
static int become_rt(int prio)
{
	struct sched_param param = { .sched_priority = prio ? prio : KEEL_PRIO_MIN };
	int err;

	if (posix_is_rt())
		return 0;
	err = REAL(pthread_setschedparam)(pthread_self(), SCHED_FIFO, &param);
	if (err)
		return err;
	posix_follow(SCHED_FIFO, param.sched_priority);
	return posix_is_rt() ? 0 : EOPNOTSUPP;
}

/* @tid 0: the caller. 0 or a positive errno. */
static int class_set(pid_t tid, const struct keel_sched *sched)
{
	int err;

	posix_self.inside++;
	err = tid ? keel_sched_set(tid, sched) : keel_thread_sched_set(sched);
	posix_self.inside--;
	if (!tid && !err)
		posix_self.sched_class = sched->sched_class;
	return -err;
}

static int class_get(pid_t tid, struct keel_sched *sched)
{
	int err;

	posix_self.inside++;
	err = keel_sched_get(tid ? tid : posix_self.tid, sched);
	posix_self.inside--;
	return -err;
}

/* 0: the caller; -1: it is no real-time thread. */
static pid_t tid_of(pthread_t thread)
{
	pid_t tid;

	if (pthread_equal(thread, pthread_self()))
		return 0;
	tid = posix_tid_of(thread);
	return tid ? tid : -1;
}

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
}

static int64_t rr_quantum(const struct timespec *ts)
{
	struct timespec linux_one;

	if (posix_ns(ts))
		return posix_ns(ts);
	return sched_rr_get_interval(0, &linux_one) || !posix_ns(&linux_one) ? 100000000 : posix_ns(&linux_one);
}

int posix_class_follow(struct posix_self *self, int policy, int prio)
{
	const struct timespec none = { 0 };
	struct keel_sched sched = { .prio = prio };

	if ((policy & ~SCHED_RESET_ON_FORK) == SCHED_RR) {
		sched.sched_class = KEEL_CLASS_RR;
		sched.budget_ns = rr_quantum(&none);
	}
	if (self->sched_class == (int)sched.sched_class && sched.sched_class == KEEL_CLASS_FIFO)
		return 0;
	return class_set(0, &sched);
}

/* 0, or EINVAL: Linux has to know such a policy. */
static int sched_of(int policy, const struct sched_param_ex *p, struct keel_sched *s)
{
	*s = (struct keel_sched){ .prio = p->sched_priority };
	switch (policy) {
	case SCHED_SPORADIC:
		s->sched_class = KEEL_CLASS_SPORADIC;
		s->low_prio = p->sched_ss_low_priority;
		s->max_repl = p->sched_ss_max_repl;
		s->budget_ns = posix_ns(&p->sched_ss_init_budget);
		s->period_ns = posix_ns(&p->sched_ss_repl_period);
		return 0;
	case SCHED_TP:
		s->sched_class = KEEL_CLASS_TP;
		s->group = p->sched_tp_partition;
		return 0;
	case SCHED_QUOTA:
		s->sched_class = KEEL_CLASS_QUOTA;
		s->group = p->sched_quota_group;
		return 0;
	case SCHED_RR:
		s->sched_class = KEEL_CLASS_RR;
		s->budget_ns = rr_quantum(&p->sched_rr_quantum);
		return 0;
	default:
		return EINVAL;
	}
}

static int times_ok(const struct sched_param_ex *p)
{
	return posix_time_ok(&p->sched_ss_repl_period) && posix_time_ok(&p->sched_ss_init_budget) &&
	       posix_time_ok(&p->sched_rr_quantum) && p->sched_rr_quantum.tv_sec >= 0;
}

int pthread_setschedparam_ex(pthread_t thread, int policy, const struct sched_param_ex *param)
{
	struct sched_param plain = { .sched_priority = param->sched_priority };
	pid_t tid = tid_of(thread);
	struct keel_sched sched;
	int err;

	if (sched_of(policy, param, &sched))
		return __wrap_pthread_setschedparam(thread, policy, &plain);
	if (!times_ok(param))
		return EINVAL;
	err = tid < 0 ? ESRCH : tid ? 0 : become_rt(sched.prio);
	if (!err)
		err = class_set(tid, &sched);
	if (!err)	/* glibc remembers what it was told last */
		REAL(pthread_setschedparam)(thread, policy == SCHED_RR ? SCHED_RR : SCHED_FIFO, &plain);
	return err;
}

static int policy_of(const struct keel_sched *s, struct sched_param_ex *p)
{
	switch (s->sched_class) {
	case KEEL_CLASS_SPORADIC:
		p->sched_ss_low_priority = s->low_prio;
		p->sched_ss_max_repl = s->max_repl;
		p->sched_ss_init_budget = timespec_of(s->budget_ns);
		p->sched_ss_repl_period = timespec_of(s->period_ns);
		return SCHED_SPORADIC;
	case KEEL_CLASS_TP:
		p->sched_tp_partition = s->group;
		return SCHED_TP;
	case KEEL_CLASS_QUOTA:
		p->sched_quota_group = s->group;
		return SCHED_QUOTA;
	case KEEL_CLASS_RR:
		p->sched_rr_quantum = timespec_of(s->budget_ns);
		return SCHED_RR;
	default:
		return s->sched_class == KEEL_CLASS_EDF ? SCHED_DEADLINE : SCHED_FIFO;
	}
}

int pthread_getschedparam_ex(pthread_t thread, int *policy, struct sched_param_ex *param)
{
	pid_t tid = tid_of(thread);
	struct sched_param plain;
	struct keel_sched sched;
	int err;

	memset(param, 0, sizeof(*param));
	if (tid < 0 || (!tid && !posix_is_rt())) {
		err = pthread_getschedparam(thread, policy, &plain);
		if (!err)
			param->sched_priority = plain.sched_priority;
		return err;
	}
	err = class_get(tid, &sched);
	if (err)
		return err;
	param->sched_priority = sched.prio;
	*policy = policy_of(&sched, param);
	return 0;
}

/* ---- Linux's attributes ------------------------------------------------------------------------------- */

static int result(int err)
{
	if (!err)
		return 0;
	errno = err;
	return -1;
}

static int deadline_set(pid_t pid, const struct attr *a, unsigned int flags)
{
	struct keel_sched sched = {
		.sched_class = KEEL_CLASS_EDF, .budget_ns = a->runtime, .period_ns = a->deadline,
	};
	pid_t tid = pid && pid != posix_me()->tid ? pid : 0;
	int err;

	if (flags || a->flags || (a->period && a->period != a->deadline) || a->prio)
		return EINVAL;
	if (tid)
		err = posix_tid_is_rt(tid) ? 0 : ESRCH;
	else
		err = become_rt(0);
	return err ? err : class_set(tid, &sched);
}

int sched_setattr(pid_t pid, struct sched_attr *attr, unsigned int flags)
{
	const struct attr *a = (const struct attr *)attr;
	struct sched_param param;

	if (!a || (a->size && a->size < sizeof(*a)))
		return result(EINVAL);
	if (a->policy == SCHED_DEADLINE)
		return result(deadline_set(pid, a, flags));
	if (a->policy == SCHED_FIFO || a->policy == SCHED_RR) {
		param.sched_priority = a->prio;
		return __wrap_sched_setscheduler(pid, a->policy, &param);
	}
	return syscall(SYS_sched_setattr, pid, attr, flags);
}

int sched_getattr(pid_t pid, struct sched_attr *attr, unsigned int size, unsigned int flags)
{
	pid_t tid = pid ? pid : posix_me()->tid;
	struct attr *a = (struct attr *)attr;
	struct keel_sched sched;
	int ret = syscall(SYS_sched_getattr, pid, attr, size, flags);

	if (ret || !posix_tid_is_rt(tid) || class_get(tid, &sched) || sched.sched_class != KEEL_CLASS_EDF)
		return ret;
	a->policy = SCHED_DEADLINE;
	a->prio = 0;
	a->runtime = sched.budget_ns;
	a->deadline = a->period = sched.period_ns;
	return 0;
}
