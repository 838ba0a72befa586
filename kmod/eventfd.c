// SPDX-License-Identifier: GPL-2.0
/*
 * Eventfds that hard threads signal.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <keel/abi.h>
#include "hal/x86/compat.h"
#include "hal/x86/linux_side.h"
#include "outer.h"

#define AT_ONCE 64	/* in one interrupt */

struct efd {
	struct outer outer;		/* first */
	struct eventfd_ctx *ctx;
	struct hal_work work;
	u32 pending;			/* (a) signals that Linux has not seen */
};

/* What comes after the look at pending posts the work again. */
static void on_signal(struct hal_work *w)
{
	struct efd *e = container_of(w, struct efd, work);
	u32 n = min(READ_ONCE(e->pending), (u32)AT_ONCE);
	unsigned long flags;

	if (!n)
		return;
	eventfd_signal_times(e->ctx, n);
	if (__atomic_sub_fetch(&e->pending, n, __ATOMIC_SEQ_CST)) {
		flags = hal_oob_save();
		hal_work_post(w);
		hal_oob_restore(flags);
	}
}

static struct outer *efd_create(struct keel_process *p, struct keel_object *req)
{
	struct eventfd_ctx *ctx;
	struct efd *e;

	if (req->data > INT_MAX || req->args[0] || req->args[1])
		return ERR_PTR(-EINVAL);
	ctx = eventfd_ctx_fdget(req->data);
	if (IS_ERR(ctx))
		return ERR_CAST(ctx);
	e = kzalloc(sizeof(*e), GFP_KERNEL);
	if (!e) {
		eventfd_ctx_put(ctx);
		return ERR_PTR(-ENOMEM);
	}
	e->ctx = ctx;
	hal_work_init(&e->work, on_signal);
	e->outer.link.work = &e->work;
	e->outer.link.pending = &e->pending;
	return &e->outer;
}

static void efd_close(struct outer *o)
{
}

/* The work posts itself, so one wait is not enough. */
static void efd_put(struct outer *o)
{
	struct efd *e = container_of(o, struct efd, outer);

	while (READ_ONCE(e->pending))
		schedule_timeout_uninterruptible(1);
	hal_work_sync(&e->work);
	eventfd_ctx_put(e->ctx);
	kfree(e);
}

const struct outer_kind eventfd_kind = { efd_create, efd_close, efd_put };
