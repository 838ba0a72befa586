// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <alchemy/event.h>
#include <keel/sync.h>
#include "kind.h"

struct alchemy_event {
	struct alchemy_object o;
	struct keel_event event;
};

struct wanted {
	unsigned int bits;
	int mode;
};

static int make(struct alchemy_object *o, void *arg)
{
	const struct wanted *w = arg;

	return alchemy_part_create(o, 'e', KEEL_EVENT, w->bits, w->mode & EV_PRIO ? 0 : KEEL_FIFO,
				   &((struct alchemy_event *)o)->event.id);
}

static int attach(struct alchemy_object *o)
{
	return alchemy_part_bind(o, 'e', KEEL_EVENT, &((struct alchemy_event *)o)->event.id);
}

static int unmake(struct alchemy_object *o)
{
	return alchemy_part_delete(o, 'e', KEEL_EVENT, ((struct alchemy_event *)o)->event.id);
}

static const struct alchemy_kind kind = {
	.type = ALCHEMY_EVENT, .size = sizeof(struct alchemy_event), .shared_size = 8,
	.make = make, .attach = attach, .unmake = unmake,
};

/* Inline, as what is free is to cost little. */
static inline __attribute__((always_inline)) struct alchemy_event *find(const RT_EVENT *event)
{
	return __builtin_expect(event != NULL, 1) ? alchemy_object_find(event->handle, ALCHEMY_EVENT) : NULL;
}

int rt_event_create(RT_EVENT *event, const char *name, unsigned int ivalue, int mode)
{
	struct wanted w = { ivalue, mode };

	return mode & ~EV_PRIO ? -EINVAL : alchemy_kind_create(&kind, name, &w, &event->handle);
}

int rt_event_delete(RT_EVENT *event)
{
	return alchemy_kind_delete(&kind, ALCHEMY_HANDLE(event));
}

int rt_event_signal(RT_EVENT *event, unsigned int mask)
{
	struct alchemy_event *e = find(event);
	uint32_t before;

	if (!e)
		return -EINVAL;
	if (libkeel_event_change(e->event.id, mask, 0, &before))
		return 0;
	return ALCHEMY_CALL(keel_event_post(&e->event, mask));
}

/* Clear @mask, 0 to read only. */
static int clear(struct alchemy_event *e, uint32_t mask, uint32_t *before)
{
	if (libkeel_event_change(e->event.id, 0, mask, before))
		return 0;
	return ALCHEMY_CALL(keel_event_clear(&e->event, mask, before));
}

int rt_event_clear(RT_EVENT *event, unsigned int mask, unsigned int *mask_r)
{
	struct alchemy_event *e = find(event);
	uint32_t before = 0;
	int err = e ? clear(e, mask, &before) : -EINVAL;

	if (!err && mask_r)
		*mask_r = before;
	return err;
}

static int wait_for(struct alchemy_event *e, uint32_t mask, uint32_t *got, int mode, int64_t until)
{
	if (!mask)
		return clear(e, 0, got);
	if (libkeel_event_take(e->event.id, mask, mode, got))
		return 0;
	if (until == ALCHEMY_POLL)
		return ALCHEMY_CALL(keel_event_trywait(&e->event, mask, mode, got));
	return ALCHEMY_WAIT(keel_event_clockwait(&e->event, mask, mode, got, CLOCK_MONOTONIC, until));
}

static int event_wait(RT_EVENT *event, unsigned int mask, unsigned int *mask_r, int mode, int64_t until)
{
	struct alchemy_event *e = find(event);
	uint32_t got = 0;
	int err;

	if (!e || (mode & ~EV_ANY) || until < 0)
		return -EINVAL;
	err = wait_for(e, mask, &got, mode & EV_ANY ? KEEL_EVENT_ANY : KEEL_EVENT_ALL, until);
	if (!err && mask_r)
		*mask_r = got;
	return err;
}

ALCHEMY_FORMS(int, rt_event_wait, event_wait, RT_EVENT,
	      ALCHEMY_LIST(unsigned int mask, unsigned int *mask_r, int mode,),
	      ALCHEMY_LIST(mask, mask_r, mode,));

int rt_event_inquire(RT_EVENT *event, RT_EVENT_INFO *info)
{
	struct alchemy_event *e = find(event);
	uint32_t bits = 0;
	int err = e ? clear(e, 0, &bits) : -EINVAL;

	if (err)
		return err;
	info->value = bits;
	info->nwaiters = alchemy_waiters(e->event.id);
	memcpy(info->name, e->o.name, sizeof(info->name));
	return info->nwaiters < 0 ? info->nwaiters : 0;
}

ALCHEMY_BINDING(event, RT_EVENT, &kind);
