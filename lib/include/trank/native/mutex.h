/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANK_NATIVE_MUTEX_H
#define TRANK_NATIVE_MUTEX_H

#include <native/mutex.h>

#endif
