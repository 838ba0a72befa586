// SPDX-License-Identifier: GPL-2.0
/*
 * A hard user-space thread that waits for its periods. Between its first sample and its last it
 * makes no system call and touches no new memory; others read its counters meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include "keel.h"
#include "latency.h"

static struct {
	struct latency_options options;
	pthread_t thread;
	int stop;			/* set by the command, read by the thread */
	int error;			/* the thread's, once it has ended */
	struct latency_snapshot now;	/* written by the thread, each field by itself */
	struct histogram histogram;
	uint64_t switches_before;
} user;

#define PUBLISH(field, value)	__atomic_store_n(&user.now.field, (value), __ATOMIC_RELAXED)
#define LOOK(field)		__atomic_load_n(&user.now.field, __ATOMIC_RELAXED)

static void count_switches(void)
{
	keel_stats_get(&user.now.stats);
	PUBLISH(mode_switches, user.now.stats.mode_switches - user.switches_before);
}

static void warm_up_done(void)
{
	keel_stats_get(&user.now.stats);
	user.switches_before = user.now.stats.mode_switches;
}

static void note(int64_t late, unsigned long overruns)
{
	histogram_add(&user.histogram, late);
	if (!user.now.samples || late < user.now.min_ns)
		PUBLISH(min_ns, late);
	if (!user.now.samples || late > user.now.max_ns)
		PUBLISH(max_ns, late);
	PUBLISH(sum_ns, user.now.sum_ns + late);
	PUBLISH(overruns, user.now.overruns + overruns);
	PUBLISH(samples, user.now.samples + 1);
	count_switches();
}

static int go_on(void)
{
	uint64_t wanted = user.options.samples;

	if (__atomic_load_n(&user.stop, __ATOMIC_RELAXED))
		return 0;
	return !wanted || user.now.samples < wanted;
}

/* Each return from the wait stands for 1 + overruns points of the grid; the newest is the one to
 * be compared with. A point broken off by a signal stays due. */
static int measure(void)
{
	int64_t period = user.options.period_ns;
	int64_t due = keel_clock_ns() + period;
	unsigned long overruns;
	int warm = 0, err;

	err = keel_period_set(due, period);
	while (!err && go_on()) {
		int64_t now;

		err = keel_period_wait(&overruns);
		now = keel_clock_ns();
		if (err == -EINTR) {
			err = 0;
			continue;
		}
		due += (int64_t)overruns * period;
		if (!err && warm < LATENCY_WARM_UP) {
			if (++warm == LATENCY_WARM_UP)
				warm_up_done();
		} else if (!err) {
			note(now - due, overruns);
		}
		due += period;
	}
	return err;
}

static void *thread_main(void *unused)
{
	(void)unused;
	user.error = -measure();
	keel_relax();
	__atomic_store_n(&user.now.ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

static int user_start(const struct latency_options *options)
{
	const struct keel_thread_attr attr = {
		.name = "latency",
		.prio = options->prio,
		.cpu = options->cpu,
		.stack = 256 * 1024,
	};
	int err;

	user.options = *options;
	err = keel_thread_create(&user.thread, &attr, thread_main, NULL);
	if (!err)
		return 0;
	complain(err == -EPROTONOSUPPORT || err == -ENOENT || err == -EACCES ?
		 KEEL_DEVICE : "measuring thread", -err);
	return -1;
}

static int user_look(struct latency_snapshot *s)
{
	s->ended = __atomic_load_n(&user.now.ended, __ATOMIC_ACQUIRE);
	s->samples = LOOK(samples);
	s->overruns = LOOK(overruns);
	s->mode_switches = LOOK(mode_switches);
	s->min_ns = LOOK(min_ns);
	s->max_ns = LOOK(max_ns);
	s->sum_ns = LOOK(sum_ns);
	return 0;
}

static int user_finish(struct latency_snapshot *s, struct histogram *histogram)
{
	__atomic_store_n(&user.stop, 1, __ATOMIC_RELAXED);
	pthread_join(user.thread, NULL);
	*s = user.now;
	*histogram = user.histogram;
	if (!user.error)
		return 0;
	complain("measuring thread", user.error);
	return -1;
}

const struct latency_source user_source = {
	.what = "keel-user",
	.start = user_start,
	.look = user_look,
	.finish = user_finish,
};
