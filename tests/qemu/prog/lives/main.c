// SPDX-License-Identifier: GPL-2.0
/*
 * lives: what processes do, and what is done to them, with hard threads in them; see rows.h.
 */
#include "rows.h"
#include "lives.h"

static const struct row rows[] = {
	{ "exit", process_exit, EXITED(7), 1 },
	{ "exit-owners", process_exit_owners, EXITED(0), 1 },
	{ "create-cancelled", process_create_cancelled, EXITED(0), 1 },
	{ "vfork", process_vfork, EXITED(0), 1 },
	{ "clone-vm", process_clone_vm, EXITED(0), 1 },
	{ "spawn", process_spawn, EXITED(0), 1 },
	{ "system", process_system, EXITED(0), 1 },
	{ "exec-sibling", process_exec_sibling, EXITED(0), 1 },
	{ "exec-hard", process_exec_hard, EXITED(0), 1 },
	{ "daemon", process_daemon, EXITED(0), 1 },
	{ "setuid", rights_setuid, EXITED(0), 1 },
	{ "memlock", rights_memlock, EXITED(0), 1 },
	{ "no-rights", rights_nothing, EXITED(0), 1 },
	{ "limit-prio", rights_limit, EXITED(0), 1 },
	{ "opener", rights_opener, EXITED(0), 1 },
	{ "own-file", rights_own_file, EXITED(0), 1 },
	{ "others-file", rights_others_file, EXITED(0), 1 },
	{ "limit-cpu", limit_cpu, KILLED(SIGXCPU), 2 },
	{ "limit-rttime", limit_rttime, KILLED(SIGXCPU), 2 },
	{ "freeze-v2", cgroup_freeze_v2, EXITED(0), 2 },
	{ "freeze-v1", cgroup_freeze_v1, EXITED(0), 2 },
	{ "affinity", affinity_change, EXITED(0), 2 },
	{ "cpuset", cgroup_cpuset, EXITED(0), 2 },
	{ "oom", cgroup_oom, EXITED(0), 2 },
};

int main(int argc, char **argv)
{
	return rows_main(rows, ROWS(rows), argc, argv);
}
