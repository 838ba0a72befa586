// SPDX-License-Identifier: GPL-2.0
/*
 * pitorture SECONDS [SEED]: eight hard threads of different priority over all CPUs, and twenty mutexes
 * of all kinds. Each thread locks some, in rising order or, with a deadline, in any; with them it
 * works, sleeps, goes in-band, changes its priority, or dies. Checked:
 *
 * 1. a mutex keeps all others out, whoever has it hard, in-band or after an owner's death;
 * 2. no call ends for a reason that it cannot have: in rising order only for a ring that others close;
 * 3. whenever all have let go of all, each has its own priority, and each mutex can be deleted.
 */
#include <errno.h>
#include <keel/sync.h>
#include "hard.h"

#define THREADS		8
#define MUTEXES		20
#define DEEP		4
#define TABLE		"/sys/kernel/debug/keel/threads"

struct shared {
	struct keel_mutex mutex;
	int kind, ceiling;
	volatile long before, after;	/* the same whenever the mutex is free */
};

struct runner {
	char name[16];
	int prio;
	unsigned long dice;
	long locks, relaxed, timeouts, deadlocks, busy, deaths, inherited;
	pthread_t thread;
};

static struct shared shared[MUTEXES];
static struct runner runners[THREADS];
static int stop, dead[THREADS];

static unsigned int below(struct runner *r, unsigned int n)
{
	r->dice ^= r->dice << 13;
	r->dice ^= r->dice >> 7;
	r->dice ^= r->dice << 17;
	return r->dice % n;
}

/* ---- with a mutex ---------------------------------------------------------------------------- */

static void hold(struct runner *r, struct shared *s)
{
	int64_t until = keel_clock_ns() + below(r, 20) * US;
	long mine = s->before + 1;

	check(s->before == s->after);
	s->before = mine;
	while (keel_clock_ns() < until)
		;
	switch (below(r, 64)) {
	case 0:
		keel_relax();
		r->relaxed++;
		usleep(below(r, 300));
		break;
	case 1 ... 4:
		must(keel_sleep(below(r, 200) * US));
		break;
	case 5:
		must(keel_priority_set(r->prio));
		break;
	}
	if (s->before != mine || s->after != mine - 1)
		fail("%s: another one changed what the mutex protects", r->name);
	s->after = mine;
	r->locks++;
}

/* 1 when it is had. */
static int got(struct runner *r, struct shared *s, int ret, int may_fail)
{
	switch (ret) {
	case -EOWNERDEAD:
		if (s->kind & KEEL_MUTEX_ROBUST)
			must(keel_mutex_consistent(&s->mutex));
		r->inherited++;
		return 1;
	case 0:
		return 1;
	case -ETIMEDOUT:
		r->timeouts++;
		break;
	case -EDEADLK:		/* also where others come in their own order */
		r->deadlocks++;
		return 0;
	case -EBUSY:
		r->busy++;
		break;
	default:
		may_fail = 0;
	}
	if (!may_fail)
		fail("%s: a lock ended with %s", r->name, strerror(-ret));
	return 0;
}

static int take(struct runner *r, struct shared *s, int rising)
{
	if (!rising || !below(r, 4))
		return got(r, s, keel_mutex_timedlock(&s->mutex, keel_clock_ns() + below(r, 200) * US),
			   1);
	if (!below(r, 8))
		return got(r, s, keel_mutex_trylock(&s->mutex), 1);
	return got(r, s, keel_mutex_lock(&s->mutex), 0);
}

/* Dies one time in many, with all it has. */
static int maybe_dies(struct runner *r)
{
	if (below(r, 2000))
		return 0;
	r->deaths++;
	return 1;
}

/* 1: it is to die. */
static int nest(struct runner *r, int deep, int first, int rising)
{
	int i = rising ? first + below(r, MUTEXES / DEEP) : (int)below(r, MUTEXES);
	struct shared *s;
	int dies = 0;

	if (!deep || i >= MUTEXES)
		return 0;
	s = &shared[i];
	if (!take(r, s, rising))
		return 0;
	hold(r, s);
	/* An order of its own only behind a deadline; and what one has already is another matter. */
	dies = nest(r, deep - 1, i + 1, rising);
	if (dies || maybe_dies(r))
		return 1;
	must(keel_mutex_unlock(&s->mutex));
	return 0;
}

