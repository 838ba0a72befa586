// SPDX-License-Identifier: GPL-2.0
/*
 * keel latency. This thread stays an ordinary one of Linux: it prints a line a second, and ends
 * the measurement.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "keel.h"
#include "latency.h"

#define SECOND		1000000000LL
#define PERIOD_MAX_US	1000000		/* the end of the measurement waits for one period */

enum { KEY_JSON = 0x100, KEY_IRQ, KEY_KTHREAD };

static const struct argp_option option_table[] = {
	{ .name = "irq", .key = KEY_IRQ,
	  .doc = "Measure Keel's timer interrupt in place of a user-space thread" },
	{ .name = "kernel", .key = KEY_KTHREAD,
	  .doc = "Measure a kernel thread in place of a user-space thread" },
	{ .name = "period", .key = 'p', .arg = "US", .doc = "Period in us (1000)" },
	{ .name = "priority", .key = 'P', .arg = "PRIO", .doc = "Priority, 1 to 99 (90)" },
	{ .name = "cpu", .key = 'c', .arg = "CPU", .doc = "CPU (the one it is started on)" },
	{ .name = "time", .key = 't', .arg = "SECONDS", .doc = "End after so many seconds" },
	{ .name = "samples", .key = 'n', .arg = "N", .doc = "End after so many samples" },
	{ .name = "histogram", .key = 'h', .doc = "Draw a histogram at the end" },
	{ .name = "json", .key = KEY_JSON, .arg = "FILE",
	  .doc = "Write the result to FILE; - is the standard output, text then goes to the "
		 "standard error" },
	{ .name = "quiet", .key = 'q', .doc = "Print no line a second, only the summary" },
	{ 0 }
};

static int64_t parse_number(struct argp_state *state, const char *what, const char *arg,
			    int64_t low, int64_t high)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(arg, &end, 10);
	if (errno || end == arg || *end || value < low || value > high)
		argp_error(state, "%s is %lld to %lld, not %s", what, (long long)low,
			   (long long)high, arg);
	return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct latency_options *o = state->input;

	switch (key) {
	case KEY_IRQ:
		o->source = &irq_source;
		return 0;
	case KEY_KTHREAD:
		o->source = &kthread_source;
		return 0;
	case KEY_JSON:
		o->json = arg;
		return 0;
	case 'p':
		o->period_ns = 1000 * parse_number(state, "the period in us", arg,
						   KEEL_PERIOD_MIN_NS / 1000, PERIOD_MAX_US);
		return 0;
	case 'P':
		o->prio = parse_number(state, "a priority", arg, KEEL_PRIO_MIN, KEEL_PRIO_MAX);
		return 0;
	case 'c':
		o->cpu = parse_number(state, "a CPU", arg, 0, CPU_SETSIZE - 1);
		return 0;
	case 't':
		o->seconds = parse_number(state, "the time in seconds", arg, 1, 1000000000);
		return 0;
	case 'n':
		o->samples = parse_number(state, "the number of samples", arg, 1, UINT32_MAX);
		return 0;
	case 'h':
		o->histogram = 1;
		return 0;
	case 'q':
		o->quiet = 1;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "too many arguments: %s", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int64_t minimum(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How long to leave the source alone: to the next line, to the end, or until the last sample may
 * be there. */
static int64_t pause_ns(const struct latency_options *o, const struct latency_snapshot *s,
			int64_t line, int64_t end)
{
	int64_t now = keel_clock_ns();
	int64_t until = minimum(line, end);

	if (o->samples) {
		int64_t missing = o->samples - s->samples + LATENCY_WARM_UP;

		if (missing < SECOND / o->period_ns)
			until = minimum(until, now + missing * o->period_ns);
	}
	return until > now ? until - now : 0;
}

/* Look at the source until it has ended, the time is over, or a signal asks for an end. 0, or
 * -1 when the source broke. */
static int watch(const struct latency_options *o, const sigset_t *signals)
{
	struct latency_snapshot s = { 0 };
	int64_t begin = keel_clock_ns(), line = begin + SECOND;
	int64_t end = o->seconds ? begin + o->seconds * SECOND : INT64_MAX;

	for (;;) {
		int64_t ns = pause_ns(o, &s, line, end);
		struct timespec ts = { .tv_sec = ns / SECOND, .tv_nsec = ns % SECOND };

		if (sigtimedwait(signals, NULL, &ts) > 0)
			return 0;
		if (o->source->look(&s) < 0)
			return -1;
		if (keel_clock_ns() >= line) {
			if (!o->quiet)
				report_line(o, &s, (line - begin) / SECOND);
			line += SECOND;
		}
		if (s.ended || keel_clock_ns() >= end)
			return 0;
	}
}

static int report(const struct latency_options *o, const struct latency_snapshot *s,
		  struct histogram *histogram)
{
	struct histogram_list list;
	int err;

	err = histogram_to_list(histogram, s->max_ns, &list);
	if (err) {
		complain("histogram", -err);
		return -1;
	}
	report_summary(o, s, &list);
	if (o->histogram)
		report_histogram(o, s, &list);
	if (o->json)
		err = report_json(o, s, &list);
	free(list.entries);
	return err;
}

static int run(const struct latency_options *o)
{
	static struct histogram histogram;
	struct latency_snapshot s = { 0 };
	sigset_t signals;
	int broken;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);	/* the measuring thread inherits it */
	if (o->source->start(o) < 0)
		return STATUS_FAILED;
	broken = watch(o, &signals) < 0;
	broken |= o->source->finish(&s, &histogram) < 0;
	if (!s.samples) {
		fprintf(stderr, "keel: ended before there was a sample\n");
		return STATUS_FAILED;
	}
	broken |= report(o, &s, &histogram) < 0;
	return broken ? STATUS_FAILED : 0;
}

int cmd_latency(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse,
		.doc = "Measure how late a periodic thread is: the time right after it woke, less "
		       "the time it was due. Ends after -t seconds or -n samples, or with Ctrl-C.",
	};
	struct latency_options options = {
		.source = &user_source,
		.period_ns = 1000000,
		.prio = 90,
		.cpu = sched_getcpu(),
	};

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	return run(&options);
}
