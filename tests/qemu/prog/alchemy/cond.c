// SPDX-License-Identifier: GPL-2.0
#include <signal.h>
#include <alchemy/cond.h>
#include "callers.h"

static RT_COND cond;
static RT_MUTEX mutex;
static int in_wait;

static void create(void)
{
	gives(rt_cond_create(&cond, NULL), 0);
	gives(rt_mutex_create(&mutex, NULL), 0);
	in_wait = 0;
}

static void delete(void)
{
	gives(rt_cond_delete(&cond), 0);
}

/* Who counts itself with the mutex has released it by waiting. */
static int waiting(void)
{
	int n;

	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
	n = in_wait;
	gives(rt_mutex_release(&mutex), 0);
	return n;
}

/* With the mutex afterwards, whatever it returns. */
static long held(long ret)
{
	in_wait--;
	gives(rt_mutex_release(&mutex), 0);
	fails(rt_mutex_release(&mutex), EPERM);
	return ret;
}

static void take(void)
{
	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
	in_wait++;
}

static long forever(void)
{
	take();
	return held(rt_cond_wait(&cond, &mutex, TM_INFINITE));
}

/* Of one that is not there any more. */
static long forever_or_none(void)
{
	return forever();
}

static long relative(RTIME timeout)
{
	take();
	return held(rt_cond_wait(&cond, &mutex, timeout));
}

static long until(RTIME date)
{
	take();
	return held(rt_cond_wait_until(&cond, &mutex, date));
}

static long timed(const struct timespec *date)
{
	take();
	return held(rt_cond_wait_timed(&cond, &mutex, date));
}

static void give(void)
{
	gives(rt_cond_signal(&cond), 0);
}

static void create_delete(void)
{
	RT_COND c, other;

	gives(rt_cond_create(&c, "of one's own"), 0);
	fails(rt_cond_create(&other, "of one's own"), EEXIST);
	gives(rt_cond_signal(&c), 0);
	gives(rt_cond_delete(&c), 0);
	fails(rt_cond_signal(&c), EINVAL);
	fails(rt_cond_delete(&c), EINVAL);
}

EXHAUSTS(cond, RT_COND, 2000, rt_cond_create(&many[i], NULL))

ROW(rt_cond_create)
{
	many_too_many();
	everywhere(create_delete);
}

ROW(rt_cond_delete)
{
	RT_COND none = { 0 };

	everywhere(create_delete);
	fails(rt_cond_delete(&none), EINVAL);
}

static long a(void) { return note('a', forever()); }
static long b(void) { return note('b', forever()); }

ROW(rt_cond_signal)
{
	struct caller *w[2];

	create();
	gives(rt_cond_signal(&cond), 0);	/* for nobody */
	w[0] = caller_start(20, a, waiting);
	w[1] = caller_start(30, b, waiting);
	give();
	for (int i = 0; waiting() != 1; i++, sleep_ms(1))
		check(i < 5000);
	caller_ends(w[1], 0);
	give();
	caller_ends(w[0], 0);
	if (strcmp(notes(), "ba"))
		fail("they went on as %s", notes());
	delete();
	fails(rt_cond_signal(&cond), EINVAL);
}

static long broadcast(void)
{
	return rt_cond_broadcast(&cond);
}

ROW(rt_cond_broadcast)
{
	struct caller *w[3];

	create();
	gives(hard_call(broadcast), 0);
	for (int i = 0; i < 3; i++)
		w[i] = caller_start(i == 2 ? LINUX : 20 + i, forever, waiting);
	gives(broadcast(), 0);
	for (int i = 0; i < 3; i++)
		caller_ends(w[i], 0);
	delete();
	fails(broadcast(), EINVAL);
}

static void not_mine(void)
{
	fails(rt_cond_wait(&cond, &mutex, TM_INFINITE), EPERM);
	fails(rt_cond_wait_until(&cond, &mutex, TM_INFINITE), EPERM);
	fails(rt_cond_wait_timed(&cond, &mutex, NULL), EPERM);
	fails(rt_cond_wait(&cond, &(RT_MUTEX){ 0 }, TM_INFINITE), EINVAL);
}

/* Locked more than once it is left for the wait, and as deep as before afterwards. */
static long deep(void)
{
	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
	take();
	gives(rt_cond_wait(&cond, &mutex, TM_INFINITE), 0);
	in_wait--;
	for (int i = 0; i < 3; i++)
		gives(rt_mutex_release(&mutex), 0);
	fails(rt_mutex_release(&mutex), EPERM);
	return 0;
}

