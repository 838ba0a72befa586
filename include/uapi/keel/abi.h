/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What keel.ko and user space say to each other.
 *
 * Three doors: ioctl() on /dev/keel for in-band requests, one lseek() that parks the caller
 * and makes it hard, and Keel calls: system calls numbered from KEEL_CALL_BASE which only a hard
 * thread may issue (an in-band caller gets -ENOSYS from Linux and hardens first). All times
 * are absolute nanoseconds on CLOCK_MONOTONIC. Padding must be zero. What level 2 brought is
 * marked [2], level 3 [3].
 */
#ifndef KEEL_UAPI_ABI_H
#define KEEL_UAPI_ABI_H

#include <linux/types.h>
#include <linux/ioctl.h>
#include <keel/class.h>
#include <keel/list.h>
#include <keel/messaging.h>
#include <keel/mutex.h>
#include <keel/notify.h>
#include <keel/rtp.h>

/* A library built for level L runs on a module with BASE <= L <= LEVEL. */
#define KEEL_ABI_BASE		1
#define KEEL_ABI_LEVEL		3

#define KEEL_DEVICE		"/dev/keel"
#define KEEL_NAME_LEN		16
#define KEEL_MAX_THREADS	256	/* attached at once in one process */
#define KEEL_MAX_MUTEXES	1024	/* of one process; [2]: KEEL_MAX_OBJECTS */
#define KEEL_MAX_OBJECTS	1024	/* of all types, of one process */
#define KEEL_PRIO_MIN		1
#define KEEL_PRIO_MAX		99	/* higher wins, as in SCHED_FIFO */
#define KEEL_PERIOD_MIN_NS	10000
#define KEEL_PERIOD_MAX_NS	3600000000000LL

/* lseek(fd, KEEL_PARK_HARDEN, SEEK_SET): 0 once hard; EINTR, EAGAIN (detached), EPERM, or
 * EOPNOTSUPP when this thread cannot be hard (keel_window.refusal says why). */
#define KEEL_PARK_HARDEN	0x4b01

/*
 * Keel calls; args in rdi, rsi, rdx, r10. Return >= 0 or a negative errno; -EINVAL for an id that is
 * none, or another type's. @until: absolute ns or KEEL_FOREVER; on CLOCK_REALTIME when
 * KEEL_REALTIME is or-ed to the call's first id; [3]: then they follow each set of that clock.
 */
