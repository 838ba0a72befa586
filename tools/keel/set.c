// SPDX-License-Identifier: GPL-2.0
/*
 * keel set: class, priority and CPU of a thread of any process of the caller's user. What the thread
 * has in Linux follows, as the library has it: SCHED_FIFO with the priority, an ordinary one if weak.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "list.h"

struct options {
	struct keel_thread_change class, prio, cpu;
	int has_class;			/* which of them were given */
	int has_prio;
	int has_cpu;
	int tid;
};

static long number(struct argp_state *state, const char *what, const char *arg, long low, long high)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(arg, &end, 10);
	if (errno || end == arg || *end || value < low || value > high)
		argp_error(state, "%s %s is not within %ld..%ld", what, arg, low, high);
	return value;
}

static void class_given(struct options *o, struct argp_state *state, const char *name)
{
	int class = class_number(name);

	if (class < 0)
		argp_error(state, "no such class: %s", name);
	o->class.sched.sched_class = class;
	o->has_class = 1;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	struct keel_sched *s = &o->class.sched;

	switch (key) {
	case 'c':
		o->cpu.cpu = number(state, "CPU", arg, 0, 65535);
		o->has_cpu = 1;
		return 0;
	case 'C':
		class_given(o, state, arg);
		return 0;
	case 'p':
		o->prio.sched.prio = number(state, "priority", arg, KEEL_PRIO_MIN, KEEL_PRIO_MAX);
		o->has_prio = 1;
		return 0;
	case 'b':
		s->budget_ns = 1000 * number(state, "budget", arg, 1, KEEL_PERIOD_MAX_NS / 1000);
		return 0;
	case 'P':
		s->period_ns = 1000 * number(state, "period", arg, 1, KEEL_PERIOD_MAX_NS / 1000);
		return 0;
	case 'l':
		s->low_prio = number(state, "low priority", arg, KEEL_PRIO_MIN, KEEL_PRIO_MAX);
		return 0;
	case 'r':
		s->max_repl = number(state, "replenishments", arg, 1, KEEL_REPL_MAX);
		return 0;
	case 'g':
		s->group = number(state, "group", arg, 0, KEEL_GROUPS - 1);
		return 0;
	case ARGP_KEY_ARG:
		if (o->tid)
			argp_error(state, "too many arguments: %s", arg);
		o->tid = number(state, "TID", arg, 1, 1 << 30);
		return 0;
	case ARGP_KEY_END:
		if (!o->tid)
			argp_error(state, "which thread?");
		if (!o->has_class && !o->has_prio && !o->has_cpu)
			argp_error(state, "what is to be set?");
		if (!o->has_class && (s->budget_ns || s->period_ns || s->low_prio || s->max_repl || s->group))
			argp_error(state, "these parameters are a class's: which?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int change(int fd, int tid, struct keel_thread_change *c, unsigned int what, const char *name)
{
	c->tid = tid;
	c->what = what;
	if (!ioctl(fd, KEEL_IOC_THREAD_CHANGE, c))
		return 0;
	if (errno == EBUSY)
		fprintf(stderr, "keel: %s: no room for its class on that CPU\n", name);
	else
		complain(name, errno);
	return STATUS_FAILED;
}

static int set_linux(int tid, unsigned int class, int prio)
{
	struct sched_param param = { .sched_priority = class == KEEL_CLASS_WEAK ? 0 : prio };
	int policy = class == KEEL_CLASS_WEAK ? SCHED_OTHER : SCHED_FIFO;

	if ((class == KEEL_CLASS_WEAK || prio) && sched_setscheduler(tid, policy, &param)) {
		complain("set: the priority in Linux", errno);
		return STATUS_FAILED;
	}
	return 0;
}

/* A CPU first: it is the one on which a class then asks for room. */
static int carry_out(int fd, struct options *o)
{
	int status = 0;

	if (o->has_cpu)
		status = change(fd, o->tid, &o->cpu, KEEL_CHANGE_CPU, "set: CPU");
	if (!status && o->has_class) {
		o->class.sched.prio = o->prio.sched.prio;
		status = change(fd, o->tid, &o->class, KEEL_CHANGE_CLASS, "set: class");
	} else if (!status && o->has_prio) {
		status = change(fd, o->tid, &o->prio, KEEL_CHANGE_PRIO, "set: priority");
	}
	if (!status && (o->has_class || o->has_prio))
		status = set_linux(o->tid, o->class.sched.sched_class, o->prio.sched.prio);
	return status;
}

int cmd_set(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ .name = "class", .key = 'C', .arg = "CLASS",
		  .doc = "fifo, rr, edf, sporadic, quota, tp or weak" },
		{ .name = "priority", .key = 'p', .arg = "PRIO",
		  .doc = "1 to 99; with a class other than edf and weak it is needed" },
		{ .name = "cpu", .key = 'c', .arg = "CPU", .doc = "The only CPU it may use" },
		{ .name = "budget", .key = 'b', .arg = "US", .doc = "rr: the slice; edf, sporadic: in each period" },
		{ .name = "period", .key = 'P', .arg = "US", .doc = "edf, sporadic" },
		{ .name = "low", .key = 'l', .arg = "PRIO", .doc = "sporadic: priority without budget" },
		{ .name = "replenishments", .key = 'r', .arg = "N", .doc = "sporadic: under way at a time, 1 to 8" },
		{ .name = "group", .key = 'g', .arg = "N", .doc = "quota: the group; tp: the partition" },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "TID",
		.doc = "Set class, priority and CPU of an attached thread, by its number in Linux. For "
		       "another CPU it goes in-band once. What Linux has of it, priority and affinity, follows.",
	};
	struct options o = { .tid = 0 };
	struct keel_info info;
	int fd, status;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	fd = device_open(&info);
	if (fd < 0)
		return STATUS_FAILED;
	status = carry_out(fd, &o);
	close(fd);
	return status;
}
