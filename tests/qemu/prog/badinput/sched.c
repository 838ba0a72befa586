// SPDX-License-Identifier: GPL-2.0
/*
 * Scheduling classes, groups and windows: what is out of range, does not fit, or is not the caller's.
 */
#include <sched.h>
#include "badinput.h"

#define SCHED(...) KEEL_IOC_SCHED_SET, &(struct keel_sched){ __VA_ARGS__ }
#define GROUP(...) KEEL_IOC_GROUP_SET, &(struct keel_group){ __VA_ARGS__ }
#define ADD(...) KEEL_IOC_GROUP_ADD, &(struct keel_group){ __VA_ARGS__ }
#define GET(...) KEEL_IOC_GROUP_GET, &(struct keel_group){ __VA_ARGS__ }
#define WINDOWS(...) KEEL_IOC_FRAME_GET, &(struct keel_frame){ __VA_ARGS__ }
#define FRAME(...) KEEL_IOC_FRAME_SET, &(struct keel_frame){ __VA_ARGS__ }
#define CHANGE(...) KEEL_IOC_THREAD_CHANGE, &(struct keel_thread_change){ __VA_ARGS__ }
#define WINDOW(...) { .count = 2, .windows = { { .length_ns = MS }, { __VA_ARGS__ } } }
#define FRAME_OF(...) KEEL_IOC_FRAME_SET, &(struct keel_frame)WINDOW(__VA_ARGS__)

#define WAYS 3

static const int in_rodata;