#define KEEL_CALL_BASE		0x104b0000
#define KEEL_CALL_RELAX		(KEEL_CALL_BASE + 0)	/* () -> 0, in-band */
#define KEEL_CALL_SLEEP_UNTIL	(KEEL_CALL_BASE + 1)	/* (abs ns, 0 or KEEL_SLEEP_SIGNAL) */
#define KEEL_CALL_PERIOD_SET	(KEEL_CALL_BASE + 2)	/* (first abs ns or 0, period ns; 0: off) */
#define KEEL_CALL_PERIOD_WAIT	(KEEL_CALL_BASE + 3)	/* () -> periods missed */
#define KEEL_CALL_MUTEX_LOCK	(KEEL_CALL_BASE + 4)	/* (id, abs ns or KEEL_FOREVER) */
#define KEEL_CALL_MUTEX_TRYLOCK	(KEEL_CALL_BASE + 5)	/* (id) */
#define KEEL_CALL_MUTEX_UNLOCK	(KEEL_CALL_BASE + 6)	/* (id) */
#define KEEL_CALL_PRIORITY_SET	(KEEL_CALL_BASE + 7)	/* (priority) */
#define KEEL_CALL_CLOCK		(KEEL_CALL_BASE + 8)	/* () -> ns */
#define KEEL_CALL_YIELD		(KEEL_CALL_BASE + 9)	/* () */
/* [2] */
#define KEEL_CALL_MUTEX_CONSISTENT (KEEL_CALL_BASE + 10) /* (id) */
#define KEEL_CALL_MUTEX_CEILING	(KEEL_CALL_BASE + 11)	/* (id, priority) -> the one before */
#define KEEL_CALL_COND_WAIT	(KEEL_CALL_BASE + 12)	/* (id, mutex id, until) */
#define KEEL_CALL_COND_SIGNAL	(KEEL_CALL_BASE + 13)	/* (id) -> [3] how many go on */
#define KEEL_CALL_COND_BROADCAST (KEEL_CALL_BASE + 14)	/* (id) -> [3] how many go on */
#define KEEL_CALL_SEM_WAIT	(KEEL_CALL_BASE + 15)	/* (id, until) */
#define KEEL_CALL_SEM_TRYWAIT	(KEEL_CALL_BASE + 16)	/* (id) */
#define KEEL_CALL_SEM_POST	(KEEL_CALL_BASE + 17)	/* (id) */
#define KEEL_CALL_SEM_BROADCAST	(KEEL_CALL_BASE + 18)	/* (id) -> how many went on */
#define KEEL_CALL_SEM_FLUSH	(KEEL_CALL_BASE + 19)	/* (id) -> how many got -ECANCELED */
#define KEEL_CALL_SEM_COUNT	(KEEL_CALL_BASE + 20)	/* (id) -> count */
#define KEEL_CALL_EVENT_WAIT	(KEEL_CALL_BASE + 21)	/* (id, bits | mode << 32, until) -> bits */
#define KEEL_CALL_EVENT_TRYWAIT	(KEEL_CALL_BASE + 22)	/* (id, bits | mode << 32) -> bits */
#define KEEL_CALL_EVENT_POST	(KEEL_CALL_BASE + 23)	/* (id, bits) */
#define KEEL_CALL_EVENT_BROADCAST (KEEL_CALL_BASE + 24)	/* (id, bits) -> how many went on */
#define KEEL_CALL_EVENT_CLEAR	(KEEL_CALL_BASE + 25)	/* (id, bits) -> bits before */
#define KEEL_CALL_RWLOCK_READ	(KEEL_CALL_BASE + 26)	/* (id, until) */
#define KEEL_CALL_RWLOCK_WRITE	(KEEL_CALL_BASE + 27)	/* (id, until) */
#define KEEL_CALL_RWLOCK_TRYREAD (KEEL_CALL_BASE + 28)	/* (id) */
#define KEEL_CALL_RWLOCK_TRYWRITE (KEEL_CALL_BASE + 29)	/* (id) */
#define KEEL_CALL_RWLOCK_UNLOCK	(KEEL_CALL_BASE + 30)	/* (id) */
#define KEEL_CALL_BARRIER_WAIT	(KEEL_CALL_BASE + 31)	/* (id, until) -> 1 for one of them */
#define KEEL_CALL_SET_WAIT	(KEEL_CALL_BASE + 32)	/* (id, until) -> who is ready, a bit each */
/* [3] */
#define KEEL_CALL_CLOCK_SLEEP	(KEEL_CALL_BASE + 33)	/* (0 or KEEL_REALTIME | KEEL_SLEEP_SIGNAL, until) */
/* [3], see messaging.h; the first four arguments, and up to two more in r10 and r9 */
#define KEEL_CALL_QUEUE_SEND	(KEEL_CALL_BASE + 34)	/* (id, from, size | priority << 32, until) */
#define KEEL_CALL_QUEUE_RECEIVE	(KEEL_CALL_BASE + 35)	/* (id, to, room, until) -> size | priority << 32 */
#define KEEL_CALL_QUEUE_ALLOC	(KEEL_CALL_BASE + 36)	/* (id, until) -> slot */
#define KEEL_CALL_QUEUE_PASS	(KEEL_CALL_BASE + 37)	/* (id, slot, size | priority << 32) */
#define KEEL_CALL_QUEUE_TAKE	(KEEL_CALL_BASE + 38)	/* (id, until) -> slot | priority << 16 | size << 32 */
#define KEEL_CALL_QUEUE_FREE	(KEEL_CALL_BASE + 39)	/* (id, slot) */
#define KEEL_CALL_QUEUE_NOTIFY	(KEEL_CALL_BASE + 40)	/* (id, semaphore's id, 0, or KEEL_NOTIFY_ASK) */
#define KEEL_CALL_QUEUE_COUNT	(KEEL_CALL_BASE + 41)	/* (id) -> messages */
#define KEEL_CALL_BUFFER_WRITE	(KEEL_CALL_BASE + 42)	/* (id, from, size, until) -> bytes */
#define KEEL_CALL_BUFFER_READ	(KEEL_CALL_BASE + 43)	/* (id, to, size, until) -> bytes */
#define KEEL_CALL_BUFFER_COUNT	(KEEL_CALL_BASE + 44)	/* (id) -> bytes */
#define KEEL_CALL_CHANNEL_SEND	(KEEL_CALL_BASE + 45)	/* (id, from, size | room << 32, until, to) -> size */
#define KEEL_CALL_CHANNEL_RECEIVE (KEEL_CALL_BASE + 46)	/* (id, to, room, until) -> flow | size << 32 */
#define KEEL_CALL_CHANNEL_REPLY	(KEEL_CALL_BASE + 47)	/* (id, flow, from, size) */
#define KEEL_CALL_HEAP_ALLOC	(KEEL_CALL_BASE + 48)	/* (id, size, until) -> offset in its area */
#define KEEL_CALL_HEAP_FREE	(KEEL_CALL_BASE + 49)	/* (id, offset) */
#define KEEL_CALL_THREAD_UNBLOCK (KEEL_CALL_BASE + 50) /* (tid) -> 1 when it waited */
#define KEEL_CALL_SCHED_LOCK	(KEEL_CALL_BASE + 51)	/* () */
#define KEEL_CALL_SCHED_UNLOCK	(KEEL_CALL_BASE + 52)	/* () */
/* [3], see rtp.h; until 0: -EAGAIN instead of a wait */
#define KEEL_CALL_PIPE_WRITE	(KEEL_CALL_BASE + 53)	/* (id, from, size, until) */
#define KEEL_CALL_PIPE_READ	(KEEL_CALL_BASE + 54)	/* (id, to, room, until) -> size */
#define KEEL_CALL_PIPE_FLUSH	(KEEL_CALL_BASE + 55)	/* (id, KEEL_PIPE_TO_*) -> how many */
#define KEEL_CALL_PROXY_WRITE	(KEEL_CALL_BASE + 56)	/* (id, from, size, until) */
#define KEEL_CALL_PROXY_LOST	(KEEL_CALL_BASE + 57)	/* (id) -> messages */
#define KEEL_CALL_EVENTFD_SIGNAL (KEEL_CALL_BASE + 58)	/* (id) */
#define KEEL_CALL_TRACE_MARK	(KEEL_CALL_BASE + 59)	/* (number, value) */
#define KEEL_CALL_POLL		(KEEL_CALL_BASE + 60)	/* (struct keel_poll[], how many, until) -> how many are */
/* [3] */
#define KEEL_CALL_MUTEX_CLOSE	(KEEL_CALL_BASE + 61)	/* (id): nobody's now; waits end with -EIDRM; -EBUSY: another's */
#define KEEL_CALL_MUTEX_OWNER	(KEEL_CALL_BASE + 62)	/* (id) -> tid, or 0 */
#define KEEL_CALL_HEAP_USED	(KEEL_CALL_BASE + 63)	/* (id) -> bytes */
#define KEEL_CALL_WAITERS	(KEEL_CALL_BASE + 64)	/* (object id) -> how many wait, of a queue or buffer: to receive */
/* [3] A thread of the process: suspended it stops where it would go back to user mode, which adds up with
 * what it waits for; until as many resumes. The caller itself: -EINTR, and it is not, when a signal came. */
