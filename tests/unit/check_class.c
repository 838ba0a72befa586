// SPDX-License-Identifier: GPL-2.0
/*
 * Scheduling classes against their textbook schedules: each random set of tasks runs on the simulated
 * machine and in a plain simulator of its own here, which goes from event to event and knows only the
 * rules as books state them. Release and finish of each job must be equal, to the ns.
 *
 * Times are drawn to the ns, so no two events of different tasks fall together, but the first releases,
 * and those at starts of windows and periods.
 */
#include <string.h>

#include "nucleus/class.h"
#include "nucleus/sched.h"
#include "tests/unit/unit.h"

#define SETS	1000
#define TASKS	6
#define JOBS	8
#define NEVER	NK_TIME_NEVER
#define US	1000LL
#define MS	1000000LL

struct task {
	struct nk_sched_attr attr;
	nk_time_t offset, period;
	nk_time_t cost[JOBS];
	nk_time_t release[JOBS], finish[JOBS];	/* as the machine had it */
	struct unit_thread *thread;

	/* The book's. */
	nk_time_t want_release[JOBS], want_finish[JOBS];
	int job, ready, level;
	nk_time_t left;				/* of the job */
	nk_time_t budget, deadline, back_at;	/* EDF: back_at when held */
	nk_time_t active, used;			/* sporadic */
	struct nk_repl repl[NK_REPL_MAX];
	int repls;
	unsigned long order;			/* among equals */
};

static struct {
	struct task task[TASKS];
	int count;
	nk_time_t start;
	nk_time_t quota, quota_period;
	struct nk_frame frame;
} set;

static nk_time_t between(nk_time_t least, nk_time_t most)
{
	return least + (nk_time_t)((nk_u64)unit_random(1u << 30) * (nk_u64)(most - least) >> 30);
}

/* ---- on the machine --------------------------------------------------------------------------- */

/* Nothing happens between two timers, so it is enough to go from one to the next. */
static void works(nk_time_t cost)
{
	while (cost > 0) {
		nk_time_t step = sim_programmed(0) - hal_clock_now();

		if (step > cost)
			step = cost;
		sim_advance(step);
		cost -= step;
	}
}

static void task_main(struct unit_thread *u)
{
	struct task *k = u->arg;
	int j;

	for (j = 0; j < JOBS; j++) {
		nk_sleep_until(set.start + k->offset + j * k->period);
		k->release[j] = set.start + k->offset + j * k->period;
		works(k->cost[j]);
		k->finish[j] = hal_clock_now();
	}
}

static void run_machine(void)
{
	int i;

	for (i = 0; i < set.count; i++) {
		struct task *k = &set.task[i];

		k->thread = unit_make("task", k->attr.prio ? k->attr.prio : 1, 0, task_main, k);
		unit_must(!nk_class_set(&k->thread->t, &k->attr));
		nk_thread_start(&k->thread->t);
	}
	for (i = 0; i < set.count; i++)
		while (!set.task[i].thread->done)
			sim_advance(100 * MS);
}

/* ---- by the book -------------------------------------------------------------------------------- */

static struct {
	nk_time_t now;
	nk_time_t quota_left, quota_next;
	nk_time_t window_end;
	int window;
	unsigned long order;
} book;

static nk_time_t next_release(const struct task *k)
{
	return k->ready || k->job == JOBS ? NEVER : set.start + k->offset + k->job * k->period;
}

/* What a task that wants the CPU may have now: above 0, or nothing. */
static int level_of(const struct task *k)
{
	switch (k->attr.kind) {
	case NK_EDF:
		return k->back_at ? 0 : NK_PRIO_EDF;
	case NK_SPORADIC:
		return k->budget > 0 && k->repls < k->attr.max_repl ? k->attr.prio : k->attr.low_prio;
	case NK_QUOTA:
		return book.quota_left > 0 ? k->attr.prio : 0;
	case NK_TP:
		return set.frame.windows[book.window].partition == k->attr.group ? k->attr.prio : 0;
	default:
		return k->attr.prio;
	}
}

static int goes_before(const struct task *a, const struct task *b)
{
	if (a->level != b->level)
		return a->level > b->level;
	if (a->level == NK_PRIO_EDF && a->deadline != b->deadline)
		return a->deadline < b->deadline;
	return a->order < b->order;
}

static struct task *best(void)
{
	struct task *k, *found = NULL;

	for (k = set.task; k < set.task + set.count; k++)
		if (k->ready && k->level && (!found || goes_before(k, found)))
			found = k;
	return found;
}

static void book_release(struct task *k)
{
	k->ready = 1;
	k->order = ++book.order;
	k->left = k->cost[k->job];
	k->want_release[k->job] = book.now;
	if (k->attr.kind == NK_RR)
		k->budget = k->attr.budget;
	if (k->attr.kind == NK_SPORADIC) {
		k->active = book.now;
		k->used = 0;
	}
	if (k->attr.kind == NK_EDF && !k->back_at &&
	    (book.now >= k->deadline || (__int128)k->budget * k->attr.period >
				       (__int128)(k->deadline - book.now) * k->attr.budget)) {
		k->deadline = book.now + k->attr.period;
		k->budget = k->attr.budget;
	}
}

