/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As Xenomai 2 called it; docs/porting.md has what differs. */
#ifndef NATIVE_SEM_H
#define NATIVE_SEM_H

#include <alchemy/sem.h>

#endif
