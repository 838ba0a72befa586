/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What hard threads write to a file, by a proxy, in one piece whatever its length. For the skins.
 */
#ifndef LIBKEEL_OUT_H
#define LIBKEEL_OUT_H

#include <keel/proxy.h>
#include <keel/sync.h>

#define LIBKEEL_PIECE	1024	/* of one message: what is longer takes several */

/* A proxy, and whose turn it is to send through it. */
struct libkeel_out {
	struct keel_proxy proxy;
	struct keel_mutex turn;
	int discard;			/* it is /dev/null */
	unsigned long lost;		/* (a) that was told of */
};

/* For @fd: 0, or a negative errno: it is not for a proxy. Context: in-band. */
int libkeel_out_open(struct libkeel_out *o, int fd);
void libkeel_out_close(struct libkeel_out *o);

/* How much of it was taken; less: Keel is stopped. Waits for room. Context: attached; hardens. */
size_t libkeel_out_write(struct libkeel_out *o, const char *data, size_t size);

/* All that was taken before is written: 1: some of it was lost since it was last asked for. Context:
 * in-band. */
int libkeel_out_drain(struct libkeel_out *o);

#endif