#define KEEL_CALL_THREAD_SUSPEND (KEEL_CALL_BASE + 65)	/* (tid) */
#define KEEL_CALL_THREAD_RESUME	(KEEL_CALL_BASE + 66)	/* (tid) -> 1 when it was suspended */
#define KEEL_CALL_THREAD_PRIORITY (KEEL_CALL_BASE + 67)	/* (tid, priority) */
#define KEEL_CALL_THREAD_WARN	(KEEL_CALL_BASE + 68)	/* (warnings) -> before; see notify.h */
/* [3], see notify.h */
#define KEEL_CALL_SIGNAL_WAIT	(KEEL_CALL_BASE + 69)	/* (set, until) -> signal and code */
#define KEEL_CALL_SIGNAL_SEND	(KEEL_CALL_BASE + 70)	/* (thread or 0, signal and code, value) */
#define KEEL_CALL_TIMER_SET	(KEEL_CALL_BASE + 71)	/* (id, until, interval) */
#define KEEL_CALL_TIMER_GET	(KEEL_CALL_BASE + 72)	/* (id) -> ns */
#define KEEL_CALL_TIMER_OVERRUN	(KEEL_CALL_BASE + 73)	/* (id) -> how many */
#define KEEL_CALL_TIMER_WAIT	(KEEL_CALL_BASE + 74)	/* (id, until) -> how many more */
#define KEEL_CALL_THREAD_STATE	(KEEL_CALL_BASE + 75)	/* (tid, to): struct keel_thread_state */
#define KEEL_CALL_COND_LEAVE	(KEEL_CALL_BASE + 76)	/* (id, mutex id, until): as COND_WAIT, but not taken again; nk_cond_wait_leave() */
#define KEEL_CALL_POLL_ONE	(KEEL_CALL_BASE + 77)	/* (object id, events, until) -> which of them */
#define KEEL_CALL_COUNT		78

