/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libkeel-posix has beyond POSIX: see keel-posix(7). Errors are positive, as those of pthread_*().
 */
#ifndef KEEL_POSIX_H
#define KEEL_POSIX_H

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <keel/class.h>
#include <keel/config.h>
#include <keel/keel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- modes ------------------------------------------------------------------------- */

#define PTHREAD_WARNSW		0x1	/* SIGDEBUG tells the thread what takes it in-band */
#define PTHREAD_LOCK_SCHED	0x2	/* no other hard thread gets its CPU while it runs there */

/* Of the caller: clear, then set; what it was goes to @before unless that is NULL. EPERM: it is no real-time
 * thread, or the core does not serve it; EINVAL. Context: a real-time thread; hardens. */
int pthread_setmode_np(int clear, int set, int *before);

/*
 * The signal, a real-time thread's own. The watchdog's comes without having been asked for; without a handler
 * it ends the process. Of a siginfo_t, sigdebug_marker() says whether it is Keel's, and sigdebug_reason() why.
 */
#ifndef SIGDEBUG
#define SIGDEBUG			SIGXCPU
#define SIGDEBUG_MIGRATE_SYSCALL	KEEL_RELAX_SYSCALL
#define SIGDEBUG_MIGRATE_FAULT		KEEL_RELAX_FAULT
#define SIGDEBUG_MIGRATE_SIGNAL		KEEL_RELAX_SIGNAL
#define SIGDEBUG_WATCHDOG		KEEL_RELAX_WATCHDOG
#define SIGDEBUG_NOMLOCK		KEEL_WARNED_MEMORY	/* a page fault, without mlockall() */
#define SIGDEBUG_MIGRATE_PRIOINV	KEEL_WARNED_OWNER	/* in-band it has what a better one waits for */
#endif
#ifndef SIGDEBUG_RESCNT_IMBALANCE
#define SIGDEBUG_RESCNT_IMBALANCE	KEEL_WARNED_UNLOCK	/* it unlocked a lock that it has not */
#endif

#define sigdebug_marker(info)							\
	((info)->si_code == SI_QUEUE && ((info)->si_int & ~0xffff) == KEEL_WARNED)
#define sigdebug_reason(info)	((info)->si_int & 0xffff)

/* ---- scheduling ---------------------------------------------------------------------- */

/* Policies of the core's; under Linux these threads have SCHED_FIFO. keel/sched.h says what each does. */
#ifndef SCHED_SPORADIC
#define SCHED_SPORADIC		10
#endif
#define SCHED_TP		11
#define SCHED_QUOTA		12

/* Groups and the windows of partitions are made by sched_setconfig_np(), keel/config.h, or by what keel/sched.h has. */
struct sched_param_ex {
	int sched_priority;
	int sched_ss_low_priority;	/* SCHED_SPORADIC, with the next three */
	int sched_ss_max_repl;
	struct timespec sched_ss_repl_period;
	struct timespec sched_ss_init_budget;
	struct timespec sched_rr_quantum; /* SCHED_RR; 0: Linux's */
	int sched_tp_partition;		/* SCHED_TP */
	int sched_quota_group;		/* SCHED_QUOTA */
};

/* Policy and parameters of @thread, which need not be a real-time one if it is the caller. EINVAL: out of
 * range, or no such group; EPERM, from Linux; ESRCH: another's that is no real-time thread; EOPNOTSUPP: Keel does
 * not serve it. get takes these as well, for others than the caller's. Context: any thread; goes in-band. */
int pthread_setschedparam_ex(pthread_t thread, int policy, const struct sched_param_ex *param);
int pthread_getschedparam_ex(pthread_t thread, int *policy, struct sched_param_ex *param);

struct sched_attr;

/* As Linux's system calls of that name, @pid 0 or a real-time thread of the process; -1 and errno. With
 * SCHED_DEADLINE the core serves the thread by its deadline: sched_period is 0 or sched_deadline; EBUSY: the CPU
 * has no room for it. All other policies are handed to Linux. Context: any thread; goes in-band. */
int sched_setattr(pid_t pid, struct sched_attr *attr, unsigned int flags);
int sched_getattr(pid_t pid, struct sched_attr *attr, unsigned int size, unsigned int flags);

#ifdef __cplusplus
}
#endif

#endif
