// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The calls that print to streams, and those before which all has to be written.
 */
#include <stdlib.h>
#include <string.h>
#include "print.h"

#define ROOM 1024	/* texts up to this are formatted on the stack */

extern int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list args);

static void count(enum posix_call call, const struct posix_stream *s)
{
	if (s)
		posix_me()->counts.core[call]++;
	else
		posix_me()->counts.glibc[call]++;
}

/* ---- formatted ------------------------------------------------------------------------------------------ */

static int core_print(struct posix_stream *s, FILE *f, int flag, const char *format, va_list args)
{
	char here[ROOM], *text = here;
	va_list again;
	int n;

	va_copy(again, args);
	n = __vsnprintf_chk(here, ROOM, flag, ROOM, format, again);
	va_end(again);
	if (n >= ROOM) {
		text = malloc(n + 1);
		if (!text)
			return -1;
		n = __vsnprintf_chk(text, n + 1, flag, n + 1, format, args);
	}
	if (n > 0)
		posix_print(s, f, text, n);
	if (text != here)
		free(text);
	return n;
}

/* @flag: of the calls that programs make which were built with checks. */
static int print(enum posix_call call, FILE *f, int flag, const char *format, va_list args)
{
	int n, err = errno;	/* %m */
	struct posix_hold h;
	struct posix_stream *s = posix_print_hold(f, &h);

	errno = err;
	if (s)
		n = core_print(s, f, flag, format, args);
	else
		n = flag ? REAL(__vfprintf_chk)(f, flag, format, args) : REAL(vfprintf)(f, format, args);
	posix_print_release(&h);
	count(call, s);
	return n;
}