#define KEEL_REALTIME		0x100000000ul

/* [3] Any signal's handler ends the sleep, also one with SA_RESTART: as nanosleep() has it. */
#define KEEL_SLEEP_SIGNAL	0x200000000ul

#define KEEL_FOREVER		0x7fffffffffffffffLL

/* Why a thread left hard mode. */
#define KEEL_RELAX_NONE		0
#define KEEL_RELAX_CALL		1	/* it asked to */
#define KEEL_RELAX_SYSCALL	2	/* a Linux system call */
#define KEEL_RELAX_FAULT	3	/* an exception, a page fault first of all */
#define KEEL_RELAX_SIGNAL	4	/* signal, ptrace, freezer, exit, other CPUs: Linux wanted it */
#define KEEL_RELAX_WATCHDOG	5	/* kept Linux off its CPU for too long */
#define KEEL_RELAX_DETACH	6	/* keel stop, rmmod or CPU offline */
#define KEEL_RELAX_REASONS	7

/* Why a thread may not become hard. */
#define KEEL_REFUSE_NONE	0
#define KEEL_REFUSE_32BIT	1
#define KEEL_REFUSE_LDT		2
#define KEEL_REFUSE_SINGLESTEP	3
#define KEEL_REFUSE_DEBUGREG	4	/* not given any more */
#define KEEL_REFUSE_IOPERM	5
#define KEEL_REFUSE_KVM		6
#define KEEL_REFUSE_CPU		7
#define KEEL_REFUSE_NOTSC	8	/* PR_SET_TSC, ARCH_SET_CPUID */
#define KEEL_REFUSE_DISPATCH	9	/* PR_SET_SYSCALL_USER_DISPATCH */

/* One per attached thread, in the page range mapped from the device; written by Keel. */
struct keel_window {
	__u32 hard;			/* 1 while hard */
	__u32 last_reason;		/* KEEL_RELAX_* */
	__u64 relaxes[KEEL_RELAX_REASONS]; /* by reason */
	__u64 hardens;
	__u64 switches;			/* times given a CPU by Keel */
	__u64 overruns;			/* periods missed in all */
	__u64 last_ip;			/* user address of the last relax */
	__u64 last_fault;		/* address of the last page fault in hard mode */
	__u32 refusal;			/* KEEL_REFUSE_* */
	__u32 pad;
	__u64 signal_value;		/* [3] of the last signal, with the next two */
	__u32 signal_timer;
	__u32 signal_overrun;
};

#define KEEL_WINDOW_SIZE	128
#define KEEL_WINDOWS_SIZE	(KEEL_WINDOW_SIZE * KEEL_MAX_THREADS)

