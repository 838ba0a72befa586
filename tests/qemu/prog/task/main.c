// SPDX-License-Identifier: GPL-2.0
/*
 * task: what Linux keeps per task; see rows.h.
 */
#include "rows.h"
#include "task.h"

static struct {
	int ready, end;
} *busy;

static pid_t neighbour;

void neighbour_start(void (*prepare)(void), void (*last)(void))
{
	busy = shared_alloc(sizeof(*busy));
	neighbour = fork();
	if (neighbour == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		bind_cpu(1);
		prepare();
		flag_set(&busy->ready, 1);
		while (!flag_get(&busy->end))
			;
		last();
		_exit(0);
	}
	await(&busy->ready, 1, "the neighbour");
}

void neighbour_end(void)
{
	int status;

	flag_set(&busy->end, 1);
	check(waitpid(neighbour, &status, 0) == neighbour);
	if (status)
		fail("the neighbour ended with status 0x%x", status);
}

static const struct row rows[] = {
	{ "filter-allows", filter_allows, EXITED(0), 1 },
	{ "filter-errno", filter_errno, EXITED(0), 1 },
	{ "filter-trap", filter_trap, EXITED(0), 1 },
	{ "filter-kill", filter_kill, KILLED(SIGSYS), 1 },
	{ "filter-kill-thread", filter_kill_thread, EXITED(0), 1 },
	{ "filter-park", filter_park, EXITED(0), 1 },
	{ "filter-attach", filter_attach, EXITED(0), 1 },
	{ "filter-notify", filter_notify, EXITED(0), 1 },
	{ "filter-notify-keel", filter_notify_keel, EXITED(0), 1 },
	{ "filter-strict", filter_strict, EXITED(0), 1 },
	{ "rseq", rseq_forgotten, EXITED(0), 1 },
	{ "rseq-moved", rseq_moved, EXITED(0), 2 },
	{ "membarrier", membarrier_private, EXITED(0), 2 },
	{ "membarrier-global", membarrier_global, EXITED(0), 2 },
	{ "membarrier-stranger", membarrier_stranger, EXITED(0), 2 },
	{ "refused", odd_refused, EXITED(0), 1 },
	{ "ldt", odd_ldt, EXITED(0), 1 },
	{ "thread-local", odd_own, EXITED(0), 1 },
	{ "ports", odd_ports, EXITED(0), 2 },
	{ "tsc", odd_tsc, EXITED(0), 2 },
	{ "pkeys", odd_pkeys, EXITED(0), 2 },
	{ "pkey-fault", odd_pkey_fault, EXITED(0), 1 },
};

int main(int argc, char **argv)
{
	return rows_main(rows, ROWS(rows), argc, argv);
}