/* ---- threads ---------------------------------------------------------------------------------- */

static void *run(void *arg)
{
	struct runner *r = arg;

	while (!flag_get(&stop)) {
		if (nest(r, 1 + below(r, DEEP), 0, below(r, 4) != 0)) {
			flag_set(&dead[r - runners], 1);
			return NULL;
		}
		must(keel_sleep((50 + below(r, 400)) * US));
	}
	return NULL;
}

static void runner_start(int i)
{
	struct runner *r = &runners[i];

	flag_set(&dead[i], 0);
	r->thread = hard_create(r->name, r->prio, i % get_nprocs(), run, r);
}

static void revive(void)
{
	for (int i = 0; i < THREADS; i++)
		if (flag_get(&dead[i])) {
			pthread_join(runners[i].thread, NULL);
			runner_start(i);
		}
}

/* ---- 3 ------------------------------------------------------------------------------------------ */

static int done, may_go;

/* Has had all mutexes, one by one, and so has seen to what the dead have left. */
static void *last_words(void *arg)
{
	struct runner *r = arg;

	for (int i = 0; i < MUTEXES; i++) {
		check(got(r, &shared[i], keel_mutex_lock(&shared[i].mutex), 0));
		must(keel_mutex_unlock(&shared[i].mutex));
	}
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	while (!flag_get(&may_go))
		must(keel_sleep(MS));
	return NULL;
}

static void priorities_check(void)
{
	FILE *f = fopen(TABLE, "r");
	char line[256], name[32];
	int base, eff, seen = 0;

	if (!f)
		fail(TABLE ": %m");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*d %*d %d %d %*s %*s %*s %31s", &base, &eff, name) != 3)
			continue;
		if (base != eff)
			fail("%s has priority %d, not %d", name, eff, base);
		seen++;
	}
	fclose(f);
	check(seen == THREADS);
}

static void all_is_free(void)
{
	for (int i = 0; i < THREADS; i++)
		runners[i].thread = hard_create("last", runners[i].prio, i % get_nprocs(),
						last_words, &runners[i]);
	await(&done, THREADS, "all to have had all");
	priorities_check();
	flag_set(&may_go, 1);
	for (int i = 0; i < THREADS; i++)
		pthread_join(runners[i].thread, NULL);
	for (int i = 0; i < MUTEXES; i++)
		must(keel_mutex_delete(&shared[i].mutex));
}

static void make_all(unsigned long seed)
{
	static const int kinds[] = {
		KEEL_MUTEX_ERRORCHECK, KEEL_MUTEX_RECURSIVE, KEEL_MUTEX_NORMAL, KEEL_MUTEX_ROBUST,
	};

	for (int i = 0; i < MUTEXES; i++) {
		shared[i].kind = kinds[i % 4];
		shared[i].ceiling = i % 7 == 6 ? 95 : 0;
		must(keel_mutex_create_as(&shared[i].mutex, shared[i].kind, shared[i].ceiling));
	}
	for (int i = 0; i < THREADS; i++) {
		snprintf(runners[i].name, sizeof(runners[i].name), "torture-%d", i);
		runners[i].prio = 10 + 10 * i;
		runners[i].dice = (seed + i) * 0x9e3779b97f4a7c15ul | 1;
	}
}

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? atoi(argv[1]) : 0;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	int64_t end;

	if (seconds <= 0)
		fail("usage: pitorture SECONDS [SEED]");
	setlinebuf(stdout);
	must(keel_open());
	make_all(seed);
	for (int i = 0; i < THREADS; i++)
		runner_start(i);
	for (end = keel_clock_ns() + seconds * 1000 * MS; keel_clock_ns() < end; revive())
		sleep_ms(20);
	flag_set(&stop, 1);
	for (int i = 0; i < THREADS; i++) {
		struct runner *r = &runners[i];

		pthread_join(r->thread, NULL);
		printf("%s: %ld locks, %ld in-band, %ld late, %ld rings, %ld busy, %ld deaths, %ld inherited\n",
		       r->name, r->locks, r->relaxed, r->timeouts, r->deadlocks, r->busy, r->deaths,
		       r->inherited);
		check(r->locks >= 20);
	}
	all_is_free();
	keel_close();
	return 0;
}
