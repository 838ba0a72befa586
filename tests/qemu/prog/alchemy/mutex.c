// SPDX-License-Identifier: GPL-2.0
#include <alchemy/mutex.h>
#include <alchemy/sem.h>
#include <alchemy/task.h>
#include "callers.h"

static RT_MUTEX mutex;
static int may_release, held;

/* Held by a hard thread, which lets go when it is told to. */
static long hold(void)
{
	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
	flag_set(&held, 1);
	while (!flag_get(&may_release))
		must(keel_sleep(MS));
	return rt_mutex_release(&mutex);
}

static struct caller *holder;

static void create(void)
{
	gives(rt_mutex_create(&mutex, NULL), 0);
}

static void delete(void)
{
	gives(rt_mutex_delete(&mutex), 0);
}

static void take_over(void)
{
	may_release = held = 0;
	holder = caller_start(40, hold, NULL);
	await(&held, 1, "the holder");
}

static void let_go(void)
{
	flag_set(&may_release, 1);
	caller_ends(holder, 0);
}

static long forever(void)
{
	long err = rt_mutex_acquire(&mutex, TM_INFINITE);

	return err ? err : rt_mutex_release(&mutex);
}

static long relative(RTIME timeout)
{
	return rt_mutex_acquire(&mutex, timeout);
}

static long until(RTIME date)
{
	return rt_mutex_acquire_until(&mutex, date);
}

static long timed(const struct timespec *date)
{
	return rt_mutex_acquire_timed(&mutex, date);
}

static void create_delete(void)
{
	RT_MUTEX m, other;

	gives(rt_mutex_create(&m, "of one's own"), 0);
	fails(rt_mutex_create(&other, "of one's own"), EEXIST);
	gives(rt_mutex_acquire(&m, TM_NONBLOCK), 0);
	gives(rt_mutex_delete(&m), 0);
	fails(rt_mutex_release(&m), EINVAL);
	fails(rt_mutex_delete(&m), EINVAL);
}

EXHAUSTS(mutex, RT_MUTEX, 2000, rt_mutex_create(&many[i], NULL))

ROW(rt_mutex_create)
{
	many_too_many();
	everywhere(create_delete);
}

static struct caller *waits(int prio)
{
	struct caller *w = caller_start(prio, forever, NULL);

	caller_waits(w);
	return w;
}

/* Whoever waits when its owner deletes it, a hard thread or Linux's. */
static void delete_held(int prio)
{
	struct caller *w;

	create();
	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
	w = waits(prio);
	delete();
	caller_ends(w, -EIDRM);
	fails(forever(), EINVAL);
}

ROW(rt_mutex_delete)
{
	RT_MUTEX none = { 0 };

	everywhere(create_delete);
	fails(rt_mutex_delete(&none), EINVAL);
	delete_held(30);
	delete_held(LINUX);
	create();
	take_over();
	fails(rt_mutex_delete(&mutex), EBUSY);
	let_go();
	delete();
}

static void recursive(void)
{
	for (int i = 0; i < 3; i++)
		gives(rt_mutex_acquire(&mutex, TM_NONBLOCK), 0);
	for (int i = 0; i < 3; i++)
		gives(rt_mutex_release(&mutex), 0);
	fails(rt_mutex_release(&mutex), EPERM);
}

static void passes(void)
{
	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
	gives(rt_mutex_release(&mutex), 0);
}

static void create_and_take(void)
{
	create();
	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
}

static RT_MUTEX other;

/* Holds the mutex, and wants what this thread holds. */
static long hold_and_want(void)
{
	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
	gives(rt_mutex_acquire(&other, TM_INFINITE), 0);
	gives(rt_mutex_release(&other), 0);
	return rt_mutex_release(&mutex);
}

static struct caller *ring(void)
{
	struct caller *w;

	create();
	gives(rt_mutex_create(&other, NULL), 0);
	gives(rt_mutex_acquire(&other, TM_INFINITE), 0);
	w = caller_start(30, hold_and_want, NULL);
	caller_waits(w);
	return w;
}

static void ring_ends(struct caller *w)
{
	gives(rt_mutex_release(&other), 0);
	caller_ends(w, 0);
	gives(rt_mutex_delete(&other), 0);
	delete();
}

