/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alchemy: groups of 32 event flags.
 *
 * All return 0 or more, or a negative errno: -EINVAL: there is no such event (any more), or an argument is
 * out of range; -EIDRM: it was deleted during the wait; -EINTR: rt_task_unblock() or a signal ended that;
 * -ETIMEDOUT; -EWOULDBLOCK with TM_NONBLOCK; -EPERM: the caller cannot be Keel's; of create also -ENOMEM
 * and -EEXIST. timer.h has the forms of calls that wait. Any thread may call.
 */
#ifndef ALCHEMY_EVENT_H
#define ALCHEMY_EVENT_H

#include <alchemy/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EV_PRIO	0x1	/* who waits is served by priority */
#define EV_FIFO	0x0	/* or first come first served */

#define EV_ANY	0x1	/* wait for one of the flags */
#define EV_ALL	0x0	/* for each of them */

typedef struct RT_EVENT {
	uintptr_t handle;
} RT_EVENT;

typedef struct RT_EVENT_INFO {
	unsigned int value;
	int nwaiters;
	char name[XNOBJECT_NAME_LEN];
} RT_EVENT_INFO;

/* @ivalue: the flags that are set at first; @mode: EV_PRIO or EV_FIFO. */
int rt_event_create(RT_EVENT *event, const char *name, unsigned int ivalue, int mode);
int rt_event_delete(RT_EVENT *event);

/* Set flags, clear them; what was set before a clear is stored in @mask_r, which may be NULL. While nobody
 * waits neither makes a system call. */
int rt_event_signal(RT_EVENT *event, unsigned int mask);
int rt_event_clear(RT_EVENT *event, unsigned int mask, unsigned int *mask_r);

/* Wait for the flags in @mask as @mode says; those of them that were set are stored in @mask_r, which may be
 * NULL. They stay set. @mask 0: all that are set are stored, without a wait. No system call is made while
 * nobody waits and the wish is met. */
int rt_event_wait(RT_EVENT *event, unsigned int mask, unsigned int *mask_r, int mode, RTIME timeout);
int rt_event_wait_until(RT_EVENT *event, unsigned int mask, unsigned int *mask_r, int mode,
			RTIME timeout);
int rt_event_wait_timed(RT_EVENT *event, unsigned int mask, unsigned int *mask_r, int mode,
			const struct timespec *abs_timeout);

/* What is known of it now. The event of that name: -EWOULDBLOCK, -ETIMEDOUT: there is none; the last gives it up, and
 * nothing of the event itself changes. */
int rt_event_inquire(RT_EVENT *event, RT_EVENT_INFO *info);
int rt_event_bind(RT_EVENT *event, const char *name, RTIME timeout);
int rt_event_unbind(RT_EVENT *event);

#ifdef __cplusplus
}
#endif

#endif
