/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As Xenomai 2 called it; docs/porting.md has what differs. */
#ifndef NATIVE_EVENT_H
#define NATIVE_EVENT_H

#include <alchemy/event.h>

#endif
