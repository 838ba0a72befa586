/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As Xenomai 2 called it; docs/porting.md has what differs. */
#ifndef NATIVE_TASK_H
#define NATIVE_TASK_H

#include <alchemy/task.h>

#define T_FPU		0	/* all tasks have it */
#define T_NOSIG		0
#define T_CPU(cpu)	(1 << (24 + ((cpu) & 7)))	/* of create, spawn, shadow: one of the first 8 it runs on */
#define T_CPUMASK	0xff000000

#endif
