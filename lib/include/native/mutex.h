/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As Xenomai 2 called it; docs/porting.md has what differs. */
#ifndef NATIVE_MUTEX_H
#define NATIVE_MUTEX_H

#include <alchemy/mutex.h>

#endif
