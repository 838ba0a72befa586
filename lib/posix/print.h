/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Printing by real-time threads that stay hard: print.c says how, stdio.c has the calls on streams and
 * syslog.c those of the log.
 */
#ifndef LIBKEEL_POSIX_PRINT_H
#define LIBKEEL_POSIX_PRINT_H

#include "posix.h"

struct libkeel_out;

/* libkeel_out_write() of a thread that need not be attached. Context: any; hardens. */
size_t posix_out_write(struct libkeel_out *o, const char *data, size_t size);

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

/* By what the core prints to @f, or NULL. Context: any; never blocks. */
struct posix_stream *posix_print_core(FILE *f);

/* Whatever is in the buffer of @f is sent. Context: any; goes in-band if there is something. */
void posix_print_ahead(struct posix_stream *s, FILE *f);

/* The stream with the descriptor @fd that the core knows, or NULL; @taken: only if it prints there already.
 * Context: any; never blocks. */
struct posix_stream *posix_print_of(int fd, int taken, FILE **f);

/* Likewise, and @f is glibc's until a real-time thread prints to it; it is closed. Context: in-band. */
void posix_print_settle(FILE *f);
void posix_print_forget(FILE *f);

/* @fd is closed, or becomes another file. Context: in-band. */
void posix_print_gone(int fd);

/* A call of glibc's before which printing has something to do, @how. */
#define POSIX_PRINT_AFTER(type, name, how, params, ...)					\
	type __wrap_##name params							\
	{										\
		how;									\
		GLIBC(name);								\
		return REAL(name)(__VA_ARGS__);						\
	}										\
	EXPORT(name)

#endif
