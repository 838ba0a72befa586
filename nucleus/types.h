/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every nucleus file may use: integers, time, priorities, error numbers. All types come
 * from the compiler, as neither libc nor the kernel's headers are seen here.
 */
#ifndef NUCLEUS_TYPES_H
#define NUCLEUS_TYPES_H

#include <hal/hal.h>

typedef __UINT32_TYPE__ nk_u32;
typedef __UINT64_TYPE__ nk_u64;
typedef __UINTPTR_TYPE__ nk_uintptr;

/* Absolute or relative nanoseconds on the monotonic clock. */
typedef hal_time_t nk_time_t;

#define NK_TIME_NEVER	HAL_TIME_NEVER

#define NK_PRIO_ROOT	0	/* Linux: below every real-time thread */
#define NK_PRIO_MIN	1
#define NK_PRIO_MAX	99
#define NK_PRIO_EDF	(NK_PRIO_MAX + 1)	/* EDF threads, by deadline */
#define NK_PRIO_EDF_LENT (NK_PRIO_EDF + 1)	/* who holds what one of these waits for */
#define NK_PRIO_LOCK	(NK_PRIO_EDF_LENT + 1)	/* who has the scheduler lock */
#define NK_PRIO_SHARE	(NK_PRIO_LOCK + 1)	/* Linux while it takes its share */
#define NK_PRIO_LEVELS	(NK_PRIO_SHARE + 1)
#define NK_NAME_LEN	16

/* The numbers of Linux, returned negative. check_abi.c compares them with the host's. */
enum {
	NK_EPERM = 1,
	NK_ESRCH = 3,
	NK_EINTR = 4,
	NK_EWOULDBLOCK = 11,	/* also EAGAIN */
	NK_ENOMEM = 12,
	NK_EACCES = 13,
	NK_EFAULT = 14,
	NK_EBUSY = 16,
	NK_EEXIST = 17,
	NK_EINVAL = 22,
	NK_ENOSPC = 28,
	NK_EDEADLK = 35,
	NK_EIDRM = 43,
	NK_EOVERFLOW = 75,
	NK_EMSGSIZE = 90,
	NK_ETIMEDOUT = 110,
	NK_ECANCELED = 125,
	NK_EOWNERDEAD = 130,
	NK_ENOTRECOVERABLE = 131,
};

#define NULL ((void *)0)

/* Off the measured paths: kept out of line, so that these stay short. */
#define nk_cold __attribute__((__noinline__, __cold__))

#define nk_likely(x)	__builtin_expect(!!(x), 1)
#define nk_unlikely(x)	__builtin_expect(!!(x), 0)

#define nk_container_of(ptr, type, member) \
	((type *)((char *)(ptr) - __builtin_offsetof(type, member)))

/* Checks that cost nothing unless NK_DEBUG is defined. The expression is always compiled, so that it cannot
 * rot; it must have no side effect. */
#ifdef NK_DEBUG
#define NK_DEBUG_ON 1
#else
#define NK_DEBUG_ON 0
#endif

#define nk_assert(cond)							\
	do {								\
		if (NK_DEBUG_ON && !(cond))				\
			hal_panic(__FILE__, __LINE__, #cond);		\
	} while (0)

#define nk_assert_masked()	nk_assert(hal_oob_masked())

#endif
