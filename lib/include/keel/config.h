/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time partitions and quota groups of a CPU by the names that Cobalt has for them. Part of libkeel-posix, included by
 * keel/posix.h. keel/sched.h has what is beneath, for all the system.
 */
#ifndef KEEL_CONFIG_H
#define KEEL_CONFIG_H

#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- partitions -------------------------------------------------------------------- */

enum {
	sched_tp_install,	/* these windows; what ran before stops */
	sched_tp_uninstall,
	sched_tp_start,		/* from the first window on */
	sched_tp_stop,		/* no partition runs; they can be started again */
};

/* They follow each other without a gap. */
struct sched_tp_window {
	struct timespec offset;
	struct timespec duration;
	int ptid;		/* the partition; -1: nobody's */
};

struct __sched_config_tp {
	int op;
	int nr_windows;
	struct sched_tp_window windows[0];
};

#define sched_tp_confsz(count)	(sizeof(struct __sched_config_tp) + (count) * sizeof(struct sched_tp_window))

/* ---- groups -------------------------------------------------------------------------- */

enum {
	sched_quota_add,
	sched_quota_remove,
	sched_quota_force_remove,	/* as remove */
	sched_quota_set,
	sched_quota_get,
};

/* Percent of the group's period, 10 ms if it was added here. Unused time is not saved up: the peak is the quota. */
struct __sched_config_quota {
	int op;
	union {
		struct {
			int pshared;	/* all groups are the system's */
		} add;
		struct {
			int tgid;
		} remove;
		struct {
			int tgid;
			int quota;
			int quota_peak;
		} set;
		struct {
			int tgid;
		} get;
	};
	struct __sched_quota_info {
		int tgid;
		int quota;
		int quota_peak;
		int quota_sum;	/* of all groups of the CPU */
	} info;			/* out */
};

#define sched_quota_confsz()	sizeof(struct __sched_config_quota)

union sched_config {
	struct __sched_config_tp tp;
	struct __sched_config_quota quota;
};

/* ---- both ------------------------------------------------------------------------------ */

/* Of @policy SCHED_TP or SCHED_QUOTA on @cpu; @len: of @config, whose quota.info is written. Windows that are
 * installed and do not run are known to the process that installed or stopped them. 0, or EINVAL: out of range, or
 * @len too short; EPERM: it takes CAP_SYS_NICE; ENOSPC: no more groups; ESRCH: no such group; EBUSY: it has threads;
 * EOPNOTSUPP: no Keel. Context: any thread; in-band. */
int sched_setconfig_np(int cpu, int policy, const union sched_config *config, size_t len);

/* The windows, none if @len becomes 0, or quota.info of quota.get.tgid. @len: what @config has room for, and
 * out: what was written. 0, or errors as above; ENOSPC: it is too short. Context: any thread; in-band. */
ssize_t sched_getconfig_np(int cpu, int policy, union sched_config *config, size_t *len);

#ifdef __cplusplus
}
#endif

#endif
