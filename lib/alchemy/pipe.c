// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pipes: Keel's have places of one size, for which the pool is divided.
 */
#include <alchemy/pipe.h>
#include <keel/pipe.h>
#include "kind.h"

#define LARGEST	16384u
#define SMALLEST 16u		/* a message of that many bytes, or more, is what pools are reckoned with */
#define MOST_BYTES 0x100000u

struct alchemy_pipe {
	struct alchemy_object o;
	struct keel_pipe pipe;
	size_t size;
};

struct wanted {
	int minor;
	size_t poolsize;
};

static unsigned int places_of(size_t poolsize, size_t size)
{
	size_t places = poolsize / SMALLEST;

	if (places > MOST_BYTES / size)
		places = MOST_BYTES / size;
	if (places > KEEL_PIPE_PLACES)
		places = KEEL_PIPE_PLACES;
	return places < 8 ? 8 : places;
}

static int make(struct alchemy_object *o, void *arg)
{
	struct alchemy_pipe *p = (struct alchemy_pipe *)o;
	const struct wanted *w = arg;

	p->size = w->poolsize < LARGEST ? w->poolsize : LARGEST;
	return keel_pipe_create(&p->pipe, w->minor, places_of(w->poolsize, p->size), p->size);
}

static int attach(struct alchemy_object *o)
{
	(void)o;
	return -EINVAL;
}

static int unmake(struct alchemy_object *o)
{
	return keel_pipe_delete(&((struct alchemy_pipe *)o)->pipe);
}

static const struct alchemy_kind kind = {
	.type = ALCHEMY_PIPE, .size = sizeof(struct alchemy_pipe), .shared_size = 8,
	.make = make, .attach = attach, .unmake = unmake,
};

static struct alchemy_pipe *find(const RT_PIPE *pipe)
{
	return alchemy_object_find(pipe->handle, ALCHEMY_PIPE);
}

int rt_pipe_create(RT_PIPE *pipe, const char *name, int minor, size_t poolsize)
{
	struct wanted w = { minor, poolsize ? poolsize : LARGEST };
	int err;

	if (minor < P_MINOR_AUTO)
		return -EINVAL;
	err = alchemy_kind_create(&kind, name, &w, &pipe->handle);
	return err ? err : find(pipe)->pipe.number;
}

int rt_pipe_delete(RT_PIPE *pipe)
{
	return alchemy_kind_delete(&kind, pipe->handle);
}

static ssize_t pipe_read(RT_PIPE *pipe, void *buf, size_t size, int64_t until)
{
	struct alchemy_pipe *p = find(pipe);
	int ret;

	if (!p || until < 0)
		return -EINVAL;
	if (until == ALCHEMY_POLL)
		ret = ALCHEMY_CALL(keel_pipe_tryread(&p->pipe, buf, size));
	else
		ret = ALCHEMY_WAIT(keel_pipe_clockread(&p->pipe, buf, size, CLOCK_MONOTONIC, until));
	return ret == -EMSGSIZE ? -ENOBUFS : ret;
}

ALCHEMY_FORMS(ssize_t, rt_pipe_read, pipe_read, RT_PIPE, ALCHEMY_LIST(void *buf, size_t size,),
	      ALCHEMY_LIST(buf, size,));

static int write_message(struct alchemy_pipe *p, const void *buf, size_t size, long how)
{
	int ret;

	if (!size)
		return 0;
	ret = ALCHEMY_CALL(libkeel_call5(KEEL_CALL_PIPE_WRITE, p->pipe.id, (long)buf,
					 size | how, 0, 0));
	return ret == -EAGAIN || ret == -EMSGSIZE ? -ENOMEM : ret;
}

ssize_t rt_pipe_write(RT_PIPE *pipe, const void *buf, size_t size, int mode)
{
	struct alchemy_pipe *p = find(pipe);
	int err;

	if (!p || (mode & ~P_URGENT))
		return -EINVAL;
	if (size > p->size)
		return -ENOMEM;
	err = write_message(p, buf, size, mode & P_URGENT ? KEEL_PIPE_URGENT : 0);
	return err < 0 ? err : (ssize_t)size;
}

/* What Linux has not read yet grows, up to messages of the pipe's size. */
ssize_t rt_pipe_stream(RT_PIPE *pipe, const void *buf, size_t size)
{
	struct alchemy_pipe *p = find(pipe);
	size_t done = 0, n;
	int err = 0;

	if (!p)
		return -EINVAL;
	while (done < size && err >= 0) {
		n = size - done < p->size ? size - done : p->size;
		err = write_message(p, (const char *)buf + done, n, KEEL_PIPE_JOIN);
		if (err >= 0)
			done += n;
	}
	return done || err >= 0 ? (ssize_t)done : err;
}

ALCHEMY_BINDING(pipe, RT_PIPE, &kind);
