// SPDX-License-Identifier: GPL-2.0
/*
 * Attach, park, come home, detach.
 *
 * Park (numbers as in the body):
 *	[1] refuse what cannot be hard; a pending signal goes first
 *	[2] preemption off: the context is taken from one CPU
 *	[3] task state before hand-over, so that a signal from now on wakes the owner
 *	[4] hand over; the thread runs at once and this call returns when the CPU is Linux's again
 *	[5] sleep until the context is home; a signal recalls it, then the wait is
 *	    uninterruptible: bounded by the thread's way to its next user boundary
 *	[6] give the context back; return its ax
 */
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/kernel.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/wait.h>
#include <trace/events/sched.h>
#include "hal/x86/attach.h"
#include "hal/x86/linux_side.h"
#include "hal/x86/timer.h"
#include "hal/x86/user.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "process.h"
#include "shadow.h"

static DEFINE_HASHTABLE(shadows, 8);
static DEFINE_SPINLOCK(shadows_lock);
static int suspended;
static atomic_t parked = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(all_home);
static struct workqueue_struct *reaper;

/* The caller's shadow, of @p if that is not NULL. It stays while the caller has @p's file open:
 * who else may drop it waits for that to be closed. */
static struct shadow *shadow_of(struct keel_process *p)
{
	struct shadow *s, *found = NULL;

	rcu_read_lock();
	hash_for_each_possible_rcu(shadows, s, by_task, (unsigned long)current)
		if (s->task == current && (!p || s->proc == p))
			found = s;
	rcu_read_unlock();
	return found;
}

/* ---- attach and detach ---------------------------------------------------------------------- */

static int window_claim(struct keel_process *p)
{
	int i = -EAGAIN;

	mutex_lock(&p->lock);
	if (!p->mm)
		p->mm = current->mm;
	if (p->mm != current->mm) {
		i = -EPERM;	/* a forked child: it opens the device itself */
	} else {
		i = find_first_zero_bit(p->used, KEEL_MAX_THREADS);
		if (i < KEEL_MAX_THREADS)
			set_bit(i, p->used);
		else
			i = -EAGAIN;
	}
	mutex_unlock(&p->lock);
	return i;
}

static int shadow_fill(struct shadow *s, struct keel_process *p, const struct keel_attach *req)
{
	char name[KEEL_NAME_LEN];
	int err;

	strscpy(name, req->name[0] ? req->name : current->comm, sizeof(name));
	nk_thread_init(&s->thread, name, req->prio, raw_smp_processor_id());
	s->thread.user = 1;
	s->proc = p;
	s->task = current;
	err = hal_user_init(&s->user);
	if (err)
		return err;
	s->mm_watch = hal_mm_get(current->mm);
	if (IS_ERR(s->mm_watch))
		return PTR_ERR(s->mm_watch);
	s->window = &p->windows[s->index];
	memset(s->window, 0, sizeof(*s->window));
	return 0;
}

int shadow_attach(struct keel_process *p, const struct keel_attach *req)
{
	struct shadow *s;
	int i, err;

	if (shadow_of(NULL))
		return -EALREADY;
	i = window_claim(p);
	if (i < 0)
		return i;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	err = -ENOMEM;
	if (s) {
		s->index = i;
		err = shadow_fill(s, p, req);
	}
	if (err) {
		if (s)
			hal_user_destroy(&s->user);
		kfree(s);
		clear_bit(i, p->used);
		return err;
	}
	get_task_struct(current);
	spin_lock(&shadows_lock);
	hash_add_rcu(shadows, &s->by_task, (unsigned long)current);
	spin_unlock(&shadows_lock);
	return i;
}

static void shadow_free(struct work_struct *work)
{
	struct shadow *s = container_of(to_rcu_work(work), struct shadow, free);

	hal_mm_put(s->mm_watch);
	hal_user_destroy(&s->user);
	put_task_struct(s->task);
	kfree(s);
}