static const struct request requests[] = {
	{ "class, not attached", SCHED(.prio = 10), -EPERM },
	{ "class of init", SCHED(.prio = 10, .tid = 1), -ESRCH },
	{ "class of -1", SCHED(.prio = 10, .tid = -1), -ESRCH },
	{ "class, not attached, not zero", SCHED(.prio = 10, .tid = 1, .run_ns = 1), -EINVAL },
	{ "class, no pointer", KEEL_IOC_SCHED_SET, NULL, -EFAULT },
	{ "get the class, not attached", KEEL_IOC_SCHED_GET, &(struct keel_sched){ .tid = 0 }, -EPERM },
	{ "get the class of init", KEEL_IOC_SCHED_GET, &(struct keel_sched){ .tid = 1 }, -ESRCH },
	{ "get the class, read-only", KEEL_IOC_SCHED_GET, (void *)&in_rodata, -EFAULT },
	{ "group, no pointer", KEEL_IOC_GROUP_SET, NULL, -EFAULT },
	{ "group of CPU -1", GROUP(.cpu = -1, .budget_ns = MS, .period_ns = MS), -EINVAL },
	{ "group of CPU 2 of 2", GROUP(.cpu = 2, .budget_ns = MS, .period_ns = MS), -EINVAL },
	{ "group 16", GROUP(.group = KEEL_GROUPS, .budget_ns = MS, .period_ns = MS), -EINVAL },
	{ "group -1", GROUP(.group = -1, .budget_ns = MS, .period_ns = MS), -EINVAL },
	{ "group, budget -1", GROUP(.budget_ns = -1, .period_ns = MS), -EINVAL },
	{ "group, budget too small", GROUP(.budget_ns = KEEL_BUDGET_MIN_NS - 1, .period_ns = MS), -EINVAL },
	{ "group, budget above the period", GROUP(.budget_ns = MS + 1, .period_ns = MS), -EINVAL },
	{ "group, period too short", GROUP(.budget_ns = 5000, .period_ns = KEEL_PERIOD_MIN_NS - 1), -EINVAL },
	{ "group, period too long", GROUP(.budget_ns = MS, .period_ns = KEEL_PERIOD_MAX_NS + 1), -EINVAL },
	{ "no group, a period", GROUP(.period_ns = MS), -EINVAL },
	{ "add a group, no pointer", KEEL_IOC_GROUP_ADD, NULL, -EFAULT },
	{ "add a group, read-only", KEEL_IOC_GROUP_ADD, (void *)&in_rodata, -EFAULT },
	{ "add a group, CPU -1", ADD(.cpu = -1, .budget_ns = MS, .period_ns = MS), -EINVAL },
	{ "add a group, CPU 2 of 2", ADD(.cpu = 2, .budget_ns = MS, .period_ns = MS), -EINVAL },
	{ "add a group, numbered", ADD(.group = 1, .budget_ns = MS, .period_ns = MS), -EINVAL },
	{ "add a group, no budget", ADD(.period_ns = MS), -EINVAL },
	{ "add a group, budget above the period", ADD(.budget_ns = MS + 1, .period_ns = MS), -EINVAL },
	{ "get a group, no pointer", KEEL_IOC_GROUP_GET, NULL, -EFAULT },
	{ "get a group, CPU -1", GET(.cpu = -1), -EINVAL },
	{ "get a group, CPU 2 of 2", GET(.cpu = 2), -EINVAL },
	{ "get group 16", GET(.group = KEEL_GROUPS), -EINVAL },
	{ "get group -1", GET(.group = -1), -EINVAL },
	{ "get a group, a budget", GET(.budget_ns = MS), -EINVAL },
	{ "get windows, no pointer", KEEL_IOC_FRAME_GET, NULL, -EFAULT },
	{ "get windows of CPU -1", WINDOWS(.cpu = -1), -EINVAL },
	{ "get windows of CPU 2 of 2", WINDOWS(.cpu = 2), -EINVAL },
	{ "change, no pointer", KEEL_IOC_THREAD_CHANGE, NULL, -EFAULT },
	{ "change, kernel address", KEEL_IOC_THREAD_CHANGE, (void *)0xffffffff81000000ul, -EFAULT },
	{ "change nothing", CHANGE(.tid = 1, .sched.prio = 10), -EINVAL },
	{ "change, unknown", CHANGE(.tid = 1, .what = 4, .sched.prio = 10), -EINVAL },
	{ "change, two at once", CHANGE(.tid = 1, .what = -1, .sched.prio = 10), -EINVAL },
	{ "change, padding", CHANGE(.tid = 1, .what = KEEL_CHANGE_PRIO, .sched.prio = 10, .pad = 1), -EINVAL },
	{ "change of thread 0", CHANGE(.what = KEEL_CHANGE_PRIO, .sched.prio = 10), -ESRCH },
	{ "change of thread -1", CHANGE(.tid = -1, .what = KEEL_CHANGE_PRIO, .sched.prio = 10), -ESRCH },
	{ "change of no thread", CHANGE(.tid = 1 << 30, .what = KEEL_CHANGE_CPU), -ESRCH },
	{ "change of init's class", CHANGE(.tid = 1, .what = KEEL_CHANGE_CLASS, .sched.prio = 10), -ESRCH },
	{ "change of init's priority", CHANGE(.tid = 1, .what = KEEL_CHANGE_PRIO, .sched.prio = 10), -ESRCH },
	{ "change of init's CPU", CHANGE(.tid = 1, .what = KEEL_CHANGE_CPU), -ESRCH },
	{ "suspend init", CHANGE(.tid = 1, .what = KEEL_CHANGE_SUSPEND), -ESRCH },
	{ "resume init", CHANGE(.tid = 1, .what = KEEL_CHANGE_RESUME), -ESRCH },
	{ "unblock init", CHANGE(.tid = 1, .what = KEEL_CHANGE_UNBLOCK), -ESRCH },
	{ "suspend and CPU", CHANGE(.tid = 1, .what = KEEL_CHANGE_SUSPEND, .cpu = 1), -EINVAL },
	{ "resume and priority", CHANGE(.tid = 1, .what = KEEL_CHANGE_RESUME, .sched.prio = 10), -EINVAL },
	{ "change, priority 0", CHANGE(.tid = 1, .what = KEEL_CHANGE_PRIO), -EINVAL },
	{ "change, priority 100", CHANGE(.tid = 1, .what = KEEL_CHANGE_PRIO, .sched.prio = 100), -EINVAL },
	{ "change, priority and CPU", CHANGE(.tid = 1, .what = KEEL_CHANGE_PRIO, .cpu = 1, .sched.prio = 10),
	  -EINVAL },
	{ "change, priority and group", CHANGE(.tid = 1, .what = KEEL_CHANGE_PRIO, .sched.prio = 10,
	  .sched.group = 1), -EINVAL },
	{ "change, class and CPU", CHANGE(.tid = 1, .what = KEEL_CHANGE_CLASS, .cpu = 1, .sched.prio = 10),
	  -EINVAL },
	{ "change to CPU -1", CHANGE(.tid = 1, .what = KEEL_CHANGE_CPU, .cpu = -1), -EINVAL },
	{ "change to CPU 2 of 2", CHANGE(.tid = 1, .what = KEEL_CHANGE_CPU, .cpu = 2), -EINVAL },
	{ "change, CPU and priority", CHANGE(.tid = 1, .what = KEEL_CHANGE_CPU, .sched.prio = 10), -EINVAL },
	{ "windows, no pointer", KEEL_IOC_FRAME_SET, NULL, -EFAULT },
	{ "windows of CPU -1", FRAME(.cpu = -1), -EINVAL },
	{ "windows of CPU 2 of 2", FRAME(.cpu = 2), -EINVAL },
	{ "33 windows", FRAME(.count = KEEL_WINDOWS_MAX + 1), -EINVAL },
	{ "-1 windows", FRAME(.count = -1), -EINVAL },
	{ "window of -2", FRAME_OF(.partition = -2, .length_ns = MS), -EINVAL },
	{ "window of partition 16", FRAME_OF(.partition = KEEL_PARTITIONS, .length_ns = MS), -EINVAL },
	{ "window of no length", FRAME_OF(.length_ns = 0), -EINVAL },
	{ "window too short", FRAME_OF(.length_ns = KEEL_PERIOD_MIN_NS - 1), -EINVAL },
	{ "window too long", FRAME_OF(.length_ns = KEEL_PERIOD_MAX_NS + 1), -EINVAL },
	{ "window, padding", FRAME_OF(.length_ns = MS, .pad = 1), -EINVAL },
};