static void book_give_back_later(struct task *k)
{
	if (k->attr.kind != NK_SPORADIC || !k->used)
		return;
	k->repl[k->repls++] = (struct nk_repl){ k->active + k->attr.period, k->used };
	k->used = 0;
}

static void book_finish(struct task *k)
{
	k->want_finish[k->job++] = book.now;
	k->ready = 0;
	/* It blocks, unless the next release has passed: then it never wanted less. */
	if (next_release(k) <= book.now && next_release(k) != NEVER) {
		unsigned long order = k->order;
		struct task was = *k;

		book_release(k);
		k->want_release[k->job] = set.start + k->offset + k->job * k->period;
		k->order = order;
		k->budget = was.budget;
		k->deadline = was.deadline;
		k->active = was.active;
		k->used = was.used;
	} else {
		book_give_back_later(k);
	}
}

static void book_spent(struct task *k)
{
	if (k->attr.kind == NK_RR) {
		k->budget = k->attr.budget;
		k->order = ++book.order;
	}
	if (k->attr.kind == NK_EDF)
		k->back_at = k->deadline > book.now ? k->deadline : book.now;
	book_give_back_later(k);
	k->level = level_of(k);
}

/* What is left to @k of whatever its class gives it. */
static nk_time_t book_limit(const struct task *k)
{
	switch (k->attr.kind) {
	case NK_RR:
	case NK_EDF:
		return k->budget;
	case NK_SPORADIC:
		return k->level == k->attr.prio ? k->budget : NEVER;
	case NK_QUOTA:
		return book.quota_left;
	default:
		return NEVER;
	}
}

static void book_ran(struct task *k, nk_time_t ran)
{
	k->left -= ran;
	switch (k->attr.kind) {
	case NK_RR:
	case NK_EDF:
		k->budget -= ran;
		break;
	case NK_SPORADIC:
		if (k->level == k->attr.prio) {
			k->budget -= ran;
			k->used += ran;
		}
		break;
	case NK_QUOTA:
		book.quota_left -= ran;
		break;
	}
}

static void earlier(nk_time_t *next, nk_time_t at)
{
	if (at < *next)
		*next = at;
}

static nk_time_t next_event(void)
{
	nk_time_t next = NEVER;
	struct task *k;

	for (k = set.task; k < set.task + set.count; k++) {
		earlier(&next, next_release(k));
		if (k->back_at)
			earlier(&next, k->back_at);
		if (k->repls)
			earlier(&next, k->repl[0].at);
	}
	if (set.quota)
		earlier(&next, book.quota_next);
	if (set.frame.count)
		earlier(&next, book.window_end);
	return next;
}

static void task_events(struct task *k)
{
	if (k->back_at && k->back_at <= book.now) {
		k->deadline += k->attr.period;
		if (k->deadline <= book.now)
			k->deadline = book.now + k->attr.period;
		k->budget = k->attr.budget;
		k->back_at = 0;
		k->order = ++book.order;
	}
	while (k->repls && k->repl[0].at <= book.now) {
		k->budget += k->repl[0].amount;
		memmove(k->repl, k->repl + 1, sizeof(k->repl[0]) * --k->repls);
	}
	if (next_release(k) <= book.now)
		book_release(k);
}

static void events(void)
{
	struct task *k;

	if (set.quota && book.quota_next <= book.now) {
		book.quota_left = set.quota;
		book.quota_next += set.quota_period;
	}
	if (set.frame.count && book.window_end <= book.now) {
		book.window = (book.window + 1) % set.frame.count;
		book.window_end += set.frame.windows[book.window].length;
	}
	for (k = set.task; k < set.task + set.count; k++)
		task_events(k);
}

/* A sporadic one that has got back to its priority is active since then. */
static void book_levels(void)
{
	struct task *k;

	for (k = set.task; k < set.task + set.count; k++) {
		int level = level_of(k);

		if (k->attr.kind == NK_SPORADIC && level == k->attr.prio && k->level == k->attr.low_prio) {
			k->active = book.now;
			k->used = 0;
		}
		k->level = level;
	}
}

static int over(void)
{
	const struct task *k = set.task;

	while (k < set.task + set.count && k->job == JOBS)
		k++;
	return k == set.task + set.count;
}

static void run_book(void)
{
	struct task *k;

	while (!over()) {
		nk_time_t until, ran;

		events();
		book_levels();
		k = best();
		while (k && !k->left) {
			book_finish(k);
			book_levels();
			k = best();
		}
		until = next_event();
		if (k) {
			earlier(&until, book.now + k->left);
			if (book_limit(k) != NEVER)
				earlier(&until, book.now + book_limit(k));
		}
		/* A budget may be due back before it is used up: at once, then. */
		ran = until > book.now ? until - book.now : 0;
		book.now += ran;
		if (!k)
			continue;
		book_ran(k, ran);
		if (book_limit(k) <= 0)
			book_spent(k);
	}
}

