/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals between Linux and hard threads: see nucleus/signal.h.
 */
#ifndef KMOD_SIGNAL_H
#define KMOD_SIGNAL_H

#include <linux/types.h>

struct nk_signal;
struct shadow;
struct task_struct;

/* Of current, whose window is there. Context: in-band. */
void signals_attach(struct shadow *s);

/* SIGXCPU for @task, with KEEL_WARNED + @why. Context: in-band. */
void signals_warn(struct task_struct *task, int why);

/* The same for current, which went in-band for @reason, if that holds. Context: in-band. */
void signals_warn_relax(int reason);

/* Current is not hard any more: what was kept for it is Linux's now. Context: in-band. */
void signals_close(struct shadow *s);

#endif
