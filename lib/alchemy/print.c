// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Printing: the C library's, in-band. A hard task goes in-band first, by itself, so that T_WARNSW does not
 * take it for a mistake.
 */
#include <string.h>
#include <syslog.h>
#include <keel/keel.h>
#include <rtdk.h>

static __thread char buffer_name[32] __attribute__((tls_model("initial-exec")));

int rt_vfprintf(FILE *stream, const char *format, va_list args)
{
	keel_relax();
	return vfprintf(stream, format, args);
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
	keel_relax();
	return puts(s);
}

int rt_fputs(const char *s, FILE *stream)
{
	keel_relax();
	return fputs(s, stream);
}

int rt_putchar(int c)
{
	return rt_fputc(c, stdout);
}

int rt_fputc(int c, FILE *stream)
{
	keel_relax();
	return fputc(c, stream);
}

size_t rt_fwrite(const void *data, size_t size, size_t count, FILE *stream)
{
	keel_relax();
	return fwrite(data, size, count, stream);
}

void rt_vsyslog(int priority, const char *format, va_list args)
{
	keel_relax();
	vsyslog(priority, format, args);
}

void rt_syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	rt_vsyslog(priority, format, args);
	va_end(args);
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
	fflush(stdout);
	fflush(stderr);
}
