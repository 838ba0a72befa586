// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Windows and groups of a CPU by Cobalt's names. What runs, and all groups, the core has; windows that are
 * installed and do not run are kept here, by CPU.
 */
#include <stdlib.h>
#include <keel/posix.h>
#include <keel/sched.h>
#include "file.h"
#include "posix.h"

#define QUOTA_PERIOD_NS 10000000

struct installed {
	struct installed *next;
	struct keel_frame frame;
};

static struct installed *all;		/* (files) */

/* ---- windows --------------------------------------------------------------------------------------- */

/* (files) NULL: there are none. */
static struct installed *installed_find(int cpu)
{
	struct installed *i = all;

	while (i && i->frame.cpu != cpu)
		i = i->next;
	return i;
}

/* (files) */
static int installed_set(const struct keel_frame *frame)
{
	struct installed *i = installed_find(frame->cpu);

	if (!i) {
		i = malloc(sizeof(*i));
		if (!i)
			return ENOMEM;
		i->next = all;
		all = i;
	}
	i->frame = *frame;
	return 0;
}

static int window_from(const struct sched_tp_window *w, int64_t begins, struct keel_frame_window *to)
{
	if (!posix_time_ok(&w->offset) || !posix_time_ok(&w->duration) || w->offset.tv_sec < 0 ||
	    posix_ns(&w->offset) != begins)
		return EINVAL;
	to->partition = w->ptid;
	to->length_ns = posix_ns(&w->duration);
	if (w->ptid < -1 || w->ptid >= KEEL_PARTITIONS || to->length_ns < KEEL_PERIOD_MIN_NS ||
	    to->length_ns > KEEL_PERIOD_MAX_NS)
		return EINVAL;
	return 0;
}

static int frame_from(const struct __sched_config_tp *tp, size_t len, struct keel_frame *frame)
{
	int64_t at = 0;
	int i;

	if (tp->nr_windows < 0 || tp->nr_windows > KEEL_WINDOWS_MAX || len < sched_tp_confsz(tp->nr_windows))
		return EINVAL;
	frame->count = tp->nr_windows;
	for (i = 0; i < tp->nr_windows; i++) {
		if (window_from(&tp->windows[i], at, &frame->windows[i]))
			return EINVAL;
		at += frame->windows[i].length_ns;
	}
	return 0;
}

/* What runs is kept first, whoever has started it; nothing that runs is changed when this fails. */
static int tp_stop(const struct keel_frame *runs)
{
	const struct keel_frame none = { .cpu = runs->cpu };
	int err = runs->count ? installed_set(runs) : 0;

	return err ? err : -keel_frame_set(&none);
}

static int tp_install(const struct keel_frame *frame)
{
	const struct keel_frame none = { .cpu = frame->cpu };
	int err = installed_set(frame);

	return err ? err : -keel_frame_set(&none);
}

/* (files) @runs: what the core has of the CPU. */
static int tp_do(const struct __sched_config_tp *tp, size_t len, const struct keel_frame *runs)
{
	struct keel_frame frame = { .cpu = runs->cpu };
	const struct installed *i;
	int err;

	switch (tp->op) {
	case sched_tp_install:
		err = frame_from(tp, len, &frame);
		return err ? err : tp_install(&frame);
	case sched_tp_uninstall:
		return tp_install(&frame);
	case sched_tp_start:
		i = installed_find(runs->cpu);
		return i && i->frame.count ? -keel_frame_set(&i->frame) : 0;
	case sched_tp_stop:
		return tp_stop(runs);
	default:
		return EINVAL;
	}
}

static int tp_set(int cpu, const struct __sched_config_tp *tp, size_t len)
{
	struct keel_frame runs = { .cpu = cpu };
	int err = len < sizeof(*tp) ? EINVAL : -keel_frame_get(&runs);

	if (err)
		return err;
	posix_files_lock();
	err = tp_do(tp, len, &runs);
	posix_files_unlock();
	return err;
}

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
}

static void frame_to(const struct keel_frame *frame, struct __sched_config_tp *tp)
{
	int64_t at = 0;
	unsigned int i;

	tp->op = sched_tp_install;
	tp->nr_windows = frame->count;
	for (i = 0; i < frame->count; i++) {
		tp->windows[i].offset = timespec_of(at);
		tp->windows[i].duration = timespec_of(frame->windows[i].length_ns);
		tp->windows[i].ptid = frame->windows[i].partition;
		at += frame->windows[i].length_ns;
	}
}

