// SPDX-License-Identifier: GPL-2.0
#include <alchemy/sem.h>
#include <alchemy/task.h>
#include "callers.h"

static RT_SEM sem;

static void create(void)
{
	gives(rt_sem_create(&sem, NULL, 0, S_PRIO), 0);
}

static void delete(void)
{
	gives(rt_sem_delete(&sem), 0);
}

static void give(void)
{
	gives(rt_sem_v(&sem), 0);
}

static int waiting(void)
{
	RT_SEM_INFO info;

	gives(rt_sem_inquire(&sem, &info), 0);
	return info.nwaiters;
}

static unsigned long count(void)
{
	RT_SEM_INFO info;

	gives(rt_sem_inquire(&sem, &info), 0);
	return info.count;
}

static long forever(void)
{
	return rt_sem_p(&sem, TM_INFINITE);
}

static long relative(RTIME timeout)
{
	return rt_sem_p(&sem, timeout);
}

static long until(RTIME date)
{
	return rt_sem_p_until(&sem, date);
}

static long timed(const struct timespec *date)
{
	return rt_sem_p_timed(&sem, date);
}

static void create_delete(void)
{
	RT_SEM s, other;

	gives(rt_sem_create(&s, "of one's own", 3, S_FIFO), 0);
	fails(rt_sem_create(&other, "of one's own", 3, S_FIFO), EEXIST);
	gives(rt_sem_p(&s, TM_NONBLOCK), 0);
	gives(rt_sem_delete(&s), 0);
	fails(rt_sem_v(&s), EINVAL);
	fails(rt_sem_delete(&s), EINVAL);
}

EXHAUSTS(sem, RT_SEM, 2000, rt_sem_create(&many[i], NULL, 0, S_PRIO))

ROW(rt_sem_create)
{
	everywhere(create_delete);
	fails(rt_sem_create(&sem, NULL, 1, S_PULSE), EINVAL);
	fails(rt_sem_create(&sem, NULL, 0, 8), EINVAL);
	fails(rt_sem_create(&sem, NULL, 1ul << 31, S_PRIO), EINVAL);
	gives(rt_sem_create(&sem, NULL, (1ul << 31) - 1, S_PRIO), 0);
	delete();
	many_too_many();
}

static RT_SEM go;

static void comes_late(void *arg)
{
	(void)arg;
	gives(rt_sem_p(&go, TM_INFINITE), 0);
	fails(rt_sem_p(&sem, TM_INFINITE), EINVAL);
}

static void deletes(void *arg)
{
	(void)arg;
	gives(rt_sem_v(&go), 0);
	gives(rt_sem_delete(&sem), 0);
}

/* Who deletes it waits for Linux on the way, so the other runs meanwhile: the semaphore is gone for that one. */
static void deleted_while_another_runs(void)
{
	RT_TASK late, first;

	create();
	gives(rt_sem_create(&go, NULL, 0, S_PRIO), 0);
	gives(rt_task_spawn(&late, NULL, 0, 40, T_JOINABLE, comes_late, NULL), 0);
	gives(rt_task_spawn(&first, NULL, 0, 50, T_JOINABLE, deletes, NULL), 0);
	gives(rt_task_join(&first), 0);
	gives(rt_task_join(&late), 0);
	gives(rt_sem_delete(&go), 0);
}

ROW(rt_sem_delete)
{
	RT_SEM none = { 0 }, odd = { 12345678 };

	everywhere(create_delete);
	deleted_while_another_runs();
	fails(rt_sem_delete(&none), EINVAL);
	fails(rt_sem_delete(&odd), EINVAL);
}

static void takes(void)
{
	gives(rt_sem_v(&sem), 0);
	gives(rt_sem_p(&sem, TM_INFINITE), 0);
	fails(rt_sem_p(&sem, TM_NONBLOCK), EWOULDBLOCK);
}

static void passes(void)
{
	gives(rt_sem_v(&sem), 0);
	gives(rt_sem_p(&sem, TM_INFINITE), 0);
}

static long a(void) { return note('a', forever()); }
static long b(void) { return note('b', forever()); }
static long c(void) { return note('c', forever()); }

