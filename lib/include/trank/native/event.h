/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANK_NATIVE_EVENT_H
#define TRANK_NATIVE_EVENT_H

#include <native/event.h>

#endif
