/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keel calls on objects, see native.h.
 */
#ifndef SKINS_NATIVE_SYNC_H
#define SKINS_NATIVE_SYNC_H

struct native_args;

/* Call @nr, which is about the object @id, or else -EINVAL. Fills a->until.
 * Context: oob, hard masked; may block; no object lock held. */
long native_sync_call(long nr, unsigned long id, struct native_args *a);

#endif
