// SPDX-License-Identifier: GPL-2.0
/*
 * nucleus/word.c, with the compare and swap of user space made by the tests' threads.
 */
#include <keel/mutex.h>
#include <string.h>

#include "nucleus/cond.h"
#include "nucleus/sched.h"
#include "nucleus/word.h"
#include "tests/unit/unit.h"

#define ROOM 4

static struct nk_thread *of[ROOM];
static struct nk_owners owners;
static struct nk_mutex m;
static struct nk_cond cond;
static struct nk_waitq gate;
static nk_u32 word;

static void setup(void)
{
	unit_setup();
	memset(of, 0, sizeof(of));
	nk_owners_init(&owners, of, ROOM);
	ck_assert_int_eq(nk_mutex_init_as(&m, NK_MUTEX_ERRORCHECK, 0), 0);
	nk_mutex_share(&m, &word, &owners);
	nk_waitq_init(&gate);
	nk_cond_init(&cond);
}

static void teardown(void)
{
	ck_assert_int_eq(nk_mutex_check(&m), 0);
	ck_assert_int_eq(nk_mutex_destroy(&m), 0);
	ck_assert_int_eq(nk_cond_destroy(&cond), 0);
	ck_assert_int_eq(nk_waitq_destroy(&gate), 0);
	unit_teardown();
}

static void open_gate(void)
{
	nk_wait_wake_all(&gate);
	sim_settle();
}

/* ---- user space ---------------------------------------------------------------------------- */

