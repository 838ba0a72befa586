// SPDX-License-Identifier: GPL-2.0
/*
 * What Keel keeps of a thread's signals while that is hard goes to Linux here.
 */
#include <linux/cred.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>
#include <keel/abi.h>
#include "hal/x86/thunks.h"
#include "nucleus/signal.h"
#include "process.h"
#include "shadow.h"
#include "signal.h"
#include "skins/native/signal.h"

static_assert(sizeof(sigset_t) == sizeof(nk_u64));

void signals_attach(struct shadow *s)
{
	nk_signals_init(&s->signals, &s->thread, (const nk_u64 *)&current->pending.signal,
			(const nk_u64 *)&current->signal->shared_pending.signal);
	s->signals.out = (struct nk_signal_rest *)&s->window->signal_value;
}

static void send(struct shadow *s, const struct nk_signal *sig)
{
	struct kernel_siginfo info;

	clear_siginfo(&info);
	info.si_signo = sig->signo;
	info.si_code = sig->code;
	if (sig->code == SI_TIMER) {
		info.si_tid = native_timer_handed(s->proc->space, sig->timer, sig->overrun);
		info.si_overrun = sig->overrun;
	} else {
		info.si_pid = task_tgid_vnr(current);
		info.si_uid = from_kuid_munged(current_user_ns(), current_uid());
	}
	info.si_value.sival_ptr = (void __user *)sig->value;
	hal_send_sig_info(sig->signo, &info, current, PIDTYPE_PID);
}

/* ---- warnings ---------------------------------------------------------------------------------- */

void signals_warn(struct task_struct *task, int why)
{
	struct kernel_siginfo info;

	clear_siginfo(&info);
	info.si_signo = SIGXCPU;
	info.si_code = SI_QUEUE;
	info.si_int = KEEL_WARNED + why;
	hal_send_sig_info(SIGXCPU, &info, task, PIDTYPE_PID);
}

/* Linux wants a thread for much else than signals. */
void signals_warn_relax(int reason)
{
	if (reason == KEEL_RELAX_SIGNAL && !signal_pending(current))
		return;
	if (reason == KEEL_RELAX_FAULT && !(current->mm->def_flags & VM_LOCKED))
		reason = KEEL_WARNED_MEMORY;
	signals_warn(current, reason);
}

void signals_close(struct shadow *s)
{
	struct nk_signal sig;

	nk_signals_close(&s->signals);
	while (nk_signals_next(&s->signals, &sig))
		send(s, &sig);
}
