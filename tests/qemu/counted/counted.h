/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the build for the tests adds to keel.ko: counters of branches, and a bug of choice.
 */
#ifndef COUNTED_H
#define COUNTED_H

#include <linux/compiler.h>
#include <linux/types.h>

struct arcs_file;

/* A pointer for each source with counters, made by the compiler, in between. */
extern const struct arcs_file *const arcs_first[], *const arcs_last[];

/* The files of debugfs keel-arcs, one a source. Context: in-band, at load and unload. */
void arcs_show(void);
void arcs_hide(void);

/* The bug that is awake, 0: none. The sources' headers send calls through functions that are not inlined,
 * as their own branches are not to be counted. */
extern int planted;

/* Whether the allocation that is about to be made is the one that fails. Context: in-band. */
bool alloc_fails(void);

#define PLANTED_POINTER	1	/* answers are written to wherever a pointer says */
#define PLANTED_LEAK	2	/* memory of a measurement stays behind */
#define PLANTED_RACE	3	/* two requests with one file get in each other's way */
#define PLANTED_WRITE	4	/* a process may make the windows writable */

#endif
