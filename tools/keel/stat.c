// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include "list.h"

static void print_text(json_t *cpus)
{
	char run[32];
	json_t *c;
	size_t i;

	printf("%3s %5s %7s %4s %12s %10s %6s %8s %7s\n", "CPU", "HARD", "RUNS", "PRIO", "RUN", "LOGGED",
	       "LEAKS", "FLUSHES", "SLICES");
	json_array_foreach(cpus, i, c) {
		char runs[16] = "linux";

		if (number_of(c, "tid"))
			snprintf(runs, sizeof(runs), "%d", (int)number_of(c, "tid"));
		else if (number_of(c, "prio"))
			snprintf(runs, sizeof(runs), "keel");
		printf("%3d %5d %7s %4d %12s %10" JSON_INTEGER_FORMAT " %6" JSON_INTEGER_FORMAT " %8"
		       JSON_INTEGER_FORMAT " %7" JSON_INTEGER_FORMAT "\n", (int)number_of(c, "cpu"),
		       (int)number_of(c, "hard"), runs, (int)number_of(c, "prio"),
		       time_text(number_of(c, "run_ns"), run, sizeof(run)), number_of(c, "logged"),
		       number_of(c, "leaks"), number_of(c, "flushes"), number_of(c, "slices"));
	}
}

int cmd_stat(int argc, char **argv)
{
	int json = parse_json(argc, argv,
			      "Print for each CPU how many threads are hard there, who runs, time that hard "
			      "threads ran, interrupts held back for Linux, leaks (should be 0), flushes "
			      "that other CPUs asked for, and slices that Linux was given.");

	return list_command(list_cpus, print_text, json);
}
