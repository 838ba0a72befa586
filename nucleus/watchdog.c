// SPDX-License-Identifier: GPL-2.0
/*
 * The watchdog, for when Linux has no share (share.c). That root ran is read off root.switches, so
 * that the switch to Linux pays nothing for it. The timer is left armed when a residence ends, as stopping it would cost each
 * of them; when it fires for one that began later it is moved on.
 */
#include "nucleus/watchdog.h"
#include "nucleus/trace.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"

nk_time_t nk_watchdog_limit = 4000000000LL;

static void report(struct nk_rq *rq)
{
	struct nk_thread *t = rq->curr;

	nk_trace_stage(t, HAL_TRACE_WATCHDOG, 0);
	if (t->user)
		nk_stage_recall(t, NK_RELAX_WATCHDOG);
	else
		hal_warn("watchdog: a kernel thread keeps Linux off its CPU, priority", t->eprio);
}

static void watchdog_fires(struct nk_timer *timer, nk_time_t now)
{
	struct nk_rq *rq = nk_container_of(timer, struct nk_rq, watchdog);
	nk_time_t due = rq->waits_since + nk_watchdog_limit;

	if (rq->root.switches != rq->waits_switches)
		return;
	if (now >= due) {
		report(rq);
		due = now + nk_watchdog_limit / 8;
	}
	nk_timer_start(timer, due, 0);
}

void nk_hal_inband_waits(nk_time_t now)
{
	struct nk_rq *rq = nk_rq_this();

	if (!nk_watchdog_limit || nk_share_percent || nk_root_active(rq->cpu))
		return;
	rq->waits_since = now;
	rq->waits_switches = rq->root.switches;
	if (!rq->watchdog.armed)
		nk_timer_start(&rq->watchdog, now + nk_watchdog_limit, 0);
}

void nk_watchdog_init(struct nk_rq *rq)
{
	nk_timer_init(&rq->watchdog, watchdog_fires);
	rq->watchdog.cpu = rq->cpu;
	rq->watchdog.pinned = 1;
}

void nk_watchdog_exit(struct nk_rq *rq)
{
	nk_timer_stop_sync(&rq->watchdog);
}
