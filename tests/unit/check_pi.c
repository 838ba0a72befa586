// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/pi.c: chains, rings, and random graphs against an oracle.
 */
#include "tests/unit/actors.h"
#include "tests/unit/unit.h"

static void setup(void)
{
	actors_setup(3);
}

START_TEST(a_boost_goes_down_the_chain_over_all_cpus)
{
	actors_build_chain(5);
	actors_expect_eprio(0, 5, 15);
}
END_TEST

START_TEST(a_raise_at_the_far_end_goes_down_the_chain)
{
	actors_build_chain(5);
	nk_thread_set_prio(actors_thread(5), 60);
	sim_settle();
	actors_expect_eprio(0, 5, 60);
	nk_thread_set_prio(actors_thread(5), 12);
	sim_settle();
	/* 14, the base of thread 4, is the highest left above thread 3 and below. */
	actors_expect_eprio(0, 4, 14);
	actors_expect_eprio(5, 5, 12);
}
END_TEST

START_TEST(a_change_that_lifts_nobody_stops_the_walk)
{
	unsigned long before;

	actors_build_chain(5);
	nk_thread_set_prio(actors_thread(5), 60);
	before = sim_locks_taken();
	nk_thread_set_prio(actors_thread(4), 50);
	/* Its own lock: it runs at 60 anyway. */
	ck_assert_uint_eq(sim_locks_taken(), before + 1);
	before = sim_locks_taken();
	nk_thread_set_prio(actors_thread(5), 61);
	nk_thread_set_prio(actors_thread(0), 59);
	ck_assert_uint_gt(sim_locks_taken(), before + 10);
}
END_TEST

START_TEST(an_unblock_at_the_far_end_drops_the_chain)
{
	actors_build_chain(5);
	nk_thread_unblock(actors_thread(5), -NK_EINTR);
	sim_settle();
	actors_expect_eprio(0, 4, 14);
}
END_TEST

START_TEST(a_base_above_the_boost_stays)
{
	actors_build_chain(2);
	nk_thread_set_prio(actors_thread(0), 50);
	ck_assert_int_eq(actors_thread(0)->eprio, 50);
	actors_tell(0, UNLOCK, 0);
	ck_assert_int_eq(actors_thread(0)->eprio, 50);
}
END_TEST

START_TEST(an_owner_of_two_keeps_the_boost_of_the_other)
{
	actors_tell(0, LOCK, 0);
	actors_tell(0, LOCK, 1);
	actors_tell(5, LOCK, 0);
	actors_tell(3, LOCK, 1);
	actors_expect_eprio(0, 0, 15);
	actors_tell(0, UNLOCK, 0);
	actors_expect_eprio(0, 0, 13);
	actors_tell(0, UNLOCK, 1);
	actors_expect_eprio(0, 0, 10);
}
END_TEST

START_TEST(a_ring_of_three_is_a_deadlock)
{
	actors_tell(0, LOCK, 0);
	actors_tell(1, LOCK, 1);
	actors_tell(2, LOCK, 2);
	actors_tell(1, LOCK, 0);
	actors_tell(2, LOCK, 1);
	ck_assert_int_eq(actors_tell(0, LOCK, 2), -NK_EDEADLK);
	actors_expect_eprio(0, 1, 12);
	ck_assert_int_eq(nk_mutex_check(&mutexes[2]), 0);
	ck_assert(nk_plist_empty(&mutexes[2].wq.waiters));
}
END_TEST

START_TEST(a_ring_is_found_in_one_round)
{
	unsigned long before;

	actors_tell(0, LOCK, 0);
	actors_tell(1, LOCK, 1);
	actors_tell(1, LOCK, 0);
	before = sim_locks_taken();
	ck_assert_int_eq(actors_tell(0, LOCK, 1), -NK_EDEADLK);
	/* Not by running round until the walk's limit. */
	ck_assert_uint_lt(sim_locks_taken() - before, 100);
}
END_TEST

/* ---- random graphs ------------------------------------------------------------------ */

static int would_close_ring(int who, int m)
{
	int o = actors_owner_of(m);

	while (o >= 0 && o != who)
		o = actors[o].busy ? actors_owner_of(actors[o].wants) : -1;
	return o == who;
}

static int threads = ACTORS, locks = MUTEXES;	/* how many of them take part */

static void random_lock(int who)
{
	int m = unit_random(locks);
	int free = actors_owner_of(m) < 0;
	int ring = would_close_ring(who, m);

	actors[who].deadline = hal_clock_now() + 1 + unit_random(100);
	actors_tell(who, unit_random(2) ? LOCK : TIMEDLOCK, m);
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
		if (actors[i].busy && actors[i].wants == m && actors_thread(i)->eprio > best)
			best = actors_thread(i)->eprio;
	return best;
}

