// SPDX-License-Identifier: GPL-2.0
/*
 * signals: every kind of signal to hard threads, in every state of theirs; see rows.h.
 */
#include "rows.h"
#include "signals.h"

static const struct row rows[] = {
	{ "running", state_running, EXITED(0), 2 },
	{ "ready", state_ready, EXITED(0), 2 },
	{ "sleep", state_sleep, EXITED(0), 1 },
	{ "period", state_period, EXITED(0), 1 },
	{ "mutex", state_mutex, EXITED(0), 1 },
	{ "crossing", state_crossing, EXITED(0), 2 },
	{ "nested", kind_nested, EXITED(0), 2 },
	{ "queue", kind_queue, EXITED(0), 1 },
	{ "sigwait", kind_sigwait, EXITED(0), 1 },
	{ "signalfd", kind_signalfd, EXITED(0), 1 },
	{ "timers", kind_timers, EXITED(0), 1 },
	{ "handler-hard", kind_handler_hard, EXITED(0), 1 },
	{ "bus", kind_bus, EXITED(0), 1 },
	{ "polling", kind_polling, EXITED(0), 2 },
	{ "core-abort", core_abort, EXITED(0), 2 },
	{ "core-fault", core_fault, EXITED(0), 2 },
};

int main(int argc, char **argv)
{
	return rows_main(rows, ROWS(rows), argc, argv);
}