/* One only drops a shadow: its task, or the last close of the file. */
static bool shadow_claim(struct shadow *s)
{
	bool first;

	spin_lock(&shadows_lock);
	first = !s->dropped;
	s->dropped = true;
	spin_unlock(&shadows_lock);
	return first;
}

/* Tracepoints come here, so nothing sleeps: what may is the reaper's. Off the table last, as then
 * the process may go. */
static void shadow_drop(struct shadow *s)
{
	nk_mutex_abandon_all(&s->thread);
	nk_thread_destroy(&s->thread);
	hal_context_destroy(&s->thread.ctx);
	clear_bit(s->index, s->proc->used);
	spin_lock(&shadows_lock);
	hash_del_rcu(&s->by_task);
	spin_unlock(&shadows_lock);
	INIT_RCU_WORK(&s->free, shadow_free);
	queue_rcu_work(reaper, &s->free);
}

int shadow_detach(struct keel_process *p)
{
	struct shadow *s = shadow_of(p);

	if (!s)
		return -EPERM;
	if (shadow_claim(s))
		shadow_drop(s);
	return 0;
}

/* One of @p's shadows, or NULL. */
static struct shadow *shadow_any(struct keel_process *p)
{
	struct shadow *s, *found = NULL;
	int b;

	rcu_read_lock();
	hash_for_each_rcu(shadows, b, s, by_task)
		if (s->proc == p)
			found = s;
	rcu_read_unlock();
	return found;
}

void shadow_detach_all(struct keel_process *p)
{
	struct shadow *s;

	rcu_read_lock();
	while ((s = shadow_any(p))) {
		if (shadow_claim(s))
			shadow_drop(s);
		else
			cpu_relax();	/* its task is at it, and does not sleep */
	}
	rcu_read_unlock();
}

/* A task that dies, or becomes another program: its thread ends with it. */
static void on_exit(void *data, struct task_struct *task)
{
	struct shadow *s = shadow_of(NULL);

	if (unlikely(s) && shadow_claim(s))
		shadow_drop(s);
}

static void on_exec(void *data, struct task_struct *task, pid_t old, struct linux_binprm *bprm)
{
	on_exit(NULL, task);
}

/* ---- parking ------------------------------------------------------------------------------------ */

static long park_refuse(struct shadow *s, int err, int why)
{
	s->window->refusal = why;
	return err;
}

static long park_check(struct shadow *s)
{
	int why;

	if (!hal_attached() || READ_ONCE(suspended) || !hal_clock_ok())
		return park_refuse(s, -EAGAIN, KEEL_REFUSE_NONE);
	if (signal_pending(current))
		return -ERESTARTNOINTR;
	why = hal_user_refusal();
	if (why)
		return park_refuse(s, -EOPNOTSUPP, why);
	return hal_user_prepare(&s->user);
}

/* [2] to [4]. */
static int park_hand_over(struct shadow *s)
{
	unsigned long flags;
	int err, cpu;

	preempt_disable();
	cpu = smp_processor_id();
	err = hal_cpu_online(cpu) ? hal_user_take(&s->user, &s->thread.ctx) : -EAGAIN;
	if (err) {
		preempt_enable();
		return err;
	}
	s->signal = 0;
	s->window->hard = 1;
	s->window->refusal = KEEL_REFUSE_NONE;
	set_current_state(TASK_INTERRUPTIBLE);
	flags = hal_oob_save();
	/* The last look: from here on Linux's interrupt for a signal finds the thread hard. */
	if (signal_pending(current) || READ_ONCE(suspended)) {
		s->window->hard = 0;
		__set_current_state(TASK_RUNNING);
		err = -EAGAIN;
	} else {
		s->window->hardens++;
		nk_stage_enter(&s->thread, cpu);
		nk_sched();
	}
	hal_oob_restore(flags);
	preempt_enable();
	return err;
}

