// SPDX-License-Identifier: GPL-2.0
#include <alchemy/alarm.h>
#include "tasks.h"

static RT_ALARM alarm_a;
static int expired, was_hard;
static RTIME when;

static void on_expiry(void *arg)
{
	when = rt_timer_read();
	flag_set(&was_hard, keel_is_hard());
	flag_set(&expired, expired + (int)(long)arg);
}

static void create_all(void)
{
	RT_ALARM other;

	gives(rt_alarm_create(&alarm_a, "a", on_expiry, (void *)1), 0);
	fails(rt_alarm_create(&other, "a", on_expiry, (void *)1), EEXIST);
	fails(rt_alarm_create(&other, NULL, NULL, NULL), EINVAL);
	gives(rt_alarm_create(&other, NULL, on_expiry, NULL), 0);
	gives(rt_alarm_delete(&other), 0);
	gives(rt_alarm_delete(&alarm_a), 0);
}

/* The library's thread has a priority. */
static void create_unprivileged(void)
{
	gives(rt_task_create(&(RT_TASK){ 0 }, NULL, 0, 0, 0), 0);
	unprivileged();
	fails(rt_alarm_create(&alarm_a, NULL, on_expiry, NULL), EPERM);
}

ROW(rt_alarm_create)
{
	static RT_ALARM many[5000];
	long err = 0;
	int n = 0;

	everywhere(create_all);
	while (n < 5000 && !(err = rt_alarm_create(&many[n], NULL, on_expiry, NULL)))
		n++;
	fails(err, ENOMEM);
	process_ends(in_process(create_unprivileged));
}

static void start_all(void)
{
	RTIME before = rt_timer_read();

	expired = 0;
	gives(rt_alarm_create(&alarm_a, NULL, on_expiry, (void *)1), 0);
	gives(rt_alarm_start(&alarm_a, 5 * MS, TM_INFINITE), 0);
	await(&expired, 1, "an alarm");
	check(when - before >= 5 * MS);
	check(was_hard);
	sleep_ms(20);
	gives(flag_get(&expired), 1);		/* once */
	gives(rt_alarm_start(&alarm_a, MS, 2 * MS), 0);
	await(&expired, 6, "alarms of an interval");
	gives(rt_alarm_start(&alarm_a, 3600000 * MS, TM_INFINITE), 0);	/* instead */
	expired = 0;
	sleep_ms(20);
	gives(flag_get(&expired), 0);
	gives(rt_alarm_start(&alarm_a, 0, TM_INFINITE), 0);	/* now */
	await(&expired, 1, "an alarm at once");
	fails(rt_alarm_start(&alarm_a, TM_NONBLOCK, MS), EINVAL);
	gives(rt_alarm_delete(&alarm_a), 0);
	fails(rt_alarm_start(&alarm_a, MS, MS), EINVAL);
}

ROW(rt_alarm_start)
{
	everywhere(start_all);
}

static void stop_all(void)
{
	gives(rt_alarm_create(&alarm_a, NULL, on_expiry, (void *)1), 0);
	gives(rt_alarm_start(&alarm_a, MS, MS), 0);
	await(&expired, 3, "alarms of an interval");
	gives(rt_alarm_stop(&alarm_a), 0);
	sleep_ms(2);
	expired = 0;
	sleep_ms(20);
	gives(flag_get(&expired), 0);
	gives(rt_alarm_delete(&alarm_a), 0);
	fails(rt_alarm_stop(&alarm_a), EINVAL);
}

ROW(rt_alarm_stop)
{
	everywhere(stop_all);
}

static void deletes_itself(void *arg)
{
	flag_set(arg, (int)rt_alarm_delete(&alarm_a));
}

static void delete_running(void)
{
	gives(rt_alarm_create(&alarm_a, NULL, on_expiry, (void *)1), 0);
	gives(rt_alarm_start(&alarm_a, MS, 100 * US), 0);
	await(&expired, 3, "alarms of an interval");
	gives(rt_alarm_delete(&alarm_a), 0);
	expired = 0;
	sleep_ms(10);
	gives(flag_get(&expired), 0);
	fails(rt_alarm_delete(&alarm_a), EINVAL);
}

ROW(rt_alarm_delete)
{
	int got = 1;

	everywhere(delete_running);
	gives(rt_alarm_create(&alarm_a, NULL, deletes_itself, &got), 0);
	gives(rt_alarm_start(&alarm_a, MS, TM_INFINITE), 0);
	while (flag_get(&got) == 1)
		sleep_ms(1);
	gives(got, -EPERM);
}

static void inquire_all(void)
{
	RT_ALARM_INFO info;

	gives(rt_alarm_create(&alarm_a, "asked", on_expiry, (void *)1), 0);
	gives(rt_alarm_inquire(&alarm_a, &info), 0);
	check(!strcmp(info.name, "asked") && !info.active && !info.expiries);
	gives(rt_alarm_start(&alarm_a, MS, MS), 0);
	expired = 0;
	await(&expired, 3, "alarms of an interval");
	gives(rt_alarm_inquire(&alarm_a, &info), 0);
	check(info.active && info.expiries >= 3);
	gives(rt_alarm_delete(&alarm_a), 0);
	fails(rt_alarm_inquire(&alarm_a, &info), EINVAL);
}

ROW(rt_alarm_inquire)
{
	everywhere(inquire_all);
}
