// SPDX-License-Identifier: GPL-2.0
/*
 * Copies from and to the memory of who calls, in slices.
 */
#include "nucleus/copy.h"
#include "nucleus/sched.h"

static unsigned long slice(unsigned long left)
{
	return left < NK_COPY_SLICE ? left : NK_COPY_SLICE;
}

static int is_user(void)
{
	return nk_thread_current()->user;
}

int nk_copy_in(void *to, const void *from, unsigned long size, hal_flags_t flags)
{
	unsigned long at, n;

	for (at = 0; at < size; at += n) {
		if (at)
			nk_breathe(flags);
		n = slice(size - at);
		if (!is_user())
			__builtin_memcpy((char *)to + at, (const char *)from + at, n);
		else if (hal_user_read((char *)to + at, (nk_uintptr)from + at, n))
			return -NK_EFAULT;
	}
	return 0;
}

int nk_copy_out(void *to, const void *from, unsigned long size, hal_flags_t flags)
{
	unsigned long at, n;

	for (at = 0; at < size; at += n) {
		if (at)
			nk_breathe(flags);
		n = slice(size - at);
		if (!is_user())
			__builtin_memcpy((char *)to + at, (const char *)from + at, n);
		else if (hal_user_write((nk_uintptr)to + at, (const char *)from + at, n))
			return -NK_EFAULT;
	}
	return 0;
}
