// SPDX-License-Identifier: GPL-2.0
/*
 * One measurement is a periodic nucleus timer, and for a kernel thread one that waits for its
 * periods. Counters are written by one CPU, in the handler or the thread, and read without a
 * lock: a snapshot may miss the newest sample.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/delay.h>
#include <linux/vmalloc.h>
#include "hal/hal.h"
#include "hal/x86/attach.h"
#include "hal/x86/context.h"
#include "latency.h"
#include "nucleus/thread.h"
#include "nucleus/timer.h"

#define WARM_UP 5	/* first periods: cold caches and an empty TLB say nothing */

struct latency {
	struct nk_timer timer;
	struct nk_thread thread;
	void *stack;			/* NULL: no thread */
	struct list_head node;
	struct keel_latency_start req;
	u64 seen, samples, overruns;
	s64 min, max, sum;
	int stopping, ended;
	u32 cells[KEEL_LATENCY_CELLS];
};

static LIST_HEAD(running);
static DEFINE_MUTEX(running_lock);
static int closed;	/* under running_lock: the pipeline is going */

/* 1 when enough was sampled. */
static int latency_note(struct latency *l, s64 late)
{
	u64 cell = late < 0 ? 0 : late;

	if (l->seen++ < WARM_UP)
		return 0;
	l->samples++;
	l->sum += late;
	if (late < l->min)
		l->min = late;
	if (late > l->max)
		l->max = late;
	l->cells[min_t(u64, cell, KEEL_LATENCY_CELLS - 1)]++;
	return l->req.samples && l->samples >= l->req.samples;
}

static void latency_irq(struct nk_timer *timer, nk_time_t now)
{
	struct latency *l = container_of(timer, struct latency, timer);

	/* @now was read when the interrupt came in. */
	if (latency_note(l, now - timer->due))
		nk_timer_stop(timer);
	l->overruns = timer->overruns;
}

/* An interrupt here, or another CPU with preempt=full, would mix up what the clock notes. */
static s64 now_masked(void)
{
	hal_flags_t flags = hal_oob_save();
	s64 now = hal_clock_now();

	hal_oob_restore(flags);
	return now;
}

static void latency_thread(void *arg)
{
	struct latency *l = arg;
	unsigned long missed;

	nk_thread_set_periodic(&l->thread, 0, l->req.period_ns);
	while (!READ_ONCE(l->stopping)) {
		s64 due = l->thread.release;

		if (nk_thread_wait_period(&missed))
			break;
		l->overruns += missed;
		if (latency_note(l, now_masked() - due - missed * l->req.period_ns))
			break;
	}
	nk_thread_exit();
}

static int request_check(const struct keel_latency_start *r)
{
	if (r->kind > KEEL_LATENCY_KTHREAD || r->pad)
		return -EINVAL;
	if (r->period_ns < KEEL_PERIOD_MIN_NS || r->period_ns > KEEL_PERIOD_MAX_NS)
		return -EINVAL;
	if (r->kind == KEEL_LATENCY_KTHREAD &&
	    (r->prio < KEEL_PRIO_MIN || r->prio > KEEL_PRIO_MAX))
		return -EINVAL;
	if (!hal_attached())
		return -EAGAIN;
	return hal_cpu_online(r->cpu) ? 0 : -EINVAL;
}

static void latency_launch(struct latency *l)
{
	if (l->req.kind == KEEL_LATENCY_IRQ) {
		nk_timer_start_on(&l->timer, l->req.cpu, now_masked() + l->req.period_ns,
				  l->req.period_ns);
		return;
	}
	hal_context_init_kernel(&l->thread.ctx, l->stack, HAL_STACK_SIZE, latency_thread, l);
	nk_thread_start(&l->thread);
}

struct latency *latency_start(const struct keel_latency_start *req)
{
	struct latency *l;
	int err = request_check(req);

	if (err)
		return ERR_PTR(err);
	l = vzalloc(sizeof(*l));
	if (!l)
		return ERR_PTR(-ENOMEM);
	l->req = *req;
	l->min = S64_MAX;
	l->max = S64_MIN;
	nk_timer_init(&l->timer, latency_irq);
	if (req->kind == KEEL_LATENCY_KTHREAD) {
		l->stack = vmalloc(HAL_STACK_SIZE);
		if (!l->stack) {
			vfree(l);
			return ERR_PTR(-ENOMEM);
		}
		nk_thread_init(&l->thread, "latency", req->prio, req->cpu);
	}
	mutex_lock(&running_lock);
	err = closed ? -EAGAIN : 0;
	if (!err) {
		list_add(&l->node, &running);
		latency_launch(l);
	}
	mutex_unlock(&running_lock);
	if (err) {
		vfree(l->stack);
		vfree(l);
		return ERR_PTR(err);
	}
	return l;
}

const u32 *latency_read(struct latency *l, struct keel_latency_read *out)
{
	out->samples = READ_ONCE(l->samples);
	out->overruns = READ_ONCE(l->overruns);
	out->min_ns = out->samples ? READ_ONCE(l->min) : 0;
	out->max_ns = out->samples ? READ_ONCE(l->max) : 0;
	out->sum_ns = READ_ONCE(l->sum);
	return l->cells;
}

/* Under running_lock. */
static void latency_end(struct latency *l)
{
	if (l->ended)
		return;
	nk_timer_stop_sync(&l->timer);
	if (l->stack) {
		WRITE_ONCE(l->stopping, 1);
		while (!nk_thread_is_dead(&l->thread)) {
			nk_thread_unblock(&l->thread, -EINTR);
			msleep(1);
		}
		nk_thread_destroy(&l->thread);
	}
	l->ended = 1;
}

void latency_stop(struct latency *l)
{
	mutex_lock(&running_lock);
	latency_end(l);
	list_del(&l->node);
	mutex_unlock(&running_lock);
	vfree(l->stack);
	vfree(l);
}

void latency_stop_all(void)
{
	struct latency *l;

	mutex_lock(&running_lock);
	closed = 1;
	list_for_each_entry(l, &running, node)
		latency_end(l);
	mutex_unlock(&running_lock);
}

void latency_allow(void)
{
	mutex_lock(&running_lock);
	closed = 0;
	mutex_unlock(&running_lock);
}
