/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Xenomai's testing devices, as programs that can also sample in the kernel speak to them. Keel has no such device:
 * open() of one fails, -1 with ENOENT, and such a program says so or samples in a task.
 */
#ifndef RTDM_TESTING_H
#define RTDM_TESTING_H

#include <fcntl.h>		/* programs count on this, and on the next */
#include <sys/ioctl.h>
#include <stdint.h>
#include <xeno_config.h>

#ifndef RTDM_CLASS_TESTING
#define RTDM_CLASS_TESTING	6
typedef uint64_t nanosecs_abs_t;
typedef int64_t nanosecs_rel_t;
#endif

#define RTTST_PROFILE_VER	2

/* Who samples. */
#define RTTST_TMBENCH_TASK	0
#define RTTST_TMBENCH_HANDLER	1

struct rttst_tmbench_config {
	int mode;
	int priority;
	nanosecs_rel_t period;
	int warmup_loops;
	int histogram_size;
	int histogram_bucketsize;
	int freeze_max;
};

struct rttst_bench_res {
	long long avg;		/* ns */
	long min;
	long max;
	long overruns;
	long test_loops;
};

struct rttst_interm_bench_res {
	struct rttst_bench_res last;
	struct rttst_bench_res overall;
};

struct rttst_overall_bench_res {
	struct rttst_bench_res result;
	long *histogram_avg;
	long *histogram_min;
	long *histogram_max;
	void *unused;
};

#define RTTST_RTIOC_INTERM_BENCH_RES	_IOWR(RTDM_CLASS_TESTING, 0x00, struct rttst_interm_bench_res)
#define RTTST_RTIOC_TMBENCH_START	_IOW(RTDM_CLASS_TESTING, 0x10, struct rttst_tmbench_config)
#define RTTST_RTIOC_TMBENCH_STOP	_IOWR(RTDM_CLASS_TESTING, 0x11, struct rttst_overall_bench_res)

#endif
