// SPDX-License-Identifier: GPL-2.0
/*
 * synccost: what threads of one priority on one CPU pay for a mutex that nobody contends, for one
 * that goes from one to the other each time, and for a semaphore there and another one back; for Keel's
 * and Linux's own, with inheritance. In ns of one, which are guest instructions where the guest
 * counts them; then no system call fits into what Keel's uncontended ones may take.
 */
#include <semaphore.h>
#include <time.h>
#include <keel/sync.h>
#include "hard.h"

#define PRIO	50
#define ALONE	100000
#define TURNS	10000

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static void report(const char *name, int64_t took, long count)
{
	printf("%s %ld\n", name, (long)(took / count));
}

/* ---- alone ------------------------------------------------------------------------------------ */

static struct keel_mutex kmutex;
static pthread_mutex_t lmutex;

/* Less what the loop itself takes. */
#define LOOP(name, what)							\
	do {									\
		int64_t empty = now(), took;					\
		for (long i = 0; i < ALONE; i++)				\
			__asm__ volatile("");					\
		empty = now() - empty;						\
		took = now();							\
		for (long i = 0; i < ALONE; i++)				\
			what;							\
		report(name, now() - took - empty, ALONE);			\
	} while (0)

static void *alone(void *arg)
{
	must(keel_mutex_lock(&kmutex));
	must(keel_mutex_unlock(&kmutex));
	LOOP("keel_alone", ({ keel_mutex_lock(&kmutex); keel_mutex_unlock(&kmutex); }));
	LOOP("linux_alone", ({ pthread_mutex_lock(&lmutex); pthread_mutex_unlock(&lmutex); }));
	return arg;
}

/* ---- in turns ---------------------------------------------------------------------------------- */

static struct keel_sem kthere, kback;
static sem_t lthere, lback;
static int64_t begin, end;
static int started;

static void keel_mutex_turn(void)
{
	keel_mutex_unlock(&kmutex);
	keel_mutex_lock(&kmutex);
}

static void linux_mutex_turn(void)
{
	pthread_mutex_unlock(&lmutex);
	pthread_mutex_lock(&lmutex);
}

static void keel_sem_ping(void)
{
	keel_sem_post(&kthere);
	keel_sem_wait(&kback);
}

static void keel_sem_pong(void)
{
	keel_sem_wait(&kthere);
	keel_sem_post(&kback);
}

static void linux_sem_ping(void)
{
	sem_post(&lthere);
	sem_wait(&lback);
}

static void linux_sem_pong(void)
{
	sem_wait(&lthere);
	sem_post(&lback);
}

static void nothing(void)
{
}

static void keel_lock(void) { must(keel_mutex_lock(&kmutex)); }
static void keel_unlock(void) { must(keel_mutex_unlock(&kmutex)); }
static void linux_lock(void) { pthread_mutex_lock(&lmutex); }
static void linux_unlock(void) { pthread_mutex_unlock(&lmutex); }

static const struct pair {
	const char *name;
	int keel, per_turn;	/* per_turn: hand-overs, or round trips, in one turn of both */
	void (*enter)(void), (*one)(void), (*other)(void), (*leave)(void);
} pairs[] = {
	{ "keel_handover", 1, 2, keel_lock, keel_mutex_turn, keel_mutex_turn, keel_unlock },
	{ "linux_handover", 0, 2, linux_lock, linux_mutex_turn, linux_mutex_turn, linux_unlock },
	{ "keel_sem_round", 1, 1, nothing, keel_sem_ping, keel_sem_pong, nothing },
	{ "linux_sem_round", 0, 1, nothing, linux_sem_ping, linux_sem_pong, nothing },
};

static const struct pair *pair;

/* The first to come has what is to be had when the second comes: both have started before. */
static void *run(void *arg)
{
	void (*turn)(void) = arg ? pair->other : pair->one;

	pair->enter();
	if (__atomic_fetch_add(&started, 1, __ATOMIC_SEQ_CST) == 0) {
		if (pair->keel)
			must(keel_sleep(20 * MS));
		else
			usleep(20000);
	}
	if (!arg)
		begin = now();
	for (int i = 0; i < TURNS; i++)
		turn();
	if (!arg)
		end = now();
	pair->leave();
	return NULL;
}

static pthread_t start(int keel, void *(*fn)(void *), void *arg)
{
	struct sched_param param = { .sched_priority = PRIO };
	pthread_attr_t attr;
	pthread_t thread;

	if (keel)
		return hard_create("turns", PRIO, 0, fn, arg);
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	if (pthread_create(&thread, &attr, fn, arg))
		fail("pthread_create");
	return thread;
}

static void in_turns(const struct pair *p)
{
	pthread_t one, other;

	pair = p;
	started = 0;
	one = start(p->keel, run, NULL);
	other = start(p->keel, run, (void *)1);
	pthread_join(one, NULL);
	pthread_join(other, NULL);
	report(p->name, end - begin, (long)TURNS * p->per_turn);
}

int main(void)
{
	pthread_mutexattr_t attr;

	setlinebuf(stdout);
	must(keel_open());
	must(keel_mutex_create(&kmutex));
	must(keel_sem_create(&kthere, 0, 1));
	must(keel_sem_create(&kback, 0, 1));
	sem_init(&lthere, 0, 0);
	sem_init(&lback, 0, 0);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&lmutex, &attr);
	pthread_join(hard_create("alone", PRIO, 0, alone, NULL), NULL);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		in_turns(&pairs[i]);
	return 0;
}
