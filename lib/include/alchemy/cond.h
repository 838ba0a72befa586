/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alchemy: condition variables.
 *
 * All return 0 or more, or a negative errno: -EINVAL: there is no such condition (any more), or an argument is
 * out of range; -EIDRM: it was deleted during the wait; -EINTR: rt_task_unblock() or a signal ended that;
 * -ETIMEDOUT; -EWOULDBLOCK with TM_NONBLOCK; -EPERM: the caller cannot be Keel's; of create also -ENOMEM
 * and -EEXIST. timer.h has the forms of calls that wait. Any thread may call.
 */
#ifndef ALCHEMY_COND_H
#define ALCHEMY_COND_H

#include <alchemy/mutex.h>
#include <alchemy/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct RT_COND {
	uintptr_t handle;
} RT_COND;

typedef struct RT_COND_INFO {
	char name[XNOBJECT_NAME_LEN];
} RT_COND_INFO;

/* @name: others find it by that, or NULL. Waits end with -EIDRM when it is deleted. */
int rt_cond_create(RT_COND *cond, const char *name);
int rt_cond_delete(RT_COND *cond);

/* The first who waits, by priority, or all, go on as they get the mutex. */
int rt_cond_signal(RT_COND *cond);
int rt_cond_broadcast(RT_COND *cond);

/* Release @mutex, wait, and take it again: it is the caller's whatever is returned, but -EPERM: it was not
 * before; and -EIDRM if @mutex itself went. */
int rt_cond_wait(RT_COND *cond, RT_MUTEX *mutex, RTIME timeout);
int rt_cond_wait_until(RT_COND *cond, RT_MUTEX *mutex, RTIME timeout);
int rt_cond_wait_timed(RT_COND *cond, RT_MUTEX *mutex, const struct timespec *abs_timeout);

/* What is known of it now. The condition variable of that name: -EWOULDBLOCK, -ETIMEDOUT: there is none; the last gives it up, and
 * nothing of the condition variable itself changes. */
int rt_cond_inquire(RT_COND *cond, RT_COND_INFO *info);
int rt_cond_bind(RT_COND *cond, const char *name, RTIME timeout);
int rt_cond_unbind(RT_COND *cond);

#ifdef __cplusplus
}
#endif

#endif
