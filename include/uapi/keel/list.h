/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What there is now: KEEL_IOC_LIST [3]. Each record is of one moment; different ones are not, as the
 * system runs on meanwhile. A caller sees what belongs to its own user, CAP_SYS_ADMIN all.
 * Times are ns on CLOCK_MONOTONIC; process and thread ids are those of the caller's pid namespace.
 */
#ifndef KEEL_UAPI_LIST_H
#define KEEL_UAPI_LIST_H

#include <linux/types.h>

#define KEEL_LIST_THREADS	1	/* struct keel_thread_info */
#define KEEL_LIST_OBJECTS	2	/* struct keel_object_info */
#define KEEL_LIST_TIMERS	3	/* struct keel_timer_info */
#define KEEL_LIST_CPUS		4	/* struct keel_cpu_info, of all who ask */
#define KEEL_LIST_RELAXES	5	/* struct keel_relax_info */
#define KEEL_LIST_HEAPS		6	/* struct keel_heap_info, one for each process that has it */
#define KEEL_LIST_MAX		16384	/* records in one request */

struct keel_list {
	__u32 kind;			/* in */
	__u32 size;			/* in: of a record as the caller knows it, a multiple of 8, at most ours */
	__u32 room;			/* in: records at data */
	__u32 count;			/* out: those that there are; the first room of them were stored */
	__u64 data;			/* in */
	__u64 pad;			/* 0 */
};

#define KEEL_STATE_NEW		0	/* was not hard yet */
#define KEEL_STATE_READY	1
#define KEEL_STATE_RUNNING	2
#define KEEL_STATE_WAITING	3
#define KEEL_STATE_INBAND	4

struct keel_thread_info {
	__u32 pid, tid, uid;
	__s32 cpu;
	__s32 base_prio, prio;		/* prio: the effective one; above 99: EDF, the scheduler lock; 0: held */
	__u32 state;			/* KEEL_STATE_* */
	__u32 waits_type;		/* of the object it waits for, or 0 */
	__u32 waits_id;
	__u32 waits_owner;		/* tid of who has that, or 0 */
	__u32 holds;			/* 1: mutexes, and Keel knows of it */
	__u32 last_reason;		/* KEEL_RELAX_* */
	__u64 run_ns;			/* hard and on a CPU */
	__u64 switches;			/* times given a CPU */
	__u64 mode_switches;		/* times it became hard */
	__u64 relaxes[8];		/* by KEEL_RELAX_* */
	__u64 overruns;			/* periods missed */
	__s64 until_ns;			/* its wait ends then at the latest; 0: no timer runs */
	__s64 period_ns;		/* 0: none */
	__s64 release_ns;		/* next point of its grid */
	char name[16];
	__u32 sched_class;		/* KEEL_CLASS_*, with the next three as KEEL_IOC_SCHED_GET has them */
	__u32 group;
	__s64 budget_ns;
	__s64 budget_period_ns;
	__u64 budget_overruns;		/* budgets used up, windows that closed too early for it */
	__s64 budget_left_ns;		/* in the present period, slice or window; below 0: lent time used */
	__s64 budget_of_ns;		/* of how much, quota: of its group, tp: its window; 0: no end */
};

/* KEEL_CALL_THREAD_STATE [3]: of a thread of the process, for one that stays hard. */
struct keel_thread_state {
	__s32 cpu;
	__s32 base_prio;
	__u32 state;			/* KEEL_STATE_* */
	__u32 waits;			/* 1: for an object; 0: for a time, or not at all */
	__u64 run_ns;			/* hard and on a CPU */
	__u64 switches;			/* times given a CPU */
	__s64 until_ns;			/* its wait ends then at the latest; 0: no timer runs */
};

#define KEEL_RELAX_STACK	16

/* How often a thread left hard mode at one address, likely called from one place, while the process has
 * the device open. A process has room for 256 of these: KEEL_RELAX_NONE counts those that found none.
 * ip, fault and stack of one that may not dump core are 0. */
struct keel_relax_info {
	__u32 pid, tid, uid;
	__u32 reason;			/* KEEL_RELAX_* */
	__u64 ip;			/* of the instruction; behind it, for a Keel call */
	__u64 count;
	__u64 fault;			/* of the last: the address that faulted, or 0 */
	__s64 last_ns;
	__u64 stack[KEEL_RELAX_STACK];	/* of the last: what lay on top */
	char name[16];
};

struct keel_heap_info {
	__u32 pid, uid;
	__u32 id;
	__u32 pad;
	__u64 size;			/* bytes, as the next two */
	__u64 used;
	__u64 largest;			/* of a free block; no other one is larger by a sixteenth */
	char name[32];			/* if it is shared by one */
};

struct keel_object_info {
	__u32 pid, uid;
	__u32 type, id;			/* of KEEL_IOC_OBJECT_CREATE */
	__u32 owner;			/* tid of who has a mutex, or writes under a read-write lock; or 0 */
	__u32 value;			/* mutex: depth; sem: count; event: bits; rwlock: readers; barrier: arrived;
					 * queue: messages; buffer, heap: bytes */
	__u32 limit;			/* mutex: ceiling; sem: maximum; barrier: how many meet; queue, buffer, heap: the
					 * same, at most */
	__u32 kind;			/* mutex: KEEL_MUTEX_* */
};

#define KEEL_TIMER_WAIT		1	/* ends a thread's wait */
#define KEEL_TIMER_SHARE	2	/* Linux's share of a CPU */
#define KEEL_TIMER_WATCHDOG	3
#define KEEL_TIMER_LINUX	4	/* Linux's own deadline */

struct keel_timer_info {
	__u32 type;			/* KEEL_TIMER_* */
	__s32 cpu;
	__u32 pid, tid;			/* of a thread, or 0 */
	__s64 deadline_ns;
	__s64 interval_ns;		/* 0: once */
	char name[16];
};

struct keel_cpu_info {
	__s32 cpu;
	__s32 prio;			/* of who runs; 0: Linux */
	__u32 tid;			/* likewise */
	__u32 hard;			/* threads that are hard there */
	__s64 now_ns;
	__u64 run_ns;			/* of all hard threads */
	__u64 logged;			/* interrupts held back for Linux */
	__u64 leaks;			/* Linux stalled in user mode: must be 0 */
	__u64 flushes;			/* asked for by other CPUs */
	__u64 slices;			/* given to Linux, see linux_share */
};

#endif
