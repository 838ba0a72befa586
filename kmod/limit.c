// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/kernel.h>
#include <linux/sched/signal.h>
#include "limit.h"
#include "process.h"
#include "shadow.h"

int limit_of_current(const struct keel_process *p)
{
	int limit = min_t(unsigned long, rlimit(RLIMIT_RTPRIO), NK_PRIO_MAX);

	if (capable(CAP_SYS_NICE))
		return NK_PRIO_EDF;
	limit = max_t(int, limit, current->rt_priority);
	return p->nice ? max(limit, NK_PRIO_MIN) : limit;
}

int limit_of_others(void)
{
	return capable(CAP_SYS_NICE) ? NK_PRIO_EDF : 0;
}

bool limit_allows(struct task_struct *task, int prio)
{
	return prio <= max_t(unsigned long, task_rlimit(task, RLIMIT_RTPRIO), READ_ONCE(task->rt_priority));
}

void limit_raise(struct shadow *s, int limit)
{
	if (limit > READ_ONCE(s->thread.limit))
		WRITE_ONCE(s->thread.limit, limit);
}
