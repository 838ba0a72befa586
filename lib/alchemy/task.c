// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The life of tasks: created, waiting for its start, running, ended; and, if it is joinable, joined. Until
 * then its memory stays its own. A shadow ends with its thread. Who ends another: end.c.
 */
#include <semaphore.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <keel/keel.h>
#include <keel/sync.h>
#include "tasks.h"

#define STACK_DEFAULT	(256 << 10)
#define STACK_LEAST	(64 << 10)
#define MODE_CPUS	(int)0xff000000
#define START(t)	(&(struct keel_sem){ (t)->start })
#define PART_START	's'

pthread_mutex_t alchemy_task_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT, shared_once = PTHREAD_ONCE_INIT;

/* What the creator waits for; on its stack. */
struct begin {
	struct alchemy_task *t;
	sem_t done;
};

struct alchemy_task *alchemy_task_of(RT_TASK *task, int *err)
{
	struct alchemy_task *t = task ? alchemy_object_find(task->handle, ALCHEMY_TASK) : alchemy_self.task;

	if (t && !t->ended && (__atomic_load_n(&t->of, __ATOMIC_ACQUIRE) || (t->o.bound && t->known->pid)))
		return t;
	*err = task ? -EINVAL : -EPERM;
	return NULL;
}

/* ---- ends ------------------------------------------------------------------------------------------ */

static void parts_delete(struct alchemy_task *t)
{
	if (t->start)
		alchemy_part_delete(&t->o, PART_START, KEEL_SEM, t->start);
	t->start = 0;
}

/* Found by nobody from now on, but by who joins it. */
static void task_end(void *arg)
{
	struct alchemy_task *t = arg;

	alchemy_self.task = NULL;
	keel_relax();
	pthread_mutex_lock(&alchemy_task_lock);
	t->ended = 1;
	t->known->pid = 0;
	alchemy_task_channel_end(t);
	parts_delete(t);
	if (!(t->mode & T_JOINABLE))
		alchemy_object_free(&t->o);
	else if (!t->o.shared)
		t->o.name[0] = 0;	/* for another one to have */
	alchemy_task_ended();
	pthread_mutex_unlock(&alchemy_task_lock);
}

static void on_poke(int signal, siginfo_t *info, void *context)
{
	struct alchemy_task *t = alchemy_self.task;
	int err = errno;

	(void)signal;
	(void)info;
	if (t)
		alchemy_task_end_from_afar(t);
	if (t && !alchemy_task_end_at(t, ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP]))
		alchemy_task_obey(t);
	errno = err;
}

static void key_create(void)
{
	struct sigaction poke = { .sa_sigaction = on_poke, .sa_flags = SA_SIGINFO | SA_RESTART };

	pthread_key_create(&key, task_end);
	alchemy_task_ends_begin();
	sigaction(ALCHEMY_POKE, &poke, NULL);
}

/* ---- begins ---------------------------------------------------------------------------------------- */

/* The caller becomes a Keel thread of @t's priority. It may be one already, by the POSIX skin or weak. */
static int become(struct alchemy_task *t)
{
	int prio = alchemy_task_prio(t), err;

	if (alchemy_self.weak)
		keel_thread_detach();
	alchemy_self.weak = 0;
	if (prio) {
		err = keel_thread_attach(t->o.name, prio, -1);
		if (err == -EALREADY)
			err = keel_priority_set(prio);
	} else {
		err = alchemy_enter();
	}
	if (err)
		return err;
	t->thread = pthread_self();
	t->self = (RT_TASK){ .handle = t->o.next_handle, .thread = t->thread };
	t->known->pid = getpid();
	alchemy_self.tid = syscall(SYS_gettid);
	t->known->tid = alchemy_self.tid;
	t->window = libkeel_self.window;
	alchemy_self.task = t;
	__atomic_store_n(&t->of, &alchemy_self, __ATOMIC_RELEASE);
	return 0;
}