static void random_unlock(int who)
{
	int m = unit_random(locks);
	int mine = actors_owner_of(m) == who;
	int best = best_waiter(m);
	int next;

	ck_assert_int_eq(actors_tell(who, UNLOCK, m), mine ? 0 : -NK_EPERM);
	if (!mine)
		return;
	next = actors_owner_of(m);
	ck_assert_int_eq(next >= 0, best != 0);
	if (next >= 0)
		ck_assert_int_ge(actors_thread(next)->eprio, best_waiter(m));
}

static void random_step(void)
{
	int who = unit_random(threads);

	switch (unit_random(8)) {
	case 0:
		nk_thread_set_prio(actors_thread(who), 1 + unit_random(30));
		break;
	case 1:
		if (actors[who].busy)
			nk_thread_unblock(actors_thread(who), -NK_EINTR);
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

#define GRAPHS 10000
#define STEPS 20
#define LONG_CHAIN 4

/* What kind of graphs were seen: by the longest chain of owners in each, and whether one of
 * LONG_CHAIN or more went over two CPUs at least, with a timeout under way. */
static struct {
	int of_length[ACTORS + 1];
	int long_over_cpus;
} seen;

/* Mutexes on the way from @who; *@cpus gets a bit for each CPU, *@timed whether it may end. */
static int chain_from(int who, int *cpus, int *timed)
{
	int length = 0;

	for (;; length++) {
		*cpus |= 1 << actors_thread(who)->cpu;
		if (!actors[who].busy)
			return length;
		*timed |= actors_thread(who)->timer.armed;
		who = actors_owner_of(actors[who].wants);
		if (who < 0)
			return length;
	}
}

struct shape {
	int longest, matters;
};

static void shape_note(struct shape *shape)
{
	int i, length;

	for (i = 0; i < threads; i++) {
		int cpus = 0, timed = 0;

		length = chain_from(i, &cpus, &timed);
		shape->longest = length > shape->longest ? length : shape->longest;
		shape->matters |= length >= LONG_CHAIN && timed && (cpus & (cpus - 1));
	}
}

/* Mostly locks, and by threads that do not wait yet: so chains grow. */
static void graph_step(struct shape *shape)
{
	int who = unit_random(threads);

	if (unit_random(6) && !actors[who].busy)
		random_lock(who);
	else if (!unit_random(3))
		random_step();
	sim_settle();
	actors_compare_with_oracle();
	shape_note(shape);
}

static void random_graph(int number)
{
	struct shape shape = { 0, 0 };
	int step;

	actors_setup(1 + number % 4);
	unit_random_seed(number);
	threads = 2 + unit_random(ACTORS - 1);
	locks = 1 + unit_random(MUTEXES);
	/* Most begin with an owner for each mutex, so that all who lock wait. */
	for (step = 0; number % 4 && step < threads && step < locks; step++)
		actors_tell(step, LOCK, step);
	for (step = 0; step < STEPS; step++)
		graph_step(&shape);
	seen.of_length[shape.longest]++;
	seen.long_over_cpus += shape.matters;
	actors_teardown();
}

START_TEST(random_graphs_agree_with_the_oracle)
{
	int i;

	for (i = 1; i <= GRAPHS; i++)
		random_graph(i);
	printf("lock graphs: %d; longest chain", GRAPHS);
	for (i = 0; i <= ACTORS; i++)
		if (seen.of_length[i])
			printf(" %d: %d", i, seen.of_length[i]);
	printf("; of %d and more over CPUs with a timeout under way: %d\n", LONG_CHAIN,
	       seen.long_over_cpus);
	fflush(stdout);
	ck_assert_int_ge(seen.long_over_cpus, 1000);
}
END_TEST

START_TEST(a_long_walk_agrees_with_the_oracle)
{
	int step;

	unit_random_seed(_i);
	for (step = 0; step < 1500; step++) {
		random_step();
		actors_compare_with_oracle();
	}
}
END_TEST

Suite *pi_suite(void)
{
	Suite *s = suite_create("pi");
	TCase *tc = unit_race_case(s, "pi");

	tcase_add_checked_fixture(tc, setup, actors_teardown);
	tcase_add_test(tc, a_boost_goes_down_the_chain_over_all_cpus);
	tcase_add_test(tc, a_raise_at_the_far_end_goes_down_the_chain);
	tcase_add_test(tc, a_change_that_lifts_nobody_stops_the_walk);
	tcase_add_test(tc, an_unblock_at_the_far_end_drops_the_chain);
	tcase_add_test(tc, a_base_above_the_boost_stays);
	tcase_add_test(tc, an_owner_of_two_keeps_the_boost_of_the_other);
	tcase_add_test(tc, a_ring_of_three_is_a_deadlock);
	tcase_add_test(tc, a_ring_is_found_in_one_round);
	tcase_add_loop_test(tc, a_long_walk_agrees_with_the_oracle, 1, 9);
	tcase_add_test(unit_race_case(s, "graphs"), random_graphs_agree_with_the_oracle);
	return s;
}
