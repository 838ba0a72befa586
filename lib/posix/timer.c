// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Timers. Each is glibc's when it is made, and has that one's name. It becomes the core's when it is set
 * by a real-time thread, or for one, or is to start its function in one; then glibc's is never set again.
 * A function is called in one thread of the timer's own, one call after the other.
 */
#include <limits.h>
#include <string.h>
#include "posix.h"

#define TIMERS	256

struct timer {
	timer_t id;
	int used;			/* (a) id and the next four are valid */
	clockid_t clock;
	struct sigevent event;
	struct sched_param param;	/* of the thread, with the next two */
	int policy;			/* 0: not a real-time one */
	size_t stack;
	unsigned int core;		/* (a) the core's id, or 0 */
	struct timespec interval;
	int overrun;			/* (a) of what the core told last */
};

/* For the first thread of a timer; on the stack of who waits for done. */
struct start {
	struct timer *timer;
	unsigned int core;
	int error;
	sem_t done;
};

static struct timer timers[TIMERS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* who makes, converts, deletes */

static struct timer *find(timer_t id)
{
	struct timer *t = timers;

	for (; t < timers + TIMERS; t++)
		if (__atomic_load_n(&t->used, __ATOMIC_ACQUIRE) && t->id == id)
			return t;
	return NULL;
}

static unsigned int core_of(const struct timer *t)
{
	return t ? __atomic_load_n(&t->core, __ATOMIC_ACQUIRE) : 0;
}

/* The core takes no shorter interval. */
static int64_t interval_of(const struct timespec *ts)
{
	int64_t ns = posix_ns(ts);

	return ns && ns < KEEL_PERIOD_MIN_NS ? KEEL_PERIOD_MIN_NS : ns;
}

/* Of its own interval, as the core has counted its. */
static int overruns_of(const struct timer *t, int64_t count)
{
	int64_t ns = posix_ns(&t->interval);

	if (ns && ns < KEEL_PERIOD_MIN_NS)
		count = count * KEEL_PERIOD_MIN_NS / ns;
	return count < INT_MAX ? count : INT_MAX;
}

int posix_timer_taken(unsigned int core, unsigned int *overrun)
{
	struct timer *t = timers;

	for (; t < timers + TIMERS; t++)
		if (core_of(t) == core) {
			*overrun = overruns_of(t, *overrun);
			__atomic_store_n(&t->overrun, *overrun, __ATOMIC_RELAXED);
			return (int)(intptr_t)t->id;
		}
	return 0;
}

/* Since Linux's last signal; -1: the last one was the core's. */
static long overruns_now(const struct timer *t, unsigned int core)
{
	long ret = libkeel_call(KEEL_CALL_TIMER_OVERRUN, core, 0);

	return ret < 0 ? -1 : overruns_of(t, ret);
}

void posix_timer_accepted(siginfo_t *info)
{
	const struct timer *t = find((timer_t)(intptr_t)info->si_timerid);
	unsigned int core = core_of(t);
	long ret = core ? overruns_now(t, core) : -1;

	if (ret >= 0)
		info->si_overrun = (int)ret;
}

void posix_timers_child(void)
{
	memset(timers, 0, sizeof(timers));
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

/* ---- made ------------------------------------------------------------------------------------------------ */

/* What the function's thread is to be; glibc's stay ordinary ones. */
static void thread_of_event(struct timer *t)
{
	const pthread_attr_t *attr = t->event.sigev_notify_attributes;
	int inherit = PTHREAD_INHERIT_SCHED, policy;

	if (!attr)
		return;
	pthread_attr_getinheritsched(attr, &inherit);
	pthread_attr_getschedpolicy(attr, &policy);
	pthread_attr_getschedparam(attr, &t->param);
	pthread_attr_getstacksize(attr, &t->stack);
	if (inherit == PTHREAD_EXPLICIT_SCHED && (policy == SCHED_FIFO || policy == SCHED_RR))
		t->policy = policy;
}

static void remember(clockid_t clock, const struct sigevent *event, timer_t id)
{
	static const struct sigevent alarm = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM,
	};
	struct timer *t = timers;

	REAL(pthread_mutex_lock)(&lock);
	while (t < timers + TIMERS && t->used)
		t++;
	if (t < timers + TIMERS) {
		*t = (struct timer){ .id = id, .clock = clock, .event = event ? *event : alarm };
		if (t->event.sigev_notify == SIGEV_THREAD)
			thread_of_event(t);
		__atomic_store_n(&t->used, 1, __ATOMIC_RELEASE);
	}
	REAL(pthread_mutex_unlock)(&lock);
}

int __wrap_timer_create(clockid_t clock, struct sigevent *event, timer_t *id)
{
	int ret = REAL(timer_create)(clock, event, id);

	if (!ret && (clock == CLOCK_MONOTONIC || clock == CLOCK_REALTIME))
		remember(clock, event, *id);
	GLIBC(timer_create);
	return ret;
}
EXPORT(timer_create);

/* ---- functions --------------------------------------------------------------------------------------------- */

static void *run(void *arg);

/* 0 or a positive errno. */
static int thread_start(struct start *start)
{
	const struct timer *t = start->timer;
	pthread_attr_t attr;
	pthread_t thread;
	int cancel, err;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, t->policy);
	pthread_attr_setschedparam(&attr, &t->param);
	pthread_attr_setstacksize(&attr, t->stack);
	REAL(sem_init)(&start->done, 0, 0);
	err = __wrap_pthread_create(&thread, &attr, run, start);
	pthread_attr_destroy(&attr);
	if (err)
		return err;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	while (REAL(sem_wait)(&start->done) < 0)
		;
	pthread_setcancelstate(cancel, NULL);
	REAL(sem_destroy)(&start->done);
	return start->error;
}