/*
 * The clock, in the page mapped from KEEL_CLOCK_OFFSET, read-only, the same for all:
 * ns = base_ns + (((TSC - cycle_last) * mult + fraction) >> shift), all read while seq is
 * even and unchanged. It equals CLOCK_MONOTONIC. Not valid: ask Linux.
 */
#define KEEL_CLOCK_OFFSET	0x100000

struct keel_clock {
	__u32 seq;
	__u32 valid;
	__u32 mult;
	__u32 shift;
	__u64 cycle_last;
	__u64 fraction;
	__s64 base_ns;
	__u64 spare[3];
};

struct keel_info {
	__u32 abi_base;			/* out */
	__u32 abi_level;		/* out */
	__u32 windows_size;		/* out: bytes to mmap() at offset 0 */
	__u32 attached;			/* out: 1 when the pipeline is in place */
	__u32 cpus;			/* out */
	__u32 refusal;			/* out: KEEL_REFUSE_* that holds for every thread */
	char release[64];		/* out: Keel's version */
};

struct keel_attach {
	__u32 abi_level;		/* in: the caller's */
	__s32 prio;			/* in */
	__s32 cpu;			/* in: -1: where it runs */
	__u32 index;			/* out: window */
	char name[KEEL_NAME_LEN];	/* in */
};

struct keel_thread_set {
	__s32 prio;			/* in: 0 keeps it */
	__s32 cpu;			/* in: -1 keeps it */
};

struct keel_mutex_req {
	__u32 id;			/* out of create, in of delete */
	__u32 pad;
};

/* [2], [3] Types of objects, KEEL_IOC_OBJECT_CREATE. What args[] are, and what a delete answers. */
#define KEEL_MUTEX		1	/* KEEL_MUTEX_*, ceiling or 0; -EBUSY: held or waited for */
#define KEEL_COND		2	/* [3] 0 or KEEL_FIFO; waits end with -EIDRM, as with the next two */
#define KEEL_SEM		3	/* count, its maximum up to KEEL_SEM_MAX; [3] | KEEL_SEM_PULSE, | KEEL_FIFO */
#define KEEL_EVENT		4	/* bits, [3] 0 or KEEL_FIFO */
#define KEEL_RWLOCK		5	/* -EBUSY: held or waited for */
#define KEEL_BARRIER		6	/* how many meet; -EBUSY: somebody waits */
#define KEEL_SET		7	/* 1 to KEEL_SET_MAX, ids in the array at data */
/* [3] An id is deleted at once; the object itself, if it has a name, by KEEL_IOC_NAME_DELETE. */
#define KEEL_QUEUE		8	/* how many messages, their size at most; waits end with -EIDRM */
#define KEEL_BUFFER		9	/* bytes; so here, */
#define KEEL_CHANNEL		10	/* how many messages on their way, the size of each; here */
#define KEEL_HEAP		11	/* bytes, 0 or KEEL_FIFO; and here */
/* [3] With a part in Linux, see rtp.h; waits end with -EIDRM. */
#define KEEL_PIPE		12	/* places, size; data: its number, KEEL_PIPE_ANY; out: that; or KEEL_PIPE_BIND */
#define KEEL_PROXY		13	/* places, size; data: the file's descriptor */
#define KEEL_EVENTFD		14	/* data: its descriptor */
#define KEEL_TIMER		15	/* see notify.h; waits end with -EIDRM */
#define KEEL_TYPES		16

/* A mutex's kind. Robust may be or-ed in. */
#define KEEL_MUTEX_ERRORCHECK	0	/* a second lock by the owner: -EDEADLK */
#define KEEL_MUTEX_RECURSIVE	1
#define KEEL_MUTEX_NORMAL	2	/* waits for itself */
#define KEEL_MUTEX_ROBUST	4

#define KEEL_EVENT_ANY		0	/* one of the bits asked for */
#define KEEL_EVENT_ALL		1	/* each of them */
#define KEEL_EVENT_EXACT	2	/* each of them and no other */
#define KEEL_EVENT_CONSUME	4	/* or-ed in: the bits that were met are cleared */

