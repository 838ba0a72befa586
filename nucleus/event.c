// SPDX-License-Identifier: GPL-2.0
/*
 * Event flags. A waiter's wish lies on its own stack, found by wait_data, and is read by whoever
 * holds the queue's lock while the waiter stands there. What it got is written before the wait
 * is ended: once that is won it may run, on another CPU, and look.
 *
 * Each change of the bits is followed by a sweep: all who wait then are served, by priority, before
 * anybody else sees or changes the bits again. So one that waits when its bits come gets them, also
 * when whoever was served before it clears them at once.
 */
#include "nucleus/event.h"
#include "nucleus/sched.h"
#include "nucleus/sweep.h"

struct wish {
	nk_u32 bits;
	int mode;
	nk_u32 got;
};

void nk_event_init(struct nk_event *e, nk_u32 bits)
{
	nk_waitq_init(&e->wq);
	e->bits = bits;
	e->value = (struct nk_value){ .word = NULL };
}

void nk_event_share(struct nk_event *e, nk_u64 *word, nk_u32 id)
{
	nk_value_share(&e->value, word, id, e->bits);
}

/* Around each look at the bits. */
static inline void event_enter(struct nk_event *e, hal_flags_t flags)
{
	nk_waitq_enter(&e->wq, flags);
	nk_value_claim_locked(&e->value, &e->bits);
}

static inline void event_leave(struct nk_event *e)
{
	nk_value_release_locked(&e->value, &e->wq, e->bits);
	nk_lock_release(&e->wq.lock);
}

/* User space is not to change it any more when the queue is closed. */
static void event_claim(struct nk_event *e)
{
	hal_flags_t flags = hal_oob_save();

	nk_lock_acquire(&e->wq.lock);
	nk_value_claim_locked(&e->value, &e->bits);
	e->value.word = NULL;
	nk_lock_release(&e->wq.lock);
	hal_oob_restore(flags);
}

int nk_event_destroy(struct nk_event *e)
{
	event_claim(e);
	nk_waitq_close(&e->wq);
	return nk_waitq_destroy(&e->wq);
}

/* Whether @bits meet the wish, and with which of them. */
static int meets(nk_u32 bits, struct wish *w)
{
	w->got = bits & w->bits;
	switch (w->mode & NK_EVENT_MODE) {
	case NK_EVENT_ANY:
		return w->got != 0;
	case NK_EVENT_ALL:
		return w->got == w->bits;
	default:
		return bits == w->bits;
	}
}

static int try_locked(struct nk_event *e, struct wish *w)
{
	if (e->wq.closed)
		return -NK_EIDRM;
	if (!meets(e->bits, w))
		return -NK_EWOULDBLOCK;
	if (w->mode & NK_EVENT_CONSUME)
		e->bits &= ~w->got;
	return 0;
}

static int wish_is_valid(const struct wish *w)
{
	return w->bits && !(w->mode & ~(NK_EVENT_MODE | NK_EVENT_CONSUME)) &&
	       (w->mode & NK_EVENT_MODE) <= NK_EVENT_EXACT;
}

int nk_event_wait(struct nk_event *e, nk_u32 bits, int mode, nk_u32 *got, nk_time_t deadline)
{
	struct wish w = { .bits = bits, .mode = mode };
	hal_flags_t flags;
	int ret;

	if (!wish_is_valid(&w))
		return -NK_EINVAL;
	flags = hal_oob_save();
	event_enter(e, flags);
	ret = try_locked(e, &w);
	if (ret == -NK_EWOULDBLOCK) {
		nk_thread_current()->wait_data = &w;
		ret = nk_wait_block_locked(&e->wq, deadline);
	} else {
		event_leave(e);
	}
	hal_oob_restore(flags);
	if (!ret && got)
		*got = w.got;
	return ret;
}

int nk_event_trywait(struct nk_event *e, nk_u32 bits, int mode, nk_u32 *got)
{
	struct wish w = { .bits = bits, .mode = mode };
	hal_flags_t flags;
	int ret;

	if (!wish_is_valid(&w))
		return -NK_EINVAL;
	flags = hal_oob_save();
	event_enter(e, flags);
	ret = try_locked(e, &w);
	event_leave(e);
	hal_oob_restore(flags);
	if (!ret && got)
		*got = w.got;
	return ret;
}

struct serve {
	struct nk_sweep sweep;
	nk_u32 *bits;		/* that wishes are compared with */
	int consume;
};

/* What a waiter takes is gone for the next. */
static struct nk_waitq *serve_one(struct nk_sweep *sweep, struct nk_waitq *wq, struct nk_thread *t)
{
	struct serve *s = nk_container_of(sweep, struct serve, sweep);
	struct wish *w = t->wait_data;
	nk_u32 taken;

	if (!meets(*s->bits, w))
		return NULL;
	/* Before the wake-up, which ends the wish's life. */
	taken = s->consume && (w->mode & NK_EVENT_CONSUME) ? w->got : 0;
	if (nk_wait_wake_this_locked(wq, t, 0)) {
		*s->bits &= ~taken;
		sweep->count++;
	}
	return NULL;
}

static int serve_locked(struct nk_event *e, nk_u32 *bits, int consume, hal_flags_t flags)
{
	struct serve s = { .sweep.visit = serve_one, .bits = bits, .consume = consume };

	nk_sweep_run_locked(&e->wq, &s.sweep, flags);
	return s.sweep.count;
}

int nk_event_post(struct nk_event *e, nk_u32 bits)
{
	hal_flags_t flags = hal_oob_save();
	int ret = -NK_EIDRM;

	event_enter(e, flags);
	if (!e->wq.closed) {
		e->bits |= bits;
		serve_locked(e, &e->bits, 1, flags);
		if (e->bits)
			nk_watch_notify_locked(&e->wq);
		ret = 0;
	}
	event_leave(e);
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

int nk_event_broadcast(struct nk_event *e, nk_u32 bits)
{
	hal_flags_t flags = hal_oob_save();
	int ret = -NK_EIDRM;

	event_enter(e, flags);
	if (!e->wq.closed) {
		bits |= e->bits;
		ret = serve_locked(e, &bits, 0, flags);
	}
	event_leave(e);
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

nk_u32 nk_event_clear(struct nk_event *e, nk_u32 bits)
{
	hal_flags_t flags = hal_oob_save();
	nk_u32 before;

	event_enter(e, flags);
	before = e->bits;
	e->bits &= ~bits;
	if (e->bits)
		serve_locked(e, &e->bits, 1, flags);
	event_leave(e);
	nk_sched();
	hal_oob_restore(flags);
	return before;
}

nk_u32 nk_event_bits(const struct nk_event *e)
{
	return nk_value_read(&e->value, &e->bits);
}

int nk_event_is_ready(const struct nk_waitq *wq)
{
	struct nk_event *e = nk_container_of(wq, struct nk_event, wq);

	nk_value_claim_locked(&e->value, &e->bits);
	return e->bits != 0;
}
