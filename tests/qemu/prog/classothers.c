// SPDX-License-Identifier: GPL-2.0
/*
 * classothers: classes that others give a thread, by what Linux calls it: while it waits, runs on another
 * CPU, is held, or is in-band. And a CPU that goes offline with windows and a group on it; that
 * row is for a guest with two CPUs.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <keel/sched.h>
#include <keel/sync.h>
#include "rows.h"

static struct keel_sem sem;
static char order[8];
static int ran, spinning, stop;

struct waiter {
	char name;
	int tid;
	int sleeps;
};

static void *waits(void *arg)
{
	struct waiter *w = arg;

	must(keel_relax());
	flag_set(&w->tid, gettid());
	must(keel_harden());
	flag_set(&w->sleeps, 1);
	must(keel_sem_wait(&sem));
	order[__atomic_fetch_add(&ran, 1, __ATOMIC_SEQ_CST)] = w->name;
	return NULL;
}

static void *posts(void *arg)
{
	for (long i = 0; i < (long)arg; i++)
		must(keel_sem_post(&sem));
	return NULL;
}

static pthread_t waiter_start(struct waiter *w, int prio, int cpu)
{
	pthread_t t = hard_create("waits", prio, cpu, waits, w);

	await(&w->sleeps, 1, "the waiter");
	sleep_ms(20);
	return t;
}

static struct keel_sched fifo(int prio)
{
	return (struct keel_sched){ .sched_class = KEEL_CLASS_FIFO, .prio = prio };
}

/* Who waits has its place by its new priority; what is refused changes nothing. */
static void waiting(void)
{
	struct keel_sched s = { .sched_class = KEEL_CLASS_EDF, .budget_ns = 96 * MS, .period_ns = 100 * MS };
	struct waiter a = { .name = 'a' }, b = { .name = 'b' };
	pthread_t t[2];

	must(keel_open());
	must(keel_sem_create(&sem, 0, 9));
	t[0] = waiter_start(&a, 10, 0);
	t[1] = waiter_start(&b, 20, 0);
	check(keel_sched_set(a.tid, &s) == -EBUSY);
	s.budget_ns = 101 * MS;
	check(keel_sched_set(a.tid, &s) == -EINVAL);
	must(keel_sched_get(a.tid, &s));
	check(s.sched_class == KEEL_CLASS_FIFO && s.prio == 10 && s.switches && s.tid == (unsigned int)a.tid);
	s = fifo(30);
	check(keel_sched_set(1, &s) == -ESRCH);
	check(keel_sched_set(0, &s) == -ESRCH);
	check(keel_sched_set(-1, &s) == -ESRCH);
	check(keel_sched_set(gettid(), &s) == -ESRCH);
	check(keel_sched_get(gettid(), &s) == -ESRCH);
	must(keel_sched_set(a.tid, &s));
	check(sched_getscheduler(a.tid) == SCHED_FIFO);
	pthread_join(hard_create("posts", 50, 0, posts, (void *)2), NULL);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	check(!strcmp(order, "ab"));
	check(keel_sched_set(a.tid, &s) == -ESRCH);
}

/* In no window: it waits on, has what it waited for, and runs when it is another's. */
static void held(void)
{
	struct keel_sched s = { .sched_class = KEEL_CLASS_TP, .prio = 10, .group = 15 };
	struct waiter a = { .name = 'a' };
	pthread_t t;

	must(keel_open());
	must(keel_sem_create(&sem, 0, 9));
	t = waiter_start(&a, 10, 0);
	must(keel_sched_set(a.tid, &s));
	pthread_join(hard_create("posts", 50, 0, posts, (void *)1), NULL);
	sleep_ms(50);
	check(!flag_get(&ran));
	s = fifo(10);
	must(keel_sched_set(a.tid, &s));
	pthread_join(t, NULL);
	check(flag_get(&ran) == 1);
}

static void *spins(void *arg)
{
	must(keel_relax());
	flag_set(arg, gettid());
	must(keel_harden());
	while (!flag_get(&stop))
		flag_set(&spinning, 1);
	return NULL;
}

