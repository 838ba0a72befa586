/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keel's native interface: real-time threads in user space.
 *
 * A thread of yours becomes a Keel thread by keel_thread_attach(). From then on it is either
 * hard (Keel runs it, Linux cannot delay it) or in-band (an ordinary Linux thread). Calls marked
 * "hardens" make it hard when it is not; any Linux system call, page fault or signal takes it
 * back in-band, which is counted, see keel_stats_get().
 *
 * All functions that return int give 0 or a negative errno. A call that needs an attached
 * thread returns -EPERM from any other; one that hardens returns -EAGAIN while Keel is stopped and
 * -EOPNOTSUPP when this thread cannot be hard, see keel_refusal(); one that blocks returns -EINTR
 * when a signal's handler ran that was not installed with SA_RESTART, or keel_thread_unblock()
 * ended its wait. Times are nanoseconds on CLOCK_MONOTONIC; unless called a duration they are
 * absolute. Priorities are 1 to 99, higher wins. After fork() the child's thread is not attached,
 * and mutexes stay with the parent.
 */
#ifndef KEEL_KEEL_H
#define KEEL_KEEL_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <keel/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the device ---------------------------------------------------------------- */

/* Open /dev/keel and check that library and module fit; one keel_close() is due for each success. An
 * attached thread keeps the device open by itself. -ENOENT: keel.ko is not loaded; -EACCES;
 * -EPROTONOSUPPORT: versions do not fit, after one line on stderr.
 * Context: any thread; in-band. */
int keel_open(void);

/* Give up one keel_open(). With the last user the process's mutexes go too.
 * Context: any thread; in-band. */
void keel_close(void);

/* ---- threads ------------------------------------------------------------------- */

struct keel_thread_attr {
	const char *name;		/* at most 15 bytes count; NULL: none */
	int prio;			/* 1 to 99 */
	int cpu;			/* -1: where it happens to run */
	size_t stack;			/* bytes; 0: the default of pthread_create() */
};

/* Make the caller a Keel thread and hard. Locks the process's memory, present and future,
 * touches 64 KB of stack, and gives the thread SCHED_FIFO with the same priority under Linux, and
 * the CPU if @cpu is not -1. -EALREADY: attached already; -EINVAL; -EPERM: it takes CAP_SYS_NICE
 * or RLIMIT_RTPRIO; -ENOMEM: the memory cannot be locked (RLIMIT_MEMLOCK, which is without end
 * afterwards if the caller may raise it); -EAGAIN: Keel is stopped, or serves KEEL_MAX_THREADS of
 * this process; and as keel_open().
 * Context: not attached; in-band, returns hard. */
int keel_thread_attach(const char *name, int prio, int cpu);

/* Undo it: scheduling and CPUs under Linux are again as they were. Happens by itself when the
 * thread exits. Context: attached; returns in-band. */
int keel_thread_detach(void);

/* pthread_create() of a thread that is attached and hard before @fn(@arg) starts. Errors of
 * attaching come back here, and then no thread is left. Join or detach it as any pthread.
 * Context: any thread; in-band; blocks until the thread is attached. */
int keel_thread_create(pthread_t *thread, const struct keel_thread_attr *attr,
		       void *(*fn)(void *arg), void *arg);

/* End the wait of the attached thread that Linux calls @tid, gettid() there, of this process: whatever Keel
 * call it waits in returns -EINTR, as with a signal, and a period stays due. Returns 1, or 0 when it
 * did not wait: then nothing happens, now or later. -ESRCH: there is no such thread.
 * Context: attached; hardens. */
int keel_thread_unblock(pid_t tid);

/* The attached thread that Linux calls @tid, of this process, stops where it would go back to user mode: what it
 * waits for until then is not touched, and when it is in-band it stops as it becomes hard. Adds up, until as
 * many resumes; the second returns 1, or 0 when it was not suspended. The caller may suspend itself: -EINTR, and
 * then it is not any more, when a signal came. Recalled by Linux it goes on until it is hard again.
 * -ESRCH; -EOVERFLOW: 65535 times. Context: attached; hardens. */