static void wait_for_start(struct alchemy_task *t)
{
	while (ALCHEMY_WAIT(keel_sem_wait(START(t))))
		usleep(1000);	/* a signal came, or Keel is stopped */
}

static void *task_main(void *arg)
{
	struct begin *begin = arg;
	struct alchemy_task *t = begin->t;

	t->error = become(t);
	keel_relax();
	if (t->error) {
		sem_post(&begin->done);
		return NULL;
	}
	pthread_cleanup_push(task_end, t);
	sem_post(&begin->done);
	wait_for_start(t);
	alchemy_task_obey(t);
	alchemy_task_modes(t, 0, t->first_mode);
	if (alchemy_task_prio(t))
		keel_harden();
	t->known->entry(t->known->arg);
	pthread_cleanup_pop(1);
	return NULL;
}

/* T_CPU(): 0, or how many it names. */
static int cpus_of(int mode, cpu_set_t *set)
{
	CPU_ZERO(set);
	for (int cpu = 0; cpu < 8; cpu++)
		if ((unsigned int)mode >> 24 & 1u << cpu)
			CPU_SET(cpu, set);
	return CPU_COUNT(set);
}

static int thread_create(struct alchemy_task *t, int stksize)
{
	struct begin begin = { .t = t };
	pthread_attr_t attr;
	pthread_t thread;
	cpu_set_t set;
	int cancel, err;

	sem_init(&begin.done, 0, 0);
	pthread_attr_init(&attr);
	if (cpus_of(t->first_mode, &set))
		pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	pthread_attr_setstacksize(&attr, !stksize ? STACK_DEFAULT : stksize < STACK_LEAST ? STACK_LEAST :
				  (stksize + 4095) & ~4095);
	err = -pthread_create(&thread, &attr, task_main, &begin);
	pthread_attr_destroy(&attr);
	if (err)
		return err == -EAGAIN ? -ENOMEM : err;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);	/* nor deleted: @begin is needed */
	while (sem_wait(&begin.done) < 0)
		;	/* a signal: EINTR is its only error here */
	sem_destroy(&begin.done);
	if (t->error)
		pthread_join(thread, NULL);
	else if (!(t->mode & T_JOINABLE))
		pthread_detach(thread);
	pthread_setcancelstate(cancel, NULL);
	return t->error;
}

static int new_task(struct alchemy_task **task, const char *name, int prio, int mode)
{
	struct alchemy_task *t;
	int err = alchemy_inband();

	if (err)
		return err;
	pthread_once(&once, key_create);
	alchemy_print_begin();
	t = alchemy_object_new(ALCHEMY_TASK, sizeof(*t), name);
	if (!t)
		return -ENOMEM;
	t->mode = mode & T_JOINABLE;
	t->first_mode = mode & (T_LOCK | T_WARNSW | MODE_CPUS);
	t->ask_period = -1;
	err = alchemy_object_share(&t->o, sizeof(*t->known));
	t->known = t->o.shared ? t->o.shared : &t->own;
	t->known->prio = prio;
	if (t->o.shared)
		pthread_once(&shared_once, alchemy_task_ends_from_afar);
	if (!err)
		err = alchemy_part_create(&t->o, PART_START, KEEL_SEM, 0, 1, &t->start);
	if (err)
		alchemy_object_free(&t->o);
	*task = t;
	return err;
}

static int args_check(int prio, int mode, int modes)
{
	return prio < T_LOPRIO || prio > T_HIPRIO || (mode & ~modes & ~MODE_CPUS) ? -EINVAL : 0;
}

/* The name is taken before the thread is there: one that is in use costs none. It is found behind that. */
int rt_task_create(RT_TASK *task, const char *name, int stksize, int prio, int mode)
{
	struct alchemy_task *t;
	int err = args_check(prio, mode, T_LOCK | T_WARNSW | T_CONFORMING | T_JOINABLE | T_SUSP);

	if (err || stksize < 0)
		return -EINVAL;
	err = new_task(&t, name, prio, mode);
	if (err)
		return err;
	err = alchemy_object_claim(&t->o);
	if (!err)
		err = thread_create(t, stksize);
	if (err) {
		parts_delete(t);
		alchemy_object_free(&t->o);
		return err;
	}
	if (mode & T_SUSP) {
		t->known->suspends = 1;
		ALCHEMY_CALL(keel_thread_suspend(t->known->tid));
	}
	*task = t->self;
	alchemy_object_announce(&t->o);
	return 0;
}

