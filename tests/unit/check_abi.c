// SPDX-License-Identifier: GPL-2.0
/*
 * include/uapi/keel/abi.h against abi.golden, and the numbers the nucleus shares with others.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "keel/abi.h"
#include "nucleus/barrier.h"
#include "nucleus/buffer.h"
#include "nucleus/channel.h"
#include "nucleus/event.h"
#include "nucleus/heap.h"
#include "nucleus/mutex.h"
#include "nucleus/sem.h"
#include "nucleus/stage.h"
#include "nucleus/watch.h"
#include "tests/unit/unit.h"

/* Make says where the sources are. */
static FILE *open_golden(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/unit/abi.golden", srcdir ? srcdir : ".");
	in = fopen(path, "r");
	ck_assert_msg(in != NULL, "cannot open %s", path);
	return in;
}

/* On a wanted change run the test program with --print-abi, and raise the level. */
START_TEST(the_abi_is_what_the_golden_file_says)
{
	char want[256], have[256];
	FILE *golden = open_golden();
	FILE *now = tmpfile();

	unit_abi_print(now);
	rewind(now);
	while (fgets(want, sizeof(want), golden)) {
		ck_assert_ptr_nonnull(fgets(have, sizeof(have), now));
		ck_assert_str_eq(have, want);
	}
	ck_assert_ptr_null(fgets(have, sizeof(have), now));
	fclose(golden);
	fclose(now);
}
END_TEST

START_TEST(error_numbers_are_those_of_linux)
{
	ck_assert_int_eq(NK_EPERM, EPERM);
	ck_assert_int_eq(NK_ESRCH, ESRCH);
	ck_assert_int_eq(NK_EINTR, EINTR);
	ck_assert_int_eq(NK_EWOULDBLOCK, EWOULDBLOCK);
	ck_assert_int_eq(NK_ENOMEM, ENOMEM);
	ck_assert_int_eq(NK_EACCES, EACCES);
	ck_assert_int_eq(NK_EFAULT, EFAULT);
	ck_assert_int_eq(NK_EEXIST, EEXIST);
	ck_assert_int_eq(NK_EMSGSIZE, EMSGSIZE);
	ck_assert_int_eq(NK_EBUSY, EBUSY);
	ck_assert_int_eq(NK_EINVAL, EINVAL);
	ck_assert_int_eq(NK_EDEADLK, EDEADLK);
	ck_assert_int_eq(NK_EIDRM, EIDRM);
	ck_assert_int_eq(NK_ETIMEDOUT, ETIMEDOUT);
	ck_assert_int_eq(NK_EOWNERDEAD, EOWNERDEAD);
	ck_assert_int_eq(NK_ENOTRECOVERABLE, ENOTRECOVERABLE);
	ck_assert_int_eq(NK_ECANCELED, ECANCELED);
	ck_assert_int_eq(NK_EOVERFLOW, EOVERFLOW);
	ck_assert_int_eq(NK_ENOSPC, ENOSPC);
}
END_TEST

START_TEST(the_nucleus_and_the_abi_agree)
{
	ck_assert_int_eq(NK_RELAX_WATCHDOG, KEEL_RELAX_WATCHDOG);
	ck_assert_int_eq(NK_RELAX_CALL, KEEL_RELAX_CALL);
	ck_assert_int_eq(NK_PRIO_MIN, KEEL_PRIO_MIN);
	ck_assert_int_eq(NK_PRIO_MAX, KEEL_PRIO_MAX);
	ck_assert_int_eq(NK_NAME_LEN, KEEL_NAME_LEN);
	ck_assert(NK_TIME_NEVER == KEEL_FOREVER);
	ck_assert_int_eq(NK_MUTEX_ERRORCHECK, KEEL_MUTEX_ERRORCHECK);
	ck_assert_int_eq(NK_MUTEX_RECURSIVE, KEEL_MUTEX_RECURSIVE);
	ck_assert_int_eq(NK_MUTEX_NORMAL, KEEL_MUTEX_NORMAL);
	ck_assert_int_eq(NK_MUTEX_ROBUST, KEEL_MUTEX_ROBUST);
	ck_assert_int_eq(NK_EVENT_ANY, KEEL_EVENT_ANY);
	ck_assert_int_eq(NK_EVENT_ALL, KEEL_EVENT_ALL);
	ck_assert_int_eq(NK_EVENT_EXACT, KEEL_EVENT_EXACT);
	ck_assert_int_eq(NK_EVENT_CONSUME, KEEL_EVENT_CONSUME);
	ck_assert_int_eq(NK_SEM_MAX, KEEL_SEM_MAX);
	ck_assert_int_eq(NK_BARRIER_LAST, 1);
	ck_assert_int_eq(NK_QUEUE_PRIOS, KEEL_QUEUE_PRIOS);
	ck_assert_int_eq(NK_QUEUE_COUNT, KEEL_QUEUE_COUNT);
	ck_assert_int_eq(NK_QUEUE_SIZE, KEEL_MESSAGE_SIZE);
	ck_assert_int_eq(NK_BUFFER_SIZE, KEEL_BUFFER_SIZE);
	ck_assert_int_eq(NK_CHANNEL_FLOWS, KEEL_CHANNEL_FLOWS);
	ck_assert_int_eq(NK_HEAP_UNIT, KEEL_HEAP_UNIT);
	ck_assert_int_eq((long)NK_HEAP_UNITS * NK_HEAP_UNIT, KEEL_AREA_MAX);
	ck_assert_int_le(KEEL_SET_MAX, NK_WATCH_MAX);
}
END_TEST

Suite *abi_suite(void)
{
	Suite *s = suite_create("abi");
	TCase *tc = unit_race_case(s, "abi");

	tcase_add_test(tc, the_abi_is_what_the_golden_file_says);
	tcase_add_test(tc, error_numbers_are_those_of_linux);
	tcase_add_test(tc, the_nucleus_and_the_abi_agree);
	return s;
}
