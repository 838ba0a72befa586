/* SPDX-License-Identifier: GPL-2.0 */
#ifndef POSIXCONFIG_H
#define POSIXCONFIG_H

/*
 * Windows and groups by Cobalt's names. For posixnp.c.
 */
#define CONFIG_CPU	0
#define INTERVAL	10	/* ms, of groups */

static union {
	union sched_config config;
	char room[sched_tp_confsz(KEEL_WINDOWS_MAX + 1)];
} windows;

static int tp_op(int op)
{
	struct __sched_config_tp tp = { .op = op };

	return sched_setconfig_np(CONFIG_CPU, SCHED_TP, (union sched_config *)&tp, sizeof(tp));
}

/* So many of a ms each, of partition 1 and nobody's in turns. */
static int tp_windows(int count)
{
	struct __sched_config_tp *tp = &windows.config.tp;

	memset(&windows, 0, sizeof(windows));
	tp->op = sched_tp_install;
	tp->nr_windows = count;
	for (int i = 0; i < count; i++) {
		tp->windows[i].offset.tv_nsec = i * MS;
		tp->windows[i].duration.tv_nsec = MS;
		tp->windows[i].ptid = i % 2 ? -1 : 1;
	}
	return sched_setconfig_np(CONFIG_CPU, SCHED_TP, &windows.config, sched_tp_confsz(count));
}

static int tp_again(void)
{
	return sched_setconfig_np(CONFIG_CPU, SCHED_TP, &windows.config, sizeof(windows));
}

/* What is there is as tp_windows() has made it, or there is none. */
static void tp_told(int count)
{
	size_t len = sizeof(windows);
	struct __sched_config_tp *tp = &windows.config.tp;

	memset(&windows, 0, sizeof(windows));
	check(!sched_getconfig_np(CONFIG_CPU, SCHED_TP, &windows.config, &len));
	check(len == (count ? sched_tp_confsz(count) : 0) && tp->nr_windows == count);
	for (int i = 0; i < count; i++)
		check(tp->windows[i].offset.tv_nsec == i * MS && tp->windows[i].duration.tv_nsec == MS &&
		      tp->windows[i].ptid == (i % 2 ? -1 : 1));
}

static void tp_refused(void)
{
	struct __sched_config_tp *tp = &windows.config.tp;
	size_t len = sched_tp_confsz(3);

	check(tp_windows(KEEL_WINDOWS_MAX + 1) == EINVAL);
	tp->nr_windows = -1;
	check(tp_again() == EINVAL);
	check(!tp_windows(4) && sched_setconfig_np(CONFIG_CPU, SCHED_TP, &windows.config, len) == EINVAL);
	check(sched_setconfig_np(-1, SCHED_TP, &windows.config, sizeof(windows)) == EINVAL);
	check(sched_setconfig_np(CONFIG_CPU, SCHED_TP, &windows.config, 0) == EINVAL);
	check(sched_setconfig_np(CONFIG_CPU, SCHED_FIFO, &windows.config, sizeof(windows)) == EINVAL);
	tp->windows[2].offset.tv_nsec++;
	check(tp_again() == EINVAL);
	tp->windows[2].offset.tv_nsec--;
	tp->windows[3].ptid = KEEL_PARTITIONS;
	check(tp_again() == EINVAL);
	tp->windows[3].ptid = -2;
	check(tp_again() == EINVAL);
	tp->windows[3].ptid = -1;
	tp->windows[3].duration.tv_nsec = 0;
	check(tp_again() == EINVAL);
	tp->windows[3].duration.tv_nsec = 1000 * MS;
	check(tp_again() == EINVAL);
	tp->op = 77;
	check(tp_again() == EINVAL);
	check(sched_getconfig_np(CONFIG_CPU, SCHED_TP, &windows.config, &len) == ENOSPC);
	check(sched_getconfig_np(-1, SCHED_TP, &windows.config, &len) == EINVAL);
	check(sched_getconfig_np(CONFIG_CPU, SCHED_FIFO, &windows.config, &len) == EINVAL);
	tp_told(4);
	check(!tp_op(sched_tp_uninstall));
	tp_told(0);
}

static volatile int tp_turns, tp_ends;

static void *tp_runs(void *arg)
{
	struct sched_param_ex p = { .sched_priority = PRIO, .sched_tp_partition = 1 };

	check(!pthread_setschedparam_ex(pthread_self(), SCHED_TP, &p));
	while (!tp_ends) {
		ms_sleep(1);
		tp_turns++;
	}
	return arg;
}

/* Whether it runs within 20 frames. */
static int tp_moves(void)
{
	int before;

	ms_sleep(5);
	before = tp_turns;
	for (int i = 0; i < 40 && tp_turns == before; i++)
		ms_sleep(2);
	return tp_turns != before;
}

/* On another CPU than those windows'. */
static void elsewhere(void)
{
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(1, &cpu);
	check(!sched_setaffinity(0, sizeof(cpu), &cpu));
}

