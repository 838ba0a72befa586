// SPDX-License-Identifier: GPL-2.0
/*
 * faults: what can go wrong in a hard thread; see rows.h.
 */
#include "rows.h"
#include "faults.h"

static const struct row rows[] = {
	{ "null", exception_null, EXITED(0), 1 },
	{ "divide", exception_divide, EXITED(0), 1 },
	{ "ud2", exception_ud2, EXITED(0), 1 },
	{ "int3", exception_int3, EXITED(0), 1 },
	{ "int3-long", exception_int3_long, EXITED(0), 1 },
	{ "int4", exception_int4, EXITED(0), 1 },
	{ "icebp", exception_icebp, EXITED(0), 1 },
	{ "step", exception_step, EXITED(0), 1 },
	{ "jump", exception_jump, EXITED(0), 1 },
	{ "privileged", exception_privileged, EXITED(0), 1 },
	{ "x87", exception_x87, EXITED(0), 1 },
	{ "fatal", exception_fatal, KILLED(SIGSEGV), 1 },
	{ "unmap", memory_unmap, EXITED(0), 1 },
	{ "exit", life_exit, EXITED(7), 1 },
	{ "thread-exit", life_thread_exit, EXITED(0), 1 },
	{ "owner-dead", life_owner_dead, EXITED(0), 1 },
	{ "fork", life_fork, EXITED(0), 1 },
	{ "exec", life_exec, EXITED(0), 1 },
	{ "kill-blocked", life_kill_blocked, EXITED(0), 1 },
	{ "kill-ready", life_kill_ready, EXITED(0), 2 },
	{ "kill-hog", life_kill_hog, EXITED(0), 2 },
	{ "stop", signal_stop, EXITED(0), 1 },
	{ "stop-hog", signal_stop_hog, EXITED(0), 2 },
	{ "restart", signal_restart, EXITED(0), 1 },
	{ "eintr", signal_eintr, EXITED(0), 1 },
	{ "signal-hog", signal_hog, EXITED(0), 2 },
};

int main(int argc, char **argv)
{
	return rows_main(rows, ROWS(rows), argc, argv);
}
