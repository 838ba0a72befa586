/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects of which a part is Linux's: a device, a thread, a file. The part that hard threads use is found
 * by the object's id and lies here too, so it outlives a delete until no call is under way.
 */
#ifndef KMOD_OUTER_H
#define KMOD_OUTER_H

#include <linux/list.h>
#include <linux/types.h>
#include "skins/native/link.h"

struct keel_object;
struct keel_process;
struct native_memory;
struct outer;

struct outer_kind {
	/* Make one, not yet found by anybody, from what is asked for. ERR_PTR: -EINVAL and others. */
	struct outer *(*create)(struct keel_process *p, struct keel_object *req);
	/* The object has gone, and its pipes are closed: no new use from Linux. May sleep. */
	void (*close)(struct outer *o);
	/* No call uses it any more either. May sleep. */
	void (*put)(struct outer *o);
	/* Or NULL. What was sent before is written: 0, or -EINTR. *lost: how many messages were lost. May sleep. */
	long (*drain)(struct outer *o, u64 *lost);
};

struct outer {
	struct native_link link;
	struct list_head node;		/* of its process */
	const struct outer_kind *kind;
	u32 id;
	unsigned int drains;		/* under way; the process's lock */
	bool closed;
};

extern const struct outer_kind rtp_kind, proxy_kind, eventfd_kind, timer_kind;

/* As for other objects, when outer_is(req->type). Context: in-band, may sleep. */
bool outer_is(u32 type);
long outer_create(struct keel_process *p, struct keel_object *req);
long outer_delete(struct keel_process *p, u32 type, u32 id, struct native_memory **old);

/* Wait for what was sent through @id. -EINVAL: it is none that is waited for. Context: in-band, may sleep. */
long outer_drain(struct keel_process *p, u32 type, u32 id, u64 *lost);

/* @p ends: no thread of it is left. Context: in-band, may sleep. */
void outer_end(struct keel_process *p);

#endif
