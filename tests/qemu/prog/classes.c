// SPDX-License-Identifier: GPL-2.0
/*
 * classes: scheduling classes on CPU 0, by shares and by order. Prints a line for each, with what the
 * threads got of 100 ms, in tenths of a percent, or the order in which they ran.
 */
#include <errno.h>
#include <keel/sched.h>
#include <keel/sync.h>
#include "hard.h"

#define LENGTH	(100 * MS)
#define MOST	3

struct job {
	struct keel_sched sched;
	int64_t work;			/* 0: to the end */
	int64_t got;
	char name;
};

static int64_t begin, end;
static char order[MOST + 1];
static int ended;

/* Its own run time, by what the clock shows in steps: a step too long was somebody else's. */
static int64_t spin(int64_t work)
{
	int64_t got = 0, last = keel_clock_ns(), now;

	while (last < end && (!work || got < work)) {
		now = keel_clock_ns();
		if (now - last < 2 * US)
			got += now - last;
		last = now;
	}
	return got;
}

static void *run(void *arg)
{
	struct job *j = arg;

	must(keel_thread_sched_set(&j->sched));
	must(keel_sleep_until(begin));
	j->got = spin(j->work);
	order[__atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST)] = j->name;
	return NULL;
}

static void play(const char *name, struct job *jobs, int count)
{
	pthread_t t[MOST];
	int i;

	begin = keel_clock_ns() + 20 * MS;
	end = begin + LENGTH;
	ended = 0;
	memset(order, 0, sizeof(order));
	for (i = 0; i < count; i++)
		t[i] = hard_create(name, 10 + i, 0, run, &jobs[i]);
	for (i = 0; i < count; i++)
		pthread_join(t[i], NULL);
	printf("%s", name);
	for (i = 0; i < count; i++)
		printf(" %ld", (long)(jobs[i].got * 1000 / LENGTH));
	printf(" %s\n", order);
}

/* ---- the wake-up of each class -------------------------------------------------------------------- */

#define WAKES 200

static void *wakes(void *arg)
{
	int64_t late = 0, until = keel_clock_ns() + MS;

	must(keel_thread_sched_set(arg));
	for (int i = 0; i < 2 * WAKES; i++) {
		until += 500 * US;
		must(keel_sleep_until(until));
		/* The first ones fill what is filled once. */
		late += i < WAKES ? 0 : keel_clock_ns() - until;
	}
	return (void *)(late / WAKES);
}

static void wakeup(const char *name, struct keel_sched sched)
{
	void *late;

	pthread_join(hard_create("wakes", 50, 0, wakes, &sched), &late);
	printf("wakeup_%s %ld\n", name, (long)late);
}

static void wakeups(void)
{
	struct keel_frame f = { .count = 1, .windows = { { .partition = 1, .length_ns = 100 * MS } } };

	must(keel_group_set(0, 1, 50 * MS, 100 * MS));
	must(keel_frame_set(&f));
	wakeup("fifo", (struct keel_sched){ .prio = 50 });
	wakeup("rr", (struct keel_sched){ .sched_class = KEEL_CLASS_RR, .prio = 50, .budget_ns = 10 * MS });
	wakeup("edf", (struct keel_sched){ .sched_class = KEEL_CLASS_EDF, .budget_ns = MS, .period_ns = 5 * MS });
	wakeup("sporadic", (struct keel_sched){ .sched_class = KEEL_CLASS_SPORADIC, .prio = 50, .low_prio = 1,
						.max_repl = 8, .budget_ns = 10 * MS, .period_ns = 20 * MS });
	wakeup("quota", (struct keel_sched){ .sched_class = KEEL_CLASS_QUOTA, .prio = 50, .group = 1 });
	wakeup("tp", (struct keel_sched){ .sched_class = KEEL_CLASS_TP, .prio = 50, .group = 1 });
	must(keel_group_set(0, 1, 0, 0));
	f.count = 0;
	must(keel_frame_set(&f));
}

static struct job job(char name, unsigned int class, int prio, int64_t budget, int64_t period)
{
	return (struct job){
		.name = name,
		.sched = { .sched_class = class, .prio = prio, .budget_ns = budget, .period_ns = period },
	};
}

static void frame_set(unsigned int count, int64_t a, int64_t b, int64_t nobody)
{
	struct keel_frame f = {
		.count = count,
		.windows = { { .partition = 0, .length_ns = a }, { .partition = 1, .length_ns = b },
			     { .partition = -1, .length_ns = nobody } },
	};

	must(keel_frame_set(&f));
}