/* The function has ended its thread: there is another for the next call. */
static void again(void *arg)
{
	struct start *old = arg, start = { .timer = old->timer, .core = old->core };

	if (core_of(old->timer) == old->core)
		thread_start(&start);
}

static void call_each(struct start *mine)
{
	struct timer *t = mine->timer;
	void (*fn)(union sigval) = t->event.sigev_notify_function;
	union sigval value = t->event.sigev_value;
	long ret;

	for (;;) {
		ret = libkeel_call(KEEL_CALL_TIMER_WAIT, mine->core, KEEL_FOREVER);
		if (ret < 0 && posix_again(ret))
			continue;
		if (ret < 0 || core_of(t) != mine->core)
			break;
		__atomic_store_n(&t->overrun, overruns_of(t, ret), __ATOMIC_RELAXED);
		fn(value);
	}
}

static void *run(void *arg)
{
	struct start *start = arg, mine = { .timer = start->timer, .core = start->core };
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	start->error = posix_is_rt() ? 0 : EAGAIN;
	REAL(sem_post)(&start->done);
	if (!posix_is_rt())
		return NULL;
	pthread_cleanup_push(again, &mine);
	call_each(&mine);
	pthread_cleanup_pop(0);
	return NULL;
}

/* ---- the core's ---------------------------------------------------------------------------------------------- */

/* 0: it cannot be. */
static unsigned int core_make(const struct timer *t)
{
	struct keel_object req = { .type = KEEL_TIMER };
	uint32_t number = (uintptr_t)t->id;
	int how = t->event.sigev_notify;

	if (how == SIGEV_SIGNAL || how == SIGEV_THREAD_ID) {
		if (number > KEEL_TIMER_NUMBER_MAX)
			return 0;
		req.args[0] = number << KEEL_TIMER_NUMBER_SHIFT | (uint32_t)t->event.sigev_signo;
		req.args[1] = how == SIGEV_THREAD_ID ? t->event._sigev_un._tid : 0;
		req.data = (uintptr_t)t->event.sigev_value.sival_ptr;
	}
	return libkeel_ioctl(KEEL_IOC_OBJECT_CREATE, &req) ? 0 : req.id;
}

static void core_delete(unsigned int id)
{
	struct keel_object req = { .type = KEEL_TIMER, .id = id };

	libkeel_ioctl(KEEL_IOC_OBJECT_DELETE, &req);
}

static int should_convert(const struct timer *t)
{
	if (t->event.sigev_notify == SIGEV_THREAD)
		return t->policy != 0;
	return posix_is_rt() || (t->event.sigev_notify == SIGEV_THREAD_ID &&
				 posix_tid_is_rt(t->event._sigev_un._tid));
}