/* One that runs on another CPU all the time, in and out of each class. */
static void running(void)
{
	struct keel_sched s[] = {
		{ .sched_class = KEEL_CLASS_RR, .prio = 10, .budget_ns = MS },
		{ .sched_class = KEEL_CLASS_EDF, .budget_ns = 10 * MS, .period_ns = 40 * MS },
		{ .sched_class = KEEL_CLASS_SPORADIC, .prio = 10, .low_prio = 1, .max_repl = 3, .budget_ns = MS,
		  .period_ns = 5 * MS },
		{ .sched_class = KEEL_CLASS_QUOTA, .prio = 10, .group = 2 },
		{ .sched_class = KEEL_CLASS_TP, .prio = 10, .group = 3 },
		fifo(10),
	};
	struct keel_frame frame = {
		.cpu = 1, .count = 2, .windows = { { .partition = 3, .length_ns = MS }, { .partition = -1, .length_ns = MS } },
	};
	int i, tid = 0, n = sizeof(s) / sizeof(s[0]);
	struct keel_sched now;
	pthread_t t;

	must(keel_open());
	must(keel_group_set(1, 2, MS, 5 * MS));
	must(keel_frame_set(&frame));
	t = hard_create("spins", 10, 1, spins, &tid);
	await(&spinning, 1, "the one that spins");
	for (i = 0; i < 3 * n; i++) {
		must(keel_sched_set(tid, &s[i % n]));
		must(keel_sched_get(tid, &now));
		check(now.sched_class == s[i % n].sched_class && now.prio == s[i % n].prio);
		/* It still runs, whatever it is. */
		flag_set(&spinning, 0);
		await(&spinning, 1, "the one that spins");
	}
	check(now.budget_overruns);
	flag_set(&stop, 1);
	pthread_join(t, NULL);
	must(keel_group_set(1, 2, 0, 0));
	must(keel_frame_set(&(struct keel_frame){ .cpu = 1 }));
}

/* Groups and windows are the whole system's. */
static void rights(void)
{
	struct keel_frame frame = { .cpu = 0 };

	must(keel_open());
	if (setgid(65534) || setuid(65534))
		fail("setuid: %m");
	check(keel_group_set(0, 4, MS, 5 * MS) == -EPERM);
	check(keel_frame_set(&frame) == -EPERM);
}

/* ---- a CPU that goes ---------------------------------------------------------------------------- */

static void cpu_online(int cpu, char on)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, &on, 1) != 1)
		fail("%s: %m", path);
	close(fd);
}

static void *spins_a_while(void *arg)
{
	int64_t begin = keel_clock_ns();
	struct keel_sched before, now;

	must(keel_thread_sched_set(arg));
	must(keel_thread_sched_get(&before));
	do {
		for (int64_t end = keel_clock_ns() + 60 * MS; keel_clock_ns() < end;)
			;
		must(keel_thread_sched_get(&now));
	} while (now.budget_overruns < 3 && keel_clock_ns() < begin + 10000 * MS);
	check(now.budget_overruns > 2);
	check((int64_t)(now.run_ns - before.run_ns) < keel_clock_ns() - begin - 2 * MS);
	return NULL;
}

/* Windows and budgets are there again when the CPU is; nothing of the time without it is done after. */
static void offline(void)
{
	struct keel_frame frame = {
		.cpu = 1, .count = 2,
		.windows = { { .partition = 3, .length_ns = 2 * MS }, { .partition = -1, .length_ns = 2 * MS } },
	};
	struct keel_sched tp = { .sched_class = KEEL_CLASS_TP, .prio = 10, .group = 3 };
	struct keel_sched quota = { .sched_class = KEEL_CLASS_QUOTA, .prio = 10, .group = 2 };
	struct waiter a = { .name = 'a' };
	pthread_t t;

	must(keel_open());
	must(keel_frame_set(&frame));
	must(keel_group_set(1, 2, 2 * MS, 10 * MS));
	must(keel_sem_create(&sem, 1, 9));
	cpu_online(1, '0');
	check(keel_frame_set(&frame) == -EINVAL);
	check(keel_group_set(1, 2, 2 * MS, 10 * MS) == -EINVAL);
	sleep_ms(500);
	cpu_online(1, '1');
	pthread_join(hard_create("window", 10, 1, spins_a_while, &tp), NULL);
	pthread_join(hard_create("group", 10, 1, spins_a_while, &quota), NULL);
	t = waiter_start(&a, 10, 1);
	pthread_join(t, NULL);
	must(keel_group_set(1, 2, 0, 0));
	must(keel_frame_set(&(struct keel_frame){ .cpu = 1 }));
}

static const struct row table[] = {
	{ "waiting", waiting, EXITED(0), 1 },
	{ "held", held, EXITED(0), 1 },
	{ "running", running, EXITED(0), 2 },
	{ "rights", rights, EXITED(0), 1 },
};

/* No witness may hold the CPU that goes. */
int main(int argc, char **argv)
{
	setlinebuf(stdout);
	if (argc == 2 && !strcmp(argv[1], "offline")) {
		offline();
		return 0;
	}
	return rows_main(table, ROWS(table), argc, argv);
}
