/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Printing by real-time threads that stay hard: print.c says how, stdio.c has the calls on streams and
 * syslog.c those of the log.
 */
#ifndef LIBKEEL_POSIX_PRINT_H
#define LIBKEEL_POSIX_PRINT_H

#include <keel/proxy.h>
#include "posix.h"

#define POSIX_PIECE	1024	/* of one message: what is longer takes several */

/* A proxy, and whose turn it is to send through it. */
struct posix_out {
	struct keel_proxy proxy;
	struct keel_mutex turn;
	int discard;			/* it is /dev/null */
	unsigned long lost;		/* (a) that was told of */
};

/* For @fd: 0, or a negative errno: it is not for a proxy. Context: in-band. */
int posix_out_open(struct posix_out *o, int fd);
void posix_out_close(struct posix_out *o);

/* How much of it was taken; less: Keel is stopped. Waits for room. Context: any; hardens. */
size_t posix_out_write(struct posix_out *o, const char *data, size_t size);

/* All that was taken before is written: 1: some of it was lost since it was last asked for. Context:
 * in-band. */
int posix_out_drain(struct posix_out *o);

struct posix_stream;

/* Who prints to @f: the core, by what is returned; or NULL, glibc, and nobody takes the stream over until
 * posix_print_release(). */
struct posix_hold {
	FILE *f;
	int cancel;
};

struct posix_stream *posix_print_hold(FILE *f, struct posix_hold *h);
void posix_print_release(struct posix_hold *h);

/* All of it, in one piece for others who print there. Context: any. */
void posix_print(struct posix_stream *s, FILE *f, const char *data, size_t size);

/* What was printed to @f, NULL: to all, is written: 1: some was lost. Context: in-band. */
int posix_print_drain(FILE *f);

/* The core prints to @f. Context: any; never blocks. */
int posix_print_is_core(FILE *f);

/* Likewise, and @f is glibc's until a real-time thread prints to it; it is closed. Context: in-band. */
void posix_print_settle(FILE *f);
void posix_print_forget(FILE *f);

#endif