/* What glibc's had to go goes to @old. */
static void convert(struct timer *t, struct itimerspec *old)
{
	static const struct itimerspec off;
	struct start start = { .timer = t };

	if (keel_open())
		return;
	REAL(pthread_mutex_lock)(&lock);
	if (!t->core && t->used)
		start.core = core_make(t);
	if (start.core) {
		__atomic_store_n(&t->core, start.core, __ATOMIC_RELEASE);
		if (t->event.sigev_notify == SIGEV_THREAD && thread_start(&start)) {
			__atomic_store_n(&t->core, 0, __ATOMIC_RELEASE);
			core_delete(start.core);
		} else {
			REAL(timer_settime)(t->id, 0, &off, old);
		}
	}
	REAL(pthread_mutex_unlock)(&lock);
	keel_close();
}

static void core_get(const struct timer *t, unsigned int core, struct itimerspec *now)
{
	long left = libkeel_call(KEEL_CALL_TIMER_GET, core, 0);

	if (left < 0)
		left = 0;
	now->it_value.tv_sec = left / 1000000000;
	now->it_value.tv_nsec = left % 1000000000;
	now->it_interval = t->interval;
}

static void core_set(struct timer *t, unsigned int core, int flags, const struct itimerspec *new)
{
	int64_t first = posix_ns(&new->it_value);
	uint64_t id = core;

	if (!first)
		;
	else if (!(flags & TIMER_ABSTIME))
		first = posix_later(keel_clock_ns(), first);
	else if (t->clock == CLOCK_REALTIME)
		id |= KEEL_REALTIME;
	t->interval = new->it_interval;
	libkeel_call3(KEEL_CALL_TIMER_SET, id, first, interval_of(&new->it_interval));
}

static int fail(int err)
{
	errno = err;
	return -1;
}

/* ---- calls --------------------------------------------------------------------------------------- */

int __wrap_timer_settime(timer_t id, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	struct timer *t = posix_self.inside ? NULL : find(id);
	struct itimerspec was = { 0 };
	unsigned int core = core_of(t);
	int err;

	if (t && !core && should_convert(t))
		convert(t, &was);
	if (!core_of(t)) {
		GLIBC(timer_settime);
		return REAL(timer_settime)(id, flags, new, old);
	}
	if (!new || !posix_time_ok(&new->it_value) || !posix_time_ok(&new->it_interval) ||
	    new->it_value.tv_sec < 0 || new->it_interval.tv_sec < 0)
		return fail(EINVAL);
	err = posix_enter();
	if (err)
		return fail(err);
	CORE(timer_settime);
	if (core && old)
		core_get(t, core, &was);
	core_set(t, core_of(t), flags, new);
	posix_leave();
	if (old)
		*old = was;
	return 0;
}
EXPORT(timer_settime);

int __wrap_timer_gettime(timer_t id, struct itimerspec *now)
{
	struct timer *t = find(id);
	unsigned int core = core_of(t);

	if (!core || posix_enter()) {
		GLIBC(timer_gettime);
		return REAL(timer_gettime)(id, now);
	}
	CORE(timer_gettime);
	core_get(t, core, now);
	posix_leave();
	return 0;
}
EXPORT(timer_gettime);

/* Who told last, Linux or the core, knows. */
int __wrap_timer_getoverrun(timer_t id)
{
	struct timer *t = find(id);
	unsigned int core = core_of(t);
	long ret;

	if (!core || posix_enter()) {
		GLIBC(timer_getoverrun);
		return REAL(timer_getoverrun)(id);
	}
	CORE(timer_getoverrun);
	ret = overruns_now(t, core);
	posix_leave();
	return ret < 0 ? __atomic_load_n(&t->overrun, __ATOMIC_RELAXED) : (int)ret;
}
EXPORT(timer_getoverrun);

int __wrap_timer_delete(timer_t id)
{
	struct timer *t = find(id);
	unsigned int core = 0;

	if (t) {
		REAL(pthread_mutex_lock)(&lock);
		core = __atomic_exchange_n(&t->core, 0, __ATOMIC_ACQ_REL);
		__atomic_store_n(&t->used, 0, __ATOMIC_RELEASE);
		REAL(pthread_mutex_unlock)(&lock);
	}
	if (core)
		core_delete(core);
	GLIBC(timer_delete);
	return REAL(timer_delete)(id);
}
EXPORT(timer_delete);
