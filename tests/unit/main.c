// SPDX-License-Identifier: GPL-2.0
/*
 * The unit test runner. CK_RUN_SUITE=name picks one suite; --print-abi writes what abi.golden
 * should hold.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static Suite *(*const suites[])(void) = {
	tree_suite, timer_real_suite, timer_move_suite, gravity_suite,
	suspend_suite, sim_suite, list_suite, lock_suite, runq_suite, timer_suite, sched_suite, thread_suite,
	wait_suite, mutex_suite, mutex_kind_suite, mutex_race_suite, pi_suite, pi_race_suite,
	cond_suite, cond_leave_suite, sem_suite, event_suite, rwlock_suite, barrier_suite, watch_suite, sweep_suite,
	service_suite, stage_suite, share_suite, watchdog_suite, init_suite, abi_suite,
	pipeline_suite, pipeline_apic_suite, pipeline_random_suite, word_suite, value_suite, copy_suite,
	preempt_suite, queue_suite, heap_suite, buffer_suite, pipe_suite, snapshot_suite, class_suite,
	class_edges_suite, class_other_suite, class_rules_suite, pipe_race_suite, channel_suite,
	channel_end_suite, trace_suite, signal_suite,
};

int main(int argc, char **argv)
{
	SRunner *runner;
	size_t i;
	int failed;

	if (argc > 1 && !strcmp(argv[1], "--print-abi")) {
		unit_abi_print(stdout);
		return EXIT_SUCCESS;
	}
	runner = srunner_create(NULL);
	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		srunner_add_suite(runner, suites[i]());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