static void partitions(void)
{
	struct job j[MOST] = {
		job('a', KEEL_CLASS_TP, 10, 0, 0), job('b', KEEL_CLASS_TP, 20, 0, 0),
	};

	j[1].sched.group = 1;
	frame_set(3, 2 * MS, 5 * MS, 3 * MS);
	play("partitions", j, 2);
	frame_set(0, 0, 0, 0);
}

static void quota(void)
{
	struct job j[MOST] = {
		job('a', KEEL_CLASS_QUOTA, 10, 0, 0), job('b', KEEL_CLASS_QUOTA, 20, 0, 0),
	};

	must(keel_group_set(0, 3, 3 * MS, 10 * MS));
	j[0].sched.group = j[1].sched.group = 3;
	j[1].work = 5 * MS;
	play("quota", j, 2);
	must(keel_group_set(0, 3, 0, 0));
}

/* A call on an object takes it in-band again, and nothing of that counts as an accident. */
static void *weak(void *arg)
{
	struct keel_sched s = { .sched_class = KEEL_CLASS_WEAK };
	struct keel_stats stats;
	struct keel_sem sem;

	must(keel_relax());
	must(keel_sem_create(&sem, 1, 1));
	must(keel_thread_sched_set(&s));
	must(keel_sem_wait(&sem));
	check(!keel_is_hard());
	must(keel_sem_post(&sem));
	check(!keel_is_hard());
	must(keel_stats_get(&stats));
	check(stats.relaxes[KEEL_RELAX_SYSCALL] == 0);
	must(keel_thread_sched_get(&s));
	check(s.sched_class == KEEL_CLASS_WEAK);
	must(keel_sem_delete(&sem));
	puts("weak");
	return arg;
}

/* What does not fit is refused, and the thread goes on as it was. */
static void *refused(void *arg)
{
	struct keel_sched s = { .sched_class = KEEL_CLASS_EDF, .budget_ns = 96 * MS, .period_ns = 100 * MS };
	struct keel_sched now;

	check(keel_thread_sched_set(&s) == -EBUSY);
	s.budget_ns = 101 * MS;
	check(keel_thread_sched_set(&s) == -EINVAL);
	check(keel_is_hard());
	must(keel_thread_sched_get(&now));
	check(now.sched_class == KEEL_CLASS_FIFO && now.prio == 10 && now.run_ns);
	check(keel_sched_unlock() == -EPERM);
	must(keel_sched_lock());
	must(keel_sched_unlock());
	s.budget_ns = 95 * MS;
	must(keel_thread_sched_set(&s));
	check(keel_priority_set(20) == -EINVAL);
	check(keel_group_set(0, KEEL_GROUPS, MS, MS) == -EINVAL);
	puts("refused");
	return arg;
}

int main(void)
{
	struct job rr[MOST] = {
		job('a', KEEL_CLASS_RR, 10, MS, 0), job('b', KEEL_CLASS_RR, 10, MS, 0),
		job('c', KEEL_CLASS_RR, 10, 2 * MS, 0),
	};
	struct job edf[MOST] = {
		job('a', KEEL_CLASS_EDF, 0, 2 * MS, 10 * MS), job('b', KEEL_CLASS_EDF, 0, 6 * MS, 20 * MS),
		job('c', KEEL_CLASS_FIFO, 99, 0, 0),
	};
	struct job by_deadline[MOST] = {
		job('a', KEEL_CLASS_EDF, 0, 9 * MS, 40 * MS), job('b', KEEL_CLASS_EDF, 0, 9 * MS, 30 * MS),
		job('c', KEEL_CLASS_FIFO, 99, 0, 0),
	};
	struct job sporadic[MOST] = {
		job('a', KEEL_CLASS_SPORADIC, 20, 2 * MS, 10 * MS), job('b', KEEL_CLASS_FIFO, 10, 0, 0),
	};
	pthread_t t;
	int i;

	must(keel_open());
	play("rr", rr, 3);
	play("edf", edf, 3);
	for (i = 0; i < MOST; i++)
		by_deadline[i].work = 5 * MS;
	play("deadlines", by_deadline, 3);
	sporadic[0].sched.low_prio = 1;
	sporadic[0].sched.max_repl = 4;
	play("sporadic", sporadic, 2);
	quota();
	partitions();
	t = hard_create("weak", 10, 0, weak, NULL);
	pthread_join(t, NULL);
	t = hard_create("refused", 10, 0, refused, NULL);
	pthread_join(t, NULL);
	wakeups();
	keel_close();
	return 0;
}
