// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <keel/keel.h>
#include "list.h"

static void print_text(json_t *timers)
{
	int64_t now = keel_clock_ns();
	char left[32];
	json_t *t;
	size_t i;

	printf("%3s %-8s %14s %7s %s\n", "CPU", "TYPE", "IN", "TID", "NAME");
	json_array_foreach(timers, i, t) {
		int64_t in = number_of(t, "deadline_ns") - now;

		printf("%3d %-8s %14s %7d %s\n", (int)number_of(t, "cpu"), text_of(t, "type"),
		       in > 0 ? time_text(in, left, sizeof(left)) : "due",
		       (int)number_of(t, "tid"), text_of(t, "name"));
	}
}

int cmd_timers(int argc, char **argv)
{
	int json = parse_json(argc, argv,
			      "List the timers that run: ends of waits, Linux's share, the watchdog, and "
			      "Linux's own deadline on each CPU.");

	return list_command(list_timers, print_text, json);
}
