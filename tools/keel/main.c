// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "keel.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "gravity", cmd_gravity },
	{ "heap", cmd_heap },
	{ "latency", cmd_latency },
	{ "locks", cmd_locks },
	{ "ps", cmd_ps },
	{ "relax", cmd_relax },
	{ "run", cmd_run },
	{ "set", cmd_set },
	{ "share", cmd_share },
	{ "slots", cmd_slots },
	{ "start", cmd_start },
	{ "stat", cmd_stat },
	{ "status", cmd_status },
	{ "stop", cmd_stop },
	{ "timers", cmd_timers },
	{ "top", cmd_top },
	{ "version", cmd_version },
};

static const char doc[] =
	"Measure and control Keel, the real-time nanokernel beneath Linux.\n"
	"\n"
	"  keel gravity   print or set how much timers anticipate their time\n"
	"  keel heap      list the heaps\n"
	"  keel latency   measure how late threads and interrupts are\n"
	"  keel locks     list mutexes and what else threads wait for\n"
	"  keel ps        list the threads\n"
	"  keel relax     tell who left real-time mode, where, why and how often\n"
	"  keel run       run a program with its real-time threads on Keel\n"
	"  keel set       set class, priority and CPU of a thread\n"
	"  keel share     print or set Linux's share of each CPU\n"
	"  keel slots     list the places that touch the interrupt flag\n"
	"  keel start     put Keel beneath Linux again after keel stop\n"
	"  keel stat      figures of each CPU\n"
	"  keel status    say whether it runs, and what it changed\n"
	"  keel stop      take it out, with the module still loaded\n"
	"  keel timers    list the timers that run\n"
	"  keel top       threads by the share of a CPU they take\n"
	"  keel version   print the versions of tool and module\n"
	"\v"
	"keel COMMAND --help tells more; so does the manual page keel(1).";

struct choice {
	const struct command *command;
	int at;				/* of the command in argv */
};

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* What follows the command is the command's. */
static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		choice->command = find_command(arg);
		if (!choice->command)
			argp_error(state, "no such command: %s", arg);
		choice->at = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which command?");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "COMMAND [OPTION...]",
		.doc = doc,
	};
	struct choice choice = { .command = NULL };
	char name[32];

	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice);
	snprintf(name, sizeof(name), "keel %s", choice.command->name);
	argv[choice.at] = name;
	return choice.command->run(argc - choice.at, argv + choice.at);
}
