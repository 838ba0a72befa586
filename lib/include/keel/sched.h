/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scheduling classes. On a CPU these go before each other: who has the scheduler lock; who holds a mutex
 * that an EDF thread waits for; EDF threads, by deadline; all others by priority, 99 to 1, first come
 * first served: FIFO, round robin, sporadic, quota, partitions; weak ones have priority 1; Linux.
 *
 * Who is held by its class, having used its budget or outside its window, runs on all the same while
 * others wait for a mutex of its, with their priority. Times are ns, of run time for budgets. Errors
 * are as keel.h says, and change nothing.
 */
#ifndef KEEL_SCHED_H
#define KEEL_SCHED_H

#include <sys/types.h>
#include <keel/keel.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The caller's class, see keel/class.h for what each takes; from KEEL_CLASS_FIFO, which it has at first,
 * and back. It is admitted to the CPU on which the call is made, so set that before; on one that has no
 * room for it, it does not become hard: -EBUSY from calls that harden.
 *
 *	KEEL_CLASS_RR		behind its equals after a slice of budget_ns
 *	KEEL_CLASS_EDF		at most budget_ns in each period_ns; what wakes up gets a deadline a period
 *				away, unless what is left of its last budget suits the last deadline.
 *				-EBUSY: all on this CPU together would exceed the module's edf_percent
 *	KEEL_CLASS_SPORADIC	the sporadic server of POSIX: prio while it has budget, else low_prio
 *	KEEL_CLASS_QUOTA	held when its group has used its budget, until that comes back
 *	KEEL_CLASS_TP		held outside the windows of its partition
 *	KEEL_CLASS_WEAK		becomes hard for calls on objects and goes in-band behind each, unless it
 *				holds a mutex; under Linux it is an ordinary thread
 *
 * -EINVAL: out of range, or no such group; -EPERM: above what it may have, as keel_priority_set();
 * EDF is above all. Context: attached; goes in-band for it, returns as it was. */
int keel_thread_sched_set(const struct keel_sched *sched);

/* What the caller has, and what it has run. Context: attached; goes in-band for it, returns as it was. */
int keel_thread_sched_get(struct keel_sched *sched);

/* The same for the thread of the process that Linux calls @tid, whatever it does: one that waits goes on
 * waiting, as one of its new class. It is admitted to the CPU where it is hard, or was last. -ESRCH: there
 * is none, or not attached. Context: any thread after keel_open(); in-band. */
int keel_sched_set(pid_t tid, const struct keel_sched *sched);
int keel_sched_get(pid_t tid, struct keel_sched *sched);

/* Quota group @group of @cpu, of the whole system: @budget in each @period; 0: no more. While it has threads
 * the budget may change, from the next period on, and nothing else. -EINVAL; -EBUSY: it has threads; -EPERM: it
 * takes CAP_SYS_NICE; -EBADF: no keel_open().
 * Context: any thread; in-band. */
int keel_group_set(int cpu, unsigned int group, int64_t budget, int64_t period);

/* The first group of @cpu that nobody has set up: its number. -ENOSPC: there is none, or errors as above.
 * Context: any thread; in-band. */
int keel_group_add(int cpu, int64_t budget, int64_t period);

/* What a group has; budget 0: nobody has set it up. -EINVAL; -EBADF. Context: any thread; in-band. */
int keel_group_get(int cpu, unsigned int group, int64_t *budget, int64_t *period);

/* The windows of a CPU, of the whole system, from now on. Errors as above.
 * Context: any thread; in-band. */
int keel_frame_set(const struct keel_frame *frame);

/* Those that CPU frame->cpu has; count 0: none. -EINVAL; -EBADF. Context: any thread; in-band. */
int keel_frame_get(struct keel_frame *frame);

/* No other hard thread gets the caller's CPU while it runs there, until as many unlocks; in-band and
 * in waits others do. Linux gets its share. -EPERM: it is not locked, or the caller may not have
 * the highest priority; -EOVERFLOW: 65535 times.
 * Context: attached; hardens. */
int keel_sched_lock(void);
int keel_sched_unlock(void);

#ifdef __cplusplus
}
#endif

#endif
