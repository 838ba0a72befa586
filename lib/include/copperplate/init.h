/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As the first releases of Xenomai 3 called it. */
#ifndef COPPERPLATE_INIT_H
#define COPPERPLATE_INIT_H

#include <xenomai/init.h>

#define copperplate_init(argcp, argvp) xenomai_init(argcp, argvp)

#endif