static void left_and_taken(void)
{
	struct caller *w = caller_start(30, deep, waiting);

	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
	give();
	gives(rt_mutex_release(&mutex), 0);
	caller_ends(w, 0);
}

static long left_for_good(void)
{
	take();
	return rt_cond_wait(&cond, &mutex, TM_INFINITE);
}

/* The mutex that who waits has left can be deleted, and another one in its place is not taken for it. */
static void mutex_goes(int prio)
{
	struct caller *w = caller_start(prio, left_for_good, waiting);

	gives(rt_mutex_delete(&mutex), 0);
	gives(rt_mutex_create(&mutex, NULL), 0);
	give();
	caller_ends(w, -EIDRM);
	gives(rt_mutex_acquire(&mutex, TM_NONBLOCK), 0);
	gives(rt_mutex_release(&mutex), 0);
	in_wait = 0;
}

static int *stage;

/* Linux breaks off the wait, with no handler to run. */
static void is_stopped(void)
{
	struct caller *w;

	create();
	w = caller_start(30, forever, waiting);
	flag_set(stage, 1);
	await(stage, 2, "SIGCONT");
	caller_ends(w, -EINTR);
	gives(waiting(), 0);
}

/* The mutex is the caller's afterwards: forever() sees that. */
static void stopped_in_the_wait(void)
{
	pid_t pid;
	int status;

	stage = shared_alloc(sizeof(*stage));
	pid = in_process(is_stopped);
	await(stage, 1, "the other process");
	gives(kill(pid, SIGSTOP), 0);
	gives(waitpid(pid, &status, WUNTRACED), pid);
	check(WIFSTOPPED(status));
	gives(kill(pid, SIGCONT), 0);
	flag_set(stage, 2);
	process_ends(pid);
}

ROW(rt_cond_wait)
{
	stopped_in_the_wait();
	create();
	left_and_taken();
	mutex_goes(30);
	mutex_goes(LINUX);
	everywhere(not_mine);
	times_relative(relative);
	delete();
	fails(relative(TM_NONBLOCK), EINVAL);
	contract(&(struct contract){ create, delete, forever_or_none, waiting, give, 0 });
}

ROW(rt_cond_wait_until)
{
	create();
	not_mine();
	times_until(until);
	delete();
	fails(until(TM_NONBLOCK), EINVAL);
	ends_until(until, create, delete);
}

ROW(rt_cond_wait_timed)
{
	create();
	not_mine();
	times_timed(timed);
	delete();
	fails(timed(NULL), EINVAL);
	ends_timed(timed, create, delete);
}

static void inquires(void)
{
	RT_COND_INFO info;

	gives(rt_cond_inquire(&cond, &info), 0);
	check(!strcmp(info.name, "inquired"));
}

ROW(rt_cond_inquire)
{
	RT_COND_INFO info;

	gives(rt_cond_create(&cond, "inquired"), 0);
	everywhere(inquires);
	delete();
	fails(rt_cond_inquire(&cond, &info), EINVAL);
}

/* ---- names --------------------------------------------------------------------------------------- */

static RT_MUTEX bound_mutex;
BINDING(cond, RT_COND, rt_cond_create(&cond, NAME))

static void use(void)
{
	gives(rt_cond_signal(&bound), 0);
}

static int seen(void)
{
	return !rt_cond_broadcast(&cond);
}

/* Two processes pass each other the turn, and the second waits until the first deletes it. */
static void answers(void)
{
	gives(bind(NAME, TM_INFINITE), 0);
	gives(rt_mutex_bind(&bound_mutex, NAME, TM_INFINITE), 0);
	gives(rt_mutex_acquire(&bound_mutex, TM_INFINITE), 0);
	gives(rt_cond_signal(&bound), 0);
	fails(rt_cond_wait(&bound, &bound_mutex, TM_INFINITE), EIDRM);
	gives(rt_mutex_release(&bound_mutex), 0);
}

ROW(rt_cond_bind)
{
	pid_t pid;

	binding(&names);
	gives(create_named(), 0);
	gives(rt_mutex_create(&mutex, NAME), 0);
	gives(rt_mutex_acquire(&mutex, TM_INFINITE), 0);
	pid = in_process(answers);
	gives(rt_cond_wait(&cond, &mutex, 10000 * MS), 0);
	delete();
	gives(rt_mutex_release(&mutex), 0);
	process_ends(pid);
}
