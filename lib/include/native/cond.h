/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As Xenomai 2 called it; docs/porting.md has what differs. */
#ifndef NATIVE_COND_H
#define NATIVE_COND_H

#include <alchemy/cond.h>

#endif
