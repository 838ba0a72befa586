// SPDX-License-Identifier: GPL-2.0
/*
 * A thread's limit: what others, and the thread itself, may set for it. check_mutex_kind.c has ceilings.
 */
#include "nucleus/class.h"
#include "nucleus/stage.h"
#include "tests/unit/unit.h"

#define MS	1000000LL

static const struct nk_sched_attr above_60[] = {
	{ .kind = NK_FIFO, .prio = 61 },
	{ .kind = NK_RR, .prio = 61, .budget = MS },
	{ .kind = NK_SPORADIC, .prio = 61, .low_prio = 10, .max_repl = 1, .budget = MS, .period = MS },
	{ .kind = NK_EDF, .budget = MS, .period = 2 * MS },
};

static const struct nk_sched_attr within_60[] = {
	{ .kind = NK_RR, .prio = 60, .budget = MS },
	{ .kind = NK_WEAK },
};

static void locks_the_scheduler(struct unit_thread *u)
{
	u->ret = nk_sched_lock();
	if (!u->ret)
		nk_sched_unlock();
}

START_TEST(what_is_above_a_threads_limit_is_refused_and_changes_nothing)
{
	struct unit_thread *u = unit_user("u", 10, locks_the_scheduler, NULL);
	int i;

	u->t.limit = 60;
	ck_assert_int_eq(nk_thread_set_prio(&u->t, 61), -NK_EPERM);
	for (i = 0; i < (int)(sizeof(above_60) / sizeof(above_60[0])); i++)
		ck_assert_int_eq(nk_class_set(&u->t, &above_60[i]), -NK_EPERM);
	ck_assert_int_eq(u->t.base_prio, 10);
	ck_assert_ptr_null(u->t.class);
	ck_assert_int_eq(nk_thread_set_prio(&u->t, 60), 0);
	ck_assert_int_eq(u->t.base_prio, 60);
	unit_enter(u);
	ck_assert_int_eq(u->ret, -NK_EPERM);
	ck_assert_int_eq(u->t.sched_locks, 0);
	for (i = 0; i < (int)(sizeof(within_60) / sizeof(within_60[0])); i++)
		ck_assert_int_eq(nk_class_set(&u->t, &within_60[i]), 0);
	u->t.limit = NK_PRIO_MAX;
	unit_enter(u);
	ck_assert_int_eq(u->ret, 0);
}
END_TEST

Suite *limit_suite(void)
{
	Suite *suite = suite_create("limit");
	TCase *tc = unit_case(suite, "refused");

	tcase_add_test(tc, what_is_above_a_threads_limit_is_refused_and_changes_nothing);
	return suite;
}
