// SPDX-License-Identifier: GPL-2.0
/*
 * A debugger that stops a thread which waits, hard. Behind it the thread waits on as if nothing
 * had been, and never sees EINTR.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "debug.h"

#define STOPS 20

static struct keel_mutex mutex;

static void done(void)
{
	victim_note();
	flag_set(&shared->count, shared->count + 1);
}

static void *sleeps(void *arg)
{
	(void)arg;
	victim_begin();
	while (!flag_get(&shared->stop)) {
		int64_t until = keel_clock_ns() + 20 * MS;

		must(keel_sleep_until(until));
		check(keel_clock_ns() >= until);
		done();
	}
	return NULL;
}

static void *waits_period(void *arg)
{
	unsigned long overruns;

	(void)arg;
	victim_begin();
	must(keel_period_set(0, 10 * MS));
	while (!flag_get(&shared->stop)) {
		must(keel_period_wait(&overruns));
		done();
	}
	return NULL;
}

static void *holder(void *arg)
{
	(void)arg;
	while (!flag_get(&shared->stop)) {
		must(keel_mutex_lock(&mutex));
		must(keel_sleep(20 * MS));
		must(keel_mutex_unlock(&mutex));
		must(keel_sleep(MS));
	}
	return NULL;
}

static void *waits_mutex(void *arg)
{
	pthread_t other;

	(void)arg;
	must(keel_mutex_create(&mutex));
	other = hard_create("holder", 10, 0, holder, NULL);
	victim_begin();
	while (!flag_get(&shared->stop)) {
		must(keel_mutex_lock(&mutex));
		done();
		must(keel_mutex_unlock(&mutex));
		must(keel_sleep(MS));
	}
	pthread_join(other, NULL);
	return NULL;
}

static void stops(void *(*fn)(void *))
{
	pid_t pid = victim_start(fn, NULL, 1);
	long hardens = 0;

	trace_begin();
	for (int i = 0; i < STOPS; i++) {
		sleep_ms(3 + i % 5);
		trace_interrupt();
		if (ptrace(PTRACE_CONT, shared->tid, NULL, NULL))
			fail("cont: %m");
		await(&shared->count, flag_get(&shared->count) + 2, "two waits more");
		check(shared->hard && shared->hardens > hardens);
		hardens = shared->hardens;
	}
	trace_interrupt();
	trace_end();
	victim_end(pid);
}

void wait_sleep(void)
{
	stops(sleeps);
}

void wait_period(void)
{
	stops(waits_period);
}

void wait_mutex(void)
{
	stops(waits_mutex);
}

/* A group stop under PTRACE_LISTEN: it stands still until SIGCONT, and goes on hard. */
void wait_listen(void)
{
	pid_t pid = victim_start(waits_period, NULL, 1);
	int count, status;

	trace_begin();
	kill(pid, SIGSTOP);
	check(waitpid(shared->tid, &status, __WALL) == shared->tid);
	if (status >> 8 == SIGSTOP)	/* before its delivery: let it be delivered */
		status = trace_go(PTRACE_CONT, SIGSTOP) << 8;
	check(status >> 8 == (SIGSTOP | PTRACE_EVENT_STOP << 8));
	if (ptrace(PTRACE_LISTEN, shared->tid, NULL, NULL))
		fail("listen: %m");
	count = flag_get(&shared->count);
	sleep_ms(50);
	check(flag_get(&shared->count) == count);
	kill(pid, SIGCONT);
	check(waitpid(shared->tid, &status, __WALL) == shared->tid);
	check(status >> 8 == (SIGTRAP | PTRACE_EVENT_STOP << 8));
	trace_end();
	await(&shared->count, count + 3, "periods after SIGCONT");
	check(shared->hard);
	victim_end(pid);
}

void attach_loop(void)
{
	pid_t pid = victim_start(waits_period, NULL, 1);
	int count;

	for (int i = 0; i < 3 * STOPS; i++) {
		if (i % 3) {
			trace_begin();
			trace_interrupt();
		} else {
			check(trace_go(PTRACE_ATTACH, 0) == SIGSTOP);
		}
		trace_end();
	}
	count = flag_get(&shared->count);
	await(&shared->count, count + 3, "periods after the tracer");
	check(shared->hard);
	victim_end(pid);
}

/* A tracer that is killed, with the thread running and with it stopped. */
void tracer_killed(void)
{
	for (int stop = 0; stop < 2; stop++) {
		pid_t pid = victim_start(waits_period, NULL, 1), tracer;
		int *ready = shared_alloc(sizeof(*ready)), count;

		tracer = fork();
		if (tracer == 0) {
			trace_begin();
			if (stop)
				trace_interrupt();
			flag_set(ready, 1);
			for (;;)
				pause();
		}
		await(ready, 1, "the tracer");
		kill(tracer, SIGKILL);
		check(waitpid(tracer, NULL, 0) == tracer);
		count = flag_get(&shared->count);
		await(&shared->count, count + 3, "periods after the tracer's end");
		check(shared->hard);
		victim_end(pid);
	}
}
