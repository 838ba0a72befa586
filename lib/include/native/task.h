/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As Xenomai 2 called it; docs/porting.md has what differs. */
#ifndef NATIVE_TASK_H
#define NATIVE_TASK_H

#include <alchemy/task.h>

#define T_FPU		0	/* all tasks have it */
#define T_CPU(cpu)	0	/* say it by rt_task_set_affinity() or --cpu-affinity */

#endif
