// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Buffers. Who waits looks again for itself when it goes on, so all who wait on one side go on when the
 * other has done something; the first of them is the first to look.
 *
 *	read 80 of 100, CPU 0			write 60, CPU 1
 *						fill 50: waits, owaiters 1
 *	fill 50, owaiters 1: takes 50
 *	wakes it					fill 0: goes on
 */
#include <string.h>
#include <alchemy/buffer.h>
#include "kind.h"
#include "monitor.h"

#define READERS	0
#define WRITERS	1

struct state {
	size_t size;
	size_t head, fill;		/* the first byte, and how many there are */
	int mode;
	int iwaiters, owaiters;
};

struct alchemy_buffer {
	struct alchemy_object o;
	struct alchemy_monitor m;
	struct state own;
};

struct wanted {
	size_t size;
	int mode;
};

static struct state *state_of(const struct alchemy_buffer *b)
{
	return b->m.state;
}

static int make(struct alchemy_object *o, void *arg)
{
	struct alchemy_buffer *b = (struct alchemy_buffer *)o;
	const struct wanted *w = arg;
	int err = alchemy_monitor_make(&b->m, o, &b->own, w->size, !(w->mode & B_PRIO));

	if (!err)
		*state_of(b) = (struct state){ .size = w->size, .mode = w->mode };
	return err;
}

static int attach(struct alchemy_object *o)
{
	return alchemy_monitor_attach(&((struct alchemy_buffer *)o)->m, o);
}

static int unmake(struct alchemy_object *o)
{
	return alchemy_monitor_unmake(&((struct alchemy_buffer *)o)->m, o);
}

static int shut(struct alchemy_object *o)
{
	return alchemy_monitor_close(&((struct alchemy_buffer *)o)->m);
}

static const struct alchemy_kind kind = {
	.type = ALCHEMY_BUFFER, .size = sizeof(struct alchemy_buffer), .shared_size = sizeof(struct state),
	.make = make, .attach = attach, .unmake = unmake, .close = shut,
};

int rt_buffer_create(RT_BUFFER *bf, const char *name, size_t bufsz, int mode)
{
	struct wanted w = { bufsz, mode };

	if (!bufsz || (mode & ~B_PRIO))
		return -EINVAL;
	return alchemy_kind_create(&kind, name, &w, &bf->handle);
}

int rt_buffer_delete(RT_BUFFER *bf)
{
	return alchemy_kind_delete(&kind, ALCHEMY_HANDLE(bf));
}

/* The buffer of @bf with its lock; NULL: why is in @err. */
static struct alchemy_buffer *enter(const RT_BUFFER *bf, int *err)
{
	struct alchemy_buffer *b = alchemy_object_find(ALCHEMY_HANDLE(bf), ALCHEMY_BUFFER);

	*err = b ? alchemy_monitor_enter(&b->m) : -EINVAL;
	return *err ? NULL : b;
}

static void wake(struct alchemy_buffer *b, int which, int waiters)
{
	if (waiters)
		alchemy_monitor_wake(&b->m, which, 1);
}

/* @size bytes from offset @at on, which may go round the end. */
static void copy(struct alchemy_buffer *b, int out, size_t at, char *user, size_t size)
{
	size_t begin = at % state_of(b)->size, first = state_of(b)->size - begin;
	char *ring = b->m.memory.area;

	if (first > size)
		first = size;
	memcpy(out ? user : ring + begin, out ? ring + begin : user, first);
	memcpy(out ? user + first : ring, out ? ring : user + first, size - first);
}

/* ---- read and write ---------------------------------------------------------------------------------- */

/* How much a read of @size gets now. */
static size_t readable(const struct state *s, size_t size)
{
	if (s->fill >= size)
		return size;
	return s->owaiters ? s->fill : 0;
}

/* Wait until @size bytes can be read: how many, or -errno. */
static ssize_t await_data(struct alchemy_buffer *b, size_t size, int64_t until)
{
	struct state *s = state_of(b);
	size_t n;
	int err;

	while (!(n = readable(s, size))) {
		err = until == ALCHEMY_POLL ? -EWOULDBLOCK :
		      alchemy_monitor_wait(&b->m, READERS, &s->iwaiters, until);
		if (err)
			return err;
	}
	return n;
}

