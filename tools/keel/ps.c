// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include "list.h"

/* "mutex 66560 of 123", "time", or why it is not hard. */
static void print_wait(const json_t *t)
{
	const char *state = text_of(t, "state");

	if (!strcmp(state, "in-band")) {
		printf("(%s)\n", text_of(t, "last_reason"));
	} else if (number_of(t, "waits_id")) {
		printf("%s %" JSON_INTEGER_FORMAT, text_of(t, "waits_for"), number_of(t, "waits_id"));
		if (number_of(t, "waits_owner"))
			printf(" of %" JSON_INTEGER_FORMAT, number_of(t, "waits_owner"));
		putchar('\n');
	} else {
		puts(!strcmp(state, "waiting") && number_of(t, "until_ns") ? "time" : "-");
	}
}

/* Of the budget, in us, or "-". */
static void period_text(const json_t *t, char *buf, size_t size)
{
	if (number_of(t, "budget_period_ns"))
		snprintf(buf, size, "%" JSON_INTEGER_FORMAT, number_of(t, "budget_period_ns") / 1000);
	else
		snprintf(buf, size, "-");
}

static void print_one(const json_t *t)
{
	char class[32], budget[48], period[32], run[32];

	period_text(t, period, sizeof(period));
	printf("%7d %7d %-15s %-8s %-17s %8s %3d %4d %4d %-8s %12s %9" JSON_INTEGER_FORMAT " %8"
	       JSON_INTEGER_FORMAT " %8" JSON_INTEGER_FORMAT " ",
	       (int)number_of(t, "pid"), (int)number_of(t, "tid"), text_of(t, "name"),
	       class_text(t, class, sizeof(class)), budget_text(t, budget, sizeof(budget)), period,
	       (int)number_of(t, "cpu"), (int)number_of(t, "base_prio"), (int)number_of(t, "prio"),
	       text_of(t, "state"), time_text(number_of(t, "run_ns"), run, sizeof(run)),
	       number_of(t, "switches"), number_of(t, "mode_switches"), number_of(t, "overruns"));
	print_wait(t);
}

static void print_text(json_t *threads)
{
	json_t *t;
	size_t i;

	printf("%7s %7s %-15s %-8s %-17s %8s %3s %4s %4s %-8s %12s %9s %8s %8s %s\n", "PID", "TID", "NAME",
	       "CLASS", "BUDGET", "PERIOD", "CPU", "BASE", "PRIO", "STATE", "RUN", "SWITCHES", "HARDENED",
	       "OVERRUNS", "WAITS FOR");
	json_array_foreach(threads, i, t)
		print_one(t);
}

int cmd_ps(int argc, char **argv)
{
	int json = parse_json(argc, argv,
			      "List the threads that are attached: class, what is left of its budget and of "
			      "how much, in which period, CPU, base and effective priority, state, time they ran hard, how often they got a CPU and became hard, periods "
			      "missed, what they wait for and who has it, or why they are in-band.");

	return list_command(list_threads, print_text, json);
}
