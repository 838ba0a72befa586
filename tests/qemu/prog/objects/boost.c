// SPDX-License-Identifier: GPL-2.0
/*
 * Rows on owners in-band: Linux gives them the priority that Keel does, and takes nothing else from
 * them. On two CPUs: the owner has CPU 0, the row and who waits the other one.
 */
#include <sched.h>
#include <sys/syscall.h>
#include "objects.h"

static struct keel_mutex mutex;
static int inband, may_go, unlocked, may_end, owner;

struct linux_prio {
	int prio, rt, policy;	/* of /proc/PID/stat: -1 - 99 are real-time */
};

static struct linux_prio prio_get(int tid)
{
	struct linux_prio p = { 0 };
	char path[64], line[1024], *at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "r");
	if (!f || !fgets(line, sizeof(line), f))
		fail("%s: %m", path);
	fclose(f);
	at = strrchr(line, ')');
	for (int field = 3; (at = strchr(at + 1, ' ')); field++) {
		if (field == 18)
			p.prio = atoi(at);
		if (field == 40)
			p.rt = atoi(at);
		if (field == 41)
			p.policy = atoi(at);
	}
	return p;
}

/* A boost goes by way of several threads of Linux. */
static void prio_await(int prio, int rt, int policy)
{
	struct linux_prio p;

	for (int i = 0; i < 5000; i++) {
		p = prio_get(owner);
		if (p.prio == prio && p.rt == rt && p.policy == policy)
			return;
		sleep_ms(2);
	}
	fail("the owner has %d, %d, policy %d; not %d, %d, %d", p.prio, p.rt, p.policy, prio, rt,
	     policy);
}

static void *hold_inband(void *arg)
{
	must(keel_mutex_lock(&mutex));
	keel_relax();
	owner = syscall(SYS_gettid);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	flag_set(&inband, 1);
	while (!flag_get(&may_go))
		;
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL);
	must(keel_mutex_unlock(&mutex));
	keel_relax();
	flag_set(&unlocked, 1);
	while (!flag_get(&may_end))
		sleep_ms(1);
	return arg;
}

static pthread_t owner_start(void)
{
	pthread_t thread;

	must(keel_open());
	bind_cpu(1);
	must(keel_mutex_create(&mutex));
	thread = hard_create("holder", 10, 0, hold_inband, NULL);
	await(&inband, 1, "an owner in-band");
	return thread;
}

static void owner_end(pthread_t thread)
{
	flag_set(&may_end, 1);
	pthread_join(thread, NULL);
	must(keel_mutex_delete(&mutex));
}

static long mutex_use(void)
{
	int ret = keel_mutex_lock(&mutex);

	return ret ? ret : keel_mutex_unlock(&mutex);
}

static void policy_set(int policy, int prio)
{
	struct sched_param param = { .sched_priority = prio };

	if (sched_setscheduler(owner, policy, &param))
		fail("sched_setscheduler: %m");
}

/* Up, further up, down with the waiters, and the policy that the user sets meanwhile is kept. */
void boost_shown(void)
{
	pthread_t thread = owner_start();

	prio_await(-11, 10, SCHED_FIFO);
	waiter_start(1, 30, mutex_use);
	prio_await(-31, 10, SCHED_FIFO);
	waiter_start(3, 40, mutex_use);
	prio_await(-41, 10, SCHED_FIFO);
	policy_set(SCHED_RR, 12);
	prio_await(-41, 12, SCHED_RR);
	policy_set(SCHED_OTHER, 0);
	prio_await(-41, 0, SCHED_OTHER);
	flag_set(&may_go, 1);
	waiter_end(1, 0);
	waiter_end(3, 0);
	await(&unlocked, 1, "the unlock");
	prio_await(20, 0, SCHED_OTHER);
	owner_end(thread);
}

/* The wait ends otherwise: so does the boost. */
void boost_given_up(void)
{
	pthread_t thread = owner_start();

	signals_handle();
	waiter_start(1, 30, mutex_use);
	prio_await(-31, 10, SCHED_FIFO);
	pthread_kill(waiters[1].thread, SIGUSR1);
	waiter_end(1, -EINTR);
	prio_await(-11, 10, SCHED_FIFO);
	flag_set(&may_go, 1);
	owner_end(thread);
}

static int hog_end;
static volatile long hog_turns;

static void *hog(void *arg)
{
	while (!flag_get(&hog_end))
		hog_turns++;
	return arg;
}

static int used;

static void *use_once(void *arg)
{
	must(mutex_use());
	flag_set(&used, 1);
	return arg;
}

/* A task of Linux in between, that never lets go of the owner's CPU. */
void boost_bounded(void)
{
	pthread_t thread = owner_start(), between, waiter;
	struct sched_param param = { .sched_priority = 20 };
	pthread_attr_t attr;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	if (pthread_create(&between, &attr, hog, NULL))
		fail("pthread_create");
	while (!hog_turns)
		sleep_ms(1);
	flag_set(&may_go, 1);
	sleep_ms(50);
	check(!flag_get(&unlocked));
	waiter = hard_create("waiter", 40, 1, use_once, NULL);
	await(&used, 1, "the mutex");
	flag_set(&hog_end, 1);
	pthread_join(waiter, NULL);
	pthread_join(between, NULL);
	owner_end(thread);
}

static long mutex_lock_(void)
{
	return keel_mutex_lock(&mutex);
}

/* It ends with a boost: the next one hears of it. */
void boost_dies(void)
{
	pthread_t thread = owner_start();

	waiter_start(1, 30, mutex_lock_);
	prio_await(-31, 10, SCHED_FIFO);
	pthread_cancel(thread);
	waiter_end(1, -EOWNERDEAD);
	pthread_join(thread, NULL);
	must(keel_mutex_delete(&mutex));
}
