// SPDX-License-Identifier: GPL-2.0
/*
 * startstop CYCLES: stop and start Keel again and again under hard threads, two on each CPU, one
 * periodic and one with a mutex shared by all.
 *
 * Stopped: each thread goes on in-band, its Keel calls give EAGAIN, no thread can be attached, and
 * kernel text is what it was when the copy was taken (/proc/textsum). Started: each is hard again
 * by itself.
 */
#include <errno.h>
#include <sched.h>
#include "hard.h"

#define THREADS	4
#define PERIOD	MS

struct worker {
	pthread_t thread;
	int index;
	unsigned long hard;	/* rounds gone through hard */
	unsigned long inband;	/* rounds that Keel refused */
	int error;
	const char *wrong;	/* what else went wrong */
};

static struct worker workers[THREADS];
static struct keel_mutex mutex;
static unsigned long guarded, rounds;	/* under the mutex */
static int quit;

/* 0, -EAGAIN when Keel is stopped, or what must not happen. */
static int round_periodic(struct worker *w)
{
	int err = keel_period_wait(NULL);

	if (err == -EWOULDBLOCK)	/* the period was refused while Keel was stopped */
		err = keel_period_set(0, PERIOD);
	(void)w;
	return err;
}

static void refused(struct worker *w)
{
	__atomic_add_fetch(&w->inband, 1, __ATOMIC_RELAXED);
}

/* A thread that is sent in-band while it owns the mutex stays its owner. */
static int round_mutex(struct worker *w)
{
	int err = keel_mutex_lock(&mutex);

	if (err)
		return err;
	guarded++;
	keel_sleep(200 * US);
	rounds++;
	if (guarded != rounds)
		w->wrong = "not alone with the mutex";
	while ((err = keel_mutex_unlock(&mutex)) == -EAGAIN) {
		refused(w);
		sleep_ms(1);
	}
	return err ? err : keel_sleep(PERIOD);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	while (!flag_get(&quit) && !w->error) {
		int64_t now = keel_clock_ns();
		int err = w->index & 1 ? round_mutex(w) : round_periodic(w);

		if (err == -EAGAIN) {
			refused(w);
			keel_sleep_until(now + PERIOD);	/* by Linux, then */
			if (keel_clock_ns() < now + PERIOD)
				w->wrong = "a sleep ended early";
		} else if (err) {
			w->error = err;
		} else {
			__atomic_add_fetch(&w->hard, 1, __ATOMIC_RELAXED);
		}
	}
	return NULL;
}

static void command(const char *line)
{
	int status = system(line);

	if (status)
		fail("%s: status %d", line, status);
}

/* Each worker goes on, in the way it should: @hard or in-band. */
static void await_progress(int hard)
{
	unsigned long from[THREADS];

	for (int i = 0; i < THREADS; i++)
		from[i] = __atomic_load_n(hard ? &workers[i].hard : &workers[i].inband,
					  __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++) {
		struct worker *w = &workers[i];
		unsigned long *count = hard ? &w->hard : &w->inband;

		for (int n = 0; __atomic_load_n(count, __ATOMIC_RELAXED) < from[i] + 3; n++) {
			if (w->error)
				fail("thread %d: %s", i, strerror(-w->error));
			if (n < 5000) {
				sleep_ms(1);
				continue;
			}
			command("cat /sys/kernel/debug/keel/threads");
			fail("thread %d stands still %s", i, hard ? "started" : "stopped");
		}
	}
}

static void text_same(int cycle)
{
	char line[128], last[128] = "";
	FILE *f = fopen("/proc/textsum", "r");

	if (!f)
		fail("/proc/textsum: %m");
	while (fgets(line, sizeof(line), f))
		strcpy(last, line);
	fclose(f);
	if (strcmp(last, "same\n"))
		fail("kernel text after stop %d: %s", cycle, last);
}

static void cycle(int n)
{
	int policy = sched_getscheduler(0);

	command("keel stop >/dev/null");
	await_progress(0);
	text_same(n);
	check(keel_thread_attach("late", 10, -1) == -EAGAIN);
	check(!keel_is_hard() && sched_getscheduler(0) == policy);
	check(keel_mutex_lock(&mutex) == -EPERM);
	command("keel start >/dev/null");
	await_progress(1);
}

static void workers_start(void)
{
	for (int i = 0; i < THREADS; i++) {
		workers[i].index = i;
		workers[i].thread = hard_create("worker", 10 + 10 * i, i / 2, work, &workers[i]);
	}
}

static void workers_end(void)
{
	flag_set(&quit, 1);
	for (int i = 0; i < THREADS; i++) {
		struct worker *w = &workers[i];

		pthread_join(w->thread, NULL);
		printf("thread %d: %lu hard, %lu in-band\n", i, w->hard, w->inband);
		if (w->error || w->wrong)
			fail("thread %d: %s", i, w->error ? strerror(-w->error) : w->wrong);
	}
}

int main(int argc, char **argv)
{
	int cycles = argc == 2 ? atoi(argv[1]) : 1;

	must(keel_open());
	must(keel_mutex_create(&mutex));
	workers_start();
	await_progress(1);
	for (int i = 1; i <= cycles; i++) {
		dprintf(1, "cycle %d\n", i);
		cycle(i);
	}
	workers_end();
	must(keel_mutex_delete(&mutex));
	keel_close();
	return 0;
}
