// SPDX-License-Identifier: GPL-2.0
/*
 * keel top: threads by the share of a CPU they took since the last look.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <keel/keel.h>
#include "list.h"

struct options {
	double delay;			/* seconds between two looks */
	long count;			/* looks; 0: until interrupted */
	int json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	char *end;

	switch (key) {
	case 'd':
		o->delay = strtod(arg, &end);
		if (*end || !(o->delay >= 0.01 && o->delay <= 3600))
			argp_error(state, "delay %s is not within 0.01..3600 seconds", arg);
		return 0;
	case 'n':
		o->count = strtol(arg, &end, 10);
		if (*end || o->count < 1)
			argp_error(state, "count %s is not 1 or more", arg);
		return 0;
	case 'j':
		o->json = 1;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "too many arguments: %s", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const json_t *find(json_t *threads, json_int_t tid)
{
	json_t *t;
	size_t i;

	json_array_foreach(threads, i, t)
		if (number_of(t, "tid") == tid)
			return t;
	return NULL;
}

/* What each of @now did in the @ns since @before; one that is new, since it came. */
static void compare(json_t *before, json_t *now, int64_t ns)
{
	static const char *const counts[] = { "switches", "mode_switches", "overruns", "budget_overruns" };
	json_t *t;
	size_t i, c;

	json_array_foreach(now, i, t) {
		const json_t *old = find(before, number_of(t, "tid"));
		json_int_t ran = number_of(t, "run_ns") - number_of(old, "run_ns");

		json_object_set_new(t, "percent", json_real(100.0 * (ran > 0 ? ran : 0) / ns));
		for (c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
			char name[32];

			snprintf(name, sizeof(name), "new_%s", counts[c]);
			json_object_set_new(t, name, json_integer(number_of(t, counts[c]) -
								  number_of(old, counts[c])));
		}
	}
}

static double percent(const json_t *t)
{
	return json_real_value(json_object_get(t, "percent"));
}

static int by_percent(const void *a, const void *b)
{
	double x = percent(*(json_t *const *)a), y = percent(*(json_t *const *)b);

	return x < y ? 1 : x > y ? -1 : 0;
}

static json_t *sorted(json_t *threads)
{
	size_t n = json_array_size(threads), i;
	json_t **all = calloc(n + 1, sizeof(*all));
	json_t *list = json_array();

	for (i = 0; all && i < n; i++)
		all[i] = json_array_get(threads, i);
	if (all)
		qsort(all, n, sizeof(*all), by_percent);
	for (i = 0; all && i < n; i++)
		json_array_append(list, all[i]);
	free(all);
	return list;
}

static void print_one(const json_t *t)
{
	char class[32], budget[48];

	printf("%7d %-15s %-8s %-17s %3d %4d %-8s %6.2f %9d %9d %9d %9d\n", (int)number_of(t, "tid"),
	       text_of(t, "name"), class_text(t, class, sizeof(class)), budget_text(t, budget, sizeof(budget)),
	       (int)number_of(t, "cpu"), (int)number_of(t, "prio"), text_of(t, "state"), percent(t),
	       (int)number_of(t, "new_switches"), (int)number_of(t, "new_mode_switches"),
	       (int)number_of(t, "new_overruns"), (int)number_of(t, "new_budget_overruns"));
}

static void print_text(json_t *threads)
{
	json_t *t;
	size_t i;

	if (isatty(STDOUT_FILENO))
		printf("\033[H\033[2J");
	printf("%7s %-15s %-8s %-17s %3s %4s %-8s %6s %9s %9s %9s %9s\n", "TID", "NAME", "CLASS", "BUDGET",
	       "CPU", "PRIO", "STATE", "%CPU", "SWITCHES", "HARDENED", "OVERRUNS", "USED UP");
	json_array_foreach(threads, i, t)
		print_one(t);
	fflush(stdout);
}

static int show(json_t *threads, int json)
{
	json_t *list = sorted(threads);
	int status = 0;

	if (json)
		status = json_print(list);
	else
		print_text(list);
	json_decref(list);
	return status;
}

static int watch(int fd, const struct options *o)
{
	json_t *before = list_threads(fd), *now;
	int64_t since = keel_clock_ns();
	long looks = 0;
	int status = 0;

	while (before && !status && (!o->count || looks < o->count)) {
		int64_t then = since;

		usleep((useconds_t)(o->delay * 1e6));
		now = list_threads(fd);
		since = keel_clock_ns();
		if (now) {
			compare(before, now, since - then);
			status = show(now, o->json);
		}
		json_decref(before);
		before = now;
		looks++;
	}
	status = before ? status : STATUS_FAILED;
	json_decref(before);
	return status;
}

int cmd_top(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ .name = "delay", .key = 'd', .arg = "SECONDS", .doc = "Time between two looks, default 2" },
		{ .name = "count", .key = 'n', .arg = "N", .doc = "End after so many looks" },
		{ .name = "json", .key = 'j', .doc = "Print JSON, an array a look" },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Show which threads take how much of a CPU while hard, and how often they got a "
		       "CPU, became hard, missed a period and used up a budget since the last look.",
	};
	struct options o = { .delay = 2 };
	struct keel_info info;
	int fd, status;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	fd = device_open(&info);
	if (fd < 0)
		return STATUS_FAILED;
	status = watch(fd, &o);
	close(fd);
	return status;
}
