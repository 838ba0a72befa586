// SPDX-License-Identifier: GPL-2.0
/*
 * Threads of others. Workers see each other's threads, and ask Keel to change them, which root may. With -u
 * what sends requests is nobody's, and a process of yet another user has threads of known class, CPU and
 * state, the untouched: whatever is asked of those is refused, and nothing of them changes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <keel/sched.h>
#include <keel/sync.h>
#include "fuzz.h"

#define OWNER		2000
#define NOBODY		65534
#define UNTOUCHED	3
#define BEAT_MS		10
#define LISTED		1024

pid_t *tids;

static struct board {
	pid_t tids[WORKERS_MAX][THREADS_MAX];
	pid_t untouched[UNTOUCHED];
	int ready;		/* of the untouched: may be looked at */
	int beats;		/* of the one that runs */
	int disturbed;		/* times that one of the others went on */
	int refused;		/* requests for one of them that ended with EPERM */
	int carried_out;	/* and that did not fail */
} *board;

static struct keel_thread_info before[UNTOUCHED];
static int unprivileged;
static pid_t keeper;

void others_init(int as_nobody)
{
	board = shared_alloc(sizeof(*board));
	unprivileged = as_nobody;
}

void others_worker(unsigned int n)
{
	tids = board->tids[n];
	memset(tids, 0, sizeof(board->tids[n]));
}

/* Of the calling thread alone: libc's would be of all, by a signal that these do not hear. */
static void user_become(unsigned int uid)
{
	if (syscall(SYS_setresuid, uid, uid, uid))
		fail("user %u: %m", uid);
}

void others_nobody(void)
{
	if (unprivileged)
		user_become(NOBODY);
}

pid_t tid_random(struct dice *d)
{
	if (dice_below(d, 2))
		return tids[dice_below(d, THREADS_MAX)];
	if (unprivileged && dice_below(d, 2))
		return board->untouched[dice_below(d, UNTOUCHED)];
	return board->tids[dice_below(d, WORKERS_MAX)][dice_below(d, THREADS_MAX)];
}

int others_asked(struct dice *d)
{
	return unprivileged && !dice_below(d, 4);
}

static int is_untouched(pid_t tid)
{
	for (int i = 0; tid && i < UNTOUCHED; i++)
		if (board->untouched[i] == tid)
			return 1;
	return 0;
}

void change_random(struct dice *d, struct keel_thread_change *c)
{
	*c = (struct keel_thread_change){
		.tid = tid_random(d), .what = KEEL_CHANGE_PRIO + dice_below(d, 6),
	};
	/* One that could be suspended for good would soon leave nobody to run. */
	if (c->what == KEEL_CHANGE_SUSPEND && !is_untouched(c->tid))
		c->what = KEEL_CHANGE_CLASS;
	if (c->what == KEEL_CHANGE_PRIO)
		c->sched.prio = 1 + dice_below(d, 99);
	else if (c->what == KEEL_CHANGE_CPU)
		c->cpu = dice_below(d, get_nprocs());
	else if (c->what == KEEL_CHANGE_CLASS)
		sched_random(d, &c->sched);
}

void change_noted(const struct keel_thread_change *c, int err)
{
	if (unprivileged && is_untouched(c->tid) && (!err || err == EPERM))
		__atomic_fetch_add(err ? &board->refused : &board->carried_out, 1, __ATOMIC_RELAXED);
}

/* ---- the untouched ------------------------------------------------------------------------------ */

static void *untouched(void *arg)
{
	long i = (long)arg;
	struct keel_sem never;

	must(keel_sem_create(&never, 0, 1));
	user_become(OWNER);
	board->untouched[i] = gettid();
	if (i == 2)
		must(keel_period_set(0, BEAT_MS * MS));
	__atomic_fetch_add(&board->ready, 1, __ATOMIC_RELEASE);
	while (i == 2) {
		must(keel_period_wait(NULL));
		__atomic_fetch_add(&board->beats, 1, __ATOMIC_RELAXED);
	}
	for (;;) {
		if (i == 0)
			keel_sem_wait(&never);
		else
			keel_sleep(3600000 * MS);
		__atomic_fetch_add(&board->disturbed, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void keep(void)
{
	static const struct keel_sched slices = {
		.sched_class = KEEL_CLASS_RR, .prio = 8, .budget_ns = 5 * MS,
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(keel_open());
	for (long i = 0; i < UNTOUCHED; i++) {
		struct keel_thread_attr attr = {
			.name = "untouched", .prio = 7 + i, .cpu = i % get_nprocs(), .stack = 64 << 10,
		};
		pthread_t t;

		must(keel_thread_create(&t, &attr, untouched, (void *)i));
	}
	await(&board->ready, UNTOUCHED, "the untouched");
	must(keel_sched_set(board->untouched[1], &slices));
	__atomic_fetch_add(&board->ready, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

/* What Keel has of them. */
static void look(struct keel_thread_info *of)
{
	static struct keel_thread_info all[LISTED];
	struct keel_list list = {
		.kind = KEEL_LIST_THREADS, .size = sizeof(all[0]), .room = LISTED, .data = (unsigned long)all,
	};
	int fd = open(KEEL_DEVICE, O_RDWR), found = 0;

	if (ioctl(fd, KEEL_IOC_LIST, &list))
		fail("list: %m");
	for (unsigned int n = 0; n < list.count && n < LISTED; n++)
		for (int i = 0; i < UNTOUCHED; i++)
			if (all[n].tid == (unsigned int)board->untouched[i]) {
				of[i] = all[n];
				found++;
			}
	close(fd);
	if (found != UNTOUCHED)
		fail("%d threads are untouched", found);
}

void untouched_begin(void)
{
	if (!unprivileged)
		return;
	keeper = fork();
	if (keeper == 0)
		keep();
	await(&board->ready, UNTOUCHED + 1, "the untouched");
	await(&board->beats, 1, "the untouched run");
	for (int i = 0; i < 1000; i++) {
		look(before);
		if (before[0].state == KEEL_STATE_WAITING && before[1].state == KEEL_STATE_WAITING)
			return;
		sleep_ms(BEAT_MS);
	}
	fail("the untouched do not wait");
}

static void same(const struct keel_thread_info *a, const struct keel_thread_info *b)
{
	cpu_set_t set;

	check(a->cpu == b->cpu && a->base_prio == b->base_prio && a->prio == b->prio);
	check(a->sched_class == b->sched_class && a->group == b->group);
	check(a->budget_ns == b->budget_ns && a->budget_period_ns == b->budget_period_ns);
	check(a->mode_switches == b->mode_switches);
	check(!sched_getaffinity(b->tid, sizeof(set), &set));
	check(CPU_COUNT(&set) == 1 && CPU_ISSET(a->cpu, &set));
}

void untouched_end(void)
{
	struct keel_thread_info now[UNTOUCHED];
	int beats;

	if (!unprivileged)
		return;
	look(now);
	for (int i = 0; i < UNTOUCHED; i++)
		same(&before[i], &now[i]);
	check(before[1].sched_class == KEEL_CLASS_RR);
	check(board->disturbed == 0);
	beats = flag_get(&board->beats);
	await(&board->beats, beats + 3, "the untouched run");
	printf("refused %d\n", board->refused);
	check(board->refused > 0 && board->carried_out == 0);
	kill(keeper, SIGKILL);
	waitpid(keeper, NULL, 0);
}