int keel_thread_suspend(pid_t tid);
int keel_thread_resume(pid_t tid);

/* New priority of that thread, in Keel only. -EINVAL: it is none, or its class has none; -ESRCH.
 * Context: attached; hardens. */
int keel_thread_priority_set(pid_t tid, int prio);

/* What that thread does now, see keel/list.h. -ESRCH; -EFAULT: @state is not the caller's memory.
 * Context: attached; hardens. */
int keel_thread_state(pid_t tid, struct keel_thread_state *state);

/* SIGXCPU for the caller for each of @what, KEEL_WARN_* of keel/notify.h, 0: none: Linux system calls and faults
 * that have taken it in-band, signals, mutexes that it keeps there. Returns what it was; -EINVAL.
 * Context: attached; hardens. */
int keel_thread_warn(int what);

/* New priority. In-band the Linux priority changes too, while hard only Keel's. -EPERM: it is above what the
 * caller might have when it was attached, by CAP_SYS_NICE or RLIMIT_RTPRIO.
 * Context: attached; hard or in-band. */
int keel_priority_set(int prio);

/* Move to @cpu. -EINVAL: Keel does not serve it.
 * Context: attached; goes in-band for it, returns as it was. */
int keel_cpu_set(int cpu);

/* Let others of the same priority run. Context: attached; hardens. */
int keel_yield(void);

/* ---- modes --------------------------------------------------------------------- */

/* Be hard now instead of at the next call that hardens. Context: attached; hardens. */
int keel_harden(void);

/* Be in-band, before a stretch of Linux system calls: one change of mode, and not counted as an
 * accident. Context: attached; returns in-band. */
int keel_relax(void);

/* 1 while hard, else 0. Context: any thread; changes nothing, no system call. */
int keel_is_hard(void);

/* Why the caller could not be hard, last time: KEEL_REFUSE_*.
 * Context: any thread; changes nothing, no system call. */
unsigned int keel_refusal(void);

/* ---- time ---------------------------------------------------------------------- */

/* Now. Never goes back within a thread. Context: any thread; changes nothing. */
int64_t keel_clock_ns(void);

/* Sleep until @ns, a time in the past returns at once. -EINVAL: negative; -EINTR: a signal came,
 * see above. While Keel is stopped Linux does the sleeping. Context: attached; hardens; blocks. */
int keel_sleep_until(int64_t ns);

/* The same on @clock, CLOCK_MONOTONIC or CLOCK_REALTIME, else -EINVAL. On CLOCK_REALTIME it follows
 * each set of that clock: set beyond @ns it ends the sleep, set back makes it longer. */
int keel_clocksleep(clockid_t clock, int64_t ns);

/* Sleep for the duration @ns. -EINVAL when it is negative; else as above. */
int keel_sleep(int64_t ns);

/* Release points @first + k * @period for the caller; @first 0: one period from now. @period is a
 * duration from 10 us to one hour, or 0 to switch off. -EINVAL. Context: attached; hardens. */
int keel_period_set(int64_t first, int64_t period);

/* Wait for the next release point. Points that had passed before the newest are added up in
 * @overruns (may be NULL): each return stands for 1 + @overruns points. -EWOULDBLOCK, the same as
 * -EAGAIN: no period set; -EINTR: a signal came, the point stays due.
 * Context: attached; hardens; blocks. */
int keel_period_wait(unsigned long *overruns);

/* ---- mutexes with priority inheritance ------------------------------------------ */

/* For the threads of one process. One that nobody contends is locked and unlocked without a system
 * call. An owner that goes in-band keeps it, and its boost. sync.h has what else there is. */
struct keel_mutex {
	unsigned int id;
};

