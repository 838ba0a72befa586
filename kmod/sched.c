// SPDX-License-Identifier: GPL-2.0
/*
 * Scheduling classes: from the ABI's structures to the nucleus's.
 */
#include <linux/kernel.h>
#include <linux/cpumask.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include "nucleus/class.h"
#include "nucleus/stage.h"
#include "limit.h"
#include "process.h"
#include "sched.h"
#include "shadow.h"
#include "skins/native/objects.h"

static_assert(KEEL_CLASS_RR == NK_RR && KEEL_CLASS_EDF == NK_EDF && KEEL_CLASS_SPORADIC == NK_SPORADIC &&
	      KEEL_CLASS_QUOTA == NK_QUOTA && KEEL_CLASS_TP == NK_TP && KEEL_CLASS_WEAK == NK_WEAK &&
	      KEEL_CLASSES == NK_CLASSES);
static_assert(KEEL_GROUPS == NK_GROUPS && KEEL_PARTITIONS == NK_PARTITIONS &&
	      KEEL_WINDOWS_MAX == NK_WINDOWS && KEEL_REPL_MAX == NK_REPL_MAX);
static_assert(KEEL_BUDGET_MIN_NS == NK_BUDGET_MIN && KEEL_PERIOD_MIN_NS == NK_PERIOD_MIN &&
	      KEEL_PERIOD_MAX_NS == NK_PERIOD_MAX);

static void sched_fill(const struct shadow *s, struct keel_sched *req)
{
	struct nk_sched_attr attr;

	nk_class_get(&s->thread, &attr);
	*req = (struct keel_sched){
		.tid = req->tid, .sched_class = attr.kind, .prio = attr.prio, .low_prio = attr.low_prio,
		.max_repl = attr.max_repl, .group = attr.group, .budget_ns = attr.budget,
		.period_ns = attr.period, .run_ns = s->thread.run_ns, .switches = s->thread.switches,
		.mode_switches = s->window->hardens, .budget_overruns = s->thread.budget_overruns,
	};
}

static int attr_from(const struct keel_sched *req, struct nk_sched_attr *attr)
{
	*attr = (struct nk_sched_attr){
		.kind = req->sched_class, .prio = req->prio, .low_prio = req->low_prio,
		.max_repl = req->max_repl, .group = req->group, .budget = req->budget_ns,
		.period = req->period_ns,
	};
	return req->run_ns || req->switches || req->mode_switches || req->budget_overruns ? -EINVAL : 0;
}

struct own {
	const struct nk_sched_attr *attr;
	int limit;
	long err;
};

/* The class is asked for on the CPU where the task is now. */
static void own_set(struct shadow *s, void *arg)
{
	struct own *o = arg;

	limit_raise(s, o->limit);
	o->err = nk_stage_move(&s->thread, raw_smp_processor_id());
	/* One that may not come here can still leave its class. */
	if (!o->err || o->attr->kind == NK_FIFO)
		o->err = nk_class_set(&s->thread, o->attr);
}

/* ---- of another thread ------------------------------------------------------------------------ */

struct visit {
	struct nk_thread *thread;
	const struct nk_sched_attr *set;	/* NULL: get */
	struct keel_sched *get;
	int limit;
	long err;
};

static void visit(void *arg)
{
	struct visit *v = arg;
	struct shadow *s = container_of(v->thread, struct shadow, thread);

	limit_raise(s, v->limit);
	if (v->set)
		v->err = nk_class_set(v->thread, v->set);
	else
		sched_fill(s, v->get);
}

/* On the thread's CPU, where it does not run while Linux does. Offline: it is in-band, and nobody
 * touches it there. */
static void visit_there(struct visit *v)
{
	if (smp_call_function_single(READ_ONCE(v->thread->cpu), visit, v, 1))
		visit(v);
}

/* -EAGAIN: it has another CPU by now. Nobody preempts who has pinned it: what ends it waits for that, and
 * would on this CPU do so for ever. */
static long visit_once(struct keel_process *p, u32 tid, struct visit *v)
{
	unsigned long flags;

	preempt_disable();
	flags = hal_oob_save();
	v->thread = native_thread_pin(p->space, tid);
	hal_oob_restore(flags);
	v->err = v->thread ? 0 : -ESRCH;
	if (v->thread) {
		visit_there(v);
		nk_thread_unpin(v->thread);
	}
	preempt_enable();
	return v->err;
}

static long visit_other(struct keel_process *p, u32 tid, struct visit v)
{
	long err;

	do
		err = visit_once(p, tid, &v);
	while (err == -EAGAIN);
	return err;
}

long sched_class_of(struct shadow *s, const struct keel_sched *req)
{
	struct nk_sched_attr attr;
	struct visit v = { .thread = &s->thread, .set = &attr };
	int err = req->tid ? -EINVAL : attr_from(req, &attr);

	if (err)
		return err;
	do
		visit_there(&v);
	while (v.err == -EAGAIN);
	return v.err;
}

/* ---- requests ----------------------------------------------------------------------------------- */

/* Not what somebody else has been handed. */
static bool sched_is_own(const struct keel_process *p)
{
	return !p->mm || p->mm == current->mm;
}

long sched_class_set(struct keel_process *p, const struct keel_sched *req)
{
	struct nk_sched_attr attr;
	struct own own = { .attr = &attr };
	int err;

	if (!req->tid && !shadow_of(p))
		return -EPERM;
	err = attr_from(req, &attr);
	if (err)
		return err;
	if (req->tid && !sched_is_own(p))
		return -EPERM;
	if (req->tid)
		return visit_other(p, req->tid, (struct visit){ .set = &attr, .limit = limit_of_others() });
	own.limit = limit_of_current(p);
	return shadow_with(current, own_set, &own) ? own.err : -EPERM;
}

long sched_class_get(struct keel_process *p, struct keel_sched *req)
{
	struct shadow *s = shadow_of(p);

	if (req->tid)
		return visit_other(p, req->tid, (struct visit){ .get = req });
	if (!s)
		return -EPERM;
	sched_fill(s, req);
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

long sched_group_add(struct keel_group *req)
{
	int group = cpu_is_there(req->cpu) && !req->group ?
		    nk_group_add(req->cpu, req->budget_ns, req->period_ns) : -EINVAL;

	if (group < 0)
		return group;
	req->group = group;
	return 0;
}

long sched_group_get(struct keel_group *req)
{
	nk_time_t budget, period;
	long err = cpu_is_there(req->cpu) && !req->budget_ns && !req->period_ns ?
		   nk_group_get(req->cpu, req->group, &budget, &period) : -EINVAL;

	if (err)
		return err;
	req->budget_ns = budget;
	req->period_ns = period;
	return 0;
}

long sched_frame_get(struct keel_frame *req)
{
	struct nk_frame frame;
	long err = cpu_is_there(req->cpu) ? nk_frame_get(req->cpu, &frame) : -EINVAL;

	if (err)
		return err;
	*req = (struct keel_frame){ .cpu = req->cpu, .count = frame.count };
	for (int i = 0; i < frame.count; i++) {
		req->windows[i].partition = frame.windows[i].partition;
		req->windows[i].length_ns = frame.windows[i].length;
	}
	return 0;
}
