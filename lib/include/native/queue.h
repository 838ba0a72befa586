/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As Xenomai 2 called it; docs/porting.md has what differs. */
#ifndef NATIVE_QUEUE_H
#define NATIVE_QUEUE_H

#include <alchemy/queue.h>

#endif