/* KEEL_MUTEX_ERRORCHECK, without a ceiling. -ENOSPC: KEEL_MAX_OBJECTS are in use; -EBADF: no
 * keel_open(). Context: any thread; in-band. */
int keel_mutex_create(struct keel_mutex *mutex);

/* @kind: KEEL_MUTEX_*, of which KEEL_MUTEX_ROBUST may be or-ed in. @ceiling: 0, or the priority that
 * the owner has at least; then each lock is a call. -EINVAL: no such kind or priority. */
int keel_mutex_create_as(struct keel_mutex *mutex, int kind, int ceiling);

/* -EBUSY while it is locked or waited for; -EINVAL: there is none. Context: any thread; in-band. */
int keel_mutex_delete(struct keel_mutex *mutex);

/* 0, or -EOWNERDEAD: it is yours, but its owner died in the middle of something. -EDEADLK: it
 * would wait for itself, and is not of another kind; -EINTR: a signal came, it is not yours;
 * -ENOTRECOVERABLE, see keel_mutex_consistent(); -EAGAIN: a recursive one is locked 65535 times;
 * -EINVAL: there is none, or your priority is above its ceiling; -EPERM: you may not have its ceiling.
 * Context: attached; hardens; blocks. */
int keel_mutex_lock(struct keel_mutex *mutex);

/* The same until @deadline, on CLOCK_MONOTONIC or @clock, which may be CLOCK_REALTIME: -ETIMEDOUT.
 * Context: attached; hardens; blocks. */
int keel_mutex_timedlock(struct keel_mutex *mutex, int64_t deadline);
int keel_mutex_clocklock(struct keel_mutex *mutex, clockid_t clock, int64_t deadline);

/* Never blocks: -EBUSY when it is taken. Context: attached; hardens. */
int keel_mutex_trylock(struct keel_mutex *mutex);

/* -EPERM when it is not the caller's. Context: attached; hardens. */
int keel_mutex_unlock(struct keel_mutex *mutex);

/* You got a robust one with -EOWNERDEAD and have set right what it protects. Without this its unlock
 * makes it useless: -ENOTRECOVERABLE for all. -EPERM: it is not yours; -EINVAL: nothing to set
 * right. Context: attached; hardens. */
int keel_mutex_consistent(struct keel_mutex *mutex);

/* Change a ceiling; returns the old one. -EINVAL: it has none; -EPERM: you, or its owner, may not
 * have that. Context: attached; hardens. */
int keel_mutex_ceiling_set(struct keel_mutex *mutex, int ceiling);

/* ---- what happened -------------------------------------------------------------- */

struct keel_stats {
	uint64_t mode_switches;		/* times it left hard mode, for any reason */
	uint64_t relaxes[KEEL_RELAX_REASONS];	/* the same by reason, KEEL_RELAX_* */
	uint64_t hardens;		/* times it became hard */
	uint64_t switches;		/* times Keel gave it a CPU: when it left hard mode last */
	uint64_t overruns;		/* release points missed in all: likewise */
	uint64_t last_ip;		/* where it was when it left hard mode last */
	uint64_t last_fault;		/* address of the last page fault in hard mode */
	uint32_t last_reason;		/* KEEL_RELAX_* */
	uint32_t refusal;		/* KEEL_REFUSE_* */
};

/* The caller's counters. Context: attached; changes nothing, no system call. */
int keel_stats_get(struct keel_stats *stats);

/* Put a mark of one's own, @number and @value, into the kernel's trace: event keel_mark, with the same
 * clock as all others. Costs little while nobody watches. Context: attached; hard or in-band, stays so. */
int keel_trace_mark(uint32_t number, int64_t value);

/* A few words for KEEL_RELAX_* and KEEL_REFUSE_*; never NULL. Context: any thread. */
const char *keel_strreason(unsigned int reason);
const char *keel_strrefusal(unsigned int refusal);

#ifdef __cplusplus
}
#endif

#endif
