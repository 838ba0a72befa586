/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alchemy: alarms. Handlers run in a hard thread of the library's, of priority 99, one after the other, and may
 * not wait. timer.h says what ticks are. -EINVAL: there is no such alarm, or not any more.
 */
#ifndef ALCHEMY_ALARM_H
#define ALCHEMY_ALARM_H

#include <alchemy/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct RT_ALARM {
	uintptr_t handle;
} RT_ALARM;

typedef struct RT_ALARM_INFO {
	unsigned long expiries;		/* since it was made */
	char name[XNOBJECT_NAME_LEN];
	int active;
} RT_ALARM_INFO;

/* @name may be NULL. -EEXIST; -ENOMEM; -EINVAL: no @handler; -EPERM: the library's thread takes
 * CAP_SYS_NICE. Context: any thread; goes in-band. */
int rt_alarm_create(RT_ALARM *alarm, const char *name, void (*handler)(void *arg), void *arg);

/* Its handler does not begin any more. -EPERM: from a handler. Context: any thread; goes in-band. */
int rt_alarm_delete(RT_ALARM *alarm);

/* In @value ticks from now, 0: at once, and then each @interval ticks, TM_INFINITE: once. What it was set to before is
 * forgotten. -EINVAL: a time is too far away. Context: any; hardens. */
int rt_alarm_start(RT_ALARM *alarm, RTIME value, RTIME interval);
int rt_alarm_stop(RT_ALARM *alarm);

/* What is known of it now. */
int rt_alarm_inquire(RT_ALARM *alarm, RT_ALARM_INFO *info);

#ifdef __cplusplus
}
#endif

#endif
