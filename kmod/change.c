// SPDX-License-Identifier: GPL-2.0
/*
 * Changes to a thread by another task. Priority, class and suspends are changed wherever the thread is. Its CPU changes
 * only while it is in-band, so it is sent home and held there for it:
 *
 *	owner, parks				who changes
 *	away = 1				wanted = 1
 *	barrier					barrier
 *	wanted? away = 0, sleep			away? recall it, wake the owner, sleep
 *	hand over				change
 *	...					wanted = 0, wake the owner
 *	the context is home
 *	away = 0, wake who changes
 *
 * One of the two sees the other. A recall that comes between the owner's look and the hand over is
 * forgotten by that; but the owner looks at wanted again before it sleeps, as it does for signals. Who
 * waits holds no pointer: it finds the shadow anew each time, as the thread may end meanwhile, and
 * another one, which nobody wants, be there in its place.
 *
 * In-band the thread may ask for a class itself, and move for that, so it does so under the lock of the
 * table of shadows, as whoever comes from here.
 */
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include <linux/wait.h>
#include <keel/abi.h>
#include "change.h"
#include "hal/x86/thunks.h"
#include "limit.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "sched.h"
#include "shadow.h"

static DEFINE_MUTEX(change_lock);	/* one holds a thread at a time */
static DECLARE_WAIT_QUEUE_HEAD(changes);

struct change {
	struct task_struct *task;
	const struct keel_thread_change *req;
	int limit;
	long err;
};

/* ---- the owner's side ------------------------------------------------------------------------ */

int change_await(struct shadow *s)
{
	return wait_event_interruptible(changes, !READ_ONCE(s->wanted)) ? -ERESTARTNOINTR : 0;
}

void change_away(struct shadow *s)
{
	WRITE_ONCE(s->away, true);
	smp_mb();
}

void change_home(struct shadow *s)
{
	smp_store_release(&s->away, false);
	smp_mb();
	if (READ_ONCE(s->wanted))
		wake_up_all(&changes);
}

bool change_wanted(const struct shadow *s)
{
	return READ_ONCE(s->wanted);
}

/* ---- with the table of shadows locked ---------------------------------------------------------- */

static void hold(struct shadow *s, void *arg)
{
	WRITE_ONCE(s->wanted, true);
	smp_mb();
	if (!smp_load_acquire(&s->away))
		return;
	((struct change *)arg)->err = -EAGAIN;
	nk_stage_recall(&s->thread, KEEL_RELAX_SIGNAL);
	wake_up_process(s->task);
}

static void look(struct shadow *s, void *arg)
{
	if (smp_load_acquire(&s->away))
		((struct change *)arg)->err = -EAGAIN;
}

static void let_go(struct shadow *s, void *arg)
{
	WRITE_ONCE(s->wanted, false);
}

static void change_prio(struct shadow *s, void *arg)
{
	struct change *c = arg;

	limit_raise(s, c->limit);
	c->err = nk_thread_set_prio(&s->thread, c->req->sched.prio);
}

static void change_class(struct shadow *s, void *arg)
{
	struct change *c = arg;

	limit_raise(s, c->limit);
	c->err = sched_class_of(s, &c->req->sched);
}

static void change_suspend(struct shadow *s, void *arg)
{
	hal_flags_t flags = hal_oob_save();

	((struct change *)arg)->err = nk_thread_suspend(&s->thread);
	hal_oob_restore(flags);
}

static void change_resume(struct shadow *s, void *arg)
{
	hal_flags_t flags = hal_oob_save();

	(void)arg;
	nk_thread_resume(&s->thread);
	nk_sched();
	hal_oob_restore(flags);
}

static void change_unblock(struct shadow *s, void *arg)
{
	(void)arg;
	nk_thread_unblock(&s->thread, -EINTR);
}

struct move {
	struct nk_thread *thread;
	int err;
};

static void move_here(void *arg)
{
	struct move *m = arg;

	m->err = nk_stage_move(m->thread, smp_processor_id());
}

/* Onto a CPU, from there. */
static void change_cpu(struct shadow *s, void *arg)
{
	struct move m = { .thread = &s->thread, .err = -EINVAL };
	struct change *c = arg;

	smp_call_function_single(c->req->cpu, move_here, &m, 1);
	c->err = m.err;
}

/* What @fn says; -ESRCH: no such thread any more. */
static long with(struct change *c, void (*fn)(struct shadow *s, void *arg))
{
	c->err = 0;
	return shadow_with(c->task, fn, c) ? c->err : -ESRCH;
}

/* ---- who changes -------------------------------------------------------------------------------- */

/* Linux's own rules say where the task may be. It goes first: on a CPU where its class has no room
 * the thread must not park. */
static long move_task(struct change *c)
{
	cpumask_var_t before;
	long err;

	if (!alloc_cpumask_var(&before, GFP_KERNEL))
		return -ENOMEM;
	cpumask_copy(before, &c->task->cpus_mask);
	err = hal_sched_setaffinity(c->req->tid, cpumask_of(c->req->cpu));
	if (!err) {
		err = with(c, change_cpu);
		if (err)
			hal_sched_setaffinity(c->req->tid, before);
	}
	free_cpumask_var(before);
	return err;
}

/* With the thread in-band and held there. */
static long change_held(struct change *c)
{
	long err = mutex_lock_interruptible(&change_lock);

	if (err)
		return err;
	err = with(c, hold);

	if (err == -EAGAIN)
		err = wait_event_interruptible(changes, with(c, look) != -EAGAIN) ? -EINTR : with(c, look);
	if (!err)
		err = move_task(c);
	with(c, let_go);
	wake_up_all(&changes);
	mutex_unlock(&change_lock);
	return err;
}

static void (*const changers[])(struct shadow *s, void *arg) = {
	[KEEL_CHANGE_PRIO] = change_prio,
	[KEEL_CHANGE_CLASS] = change_class,
	[KEEL_CHANGE_SUSPEND] = change_suspend,
	[KEEL_CHANGE_RESUME] = change_resume,
	[KEEL_CHANGE_UNBLOCK] = change_unblock,
};

static bool is_own(struct task_struct *task)
{
	const struct cred *cred;
	bool same;

	rcu_read_lock();
	cred = __task_cred(task);
	same = uid_eq(current_euid(), cred->euid) || uid_eq(current_euid(), cred->uid);
	rcu_read_unlock();
	return same;
}

/* That the thread would have; 0: the change is of something else. */
static int prio_of(const struct keel_thread_change *req)
{
	if (req->what == KEEL_CHANGE_CLASS && req->sched.sched_class == KEEL_CLASS_EDF)
		return NK_PRIO_EDF;
	return req->sched.prio;
}

static struct task_struct *find_task(pid_t tid)
{
	struct task_struct *task;

	rcu_read_lock();
	task = tid > 0 ? pid_task(find_vpid(tid), PIDTYPE_PID) : NULL;
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

long change_thread(const struct keel_thread_change *req)
{
	struct change c = { .task = find_task(req->tid), .req = req };
	long err;

	if (!c.task)
		return -ESRCH;
	c.limit = limit_of_others();
	if (!c.limit && !(is_own(c.task) && limit_allows(c.task, prio_of(req))))
		err = -EPERM;
	else if (req->what == KEEL_CHANGE_CPU)
		err = change_held(&c);
	else
		err = with(&c, changers[req->what]);
	put_task_struct(c.task);
	return err;
}
