/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read before kmod/core.c: what the build adds comes and goes with debugfs.
 */
#ifndef COUNTED_CORE_H
#define COUNTED_CORE_H

#include "counted.h"
#include "kmod/debugfs.h"

#define debugfs_init()	do { debugfs_init(); arcs_show(); } while (0)
#define debugfs_exit()	do { arcs_hide(); debugfs_exit(); } while (0)

#endif
