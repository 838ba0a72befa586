/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What keel run --stats asks for: a file of JSON, written when the process exits. Named in the
 * environment; a child of fork() writes none.
 */
#ifndef LIBKEEL_POSIX_STATS_H
#define LIBKEEL_POSIX_STATS_H

#include "posix.h"

#define POSIX_ENV_STATS		"KEEL_POSIX_STATS"
#define POSIX_ENV_PRIORITY	"KEEL_POSIX_PRIORITY"

/* All of the process so far. Context: in-band. */
void posix_counts_all(struct posix_counts *to);

/* Bring the caller's counts of modes up to date. Context: any; no system call. */
void posix_modes_count(struct posix_self *self);

/* Look at the environment. Context: before main(). */
void posix_stats_begin(void);

/* Around fork(): in the parent, and in the child, where no entry is left: 1 if there were shared ones. */
void posix_objects_prepare(void);
int posix_objects_child(void);

#endif
