// SPDX-License-Identifier: GPL-2.0
/*
 * What operations of the nucleus cost, in instructions. Runs in callgrind, which writes down what was
 * executed between measure() and measured(); tests/unit/bench counts the nucleus's own of these. The
 * simulated machine is not counted, so the figures repeat.
 *
 * CPU 0 does what is measured. The others are busy: each runs a thread, and has timers armed.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

#include "hal/sim/sim.h"
#include "nucleus/cond.h"
#include "nucleus/event.h"
#include "nucleus/heap.h"
#include "nucleus/init.h"
#include "nucleus/mutex.h"
#include "nucleus/rwlock.h"
#include "nucleus/sched.h"
#include "nucleus/sem.h"
#include "nucleus/share.h"
#include "nucleus/watch.h"

#define THREADS	256
#define STACK	(64 * 1024)
#define CHAIN	8	/* mutexes */
#define SAMPLES	32	/* of one operation on timers */
#define MANY	100000

struct bench_thread {
	struct nk_thread t;
	void (*fn)(void);
	char stack[STACK] __attribute__((aligned(16)));
};

static struct bench_thread threads[THREADS];
static int used, cpus, length, next_link, crowded;
static struct nk_mutex mutexes[CHAIN + 1];
static struct nk_sem sem, gate;
static struct nk_event event;
static struct nk_cond cond;
static struct nk_rwlock rwlock;
static struct nk_timer *timers;
static struct nk_thread *crowd;

static void measure(void)
{
	CALLGRIND_ZERO_STATS;
	CALLGRIND_START_INSTRUMENTATION;
}

static void measured(const char *what, int n)
{
	char label[64];

	CALLGRIND_STOP_INSTRUMENTATION;
	snprintf(label, sizeof(label), "%s|%d|%d", what, n, cpus);
	CALLGRIND_DUMP_STATS_AT(label);
}

static void panic(const char *file, int line, const char *what)
{
	errx(1, "%s:%d: %s", file, line, what);
}

static void entry(void *arg)
{
	struct bench_thread *b = arg;

	b->fn();
	sim_on_unmask(NULL);	/* who was served runs: not of the service any more */
	nk_thread_exit();
}

static struct bench_thread *start(int prio, int cpu, void (*fn)(void))
{
	struct bench_thread *b = &threads[used++];

	nk_thread_init(&b->t, "bench", prio, cpu);
	b->fn = fn;
	hal_context_init_kernel(&b->t.ctx, b->stack, STACK, entry, b);
	nk_thread_start(&b->t);
	sim_settle();
	return b;
}

static void nothing(struct nk_timer *timer, nk_time_t now)
{
	(void)timer;
	(void)now;
}

/* Has its CPU for good; the turn goes back to who settles. */
static void is_busy(void)
{
	static struct nk_timer later[HAL_MAX_CPUS];
	struct nk_timer *mine = &later[hal_cpu()];

	nk_timer_init(mine, nothing);
	nk_timer_start(mine, hal_clock_now() + NK_SHARE_PERIOD * 1000, 0);
	sim_settle();
}

static void machine(void)
{
	int cpu;

	used = 0;
	sim_on_panic(panic);
	sim_init(cpus);
	nk_share_percent = 0;
	nk_init();
	for (cpu = 0; cpu < cpus; cpu++)
		nk_cpu_init(cpu);
	for (cpu = 1; cpu < cpus; cpu++)
		start(50, cpu, is_busy);
}

/* So that nobody runs them. */
static void disperse(void)
{
	for (; crowded; crowded--)
		nk_runq_del(&nk_rqs[0].ready, &crowd[crowded - 1].run_node, crowd[crowded - 1].eprio);
}

static void sleeps(void)
{
	nk_sleep_until(hal_clock_now() + 1000);
	measured("timer interrupt to thread, by threads ready", crowded);
	disperse();
}

static void wake_by_timer(int ready)
{
	machine();
	start(10, 0, sleeps);
	for (; crowded < ready; crowded++) {
		nk_thread_init(&crowd[crowded], "crowd", 1 + crowded % 9, 0);
		nk_rq_add(&nk_rqs[0], &crowd[crowded]);
	}
	measure();
	sim_advance(1000);
}

static void waits_for_post(void)
{
	nk_sem_wait(&sem, NK_TIME_NEVER);
	measured("semaphore post to waiter running", 0);
}

