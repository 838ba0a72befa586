// SPDX-License-Identifier: GPL-2.0
/*
 * Hard threads that make one call for a row.
 */
#include <sys/syscall.h>
#include "objects.h"
#include "rows.h"

int64_t in(int ms)
{
	return keel_clock_ns() + ms * MS;
}

int64_t real_in(int ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec + ms * MS;
}

struct waiter waiters[WAITERS];
int order[WAITERS];
static int ended;
static __thread struct waiter *me;

long note(long ret)
{
	if (me)
		order[__atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST) % WAITERS] = me - waiters;
	return ret;
}

static void *waiter_run(void *arg)
{
	struct waiter *w = arg;

	me = w;
	w->tid = syscall(SYS_gettid);
	flag_set(&w->going, 1);
	w->ret = w->call();
	flag_set(&w->done, 1);
	return NULL;
}

/* It has gone to sleep in its call when this returns: 5 ms are enough for one instruction. */
struct waiter *waiter_start(int i, int prio, long (*call)(void))
{
	struct waiter *w = &waiters[i];

	*w = (struct waiter){ .call = call };
	w->thread = hard_create("waiter", prio, i % get_nprocs(), waiter_run, w);
	await(&w->going, 1, "a waiter");
	sleep_ms(5);
	check(!flag_get(&w->done));
	return w;
}

void waiter_end(int i, long ret)
{
	struct waiter *w = &waiters[i];

	await(&w->done, 1, "the end of a wait");
	pthread_join(w->thread, NULL);
	if (w->ret != ret)
		fail("waiter %d: %ld, not %ld", i, w->ret, ret);
}

/* A hard thread that makes one call for the row, which is in-band. */
static void *caller_run(void *arg)
{
	long (*call)(void) = arg;

	return (void *)call();
}

long hard_call(long (*call)(void))
{
	void *ret;

	pthread_join(hard_create("caller", 80, get_nprocs() - 1, caller_run, call), &ret);
	return (long)ret;
}

int eff_of(const char *name)
{
	FILE *f = fopen(THREADS, "r");
	char line[256], got[32];
	int eff = -1, e;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d %*d %*d %d %*s %*s %*s %31s", &e, got) == 2 &&
		    !strcmp(got, name))
			eff = e;
	if (f)
		fclose(f);
	return eff;
}

static void on_signal(int signal)
{
	(void)signal;
}

void signals_handle(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
}
