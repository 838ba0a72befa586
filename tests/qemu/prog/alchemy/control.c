// SPDX-License-Identifier: GPL-2.0
/*
 * What tasks are told while they run.
 */
#include <signal.h>
#include <sys/syscall.h>
#include "tasks.h"

static int rounds, may_end, got;

static void beats(void *arg)
{
	while (!flag_get(&may_end)) {
		flag_set(&rounds, rounds + 1);
		rt_task_sleep(MS);
	}
	check(!arg);
}

static void beats_in_linux(void *arg)
{
	while (!flag_get(&may_end)) {
		flag_set(&rounds, rounds + 1);
		sleep_ms(1);
	}
	check(!arg);
}

static void sleeps_long(void *arg)
{
	long ret = rt_task_sleep(3600000 * MS);

	flag_set(arg, (int)ret);
}

static void stands(int stands)
{
	int before;

	sleep_ms(5);
	before = flag_get(&rounds);
	sleep_ms(30);
	if (stands)
		gives(flag_get(&rounds) - before, 0);
	else
		await(&rounds, before + 3, "rounds of a task");
}

static void task_ends(RT_TASK *task)
{
	flag_set(&may_end, 1);
	gives(rt_task_join(task), 0);
	may_end = 0;
}

static void none_of(int (*call)(RT_TASK *task))
{
	RT_TASK none = NO_ALCHEMY_TASK, gone = task_run(50, T_JOINABLE, sleeps_long, &got);

	gives(rt_task_delete(&gone), 0);
	fails(call(&gone), EINVAL);
	gives(rt_task_join(&gone), 0);
	fails(call(&gone), EINVAL);
	fails(call(&none), EINVAL);
}

/* ---- suspend, resume, unblock ---------------------------------------------------------------------------- */

static void suspend_one(void (*fn)(void *arg))
{
	RT_TASK task = task_run(50, T_JOINABLE, fn, NULL);

	stands(0);
	gives(rt_task_suspend(&task), 0);
	stands(1);
	gives(rt_task_suspend(&task), 0);
	gives(rt_task_resume(&task), 0);
	stands(1);
	gives(rt_task_resume(&task), 0);
	stands(0);
	task_ends(&task);
}

static void suspend_both(void)
{
	suspend_one(beats);
	suspend_one(beats_in_linux);
}

static void suspends_itself(void *arg)
{
	got = 1;
	gives(rt_task_suspend(NULL), 0);
	flag_set(&got, 2);
	flag_set(&got, (int)rt_task_suspend(NULL));
	check(!arg);
}

static void on_signal(int signal)
{
	(void)signal;
}

ROW(rt_task_suspend)
{
	RT_TASK task;

	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	everywhere(suspend_both);
	task = task_run(50, T_JOINABLE, suspends_itself, NULL);
	gives(got, 1);
	gives(rt_task_resume(&task), 0);
	gives(got, 2);
	pthread_kill(task.thread, SIGUSR1);
	gives(rt_task_join(&task), 0);
	gives(got, -EINTR);
	fails(rt_task_suspend(NULL), EPERM);
	none_of(rt_task_suspend);
}

ROW(rt_task_resume)
{
	RT_TASK task = task_run(50, T_JOINABLE, beats, NULL);

	gives(rt_task_resume(&task), 0);	/* of no effect, now or later */
	gives(rt_task_suspend(&task), 0);
	stands(1);
	gives(rt_task_unblock(&task), 0);
	stands(1);
	gives(rt_task_resume(&task), 0);
	stands(0);
	task_ends(&task);
	fails(rt_task_resume(NULL), EINVAL);
	none_of(rt_task_resume);
}

static void unblock_sleeper(void)
{
	RT_TASK task;

	got = 1;
	task = task_run(60, T_JOINABLE, sleeps_long, &got);
	gives(got, 1);
	gives(rt_task_unblock(&task), 0);
	gives(rt_task_join(&task), 0);
	gives(got, -EINTR);
}

ROW(rt_task_unblock)
{
	everywhere(unblock_sleeper);
	fails(rt_task_unblock(NULL), EINVAL);
	none_of(rt_task_unblock);
}

/* ---- turns ------------------------------------------------------------------------------------------------- */

static char turns[16];
static int turn;

static void takes_turns(void *arg)
{
	for (int i = 0; i < 3; i++) {
		turns[turn++] = *(char *)arg;
		gives(rt_task_yield(), 0);
	}
}

/* Both begin before either runs: this one is more urgent. */
static void starts_two(void *arg)
{
	RT_TASK *two = arg;

	gives(rt_task_start(&two[0], takes_turns, "a"), 0);
	gives(rt_task_start(&two[1], takes_turns, "b"), 0);
}

