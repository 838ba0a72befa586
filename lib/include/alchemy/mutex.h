/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alchemy: recursive mutexes with priority inheritance.
 *
 * All return 0 or more, or a negative errno: -EINVAL: there is no such mutex (any more), or an argument is
 * out of range; -EIDRM: it was deleted during the wait; -EINTR: rt_task_unblock() or a signal ended that;
 * -ETIMEDOUT; -EWOULDBLOCK with TM_NONBLOCK; -EPERM: the caller cannot be Keel's; of create also -ENOMEM
 * and -EEXIST. timer.h has the forms of calls that wait. Any thread may call.
 */
#ifndef ALCHEMY_MUTEX_H
#define ALCHEMY_MUTEX_H

#include <alchemy/task.h>
#include <alchemy/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct RT_MUTEX {
	uintptr_t handle;
} RT_MUTEX;

typedef struct RT_MUTEX_INFO {
	RT_TASK owner;			/* its handle is 0 when it is free, or has no task */
	char name[XNOBJECT_NAME_LEN];
} RT_MUTEX_INFO;

/* Free, and with priority inheritance; @name: others find it by that, or NULL. */
int rt_mutex_create(RT_MUTEX *mutex, const char *name);

/* By its owner, or while it is free; waits end with -EIDRM, also one for a condition that had left it, when that
 * wait ends. -EBUSY: it is another's. */
int rt_mutex_delete(RT_MUTEX *mutex);

/* Its owner may take it again, and releases it as often. Without a system call while it is free. -EDEADLK:
 * the wait could never end. */
int rt_mutex_acquire(RT_MUTEX *mutex, RTIME timeout);
int rt_mutex_acquire_until(RT_MUTEX *mutex, RTIME timeout);
int rt_mutex_acquire_timed(RT_MUTEX *mutex, const struct timespec *abs_timeout);

/* -EPERM: it is not the caller's. */
int rt_mutex_release(RT_MUTEX *mutex);

/* What is known of it now. The mutex of that name: -EWOULDBLOCK, -ETIMEDOUT: there is none; the last gives it up, and
 * nothing of the mutex itself changes. */
int rt_mutex_inquire(RT_MUTEX *mutex, RT_MUTEX_INFO *info);
int rt_mutex_bind(RT_MUTEX *mutex, const char *name, RTIME timeout);
int rt_mutex_unbind(RT_MUTEX *mutex);

#ifdef __cplusplus
}
#endif

#endif