static const struct refused {
	struct keel_sched sched;
	int want;
} refused[] = {
	{ { .sched_class = KEEL_CLASSES, .prio = 10 }, -EINVAL },
	{ { .sched_class = -1, .prio = 10 }, -EINVAL },
	{ { .prio = 0 }, -EINVAL },
	{ { .prio = 100 }, -EINVAL },
	{ { .prio = -1 }, -EINVAL },
	{ { .prio = 10, .low_prio = 1 }, -EINVAL },
	{ { .prio = 10, .max_repl = 1 }, -EINVAL },
	{ { .prio = 10, .group = 1 }, -EINVAL },
	{ { .prio = 10, .budget_ns = MS }, -EINVAL },
	{ { .prio = 10, .period_ns = MS }, -EINVAL },
	{ { .prio = 10, .run_ns = 1 }, -EINVAL },
	{ { .prio = 10, .switches = 1 }, -EINVAL },
	{ { .prio = 10, .mode_switches = 1 }, -EINVAL },
	{ { .prio = 10, .budget_overruns = 1 }, -EINVAL },
	{ { .sched_class = KEEL_CLASS_RR, .prio = 10 }, -EINVAL },
	{ { .sched_class = KEEL_CLASS_RR, .prio = 10, .budget_ns = -1 }, -EINVAL },
	{ { .sched_class = KEEL_CLASS_EDF, .prio = 10, .budget_ns = MS, .period_ns = 2 * MS }, -EINVAL },
	{ { .sched_class = KEEL_CLASS_EDF, .budget_ns = 2 * MS, .period_ns = MS }, -EINVAL },
	{ { .sched_class = KEEL_CLASS_EDF, .budget_ns = -1, .period_ns = -1 }, -EINVAL },
	{ { .sched_class = KEEL_CLASS_EDF, .budget_ns = 96 * MS, .period_ns = 100 * MS }, -EBUSY },
	{ { .sched_class = KEEL_CLASS_SPORADIC, .prio = 10, .low_prio = 10, .max_repl = 1, .budget_ns = MS,
	    .period_ns = MS }, -EINVAL },
	{ { .sched_class = KEEL_CLASS_SPORADIC, .prio = 10, .low_prio = 1, .max_repl = KEEL_REPL_MAX + 1,
	    .budget_ns = MS, .period_ns = MS }, -EINVAL },
	{ { .sched_class = KEEL_CLASS_SPORADIC, .prio = 10, .low_prio = 1, .budget_ns = MS, .period_ns = MS },
	  -EINVAL },
	{ { .sched_class = KEEL_CLASS_QUOTA, .prio = 10, .group = KEEL_GROUPS }, -EINVAL },
	{ { .sched_class = KEEL_CLASS_QUOTA, .prio = 10, .group = 15 }, -EINVAL },	/* not set up */
	{ { .sched_class = KEEL_CLASS_TP, .prio = 10, .group = KEEL_PARTITIONS }, -EINVAL },
	{ { .sched_class = KEEL_CLASS_TP, .prio = 10, .budget_ns = MS }, -EINVAL },
	{ { .sched_class = KEEL_CLASS_WEAK, .prio = 10 }, -EINVAL },
};

