// SPDX-License-Identifier: GPL-2.0
/*
 * What there is now. Each record is copied under the locks of what it tells of; who asks for
 * them hinders nobody for longer than that.
 */
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/kernel.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <keel/abi.h>
#include "hal/x86/attach.h"
#include "list.h"
#include "names.h"
#include "nucleus/snapshot.h"
#include "process.h"
#include "relaxes.h"
#include "shadow.h"
#include "skins/native/objects.h"

static void add(struct list_records *r, const void *record)
{
	if (r->count < r->room)
		memcpy(r->at + (size_t)r->count * r->size, record, r->size);
	r->count++;
}

static bool may_see(const struct list_records *r, kuid_t uid)
{
	return r->all || uid_eq(uid, current_euid());
}

static kuid_t shadow_uid(const struct shadow *s)
{
	kuid_t uid;

	rcu_read_lock();
	uid = __task_cred(s->task)->uid;
	rcu_read_unlock();
	return uid;
}

/* A number of the first namespace as the caller has it. */
static u32 number_here(int nr)
{
	u32 here;

	rcu_read_lock();
	here = nr ? pid_vnr(find_pid_ns(nr, &init_pid_ns)) : 0;
	rcu_read_unlock();
	return here;
}

/* The same of one that may have ended: in the first namespace it has a number all the same. */
static u32 ended_number_here(int nr)
{
	return task_active_pid_ns(current) == &init_pid_ns ? nr : number_here(nr);
}

/* ---- threads -------------------------------------------------------------------------------- */

static void from_window(struct keel_thread_info *i, const struct keel_window *w)
{
	int n;

	i->mode_switches = READ_ONCE(w->hardens);
	i->last_reason = READ_ONCE(w->last_reason);
	for (n = 0; n < KEEL_RELAX_REASONS; n++)
		i->relaxes[n] = READ_ONCE(w->relaxes[n]);
}

static void from_thread(struct keel_thread_info *i, struct shadow *s)
{
	struct nk_thread_snapshot now;

	nk_thread_snapshot(&s->thread, &now);
	i->cpu = now.cpu;
	i->base_prio = now.base_prio;
	i->prio = now.eprio;
	i->state = native_state_of(now.state);
	i->waits_id = native_object_at(s->proc->space, now.wait_on);
	i->waits_type = native_type(i->waits_id);
	i->waits_owner = number_here(now.owner);
	i->holds = now.holds;
	i->run_ns = now.run_ns;
	i->switches = now.switches;
	i->overruns = now.overruns;
	i->until_ns = now.until == NK_TIME_NEVER ? 0 : now.until;
	i->period_ns = now.period;
	i->release_ns = now.period ? now.release : 0;
	i->sched_class = now.attr.kind;
	i->group = now.attr.group;
	i->budget_ns = now.attr.budget;
	i->budget_period_ns = now.attr.period;
	i->budget_overruns = now.budget_overruns;
	i->budget_left_ns = now.budget.left;
	i->budget_of_ns = now.budget.of;
}

static void list_thread(struct shadow *s, void *arg)
{
	struct keel_thread_info i = { .pid = task_tgid_vnr(s->task), .tid = task_pid_vnr(s->task) };
	kuid_t uid = shadow_uid(s);

	if (!may_see(arg, uid))
		return;
	i.uid = from_kuid_munged(current_user_ns(), uid);
	from_window(&i, s->window);
	from_thread(&i, s);
	strscpy(i.name, s->thread.name, sizeof(i.name));
	add(arg, &i);
}

static void list_threads(struct list_records *r)
{
	shadow_each(list_thread, r);
}

/* ---- relaxes -------------------------------------------------------------------------------- */

static void list_process_relaxes(struct keel_process *p, void *arg)
{
	unsigned int at;

	for (at = 0; may_see(arg, p->uid) && at <= RELAXES_PLACES; at++) {
		struct keel_relax_info i = {
			.pid = number_here(p->pid), .uid = from_kuid_munged(current_user_ns(), p->uid),
		};

		if (!relaxes_read(p->relaxes, at, &i))
			continue;
		i.tid = ended_number_here(i.tid);
		add(arg, &i);
	}
}

static void list_relaxes(struct list_records *r)
{
	process_each(list_process_relaxes, r);
}

/* ---- heaps ---------------------------------------------------------------------------------- */

static void list_heap(struct keel_process *p, unsigned int at, struct list_records *r)
{
	struct keel_heap_info i = {
		.pid = number_here(p->pid), .uid = from_kuid_munged(current_user_ns(), p->uid),
		.id = READ_ONCE(p->space->objects[at].id),
	};
	struct native_object *o = native_get(p->space, i.id, KEEL_HEAP);
	struct nk_heap_snapshot now;

	if (!o)
		return;
	nk_heap_snapshot(native_body(o, heap), &now);
	if (o->mem->shared)
		names_copy(o->mem, i.name);
	native_put(o);
	i.size = now.size;
	i.used = now.used;
	i.largest = now.largest;
	add(r, &i);
}

