/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keel latency: options, where samples come from, and what becomes of them. A source runs by
 * itself between start and finish; the command only looks at it now and then.
 */
#ifndef TOOLS_KEEL_LATENCY_H
#define TOOLS_KEEL_LATENCY_H

#include <keel/keel.h>
#include "histogram.h"

#define LATENCY_WARM_UP	5	/* first periods, not counted; the kernel's sources do the same */

struct latency_options {
	const struct latency_source *source;
	int64_t period_ns;
	int prio;
	int cpu;
	int64_t seconds;		/* 0: no limit */
	uint64_t samples;		/* 0: no limit */
	int histogram;
	int quiet;
	const char *json;		/* file, "-", or NULL */
};

struct latency_snapshot {
	uint64_t samples;
	uint64_t overruns;
	uint64_t mode_switches;
	int64_t min_ns;
	int64_t max_ns;
	int64_t sum_ns;
	int ended;			/* by itself: has its samples, or an error */
	struct keel_stats stats;	/* of a user thread, when it has ended */
};

struct latency_source {
	const char *what;
	/* Print a message and return -1 when it cannot be started. */
	int (*start)(const struct latency_options *options);
	/* Print a message and return -1 when it cannot go on. */
	int (*look)(struct latency_snapshot *snapshot);
	/* Stop, take the last snapshot and the histogram. Message and -1 as above. */
	int (*finish)(struct latency_snapshot *snapshot, struct histogram *histogram);
};

extern const struct latency_source user_source;
extern const struct latency_source irq_source;
extern const struct latency_source kthread_source;

/* report.c; all but report_json() print text to stdout, or stderr when stdout gets JSON. */
void report_line(const struct latency_options *options, const struct latency_snapshot *s,
		 int64_t seconds);
void report_summary(const struct latency_options *options, const struct latency_snapshot *s,
		    const struct histogram_list *list);
void report_histogram(const struct latency_options *options, const struct latency_snapshot *s,
		      const struct histogram_list *list);

/* 0, or -1 after a message. */
int report_json(const struct latency_options *options, const struct latency_snapshot *s,
		const struct histogram_list *list);

#endif