ROW(rt_task_yield)
{
	RT_TASK two[2], starter;

	gives(rt_task_create(&two[0], NULL, 0, 50, T_JOINABLE), 0);
	gives(rt_task_create(&two[1], NULL, 0, 50, T_JOINABLE), 0);
	starter = task_run(60, T_JOINABLE, starts_two, two);
	gives(rt_task_join(&starter), 0);
	gives(rt_task_join(&two[0]), 0);
	gives(rt_task_join(&two[1]), 0);
	if (strcmp(turns, "ababab"))
		fail("turns: %s", turns);
	fails(rt_task_yield(), EPERM);
}

static void spins_until(void *arg)
{
	int *mine = arg;

	while (!flag_get(&may_end))
		++*mine;
}

static void slices_itself(void *arg)
{
	gives(rt_task_slice(NULL, MS), 0);
	spins_until(arg);
}

static int counts[2];

/* counts[i] moves within ten seconds. */
static int counts_soon(int i)
{
	for (int tries = 0; tries < 500 && !flag_get(&counts[i]); tries++)
		rt_task_sleep(20 * MS);
	return flag_get(&counts[i]);
}

/* The second has no slice: were it the first to run, it would be the only one. */
static void makes_spinners(void *arg)
{
	RT_TASK *two = arg;

	two[0] = task_run(50, T_JOINABLE, slices_itself, &counts[0]);
	check(counts_soon(0));
	two[1] = task_run(50, T_JOINABLE, spins_until, &counts[1]);
	check(counts_soon(1));			/* the slice of the first ended */
	rt_task_slice(&two[0], 0);
	flag_set(&may_end, 1);
}

ROW(rt_task_slice)
{
	RT_TASK two[2], maker, none = NO_ALCHEMY_TASK;

	fails(rt_task_slice(&none, MS), EINVAL);
	fails(rt_task_slice(NULL, MS), EPERM);
	maker = task_run(60, T_JOINABLE, makes_spinners, two);
	gives(rt_task_join(&maker), 0);
	gives(rt_task_join(&two[0]), 0);
	gives(rt_task_join(&two[1]), 0);
	may_end = 0;
	two[0] = task_run(50, T_JOINABLE, beats, NULL);
	gives(rt_task_slice(&two[0], 2 * MS), 0);
	fails(rt_task_slice(&two[0], 100), EINVAL);
	stands(0);
	task_ends(&two[0]);
	two[0] = task_run(0, T_JOINABLE, beats, NULL);
	fails(rt_task_slice(&two[0], MS), EINVAL);
	task_ends(&two[0]);
}

/* ---- CPUs and modes -------------------------------------------------------------------------------------------- */

static void moves(void *arg)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	fails(rt_task_set_affinity(NULL, &set), EINVAL);
	CPU_SET(get_nprocs() - 1, &set);
	keel_harden();
	gives(rt_task_set_affinity(NULL, &set), 0);
	check(keel_is_hard());
	flag_set(arg, sched_getcpu());
}

ROW(rt_task_set_affinity)
{
	RT_TASK task, none = NO_ALCHEMY_TASK;
	RT_TASK_INFO info;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(get_nprocs() - 1, &set);
	task = task_run(50, T_JOINABLE, moves, &got);
	gives(rt_task_join(&task), 0);
	gives(got, get_nprocs() - 1);
	task = task_run(50, T_JOINABLE, beats, NULL);
	gives(rt_task_set_affinity(&task, &set), 0);
	stands(0);
	gives(rt_task_inquire(&task, &info), 0);
	gives(info.stat.cpu, get_nprocs() - 1);
	task_ends(&task);
	fails(rt_task_set_affinity(&none, &set), EINVAL);
	fails(rt_task_set_affinity(NULL, &set), EPERM);
}

static int warnings;

static void on_warning(int signal)
{
	(void)signal;
	warnings++;
}

static void changes_modes(void *arg)
{
	int mode = -1;

	gives(rt_task_set_mode(0, T_LOCK, &mode), 0);
	gives(mode, 0);
	task_run(60, 0, beats, NULL);
	gives(rounds, 0);			/* more urgent, but this one has the scheduler */
	gives(rt_task_set_mode(T_LOCK, T_WARNSW, &mode), 0);
	gives(mode, T_LOCK);
	check(rounds > 0);
	gives(rt_task_set_mode(0, 0, &mode), 0);
	gives(mode, T_WARNSW);
	syscall(SYS_getppid);
	gives(warnings, 1);
	keel_relax();				/* asked for: no warning */
	gives(rt_task_set_mode(0, T_CONFORMING, NULL), 0);
	check(keel_is_hard());
	gives(warnings, 1);
	gives(rt_task_set_mode(T_WARNSW, 0, NULL), 0);
	syscall(SYS_getppid);
	gives(warnings, 1);
	fails(rt_task_set_mode(0, T_JOINABLE, NULL), EINVAL);
	flag_set(&may_end, 1);
	check(!arg);
}

