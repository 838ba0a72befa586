// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pipes: Keel's have places of one size, for which the pool is divided. Another process of the session has the
 * pipe by its device. While the page says that a number is the pipe's, no other pipe has it:
 *
 *	bind					delete
 *	number 3
 *						number NONE; the pipe goes
 *						(somebody makes another, number 3)
 *	opens that; number NONE: it was another
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <alchemy/pipe.h>
#include <keel/pipe.h>
#include "kind.h"

#define LARGEST	16384u
#define SMALLEST 16u		/* a message of that many bytes, or more, is what pools are reckoned with */
#define MOST_BYTES 0x100000u
#define NONE (-1)

struct alchemy_pipe {
	struct alchemy_object o;
	struct keel_pipe pipe;
	size_t size;
};

/* In the page. */
struct shared {
	int number;			/* (a) NONE: it goes */
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
	struct shared *shared = o->shared;
	const struct wanted *w = arg;
	int err;

	p->size = w->poolsize < LARGEST ? w->poolsize : LARGEST;
	err = keel_pipe_create(&p->pipe, w->minor, places_of(w->poolsize, p->size), p->size);
	if (!err && shared)
		*shared = (struct shared){ p->pipe.number, p->size };
	return err == -EINVAL ? -ENODEV : err;
}

static int bind_number(struct keel_pipe *pipe, int number)
{
	char path[32];
	int fd, err;

	snprintf(path, sizeof(path), KEEL_PIPE_DEVICE "%d", number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EWOULDBLOCK : errno == EACCES ? -EPERM : -errno;
	err = keel_pipe_bind(pipe, fd);
	close(fd);
	return err;
}

static int attach(struct alchemy_object *o)
{
	struct alchemy_pipe *p = (struct alchemy_pipe *)o;
	const struct shared *shared = o->shared;
	int number = __atomic_load_n(&shared->number, __ATOMIC_ACQUIRE);
	int err = number == NONE ? -EWOULDBLOCK : bind_number(&p->pipe, number);

	p->size = shared->size;
	if (err || __atomic_load_n(&shared->number, __ATOMIC_ACQUIRE) == number)
		return err;
	keel_pipe_delete(&p->pipe);
	return -EWOULDBLOCK;
}

static int unmake(struct alchemy_object *o)
{
	struct shared *shared = o->shared;

	if (shared && !o->bound)
		__atomic_store_n(&shared->number, NONE, __ATOMIC_SEQ_CST);
	return keel_pipe_delete(&((struct alchemy_pipe *)o)->pipe);
}

static const struct alchemy_kind kind = {
	.type = ALCHEMY_PIPE, .size = sizeof(struct alchemy_pipe), .shared_size = sizeof(struct shared),
	.make = make, .attach = attach, .unmake = unmake,
};

static struct alchemy_pipe *find(const RT_PIPE *pipe)
{
	return alchemy_object_find(ALCHEMY_HANDLE(pipe), ALCHEMY_PIPE);
}

int rt_pipe_create(RT_PIPE *pipe, const char *name, int minor, size_t poolsize)
{
	struct wanted w = { minor, poolsize ? poolsize : LARGEST };
	int err;

	if (minor < P_MINOR_AUTO)
		return -ENODEV;
	err = alchemy_kind_create(&kind, name, &w, &pipe->handle);
	return err ? err : find(pipe)->pipe.number;
}

int rt_pipe_delete(RT_PIPE *pipe)
{
	return alchemy_kind_delete(&kind, ALCHEMY_HANDLE(pipe));
}

static ssize_t pipe_read(RT_PIPE *pipe, void *buf, size_t size, int64_t until)
{
	struct alchemy_pipe *p = find(pipe);
	int ret;

	if (!p || until < 0)
		return -EINVAL;
	if (!size)
		return 0;
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
