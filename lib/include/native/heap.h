/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As Xenomai 2 called it; docs/porting.md has what differs. */
#ifndef NATIVE_HEAP_H
#define NATIVE_HEAP_H

#include <alchemy/heap.h>

#endif
