// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include "list.h"

/* The tids of those of @threads that wait for @object. */
static json_t *waiters(json_t *threads, const json_t *object)
{
	json_t *list = json_array(), *t;
	size_t i;

	json_array_foreach(threads, i, t)
		if (number_of(t, "pid") == number_of(object, "pid") &&
		    number_of(t, "waits_id") == number_of(object, "id"))
			json_array_append_new(list, json_integer(number_of(t, "tid")));
	return list;
}

/* Threads are read last, so one that waits for a lock is not missing because it came later. */
static json_t *make(int fd)
{
	json_t *objects = list_objects(fd), *threads = objects ? list_threads(fd) : NULL, *o;
	size_t i;

	if (!threads) {
		json_decref(objects);
		return NULL;
	}
	json_array_foreach(objects, i, o)
		json_object_set_new(o, "waiters", waiters(threads, o));
	json_decref(threads);
	return objects;
}

static void print_text(json_t *objects)
{
	json_t *o, *w;
	size_t i, j;

	printf("%7s %-8s %10s %7s %10s %10s %s\n", "PID", "TYPE", "ID", "OWNER", "VALUE", "LIMIT",
	       "WAITERS");
	json_array_foreach(objects, i, o) {
		printf("%7d %-8s %10" JSON_INTEGER_FORMAT " %7d %10" JSON_INTEGER_FORMAT " %10"
		       JSON_INTEGER_FORMAT, (int)number_of(o, "pid"), text_of(o, "type"),
		       number_of(o, "id"), (int)number_of(o, "owner"), number_of(o, "value"),
		       number_of(o, "limit"));
		json_array_foreach(json_object_get(o, "waiters"), j, w)
			printf(" %" JSON_INTEGER_FORMAT, json_integer_value(w));
		putchar('\n');
	}
}

int cmd_locks(int argc, char **argv)
{
	int json = parse_json(argc, argv,
			      "List what threads synchronise by: who has it, its value (locks of a mutex by "
			      "its owner, count of a semaphore, bits of an event, readers of a read-write "
			      "lock, who came to a barrier), its limit, and who waits.");

	return list_command(make, print_text, json);
}