/* [5] */
static void park_wait(struct shadow *s)
{
	int recalled = 0;

	for (;;) {
		set_current_state(recalled ? TASK_UNINTERRUPTIBLE : TASK_INTERRUPTIBLE);
		if (hal_user_home(&s->user))
			break;
		if (!recalled && (signal_pending(current) || READ_ONCE(suspended))) {
			__set_current_state(TASK_RUNNING);
			nk_stage_recall(&s->thread, signal_pending(current) ?
						    KEEL_RELAX_SIGNAL : KEEL_RELAX_DETACH);
			recalled = 1;
			continue;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

/* A Keel call that a recall broke off is restarted by Linux's signal code; without a signal
 * to deliver that code does not run, so it is done here. */
static void park_restart(struct pt_regs *regs)
{
	if (regs->orig_ax == -1 || signal_pending(current))
		return;
	regs->ax = regs->orig_ax;
	regs->ip -= 2;
	regs->orig_ax = -1;
}

/* What Linux could not find out by running the thread on: see shadow_leave(). */
static void park_signal(int signal)
{
	switch (signal) {
	case 0:
		break;
	case SIGTRAP:
		hal_user_trap();
		break;
	case SIGSEGV:
		force_sig(signal);
		break;
	default:
		send_sig(signal, current, 1);
	}
}

loff_t shadow_park(struct keel_process *p)
{
	struct shadow *s = shadow_of(p);
	struct pt_regs *regs = task_pt_regs(current);
	long err;

	if (!s)
		return -EPERM;
	/* Counted before the test of the flag in park_check(): shadow_suspend() sets it before it
	 * looks at the count, so one of the two sees the other. */
	atomic_inc(&parked);
	smp_mb__after_atomic();
	do {
		err = park_check(s);	/* [1] */
		if (!err)
			err = park_hand_over(s);
	} while (err == -EAGAIN && hal_attached() && !READ_ONCE(suspended) && hal_clock_ok());
	if (err) {
		if (atomic_dec_and_test(&parked))
			wake_up(&all_home);
		return err;
	}
	park_wait(s);
	hal_user_give(&s->user);	/* [6] */
	if (atomic_dec_and_test(&parked))
		wake_up(&all_home);
	park_signal(s->signal);
	park_restart(regs);
	return regs->ax;
}

int shadow_set(struct keel_process *p, const struct keel_thread_set *req)
{
	struct shadow *s = shadow_of(p);

	if (!s)
		return -EPERM;
	if (req->prio)
		nk_thread_set_prio(&s->thread, req->prio);
	return 0;
}

static void recall_all(void)
{
	struct shadow *s;
	int b;

	rcu_read_lock();
	hash_for_each_rcu(shadows, b, s, by_task)
		nk_stage_recall(&s->thread, KEEL_RELAX_DETACH);
	rcu_read_unlock();
}

/* Again and again: one that has passed its last test may still become hard. */
void shadow_send_home(void)
{
	do
		recall_all();
	while (!wait_event_timeout(all_home, !atomic_read(&parked), msecs_to_jiffies(20)));
}

void shadow_suspend(void)
{
	WRITE_ONCE(suspended, 1);
	smp_mb();
	shadow_send_home();
}

void shadow_resume(void)
{
	WRITE_ONCE(suspended, 0);
}

/* ---- called by a hard thread, oob and hard masked ----------------------------------------------- */

static struct shadow *shadow_current(void)
{
	return container_of(nk_thread_current(), struct shadow, thread);
}

noinline void shadow_leave(struct pt_regs *regs, int reason, unsigned long fault, int signal)
{
	struct shadow *s = shadow_current();
	struct keel_window *w = s->window;

	w->last_reason = reason;
	w->last_ip = regs->ip;
	if (fault)
		w->last_fault = fault;
	w->relaxes[reason]++;
	w->switches = s->thread.switches;
	w->overruns = s->thread.overruns;
	w->hard = 0;
	s->signal = reason == KEEL_RELAX_WATCHDOG ? SIGXCPU : signal;
	nk_stage_leave(reason);
}

noinline void shadow_return(struct pt_regs *regs)
{
	struct nk_thread *t = nk_thread_current();

	if (unlikely(t->recall))
		shadow_leave(regs, t->recall, 0, 0);
}

inline __attribute__((always_inline)) void shadow_call(struct pt_regs *regs, long nr)
{
	struct shadow *s = shadow_current();

	if (unlikely(nr == KEEL_CALL_RELAX)) {
		regs->ax = 0;
		regs->orig_ax = -1;
		shadow_leave(regs, KEEL_RELAX_CALL, 0, 0);
	}
	regs->ax = native_call(&s->proc->space, nr, regs->di, regs->si);
	if (likely(!s->thread.recall)) {
		regs->orig_ax = -1;
		return;
	}
	/* A wait that the recall broke off: Linux's signal code restarts it, or makes it EINTR. */
	if (regs->ax == -EINTR)
		regs->ax = -ERESTARTSYS;
	else
		regs->orig_ax = -1;
	shadow_leave(regs, s->thread.recall, 0, 0);
}

void shadow_poll(void)
{
	struct nk_thread *t = nk_thread_current();

	if (t->user && signal_pending(shadow_current()->task))
		nk_stage_recall(t, KEEL_RELAX_SIGNAL);
}

/* It waits for nothing any more, so the mark is enough. */
void shadow_due(struct hal_user *u)
{
	struct nk_thread *t = &container_of(u, struct shadow, user)->thread;

	if (!t->recall)
		WRITE_ONCE(t->recall, KEEL_RELAX_SIGNAL);
}

/* ---- tracepoints ------------------------------------------------------------------------------------ */

static struct tracepoint *tp_exit, *tp_exec;

static void tracepoint_find(struct tracepoint *tp, void *unused)
{
	if (!strcmp(tp->name, "sched_process_exit"))
		tp_exit = tp;
	if (!strcmp(tp->name, "sched_process_exec"))
		tp_exec = tp;
}

int shadow_init(void)
{
	int err;

	for_each_kernel_tracepoint(tracepoint_find, NULL);
	if (!tp_exit || !tp_exec) {
		pr_err("keel: this kernel has no sched_process_exit and sched_process_exec tracepoints\n");
		return -ENOENT;
	}
	reaper = alloc_workqueue("keel", 0, 0);
	if (!reaper)
		return -ENOMEM;
	err = tracepoint_probe_register(tp_exit, on_exit, NULL);
	if (err)
		goto workqueue;
	err = tracepoint_probe_register(tp_exec, on_exec, NULL);
	if (err)
		goto exit;
	return 0;
exit:
	tracepoint_probe_unregister(tp_exit, on_exit, NULL);
	tracepoint_synchronize_unregister();
workqueue:
	destroy_workqueue(reaper);
	return err;
}

void shadow_exit(void)
{
	tracepoint_probe_unregister(tp_exec, on_exec, NULL);
	tracepoint_probe_unregister(tp_exit, on_exit, NULL);
	tracepoint_synchronize_unregister();
	rcu_barrier();	/* the reaper has all its work now */
	destroy_workqueue(reaper);
}

void shadow_show(struct seq_file *m)
{
	static const char *const states[] = {
		"dormant", "ready", "running", "blocked", "in-band", "dead",
	};
	struct shadow *s;
	int b;

	seq_puts(m, "pid cpu base eff state switches overruns name\n");
	rcu_read_lock();
	hash_for_each_rcu(shadows, b, s, by_task)
		seq_printf(m, "%d %d %d %d %s %lu %lu %s\n", task_pid_nr(s->task),
			   s->thread.cpu, s->thread.base_prio, s->thread.eprio,
			   states[s->thread.state], s->thread.switches, s->thread.overruns,
			   s->thread.name);
	rcu_read_unlock();
}
