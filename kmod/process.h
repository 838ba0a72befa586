/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One open file of /dev/keel: what the threads of a process share. They belong to one mm.
 */
#ifndef KMOD_PROCESS_H
#define KMOD_PROCESS_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <keel/abi.h>
#include "skins/native/native.h"

struct latency;

struct keel_process {
	struct mutex lock;		/* windows in use, mutex table, mm */
	struct mm_struct *mm;		/* of the first attach; compared, never followed */
	struct keel_window *windows;	/* vmalloc, mapped to user space */
	DECLARE_BITMAP(used, KEEL_MAX_THREADS);
	struct native_space space;
	struct latency *latency;	/* a measurement under way, or NULL */
};

#endif
