// SPDX-License-Identifier: GPL-2.0
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <keel/list.h>
#include <xenomai/init.h>
#include "callers.h"

struct caller {
	long (*call)(void);
	long ret;
	int going, done;
	pid_t tid;
	pthread_t thread;
};

static char order[16];
static int noted;

long note(char c, long ret)
{
	order[__atomic_fetch_add(&noted, 1, __ATOMIC_SEQ_CST) % (sizeof(order) - 1)] = c;
	return ret;
}

const char *notes(void)
{
	return order;
}

/* ---- callers ------------------------------------------------------------------------------------ */

static void *caller_run(void *arg)
{
	struct caller *c = arg;

	c->tid = syscall(SYS_gettid);
	flag_set(&c->going, 1);
	c->ret = c->call();
	flag_set(&c->done, 1);
	return NULL;
}

static int is_waiting(pid_t tid)
{
	static struct keel_thread_info all[1024];
	struct keel_list list = {
		.kind = KEEL_LIST_THREADS, .size = sizeof(all[0]), .room = 1024, .data = (uintptr_t)all,
	};

	if (ioctl(device_fd(), KEEL_IOC_LIST, &list) < 0)
		fail("KEEL_IOC_LIST: %m");
	for (unsigned int i = 0; i < list.count && i < 1024; i++)
		if (all[i].tid == (uint32_t)tid)
			return all[i].state == KEEL_STATE_WAITING;
	return 0;
}

void thread_waits(pid_t tid)
{
	for (int i = 0; !is_waiting(tid); i++) {
		if (i == 5000)
			fail("thread %d does not wait", tid);
		sleep_ms(1);
	}
}

void caller_waits(struct caller *c)
{
	thread_waits(c->tid);
}

struct caller *caller_start(int prio, long (*call)(void), int (*waiting)(void))
{
	static int cpu;
	struct caller *c = calloc(1, sizeof(*c));
	int before = waiting ? waiting() : 0;

	c->call = call;
	if (prio != LINUX)
		c->thread = hard_create("caller", prio, cpu++ % get_nprocs(), caller_run, c);
	else if (pthread_create(&c->thread, NULL, caller_run, c))
		fail("pthread_create");
	await(&c->going, 1, "a caller");
	for (int i = 0; waiting && waiting() <= before; i++) {
		if (i == 5000 || flag_get(&c->done))
			fail("it does not wait: %ld", c->ret);
		sleep_ms(1);
	}
	if (waiting)
		caller_waits(c);
	return c;
}

void caller_ends(struct caller *c, long ret)
{
	await(&c->done, 1, "the end of a wait");
	pthread_join(c->thread, NULL);
	error_seen(c->ret);
	if (c->ret != ret)
		fail("a caller: %ld, not %ld", c->ret, ret);
	free(c);
}

static pid_t target;

static long unblock(void)
{
	return keel_thread_unblock(target);
}

void caller_unblock(struct caller *c)
{
	int i;

	target = c->tid;
	for (i = 0; i < 5000 && hard_call(unblock) != 1; i++)
		sleep_ms(1);
	check(i < 5000);
}

static void *call_run(void *arg)
{
	long (*call)(void) = arg;

	return (void *)call();
}

long hard_call(long (*call)(void))
{
	void *ret;

	pthread_join(hard_create("call", 60, get_nprocs() - 1, call_run, call), &ret);
	return (long)ret;
}

static void *fn_run(void *arg)
{
	void (*fn)(void) = arg;

	fn();
	return NULL;
}

void everywhere(void (*fn)(void))
{
	pthread_join(hard_create("fn", 60, get_nprocs() - 1, fn_run, fn), NULL);
	in_linux(fn);
}

static uint64_t hardens(void)
{
	struct keel_stats stats;

	must(keel_stats_get(&stats));
	return stats.hardens;
}

/* Whoever makes a Keel call in-band becomes hard for it. */
void makes_no_call(void (*fn)(void))
{
	RT_TIMER_INFO info;
	uint64_t before;

	rt_timer_inquire(&info);
	fn();
	before = hardens();
	for (int i = 0; i < 100; i++)
		fn();
	gives(hardens() - before, 0);
	check(!keel_is_hard());
}

/* ---- times ---------------------------------------------------------------------------------------- */

void times_relative(long (*call)(RTIME timeout))
{
	RTIME before;

	fails(call(TM_NONBLOCK), EWOULDBLOCK);
	before = rt_timer_read();
	fails(call(3 * MS), ETIMEDOUT);
	check(rt_timer_read() - before >= 3 * MS);
}

void times_until(long (*call)(RTIME date))
{
	RTIME date = rt_timer_read() + 3 * MS;

	fails(call(TM_NONBLOCK), EWOULDBLOCK);
	fails(call(date), ETIMEDOUT);
	check(rt_timer_read() >= date);
	fails(call(date), ETIMEDOUT);
}

void times_timed(long (*call)(const struct timespec *date))
{
	const struct timespec poll = { 0, 0 }, wrong = { 0, 1000000000 };
	RTIME date = rt_timer_read() + 3 * MS;
	struct timespec ts = { date / 1000000000, date % 1000000000 };

	fails(call(&poll), EWOULDBLOCK);
	fails(call(&wrong), EINVAL);
	fails(call(&ts), ETIMEDOUT);
	check(rt_timer_read() >= date);
}