static void wake_by_post(void)
{
	machine();
	nk_sem_init(&sem, 0, 1);
	start(10, 0, waits_for_post);
	measure();
	nk_sem_post(&sem);
}

static void holds(void)
{
	nk_mutex_lock(&mutexes[0], NK_TIME_NEVER);
	nk_sem_wait(&gate, NK_TIME_NEVER);
	measure();
	nk_mutex_unlock(&mutexes[0]);
}

static void waits_for_lock(void)
{
	measure();
	nk_mutex_lock(&mutexes[0], NK_TIME_NEVER);
	measured("mutex unlock to next owner running", 0);
}

static void lock_contended(void)
{
	machine();
	nk_mutex_init(&mutexes[0]);
	nk_sem_init(&gate, 0, 1);
	start(10, 0, holds);
	start(20, 0, waits_for_lock);
	measured("mutex lock, until it waits", 0);
	nk_sem_post(&gate);
}

/* Thread i of a chain holds mutex i and waits for mutex i - 1; the last one waits only. */
static void links(void)
{
	int i = next_link++;

	nk_mutex_lock(&mutexes[i], NK_TIME_NEVER);
	if (i)
		nk_mutex_lock(&mutexes[i - 1], NK_TIME_NEVER);
	else
		nk_sem_wait(&gate, NK_TIME_NEVER);
}

static void chain(void)
{
	struct bench_thread *last = NULL;
	int i;

	machine();
	next_link = 0;
	nk_sem_init(&gate, 0, 1);
	for (i = 0; i <= length; i++)
		nk_mutex_init(&mutexes[i]);
	for (i = 0; i <= length; i++)
		last = start(10 + i, 0, links);
	measure();
	nk_thread_set_prio(&last->t, 90);
	measured("priority down a chain, by mutexes", length);
	nk_sem_post(&gate);
}

/* ---- the longest time that interrupts are shut out while many are served ------------------------ */

static void waits_for_event(void)
{
	nk_event_wait(&event, 1, NK_EVENT_ANY, NULL, NK_TIME_NEVER);
}

static void posts_event(void)
{
	nk_event_post(&event, 1);
}

static void broadcasts_event(void)
{
	nk_event_broadcast(&event, 1);
}

static void waits_for_signal(void)
{
	nk_mutex_lock(&mutexes[0], NK_TIME_NEVER);
	nk_cond_wait(&cond, &mutexes[0], NK_TIME_NEVER);
	nk_mutex_unlock(&mutexes[0]);
}

static void broadcasts_cond(void)
{
	nk_cond_broadcast(&cond);
}

static void waits_for_sem(void)
{
	nk_sem_wait(&sem, NK_TIME_NEVER);
}

static void broadcasts_sem(void)
{
	nk_sem_broadcast(&sem, 0);
}

static int sem_is_ready(const struct nk_waitq *wq)
{
	return nk_container_of(wq, struct nk_sem, wq)->count != 0;
}

static void watches_sem(void)
{
	struct nk_watch w = { .wq = &sem.wq, .ready = sem_is_ready };

	nk_watch_wait(&w, 1, NK_TIME_NEVER);
}

static void posts_sem(void)
{
	nk_sem_post(&sem);
}

static void reads(void)
{
	nk_rwlock_read(&rwlock, NK_TIME_NEVER);
}

static void lets_readers_in(void)
{
	nk_rwlock_unlock(&rwlock);
}

static void writes(void)
{
	nk_rwlock_write(&rwlock, NK_TIME_NEVER);
	nk_sem_wait(&gate, NK_TIME_NEVER);
	lets_readers_in();
}

static void lets_writer_go(void)
{
	nk_sem_post(&gate);
}

static const struct service {
	const char *what;
	void (*waits)(void);
	void (*serves)(void);
} services[] = {
	{ "event post to all, masked at most, by waiters", waits_for_event, posts_event },
	{ "event broadcast, masked at most, by waiters", waits_for_event, broadcasts_event },
	{ "condition broadcast, masked at most, by waiters", waits_for_signal, broadcasts_cond },
	{ "semaphore broadcast, masked at most, by waiters", waits_for_sem, broadcasts_sem },
	{ "semaphore post, masked at most, by watchers", watches_sem, posts_sem },
	{ "unlock to readers, masked at most, by waiters", reads, lets_writer_go },
};

static const struct service *service;
static int waiters, stretch;

/* Samples are expensive: of many stretches some, with the first, where queues are empty, and the last. */
static void unmasked(void)
{
	if (stretch < 4 || stretch % (waiters / 8) == 0 || stretch >= waiters - 1)
		measured(service->what, waiters);
	stretch++;
	measure();
}

