/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The keel command: one function and one file per subcommand. Each gets its own argument
 * vector, argv[0] being "keel NAME", and returns the exit status.
 */
#ifndef TOOLS_KEEL_KEEL_H
#define TOOLS_KEEL_KEEL_H

#include <argp.h>
#include <keel/abi.h>

/* Exit statuses, beside 0. */
#define STATUS_FAILED	1
#define STATUS_USAGE	2

int cmd_gravity(int argc, char **argv);
int cmd_heap(int argc, char **argv);
int cmd_latency(int argc, char **argv);
int cmd_locks(int argc, char **argv);
int cmd_ps(int argc, char **argv);
int cmd_relax(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_share(int argc, char **argv);
int cmd_slots(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_start(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_timers(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_version(int argc, char **argv);

/* Print that @what failed with @err (positive) and what to do about it. */
void complain(const char *what, int err);

/* Open the device and read @info; -1 after a message when that fails or versions differ. */
int device_open(struct keel_info *info);

/* Carry out KEEL_CONTROL_* and say what came of it. */
int device_control(unsigned int command);

/* A parameter of the module: 0 or a negative errno. */
int param_read(const char *name, int *value);
int param_write(const char *name, const char *value);

/* Parse the arguments of a subcommand that takes none but --help. */
void parse_no_arguments(int argc, char **argv, const char *doc);

/* Likewise of one that takes --json only: whether it was given. */
int parse_json(int argc, char **argv, const char *doc);

#endif
