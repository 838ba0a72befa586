// SPDX-License-Identifier: GPL-2.0
/*
 * Arguments that several commands share.
 */
#include <errno.h>
#include "keel.h"

static error_t parse_nothing(int key, char *arg, struct argp_state *state)
{
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	argp_error(state, "too many arguments: %s", arg);
	return EINVAL;
}

void parse_no_arguments(int argc, char **argv, const char *doc)
{
	const struct argp argp = { .parser = parse_nothing, .doc = doc };

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	int *json = state->input;

	if (key != 'j')
		return parse_nothing(key, arg, state);
	*json = 1;
	return 0;
}

int parse_json(int argc, char **argv, const char *doc)
{
	static const struct argp_option options[] = {
		{ .name = "json", .key = 'j', .doc = "Print JSON" },
		{ 0 }
	};
	const struct argp argp = { .options = options, .parser = parse_one, .doc = doc };
	int json = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	return json;
}
