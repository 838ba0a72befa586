// SPDX-License-Identifier: GPL-2.0
/*
 * Park, come home, and what a hard thread asks of its owner's side.
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
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/wait.h>
#include "hal/x86/attach.h"
#include "hal/x86/debug.h"
#include "hal/x86/timer.h"
#include "hal/x86/user.h"
#include "nucleus/sched.h"
#include "nucleus/stage.h"
#include "change.h"
#include "filters.h"
#include "process.h"
#include "relaxes.h"
#include "skins/native/native.h"
#include "shadow.h"
#include "signal.h"

#define AFFINITY_LOOK	HZ

static int suspended;
static atomic_t parked = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(all_home);

static long park_refuse(struct shadow *s, int err, int why)
{
	s->window->refusal = why;
	return err;
}

static long park_check(struct shadow *s)
{
	int why;	/* a reason of the ABI, then an error */

	if (!hal_attached() || READ_ONCE(suspended) || !hal_clock_ok())
		return park_refuse(s, -EAGAIN, KEEL_REFUSE_NONE);
	if (signal_pending(current))
		return -ERESTARTNOINTR;
	why = hal_user_refusal();
	if (why)
		return park_refuse(s, -EOPNOTSUPP, why);
	why = hal_user_prepare(&s->user);
	return why ? why : hal_user_forget_cpu();
}

/* What it blocks stays as it is while the context is Keel's. */
static int park_enter(struct shadow *s, int cpu)
{
	nk_signals_open(&s->signals, current->blocked.sig[0]);
	return nk_stage_enter(&s->thread, cpu);
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
	if (signal_pending(current) || READ_ONCE(suspended) || change_wanted(s))
		err = -EAGAIN;
	else
		err = park_enter(s, cpu);
	if (err) {
		s->window->hard = 0;
		__set_current_state(TASK_RUNNING);
	} else {
		s->window->hardens++;
		nk_sched();
	}
	hal_oob_restore(flags);
	preempt_enable();
	return err;
}

/* [1] to [4]. */
static long park_try(struct shadow *s)
{
	long err = change_await(s);

	if (err)
		return err;
	change_away(s);
	err = park_check(s);
	if (!err)
		err = park_hand_over(s);
	if (err)
		change_home(s);
	return err;
}

/* Why Linux wants the context back, or 0. */
static int park_wanted(const struct shadow *s)
{
	if (signal_pending(current))
		return KEEL_RELAX_SIGNAL;
	if (READ_ONCE(suspended))
		return KEEL_RELAX_DETACH;
	if (change_wanted(s))
		return KEEL_RELAX_SIGNAL;
	/* The thread is where the task may be no more: its affinity or cpuset was changed. */
	return cpumask_test_cpu(s->thread.cpu, current->cpus_ptr) ? 0 : KEEL_RELAX_SIGNAL;
}

