// SPDX-License-Identifier: GPL-2.0
/*
 * keel relax: who left real-time mode, where, why and how often. The address is often one in a library
 * that has no lines; so callers are looked for in what lay on the stack: words that are behind a call.
 * Some may be left from earlier calls, so these are what is likely, and only the last time's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "list.h"
#include "symbol.h"

#define CALLERS	4		/* at most */

struct place {
	const struct keel_relax_info *info;
	struct symbol at[1 + CALLERS];
	int count;		/* of at */
};

static void place_fill(struct place *p)
{
	int i;

	p->at[p->count++].address = p->info->ip;
	for (i = 0; i < KEEL_RELAX_STACK && p->count < 1 + CALLERS; i++)
		if (symbol_is_return(p->info->pid, p->info->stack[i]))
			p->at[p->count++].address = p->info->stack[i] - 1;	/* in the call */
	symbols_find(p->info->pid, p->at, p->count);
}

static json_t *symbol_json(const struct symbol *s)
{
	char address[32];

	snprintf(address, sizeof(address), "0x%lx", s->address);
	return json_pack("{s:s,s:s,s:s}", "address", address, "function", s->function, "source", s->source);
}

static int is_library(const struct symbol *s)
{
	return !strncmp(s->function, "keel_", 5) || !strncmp(s->function, "libkeel_", 8);
}

/* The first that has a line and is not libkeel's, or at least has one; or NULL. */
static const struct symbol *find_line(const struct place *p)
{
	const struct symbol *found = NULL;
	int i;

	for (i = 0; i < p->count && (!found || is_library(found)); i++)
		if (p->at[i].source[0] && (!found || !is_library(&p->at[i])))
			found = &p->at[i];
	return found;
}

static json_t *place_json(const struct place *p)
{
	const struct keel_relax_info *r = p->info;
	const struct symbol *line = find_line(p);
	json_t *o = symbol_json(&p->at[0]), *callers = json_array();
	char fault[32];
	int i;

	for (i = 1; i < p->count; i++)
		json_array_append_new(callers, symbol_json(&p->at[i]));
	snprintf(fault, sizeof(fault), "0x%llx", r->fault);
	json_object_update_new(o, json_pack("{s:I,s:I,s:I,s:s,s:s,s:I,s:I,s:s}", "pid", (json_int_t)r->pid,
					    "tid", (json_int_t)r->tid, "uid", (json_int_t)r->uid, "name",
					    r->name, "reason", reason_name(r->reason), "count",
					    (json_int_t)r->count, "last_ns", (json_int_t)r->last_ns, "fault",
					    fault));
	json_object_set_new(o, "line", json_string(line ? line->source : ""));
	json_object_set_new(o, "line_function", json_string(line ? line->function : ""));
	json_object_set_new(o, "callers", callers);
	return o;
}

static int by_count(const void *a, const void *b)
{
	const struct keel_relax_info *x = a, *y = b;

	return x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

static json_t *make(int fd)
{
	unsigned int count, i;
	struct keel_relax_info *records = list_read(fd, KEEL_LIST_RELAXES, sizeof(*records), &count);
	json_t *list;

	if (!records)
		return NULL;
	qsort(records, count, sizeof(*records), by_count);
	list = json_array();
	for (i = 0; i < count; i++) {
		struct place p = { .info = &records[i] };

		place_fill(&p);
		json_array_append_new(list, place_json(&p));
	}
	free(records);
	return list;
}

static void print_text(json_t *places)
{
	json_t *p;
	size_t i;

	printf("%7s %7s %-15s %9s %-8s %s\n", "PID", "TID", "NAME", "COUNT", "REASON", "WHERE");
	json_array_foreach(places, i, p) {
		const char *function = text_of(p, "function"), *line = text_of(p, "line");

		printf("%7d %7d %-15s %9" JSON_INTEGER_FORMAT " %-8s ", (int)number_of(p, "pid"),
		       (int)number_of(p, "tid"), text_of(p, "name"), number_of(p, "count"),
		       text_of(p, "reason"));
		if (!strcmp(text_of(p, "reason"), "none"))
			printf("elsewhere");
		else
			printf("%s", function[0] ? function : text_of(p, "address"));
		if (line[0])
			printf(" (%s in %s)", line, text_of(p, "line_function"));
		if (strcmp(text_of(p, "fault"), "0x0"))
			printf(" fault at %s", text_of(p, "fault"));
		putchar('\n');
	}
}

int cmd_relax(int argc, char **argv)
{
	int json = parse_json(argc, argv,
			      "Tell who left real-time mode, where, why and how often, most often first: of "
			      "the threads of all processes that use Keel now. With the function the first "
			      "source line that is known, of that or of who seems to have called it. For "
			      "both it takes eu-addr2line of elfutils.");

	return list_command(make, print_text, json);
}
