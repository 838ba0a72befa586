/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As Xenomai 2 called it; docs/porting.md has what differs. */
#ifndef NATIVE_BUFFER_H
#define NATIVE_BUFFER_H

#include <alchemy/buffer.h>

#endif
