// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/pi.c: what happens under a walk, on another CPU.
 */
#include <string.h>

#include "tests/unit/actors.h"
#include "tests/unit/unit.h"

static void raise_far_end(void *arg)
{
	(void)arg;
	nk_thread_set_prio(actors_thread(3), 60);
}

/* Two ends of a chain change at once: P1 to P3 hold when both walks are over. */
static void set_prio_against_set_prio(void *arg)
{
	(void)arg;
	actors_setup(2);
	actors_build_chain(3);
	sim_post(1, raise_far_end, NULL);
	sim_race_begin();
	nk_thread_set_prio(actors_thread(2), 50);
	sim_race_end();
	sim_settle();
	actors_expect_eprio(0, 3, 60);
	actors_compare_with_oracle();
	actors_teardown();
}

START_TEST(two_walks_on_one_chain_agree)
{
	unit_explore(set_prio_against_set_prio, NULL);
}
END_TEST

static void lower_three(void *arg)
{
	(void)arg;
	nk_thread_set_prio(actors_thread(2), 5);
}

/* The chain changes under a walk: the middle unlocks while the far end rises and falls. */
static void walk_against_unlock(void *arg)
{
	(void)arg;
	actors_setup(2);
	actors_build_chain(2);
	sim_post(1, lower_three, NULL);
	sim_race_begin();
	actors_say(0, UNLOCK, 0);
	sim_race_end();
	sim_settle();
	ck_assert_ptr_eq(mutexes[0].owner, actors_thread(1));
	actors_compare_with_oracle();
	actors_teardown();
}

START_TEST(a_walk_against_an_unlock_leaves_true_priorities)
{
	unit_explore(walk_against_unlock, NULL);
}
END_TEST

static void unblock_far_end(void *arg)
{
	(void)arg;
	nk_thread_unblock(actors_thread(2), -NK_EINTR);
}

static void walk_against_unblock(void *arg)
{
	(void)arg;
	actors_setup(2);
	actors_build_chain(2);
	sim_post(1, unblock_far_end, NULL);
	sim_race_begin();
	nk_thread_set_prio(actors_thread(2), 40);
	sim_race_end();
	sim_settle();
	actors_expect_eprio(0, 0, 11);
	actors_compare_with_oracle();
	actors_teardown();
}

START_TEST(a_walk_against_an_unblock_leaves_true_priorities)
{
	unit_explore(walk_against_unblock, NULL);
}
END_TEST

static void close_from_far(void *arg)
{
	(void)arg;
	actors_say(1, LOCK, 0);
}

/* Both close the ring at once: at least one is told, and the rest goes on. */
static void lock_against_lock(void *arg)
{
	(void)arg;
	actors_setup(2);
	actors_tell(0, LOCK, 0);
	actors_tell(1, LOCK, 1);
	sim_post(1, close_from_far, NULL);
	sim_race_begin();
	actors_say(0, LOCK, 1);
	sim_race_end();
	sim_settle();
	ck_assert(actors[0].ret == -NK_EDEADLK || actors[1].ret == -NK_EDEADLK);
	ck_assert_int_le(actors[0].busy + actors[1].busy, 1);
	actors_compare_with_oracle();
	actors_teardown();
}

START_TEST(a_ring_closed_from_both_sides_is_found)
{
	unit_explore(lock_against_lock, NULL);
}
END_TEST

static void lock_far_end(void *arg)
{
	(void)arg;
	actors_say(2, LOCK, 1);
}

/* A waiter joins the end of a chain whose head unlocks: it boosts whom it then waits for. */
static void lock_against_unlock(void *arg)
{
	(void)arg;
	actors_setup(2);
	actors_tell(0, LOCK, 0);
	actors_tell(1, LOCK, 1);
	actors_tell(1, LOCK, 0);
	sim_post(1, lock_far_end, NULL);
	sim_race_begin();
	actors_say(0, UNLOCK, 0);
	sim_race_end();
	sim_settle();
	actors_expect_eprio(0, 0, 10);
	actors_compare_with_oracle();
	actors_teardown();
}

START_TEST(a_lock_against_an_unlock_down_the_chain_leaves_true_priorities)
{
	unit_explore(lock_against_unlock, NULL);
}
END_TEST

static void sees_no_pin(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < ACTORS; i++)
		ck_assert_int_eq(actors_thread(i)->pins, 0);
	unit_mark('i');
}

