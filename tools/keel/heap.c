// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include "list.h"

static void print_text(json_t *heaps)
{
	json_t *h;
	size_t i;

	printf("%7s %10s %10s %10s %10s %s\n", "PID", "ID", "SIZE", "USED", "LARGEST", "NAME");
	json_array_foreach(heaps, i, h)
		printf("%7d %10" JSON_INTEGER_FORMAT " %10" JSON_INTEGER_FORMAT " %10" JSON_INTEGER_FORMAT " %10"
		       JSON_INTEGER_FORMAT " %s\n", (int)number_of(h, "pid"), number_of(h, "id"),
		       number_of(h, "size"), number_of(h, "used"), number_of(h, "largest"),
		       text_of(h, "name")[0] ? text_of(h, "name") : "-");
}

int cmd_heap(int argc, char **argv)
{
	int json = parse_json(argc, argv,
			      "List the heaps of hard threads, once for each process that has one: its size, "
			      "how much is in use, the largest block that is free (or one less than a "
			      "sixteenth smaller), in bytes, and its name if it is shared by one.");

	return list_command(list_heaps, print_text, json);
}
