// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Printing. From the first task on what goes to standard output and error goes through proxies of Keel's, so that a
 * task that prints stays hard; all who print by these calls keep their order so, and what others print by the
 * C library's comes when that writes it. Before, and to other streams, it is the C library's, in-band.
 */
#include <stdlib.h>
#include <string.h>
#include <keel/keel.h>
#include <rtdk.h>
#include "internal.h"
#include "out.h"

static __thread char buffer_name[32] __attribute__((tls_model("initial-exec")));

static struct stream {
	FILE *f;			/* (a) NULL: it has no proxy */
	struct libkeel_out out;
} streams[2];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int begun;			/* (a) */

static void fork_child(void)
{
	pthread_mutex_init(&lock, NULL);
	memset(streams, 0, sizeof(streams));
	begun = 0;
}

/* Before the child has a buffer of the parent's, too. */
static void fork_prepare(void)
{
	for (int i = 0; i < 2; i++)
		if (streams[i].f)
			libkeel_out_drain(&streams[i].out);
}

__attribute__((constructor)) static void begin(void)
{
	pthread_atfork(fork_prepare, NULL, fork_child);
}

static void stream_begin(struct stream *s, FILE *f)
{
	fflush(f);
	if (!libkeel_out_open(&s->out, fileno(f)))
		__atomic_store_n(&s->f, f, __ATOMIC_RELEASE);
}

void alchemy_print_begin(void)
{
	if (__atomic_load_n(&begun, __ATOMIC_ACQUIRE))
		return;
	pthread_mutex_lock(&lock);
	if (!begun) {
		stream_begin(&streams[0], stdout);
		stream_begin(&streams[1], stderr);
		alchemy_log_begin();
		__atomic_store_n(&begun, 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&lock);
}

static struct stream *stream_of(const FILE *f)
{
	for (int i = 0; i < 2; i++)
		if (__atomic_load_n(&streams[i].f, __ATOMIC_ACQUIRE) == f)
			return &streams[i];
	return NULL;
}

/* When Keel is stopped the C library writes what is left. */
static size_t write_all(FILE *f, const char *data, size_t size)
{
	struct stream *s = stream_of(f);
	long done = s ? ALCHEMY_CALL((long)libkeel_out_write(&s->out, data, size)) : 0;

	if (done < 0)
		done = 0;
	if ((size_t)done == size)
		return size;
	keel_relax();
	return done + fwrite(data + done, 1, size - done, f);
}

/* Of @size bytes, which are more than lie on the stack. */
static int print_large(FILE *f, size_t size, const char *format, va_list args)
{
	char *text;
	int ret;

	keel_relax();
	text = malloc(size + 1);
	if (!text)
		return -1;
	vsnprintf(text, size + 1, format, args);
	ret = write_all(f, text, size) == size ? (int)size : -1;
	free(text);
	return ret;
}

int rt_vfprintf(FILE *stream, const char *format, va_list args)
{
	char text[LIBKEEL_PIECE];
	va_list again;
	int size;

	if (!stream_of(stream)) {
		keel_relax();
		return vfprintf(stream, format, args);
	}
	va_copy(again, args);
	size = vsnprintf(text, sizeof(text), format, args);
	if (size >= (int)sizeof(text))
		size = print_large(stream, size, format, again);
	else if (size > 0 && write_all(stream, text, size) != (size_t)size)
		size = -1;
	va_end(again);
	return size;
}

int rt_vprintf(const char *format, va_list args)
{
	return rt_vfprintf(stdout, format, args);
}

int rt_printf(const char *format, ...)
{
	va_list args;
	int ret;

	va_start(args, format);
	ret = rt_vfprintf(stdout, format, args);
	va_end(args);
	return ret;
}

int rt_fprintf(FILE *stream, const char *format, ...)
{
	va_list args;
	int ret;

	va_start(args, format);
	ret = rt_vfprintf(stream, format, args);
	va_end(args);
	return ret;
}

int rt_puts(const char *s)
{
	return rt_printf("%s\n", s);
}

int rt_fputs(const char *s, FILE *stream)
{
	size_t size = strlen(s);

	return write_all(stream, s, size) == size ? 0 : EOF;
}

int rt_putchar(int c)
{
	return rt_fputc(c, stdout);
}

int rt_fputc(int c, FILE *stream)
{
	char byte = (char)c;

	return write_all(stream, &byte, 1) == 1 ? (unsigned char)c : EOF;
}

size_t rt_fwrite(const void *data, size_t size, size_t count, FILE *stream)
{
	return size && count ? write_all(stream, data, size * count) / size : 0;
}

int rt_print_init(size_t size, const char *name)
{
	(void)size;
	strncpy(buffer_name, name ? name : "", sizeof(buffer_name) - 1);
	return 0;
}

void rt_print_auto_init(int enable)
{
	(void)enable;
}

void rt_print_cleanup(void)
{
	rt_print_flush_buffers();
}

const char *rt_print_buffer_name(void)
{
	return buffer_name;
}

void rt_print_flush_buffers(void)
{
	keel_relax();
	for (int i = 0; i < 2; i++)
		if (stream_of(i ? stderr : stdout))
			libkeel_out_drain(&stream_of(i ? stderr : stdout)->out);
	fflush(stdout);
	fflush(stderr);
}