static int swap(nk_u32 from, nk_u32 to)
{
	return __atomic_compare_exchange_n(&word, &from, to, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* @u's number is where it stands in the table. */
static nk_u32 number(const struct unit_thread *u)
{
	nk_u32 i = 0;

	while (of[i] != &u->t)
		i++;
	return i + 1;
}

static int user_lock(struct unit_thread *u)
{
	return swap(KEEL_WORD_FREE, number(u)) ? 0 : nk_mutex_lock(&m, NK_TIME_NEVER);
}

static int user_unlock(struct unit_thread *u)
{
	return swap(number(u), KEEL_WORD_FREE) ? 0 : nk_mutex_unlock(&m);
}

static void holds(struct unit_thread *u)
{
	u->ret = user_lock(u);
	nk_wait_block(&gate, NK_TIME_NEVER);
	user_unlock(u);
}

static void passes(struct unit_thread *u)
{
	u->ret = user_lock(u);
	if (!u->ret || u->ret == -NK_EOWNERDEAD)
		ck_assert_int_eq(user_unlock(u), 0);
}

static struct unit_thread *known(const char *name, int prio, int cpu,
				 void (*fn)(struct unit_thread *u), unsigned int i)
{
	struct unit_thread *u = unit_make(name, prio, cpu, fn, NULL);

	nk_owners_set(&owners, i, &u->t);
	return u;
}

static struct unit_thread *runs(const char *name, int prio, int cpu,
				void (*fn)(struct unit_thread *u), unsigned int i)
{
	struct unit_thread *u = known(name, prio, cpu, fn, i);

	nk_thread_start(&u->t);
	return u;
}

/* ---- the protocol --------------------------------------------------------------------------- */

START_TEST(a_lock_that_nobody_contends_leaves_keel_out)
{
	struct unit_thread *u = runs("u", 10, 0, holds, 2);

	ck_assert_int_eq(word, 3);
	ck_assert_ptr_null(m.owner);
	open_gate();
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(word, KEEL_WORD_FREE);
}
END_TEST

static void is_told_no(struct unit_thread *u)
{
	ck_assert_int_eq(nk_mutex_unlock(&m), -NK_EPERM);
	ck_assert_int_eq(m.claimed, 0);
	ck_assert_int_eq(nk_cond_wait(&cond, &m, NK_TIME_NEVER), -NK_EPERM);
	ck_assert_int_eq(m.claimed, 0);
	u->ret = nk_mutex_consistent(&m);
}

START_TEST(a_refusal_leaves_a_free_one_to_user_space)
{
	struct unit_thread *u = runs("u", 10, 0, is_told_no, 0);

	ck_assert_int_eq(u->ret, -NK_EPERM);
	ck_assert_int_eq(m.claimed, 0);
	ck_assert_int_eq(word, KEEL_WORD_FREE);
}
END_TEST

START_TEST(a_waiter_finds_the_owner_by_the_word_and_boosts_it)
{
	struct unit_thread *o = runs("o", 10, 0, holds, 2);
	struct unit_thread *w = runs("w", 30, 1, passes, 0);

	sim_settle();
	ck_assert_ptr_eq(m.owner, &o->t);
	ck_assert_int_eq(o->t.eprio, 30);
	ck_assert_int_eq(nk_mutex_check(&m), 0);
	open_gate();
	ck_assert_int_eq(w->done, 1);
	ck_assert_int_eq(w->ret, 0);
	ck_assert_int_eq(o->t.eprio, 10);
	ck_assert_int_eq(word, KEEL_WORD_FREE);
}
END_TEST

START_TEST(an_owner_in_band_is_found_too)
{
	struct unit_thread *o = unit_user("o", 10, holds, NULL);
	struct unit_thread *w;

	nk_owners_set(&owners, 1, &o->t);
	ck_assert_int_eq(swap(0, 2), 1);
	w = runs("w", 30, 1, passes, 0);
	sim_settle();
	ck_assert_ptr_eq(m.owner, &o->t);
	ck_assert_int_eq(o->t.eprio, 30);
	nk_owners_set(&owners, 1, NULL);
	ck_assert_int_eq(nk_mutex_abandon_all(&o->t), 1);
	sim_settle();
	ck_assert_int_eq(w->ret, -NK_EOWNERDEAD);
}
END_TEST

static void tries(struct unit_thread *u)
{
	ck_assert_int_eq(nk_mutex_unlock(&m), -NK_EPERM);
	ck_assert_int_eq(nk_mutex_consistent(&m), -NK_EPERM);
	ck_assert_int_eq(nk_cond_wait(&cond, &m, NK_TIME_NEVER), -NK_EPERM);
	u->ret = nk_mutex_trylock(&m);
}

START_TEST(calls_of_others_see_it_taken)
{
	runs("o", 10, 0, holds, 1);
	ck_assert_int_eq(runs("t", 20, 0, tries, 0)->ret, -NK_EBUSY);
	ck_assert_int_eq(nk_mutex_destroy(&m), -NK_EBUSY);
	open_gate();
	ck_assert_int_eq(word, KEEL_WORD_FREE);
}
END_TEST

START_TEST(calls_on_a_free_one_give_it_back)
{
	struct unit_thread *t = runs("t", 20, 0, tries, 0);

	ck_assert_int_eq(t->ret, 0);
	ck_assert_int_eq(word, KEEL_WORD_KERNEL);
	ck_assert_int_eq(runs("u", 10, 0, passes, 1)->ret, -NK_EOWNERDEAD);
	ck_assert_int_eq(word, KEEL_WORD_FREE);
}
END_TEST

static void locks_twice(struct unit_thread *u)
{
	ck_assert_int_eq(user_lock(u), 0);
	u->ret = user_lock(u);
	if (!u->ret)
		ck_assert_int_eq(user_unlock(u), 0);
	ck_assert_ptr_eq(m.owner, &u->t);
	ck_assert_int_eq(nk_mutex_consistent(&m), -NK_EINVAL);
	ck_assert_int_eq(user_unlock(u), 0);
}

START_TEST(a_second_lock_is_for_the_kind_to_answer)
{
	static const int kinds[] = { NK_MUTEX_ERRORCHECK, NK_MUTEX_RECURSIVE };
	static const int wants[] = { -NK_EDEADLK, 0 };

	ck_assert_int_eq(nk_mutex_init_as(&m, kinds[_i], 0), 0);
	nk_mutex_share(&m, &word, &owners);
	ck_assert_int_eq(runs("u", 10, 0, locks_twice, 3)->ret, wants[_i]);
	ck_assert_int_eq(word, KEEL_WORD_FREE);
}
END_TEST

START_TEST(with_a_ceiling_each_lock_is_a_call)
{
	struct unit_thread *u;

	ck_assert_int_eq(nk_mutex_init_as(&m, 0, 40), 0);
	nk_mutex_share(&m, &word, &owners);
	u = runs("u", 10, 0, holds, 0);
	ck_assert_int_eq(u->t.eprio, 40);
	open_gate();
	ck_assert_int_eq(word, KEEL_WORD_KERNEL);
}
END_TEST

/* ---- conditions ------------------------------------------------------------------------------ */

static void awaits(struct unit_thread *u)
{
	ck_assert_int_eq(user_lock(u), 0);
	u->ret = nk_cond_wait(&cond, &m, NK_TIME_NEVER);
	ck_assert_int_eq(user_unlock(u), 0);
}

static void waits_and_leaves(struct unit_thread *u)
{
	u->ret = user_lock(u) ? : nk_cond_wait_leave(&cond, &m, NK_TIME_NEVER);
}

/* Keel has not heard of it before, and does not then. */
START_TEST(a_wait_that_leaves_it_frees_the_word)
{
	struct unit_thread *u = runs("u", 10, 0, waits_and_leaves, 1);

	ck_assert_uint_eq(word, KEEL_WORD_FREE);
	ck_assert_int_eq(m.claimed, 0);
	ck_assert_int_eq(nk_cond_signal(&cond), 1);
	ck_assert_int_eq(u->done, 1);
	ck_assert_int_eq(u->ret, 0);
	ck_assert_uint_eq(word, KEEL_WORD_FREE);
}
END_TEST

static void leaves_anothers(struct unit_thread *u)
{
	u->ret = nk_cond_wait_leave(&cond, &m, NK_TIME_NEVER);
}

START_TEST(a_word_that_names_another_is_not_freed)
{
	struct unit_thread *u = runs("u", 10, 0, holds, 1);

	ck_assert_int_eq(runs("v", 20, 0, leaves_anothers, 2)->ret, -NK_EPERM);
	ck_assert_ptr_eq(m.owner, &u->t);
	open_gate();
	ck_assert_uint_eq(word, KEEL_WORD_FREE);
}
END_TEST

START_TEST(a_condition_releases_and_takes_it_by_the_word)
{
	struct unit_thread *w = runs("w", 30, 0, awaits, 0);
	struct unit_thread *o;

	ck_assert_int_eq(word, KEEL_WORD_FREE);
	o = runs("o", 10, 0, holds, 1);
	ck_assert_int_eq(word, 2);
	ck_assert_int_eq(nk_cond_signal(&cond), 1);
	ck_assert_ptr_eq(m.owner, &o->t);
	ck_assert_int_eq(o->t.eprio, 30);
	ck_assert_int_eq(w->done, 0);
	open_gate();
	ck_assert_int_eq(w->done, 1);
	ck_assert_int_eq(w->ret, 0);
	ck_assert_int_eq(word, KEEL_WORD_FREE);
}
END_TEST

/* ---- ends ------------------------------------------------------------------------------------ */

START_TEST(a_word_that_names_nobody_is_that_of_a_dead_owner)
{
	static const nk_u32 forged[] = { 1, ROOM, ROOM + 1, KEEL_WORD_OWNER, 2 | KEEL_WORD_KERNEL };

	word = forged[_i];
	ck_assert_int_eq(runs("w", 30, 0, passes, 2)->ret, -NK_EOWNERDEAD);
	ck_assert_int_eq(word, KEEL_WORD_FREE);
}
END_TEST

static void leaves_it_broken(struct unit_thread *u)
{
	u->ret = user_lock(u);
	ck_assert_int_eq(user_unlock(u), 0);
	ck_assert_int_eq(nk_mutex_lock(&m, NK_TIME_NEVER), -NK_ENOTRECOVERABLE);
}

START_TEST(one_beyond_use_never_goes_back_to_user_space)
{
	ck_assert_int_eq(nk_mutex_init_as(&m, NK_MUTEX_ROBUST, 0), 0);
	nk_mutex_share(&m, &word, &owners);
	word = 1;
	nk_word_bereave(&m, 2);
	ck_assert_int_eq(word, 1);
	nk_word_bereave(&m, 1);
	ck_assert_int_eq(word, KEEL_WORD_KERNEL | 1);
	ck_assert_int_eq(runs("w", 30, 0, leaves_it_broken, 2)->ret, -NK_EOWNERDEAD);
	ck_assert(word & KEEL_WORD_KERNEL);
}
END_TEST

/* W1. */
START_TEST(what_is_written_over_a_claim_is_not_believed)
{
	struct unit_thread *o = runs("o", 10, 0, holds, 1);
	struct unit_thread *w = runs("w", 30, 1, passes, 2), *v;

	sim_settle();
	word = KEEL_WORD_FREE;
	v = runs("v", 20, 1, tries, 3);
	sim_settle();
	ck_assert_int_eq(v->ret, -NK_EBUSY);
	ck_assert_ptr_eq(m.owner, &o->t);
	word = 3;
	open_gate();
	ck_assert_int_eq(w->ret, 0);
	ck_assert_int_eq(w->done + o->done, 2);
	ck_assert_int_eq(word, KEEL_WORD_FREE);
}
END_TEST

/* ---- races ----------------------------------------------------------------------------------- */

static struct unit_thread *waiter;

static void start_waiter(void *arg)
{
	(void)arg;
	nk_thread_start(&waiter->t);
}

static void unlock_against_lock(void *arg)
{
	struct unit_thread *o;

	setup();
	o = runs("o", 10, 0, holds, 0);
	waiter = known("w", *(int *)arg, 1, passes, 1);
	sim_post(1, start_waiter, NULL);
	sim_race_begin();
	nk_wait_wake_all(&gate);
	sim_race_end();
	sim_settle();
	ck_assert_int_eq(o->done + waiter->done, 2);
	ck_assert_int_eq(waiter->ret, 0);
	ck_assert_int_eq(o->t.eprio, 10);
	ck_assert_int_eq(word, KEEL_WORD_FREE);
	teardown();
}

START_TEST(unlock_against_a_claim_loses_nobody)
{
	int prio = _i ? 20 : 5;

	unit_explore(unlock_against_lock, &prio);
}
END_TEST

/* As a process does it when a thread of its own ends; @forge: it overwrites the word meanwhile. */
static void end(struct nk_thread *t, int forge)
{
	nk_owners_set(&owners, 0, NULL);
	if (forge)
		word = KEEL_WORD_KERNEL;
	nk_word_bereave(&m, 1);
	nk_mutex_abandon_all(t);
	nk_thread_destroy(t);
}

static void end_against_lock(void *arg)
{
	struct unit_thread *o;
	int forge = *(int *)arg;

	setup();
	o = unit_user("o", 10, holds, NULL);
	nk_owners_set(&owners, 0, &o->t);
	ck_assert_int_eq(swap(0, 1), 1);
	waiter = known("w", 20, 1, passes, 1);
	sim_post(1, start_waiter, NULL);
	sim_race_begin();
	end(&o->t, forge);
	sim_race_end();
	o->gone = 1;
	sim_settle();
	ck_assert_int_eq(waiter->done, 1);
	ck_assert(waiter->ret == -NK_EOWNERDEAD || (forge && !waiter->ret));
	ck_assert(forge || word == KEEL_WORD_FREE);
	teardown();
}

START_TEST(an_end_against_a_claim_is_heard_of)
{
	unit_explore(end_against_lock, &_i);
}
END_TEST

static void end_and_wipe(void *arg)
{
	struct unit_thread *o = arg;

	nk_owners_set(&owners, 0, NULL);
	nk_thread_destroy(&o->t);
	memset(&o->t, 0x5a, sizeof(o->t));
}

static void unblock_against_end(void *arg)
{
	struct unit_thread *o;
	struct nk_thread *t;
	hal_flags_t flags;

	(void)arg;
	setup();
	o = unit_user("o", 10, holds, NULL);
	nk_owners_set(&owners, 0, &o->t);
	sim_post(1, end_and_wipe, o);
	sim_race_begin();
	flags = hal_oob_save();
	t = nk_owners_pin(&owners, 0);
	if (t) {
		ck_assert_int_eq(nk_thread_wake(t, -NK_EINTR), 0);
		nk_thread_unpin(t);
	}
	hal_oob_restore(flags);
	sim_race_end();
	sim_settle();
	ck_assert_ptr_null(of[0]);
	o->gone = 1;
	teardown();
}

START_TEST(an_end_against_an_unblock_waits_for_its_last_touch)
{
	unit_explore(unblock_against_end, NULL);
}
END_TEST

Suite *word_suite(void)
{
	Suite *s = suite_create("word");
	TCase *tc = tcase_create("word"), *race = unit_race_case(s, "race");

	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(s, tc);
	tcase_add_test(tc, a_lock_that_nobody_contends_leaves_keel_out);
	tcase_add_test(tc, a_waiter_finds_the_owner_by_the_word_and_boosts_it);
	tcase_add_test(tc, a_refusal_leaves_a_free_one_to_user_space);
	tcase_add_test(tc, an_owner_in_band_is_found_too);
	tcase_add_test(tc, calls_of_others_see_it_taken);
	tcase_add_test(tc, calls_on_a_free_one_give_it_back);
	tcase_add_loop_test(tc, a_second_lock_is_for_the_kind_to_answer, 0, 2);
	tcase_add_test(tc, with_a_ceiling_each_lock_is_a_call);
	tcase_add_test(tc, a_condition_releases_and_takes_it_by_the_word);
	tcase_add_test(tc, a_wait_that_leaves_it_frees_the_word);
	tcase_add_test(tc, a_word_that_names_another_is_not_freed);
	tcase_add_loop_test(tc, a_word_that_names_nobody_is_that_of_a_dead_owner, 0, 5);
	tcase_add_test(tc, one_beyond_use_never_goes_back_to_user_space);
	tcase_add_test(tc, what_is_written_over_a_claim_is_not_believed);
	tcase_add_loop_test(race, unlock_against_a_claim_loses_nobody, 0, 2);
	tcase_add_loop_test(race, an_end_against_a_claim_is_heard_of, 0, 2);
	tcase_add_test(race, an_end_against_an_unblock_waits_for_its_last_touch);
	return s;
}
