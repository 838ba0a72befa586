// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Scheduling classes. A weak thread is an ordinary one under Linux, the others have their priority there.
 */
#include <keel/sched.h>
#include "core.h"

static void set_linux(const struct keel_sched *s)
{
	struct sched_param param = { .sched_priority = s->prio };

	if (s->sched_class == KEEL_CLASS_WEAK)
		sched_setscheduler(s->tid, SCHED_OTHER, &(struct sched_param){ 0 });
	else if (s->prio)
		sched_setscheduler(s->tid, SCHED_FIFO, &param);
}

/* Hard again afterwards if it was; a weak one becomes so by itself. */
static int own_request(unsigned long request, struct keel_sched *req)
{
	int hard, err, again = 0;

	if (!libkeel_self.window)
		return -EPERM;
	hard = libkeel_self.window->hard;
	keel_relax();
	err = libkeel_ioctl(request, req);
	if (!err && request == KEEL_IOC_SCHED_SET)
		set_linux(req);
	if (hard && (err || req->sched_class != KEEL_CLASS_WEAK))
		again = libkeel_harden();
	return err ? err : again;
}

int keel_thread_sched_set(const struct keel_sched *sched)
{
	struct keel_sched req = *sched;

	req.tid = 0;
	return own_request(KEEL_IOC_SCHED_SET, &req);
}

int keel_thread_sched_get(struct keel_sched *sched)
{
	sched->tid = 0;
	return own_request(KEEL_IOC_SCHED_GET, sched);
}

int keel_sched_set(pid_t tid, const struct keel_sched *sched)
{
	struct keel_sched req = *sched;
	int err;

	req.tid = tid;
	err = tid > 0 ? libkeel_ioctl(KEEL_IOC_SCHED_SET, &req) : -ESRCH;
	if (!err)
		set_linux(&req);
	return err;
}

int keel_sched_get(pid_t tid, struct keel_sched *sched)
{
	sched->tid = tid;
	return tid > 0 ? libkeel_ioctl(KEEL_IOC_SCHED_GET, sched) : -ESRCH;
}

int keel_group_set(int cpu, unsigned int group, int64_t budget, int64_t period)
{
	struct keel_group req = { .cpu = cpu, .group = group, .budget_ns = budget, .period_ns = period };

	return libkeel_ioctl(KEEL_IOC_GROUP_SET, &req);
}

int keel_group_add(int cpu, int64_t budget, int64_t period)
{
	struct keel_group req = { .cpu = cpu, .budget_ns = budget, .period_ns = period };
	int err = libkeel_ioctl(KEEL_IOC_GROUP_ADD, &req);

	return err ? err : (int)req.group;
}

int keel_group_get(int cpu, unsigned int group, int64_t *budget, int64_t *period)
{
	struct keel_group req = { .cpu = cpu, .group = group };
	int err = libkeel_ioctl(KEEL_IOC_GROUP_GET, &req);

	if (err)
		return err;
	*budget = req.budget_ns;
	*period = req.period_ns;
	return 0;
}

int keel_frame_get(struct keel_frame *frame)
{
	return libkeel_ioctl(KEEL_IOC_FRAME_GET, frame);
}

int keel_frame_set(const struct keel_frame *frame)
{
	struct keel_frame req = *frame;

	return libkeel_ioctl(KEEL_IOC_FRAME_SET, &req);
}

int keel_sched_lock(void)
{
	return libkeel_call(KEEL_CALL_SCHED_LOCK, 0, 0);
}

int keel_sched_unlock(void)
{
	return libkeel_call(KEEL_CALL_SCHED_UNLOCK, 0, 0);
}
