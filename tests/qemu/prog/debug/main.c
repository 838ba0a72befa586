// SPDX-License-Identifier: GPL-2.0
/*
 * debug: a debugger's doings to a hard thread; see rows.h.
 */
#include "rows.h"
#include "debug.h"

static const struct row rows[] = {
	{ "regs", regs_running, EXITED(0), 2 },
	{ "regs-changed", regs_changed, EXITED(0), 2 },
	{ "sleep", wait_sleep, EXITED(0), 2 },
	{ "period", wait_period, EXITED(0), 2 },
	{ "mutex", wait_mutex, EXITED(0), 2 },
	{ "listen", wait_listen, EXITED(0), 2 },
	{ "attach-loop", attach_loop, EXITED(0), 2 },
	{ "tracer-killed", tracer_killed, EXITED(0), 2 },
	{ "watch", break_watch, EXITED(0), 2 },
	{ "execute", break_execute, EXITED(0), 2 },
	{ "neighbour", break_neighbour, EXITED(0), 2 },
	{ "cpu-wide", break_cpu_wide, EXITED(0), 2 },
	{ "step-calls", step_calls, EXITED(0), 2 },
	{ "step-harden", step_harden, EXITED(0), 2 },
	{ "calls", calls_traced, EXITED(0), 2 },
	{ "emulated", calls_emulated, EXITED(0), 2 },
};

int main(int argc, char **argv)
{
	return rows_main(rows, ROWS(rows), argc, argv);
}
