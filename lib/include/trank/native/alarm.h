/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANK_NATIVE_ALARM_H
#define TRANK_NATIVE_ALARM_H

#include <native/alarm.h>

#endif
