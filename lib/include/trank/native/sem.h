/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANK_NATIVE_SEM_H
#define TRANK_NATIVE_SEM_H

#include <native/sem.h>

#endif
