/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The native skin, kernel side: Keel calls of user threads, mapped to the nucleus. Checks
 * arguments and maps handles; takes no nucleus lock. Freestanding.
 */
#ifndef SKINS_NATIVE_H
#define SKINS_NATIVE_H

#include "nucleus/mutex.h"
#include "nucleus/thread.h"

/* Mutexes of one process. Their memory stays until the process closes the device, so a handle that
 * went stale names a dead mutex, never freed memory. */
struct native_mutex {
	struct nk_mutex m;	/* knows by itself when it was deleted */
	int live;		/* for create and delete */
};

struct native_space {
	struct native_mutex *mutexes;	/* (c) KEEL_MAX_MUTEXES of them */
};

/* Context: in-band, once, before anything else. */
void native_space_init(struct native_space *s);

/* Claim a free mutex: its handle or -ENOSPC. Context: in-band, one caller at a time. */
int native_mutex_create(struct native_space *s);

/* 0, -EINVAL no such mutex, -EBUSY held or waited for. Context: as create. */
int native_mutex_delete(struct native_space *s, unsigned int id);

/* How many there are. Context: as create. */
int native_mutexes(const struct native_space *s);

/* Keel call @nr (KEEL_CALL_*, but not RELAX) of the current thread. Returns its value or a
 * negative errno. Context: oob, hard masked; may block. */
long native_call(struct native_space *s, long nr, unsigned long a, unsigned long b);

#endif
