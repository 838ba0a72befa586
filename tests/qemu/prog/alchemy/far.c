// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks by their names: of this process, and of another one of the session.
 */
#include <xenomai/init.h>
#include "tasks.h"

static RT_TASK seen;

static void *makes_late(void *arg)
{
	sleep_ms(30);
	gives(rt_task_create(arg, "late", 0, 10, 0), 0);
	return NULL;
}

static void bind_here(void)
{
	RT_TASK task;

	gives(rt_task_bind(&task, "here", TM_NONBLOCK), 0);
	gives(rt_task_same(&task, &seen), 1);
	fails(rt_task_bind(&task, "nobody", TM_NONBLOCK), EWOULDBLOCK);
	fails(rt_task_bind(&task, "nobody", 5 * MS), ETIMEDOUT);
	fails(rt_task_bind(&task, NULL, TM_NONBLOCK), EINVAL);
}

/* ---- in a session ------------------------------------------------------------------------------------------ */

static void use_session(void)
{
	char *words[] = { "rows", "--session=rows", "row", NULL }, *const *argv = words;
	int argc = 3;

	xenomai_init(&argc, &argv);
	gives(argc, 2);
	check(!strcmp(argv[1], "row"));
}

static void doubles(void *arg)
{
	int value;
	RT_TASK_MCB mcb = { .data = &value, .size = sizeof(value) };
	int flow = rt_task_receive(&mcb, TM_INFINITE);

	check(flow > 0);
	value *= 2;
	gives(rt_task_reply(flow, &mcb), 0);
	check(!arg);
}

/* What the far process's tasks do, for both to see. */
static struct far {
	int rounds[2];			/* of the hard one, and of the one in Linux */
	int slept, may_end;
	int started, ordinary, hard, cpu, spun, counts[2];
} *far;

/* Hard, or in-band. */
static void far_beats(void *arg)
{
	int *rounds = &far->rounds[arg != NULL];

	while (!flag_get(&far->may_end)) {
		flag_set(rounds, *rounds + 1);
		if (!arg)
			rt_task_sleep(MS);
		else
			sleep_ms(1);
	}
}

static void far_sleeps(void *arg)
{
	flag_set(&far->slept, (int)rt_task_sleep(TM_INFINITE - 2));
	check(!arg);
}

/* As its priority has it, and then as that of another, which it is told from afar. */
static void far_changes(void *arg)
{
	flag_set(&far->started, (int)(long)arg);
	for (;;) {
		rt_task_sleep(MS);
		flag_set(&far->hard, keel_is_hard());
		flag_set(&far->ordinary, sched_getscheduler(0) == SCHED_OTHER);
		flag_set(&far->cpu, sched_getcpu());
	}
}

/* Of two that spin on one CPU, with one priority, the second gets on if the first has a slice. */
static void far_spins(void *arg)
{
	int *count = arg;

	while (!flag_get(&far->spun))
		__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
	rt_task_sleep(TM_INFINITE - 2);
}

static void far_server(void)
{
	RT_TASK task, beats, sleeps, linux_, changes, spins[2];

	use_session();
	gives(rt_task_create(&changes, "far changes", 0, 30, 0), 0);
	gives(rt_task_create(&spins[0], "far spins", 0, 20, 0), 0);
	gives(rt_task_create(&spins[1], "far spins too", 0, 20, 0), 0);
	gives(rt_task_spawn(&linux_, "far linux", 0, 0, T_JOINABLE, far_beats, "in Linux"), 0);
	gives(rt_task_spawn(&beats, "far beats", 0, 30, T_JOINABLE, far_beats, NULL), 0);
	gives(rt_task_spawn(&sleeps, "far sleeps", 0, 30, T_JOINABLE, far_sleeps, NULL), 0);
	gives(rt_task_spawn(&task, "far", 0, 40, T_JOINABLE, doubles, NULL), 0);
	gives(rt_task_join(&task), 0);
	gives(rt_task_join(&sleeps), 0);
	gives(rt_task_join(&beats), 0);
	gives(rt_task_join(&linux_), 0);
}

static void far_stands(const int *rounds, int stands)
{
	int before;

	sleep_ms(5);
	before = flag_get(rounds);
	sleep_ms(20);
	if (stands)
		gives(flag_get(rounds) - before, 0);
	else
		await(rounds, before + 3, "rounds of a far task");
}

/* It stands while it is suspended, twice, and ends by being deleted. */
static void far_control(const char *name, const int *rounds)
{
	RT_TASK task;
	RT_TASK_INFO info;

	gives(rt_task_bind(&task, name, TM_INFINITE), 0);
	far_stands(rounds, 0);
	gives(rt_task_suspend(&task), 0);
	far_stands(rounds, 1);
	gives(rt_task_suspend(&task), 0);
	gives(rt_task_resume(&task), 0);
	far_stands(rounds, 1);
	gives(rt_task_inquire(&task, &info), 0);
	check(info.stat.status & XNSUSP);
	gives(rt_task_resume(&task), 0);
	far_stands(rounds, 0);
	gives(rt_task_delete(&task), 0);
	far_stands(rounds, 1);
	fails(rt_task_suspend(&task), EINVAL);
	fails(rt_task_delete(&task), EINVAL);
	gives(rt_task_unbind(&task), 0);
}

static void far_until(const int *flag, int value)
{
	for (int i = 0; flag_get(flag) != value; i++) {
		if (i == 5000)
			fail("a far task: %d, not %d", flag_get(flag), value);
		sleep_ms(2);
	}
}