int rt_task_start(RT_TASK *task, void (*entry)(void *arg), void *arg)
{
	int err = -EINVAL;
	struct alchemy_task *t = task ? alchemy_task_of(task, &err) : NULL;

	if (!t)
		return err;
	if (__atomic_exchange_n(&t->known->started, 1, __ATOMIC_ACQ_REL))
		return 0;
	t->known->entry = entry;
	t->known->arg = arg;
	return ALCHEMY_CALL(keel_sem_post(START(t)));
}

int rt_task_spawn(RT_TASK *task, const char *name, int stksize, int prio, int mode,
		  void (*entry)(void *arg), void *arg)
{
	int err = rt_task_create(task, name, stksize, prio, mode);

	return err ? err : rt_task_start(task, entry, arg);
}

static int shadow(struct alchemy_task *t)
{
	int err = alchemy_object_claim(&t->o);
	cpu_set_t set;

	if (!err && cpus_of(t->first_mode, &set))
		err = -pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	if (!err)
		err = become(t);
	if (err)
		return err;
	t->known->started = 1;
	t->known->running = 1;
	alchemy_object_announce(&t->o);
	pthread_setspecific(key, t);
	alchemy_task_modes(t, 0, t->first_mode);
	return alchemy_task_prio(t) ? keel_harden() : keel_relax();
}

int rt_task_shadow(RT_TASK *task, const char *name, int prio, int mode)
{
	struct alchemy_task *t;
	int err = args_check(prio, mode, T_LOCK | T_WARNSW | T_CONFORMING);

	if (err)
		return err;
	if (alchemy_self.task)
		return -EBUSY;
	err = new_task(&t, name, prio, mode);
	if (err)
		return err;
	err = shadow(t);
	if (err) {
		parts_delete(t);
		alchemy_object_free(&t->o);
		return err;
	}
	if (task)
		*task = t->self;
	return 0;
}

/* ---- names ------------------------------------------------------------------------------------------- */

static int task_attach(struct alchemy_object *o)
{
	struct alchemy_task *t = (struct alchemy_task *)o;

	t->known = o->shared;
	t->self.handle = o->next_handle;
	t->start = 0;
	if (t->known->pid)	/* it may end at any moment: then there is nothing to be started */
		alchemy_part_bind(o, PART_START, KEEL_SEM, &t->start);
	return 0;
}

static int task_detach(struct alchemy_object *o)
{
	pthread_mutex_lock(&alchemy_task_lock);
	alchemy_task_channel_end((struct alchemy_task *)o);
	parts_delete((struct alchemy_task *)o);
	pthread_mutex_unlock(&alchemy_task_lock);
	return 0;
}

int rt_task_bind(RT_TASK *task, const char *name, RTIME timeout)
{
	uintptr_t handle;
	int err = !task ? -EINVAL : alchemy_object_bind(ALCHEMY_TASK, sizeof(struct alchemy_task), name, timeout,
							task_attach, &handle);
	struct alchemy_task *t = err ? NULL : alchemy_object_find(handle, ALCHEMY_TASK);

	if (!err)
		*task = (RT_TASK){ .handle = handle, .thread = t ? t->thread : 0 };
	return err;
}

int rt_task_unbind(RT_TASK *task)
{
	return !task ? -EINVAL : alchemy_object_unbind(ALCHEMY_TASK, &task->handle, task_detach);
}

RT_TASK *rt_task_self(void)
{
	return alchemy_self.task ? &alchemy_self.task->self : NULL;
}

int rt_task_same(RT_TASK *task1, RT_TASK *task2)
{
	return task1->handle == task2->handle;
}
