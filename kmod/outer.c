// SPDX-License-Identifier: GPL-2.0
/*
 * Objects with a part in Linux. One that was deleted stays in its process's list until the place of
 * its object shows no call under way: looked for at each create and delete, and at the end.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <keel/abi.h>
#include "objects.h"
#include "outer.h"
#include "process.h"
#include "skins/native/objects.h"

static const struct outer_kind *const kinds[KEEL_TYPES] = {
	[KEEL_PIPE] = &rtp_kind,
	[KEEL_PROXY] = &proxy_kind,
	[KEEL_EVENTFD] = &eventfd_kind,
	[KEEL_TIMER] = &timer_kind,
};

bool outer_is(u32 type)
{
	return type < KEEL_TYPES && kinds[type];
}

/* Nobody of the process is in a call on @o any more. */
static void leave(struct outer *o)
{
	list_del(&o->node);
	native_link_quiesce(&o->link);
	o->kind->put(o);
}

static void sweep(struct keel_process *p)
{
	struct outer *o, *next;

	list_for_each_entry_safe(o, next, &p->outers, node)
		if (o->closed && !o->drains && !native_object_users(p->space, o->id))
			leave(o);
}

long outer_create(struct keel_process *p, struct keel_object *req)
{
	struct native_memory *old = NULL;
	struct outer *o;
	long id;

	if (req->id || req->pad)
		return -EINVAL;
	o = kinds[req->type]->create(p, req);
	if (IS_ERR(o))
		return PTR_ERR(o);
	o->kind = kinds[req->type];
	mutex_lock(&p->lock);
	sweep(p);
	id = native_object_link(p->space, req, &o->link, &old);
	if (id > 0) {
		o->id = id;
		list_add_tail(&o->node, &p->outers);
	}
	mutex_unlock(&p->lock);
	objects_placed(id, old);
	if (id > 0) {
		req->id = id;
		return 0;
	}
	native_link_close(&o->link);
	o->kind->close(o);
	o->kind->put(o);
	return id;
}

static struct outer *find(struct keel_process *p, u32 id)
{
	struct outer *o;

	list_for_each_entry(o, &p->outers, node)
		if (o->id == id && !o->closed)
			return o;
	return NULL;
}

/* close() may take long: others make and delete objects meanwhile, but nobody frees this one yet. */
long outer_delete(struct keel_process *p, u32 type, u32 id, struct native_memory **old)
{
	struct outer *o = NULL;
	long err;

	mutex_lock(&p->lock);
	err = native_object_delete(p->space, type, id, old);
	if (!err)
		o = find(p, id);
	mutex_unlock(&p->lock);
	if (err)
		return err;
	o->kind->close(o);
	mutex_lock(&p->lock);
	o->closed = true;
	sweep(p);
	mutex_unlock(&p->lock);
	return 0;
}

long outer_drain(struct keel_process *p, u32 type, u32 id, u64 *lost)
{
	struct outer *o;
	long err;

	mutex_lock(&p->lock);
	o = find(p, id);
	if (o && (!outer_is(type) || o->kind != kinds[type] || !o->kind->drain))
		o = NULL;
	if (o)
		o->drains++;
	mutex_unlock(&p->lock);
	if (!o)
		return -EINVAL;
	err = o->kind->drain(o, lost);
	mutex_lock(&p->lock);
	o->drains--;
	mutex_unlock(&p->lock);
	return err;
}

void outer_end(struct keel_process *p)
{
	struct outer *o, *next;

	list_for_each_entry_safe(o, next, &p->outers, node) {
		native_link_close(&o->link);
		if (!o->closed)
			o->kind->close(o);
		leave(o);
	}
}