static long set_by(int way, struct keel_sched s)
{
	struct keel_thread_change c = { .tid = gettid(), .what = KEEL_CHANGE_CLASS, .sched = s };

	s.tid = way ? gettid() : 0;
	return result(way == 2 ? ioctl(badinput_fd, KEEL_IOC_THREAD_CHANGE, &c) :
				 ioctl(badinput_fd, KEEL_IOC_SCHED_SET, &s));
}

/* The caller's, the same by its tid, and as a tool does it; it keeps what it has. */
static void refused_run(unsigned int class)
{
	struct keel_sched named = { .prio = 10, .tid = gettid() };
	struct keel_thread_change twice = { .tid = gettid(), .what = KEEL_CHANGE_CLASS, .sched = named };

	check(result(ioctl(badinput_fd, KEEL_IOC_THREAD_CHANGE, &twice)) == -EINVAL);
	for (int i = 0; i < WAYS * COUNT(refused); i++) {
		struct keel_sched now = { .tid = i % WAYS ? gettid() : 0 };

		if (set_by(i % WAYS, refused[i / WAYS].sched) != refused[i / WAYS].want)
			fail("class %u, row %d, way %d: not refused as it should be", class, i / WAYS, i % WAYS);
		check(ioctl(badinput_fd, KEEL_IOC_SCHED_GET, &now) == 0);
		check(now.sched_class == class);
		check(now.prio == (class == KEEL_CLASS_EDF ? 0 : 10));
	}
}

/* On one CPU: that of the request is where the caller is. */
void sched_test(void)
{
	struct keel_attach attach = { .abi_level = KEEL_ABI_LEVEL, .prio = 10, .cpu = -1, .name = "sched" };
	struct keel_sched edf = { .sched_class = KEEL_CLASS_EDF, .budget_ns = MS, .period_ns = 2 * MS };
	cpu_set_t before;

	requests_run("classes", requests, COUNT(requests));
	check(sched_getaffinity(0, sizeof(before), &before) == 0);
	bind_cpu(0);
	check(ioctl(badinput_fd, KEEL_IOC_ATTACH, &attach) >= 0);
	refused_run(KEEL_CLASS_FIFO);
	check(ioctl(badinput_fd, KEEL_IOC_SCHED_SET, &edf) == 0);
	refused_run(KEEL_CLASS_EDF);
	check(ioctl(badinput_fd, KEEL_IOC_DETACH) == 0);
	check(sched_setaffinity(0, sizeof(before), &before) == 0);
	printf("classes refused: %d\n", 2 * WAYS * COUNT(refused));
}