ROW(rt_mutex_acquire)
{
	struct caller *w = ring();

	fails(relative(TM_INFINITE), EDEADLK);
	ring_ends(w);

	create();
	everywhere(recursive);
	makes_no_call(passes);
	take_over();
	times_relative(relative);
	for (int i = 0; i < 2; i++) {
		w = waits(i ? LINUX : 30);
		caller_unblock(w);
		caller_ends(w, -EINTR);
	}
	w = waits(30);
	let_go();
	caller_ends(w, 0);
	delete();
	fails(relative(TM_NONBLOCK), EINVAL);
	ends_until(relative, create_and_take, delete);
}

ROW(rt_mutex_acquire_until)
{
	struct caller *w = ring();

	fails(until(TM_INFINITE), EDEADLK);
	ring_ends(w);
	create();
	take_over();
	times_until(until);
	let_go();
	gives(until(TM_INFINITE), 0);
	delete();
	fails(until(TM_NONBLOCK), EINVAL);
	ends_until(until, create_and_take, delete);
}

ROW(rt_mutex_acquire_timed)
{
	struct caller *w = ring();

	fails(timed(NULL), EDEADLK);
	ring_ends(w);
	create();
	take_over();
	times_timed(timed);
	let_go();
	gives(timed(NULL), 0);
	delete();
	fails(timed(NULL), EINVAL);
	ends_timed(timed, create_and_take, delete);
}

static void not_mine(void)
{
	fails(rt_mutex_release(&mutex), EPERM);
}

/* The handle of something else is that of no mutex. */
static void not_a_mutex(void)
{
	RT_SEM sem;
	RT_MUTEX wrong;

	gives(rt_sem_create(&sem, NULL, 1, S_PRIO), 0);
	wrong.handle = sem.handle;
	fails(rt_mutex_acquire(&wrong, TM_NONBLOCK), EINVAL);
	fails(rt_mutex_release(&wrong), EINVAL);
	fails(rt_mutex_delete(&wrong), EINVAL);
	gives(rt_sem_p(&sem, TM_NONBLOCK), 0);
	gives(rt_sem_delete(&sem), 0);
}

ROW(rt_mutex_release)
{
	everywhere(not_a_mutex);
	create();
	everywhere(recursive);
	take_over();
	everywhere(not_mine);
	let_go();
	everywhere(not_mine);
	delete();
	fails(rt_mutex_release(&mutex), EINVAL);
}

static RT_MUTEX_INFO seen_info;

static void inquires(void)
{
	gives(rt_mutex_inquire(&mutex, &seen_info), 0);
	gives(seen_info.owner.handle, 0);
	check(!strcmp(seen_info.name, "inquired"));
}

static void task(void *arg)
{
	(void)arg;
	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
	gives(rt_mutex_inquire(&mutex, &seen_info), 0);
	gives(rt_mutex_release(&mutex), 0);
}

ROW(rt_mutex_inquire)
{
	RT_TASK t;

	gives(rt_mutex_create(&mutex, "inquired"), 0);
	everywhere(inquires);
	gives(rt_task_spawn(&t, "owner", 0, 30, T_JOINABLE, task, NULL), 0);
	gives(rt_task_join(&t), 0);
	gives(seen_info.owner.handle, t.handle);
	delete();
	fails(rt_mutex_inquire(&mutex, &seen_info), EINVAL);
}

/* ---- names --------------------------------------------------------------------------------------- */

BINDING(mutex, RT_MUTEX, rt_mutex_create(&mutex, NAME))

static void use(void)
{
	gives(rt_mutex_acquire(&bound, 1000 * MS), 0);
	gives(rt_mutex_acquire(&bound, TM_NONBLOCK), 0);
	gives(rt_mutex_release(&bound), 0);
	gives(rt_mutex_release(&bound), 0);
}

static int seen(void)
{
	return !rt_mutex_acquire(&mutex, TM_NONBLOCK) && !rt_mutex_release(&mutex);
}

static int *stage;

static void waits_in_child(void)
{
	gives(bind(NAME, TM_INFINITE), 0);
	fails(rt_mutex_acquire(&bound, 20 * MS), ETIMEDOUT);
	fails(rt_mutex_release(&bound), EPERM);
	flag_set(stage, 1);
	fails(rt_mutex_acquire(&bound, TM_INFINITE), EIDRM);
	is_gone(rt_mutex_acquire(&bound, TM_INFINITE));
}

static void create_held(void)
{
	session();
	gives(create_named(), 0);
	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
}

ROW(rt_mutex_bind)
{
	pid_t pid;

	binding(&names);
	create_held();
	stage = shared_alloc(sizeof(*stage));
	pid = in_process(waits_in_child);
	await(stage, 1, "the other process");
	thread_waits(pid);
	delete();
	process_ends(pid);
}
