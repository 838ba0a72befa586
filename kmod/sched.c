// SPDX-License-Identifier: GPL-2.0
/*
 * Scheduling classes: from the ABI's structures to the nucleus's.
 */
#include <linux/kernel.h>
#include <linux/cpumask.h>
#include "nucleus/class.h"
#include "nucleus/stage.h"
#include "process.h"
#include "sched.h"
#include "shadow.h"

static_assert(KEEL_CLASS_RR == NK_RR && KEEL_CLASS_EDF == NK_EDF && KEEL_CLASS_SPORADIC == NK_SPORADIC &&
	      KEEL_CLASS_QUOTA == NK_QUOTA && KEEL_CLASS_TP == NK_TP && KEEL_CLASS_WEAK == NK_WEAK &&
	      KEEL_CLASSES == NK_CLASSES);
static_assert(KEEL_GROUPS == NK_GROUPS && KEEL_PARTITIONS == NK_PARTITIONS &&
	      KEEL_WINDOWS_MAX == NK_WINDOWS && KEEL_REPL_MAX == NK_REPL_MAX);
static_assert(KEEL_BUDGET_MIN_NS == NK_BUDGET_MIN && KEEL_PERIOD_MIN_NS == NK_PERIOD_MIN &&
	      KEEL_PERIOD_MAX_NS == NK_PERIOD_MAX);

/* The class is asked for on the CPU where the task is now. */
long sched_class_set(struct keel_process *p, const struct keel_sched *req)
{
	struct shadow *s = shadow_of(p);
	struct nk_sched_attr attr = {
		.kind = req->sched_class, .prio = req->prio, .low_prio = req->low_prio,
		.max_repl = req->max_repl, .group = req->group, .budget = req->budget_ns,
		.period = req->period_ns,
	};
	long err;

	if (!s)
		return -EPERM;
	if (req->pad || req->run_ns || req->switches || req->mode_switches || req->budget_overruns)
		return -EINVAL;
	preempt_disable();
	err = nk_stage_move(&s->thread, raw_smp_processor_id());
	/* One that may not come here can still leave its class. */
	if (!err || attr.kind == NK_FIFO)
		err = nk_class_set(&s->thread, &attr);
	preempt_enable();
	return err;
}

long sched_class_get(struct keel_process *p, struct keel_sched *req)
{
	struct shadow *s = shadow_of(p);
	struct nk_sched_attr attr;

	if (!s)
		return -EPERM;
	nk_class_get(&s->thread, &attr);
	*req = (struct keel_sched){
		.sched_class = attr.kind, .prio = attr.prio, .low_prio = attr.low_prio,
		.max_repl = attr.max_repl, .group = attr.group, .budget_ns = attr.budget,
		.period_ns = attr.period, .run_ns = s->thread.run_ns, .switches = s->thread.switches,
		.mode_switches = s->window->hardens, .budget_overruns = s->thread.budget_overruns,
	};
	return 0;
}

static bool cpu_is_there(int cpu)
{
	return cpu >= 0 && cpu < nr_cpu_ids && cpu_online(cpu);
}

long sched_group_set(const struct keel_group *req)
{
	if (!cpu_is_there(req->cpu))
		return -EINVAL;
	return nk_group_set(req->cpu, req->group, req->budget_ns, req->period_ns);
}

long sched_frame_set(const struct keel_frame *req)
{
	struct nk_frame frame = { .count = req->count };

	if (!cpu_is_there(req->cpu) || req->count > NK_WINDOWS)
		return -EINVAL;
	for (u32 i = 0; i < req->count; i++) {
		if (req->windows[i].pad)
			return -EINVAL;
		frame.windows[i].partition = req->windows[i].partition;
		frame.windows[i].length = req->windows[i].length_ns;
	}
	return nk_frame_set(req->cpu, &frame);
}
