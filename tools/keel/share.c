// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "keel.h"

#define SHARE	"linux_share"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **percent = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "too many arguments: %s", arg);
		*percent = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_share(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "[PERCENT]",
		.doc = "Print, or set, how much of each CPU Linux gets from real-time threads if it "
		       "wants: 0 to 50 percent; 0: nothing.",
	};
	const char *percent = NULL;
	int now, err;

	argp_parse(&argp, argc, argv, 0, NULL, &percent);
	err = percent ? param_write(SHARE, percent) : param_read(SHARE, &now);
	if (err) {
		fprintf(stderr, "keel share: %s: %s\n", SHARE, strerror(-err));
		return STATUS_FAILED;
	}
	if (!percent)
		printf("%d\n", now);
	return 0;
}