static void serve(const struct service *s, int n)
{
	int i;

	service = s;
	waiters = n;
	stretch = 0;
	machine();
	nk_event_init(&event, 0);
	nk_cond_init(&cond);
	nk_mutex_init(&mutexes[0]);
	nk_sem_init(&sem, 0, 1);
	nk_sem_init(&gate, 0, 1);
	nk_rwlock_init(&rwlock);
	if (s->waits == reads)
		start(20, 0, writes);
	for (i = 0; i < n; i++)
		start(10, 0, s->waits);
	measure();
	sim_on_unmask(unmasked);
	start(5, 0, s->serves);
	CALLGRIND_STOP_INSTRUMENTATION;
}

/* ---- timers --------------------------------------------------------------------------------------- */

static void arm(int n)
{
	unsigned long random = 1;
	int i;

	for (i = 0; i < n; i++) {
		random = random * 6364136223846793005UL + 1442695040888963407UL;
		nk_timer_init(&timers[i], nothing);
		nk_timer_start(&timers[i], hal_clock_now() + 1000000 + (random >> 34), 0);
	}
}

/* One that is started before, in the midst of and behind all others; then the first of all expires. */
static void timer(int n)
{
	static struct nk_timer t;
	hal_flags_t flags;
	int i;

	machine();
	arm(n);
	nk_timer_init(&t, nothing);
	for (i = 0; i < SAMPLES; i++) {
		nk_time_t first = hal_clock_now() + 2000000 + (1L << 30) / SAMPLES * i;

		measure();
		nk_timer_start(&t, first, 0);
		measured("timer start, by timers armed", n);
		measure();
		nk_timer_stop(&t);
		measured("timer stop, by timers armed", n);
	}
	flags = hal_oob_save();
	for (i = 0; i < SAMPLES && nk_rqs[0].timers.queue.first; i++) {
		nk_time_t now = nk_rqs[0].timers.queue.first->key;

		measure();
		hal_timer_program(nk_hal_tick(now));
		measured("timer expiry, by timers armed", n);
	}
	hal_oob_restore(flags);
}

/* ---- memory --------------------------------------------------------------------------------------- */

static struct nk_heap heap;

static int pieces;

/* Pieces of one and two units, every second one free: then one of each size comes and goes. */
static void allocates(void)
{
	static long at[MANY];
	unsigned long size;
	int i, n = pieces;

	for (i = 0; i < n; i++)
		at[i] = nk_heap_alloc(&heap, 1 + (unsigned long)i * 37 % (2 * NK_HEAP_UNIT), 0);
	for (i = 0; i < n; i += 2)
		nk_heap_free(&heap, (unsigned long)at[i]);
	for (size = NK_HEAP_UNIT / 2; size <= 6 * NK_HEAP_UNIT; size += NK_HEAP_UNIT / 2) {
		long got;

		measure();
		got = nk_heap_alloc(&heap, size, 0);
		measured("heap alloc, by pieces", n);
		measure();
		nk_heap_free(&heap, (unsigned long)got);
		measured("heap free, by pieces", n);
	}
}

static void alloc(int n)
{
	static struct nk_heap_block blocks[MANY * 2 + 64];

	machine();
	pieces = n;
	nk_heap_init(&heap, blocks, (nk_u32)n * 2 + 64);
	start(10, 0, allocates);
}

int main(void)
{
	static const int counts[] = { 10, 1000, MANY };
	static const int busy[] = { 1, 2, 4, 8 };
	unsigned int i, j;

	timers = calloc(MANY, sizeof(*timers));
	crowd = calloc(10000, sizeof(*crowd));
	if (!timers || !crowd)
		err(1, NULL);
	for (i = 0; i < sizeof(busy) / sizeof(busy[0]); i++) {
		cpus = busy[i];
		wake_by_timer(0);
		wake_by_timer(10);
		wake_by_timer(10000);
		wake_by_post();
		lock_contended();
		for (length = CHAIN / 2; length <= CHAIN; length++)
			chain();
		for (j = 0; j < sizeof(services) / sizeof(services[0]); j++) {
			serve(&services[j], 8);
			serve(&services[j], 128);
		}
		for (j = 0; j < sizeof(counts) / sizeof(counts[0]); j++) {
			timer(counts[j]);
			alloc(counts[j]);
		}
	}
	return 0;
}
