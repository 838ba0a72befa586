/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the unit tests share: a fresh machine with two CPUs for each test, threads from a pool,
 * and a string of marks for the order of events. After each test no lock is held, no timer armed,
 * no thread left over, and every rq and timer queue is sound.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <check.h>
#include <stdio.h>

#include "hal/sim/sim.h"
#include "nucleus/thread.h"

struct unit_thread {
	struct nk_thread t;
	void (*fn)(struct unit_thread *u);
	void *arg;		/* for fn */
	int ret;		/* from fn */
	int done;		/* fn has returned */
	int gone;		/* the test has destroyed t itself */
	void *stack;
};

/* A case of @suite; each of its tests gets setup and teardown as its fixture. */
TCase *unit_case(Suite *suite, const char *name);

/* A case without: for tests that explore a race, where each run sets up for itself. */
TCase *unit_race_case(Suite *suite, const char *name);

void unit_setup_cpus(int cpus);
void unit_setup(void);
void unit_teardown(void);

/* Explore @scenario, which uses unit_setup() and unit_teardown(); says and returns how many schedules
 * that were. With UNIT_STRAIGHT in the environment it runs once, and nothing is forced. */
#define unit_explore(scenario, arg) unit_explore_as(#scenario, scenario, arg)
unsigned long unit_explore_as(const char *name, void (*scenario)(void *arg), void *arg);

/* A kernel thread that will run @fn and exit; unit_run() starts it too. */
struct unit_thread *unit_make(const char *name, int prio, int cpu,
			      void (*fn)(struct unit_thread *u), void *arg);
struct unit_thread *unit_run(const char *name, int prio, int cpu,
			     void (*fn)(struct unit_thread *u), void *arg);

/* A user thread, in-band; it runs @fn each time it enters, then leaves with reason 1. */
struct unit_thread *unit_user(const char *name, int prio, void (*fn)(struct unit_thread *u),
			      void *arg);

/* Its Linux task makes it hard on the CPU this is called on. */
void unit_enter(struct unit_thread *u);

/* As ck_assert(), which notes each of its calls, for what is looked at a million times. */
#define unit_must(cond)							\
	do {								\
		if (!(cond))						\
			ck_abort_msg("%s", #cond);			\
	} while (0)

/* For sim_post(): 100 ns go by; the thread at @arg is recalled, for 3. */
void unit_advance_100(void *arg);
void unit_recall(void *arg);

/* The calling thread is busy for @ns of its own: not while others have the CPU. */
void unit_busy(nk_time_t ns);

/* A thread that waits in @fn while @brings(@arg), which ends the wait, runs here: a user thread that is
 * recalled, or one on @cpu whose deadline comes after 100 ns. Either way the wait has ended. */
struct unit_thread *unit_race_recall(void (*fn)(struct unit_thread *u), void (*brings)(void *arg), void *arg);
struct unit_thread *unit_race_timeout(int cpu, void (*fn)(struct unit_thread *u),
				      void (*brings)(void *arg), void *arg);

/* @cpu, or for sim_post() this one, goes offline, and what is left of it to the next one that is online;
 * and comes back. */
void unit_offline(int cpu);
void unit_goes_offline(void *arg);
void unit_online(int cpu);

/* Add @c to the marks. */
void unit_mark(char c);
const char *unit_marks(void);

/* A number below @limit, the same in each run. */
unsigned int unit_random(unsigned int limit);
void unit_random_seed(unsigned int seed);

/* Write the ABI's sizes, offsets and numbers. */
void unit_abi_print(FILE *out);

Suite *abi_suite(void);
Suite *barrier_suite(void);
Suite *buffer_suite(void);
Suite *class_suite(void);
Suite *class_edges_suite(void);
Suite *class_other_suite(void);
Suite *class_rules_suite(void);
Suite *limit_suite(void);
Suite *share_short_suite(void);
Suite *channel_end_suite(void);
Suite *channel_suite(void);
Suite *cond_suite(void);
Suite *cond_leave_suite(void);
Suite *copy_suite(void);
Suite *event_suite(void);
Suite *gravity_suite(void);
Suite *heap_suite(void);
Suite *init_suite(void);
Suite *list_suite(void);
Suite *lock_suite(void);
Suite *mutex_kind_suite(void);
Suite *mutex_race_suite(void);
Suite *mutex_suite(void);
Suite *pi_race_suite(void);
Suite *pi_suite(void);
Suite *pipe_race_suite(void);
Suite *pipe_suite(void);
Suite *pipeline_apic_suite(void);
Suite *pipeline_random_suite(void);
Suite *pipeline_suite(void);
Suite *preempt_suite(void);
Suite *queue_suite(void);
Suite *runq_suite(void);
Suite *rwlock_suite(void);
Suite *sched_suite(void);
Suite *sem_suite(void);
Suite *service_suite(void);
Suite *signal_suite(void);
Suite *share_suite(void);
Suite *sim_suite(void);
Suite *snapshot_suite(void);
Suite *sporadic_suite(void);
Suite *stage_suite(void);
Suite *suspend_suite(void);
Suite *sweep_suite(void);
Suite *thread_suite(void);
Suite *timer_move_suite(void);
Suite *timer_real_suite(void);
Suite *timer_suite(void);
Suite *tree_suite(void);
Suite *trace_suite(void);
Suite *value_suite(void);
Suite *wait_suite(void);
Suite *watch_suite(void);
Suite *watchdog_suite(void);
Suite *word_suite(void);

#endif
