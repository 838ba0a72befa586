// SPDX-License-Identifier: GPL-2.0
/*
 * Timers of hard threads: the part that sends what no hard thread takes.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <keel/abi.h>
#include "hal/x86/linux_side.h"
#include "hal/x86/thunks.h"
#include "outer.h"
#include "process.h"
#include "skins/native/signal.h"

struct timer {
	struct outer outer;		/* first */
	struct native_timer native;
	struct hal_work work;
	struct pid *pid;		/* who gets the signal, or whose process */
	bool thread;
};

/* One of that number counts as the timer's. */
static bool is_pending(const struct timer *t, struct task_struct *task)
{
	struct sigpending *p = t->thread ? &task->pending : &task->signal->shared_pending;

	return sigismember(&p->signal, t->native.signal.signo);
}

static bool is_ignored(struct task_struct *task, int signo)
{
	struct sighand_struct *sighand = READ_ONCE(task->sighand);

	return !sighand || sighand->action[signo - 1].sa.sa_handler == SIG_IGN;
}

/* As Linux does it: what comes while the last is pending is its overrun. */
static void send(struct timer *t, struct task_struct *task, unsigned int count)
{
	struct native_timer *n = &t->native;
	struct kernel_siginfo info;

	n->deaf = is_pending(t, task) || is_ignored(task, n->signal.signo);
	if (is_pending(t, task)) {
		WRITE_ONCE(n->overrun, max(READ_ONCE(n->overrun), 0) + count);
		return;
	}
	clear_siginfo(&info);
	info.si_signo = n->signal.signo;
	info.si_code = SI_TIMER;
	info.si_tid = n->number;
	info.si_overrun = count - 1;
	info.si_value.sival_ptr = (void __user *)n->signal.value;
	WRITE_ONCE(n->overrun, count - 1);
	hal_send_sig_info(info.si_signo, &info, task, t->thread ? PIDTYPE_PID : PIDTYPE_TGID);
}

static void on_owed(struct hal_work *w)
{
	struct timer *t = container_of(w, struct timer, work);
	unsigned int count = xchg(&t->native.owed, 0);
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(t->pid, t->thread ? PIDTYPE_PID : PIDTYPE_TGID);
	if (task && count)
		send(t, task, count);
	rcu_read_unlock();
}

/* The thread @tid, which must be one of the process, or with 0 the process; or NULL. */
static struct pid *target(u32 tid)
{
	struct pid *pid = tid ? find_get_pid(tid) : get_pid(task_tgid(current));
	struct task_struct *task;
	bool ours;

	rcu_read_lock();
	task = pid ? pid_task(pid, PIDTYPE_PID) : NULL;
	ours = task && same_thread_group(task, current);
	rcu_read_unlock();
	if (ours)
		return pid;
	put_pid(pid);
	return NULL;
}

static struct outer *timer_create(struct keel_process *p, struct keel_object *req)
{
	unsigned int signo = req->args[0] & 0xff;
	struct timer *t;

	if (signo > KEEL_SIGNAL_MAX || signo == SIGKILL || signo == SIGSTOP ||
	    (!signo && (req->args[0] || req->args[1])))
		return ERR_PTR(-EINVAL);
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return ERR_PTR(-ENOMEM);
	t->pid = target(req->args[1]);
	if (!t->pid) {
		kfree(t);
		return ERR_PTR(-ESRCH);
	}
	t->thread = req->args[1];
	hal_work_init(&t->work, on_owed);
	native_timer_init(&t->native, &t->work);
	t->native.space = p->space;
	t->native.signal = (struct nk_signal){ .signo = signo, .code = SI_TIMER, .value = req->data };
	t->native.tid = req->args[1];
	t->native.number = req->args[0] >> KEEL_TIMER_NUMBER_SHIFT;
	t->outer.link.timer = &t->native;
	return &t->outer;
}

static void timer_close(struct outer *o)
{
	native_timer_end(&container_of(o, struct timer, outer)->native);
}

/* A call that was under way may have set it again. */
static void timer_put(struct outer *o)
{
	struct timer *t = container_of(o, struct timer, outer);

	native_timer_end(&t->native);
	hal_work_sync(&t->work);
	put_pid(t->pid);
	kfree(t);
}

const struct outer_kind timer_kind = { timer_create, timer_close, timer_put };