static int tp_get(int cpu, struct __sched_config_tp *tp, size_t *len)
{
	struct keel_frame frame = { .cpu = cpu };
	const struct installed *i;
	int err = -keel_frame_get(&frame);
	size_t size;

	if (err)
		return err;
	posix_files_lock();
	i = frame.count ? NULL : installed_find(cpu);
	if (i)
		frame = i->frame;
	posix_files_unlock();
	size = frame.count ? sched_tp_confsz(frame.count) : 0;
	if (*len < size)
		return ENOSPC;
	if (size)
		frame_to(&frame, tp);
	*len = size;
	return 0;
}

/* ---- groups ---------------------------------------------------------------------------------------- */

static int percent(int64_t budget, int64_t period)
{
	return period ? budget * 100 / period : 0;
}

/* Of no percent: the smallest that there is. */
static int64_t budget_of(int quota, int64_t period)
{
	int64_t budget = period / 100 * quota;

	return budget < KEEL_BUDGET_MIN_NS ? KEEL_BUDGET_MIN_NS : budget;
}

/* What there is now of group @tgid, which need not be there any more. */
static int quota_tell(int cpu, int tgid, struct __sched_quota_info *info)
{
	int64_t budget, period;
	int group, err;

	*info = (struct __sched_quota_info){ .tgid = tgid };
	for (group = 0; group < KEEL_GROUPS; group++) {
		err = -keel_group_get(cpu, group, &budget, &period);
		if (err)
			return err;
		info->quota_sum += percent(budget, period);
		if (group == tgid)
			info->quota = info->quota_peak = percent(budget, period);
	}
	return 0;
}

/* Its period; ESRCH: there is none. */
static int quota_find(int cpu, int tgid, int64_t *period)
{
	int64_t budget;
	int err = tgid < 0 || tgid >= KEEL_GROUPS ? ESRCH : -keel_group_get(cpu, tgid, &budget, period);

	return err ? err : budget ? 0 : ESRCH;
}

static int quota_change(int cpu, int tgid, int quota)
{
	int64_t period;
	int err = quota < 0 || quota > 100 ? EINVAL : quota_find(cpu, tgid, &period);

	return err ? err : -keel_group_set(cpu, tgid, budget_of(quota, period), period);
}

static int quota_remove(int cpu, int tgid)
{
	int64_t period;
	int err = quota_find(cpu, tgid, &period);

	return err ? err : -keel_group_set(cpu, tgid, 0, 0);
}

static int quota_set(int cpu, struct __sched_config_quota *q)
{
	int ret, tgid;

	switch (q->op) {
	case sched_quota_add:
		ret = keel_group_add(cpu, KEEL_BUDGET_MIN_NS, QUOTA_PERIOD_NS);
		return ret < 0 ? -ret : quota_tell(cpu, ret, &q->info);
	case sched_quota_remove:
	case sched_quota_force_remove:
		tgid = q->remove.tgid;
		ret = quota_remove(cpu, tgid);
		return ret ? ret : quota_tell(cpu, tgid, &q->info);
	case sched_quota_set:
		tgid = q->set.tgid;
		ret = quota_change(cpu, tgid, q->set.quota);
		return ret ? ret : quota_tell(cpu, tgid, &q->info);
	default:
		return EINVAL;
	}
}

static int quota_get(int cpu, struct __sched_config_quota *q, size_t *len)
{
	int64_t period;
	int err = *len < sizeof(*q) ? ENOSPC : quota_find(cpu, q->get.tgid, &period);

	if (!err)
		err = quota_tell(cpu, q->get.tgid, &q->info);
	if (!err)
		*len = sizeof(q->info);
	return err;
}

/* ---- both ------------------------------------------------------------------------------------------ */

int sched_setconfig_np(int cpu, int policy, const union sched_config *config, size_t len)
{
	if (posix_device_hold())
		return EOPNOTSUPP;
	if (policy == SCHED_TP)
		return tp_set(cpu, &config->tp, len);
	if (policy != SCHED_QUOTA || len < sched_quota_confsz())
		return EINVAL;
	return quota_set(cpu, &((union sched_config *)config)->quota);
}

ssize_t sched_getconfig_np(int cpu, int policy, union sched_config *config, size_t *len)
{
	if (posix_device_hold())
		return EOPNOTSUPP;
	if (policy == SCHED_TP)
		return tp_get(cpu, &config->tp, len);
	return policy == SCHED_QUOTA ? quota_get(cpu, &config->quota, len) : EINVAL;
}
