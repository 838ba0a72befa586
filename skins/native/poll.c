// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for any of several objects that the caller names each time, to be read or to be written.
 */
#include <keel/abi.h>
#include "nucleus/copy.h"
#include "nucleus/watch.h"
#include "messages.h"
#include "objects.h"
#include "poll.h"

struct polled {
	struct keel_poll items[KEEL_POLL_MAX];
	struct native_object *of[KEEL_POLL_MAX];
	unsigned int count;
};

#define WATCHES (2 * KEEL_POLL_MAX)

struct watches {
	struct nk_watch w[WATCHES];
	unsigned char item[WATCHES];	/* whose watch that is, */
	unsigned char bit[WATCHES];	/* and for which of its events */
	int count;
};

_Static_assert(WATCHES <= NK_WATCH_MAX, "watches");

static void watch_add(struct watches *w, const struct polled *p, unsigned int i, unsigned int bit)
{
	const struct keel_poll *item = &p->items[i];
	int n = w->count;

	if (!(item->events & bit) ||
	    native_watch_init(&w->w[n], native_watched(p->of[i], native_type(item->id)),
			      native_type(item->id), bit == KEEL_POLL_OUT))
		return;
	w->item[n] = (unsigned char)i;
	w->bit[n] = (unsigned char)bit;
	w->count++;
}

/* Whether there is an object for each; what has gone is ready as it will ever be. */
static int items_begin(struct native_space *s, struct polled *p)
{
	unsigned int i;
	int gone = 0;

	for (i = 0; i < p->count; i++) {
		p->items[i].ready = 0;
		p->of[i] = native_get(s, p->items[i].id, native_type(p->items[i].id));
		if (!p->of[i]) {
			p->items[i].ready = KEEL_POLL_GONE;
			gone = 1;
		}
	}
	return !gone;
}

/* How many items are ready. Out of line: the watches are large. */
static __attribute__((__noinline__)) long items_wait(struct polled *p, nk_time_t until)
{
	struct watches w;
	unsigned int i;
	int k, ret;

	w.count = 0;
	for (i = 0; i < p->count; i++) {
		if (!p->of[i])
			continue;
		watch_add(&w, p, i, KEEL_POLL_IN);
		watch_add(&w, p, i, KEEL_POLL_OUT);
	}
	ret = nk_watch_wait(w.w, w.count, until);
	for (k = 0; ret > 0 && k < w.count; k++)
		if (w.w[k].is_ready)
			p->items[w.item[k]].ready |= w.bit[k];
	return ret;
}

static long items_count(const struct polled *p)
{
	unsigned int i;
	long count = 0;

	for (i = 0; i < p->count; i++)
		count += p->items[i].ready != 0;
	return count;
}

static long poll_items(struct native_space *s, struct polled *p, nk_time_t until)
{
	int all = items_begin(s, p);
	unsigned int i;
	long ret;

	ret = items_wait(p, all && until ? until : 1);
	for (i = 0; i < p->count; i++)
		if (p->of[i])
			native_put(p->of[i]);
	return ret > 0 || !all ? items_count(p) : ret;
}

long native_poll(struct native_space *s, void *items, unsigned long count, nk_time_t until)
{
	hal_flags_t flags;
	struct polled p;
	long ret;

	if (!count || count > KEEL_POLL_MAX || until < 0)
		return -NK_EINVAL;
	p.count = (unsigned int)count;
	flags = hal_oob_save();
	ret = nk_copy_in(p.items, items, count * sizeof(p.items[0]));
	if (!ret) {
		ret = poll_items(s, &p, until);
		if (ret > 0 && nk_copy_out(items, p.items, count * sizeof(p.items[0])))
			ret = -NK_EFAULT;
	}
	hal_oob_restore(flags);
	return ret;
}

/* With the watches on the stack alone: neither copies nor tables. */
static long poll_object(struct native_object *o, nk_u32 type, unsigned long events, nk_time_t until)
{
	static const unsigned int bits[] = { KEEL_POLL_IN, KEEL_POLL_OUT };
	struct nk_watch w[2];
	unsigned int of[2];
	int i, n = 0;
	long ret;

	for (i = 0; i < 2; i++) {
		if (!(events & bits[i]) ||
		    native_watch_init(&w[n], native_watched(o, type), type, bits[i] == KEEL_POLL_OUT))
			continue;
		of[n++] = bits[i];
	}
	ret = nk_watch_wait(w, n, until ? until : 1);
	if (ret < 0)
		return ret;
	for (i = 0, ret = 0; i < n; i++)
		ret |= w[i].is_ready ? of[i] : 0;
	return ret;
}

long native_poll_one(struct native_space *s, unsigned long id, unsigned long events, nk_time_t until)
{
	struct native_object *o;
	long ret = -NK_EINVAL;
	hal_flags_t flags;

	if (!events || (events & ~(unsigned long)(KEEL_POLL_IN | KEEL_POLL_OUT)) || until < 0)
		return -NK_EINVAL;
	flags = hal_oob_save();
	o = native_get(s, id, native_type(id));
	if (o) {
		ret = poll_object(o, native_type(id), events, until);
		native_put(o);
	}
	hal_oob_restore(flags);
	return ret;
}
