/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read-only state under /sys/kernel/debug/keel: slots, sites, cpus, threads, objects.
 */
#ifndef KMOD_DEBUGFS_H
#define KMOD_DEBUGFS_H

void debugfs_init(void);
void debugfs_exit(void);

#endif
