/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANK_NATIVE_TIMER_H
#define TRANK_NATIVE_TIMER_H

#include <native/timer.h>

#endif
