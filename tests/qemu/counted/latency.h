/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read before kmod/latency.c.
 */
#ifndef COUNTED_LATENCY_H
#define COUNTED_LATENCY_H

#include <linux/vmalloc.h>
#include "counted.h"

static noinline void seam_vfree(const void *at)
{
	if (planted != PLANTED_LEAK)
		vfree(at);
}

#define vfree	seam_vfree

#endif
