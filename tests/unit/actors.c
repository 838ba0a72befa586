// SPDX-License-Identifier: GPL-2.0
/*
 * Actors: see actors.h.
 */
#include "tests/unit/actors.h"

#include <string.h>

#include "nucleus/sched.h"
#include "tests/unit/unit.h"

struct actor actors[ACTORS];
struct nk_mutex mutexes[MUTEXES];

static void obey(struct actor *a)
{
	switch (a->command) {
	case LOCK:
	case TIMEDLOCK:
		a->wants = a->arg;
		a->busy = 1;
		a->ret = nk_mutex_lock(&mutexes[a->arg],
				       a->command == LOCK ? NK_TIME_NEVER : a->deadline);
		a->busy = 0;
		break;
	default:
		a->ret = nk_mutex_unlock(&mutexes[a->arg]);
	}
}

static void act(struct unit_thread *u)
{
	struct actor *a = u->arg;

	for (;;) {
		nk_wait_block(&a->inbox, NK_TIME_NEVER);
		if (a->command == STOP)
			return;
		obey(a);
	}
}

void actors_setup(int cpus)
{
	int i;

	unit_setup_cpus(cpus);
	for (i = 0; i < MUTEXES; i++)
		nk_mutex_init(&mutexes[i]);
	memset(actors, 0, sizeof(actors));
	for (i = 0; i < ACTORS; i++) {
		nk_waitq_init(&actors[i].inbox);
		actors[i].u = unit_run("actor", 10 + i, i % cpus, act, &actors[i]);
	}
	sim_settle();
}

void actors_say(int who, enum command command, int arg)
{
	struct actor *a = &actors[who];

	unit_must(!a->busy);
	a->command = command;
	a->arg = arg;
	unit_must(nk_wait_wake_one(&a->inbox, 0) == 1);
}

int actors_tell(int who, enum command command, int arg)
{
	actors_say(who, command, arg);
	sim_settle();
	return actors[who].ret;
}

struct nk_thread *actors_thread(int who)
{
	return &actors[who].u->t;
}

int actors_owner_of(int m)
{
	int i;

	for (i = 0; i < ACTORS; i++)
		if (mutexes[m].owner == actors_thread(i))
			return i;
	unit_must(!mutexes[m].owner);
	return -1;
}

void actors_teardown(void)
{
	int i;

	for (i = 0; i < ACTORS; i++)
		if (actors[i].busy)
			nk_thread_unblock(actors_thread(i), -NK_EINTR);
	sim_settle();
	for (i = 0; i < MUTEXES; i++)
		if (actors_owner_of(i) >= 0)
			actors_tell(actors_owner_of(i), UNLOCK, i);
	for (i = 0; i < ACTORS; i++)
		actors_say(i, STOP, 0);
	sim_settle();
	for (i = 0; i < MUTEXES; i++)
		ck_assert_int_eq(nk_mutex_destroy(&mutexes[i]), 0);
	for (i = 0; i < ACTORS; i++)
		ck_assert_int_eq(actors_thread(i)->eprio, actors_thread(i)->base_prio);
	unit_teardown();
}

void actors_build_chain(int n)
{
	int i;

	for (i = 0; i < n; i++)
		actors_tell(i, LOCK, i);
	for (i = 1; i <= n; i++)
		actors_tell(i, LOCK, i - 1);
}

void actors_expect_eprio(int from, int to, int eprio)
{
	int i;

	for (i = from; i <= to; i++)
		ck_assert_int_eq(actors_thread(i)->eprio, eprio);
}

/* By definition: the highest base among itself and all that wait for it, through any path. */
static int oracle(int who)
{
	int best = actors_thread(who)->base_prio;
	int i, theirs;

	for (i = 0; i < ACTORS; i++) {
		if (!actors[i].busy || actors_owner_of(actors[i].wants) != who)
			continue;
		theirs = oracle(i);
		best = theirs > best ? theirs : best;
	}
	return best;
}

void actors_compare_with_oracle(void)
{
	int i, cpu;

	for (i = 0; i < ACTORS; i++)
		unit_must(actors_thread(i)->eprio == oracle(i));
	for (i = 0; i < MUTEXES; i++)
		unit_must(nk_mutex_check(&mutexes[i]) == 0);
	for (cpu = 0; cpu < HAL_MAX_CPUS; cpu++)
		unit_must(nk_rq_check(&nk_rqs[cpu]) == 0);
}
