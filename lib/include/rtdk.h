/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Printing from tasks, as Xenomai calls it.
 */
#ifndef RTDK_H
#define RTDK_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As the functions of <stdio.h> without rt_. What goes to stdout and stderr is written soon after, in the order in which
 * it was printed by these, and by the end of the process. Context: any thread; once there is a task hardens, for what is
 * longer than 1023 bytes and for other streams goes in-band. So with the log's, for up
 * to 1019 bytes: a thread of Linux's calls syslog(3) for them soon after, and by the end of the process. */
int rt_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int rt_fprintf(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
int rt_vprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
int rt_vfprintf(FILE *stream, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
int rt_puts(const char *s);
int rt_fputs(const char *s, FILE *stream);
int rt_putchar(int c);
int rt_fputc(int c, FILE *stream);
size_t rt_fwrite(const void *data, size_t size, size_t count, FILE *stream);
void rt_syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rt_vsyslog(int priority, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* There is nothing to be prepared: these return 0, or do nothing. rt_print_flush_buffers() waits until all is written,
 * and is fflush() of stdout and stderr. Context: any thread. */
int rt_print_init(size_t size, const char *name);
void rt_print_auto_init(int enable);
void rt_print_cleanup(void);
const char *rt_print_buffer_name(void);		/* what rt_print_init() was given last by the caller, or "" */
void rt_print_flush_buffers(void);

#ifdef __cplusplus
}
#endif

#endif
