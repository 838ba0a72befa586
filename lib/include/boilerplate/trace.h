/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Marks for the tracer, as Xenomai calls them: here in the kernel's trace, event keel_mark, by keel_trace_mark().
 * All return 0 or a negative errno. Context: any thread that is Keel's, else -EPERM; hard or in-band, stays so.
 */
#ifndef BOILERPLATE_TRACE_H
#define BOILERPLATE_TRACE_H

#include <stdint.h>
#include <xeno_config.h>

#ifdef __cplusplus
extern "C" {
#endif

int keel_trace_mark(uint32_t number, int64_t value);

/* A value of the program's own, by which @id it is marked; numbers of marks from 0 to 255. */
static inline int xntrace_special(unsigned char id, unsigned long v)
{
	return keel_trace_mark(id, (int64_t)v);
}

static inline int xntrace_special_u64(unsigned char id, unsigned long long v)
{
	return keel_trace_mark(id, (int64_t)v);
}

/* What is looked at begins and ends, or is worth a look: numbers from 256 on. The trace itself goes on. */
static inline int xntrace_user_start(void)
{
	return keel_trace_mark(256, 0);
}

static inline int xntrace_user_stop(unsigned long v)
{
	return keel_trace_mark(257, (int64_t)v);
}

static inline int xntrace_user_freeze(unsigned long v, int once)
{
	(void)once;
	return keel_trace_mark(258, (int64_t)v);
}

static inline int xntrace_max_begin(unsigned long v)
{
	return keel_trace_mark(259, (int64_t)v);
}

static inline int xntrace_max_end(unsigned long v)
{
	return keel_trace_mark(260, (int64_t)v);
}

static inline int xntrace_max_reset(void)
{
	return keel_trace_mark(261, 0);
}

#ifdef __cplusplus
}
#endif

#endif
