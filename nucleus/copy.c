// SPDX-License-Identifier: GPL-2.0
/*
 * Copies from and to the memory of who calls, in slices.
 */
#include "nucleus/copy.h"
#include "nucleus/sched.h"

static unsigned long copy_slice(unsigned long left)
{
	return left < NK_COPY_SLICE ? left : NK_COPY_SLICE;
}

/* @out: to the caller's memory, else from it. */
static int copy_some(void *to, const void *from, unsigned long n, int out)
{
	if (!nk_thread_current()->user)
		__builtin_memcpy(to, from, n);
	else if (out ? hal_user_write((nk_uintptr)to, from, n) : hal_user_read(to, (nk_uintptr)from, n))
		return -NK_EFAULT;
	return 0;
}

static int copy_all(void *to, const void *from, unsigned long size, int out)
{
	unsigned long at, n;
	int err = 0;

	for (at = 0; !err && at < size; at += n) {
		if (at)
			hal_oob_gap();
		n = copy_slice(size - at);
		err = copy_some((char *)to + at, (const char *)from + at, n, out);
	}
	return err;
}

int nk_copy_in(void *to, const void *from, unsigned long size)
{
	return copy_all(to, from, size, 0);
}

int nk_copy_out(void *to, const void *from, unsigned long size)
{
	return copy_all(to, from, size, 1);
}
