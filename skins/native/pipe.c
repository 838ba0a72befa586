// SPDX-License-Identifier: GPL-2.0
/*
 * What leads to Linux: pipes, proxies, eventfds. A deadline that was given as 0 means no wait.
 */
#include <keel/abi.h>
#include "nucleus/pipe.h"
#include "link.h"
#include "memory.h"
#include "objects.h"
#include "pipe.h"
#include "signal.h"

_Static_assert(KEEL_PIPE_PLACES == NK_PIPE_PLACES && KEEL_PIPE_SIZE == NK_PIPE_SIZE, "pipes");

/* 0 on either clock: that one is no time. */
static nk_time_t until(const struct native_args *a)
{
	return a->d ? a->until : 0;
}

long native_pipe_write(struct native_object *o, const struct native_args *a)
{
	return nk_pipe_write(native_link_of(o)->to_inband, (const void *)a->b, a->c, until(a));
}

long native_pipe_read(struct native_object *o, const struct native_args *a)
{
	return nk_pipe_read(native_link_of(o)->to_oob, (void *)a->b, a->c, until(a));
}

long native_pipe_flush(struct native_object *o, const struct native_args *a)
{
	return native_link_flush(native_link_of(o), a->b);
}

long native_proxy_write(struct native_object *o, const struct native_args *a)
{
	struct nk_pipe *p = native_link_of(o)->to_inband;
	long ret = nk_pipe_write(p, (const void *)a->b, a->c, until(a));

	if (ret == -NK_EWOULDBLOCK || ret == -NK_ETIMEDOUT)
		nk_pipe_lose(p);
	return ret;
}

long native_proxy_lost(struct native_object *o, const struct native_args *a)
{
	return (long)__atomic_load_n(&native_link_of(o)->to_inband->lost, __ATOMIC_RELAXED);
}

long native_eventfd_signal(struct native_object *o, const struct native_args *a)
{
	const struct native_link *l = native_link_of(o);

	nk_u32 n = __atomic_load_n(l->pending, __ATOMIC_RELAXED);

	do {
		if (n >= KEEL_EVENTFD_MAX)
			return -NK_EWOULDBLOCK;
	} while (!__atomic_compare_exchange_n(l->pending, &n, n + 1, 0, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	hal_work_post(l->work);
	return 0;
}

void native_link_close(const struct native_link *l)
{
	if (l->borrowed)
		return;
	if (l->to_inband)
		nk_pipe_close(l->to_inband);
	if (l->to_oob)
		nk_pipe_close(l->to_oob);
	if (l->timer)
		nk_sem_destroy(&l->timer->expired);
}

void native_link_quiesce(const struct native_link *l)
{
	if (l->borrowed)
		return;
	if (l->to_inband)
		native_waitq_quiesce(&l->to_inband->wq);
	if (l->to_oob)
		native_waitq_quiesce(&l->to_oob->wq);
	if (l->timer)
		native_waitq_quiesce(&l->timer->expired.wq);
}

long native_link_flush(const struct native_link *l, unsigned long which)
{
	long count = 0;

	if (!which || which & ~(KEEL_PIPE_TO_LINUX | KEEL_PIPE_TO_RT))
		return -NK_EINVAL;
	if (which & KEEL_PIPE_TO_LINUX)
		count += nk_pipe_flush(l->to_inband);
	if (which & KEEL_PIPE_TO_RT)
		count += nk_pipe_flush(l->to_oob);
	return count;
}
