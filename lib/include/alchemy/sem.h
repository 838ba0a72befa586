/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alchemy: counting semaphores.
 *
 * All return 0 or more, or a negative errno: -EINVAL: there is no such semaphore (any more), or an argument is
 * out of range; -EIDRM: it was deleted during the wait; -EINTR: rt_task_unblock() or a signal ended that;
 * -ETIMEDOUT; -EWOULDBLOCK with TM_NONBLOCK; -EPERM: the caller cannot be Keel's; of create also -ENOMEM
 * and -EEXIST. timer.h has the forms of calls that wait. Any thread may call.
 */
#ifndef ALCHEMY_SEM_H
#define ALCHEMY_SEM_H

#include <alchemy/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

#define S_PRIO	0x1	/* who waits is served by priority */
#define S_FIFO	0x0	/* or first come first served */
#define S_PULSE	0x2	/* rt_sem_v() is for one who waits, and not counted */

typedef struct RT_SEM {
	uintptr_t handle;
} RT_SEM;

typedef struct RT_SEM_INFO {
	unsigned long count;
	int nwaiters;
	char name[XNOBJECT_NAME_LEN];
} RT_SEM_INFO;

/* @icount: the count it has at first, 0 with S_PULSE; @mode: S_*. */
int rt_sem_create(RT_SEM *sem, const char *name, unsigned long icount, int mode);
int rt_sem_delete(RT_SEM *sem);

/* Take one. While there is one no system call is made. */
int rt_sem_p(RT_SEM *sem, RTIME timeout);
int rt_sem_p_until(RT_SEM *sem, RTIME timeout);
int rt_sem_p_timed(RT_SEM *sem, const struct timespec *abs_timeout);

/* Give one, without a system call if nobody waits. -EOVERFLOW: it has 2^31 - 1. */
int rt_sem_v(RT_SEM *sem);

/* All who wait now go on; the count stays 0. */
int rt_sem_broadcast(RT_SEM *sem);

/* What is known of it now. The semaphore of that name: -EWOULDBLOCK, -ETIMEDOUT: there is none; the last gives it up, and
 * nothing of the semaphore itself changes. */
int rt_sem_inquire(RT_SEM *sem, RT_SEM_INFO *info);
int rt_sem_bind(RT_SEM *sem, const char *name, RTIME timeout);
int rt_sem_unbind(RT_SEM *sem);

#ifdef __cplusplus
}
#endif

#endif
