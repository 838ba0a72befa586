// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/pi.c: chains, rings, and random graphs against an oracle.
 */
#include <string.h>

#include "nucleus/mutex.h"
#include "tests/unit/unit.h"

#define ACTORS 10
#define MUTEXES 7

enum command { LOCK, TIMEDLOCK, UNLOCK, STOP };

/* A thread that does what the test says, and then waits for the next word. */
struct actor {
	struct unit_thread *u;
	struct nk_waitq inbox;
	enum command command;
	int arg;
	nk_time_t deadline;
	int busy;		/* in a lock that has not returned */
	int wants;		/* which */
	int ret;
};

static struct actor actors[ACTORS];
static struct nk_mutex mutexes[MUTEXES];

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

static void setup_cpus(int cpus)
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

static void setup(void)
{
	setup_cpus(3);
}

static void say(int who, enum command command, int arg)
{
	struct actor *a = &actors[who];

	ck_assert_int_eq(a->busy, 0);
	a->command = command;
	a->arg = arg;
	ck_assert_int_eq(nk_wait_wake_one(&a->inbox, 0), 1);
}

static int tell(int who, enum command command, int arg)
{
	say(who, command, arg);
	sim_settle();
	return actors[who].ret;
}

static struct nk_thread *thread(int who)
{
	return &actors[who].u->t;
}

static int owner_of(int m)
{
	int i;

	for (i = 0; i < ACTORS; i++)
		if (mutexes[m].owner == thread(i))
			return i;
	ck_assert_ptr_null(mutexes[m].owner);
	return -1;
}

/* Everybody gives back what it has and exits. */
static void teardown(void)
{
	int i;

	for (i = 0; i < ACTORS; i++)
		if (actors[i].busy)
			nk_thread_unblock(thread(i), -NK_EINTR);
	sim_settle();
	for (i = 0; i < MUTEXES; i++)
		if (owner_of(i) >= 0)
			tell(owner_of(i), UNLOCK, i);
	for (i = 0; i < ACTORS; i++)
		say(i, STOP, 0);
	sim_settle();
	for (i = 0; i < MUTEXES; i++)
		ck_assert_int_eq(nk_mutex_destroy(&mutexes[i]), 0);
	for (i = 0; i < ACTORS; i++)
		ck_assert_int_eq(thread(i)->eprio, thread(i)->base_prio);
	unit_teardown();
}

/* 0 holds 0; 1 holds 1 and waits for 0; and so on up to @n: prio 10 + n lifts all. */
static void build_chain(int n)
{
	int i;

	for (i = 0; i < n; i++)
		tell(i, LOCK, i);
	for (i = 1; i <= n; i++)
		tell(i, LOCK, i - 1);
}

static void expect_eprio(int from, int to, int eprio)
{
	int i;

	for (i = from; i <= to; i++)
		ck_assert_int_eq(thread(i)->eprio, eprio);
}

START_TEST(a_boost_goes_down_the_chain_over_all_cpus)
{
	build_chain(5);
	expect_eprio(0, 5, 15);
}
END_TEST

START_TEST(a_raise_at_the_far_end_goes_down_the_chain)
{
	build_chain(5);
	nk_thread_set_prio(thread(5), 60);
	sim_settle();
	expect_eprio(0, 5, 60);
	nk_thread_set_prio(thread(5), 12);
	sim_settle();
	/* 14, the base of thread 4, is the highest left above thread 3 and below. */
	expect_eprio(0, 4, 14);
	expect_eprio(5, 5, 12);
}
END_TEST

START_TEST(an_unblock_at_the_far_end_drops_the_chain)
{
	build_chain(5);
	nk_thread_unblock(thread(5), -NK_EINTR);
	sim_settle();
	expect_eprio(0, 4, 14);
}
END_TEST

START_TEST(a_base_above_the_boost_stays)
{
	build_chain(2);
	nk_thread_set_prio(thread(0), 50);
	ck_assert_int_eq(thread(0)->eprio, 50);
	tell(0, UNLOCK, 0);
	ck_assert_int_eq(thread(0)->eprio, 50);
}
END_TEST

START_TEST(an_owner_of_two_keeps_the_boost_of_the_other)
{
	tell(0, LOCK, 0);
	tell(0, LOCK, 1);
	tell(5, LOCK, 0);
	tell(3, LOCK, 1);
	expect_eprio(0, 0, 15);
	tell(0, UNLOCK, 0);
	expect_eprio(0, 0, 13);
	tell(0, UNLOCK, 1);
	expect_eprio(0, 0, 10);
}
END_TEST