#define KEEL_NOTIFY_ASK		0x4000000000000000ull	/* [3] no id: 1 while a notice is still to come, else 0 */
#define KEEL_SEM_MAX		0x7fffffff
#define KEEL_SEM_PULSE		0x80000000u	/* [3] or-ed to the count: a post is not counted; nobody waits: -EOVERFLOW */
#define KEEL_FIFO		0x80000000u	/* [3] who waits is served by time, not by priority */
#define KEEL_SET_MAX		32

struct keel_object {
	__u32 type;			/* in */
	__u32 id;			/* out of create, in of delete, never 0 */
	__u32 args[2];			/* in of create; else, and if the type has none, 0 */
	__u64 data;			/* in of create: a set's ids, __u32 each; or see types. [3] out of create: where
					 * in the device the area of a queue or heap can be mapped */
	__u64 pad;
};

/* [2] The heap, mapped from KEEL_HEAP_OFFSET to read and write: the word of the mutex with
 * this id stands at index id % KEEL_MAX_OBJECTS while id is the same there. [3] So do the count of a
 * semaphore with the maximum KEEL_SEM_MAX and no pulse, and the bits of an event: word and id, read and
 * changed as one of 64 bits; no id is there while Keel has it, see nucleus/value.c. Without a name. */
#define KEEL_HEAP_OFFSET	0x200000

struct keel_word {
	__u32 word;			/* KEEL_WORD_* */
	__u32 id;			/* 0: no mutex */
};

#define KEEL_HEAP_SIZE		(KEEL_MAX_OBJECTS * 8)

/* Latency of Keel's own timer handler (irq) or of a kernel thread, sampled in the kernel. */
#define KEEL_LATENCY_IRQ	0
#define KEEL_LATENCY_KTHREAD	1
#define KEEL_LATENCY_CELLS	16384	/* 1 ns each; the last counts all above */

struct keel_latency_start {
	__u32 kind;			/* in: KEEL_LATENCY_* */
	__s32 cpu;			/* in */
	__s32 prio;			/* in: for a kernel thread */
	__u32 pad;
	__s64 period_ns;		/* in */
	__u64 samples;			/* in: stop after so many; 0: go on */
};

struct keel_latency_read {
	__u64 cells;			/* in: __u32[KEEL_LATENCY_CELLS], or 0 */
	__u64 samples;			/* out */
	__u64 overruns;			/* out */
	__s64 min_ns;			/* out */
	__s64 max_ns;			/* out */
	__s64 sum_ns;			/* out */
};

/* [3] A mark of the program's own in the trace, made in-band; hard: KEEL_CALL_TRACE_MARK. */
struct keel_mark {
	__u32 number;			/* in */
	__u32 pad;
	__s64 value;			/* in */
};

#define KEEL_CONTROL_STOP	0
#define KEEL_CONTROL_START	1

struct keel_control {
	__u32 command;			/* in: KEEL_CONTROL_* */
	__u32 pad;
};