/* What the task itself has to do for it. */
static void far_change(void)
{
	RT_TASK task;
	RT_TASK_INFO info;
	cpu_set_t set;

	gives(rt_task_bind(&task, "far changes", TM_INFINITE), 0);
	gives(rt_task_inquire(&task, &info), 0);
	check(info.stat.status & XNDORMANT);
	gives(rt_task_start(&task, far_changes, (void *)5), 0);
	far_until(&far->started, 5);
	far_until(&far->hard, 1);
	gives(rt_task_start(&task, far_changes, (void *)6), 0);
	gives(rt_task_set_priority(&task, 0), 0);
	far_until(&far->ordinary, 1);
	far_until(&far->hard, 0);
	gives(rt_task_inquire(&task, &info), 0);
	gives(info.prio, 0);
	fails(rt_task_slice(&task, MS), EINVAL);
	CPU_ZERO(&set);
	fails(rt_task_set_affinity(&task, &set), EINVAL);
	CPU_SET(get_nprocs() - 1, &set);
	gives(rt_task_set_affinity(&task, &set), 0);
	far_until(&far->cpu, get_nprocs() - 1);
	gives(rt_task_set_priority(&task, 31), 0);
	far_until(&far->hard, 1);
	far_until(&far->ordinary, 0);
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	gives(rt_task_set_affinity(&task, &set), 0);
	far_until(&far->cpu, 0);
	gives(far->started, 5);
	fails(rt_task_set_periodic(&task, TM_NOW, MS), EINVAL);
	fails(rt_task_join(&task), ESRCH);
	gives(rt_task_delete(&task), 0);
	fails(rt_task_start(&task, far_changes, NULL), EINVAL);
	fails(rt_task_set_affinity(&task, &set), EINVAL);
	fails(rt_task_set_priority(&task, 0), EINVAL);
}

/* Hard, as nothing else runs while they spin. */
static void far_slices(void *arg)
{
	RT_TASK *two = arg;

	for (int i = 0; i < 2; i++)
		gives(rt_task_start(&two[i], far_spins, &far->counts[i]), 0);
	for (int i = 0; i < 500 && !(flag_get(&far->counts[0]) && flag_get(&far->counts[1])); i++)
		rt_task_sleep(20 * MS);
	check(keel_is_hard());
	check(flag_get(&far->counts[0]) && flag_get(&far->counts[1]));
	flag_set(&far->spun, 1);
}

static void far_slice(void)
{
	RT_TASK two[2], task;

	gives(rt_task_bind(&two[0], "far spins", TM_INFINITE), 0);
	gives(rt_task_bind(&two[1], "far spins too", TM_INFINITE), 0);
	for (int i = 0; i < 2; i++)
		gives(rt_task_slice(&two[i], MS), 0);
	fails(rt_task_slice(&two[0], 100), EINVAL);
	task = task_run(50, T_JOINABLE, far_slices, two);
	gives(rt_task_join(&task), 0);
	for (int i = 0; i < 2; i++)
		gives(rt_task_delete(&two[i]), 0);
	fails(rt_task_slice(&two[0], MS), EINVAL);
}

static void far_controls(void)
{
	RT_TASK task;
	RT_TASK_INFO info;

	far_control("far beats", &far->rounds[0]);
	far_control("far linux", &far->rounds[1]);
	gives(rt_task_bind(&task, "far sleeps", TM_INFINITE), 0);
	gives(rt_task_set_priority(&task, 44), 0);
	gives(rt_task_inquire(&task, &info), 0);
	gives(info.prio, 44);
	gives(rt_task_unblock(&task), 0);
	await(&far->slept, -EINTR, "the end of a far sleep");
}

static void ask_far(void)
{
	int value = 21, reply = 0;
	RT_TASK_MCB mcb_s = { .data = &value, .size = sizeof(value) };
	RT_TASK_MCB mcb_r = { .data = &reply, .size = sizeof(reply) };

	gives(rt_task_send(&seen, &mcb_s, &mcb_r, TM_INFINITE), sizeof(reply));
	gives(reply, 42);
}

static void bind_far(void)
{
	RT_TASK_INFO info;
	pid_t pid;

	use_session();
	far = shared_alloc(sizeof(*far));
	far->slept = -1000;
	fails(rt_task_bind(&seen, "far", TM_NONBLOCK), EWOULDBLOCK);
	fails(rt_task_bind(&seen, "far", 5 * MS), ETIMEDOUT);
	pid = in_process(far_server);
	gives(rt_task_bind(&seen, "far", TM_INFINITE), 0);
	gives(rt_task_inquire(&seen, &info), 0);
	check(!strcmp(info.name, "far") && info.prio == 40);
	far_change();
	far_slice();
	far_controls();
	in_task(ask_far);
	process_ends(pid);
	gives(rt_task_unbind(&seen), 0);
}

ROW(rt_task_bind)
{
	pthread_t thread;
	RT_TASK late, bound;
	pid_t pid = in_process(bind_far);

	process_ends(pid);

	gives(rt_task_create(&seen, "here", 0, 10, 0), 0);
	everywhere(bind_here);
	pthread_create(&thread, NULL, makes_late, &late);
	gives(rt_task_bind(&bound, "late", TM_INFINITE), 0);
	pthread_join(thread, NULL);
	gives(rt_task_same(&bound, &late), 1);
}

ROW(rt_task_unbind)
{
	RT_TASK bound;

	gives(rt_task_create(&seen, "here", 0, 10, 0), 0);
	gives(rt_task_bind(&bound, "here", TM_NONBLOCK), 0);
	gives(rt_task_unbind(&bound), 0);
	gives(bound.handle, 0);
	fails(rt_task_unbind(&bound), EINVAL);
	gives(rt_task_suspend(&seen), 0);	/* it is still there */
}
