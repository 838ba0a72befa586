/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of the Alchemy skin: one for each call, named as it is: ROW(rt_sem_p) { ... }. A row sees the call's
 * effect, in each kind of thread that may make it, and each of its errors.
 */
#ifndef TEST_ALCHEMY_H
#define TEST_ALCHEMY_H

#include <errno.h>
#include <sys/resource.h>
#include <alchemy/timer.h>
#include "rows.h"

#define ROW(name)								\
	void row_##name(void);							\
	void row_##name(void)

/* The row has seen the negative errno @error, or anything else, which is not counted. */
#define ERRORS 150
void error_seen(long error);

/* The call ends with that negative errno. */
#define fails(call, error)							\
	do {									\
		long fails_got = (call);					\
										\
		error_seen(fails_got);						\
		if (fails_got != -(error))					\
			fail("%s:%d: " #call ": %ld, not %s", __FILE__, __LINE__, \
			     fails_got, #error);				\
	} while (0)

/* Of what another process has deleted: it may know that, or not know the object any more. */
#define is_gone(call)								\
	do {									\
		long is_gone_got = (call);					\
		if (is_gone_got != -EIDRM && is_gone_got != -EINVAL)		\
			fail("%s:%d: " #call ": %ld", __FILE__, __LINE__, is_gone_got); \
	} while (0)

/* It returns just that. */
#define gives(call, value)							\
	do {									\
		long gives_got = (long)(call);					\
										\
		error_seen(gives_got);						\
		if (gives_got != (long)(value))					\
			fail("%s:%d: " #call ": %ld, not %s", __FILE__, __LINE__, \
			     gives_got, #value);				\
	} while (0)

/* Run @fn(@arg) in this thread of Linux's and in one by pthread_create(). */
static inline void *call_thread(void *arg)
{
	void (**fn)(void) = arg;

	(*fn)();
	return NULL;
}

static inline void in_linux(void (*fn)(void))
{
	pthread_t thread;

	fn();
	if (pthread_create(&thread, NULL, call_thread, &fn))
		fail("pthread_create");
	pthread_join(thread, NULL);
}

/* @fn in another process, which must end well: call the second with what the first returned. */
static inline pid_t in_process(void (*fn)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		fn();
		_exit(0);
	}
	if (pid < 0)
		fail("fork: %m");
	return pid;
}

/* This process has no privileges any more, and no priority it might take. */
static inline void unprivileged(void)
{
	setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		fail("setresgid, setresuid: %m");
}

static inline void process_ends(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		fail("the other process ended with status 0x%x", status);
}

#endif