/* By priority, or by time. */
static void served(int mode, const char *order)
{
	struct caller *w[3];

	gives(rt_sem_create(&sem, NULL, 0, mode), 0);
	w[0] = caller_start(10, a, waiting);
	w[1] = caller_start(30, b, waiting);
	w[2] = caller_start(20, c, waiting);
	for (int i = 0; i < 3; i++) {
		give();
		for (int j = 0; j < 5000 && strlen(notes()) % 4 != (size_t)i + 1; j++)
			sleep_ms(1);
	}
	for (int i = 0; i < 3; i++)
		caller_ends(w[i], 0);
	note(' ', 0);
	check(strstr(notes(), order));
	delete();
}

ROW(rt_sem_p)
{
	create();
	everywhere(takes);
	makes_no_call(passes);
	times_relative(relative);
	delete();
	fails(rt_sem_p(&sem, TM_NONBLOCK), EINVAL);
	contract(&(struct contract){ create, delete, forever, waiting, give, 0 });
	served(S_PRIO, "bca");
	served(S_FIFO, "abc");
}

ROW(rt_sem_p_until)
{
	create();
	times_until(until);
	give();
	gives(rt_sem_p_until(&sem, TM_INFINITE), 0);
	fails(rt_sem_p_until(&(RT_SEM){ 0 }, TM_NONBLOCK), EINVAL);
	ends_until(until, create, delete);
}

ROW(rt_sem_p_timed)
{
	create();
	times_timed(timed);
	give();
	gives(rt_sem_p_timed(&sem, NULL), 0);
	fails(rt_sem_p_timed(&(RT_SEM){ 0 }, NULL), EINVAL);
	ends_timed(timed, create, delete);
}

static void counts(void)
{
	unsigned long before = count();

	gives(rt_sem_v(&sem), 0);
	gives(count() - before, 1);
}

ROW(rt_sem_v)
{
	struct caller *w;

	create();
	everywhere(counts);
	gives(count(), 3);
	delete();
	fails(rt_sem_v(&sem), EINVAL);
	gives(rt_sem_create(&sem, NULL, (1ul << 31) - 1, S_PRIO), 0);
	fails(rt_sem_v(&sem), EOVERFLOW);
	delete();
	gives(rt_sem_create(&sem, NULL, 0, S_PULSE), 0);
	give();
	gives(count(), 0);
	fails(rt_sem_p(&sem, TM_NONBLOCK), EWOULDBLOCK);
	w = caller_start(30, forever, waiting);
	give();
	caller_ends(w, 0);
}

static long broadcast(void)
{
	return rt_sem_broadcast(&sem);
}

ROW(rt_sem_broadcast)
{
	struct caller *w[3];

	create();
	gives(hard_call(broadcast), 0);
	for (int i = 0; i < 3; i++)
		w[i] = caller_start(i == 2 ? LINUX : 20 + i, forever, waiting);
	gives(broadcast(), 0);
	for (int i = 0; i < 3; i++)
		caller_ends(w[i], 0);
	gives(count(), 0);
	delete();
	fails(broadcast(), EINVAL);
}

static void inquires(void)
{
	RT_SEM_INFO info;

	gives(rt_sem_inquire(&sem, &info), 0);
	gives(info.count, 5);
	gives(info.nwaiters, 0);
	check(!strcmp(info.name, "inquired"));
}

ROW(rt_sem_inquire)
{
	RT_SEM_INFO info;

	gives(rt_sem_create(&sem, "inquired", 5, S_PRIO), 0);
	everywhere(inquires);
	delete();
	fails(rt_sem_inquire(&sem, &info), EINVAL);
}

/* ---- names --------------------------------------------------------------------------------------- */

BINDING(sem, RT_SEM, rt_sem_create(&sem, NAME, 0, S_PRIO))

static void use(void)
{
	gives(rt_sem_v(&bound), 0);
}

static int seen(void)
{
	return !rt_sem_p(&sem, 1000 * MS);
}

static void waits_in_child(void)
{
	gives(bind(NAME, TM_INFINITE), 0);
	fails(rt_sem_p(&bound, TM_INFINITE), EIDRM);
	is_gone(rt_sem_v(&bound));
}

ROW(rt_sem_bind)
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