static ssize_t read_entered(struct alchemy_buffer *b, char *to, size_t size, int64_t until)
{
	struct state *s = state_of(b);
	ssize_t n = size > s->size ? -EINVAL : await_data(b, size, until);

	if (n > 0) {
		copy(b, 1, s->head, to, n);
		s->head = (s->head + n) % s->size;
		s->fill -= n;
		wake(b, WRITERS, s->owaiters);
	}
	return n;
}

/* @fn for @size bytes, with the lock, which is given back unless it went with the buffer. */
static ssize_t transfer(RT_BUFFER *bf, char *user, size_t size, int64_t until,
			ssize_t (*fn)(struct alchemy_buffer *b, char *user, size_t size, int64_t until))
{
	struct alchemy_buffer *b;
	ssize_t n;
	int err;

	if (until < 0)
		return -EINVAL;
	b = enter(bf, &err);
	if (!b)
		return err;
	n = size ? fn(b, user, size, until) : 0;
	if (n == -EIDRM)
		alchemy_leave();
	else
		alchemy_monitor_leave(&b->m);
	return n;
}

static ssize_t buffer_read(RT_BUFFER *bf, void *to, size_t size, int64_t until)
{
	return transfer(bf, to, size, until, read_entered);
}

ALCHEMY_FORMS(ssize_t, rt_buffer_read, buffer_read, RT_BUFFER, ALCHEMY_LIST(void *ptr, size_t size,),
	      ALCHEMY_LIST(ptr, size,));

/* Readers that wait for more than there will be take what there is. */
static int await_room(struct alchemy_buffer *b, size_t size, int64_t until)
{
	struct state *s = state_of(b);
	int err = 0;

	while (!err && s->size - s->fill < size) {
		if (until == ALCHEMY_POLL)
			return -EWOULDBLOCK;
		wake(b, READERS, s->iwaiters);
		err = alchemy_monitor_wait(&b->m, WRITERS, &s->owaiters, until);
	}
	return err;
}

static ssize_t write_entered(struct alchemy_buffer *b, char *from, size_t size, int64_t until)
{
	struct state *s = state_of(b);
	int err = size > s->size ? -EINVAL : await_room(b, size, until);

	if (err)
		return err;
	copy(b, 0, s->head + s->fill, from, size);
	s->fill += size;
	wake(b, READERS, s->iwaiters);
	return size;
}

static ssize_t buffer_write(RT_BUFFER *bf, const void *from, size_t size, int64_t until)
{
	return transfer(bf, (char *)from, size, until, write_entered);
}

ALCHEMY_FORMS(ssize_t, rt_buffer_write, buffer_write, RT_BUFFER,
	      ALCHEMY_LIST(const void *ptr, size_t size,), ALCHEMY_LIST(ptr, size,));

/* ---- the rest ------------------------------------------------------------------------------------------ */

int rt_buffer_clear(RT_BUFFER *bf)
{
	struct alchemy_buffer *b;
	int err;

	b = enter(bf, &err);
	if (!b)
		return err;
	state_of(b)->fill = 0;
	wake(b, WRITERS, state_of(b)->owaiters);
	alchemy_monitor_leave(&b->m);
	return 0;
}

int rt_buffer_inquire(RT_BUFFER *bf, RT_BUFFER_INFO *info)
{
	struct alchemy_buffer *b;
	const struct state *s;
	int err;

	b = enter(bf, &err);
	if (!b)
		return err;
	s = state_of(b);
	info->iwaiters = s->iwaiters;
	info->owaiters = s->owaiters;
	info->totalmem = s->size;
	info->availmem = s->size - s->fill;
	memcpy(info->name, b->o.name, sizeof(info->name));
	alchemy_monitor_leave(&b->m);
	return 0;
}

ALCHEMY_BINDING(buffer, RT_BUFFER, &kind);