/* ---- one set ------------------------------------------------------------------------------------ */

static void compare(int which)
{
	int i, j;

	for (i = 0; i < set.count; i++)
		for (j = 0; j < JOBS; j++) {
			const struct task *k = &set.task[i];

			if (k->finish[j] == k->want_finish[j] && k->release[j] == k->want_release[j])
				continue;
			ck_abort_msg("set %d, task %d of class %d, job %d: from %lld to %lld, by the book %lld to %lld",
				     which, i, k->attr.kind, j, (long long)(k->release[j] - set.start),
				     (long long)(k->finish[j] - set.start),
				     (long long)(k->want_release[j] - set.start),
				     (long long)(k->want_finish[j] - set.start));
		}
}

/* Priorities differ unless the class is about equals. */
static void draw_task(struct task *k, int i, int kind)
{
	nk_time_t share = 90 / set.count;
	int j;

	memset(k, 0, sizeof(*k));
	k->attr.kind = kind;
	k->period = between(2 * MS, 30 * MS);
	k->offset = between(10 * US, 5 * MS);
	for (j = 0; j < JOBS; j++)
		k->cost[j] = between(20 * US, k->period * share / 100);
	if (kind != NK_EDF)
		k->attr.prio = kind == NK_RR ? 10 + i / 3 : 20 + (i * 7) % 60;
	if (kind == NK_RR)
		k->attr.budget = between(100 * US, 2 * MS);
	if (kind == NK_EDF || kind == NK_SPORADIC) {
		k->attr.period = between(MS, 20 * MS);
		k->attr.budget = k->attr.period * between(5, share) / 100;
	}
	if (kind == NK_SPORADIC) {
		k->attr.low_prio = 1 + i;
		k->attr.max_repl = 1 + (int)unit_random(NK_REPL_MAX);
	}
	k->budget = k->attr.budget;
	if (kind == NK_TP)
		k->attr.group = (int)unit_random(3);
}

static void draw_frame(void)
{
	int i;

	set.frame.count = 1 + (int)unit_random(6);
	for (i = 0; i < set.frame.count; i++) {
		set.frame.windows[i].partition = (int)unit_random(4) - 1;
		set.frame.windows[i].length = between(500 * US, 8 * MS);
	}
	/* Each has a window, or its tasks never end. */
	for (i = 0; i < 3; i++, set.frame.count++)
		set.frame.windows[set.frame.count] = (struct nk_window){ i, between(MS, 8 * MS) };
}

static const int kinds[] = { NK_FIFO, NK_RR, NK_EDF, NK_SPORADIC, NK_QUOTA, NK_TP, NK_CLASSES };

/* NK_CLASSES: all of them together. */
static void draw(int kind)
{
	int i, of;

	memset(&set, 0, sizeof(set));
	memset(&book, 0, sizeof(book));
	set.count = 2 + (int)unit_random(TASKS - 1);
	if (kind == NK_QUOTA || kind == NK_CLASSES) {
		set.quota_period = between(3 * MS, 20 * MS);
		set.quota = set.quota_period * between(15, 80) / 100;
	}
	if (kind == NK_TP || kind == NK_CLASSES)
		draw_frame();
	for (i = 0; i < set.count; i++) {
		of = kind == NK_CLASSES ? (int)unit_random(NK_TP + 1) : kind;
		draw_task(&set.task[i], i, of);
		if (kind == NK_CLASSES && of == NK_RR)
			set.task[i].attr.prio = 10;
	}
}

static void run_set(int kind, int which)
{
	unit_setup();
	unit_random_seed((unsigned int)which * 16 + (unsigned int)kind);
	draw(kind);
	set.start = hal_clock_now();
	book.now = set.start;
	if (set.quota)
		unit_must(!nk_group_set(0, 0, set.quota, set.quota_period));
	book.quota_left = set.quota;
	book.quota_next = set.start + set.quota_period;
	if (set.frame.count)
		unit_must(!nk_frame_set(0, &set.frame));
	book.window_end = set.start + set.frame.windows[0].length;
	run_machine();
	run_book();
	compare(which);
	unit_must(!nk_rq_check(&nk_rqs[0]));
	unit_teardown();
}

START_TEST(random_sets_run_as_the_book_says)
{
	int i;

	for (i = 0; i < SETS; i++)
		run_set(kinds[_i], i);
}
END_TEST

Suite *class_suite(void)
{
	Suite *suite = suite_create("class");
	TCase *tc = unit_race_case(suite, "book");

	tcase_add_loop_test(tc, random_sets_run_as_the_book_says, 0,
			    sizeof(kinds) / sizeof(kinds[0]));
	return suite;
}
