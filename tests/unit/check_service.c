// SPDX-License-Identifier: GPL-2.0
/*
 * Whoever serves many waiters lets interrupts in between two of them: nucleus/sweep.c, watch.c.
 */
#include <string.h>

#include "nucleus/barrier.h"
#include "nucleus/cond.h"
#include "nucleus/event.h"
#include "nucleus/rwlock.h"
#include "nucleus/sem.h"
#include "tests/unit/waiters.h"

static void posts(struct unit_thread *u)
{
	u->ret = nk_event_post(&e, 1);
}

static void clears(struct unit_thread *u)
{
	nk_event_clear(&e, 2);
	(void)u;
}

static void waits_for_exact(struct unit_thread *u)
{
	u->ret = nk_event_wait(&e, 1, NK_EVENT_EXACT, NULL, NK_TIME_NEVER);
}

static void broadcasts_event(struct unit_thread *u)
{
	u->ret = nk_event_broadcast(&e, 1);
	ck_assert_int_eq(u->ret, THREE);
}

static void broadcasts_cond(struct unit_thread *u)
{
	u->ret = nk_cond_broadcast(&cond);
	ck_assert_int_eq(u->ret, THREE);
}

static void posts_sem(struct unit_thread *u)
{
	u->ret = nk_sem_post(&sem);
}

static void flushes_sem(struct unit_thread *u)
{
	u->ret = nk_sem_broadcast(&sem, -NK_ECANCELED);
	ck_assert_int_eq(u->ret, THREE);
}

static void unlocks_rwlock(struct unit_thread *u)
{
	u->ret = nk_rwlock_unlock(&rwlock);
}

static void unlocks_mutex(struct unit_thread *u)
{
	u->ret = nk_mutex_unlock(&mutex);
}

static void waits_with_mutex(struct unit_thread *u)
{
	u->ret = nk_cond_wait(&cond, &mutex, NK_TIME_NEVER);
	ck_assert_int_eq(u->ret, -NK_ENOTRECOVERABLE);
}

static void gets_rwlock(struct unit_thread *u)
{
	nk_rwlock_write(&rwlock, NK_TIME_NEVER);
	(void)u;
}

static void dies_with_mutex(struct unit_thread *u)
{
	nk_mutex_lock(&mutex, NK_TIME_NEVER);
	(void)u;
}

static void gets_mutex(struct unit_thread *u)
{
	unit_run("dead", 50, 0, dies_with_mutex, NULL);
	ck_assert_int_eq(nk_mutex_lock(&mutex, NK_TIME_NEVER), -NK_EOWNERDEAD);
	(void)u;
}

static void sets_two(struct unit_thread *u)
{
	nk_event_post(&e, 3);
	(void)u;
}

static const struct served {
	void (*before)(struct unit_thread *u);	/* by who serves, before they wait */
	void (*waits)(struct unit_thread *u);
	void (*serve)(struct unit_thread *u);
	int ret;				/* of those who wait */
} served[] = {
	{ NULL, waits_for_bit, posts, 0 },
	{ sets_two, waits_for_exact, clears, 0 },
	{ NULL, waits_for_bit, broadcasts_event, 0 },
	{ NULL, waits_for_signal, broadcasts_cond, 0 },
	{ NULL, watches, posts_sem, 1 },
	{ NULL, waits_for_sem, flushes_sem, -NK_ECANCELED },
	{ gets_rwlock, reads, unlocks_rwlock, 0 },
	{ gets_mutex, waits_for_mutex, unlocks_mutex, -NK_ENOTRECOVERABLE },
	{ gets_mutex, waits_for_mutex, waits_with_mutex, -NK_ENOTRECOVERABLE },
	{ NULL, meets, meets, 0 },
};

#define SERVED ((int)(sizeof(served) / sizeof(served[0])))

static int seen[THREE + 1];	/* an interrupt found so many unserved */

static void count_unserved(void *arg)
{
	int i, n = 0;

	for (i = 0; i < THREE; i++)
		n += three[i]->t.waiting && three[i]->t.wait_on != &mutex.wq;
	if (arg == waits_for_mutex)
		for (i = 0; i < THREE; i++)
			n += three[i]->t.waiting;
	seen[n] = 1;
}

static void interrupt_zero(void *arg)
{
	sim_irq(0, count_unserved, arg);
}

static struct nk_sem go;

static void serves(struct unit_thread *u)
{
	const struct served *s = u->arg;

	if (s->before)
		s->before(u);
	nk_sem_wait(&go, NK_TIME_NEVER);
	s->serve(u);
}

static void interrupt_against_service(void *arg)
{
	const struct served *s = &served[*(int *)arg];
	struct unit_thread *u;
	int i;

	waiters_setup_cpus(3);
	nk_sem_init(&go, 0, 1);
	u = unit_run("serves", 40, 0, serves, (void *)s);
	for (i = 0; i < THREE; i++)
		three[i] = unit_run("w", 10 + i, 1, s->waits, NULL);
	sim_settle();
	sim_post(2, interrupt_zero, s->waits);
	sim_race_begin();
	nk_sem_post(&go);
	sim_race_end();
	sim_settle();
	nk_cond_signal(&cond);	/* one that told others it has given up waits itself */
	ck_assert_int_eq(u->done, 1);
	for (i = 0; i < THREE; i++) {
		ck_assert_int_eq(three[i]->done, 1);
		ck_assert(three[i]->ret == s->ret || three[i]->ret == u->ret);
	}
	waiters_teardown();
}

START_TEST(interrupts_come_in_between_two_who_are_served)
{
	int i;

	memset(seen, 0, sizeof(seen));
	unit_explore(interrupt_against_service, &_i);
	for (i = 0; i <= THREE; i++)
		ck_assert_msg(seen[i], "row %d: never with %d left", _i, i);
}
END_TEST

Suite *service_suite(void)
{
	Suite *suite = suite_create("service");
	TCase *tc = unit_race_case(suite, "races");

	tcase_add_loop_test(tc, interrupts_come_in_between_two_who_are_served, 0, SERVED);
	return suite;
}