/* [5] Nobody wakes a task whose CPUs are changed in its sleep, so it looks by itself. */
static void park_wait(struct shadow *s)
{
	int wanted = 0;

	for (;;) {
		set_current_state(wanted ? TASK_UNINTERRUPTIBLE : TASK_INTERRUPTIBLE);
		if (hal_user_home(&s->user))
			break;
		if (wanted) {
			schedule();
			continue;
		}
		wanted = park_wanted(s);
		if (!wanted) {
			schedule_timeout(AFFINITY_LOOK);
			continue;
		}
		__set_current_state(TASK_RUNNING);
		nk_stage_recall(&s->thread, wanted);
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
static void park_signal(struct shadow *s)
{
	switch (s->signal) {
	case 0:
		break;
	case SIGSEGV:
		force_sig(s->signal);
		break;
	case SIGXCPU:
		signals_warn_relax(READ_ONCE(s->window->last_reason));
		break;
	default:
		send_sig(s->signal, current, 1);
	}
}

/* What a call did not reach is there now, and it is made again; or it has failed. */
static void park_touch(struct shadow *s, struct pt_regs *regs)
{
	if (!hal_user_touch(&s->user))
		return;
	regs->ax = -EFAULT;
	regs->orig_ax = -1;
}

loff_t shadow_park(struct keel_process *p)
{
	struct shadow *s = shadow_of(p);
	struct pt_regs *regs = task_pt_regs(current);
	long err;

	if (!s)
		return -EPERM;
	if (!filters_permit(s))
		return -EINTR;	/* it got one meanwhile: once more */
	/* Counted before the test of the flag in park_check(): shadow_suspend() sets it before it
	 * looks at the count, so one of the two sees the other. */
	atomic_inc(&parked);
	smp_mb__after_atomic();
	do
		err = park_try(s);
	while (err == -EAGAIN && hal_attached() && !READ_ONCE(suspended) && hal_clock_ok());
	if (err) {
		signals_close(s);
		if (atomic_dec_and_test(&parked))
			wake_up(&all_home);
		return err;
	}
	if (unlikely(READ_ONCE(s->boost.level)))
		boost_kick(&s->boost);	/* it is hard now: Linux's part is over */
	park_wait(s);
	hal_user_give(&s->user);	/* [6] */
	change_home(s);
	if (atomic_dec_and_test(&parked))
		wake_up(&all_home);
	hal_debug_tell(&s->user);
	signals_close(s);
	park_signal(s);
	if (s->user.touch_size)
		park_touch(s, regs);
	park_restart(regs);
	return regs->ax;
}

/* Again and again: one that has passed its last test may still become hard. */
void shadow_send_home(void)
{
	do
		shadow_recall_all(KEEL_RELAX_DETACH);
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

/* Who wants to hear of it; KEEL_WARN_* */
static int asked_by(int reason)
{
	if (reason == KEEL_RELAX_SYSCALL || reason == KEEL_RELAX_FAULT)
		return KEEL_WARN_SWITCH;
	return reason == KEEL_RELAX_SIGNAL ? KEEL_WARN_SIGNAL : 0;
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
	relaxes_note(s->proc->relaxes, s, reason, regs->ip, regs->sp, fault);
	s->signal = signal;
	if (reason == KEEL_RELAX_WATCHDOG || (!signal && (s->thread.warns & asked_by(reason))))
		s->signal = SIGXCPU;
	nk_stage_leave(reason);
}

noinline void shadow_return(struct pt_regs *regs)
{
	struct nk_thread *t = nk_thread_current();

	if (unlikely(t->held_back) && nk_thread_stop())
		shadow_leave(regs, t->recall, 0, 0);
}

void shadow_fault(struct hal_user *u)
{
	struct nk_thread *t = &container_of(u, struct shadow, user)->thread;

	if (!t->recall)
		WRITE_ONCE(t->recall, KEEL_RELAX_FAULT);
}

/* Calls that any signal's handler ends, also one with SA_RESTART. What a call has left behind is not there for it to
 * be made again. */
static bool ends_by_handler(const struct pt_regs *regs)
{
	switch (regs->orig_ax) {
	case KEEL_CALL_POLL:
	case KEEL_CALL_POLL_ONE:
	case KEEL_CALL_SIGNAL_WAIT:
	case KEEL_CALL_COND_LEAVE:
		return true;
	case KEEL_CALL_SLEEP_UNTIL:
		return regs->si == KEEL_SLEEP_SIGNAL;
	case KEEL_CALL_CLOCK_SLEEP:
		return regs->di & KEEL_SLEEP_SIGNAL;
	default:
		return false;
	}
}

/* A thread that is suspended stops here. A call that was broken off: Linux's signal code restarts a wait, or makes it EINTR; what did not
 * reach user memory is made again in any case. */
static noinline void shadow_call_broken(struct shadow *s, struct pt_regs *regs)
{
	unsigned long fault = 0;

	if (!nk_thread_stop()) {	/* it was suspended, no more */
		regs->orig_ax = -1;
		return;
	}
	if (s->user.touch_size) {
		regs->ax = -ERESTARTNOINTR;
		fault = s->user.touch;
	} else if (regs->ax == -EINTR) {
		regs->ax = ends_by_handler(regs) ? -ERESTARTNOHAND : -ERESTARTSYS;
	} else {
		regs->orig_ax = -1;
	}
	shadow_leave(regs, s->thread.recall, fault, 0);
}

/* r10 and r9 lie one behind the other: a fourth argument, and a fifth. */
static_assert(offsetof(struct pt_regs, r9) == offsetof(struct pt_regs, r10) + sizeof(long));

inline __attribute__((always_inline)) void shadow_call(struct pt_regs *regs, long nr)
{
	struct shadow *s = shadow_current();

	if (unlikely(nr == KEEL_CALL_RELAX)) {
		regs->ax = 0;
		regs->orig_ax = -1;
		shadow_leave(regs, KEEL_RELAX_CALL, 0, 0);
	}
	regs->ax = native_call(s->proc->space, nr, regs->di, regs->si, regs->dx, &regs->r10);
	if (likely(!s->thread.held_back))
		regs->orig_ax = -1;
	else
		shadow_call_broken(s, regs);
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