static void row_config_windows(void)
{
	struct keel_frame frame = { .cpu = CONFIG_CPU };
	pthread_t thread;

	tp_refused();
	check(!tp_op(sched_tp_start) && !keel_frame_get(&frame) && !frame.count);	/* nothing there */
	check(!tp_windows(4));
	check(!keel_frame_get(&frame) && !frame.count);
	tp_told(4);
	thread = start(PRIO, tp_runs, NULL);
	elsewhere();
	check(!tp_moves());
	check(!tp_op(sched_tp_start) && tp_moves());
	tp_told(4);
	check(!keel_frame_get(&frame) && frame.count == 4);
	check(!tp_op(sched_tp_stop) && !tp_moves());
	tp_told(4);
	check(!tp_op(sched_tp_start) && tp_moves());
	check(!tp_windows(2) && !tp_moves());
	check(!tp_op(sched_tp_start) && tp_moves());
	tp_ends = 1;
	pthread_join(thread, NULL);
	check(!tp_windows(0));
	tp_told(0);
}

static int quota_op(struct __sched_config_quota *q)
{
	return sched_setconfig_np(CONFIG_CPU, SCHED_QUOTA, (union sched_config *)q, sizeof(*q));
}

static int quota_of(int group, int quota)
{
	struct __sched_config_quota q = { .op = sched_quota_set, .set = { group, quota, quota } };
	int err = quota_op(&q);

	if (!err)
		check(q.info.tgid == group && q.info.quota == quota && q.info.quota_peak == quota &&
		      q.info.quota_sum == quota);
	return err;
}

static int quota_ends(int op, int group)
{
	struct __sched_config_quota q = { .op = op, .remove = { group } };

	return quota_op(&q);
}

static int quota_told(int group)
{
	struct __sched_config_quota q = { .get = { group } };
	size_t len = sizeof(q);
	int err = sched_getconfig_np(CONFIG_CPU, SCHED_QUOTA, (union sched_config *)&q, &len);

	check(err || (len == sizeof(q.info) && q.info.tgid == group && q.info.quota == q.info.quota_sum));
	return err ? -err : q.info.quota;
}

static void *joins_group(void *arg)
{
	struct sched_param_ex p = { .sched_priority = PRIO, .sched_quota_group = *(int *)arg };
	int64_t budget, period;

	check(!pthread_setschedparam_ex(pthread_self(), SCHED_QUOTA, &p));
	check(!quota_of(p.sched_quota_group, 30));
	check(!keel_group_get(CONFIG_CPU, p.sched_quota_group, &budget, &period));
	check(budget == 3 * MS && period == INTERVAL * MS);
	check(quota_ends(sched_quota_remove, p.sched_quota_group) == EBUSY);
	check(quota_ends(sched_quota_force_remove, p.sched_quota_group) == EBUSY);
	check(quota_told(p.sched_quota_group) == 30);
	return NULL;
}

static void quota_refused(int group)
{
	struct __sched_config_quota q = { .op = 77 };
	size_t len = sizeof(q) - 1;

	check(quota_op(&q) == EINVAL);
	q.op = sched_quota_get;
	check(quota_op(&q) == EINVAL);
	check(sched_setconfig_np(CONFIG_CPU, SCHED_QUOTA, (union sched_config *)&q, len) == EINVAL);
	check(sched_getconfig_np(CONFIG_CPU, SCHED_QUOTA, (union sched_config *)&q, &len) == ENOSPC);
	q.op = sched_quota_add;
	check(sched_setconfig_np(-1, SCHED_QUOTA, (union sched_config *)&q, sizeof(q)) == EINVAL);
	check(quota_of(group, 101) == EINVAL && quota_of(group, -1) == EINVAL);
	check(quota_of(group + 1, 10) == ESRCH && quota_of(-1, 10) == ESRCH && quota_of(KEEL_GROUPS, 10) == ESRCH);
	check(quota_ends(sched_quota_remove, group + 1) == ESRCH && quota_told(group + 1) == -ESRCH);
}

static void row_config_groups(void)
{
	struct __sched_config_quota q = { .op = sched_quota_add };
	int group, count = 1;

	check(!quota_op(&q) && !q.info.quota && !q.info.quota_sum);
	group = q.info.tgid;
	quota_refused(group);
	check(!quota_of(group, 20) && quota_told(group) == 20);
	pthread_join(start(PRIO, joins_group, &group), NULL);
	check(!quota_of(group, 0) && quota_told(group) == 0);
	while (!quota_op(&q))
		count++;
	check(count == KEEL_GROUPS && quota_op(&q) == ENOSPC);
	for (group = 0; group < KEEL_GROUPS; group++)
		check(!quota_ends(sched_quota_remove, group));
	check(quota_ends(sched_quota_remove, 0) == ESRCH);
}

#endif
