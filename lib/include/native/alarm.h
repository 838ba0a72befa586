/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As Xenomai 2 called it; docs/porting.md has what differs. */
#ifndef NATIVE_ALARM_H
#define NATIVE_ALARM_H

#include <alchemy/alarm.h>

#endif
