// SPDX-License-Identifier: GPL-2.0
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "keel.h"

static const char *const levels[] = { "irq", "kernel", "user" };

#define LEVELS (int)(sizeof(levels) / sizeof(levels[0]))

struct request {
	const char *value[LEVELS];	/* NULL: stays */
	int sets, json;
};

static error_t parse_level(char *arg, struct argp_state *state)
{
	struct request *r = state->input;
	int i;

	for (i = 0; i < LEVELS; i++) {
		size_t n = strlen(levels[i]);

		if (!strncmp(arg, levels[i], n) && arg[n] == '=') {
			r->value[i] = arg + n + 1;
			r->sets = 1;
			return 0;
		}
	}
	argp_error(state, "irq=NS, kernel=NS or user=NS, not %s", arg);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *r = state->input;

	switch (key) {
	case 'j':
		r->json = 1;
		return 0;
	case ARGP_KEY_ARG:
		return parse_level(arg, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int failed(const char *name, int err)
{
	fprintf(stderr, "keel gravity: %s: %s\n", name, strerror(-err));
	return STATUS_FAILED;
}

static int set(const struct request *r)
{
	char name[32];
	int i, err;

	for (i = 0; i < LEVELS; i++) {
		if (!r->value[i])
			continue;
		snprintf(name, sizeof(name), "gravity_%s", levels[i]);
		err = param_write(name, r->value[i]);
		if (err)
			return failed(name, err);
	}
	return 0;
}

static int print(int json)
{
	json_t *all = json_object();
	char name[32];
	int i, err, ns;

	for (i = 0; i < LEVELS; i++) {
		snprintf(name, sizeof(name), "gravity_%s", levels[i]);
		err = param_read(name, &ns);
		if (err) {
			json_decref(all);
			return failed(name, err);
		}
		if (!json)
			printf("%-6s %d ns\n", levels[i], ns);
		snprintf(name, sizeof(name), "%s_ns", levels[i]);
		json_object_set_new(all, name, json_integer(ns));
	}
	if (json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
	return 0;
}

int cmd_gravity(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ .name = "json", .key = 'j', .doc = "Print JSON" },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[irq=NS] [kernel=NS] [user=NS]",
		.doc = "Print, or set, by how many nanoseconds timers anticipate their time: those with "
		       "a handler, waits of kernel threads, waits of user threads; 0 to 100000.",
	};
	struct request r = { .sets = 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &r);
	return r.sets ? set(&r) : print(r.json);
}