ROW(rt_task_set_mode)
{
	RT_TASK task;

	signal(SIGXCPU, on_warning);
	fails(rt_task_set_mode(0, T_LOCK, NULL), EPERM);
	task = task_run(50, T_JOINABLE, changes_modes, NULL);
	gives(rt_task_join(&task), 0);
	sleep_ms(20);
}

/* ---- priorities -------------------------------------------------------------------------------------------------- */

static void sets_its_own(void *arg)
{
	RT_TASK_INFO info;

	gives(rt_task_set_priority(NULL, 33), 0);
	gives(rt_task_inquire(NULL, &info), 0);
	gives(info.prio, 33);
	gives(rt_task_set_priority(NULL, 0), 0);
	gives(sched_getscheduler(0), SCHED_OTHER);
	gives(rt_task_sleep(MS), 0);
	check(!keel_is_hard());
	gives(rt_task_set_priority(NULL, 20), 0);
	gives(rt_task_sleep(MS), 0);
	check(keel_is_hard());
	check(!arg);
}

static void raises(void *arg)
{
	RT_TASK *task = arg;

	gives(rt_task_resume(task), 0);
	gives(flag_get(&rounds), 0);
	gives(rt_task_set_priority(task, 70), 0);
	check(flag_get(&rounds) > 0);		/* it went first at once */
}

ROW(rt_task_set_priority)
{
	RT_TASK task, other, none = NO_ALCHEMY_TASK;
	RT_TASK_INFO info;

	task = task_run(50, T_JOINABLE, sets_its_own, NULL);
	gives(rt_task_join(&task), 0);
	task = task_run(40, T_JOINABLE | T_SUSP, beats, NULL);
	other = task_run(50, T_JOINABLE, raises, &task);
	gives(rt_task_join(&other), 0);
	gives(rt_task_set_priority(&task, 45), 0);
	gives(rt_task_inquire(&task, &info), 0);
	gives(info.prio, 45);
	fails(rt_task_set_priority(&task, 100), EINVAL);
	fails(rt_task_set_priority(&task, -1), EINVAL);
	fails(rt_task_set_priority(&none, 10), EINVAL);
	fails(rt_task_set_priority(NULL, 10), EPERM);
	task_ends(&task);
}

/* ---- inquire ------------------------------------------------------------------------------------------------------- */

static void inquires_itself(void *arg)
{
	RT_TASK_INFO info;

	gives(rt_task_inquire(NULL, &info), 0);
	gives(info.prio, 50);
	check(keel_is_hard());			/* asking costs no change of mode */
	gives(info.pid, syscall(SYS_gettid));
	check(info.stat.csw >= 1 && info.stat.msw >= 1 && info.stat.status & XNREADY);
	check(!arg);
}

ROW(rt_task_inquire)
{
	RT_TASK task, none = NO_ALCHEMY_TASK;
	RT_TASK_INFO info;

	task = task_run(50, T_JOINABLE, inquires_itself, NULL);
	gives(rt_task_join(&task), 0);
	gives(rt_task_create(&task, "asked", 0, 12, T_JOINABLE), 0);
	gives(rt_task_inquire(&task, &info), 0);
	check(!strcmp(info.name, "asked"));
	gives(info.prio, 12);
	check(info.stat.status & XNDORMANT);
	gives(rt_task_start(&task, sleeps_long, &got), 0);
	gives(rt_task_inquire(&task, &info), 0);
	check(info.stat.status & XNDELAY && !(info.stat.status & (XNSUSP | XNDORMANT)));
	check(info.stat.timeout > 3000000ull * MS);
	gives(rt_task_suspend(&task), 0);
	gives(rt_task_inquire(&task, &info), 0);
	check(info.stat.status & XNSUSP && info.stat.status & XNDELAY);
	gives(rt_task_inquire(&task, NULL), 0);
	fails(rt_task_inquire(&none, &info), EINVAL);
	fails(rt_task_inquire(&none, NULL), EINVAL);
	fails(rt_task_inquire(NULL, &info), EPERM);
}