START_TEST(a_ring_of_three_is_a_deadlock)
{
	tell(0, LOCK, 0);
	tell(1, LOCK, 1);
	tell(2, LOCK, 2);
	tell(1, LOCK, 0);
	tell(2, LOCK, 1);
	ck_assert_int_eq(tell(0, LOCK, 2), -NK_EDEADLK);
	expect_eprio(0, 1, 12);
	ck_assert_int_eq(nk_mutex_check(&mutexes[2]), 0);
	ck_assert(nk_plist_empty(&mutexes[2].wq.waiters));
}
END_TEST

/* ---- random graphs ------------------------------------------------------------------ */

/* By definition: the highest base among itself and all that wait for it, through any path. */
static int oracle(int who)
{
	int best = thread(who)->base_prio;
	int i, theirs;

	for (i = 0; i < ACTORS; i++) {
		if (!actors[i].busy || owner_of(actors[i].wants) != who)
			continue;
		theirs = oracle(i);
		best = theirs > best ? theirs : best;
	}
	return best;
}

static int would_close_ring(int who, int m)
{
	int o = owner_of(m);

	while (o >= 0 && o != who)
		o = actors[o].busy ? owner_of(actors[o].wants) : -1;
	return o == who;
}

static void compare_with_oracle(void)
{
	int i, cpu;

	for (i = 0; i < ACTORS; i++)
		ck_assert_int_eq(thread(i)->eprio, oracle(i));
	for (i = 0; i < MUTEXES; i++)
		ck_assert_int_eq(nk_mutex_check(&mutexes[i]), 0);
	for (cpu = 0; cpu < 3; cpu++)
		ck_assert_int_eq(nk_rq_check(&nk_rqs[cpu]), 0);
}

static void random_lock(int who)
{
	int m = unit_random(MUTEXES);
	int free = owner_of(m) < 0;
	int ring = would_close_ring(who, m);

	actors[who].deadline = hal_clock_now() + 1 + unit_random(100);
	tell(who, unit_random(2) ? LOCK : TIMEDLOCK, m);
	if (free || ring) {
		ck_assert_int_eq(actors[who].busy, 0);
		ck_assert_int_eq(actors[who].ret, ring ? -NK_EDEADLK : 0);
	} else {
		ck_assert_int_eq(actors[who].busy, 1);
	}
}

/* The highest effective priority among those that wait for @m, 0: nobody. */
static int best_waiter(int m)
{
	int i, best = 0;

	for (i = 0; i < ACTORS; i++)
		if (actors[i].busy && actors[i].wants == m && thread(i)->eprio > best)
			best = thread(i)->eprio;
	return best;
}

static void random_unlock(int who)
{
	int m = unit_random(MUTEXES);
	int mine = owner_of(m) == who;
	int best = best_waiter(m);
	int next;

	ck_assert_int_eq(tell(who, UNLOCK, m), mine ? 0 : -NK_EPERM);
	if (!mine)
		return;
	next = owner_of(m);
	ck_assert_int_eq(next >= 0, best != 0);
	if (next >= 0)
		ck_assert_int_ge(thread(next)->eprio, best_waiter(m));
}

static void random_step(void)
{
	int who = unit_random(ACTORS);

	switch (unit_random(8)) {
	case 0:
		nk_thread_set_prio(thread(who), 1 + unit_random(30));
		break;
	case 1:
		if (actors[who].busy)
			nk_thread_unblock(thread(who), -NK_EINTR);
		break;
	case 2:
		sim_advance(unit_random(30));
		break;
	case 3:
	case 4:
		if (!actors[who].busy)
			random_unlock(who);
		break;
	default:
		if (!actors[who].busy)
			random_lock(who);
	}
	sim_settle();
}

START_TEST(random_graphs_agree_with_the_oracle)
{
	int step;

	unit_random_seed(_i);
	for (step = 0; step < 1500; step++) {
		random_step();
		compare_with_oracle();
	}
}
END_TEST

/* ---- races ----------------------------------------------------------------------------- */

static void raise_five(void *arg)
{
	(void)arg;
	nk_thread_set_prio(thread(3), 60);
}

/* Two ends of a chain change at once: P1 to P3 hold when both walks are over. */
static void set_prio_against_set_prio(void *arg)
{
	(void)arg;
	setup_cpus(2);
	build_chain(3);
	sim_post(1, raise_five, NULL);
	sim_race_begin();
	nk_thread_set_prio(thread(2), 50);
	sim_race_end();
	sim_settle();
	expect_eprio(0, 3, 60);
	compare_with_oracle();
	teardown();
}

