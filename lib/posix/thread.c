// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Threads and their scheduling. Linux is always told as well, and first: it says what is allowed, and
 * what the program reads back.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include "posix.h"

/* What pthread_create() hands to its thread; on the creator's stack, until done is posted. */
struct start {
	void *(*fn)(void *arg);
	void *arg;
	int policy;
	struct sched_param param;
	int inherit;
	int error;
	sem_t done;
};

/* The thread starts with what it inherits, and asks by itself for what else it is to have: so an error of
 * Linux comes back to the creator. */
static void *start_thread(void *arg)
{
	struct start *start = arg;
	void *(*fn)(void *) = start->fn;
	void *fn_arg = start->arg;
	int err = 0;

	if (start->inherit != PTHREAD_INHERIT_SCHED)
		err = REAL(pthread_setschedparam)(pthread_self(), start->policy, &start->param);
	if (!err)
		posix_follow(start->policy, start->param.sched_priority);
	start->error = err;
	keel_relax();
	REAL(sem_post)(&start->done);
	if (err)
		return NULL;
	if (posix_self.rt)
		keel_harden();
	return fn(fn_arg);
}

/* What the thread is to have, if that is real-time: 1. Linux is asked what there is to inherit: from when glibc
 * is, it hands on what it knows in place of what attributes leave open. With SCHED_RESET_ON_FORK that is nothing. */
static int asks_realtime(const pthread_attr_t *attr, struct start *start)
{
	start->inherit = PTHREAD_INHERIT_SCHED;
	if (attr)
		pthread_attr_getinheritsched(attr, &start->inherit);
	if (start->inherit == PTHREAD_INHERIT_SCHED) {
		if (!posix_is_rt() || sched_getparam(0, &start->param))
			return 0;
		start->policy = sched_getscheduler(0);
	} else {
		pthread_attr_getschedpolicy(attr, &start->policy);
		pthread_attr_getschedparam(attr, &start->param);
	}
	return start->policy == SCHED_FIFO || start->policy == SCHED_RR;
}

/* With the attributes as they are, but for scheduling; what they point to stays @attr's. */
static int create(pthread_t *thread, const pthread_attr_t *attr, struct start *start)
{
	pthread_attr_t copy;
	int detached = PTHREAD_CREATE_JOINABLE, cancel, err;

	if (attr) {
		copy = *attr;
		pthread_attr_setinheritsched(&copy, PTHREAD_INHERIT_SCHED);
		pthread_attr_getdetachstate(attr, &detached);
	}
	REAL(sem_init)(&start->done, 0, 0);
	err = REAL(pthread_create)(thread, attr ? &copy : NULL, start_thread, start);
	if (err)
		return err;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);	/* no cancellation point, and @start is needed */
	while (REAL(sem_wait)(&start->done) < 0)
		;	/* a signal: EINTR is its only error here */
	REAL(sem_destroy)(&start->done);
	if (start->error && detached == PTHREAD_CREATE_JOINABLE)
		pthread_join(*thread, NULL);
	pthread_setcancelstate(cancel, NULL);
	return start->error;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *arg),
			  void *arg)
{
	struct start start = { .fn = fn, .arg = arg };

	if (!asks_realtime(attr, &start)) {
		GLIBC(pthread_create);
		return REAL(pthread_create)(thread, attr, fn, arg);
	}
	CORE(pthread_create);
	return create(thread, attr, &start);
}
EXPORT(pthread_create);

struct c11_start {
	thrd_start_t fn;
	void *arg;
};

static void *c11_thread(void *arg)
{
	struct c11_start start = *(struct c11_start *)arg;

	free(arg);
	return (void *)(intptr_t)start.fn(start.arg);
}

/* It inherits, as any thread without attributes; thrd_join() is glibc's. */
int __wrap_thrd_create(thrd_t *thread, thrd_start_t fn, void *arg)
{
	struct c11_start *start;
	int err;

	if (!posix_is_rt()) {
		GLIBC(thrd_create);
		return REAL(thrd_create)(thread, fn, arg);
	}
	CORE(thrd_create);
	start = malloc(sizeof(*start));
	if (!start)
		return thrd_nomem;
	*start = (struct c11_start){ fn, arg };
	err = __wrap_pthread_create(thread, NULL, c11_thread, start);
	if (err)
		free(start);
	return !err ? thrd_success : err == ENOMEM ? thrd_nomem : thrd_error;
}
EXPORT(thrd_create);

/* Linux has done it for the thread @tid, 0 or @thread: Keel follows. */
static void follow(pthread_t thread, pid_t tid, int policy, int prio)
{
	struct posix_self *self = posix_me();
	int mine = tid ? tid == self->tid : pthread_equal(thread, self->thread);

	if (!posix_is_process())	/* a child of vfork(): what is here is its parent's */
		return;
	policy &= ~SCHED_RESET_ON_FORK;
	if (policy != SCHED_FIFO && policy != SCHED_RR)
		prio = 0;
	if (mine)
		posix_follow(policy, prio);
	else
		posix_ask(thread, tid, prio);
}

int __wrap_pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *param)
{
	int err = REAL(pthread_setschedparam)(thread, policy, param);

	if (err || posix_self.inside)
		return err;
	CORE(pthread_setschedparam);
	follow(thread, 0, policy, param->sched_priority);
	return 0;
}
EXPORT(pthread_setschedparam);

int __wrap_pthread_setschedprio(pthread_t thread, int prio)
{
	struct sched_param param;
	int policy, err = REAL(pthread_setschedprio)(thread, prio);

	if (err || pthread_getschedparam(thread, &policy, &param))
		return err;
	CORE(pthread_setschedprio);
	follow(thread, 0, policy, prio);
	return 0;
}
EXPORT(pthread_setschedprio);

int __wrap_sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	int ret = REAL(sched_setscheduler)(pid, policy, param);

	if (ret < 0 || posix_self.inside)
		return ret;
	CORE(sched_setscheduler);
	follow(0, pid ? pid : posix_me()->tid, policy, param->sched_priority);
	return ret;
}
EXPORT(sched_setscheduler);

int __wrap_sched_setparam(pid_t pid, const struct sched_param *param)
{
	int ret = REAL(sched_setparam)(pid, param);

	if (ret < 0)
		return ret;
	CORE(sched_setparam);
	follow(0, pid ? pid : posix_me()->tid, sched_getscheduler(pid), param->sched_priority);
	return ret;
}
EXPORT(sched_setparam);

int __wrap_sched_yield(void)
{
	if (posix_is_rt() && !keel_yield()) {
		CORE(sched_yield);
		return 0;
	}
	GLIBC(sched_yield);
	return REAL(sched_yield)();
}
EXPORT(sched_yield);
