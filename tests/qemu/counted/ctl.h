/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read before kmod/ctl.c.
 */
#ifndef COUNTED_CTL_H
#define COUNTED_CTL_H

#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "counted.h"
#include "hal/x86/compat.h"

static noinline unsigned long seam_copy_to_user(void __user *to, const void *from, unsigned long n)
{
	if (planted != PLANTED_POINTER)
		return copy_to_user(to, from, n);
	memcpy((void __force *)to, from, n);
	return 0;
}

static noinline void seam_mutex_lock(struct mutex *m)
{
	if (planted != PLANTED_RACE)
		mutex_lock(m);
}

static noinline void seam_mutex_unlock(struct mutex *m)
{
	if (planted != PLANTED_RACE)
		mutex_unlock(m);
}

static noinline void seam_window_vma_flags(struct vm_area_struct *vma, bool heap)
{
	if (planted != PLANTED_WRITE)
		window_vma_flags(vma, heap);
}

#undef mutex_lock
#define copy_to_user		seam_copy_to_user
#define mutex_lock		seam_mutex_lock
#define mutex_unlock		seam_mutex_unlock
#define window_vma_flags	seam_window_vma_flags

#endif