START_TEST(two_walks_on_one_chain_agree)
{
	unit_explore(set_prio_against_set_prio, NULL);
}
END_TEST

static void lower_three(void *arg)
{
	(void)arg;
	nk_thread_set_prio(thread(2), 5);
}

/* The chain changes under a walk: the middle unlocks while the far end rises and falls. */
static void walk_against_unlock(void *arg)
{
	(void)arg;
	setup_cpus(2);
	build_chain(2);
	sim_post(1, lower_three, NULL);
	sim_race_begin();
	say(0, UNLOCK, 0);
	sim_race_end();
	sim_settle();
	ck_assert_ptr_eq(mutexes[0].owner, thread(1));
	compare_with_oracle();
	teardown();
}

START_TEST(a_walk_against_an_unlock_leaves_true_priorities)
{
	unit_explore(walk_against_unlock, NULL);
}
END_TEST

static void unblock_far_end(void *arg)
{
	(void)arg;
	nk_thread_unblock(thread(2), -NK_EINTR);
}

static void walk_against_unblock(void *arg)
{
	(void)arg;
	setup_cpus(2);
	build_chain(2);
	sim_post(1, unblock_far_end, NULL);
	sim_race_begin();
	nk_thread_set_prio(thread(2), 40);
	sim_race_end();
	sim_settle();
	expect_eprio(0, 0, 11);
	compare_with_oracle();
	teardown();
}

START_TEST(a_walk_against_an_unblock_leaves_true_priorities)
{
	unit_explore(walk_against_unblock, NULL);
}
END_TEST

static void close_from_far(void *arg)
{
	(void)arg;
	say(1, LOCK, 0);
}

/* Both close the ring at once: at least one is told, and the rest goes on. */
static void lock_against_lock(void *arg)
{
	(void)arg;
	setup_cpus(2);
	tell(0, LOCK, 0);
	tell(1, LOCK, 1);
	sim_post(1, close_from_far, NULL);
	sim_race_begin();
	say(0, LOCK, 1);
	sim_race_end();
	sim_settle();
	ck_assert(actors[0].ret == -NK_EDEADLK || actors[1].ret == -NK_EDEADLK);
	ck_assert_int_le(actors[0].busy + actors[1].busy, 1);
	compare_with_oracle();
	teardown();
}

START_TEST(a_ring_closed_from_both_sides_is_found)
{
	unit_explore(lock_against_lock, NULL);
}
END_TEST

static void lock_far_end(void *arg)
{
	(void)arg;
	say(2, LOCK, 1);
}

/* A waiter joins the end of a chain whose head unlocks: it boosts whom it then waits for. */
static void lock_against_unlock(void *arg)
{
	(void)arg;
	setup_cpus(2);
	tell(0, LOCK, 0);
	tell(1, LOCK, 1);
	tell(1, LOCK, 0);
	sim_post(1, lock_far_end, NULL);
	sim_race_begin();
	say(0, UNLOCK, 0);
	sim_race_end();
	sim_settle();
	expect_eprio(0, 0, 10);
	compare_with_oracle();
	teardown();
}

START_TEST(a_lock_against_an_unlock_down_the_chain_leaves_true_priorities)
{
	unit_explore(lock_against_unlock, NULL);
}
END_TEST

Suite *pi_suite(void)
{
	Suite *s = suite_create("pi");
	TCase *tc = unit_race_case(s, "pi");
	TCase *race = unit_race_case(s, "race");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_boost_goes_down_the_chain_over_all_cpus);
	tcase_add_test(tc, a_raise_at_the_far_end_goes_down_the_chain);
	tcase_add_test(tc, an_unblock_at_the_far_end_drops_the_chain);
	tcase_add_test(tc, a_base_above_the_boost_stays);
	tcase_add_test(tc, an_owner_of_two_keeps_the_boost_of_the_other);
	tcase_add_test(tc, a_ring_of_three_is_a_deadlock);
	tcase_add_loop_test(tc, random_graphs_agree_with_the_oracle, 1, 9);
	tcase_add_test(race, two_walks_on_one_chain_agree);
	tcase_add_test(race, a_walk_against_an_unlock_leaves_true_priorities);
	tcase_add_test(race, a_walk_against_an_unblock_leaves_true_priorities);
	tcase_add_test(race, a_ring_closed_from_both_sides_is_found);
	tcase_add_test(race, a_lock_against_an_unlock_down_the_chain_leaves_true_priorities);
	return s;
}
