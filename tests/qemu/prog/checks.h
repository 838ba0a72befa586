/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What programs share that know nothing of Keel, or of more than one of its skins: a row that is checked, and
 * threads with a policy. For one source file each.
 */
#ifndef CHECKS_H
#define CHECKS_H

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static const char *row_name = "";

/* Or the process ends, with 1 and a line that says so. */
#define check(what)									\
	do {										\
		if (!(what)) {								\
			printf("fail %s: line %d: not so: %s\n", row_name, __LINE__, #what); \
			fflush(stdout);							\
			_exit(1);							\
		}									\
	} while (0)

static inline pthread_t start_as(int policy, int prio, void *(*fn)(void *), void *arg)
{
	struct sched_param param = { .sched_priority = prio };
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, policy);
	pthread_attr_setschedparam(&attr, &param);
	check(!pthread_create(&thread, &attr, fn, arg));
	pthread_attr_destroy(&attr);
	return thread;
}

#endif
