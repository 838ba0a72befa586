/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keel calls on objects, see native.h.
 */
#ifndef SKINS_NATIVE_SYNC_H
#define SKINS_NATIVE_SYNC_H

struct native_space;

/* Call @nr, which is about an object, or else -EINVAL.
 * Context: oob, hard masked; may block; no object lock held. */
long native_sync_call(struct native_space *s, long nr, unsigned long a, unsigned long b,
		      unsigned long c, unsigned long d);

#endif
