// SPDX-License-Identifier: GPL-2.0
#include <alchemy/event.h>
#include "callers.h"

static RT_EVENT event;

static void create(void)
{
	gives(rt_event_create(&event, NULL, 1, EV_PRIO), 0);
}

static void delete(void)
{
	gives(rt_event_delete(&event), 0);
}

static void give(void)
{
	gives(rt_event_signal(&event, 6), 0);
	gives(rt_event_clear(&event, 6, NULL), 0);
}

static int waiting(void)
{
	RT_EVENT_INFO info;

	gives(rt_event_inquire(&event, &info), 0);
	return info.nwaiters;
}

static long forever(void)
{
	unsigned int got = 0;
	int err = rt_event_wait(&event, 6, &got, EV_ALL, TM_INFINITE);

	return err ? (long)err : (long)got;
}

static long relative(RTIME timeout)
{
	return rt_event_wait(&event, 2, NULL, EV_ANY, timeout);
}

static long until(RTIME date)
{
	return rt_event_wait_until(&event, 2, NULL, EV_ANY, date);
}

static long timed(const struct timespec *date)
{
	return rt_event_wait_timed(&event, 2, NULL, EV_ANY, date);
}

static void create_delete(void)
{
	unsigned int got = 0;
	RT_EVENT e, other;

	gives(rt_event_create(&e, "of one's own", 0x80000001, EV_FIFO), 0);
	fails(rt_event_create(&other, "of one's own", 0, EV_FIFO), EEXIST);
	gives(rt_event_wait(&e, 0, &got, EV_ANY, TM_INFINITE), 0);
	gives(got, 0x80000001);
	gives(rt_event_delete(&e), 0);
	fails(rt_event_signal(&e, 1), EINVAL);
	fails(rt_event_delete(&e), EINVAL);
}

EXHAUSTS(event, RT_EVENT, 2000, rt_event_create(&many[i], NULL, 0, EV_PRIO))

ROW(rt_event_create)
{
	many_too_many();
	everywhere(create_delete);
	fails(rt_event_create(&event, NULL, 0, 2), EINVAL);
}

ROW(rt_event_delete)
{
	RT_EVENT none = { 0 };

	everywhere(create_delete);
	fails(rt_event_delete(&none), EINVAL);
}

static void signals(void)
{
	unsigned int got = 0;

	gives(rt_event_signal(&event, 0x80000010), 0);
	gives(rt_event_wait(&event, 0, &got, EV_ANY, TM_NONBLOCK), 0);
	gives(got, 0x80000011);
	gives(rt_event_clear(&event, 0x80000010, &got), 0);
	gives(got, 0x80000011);
}

static long a(void) { return note('a', forever()); }
static long b(void) { return note('b', forever()); }
static long c(void) { return note('c', forever()); }

/* All who wait when the flags come get them, though they are cleared at once; by priority or by time. */
static void served(int mode, const char *order)
{
	struct caller *w[3];

	gives(rt_event_create(&event, NULL, 0, mode), 0);
	w[0] = caller_start(10, a, waiting);
	w[1] = caller_start(30, b, waiting);
	w[2] = caller_start(20, c, waiting);
	gives(rt_event_signal(&event, 2), 0);
	gives(waiting(), 3);
	give();
	for (int i = 0; i < 3; i++)
		caller_ends(w[i], 6);
	check(strlen(notes()) == strlen(order));
	delete();
}

ROW(rt_event_signal)
{
	create();
	everywhere(signals);
	makes_no_call(signals);
	delete();
	fails(rt_event_signal(&event, 1), EINVAL);
	served(EV_PRIO, "bca");
	served(EV_FIFO, "bcaabc");
}

ROW(rt_event_clear)
{
	unsigned int got = 0;

	gives(rt_event_create(&event, NULL, 0xff, EV_PRIO), 0);
	gives(rt_event_clear(&event, 0x0f, &got), 0);
	gives(got, 0xff);
	gives(rt_event_clear(&event, 0, &got), 0);
	gives(got, 0xf0);
	gives(rt_event_clear(&event, ~0u, NULL), 0);
	create();
	everywhere(signals);
	delete();
	fails(rt_event_clear(&event, 1, NULL), EINVAL);
}

static void waits(void)
{
	unsigned int got = 0;

	gives(rt_event_wait(&event, 7, &got, EV_ANY, TM_INFINITE), 0);
	gives(got, 1);
	fails(rt_event_wait(&event, 7, &got, EV_ALL, TM_NONBLOCK), EWOULDBLOCK);
	gives(rt_event_wait(&event, 1, &got, EV_ALL, TM_INFINITE), 0);
	gives(got, 1);
}

static void is_met(void)
{
	unsigned int got;

	gives(rt_event_wait(&event, 1, &got, EV_ALL, TM_INFINITE), 0);
	gives(rt_event_wait(&event, 0, &got, EV_ANY, TM_INFINITE), 0);
	gives(got, 1);
}

ROW(rt_event_wait)
{
	create();
	everywhere(waits);
	makes_no_call(is_met);
	times_relative(relative);
	fails(rt_event_wait(&event, 1, NULL, 2, TM_INFINITE), EINVAL);
	delete();
	fails(relative(TM_NONBLOCK), EINVAL);
	contract(&(struct contract){ create, delete, forever, waiting, give, 6 });
}

ROW(rt_event_wait_until)
{
	create();
	times_until(until);
	gives(rt_event_wait_until(&event, 1, NULL, EV_ANY, TM_INFINITE), 0);
	delete();
	fails(until(TM_NONBLOCK), EINVAL);
	ends_until(until, create, delete);
}

ROW(rt_event_wait_timed)
{
	create();
	times_timed(timed);
	gives(rt_event_wait_timed(&event, 1, NULL, EV_ANY, NULL), 0);
	delete();
	fails(timed(NULL), EINVAL);
	ends_timed(timed, create, delete);
}

static void inquires(void)
{
	RT_EVENT_INFO info;

	gives(rt_event_inquire(&event, &info), 0);
	gives(info.value, 0x80000000);
	gives(info.nwaiters, 0);
	check(!strcmp(info.name, "inquired"));
}

ROW(rt_event_inquire)
{
	RT_EVENT_INFO info;

	gives(rt_event_create(&event, "inquired", 0x80000000, EV_PRIO), 0);
	everywhere(inquires);
	delete();
	fails(rt_event_inquire(&event, &info), EINVAL);
}

/* ---- names --------------------------------------------------------------------------------------- */

BINDING(event, RT_EVENT, rt_event_create(&event, NAME, 0, EV_PRIO))

static void use(void)
{
	gives(rt_event_signal(&bound, 2), 0);
}

static int seen(void)
{
	return !rt_event_wait(&event, 2, NULL, EV_ANY, 1000 * MS);
}

static void waits_in_child(void)
{
	gives(bind(NAME, TM_INFINITE), 0);
	fails(rt_event_wait(&bound, 4, NULL, EV_ANY, TM_INFINITE), EIDRM);
	is_gone(rt_event_wait(&bound, 4, NULL, EV_ANY, TM_INFINITE));
}

ROW(rt_event_bind)
{
	pid_t pid;

	binding(&names);
	pid = in_process(waits_in_child);
	gives(create_named(), 0);
	for (int i = 0; !waiting(); i++, sleep_ms(1))
		check(i < 5000);
	delete();
	process_ends(pid);
}
