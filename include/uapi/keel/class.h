/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Scheduling classes [3]: KEEL_IOC_SCHED_SET and KEEL_IOC_SCHED_GET of the caller's own thread or another
 * of its process, KEEL_IOC_THREAD_CHANGE of any of the caller's user, KEEL_IOC_GROUP_SET, _ADD and _GET and
 * KEEL_IOC_FRAME_SET and _GET for a CPU. Times are ns.
 */
#ifndef KEEL_UAPI_CLASS_H
#define KEEL_UAPI_CLASS_H

#include <linux/types.h>

#define KEEL_CLASS_FIFO		0
#define KEEL_CLASS_RR		1	/* budget: the slice */
#define KEEL_CLASS_EDF		2	/* budget in each period, its deadline; without a priority */
#define KEEL_CLASS_SPORADIC	3	/* budget in each period at prio, else low_prio */
#define KEEL_CLASS_QUOTA	4	/* group */
#define KEEL_CLASS_TP		5	/* group: the partition */
#define KEEL_CLASS_WEAK		6	/* in-band but for calls on objects; without a priority */
#define KEEL_CLASSES		7

#define KEEL_GROUPS		16	/* of a CPU, from 0 */
#define KEEL_PARTITIONS		16
#define KEEL_WINDOWS_MAX	32
#define KEEL_REPL_MAX		8
#define KEEL_BUDGET_MIN_NS	1000

/* What a class does not have is 0. */
struct keel_sched {
	__u32 sched_class;		/* KEEL_CLASS_* */
	__s32 prio;
	__s32 low_prio;			/* sporadic */
	__u32 max_repl;			/* sporadic: 1 to KEEL_REPL_MAX replenishments under way */
	__u32 group;			/* quota, partitions */
	__u32 tid;			/* 0: the caller. Another's is set where it is now */
	__s64 budget_ns;
	__s64 period_ns;		/* KEEL_PERIOD_MIN_NS to KEEL_PERIOD_MAX_NS */
	__u64 run_ns;			/* out of get, else 0: on a CPU of Keel's */
	__u64 switches;			/* likewise: times given one */
	__u64 mode_switches;		/* likewise: times it became hard */
	__u64 budget_overruns;		/* likewise: budgets used up, windows that closed too early for it */
};

#define KEEL_CHANGE_PRIO	1	/* sched.prio; what is not named is 0 */
#define KEEL_CHANGE_CPU		2	/* cpu; with the task's affinity. It goes in-band once */
#define KEEL_CHANGE_CLASS	3	/* sched, as KEEL_IOC_SCHED_SET has it of another thread */
#define KEEL_CHANGE_SUSPEND	4	/* as KEEL_CALL_THREAD_SUSPEND, RESUME and UNBLOCK, and 0 for any value above */
#define KEEL_CHANGE_RESUME	5
#define KEEL_CHANGE_UNBLOCK	6

/* The task's own policy and priority in Linux are the caller's to set. CAP_SYS_NICE: any user's, and above
 * what the thread might have when it was attached; without it no more than the task's RLIMIT_RTPRIO, or than its
 * priority in Linux. */
struct keel_thread_change {
	__s32 tid;			/* in: of the caller's pid namespace */
	__u32 what;			/* in: KEEL_CHANGE_* */
	__s32 cpu;			/* in */
	__u32 pad;
	struct keel_sched sched;	/* in */
};

struct keel_group {
	__s32 cpu;
	__u32 group;			/* add: 0, and out: the first that there was not */
	__s64 budget_ns;		/* of all its threads; 0: no such group (any more). Get: 0, and out, with the next */
	__s64 period_ns;		/* of one with threads it stays */
};

struct keel_frame_window {
	__s32 partition;		/* -1: nobody's */
	__u32 pad;
	__s64 length_ns;
};

struct keel_frame {
	__s32 cpu;
	__u32 count;			/* of windows; 0: no partition runs. Get: out, with the windows */
	struct keel_frame_window windows[KEEL_WINDOWS_MAX];
};

#endif
