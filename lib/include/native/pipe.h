/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As Xenomai 2 called it; docs/porting.md has what differs. */
#ifndef NATIVE_PIPE_H
#define NATIVE_PIPE_H

#include <alchemy/pipe.h>

#endif
