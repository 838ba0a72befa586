// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "core.h"
#include "out.h"

#define PLACES	256

int libkeel_out_open(struct libkeel_out *o, int fd)
{
	struct stat st;
	int err;

	*o = (struct libkeel_out){ 0 };
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) {
		o->discard = 1;
		return 0;
	}
	err = keel_mutex_create_as(&o->turn, KEEL_MUTEX_RECURSIVE, 0);
	if (err)
		return err;
	err = keel_proxy_create(&o->proxy, fd, PLACES, LIBKEEL_PIECE);
	if (err)
		keel_mutex_delete(&o->turn);
	return err;
}

void libkeel_out_close(struct libkeel_out *o)
{
	if (o->discard)
		return;
	keel_proxy_delete(&o->proxy);
	keel_mutex_delete(&o->turn);
}

static size_t send_pieces(struct libkeel_out *o, const char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t piece = size - done < LIBKEEL_PIECE ? size - done : LIBKEEL_PIECE;
		int ret = keel_proxy_clockwrite(&o->proxy, data + done, piece, CLOCK_MONOTONIC, KEEL_FOREVER);

		if (!ret)
			done += piece;
		else if (ret != -EINTR)
			break;
	}
	return done;
}

size_t libkeel_out_write(struct libkeel_out *o, const char *data, size_t size)
{
	size_t done = 0;
	int err;

	if (o->discard)
		return size;
	do
		err = keel_mutex_lock(&o->turn);
	while (err == -EINTR);
	if (!err) {
		done = send_pieces(o, data, size);
		keel_mutex_unlock(&o->turn);
	}
	return done;
}

int libkeel_out_drain(struct libkeel_out *o)
{
	unsigned long lost = 0;
	int err;

	if (o->discard)
		return 0;
	do
		err = keel_proxy_drain(&o->proxy, &lost);
	while (err == -EINTR);
	return !err && __atomic_exchange_n(&o->lost, lost, __ATOMIC_RELAXED) != lost;
}
