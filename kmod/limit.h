/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What priority a thread may have, as Linux has it: any by CAP_SYS_NICE, else up to RLIMIT_RTPRIO, or what it has
 * under Linux. And the lowest in a file that somebody with CAP_SYS_NICE has opened: a process that gives up
 * its rights goes on to use what it has.
 */
#ifndef KMOD_LIMIT_H
#define KMOD_LIMIT_H

#include <linux/types.h>

struct keel_process;
struct shadow;
struct task_struct;

/* Of current now: NK_PRIO_EDF: any; 0: none. Context: in-band. */
int limit_of_current(const struct keel_process *p);

/* What current may give any other thread: NK_PRIO_EDF, or 0: no more than that one's own limit. Context: in-band. */
int limit_of_others(void);

/* Whether @task may have @prio without CAP_SYS_NICE, whoever asks. Context: in-band. */
bool limit_allows(struct task_struct *task, int prio);

/* Another @limit than what @s had when it was attached, if that is higher. Context: any. */
void limit_raise(struct shadow *s, int limit);

#endif