/* ---- waits ----------------------------------------------------------------------------------------- */

static void contract_of(const struct contract *c, int prio)
{
	struct caller *w;

	c->create();
	w = caller_start(prio, c->call, c->waiting);
	c->give();
	caller_ends(w, c->gives);
	w = caller_start(prio, c->call, c->waiting);
	caller_unblock(w);
	caller_ends(w, -EINTR);
	w = caller_start(prio, c->call, c->waiting);
	c->delete();
	caller_ends(w, -EIDRM);
	fails(c->call(), EINVAL);
	fails(hard_call(c->call), EINVAL);
}

void contract(const struct contract *c)
{
	contract_of(c, 30);
	contract_of(c, LINUX);
}

/* ---- the other forms of a wait ----------------------------------------------------------------------- */

static long (*until_call)(RTIME date);
static long (*timed_call)(const struct timespec *date);

static long forever_until(void)
{
	return until_call(TM_INFINITE);
}

static long forever_timed(void)
{
	return timed_call(NULL);
}

/* Ended by unblock, and by @delete. */
static void ends(long (*call)(void), void (*create)(void), void (*delete)(void))
{
	struct caller *w;

	create();
	w = caller_start(30, call, NULL);
	caller_unblock(w);
	caller_ends(w, -EINTR);
	w = caller_start(30, call, NULL);
	caller_waits(w);
	delete();
	caller_ends(w, -EIDRM);
}

void ends_until(long (*call)(RTIME date), void (*create)(void), void (*delete)(void))
{
	until_call = call;
	ends(forever_until, create, delete);
}

void ends_timed(long (*call)(const struct timespec *date), void (*create)(void), void (*delete)(void))
{
	timed_call = call;
	ends(forever_timed, create, delete);
}

/* ---- too many -------------------------------------------------------------------------------------- */

void exhausts(long (*create)(int i), long (*delete)(int i), int most)
{
	long err = 0;
	int n = 0;

	while (n < most && !(err = create(n)))
		n++;
	fails(err, ENOMEM);
	while (n--)
		gives(delete(n), 0);
	gives(create(0), 0);
	gives(delete(0), 0);
}

/* ---- names ----------------------------------------------------------------------------------------- */

void session(void)
{
	char *args[] = { "row", "--session=rows", NULL }, *const *argv = args;
	int argc = 2;

	xenomai_init(&argc, &argv);
	gives(argc, 1);
}

static const struct binding *bound;

static long bind_forever(void)
{
	return bound->bind(NAME, TM_INFINITE);
}

/* What is there is found without leaving hard mode. */
static long bind_hard(void)
{
	gives(bound->bind(NAME, TM_NONBLOCK), 0);
	return keel_is_hard();
}

static void use_in_child(void)
{
	gives(bound->bind(NAME, TM_INFINITE), 0);
	gives(bound->bind(NAME, TM_NONBLOCK), 0);
	bound->use();
	gives(bound->unbind(), 0);
	fails(bound->unbind(), EINVAL);
	_exit(0);
}

/* Who binds first waits for who creates it; bound here it is the same object. */
static void bind_own(const struct binding *b)
{
	struct caller *c[2];

	bound = b;
	fails(b->bind(NAME, TM_NONBLOCK), EWOULDBLOCK);
	fails(b->bind(NAME, 3 * MS), ETIMEDOUT);
	fails(b->bind(NULL, TM_NONBLOCK), EINVAL);
	c[0] = caller_start(30, bind_forever, NULL);
	caller_unblock(c[0]);
	caller_ends(c[0], -EINTR);
	for (int i = 0; i < 2; i++) {
		c[i] = caller_start(i ? LINUX : 30, bind_forever, NULL);
		caller_waits(c[i]);
	}
	gives(b->create(), 0);
	for (int i = 0; i < 2; i++)
		caller_ends(c[i], 0);
	gives(hard_call(bind_hard), 1);
	fails(b->create(), EEXIST);
	b->use();
	check(b->seen());
	gives(b->delete(), 0);
	fails(b->delete(), EINVAL);
	fails(b->bind(NAME, TM_NONBLOCK), EWOULDBLOCK);
}

void binding(const struct binding *b)
{
	pid_t pid;

	bind_own(b);
	session();
	pid = in_process(use_in_child);
	sleep_ms(20);
	gives(b->create(), 0);
	process_ends(pid);
	check(b->seen());
	fails(b->create(), EEXIST);
	gives(b->delete(), 0);
	fails(b->bind(NAME, TM_NONBLOCK), EWOULDBLOCK);
}

/* What a process made stays its own; what another made is gone, for who bound it. */
void unbinding(const struct binding *b)
{
	bound = b;
	gives(b->create(), 0);
	gives(b->bind(NAME, TM_NONBLOCK), 0);
	gives(b->unbind(), 0);
	gives(b->bind(NAME, TM_NONBLOCK), 0);
	b->use();
	gives(b->delete(), 0);
	session();
	gives(b->create(), 0);
	process_ends(in_process(use_in_child));
	check(b->seen());
	gives(b->delete(), 0);
}