#define PRINT(call, f, flag, format)							\
	({										\
		va_list args_;								\
		int n_;									\
											\
		va_start(args_, format);						\
		n_ = print(POSIX_CALL_##call, f, flag, format, args_);			\
		va_end(args_);								\
		n_;									\
	})

int __wrap_printf(const char *format, ...)
{
	return PRINT(printf, stdout, 0, format);
}
EXPORT(printf);

int __wrap_fprintf(FILE *f, const char *format, ...)
{
	return PRINT(fprintf, f, 0, format);
}
EXPORT(fprintf);

int __wrap_vprintf(const char *format, va_list args)
{
	return print(POSIX_CALL_vprintf, stdout, 0, format, args);
}
EXPORT(vprintf);

int __wrap_vfprintf(FILE *f, const char *format, va_list args)
{
	return print(POSIX_CALL_vfprintf, f, 0, format, args);
}
EXPORT(vfprintf);

int __wrap___printf_chk(int flag, const char *format, ...)
{
	return PRINT(__printf_chk, stdout, flag, format);
}
EXPORT(__printf_chk);

int __wrap___fprintf_chk(FILE *f, int flag, const char *format, ...)
{
	return PRINT(__fprintf_chk, f, flag, format);
}
EXPORT(__fprintf_chk);

int __wrap___vprintf_chk(int flag, const char *format, va_list args)
{
	return print(POSIX_CALL___vprintf_chk, stdout, flag, format, args);
}
EXPORT(__vprintf_chk);

int __wrap___vfprintf_chk(FILE *f, int flag, const char *format, va_list args)
{
	return print(POSIX_CALL___vfprintf_chk, f, flag, format, args);
}
EXPORT(__vfprintf_chk);

/* To a descriptor that a stream has as well, in the order of what is printed there; what a real-time thread
 * prints to another one takes it in-band. */
static int print_fd(enum posix_call call, int fd, int flag, const char *format, va_list args)
{
	struct posix_stream *s = NULL;
	int n, err = errno;
	FILE *f;

	if (posix_is_active())
		s = posix_print_of(fd, !posix_is_rt(), &f);
	errno = err;
	if (s)
		n = core_print(s, f, flag, format, args);
	else
		n = flag ? REAL(__vdprintf_chk)(fd, flag, format, args) : REAL(vdprintf)(fd, format, args);
	count(call, s);
	return n;
}

int __wrap_dprintf(int fd, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = print_fd(POSIX_CALL_dprintf, fd, 0, format, args);
	va_end(args);
	return n;
}
EXPORT(dprintf);

int __wrap_vdprintf(int fd, const char *format, va_list args)
{
	return print_fd(POSIX_CALL_vdprintf, fd, 0, format, args);
}
EXPORT(vdprintf);

int __wrap___dprintf_chk(int fd, int flag, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = print_fd(POSIX_CALL___dprintf_chk, fd, flag, format, args);
	va_end(args);
	return n;
}
EXPORT(__dprintf_chk);

int __wrap___vdprintf_chk(int fd, int flag, const char *format, va_list args)
{
	return print_fd(POSIX_CALL___vdprintf_chk, fd, flag, format, args);
}
EXPORT(__vdprintf_chk);

static int print_error(const char *format, ...)
{
	return PRINT(perror, stderr, 0, format);
}

void __wrap_perror(const char *text)
{
	if (!posix_is_active()) {
		GLIBC(perror);
		REAL(perror)(text);
		return;
	}
	print_error("%s%s%m\n", text ? text : "", text && *text ? ": " : "");
}
EXPORT(perror);

/* ---- as it is ------------------------------------------------------------------------------------------- */

static size_t write_all(enum posix_call call, const void *data, size_t size, size_t n, FILE *f)
{
	struct posix_hold h;
	struct posix_stream *s = posix_print_hold(f, &h);
	size_t done = n, all;

	if (!s || __builtin_mul_overflow(size, n, &all))
		done = REAL(fwrite)(data, size, n, f);
	else if (all)
		posix_print(s, f, data, all);
	else
		done = 0;
	posix_print_release(&h);
	count(call, s);
	return done;
}

size_t __wrap_fwrite(const void *data, size_t size, size_t n, FILE *f)
{
	return write_all(POSIX_CALL_fwrite, data, size, n, f);
}
EXPORT(fwrite);

/* The lock may be taken again by who has it. */
size_t (__wrap_fwrite_unlocked)(const void *data, size_t size, size_t n, FILE *f)
{
	return write_all(POSIX_CALL_fwrite_unlocked, data, size, n, f);
}
EXPORT(fwrite_unlocked);

static int put_text(enum posix_call call, const char *text, FILE *f)
{
	struct posix_hold h;
	struct posix_stream *s = posix_print_hold(f, &h);
	int ret = 1;

	if (!s)
		ret = REAL(fputs)(text, f);
	else if (*text)
		posix_print(s, f, text, strlen(text));
	posix_print_release(&h);
	count(call, s);
	return ret;
}

int __wrap_fputs(const char *text, FILE *f)
{
	return put_text(POSIX_CALL_fputs, text, f);
}
EXPORT(fputs);

int __wrap_fputs_unlocked(const char *text, FILE *f)
{
	return put_text(POSIX_CALL_fputs_unlocked, text, f);
}
EXPORT(fputs_unlocked);

/* In one piece. */
static int core_puts(struct posix_stream *s, const char *text)
{
	size_t size = strlen(text);
	char here[ROOM], *line = here;

	if (size >= ROOM)
		line = malloc(size + 1);
	if (!line)
		return EOF;
	memcpy(line, text, size);
	line[size] = '\n';
	posix_print(s, stdout, line, size + 1);
	if (line != here)
		free(line);
	return size < INT32_MAX ? (int)size + 1 : INT32_MAX;
}

int __wrap_puts(const char *text)
{
	struct posix_hold h;
	struct posix_stream *s = posix_print_hold(stdout, &h);
	int ret = s ? core_puts(s, text) : REAL(puts)(text);

	posix_print_release(&h);
	count(POSIX_CALL_puts, s);
	return ret;
}
EXPORT(puts);

static int put(enum posix_call call, int c, FILE *f)
{
	struct posix_hold h;
	struct posix_stream *s = posix_print_hold(f, &h);
	const char byte = (char)c;
	int ret = (unsigned char)c;

	if (s)
		posix_print(s, f, &byte, 1);
	else
		ret = REAL(fputc)(c, f);
	posix_print_release(&h);
	count(call, s);
	return ret;
}

int (__wrap_putchar)(int c)
{
	return put(POSIX_CALL_putchar, c, stdout);
}
EXPORT(putchar);

int (__wrap_putchar_unlocked)(int c)
{
	return put(POSIX_CALL_putchar_unlocked, c, stdout);
}
EXPORT(putchar_unlocked);

int (__wrap_fputc_unlocked)(int c, FILE *f)
{
	return put(POSIX_CALL_fputc_unlocked, c, f);
}
EXPORT(fputc_unlocked);

int (__wrap_putc_unlocked)(int c, FILE *f)
{
	return put(POSIX_CALL_putc_unlocked, c, f);
}
EXPORT(putc_unlocked);

int (__wrap_fputc)(int c, FILE *f)
{
	return put(POSIX_CALL_fputc, c, f);
}
EXPORT(fputc);

int (__wrap_putc)(int c, FILE *f)
{
	return put(POSIX_CALL_putc, c, f);
}
EXPORT(putc);

/* ---- flushed -------------------------------------------------------------------------------------------- */

/* A real-time thread's text is on its way already. */
int __wrap_fflush(FILE *f)
{
	struct posix_stream *s;
	int lost, ret;

	if (!posix_is_active()) {
		GLIBC(fflush);
		return REAL(fflush)(f);
	}
	s = f && posix_is_rt() ? posix_print_core(f) : NULL;
	if (s) {
		CORE(fflush);
		posix_print_ahead(s, f);
		return 0;
	}
	GLIBC(fflush);
	lost = posix_print_drain(f);
	ret = REAL(fflush)(f);
	if (!lost)
		return ret;
	errno = EIO;
	return EOF;
}
EXPORT(fflush);

int __wrap_fclose(FILE *f)
{
	int lost = posix_print_drain(f), ret;

	posix_print_forget(f);
	GLIBC(fclose);
	ret = REAL(fclose)(f);
	if (!lost)
		return ret;
	errno = EIO;
	return EOF;
}
EXPORT(fclose);

int __wrap_pclose(FILE *f)
{
	posix_print_forget(f);
	GLIBC(pclose);
	return REAL(pclose)(f);
}
EXPORT(pclose);

/* Each gives the stream back first. */
POSIX_PRINT_AFTER(FILE *, freopen, posix_print_forget(f), (const char *path, const char *mode, FILE *f), path, mode, f);
POSIX_PRINT_AFTER(FILE *, freopen64, posix_print_forget(f), (const char *path, const char *mode, FILE *f), path, mode, f);
POSIX_PRINT_AFTER(int, fseek, posix_print_settle(f), (FILE *f, long offset, int whence), f, offset, whence);
POSIX_PRINT_AFTER(int, fseeko, posix_print_settle(f), (FILE *f, off_t offset, int whence), f, offset, whence);
POSIX_PRINT_AFTER(int, fseeko64, posix_print_settle(f), (FILE *f, off64_t offset, int whence), f, offset, whence);
POSIX_PRINT_AFTER(void, rewind, posix_print_settle(f), (FILE *f), f);
POSIX_PRINT_AFTER(long, ftell, posix_print_settle(f), (FILE *f), f);
POSIX_PRINT_AFTER(off_t, ftello, posix_print_settle(f), (FILE *f), f);
POSIX_PRINT_AFTER(off64_t, ftello64, posix_print_settle(f), (FILE *f), f);
POSIX_PRINT_AFTER(int, fgetpos, posix_print_settle(f), (FILE *f, fpos_t *at), f, at);
POSIX_PRINT_AFTER(int, fgetpos64, posix_print_settle(f), (FILE *f, fpos64_t *at), f, at);
POSIX_PRINT_AFTER(int, fsetpos, posix_print_settle(f), (FILE *f, const fpos_t *at), f, at);
POSIX_PRINT_AFTER(int, fsetpos64, posix_print_settle(f), (FILE *f, const fpos64_t *at), f, at);
