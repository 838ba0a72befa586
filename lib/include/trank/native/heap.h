/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANK_NATIVE_HEAP_H
#define TRANK_NATIVE_HEAP_H

#include <native/heap.h>

#endif