#define KEEL_IOC_MAGIC		0x4b
#define KEEL_IOC_INFO		_IOR(KEEL_IOC_MAGIC, 0, struct keel_info)
#define KEEL_IOC_ATTACH		_IOWR(KEEL_IOC_MAGIC, 1, struct keel_attach)
#define KEEL_IOC_DETACH		_IO(KEEL_IOC_MAGIC, 2)
#define KEEL_IOC_THREAD_SET	_IOW(KEEL_IOC_MAGIC, 3, struct keel_thread_set)
#define KEEL_IOC_MUTEX_CREATE	_IOR(KEEL_IOC_MAGIC, 4, struct keel_mutex_req)
#define KEEL_IOC_MUTEX_DELETE	_IOW(KEEL_IOC_MAGIC, 5, struct keel_mutex_req)
#define KEEL_IOC_LATENCY_START	_IOW(KEEL_IOC_MAGIC, 6, struct keel_latency_start)
#define KEEL_IOC_LATENCY_READ	_IOWR(KEEL_IOC_MAGIC, 7, struct keel_latency_read)
#define KEEL_IOC_LATENCY_STOP	_IO(KEEL_IOC_MAGIC, 8)
#define KEEL_IOC_CONTROL	_IOW(KEEL_IOC_MAGIC, 9, struct keel_control)
#define KEEL_IOC_OBJECT_CREATE	_IOWR(KEEL_IOC_MAGIC, 10, struct keel_object)
#define KEEL_IOC_OBJECT_DELETE	_IOW(KEEL_IOC_MAGIC, 11, struct keel_object)
#define KEEL_IOC_LIST		_IOWR(KEEL_IOC_MAGIC, 12, struct keel_list)
#define KEEL_IOC_NAME_CREATE	_IOWR(KEEL_IOC_MAGIC, 13, struct keel_name)
#define KEEL_IOC_NAME_BIND	_IOWR(KEEL_IOC_MAGIC, 14, struct keel_name)
#define KEEL_IOC_NAME_DELETE	_IOW(KEEL_IOC_MAGIC, 15, struct keel_name)
#define KEEL_IOC_SCHED_SET	_IOW(KEEL_IOC_MAGIC, 16, struct keel_sched)
#define KEEL_IOC_SCHED_GET	_IOWR(KEEL_IOC_MAGIC, 17, struct keel_sched)
#define KEEL_IOC_GROUP_SET	_IOW(KEEL_IOC_MAGIC, 18, struct keel_group)
#define KEEL_IOC_FRAME_SET	_IOW(KEEL_IOC_MAGIC, 19, struct keel_frame)
#define KEEL_IOC_TRACE_MARK	_IOW(KEEL_IOC_MAGIC, 20, struct keel_mark)
#define KEEL_IOC_FILE_CREATE	_IOWR(KEEL_IOC_MAGIC, 21, struct keel_file)
#define KEEL_IOC_FILE_BIND	_IOWR(KEEL_IOC_MAGIC, 22, struct keel_file)
#define KEEL_IOC_THREAD_CHANGE	_IOW(KEEL_IOC_MAGIC, 23, struct keel_thread_change)
#define KEEL_IOC_PROXY_DRAIN	_IOWR(KEEL_IOC_MAGIC, 24, struct keel_object)	/* type and id alone; data: lost ones */
#define KEEL_IOC_GROUP_ADD	_IOWR(KEEL_IOC_MAGIC, 25, struct keel_group)
#define KEEL_IOC_GROUP_GET	_IOWR(KEEL_IOC_MAGIC, 26, struct keel_group)
#define KEEL_IOC_FRAME_GET	_IOWR(KEEL_IOC_MAGIC, 27, struct keel_frame)

#ifndef __cplusplus
_Static_assert(sizeof(struct keel_window) == KEEL_WINDOW_SIZE, "keel_window");
_Static_assert(sizeof(struct keel_clock) == 64, "keel_clock");
_Static_assert(sizeof(struct keel_info) == 88, "keel_info");
_Static_assert(sizeof(struct keel_attach) == 32, "keel_attach");
_Static_assert(sizeof(struct keel_object) == 32, "keel_object");
_Static_assert(sizeof(struct keel_sched) == 72, "keel_sched");
_Static_assert(sizeof(struct keel_thread_change) == 88, "keel_thread_change");
_Static_assert(sizeof(struct keel_group) == 24, "keel_group");
_Static_assert(sizeof(struct keel_frame) == 520, "keel_frame");
_Static_assert(sizeof(struct keel_list) == 32, "keel_list");
_Static_assert(sizeof(struct keel_thread_info) == 232, "keel_thread_info");
_Static_assert(sizeof(struct keel_relax_info) == 192, "keel_relax_info");
_Static_assert(sizeof(struct keel_heap_info) == 72, "keel_heap_info");
_Static_assert(sizeof(struct keel_object_info) == 32, "keel_object_info");
_Static_assert(sizeof(struct keel_timer_info) == 48, "keel_timer_info");
_Static_assert(sizeof(struct keel_cpu_info) == 64, "keel_cpu_info");
_Static_assert(sizeof(struct keel_word) * KEEL_MAX_OBJECTS == KEEL_HEAP_SIZE, "keel_word");
_Static_assert(sizeof(struct keel_latency_start) == 32, "keel_latency_start");
_Static_assert(sizeof(struct keel_latency_read) == 48, "keel_latency_read");
#endif

#endif