static void list_process_heaps(struct keel_process *p, void *arg)
{
	unsigned int at;

	for (at = 0; may_see(arg, p->uid) && at < KEEL_MAX_OBJECTS; at++)
		list_heap(p, at, arg);
}

static void list_heaps(struct list_records *r)
{
	process_each(list_process_heaps, r);
}

/* ---- objects -------------------------------------------------------------------------------- */

static void list_process(struct keel_process *p, void *arg)
{
	struct keel_object_info i = { .pid = number_here(p->pid) };
	unsigned int at;

	if (!may_see(arg, p->uid))
		return;
	i.uid = from_kuid_munged(current_user_ns(), p->uid);
	for (at = 0; at < KEEL_MAX_OBJECTS; at++) {
		if (!native_object_list(p->space, at, &i))
			continue;
		i.owner = number_here(i.owner);
		add(arg, &i);
	}
}

static void list_objects(struct list_records *r)
{
	process_each(list_process, r);
}

/* ---- timers --------------------------------------------------------------------------------- */

static void timer_add(struct list_records *r, u32 type, int cpu, s64 deadline, s64 interval)
{
	const struct keel_timer_info i = {
		.type = type, .cpu = cpu, .deadline_ns = deadline, .interval_ns = interval,
	};

	if (deadline && deadline != KEEL_FOREVER)
		add(r, &i);
}

static void list_wait(struct shadow *s, void *arg)
{
	struct keel_timer_info i = {
		.type = KEEL_TIMER_WAIT, .pid = task_tgid_vnr(s->task), .tid = task_pid_vnr(s->task),
	};
	struct nk_thread_snapshot now;

	if (!may_see(arg, shadow_uid(s)))
		return;
	nk_thread_snapshot(&s->thread, &now);
	if (!now.until || now.until == NK_TIME_NEVER)
		return;
	i.cpu = now.cpu;
	i.deadline_ns = now.until;
	strscpy(i.name, s->thread.name, sizeof(i.name));
	add(arg, &i);
}

static void list_timers(struct list_records *r)
{
	int cpu;

	for_each_online_cpu(cpu) {
		struct nk_cpu_snapshot now;

		nk_cpu_snapshot(cpu, &now);
		timer_add(r, KEEL_TIMER_LINUX, cpu, hal_inband_deadline(cpu), 0);
		timer_add(r, KEEL_TIMER_SHARE, cpu, now.share, 0);
		timer_add(r, KEEL_TIMER_WATCHDOG, cpu, now.watchdog, 0);
	}
	shadow_each(list_wait, r);
}

/* ---- CPUs ----------------------------------------------------------------------------------- */

static void list_cpus(struct list_records *r)
{
	int cpu;

	for_each_online_cpu(cpu) {
		struct keel_cpu_info i = { .cpu = cpu };
		struct nk_cpu_snapshot now;

		nk_cpu_snapshot(cpu, &now);
		hal_cpu_counts(cpu, &i.logged, &i.leaks, &i.flushes);
		i.prio = now.prio;
		i.tid = number_here(now.tid);
		i.hard = now.living;
		i.now_ns = now.now;
		i.run_ns = now.run_ns;
		i.slices = now.slices;
		add(r, &i);
	}
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct {
	u32 size;
	void (*fill)(struct list_records *r);
} kinds[] = {
	[KEEL_LIST_THREADS] = { sizeof(struct keel_thread_info), list_threads },
	[KEEL_LIST_OBJECTS] = { sizeof(struct keel_object_info), list_objects },
	[KEEL_LIST_TIMERS] = { sizeof(struct keel_timer_info), list_timers },
	[KEEL_LIST_CPUS] = { sizeof(struct keel_cpu_info), list_cpus },
	[KEEL_LIST_RELAXES] = { sizeof(struct keel_relax_info), list_relaxes },
	[KEEL_LIST_HEAPS] = { sizeof(struct keel_heap_info), list_heaps },
};

int list_check(const struct list_records *r)
{
	if (r->kind >= ARRAY_SIZE(kinds) || !kinds[r->kind].fill)
		return -EINVAL;
	if (!r->size || r->size % 8 || r->size > kinds[r->kind].size || r->room > KEEL_LIST_MAX)
		return -EINVAL;
	return 0;
}

void list_fill(struct list_records *r)
{
	r->all = capable(CAP_SYS_ADMIN);
	kinds[r->kind].fill(r);
}