static void interrupt_zero(void *arg)
{
	sim_irq(0, sees_no_pin, arg);
}

/* Linux as the walker must not be interrupted, and so not be scheduled away, with pins held. */
static void walk_against_interrupt(void *arg)
{
	actors_setup(2);
	actors_build_chain(3);
	sim_post(1, interrupt_zero, arg);
	sim_race_begin();
	nk_thread_set_prio(actors_thread(3), 60);
	sim_race_end();
	sim_settle();
	ck_assert_str_eq(unit_marks(), "i");
	actors_teardown();
}

START_TEST(a_walk_of_linux_is_not_interrupted)
{
	unit_explore(walk_against_interrupt, NULL);
}
END_TEST

static int half_way;	/* an interrupt found one end of the chain changed and not the other */

static void looks_at_both_ends(void *arg)
{
	half_way |= actors_thread(2)->eprio == 60 && actors_thread(0)->eprio != 60;
	(void)arg;
}

static void looks_at_zero(void *arg)
{
	sim_irq(0, looks_at_both_ends, arg);
}

static void raises(struct unit_thread *u)
{
	nk_thread_set_prio(actors_thread(3), 60);
	(void)u;
}

static void thread_walks_against_interrupt(void *arg)
{
	struct unit_thread *u;

	actors_setup(2);
	actors_build_chain(3);
	u = unit_make("u", 90, 0, raises, NULL);
	sim_post(1, looks_at_zero, arg);
	sim_race_begin();
	nk_thread_start(&u->t);
	sim_race_end();
	sim_settle();
	actors_expect_eprio(0, 3, 60);
	actors_teardown();
}

START_TEST(a_walk_of_a_thread_lets_interrupts_in)
{
	if (unit_explore(thread_walks_against_interrupt, NULL) > 1)
		ck_assert_int_eq(half_way, 1);
}
END_TEST

static struct nk_mutex m;
static struct nk_waitq gate;
static struct unit_thread *middle;

static void holds_until_gate(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, NK_TIME_NEVER);
	nk_wait_block(&gate, NK_TIME_NEVER);
}

static void waits_for_mutex(struct unit_thread *u)
{
	u->ret = nk_mutex_lock(&m, NK_TIME_NEVER);
	nk_mutex_unlock(&m);
}

/* The middle of a chain exits, and its memory goes as soon as destroy returns. */
static void exit_and_free(void *arg)
{
	(void)arg;
	nk_thread_unblock(&middle->t, -NK_EINTR);
	while (!nk_thread_is_dead(&middle->t))
		hal_cpu_relax();
	nk_thread_destroy(&middle->t);
	memset(&middle->t, 0x5a, sizeof(middle->t));
	middle->gone = 1;
}

static void walk_against_exit(void *arg)
{
	struct unit_thread *end;

	(void)arg;
	unit_setup();
	nk_mutex_init(&m);
	nk_waitq_init(&gate);
	middle = unit_run("middle", 10, 1, holds_until_gate, NULL);
	sim_settle();
	end = unit_run("end", 20, 0, waits_for_mutex, NULL);
	sim_post(1, exit_and_free, NULL);
	sim_race_begin();
	nk_thread_set_prio(&end->t, 60);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(end->ret, -NK_EOWNERDEAD);
	ck_assert_int_eq(end->t.eprio, 60);
	ck_assert_int_eq(nk_mutex_destroy(&m) + nk_waitq_destroy(&gate), 0);
	unit_teardown();
}

START_TEST(destroying_a_thread_against_a_walk_waits_for_its_last_touch)
{
	unit_explore(walk_against_exit, NULL);
}
END_TEST

Suite *pi_race_suite(void)
{
	Suite *s = suite_create("pi_race");
	TCase *race = unit_race_case(s, "race");

	tcase_add_test(race, two_walks_on_one_chain_agree);
	tcase_add_test(race, a_walk_against_an_unlock_leaves_true_priorities);
	tcase_add_test(race, a_walk_against_an_unblock_leaves_true_priorities);
	tcase_add_test(race, a_ring_closed_from_both_sides_is_found);
	tcase_add_test(race, a_lock_against_an_unlock_down_the_chain_leaves_true_priorities);
	tcase_add_test(race, destroying_a_thread_against_a_walk_waits_for_its_last_touch);
	tcase_add_test(race, a_walk_of_linux_is_not_interrupted);
	tcase_add_test(race, a_walk_of_a_thread_lets_interrupts_in);
	return s;
}
