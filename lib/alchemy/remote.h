/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tasks of other processes of the session: what Keel does to a thread of any process, and what the task does
 * itself, when it is asked by a signal. Context of all: goes in-band.
 */
#ifndef LIBKEEL_ALCHEMY_REMOTE_H
#define LIBKEEL_ALCHEMY_REMOTE_H

#include <sched.h>

struct alchemy_task;
struct keel_sched;
struct keel_thread_info;

/* As rt_task_suspend() and so on, of @t, which is bound. -EPERM: another user's; -EINVAL: it has ended. */
int alchemy_remote_suspend(struct alchemy_task *t);
int alchemy_remote_resume(struct alchemy_task *t);
int alchemy_remote_unblock(struct alchemy_task *t);
int alchemy_remote_priority(struct alchemy_task *t, int prio);
int alchemy_remote_delete(struct alchemy_task *t);
int alchemy_remote_cpus(struct alchemy_task *t, const cpu_set_t *cpus);

/* Of one that is not Linux's. */
int alchemy_remote_class(struct alchemy_task *t, const struct keel_sched *sched);

/* What Keel knows of it. */
int alchemy_remote_info(struct alchemy_task *t, struct keel_thread_info *info);

#endif
