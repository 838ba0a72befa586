// SPDX-License-Identifier: GPL-2.0
/*
 * The unit test runner: a worker for each CPU, who take one suite after the other. CK_RUN_SUITE=name
 * picks one suite; --print-abi writes what abi.golden should hold.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* Those that take long first, so that the workers end together. */
static Suite *(*const suites[])(void) = {
	service_suite, channel_suite, pi_suite, sweep_suite, pi_race_suite, event_suite,
	mutex_race_suite, queue_suite, cond_suite, class_suite, rwlock_suite, snapshot_suite,
	word_suite, pipeline_suite, mutex_kind_suite, tree_suite, timer_real_suite, timer_move_suite,
	gravity_suite, suspend_suite, sim_suite, list_suite, lock_suite, runq_suite, timer_suite,
	sched_suite, thread_suite, wait_suite, mutex_suite, cond_leave_suite, sem_suite,
	barrier_suite, watch_suite, stage_suite, share_suite, watchdog_suite, init_suite, abi_suite,
	pipeline_apic_suite, pipeline_random_suite, value_suite, copy_suite, preempt_suite,
	heap_suite, buffer_suite, pipe_suite, class_edges_suite, class_other_suite, class_rules_suite, limit_suite,
	share_short_suite,
	pipe_race_suite, channel_end_suite, trace_suite, signal_suite, sporadic_suite,
};

#define SUITES (sizeof(suites) / sizeof(suites[0]))

/* What the workers share. */
struct work {
	atomic_size_t next;		/* suite that nobody has taken */
	atomic_uint tests, failed;
};

/* Up to @count of them in one go: libcheck sums up each. */
static void run_suites(struct work *work, size_t count)
{
	SRunner *runner = srunner_create(NULL);
	size_t i;

	while (count-- && (i = atomic_fetch_add(&work->next, 1)) < SUITES)
		srunner_add_suite(runner, suites[i]());
	srunner_run_all(runner, CK_NORMAL);
	atomic_fetch_add(&work->tests, srunner_ntests_run(runner));
	atomic_fetch_add(&work->failed, srunner_ntests_failed(runner));
	srunner_free(runner);
}

static int run_worker(struct work *work)
{
	while (atomic_load(&work->next) < SUITES)
		run_suites(work, 1);
	return EXIT_SUCCESS;
}

/* Returns how many workers did not end well. */
static int run_workers(struct work *work)
{
	long workers = sysconf(_SC_NPROCESSORS_ONLN);
	int status, bad = 0;

	fflush(NULL);
	for (; workers > 0; workers--)
		switch (fork()) {
		case -1:
			bad++;
			break;
		case 0:
			exit(run_worker(work));
		}
	while (wait(&status) > 0)
		bad += status != 0;
	return bad;
}

int main(int argc, char **argv)
{
	struct work *work;
	int bad = 0;

	if (argc > 1 && !strcmp(argv[1], "--print-abi")) {
		unit_abi_print(stdout);
		return EXIT_SUCCESS;
	}
	work = mmap(NULL, sizeof(*work), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (work == MAP_FAILED)
		return EXIT_FAILURE;
	if (getenv("CK_RUN_SUITE"))
		run_suites(work, SUITES);
	else
		bad = run_workers(work);
	printf("%u tests, %u failed, %d workers died\n", work->tests, work->failed, bad);
	return work->failed || bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
