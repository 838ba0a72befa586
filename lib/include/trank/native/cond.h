/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANK_NATIVE_COND_H
#define TRANK_NATIVE_COND_H

#include <native/cond.h>

#endif
