/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANK_NATIVE_TASK_H
#define TRANK_NATIVE_TASK_H

#include <native/task.h>

#endif
