/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Crossings between in-band and oob. A user thread belongs to one side at a time: in state
 * INBAND (or DORMANT) to its Linux task, else to the nucleus. The Linux task asks for it back
 * with a recall; the thread then leaves by itself at the next user boundary.
 */
#ifndef NUCLEUS_STAGE_H
#define NUCLEUS_STAGE_H

#include "nucleus/thread.h"

/* A weak thread's reason to go in-band behind a call; equals KEEL_RELAX_CALL. */
#define NK_RELAX_CALL 1

/* The watchdog's reason to recall; equals KEEL_RELAX_WATCHDOG of the ABI. */
#define NK_RELAX_WATCHDOG 5

/* @t, in-band, has @cpu, the caller's, from now on: 0, or -EBUSY, its class has no room there.
 * Context: in-band, not moved meanwhile; takes all ranks. */
int nk_stage_move(struct nk_thread *t, int cpu);

/* Make @t, its ctx prepared, ready on @cpu, which is the caller's. Forgets an old recall. The
 * caller then calls nk_sched(). 0, or -EBUSY: @t's class has no room on that CPU.
 * Context: in-band, hard masked; never blocks; takes the thread and rq locks, with a class all. */
int nk_stage_enter(struct nk_thread *t, int cpu);

/* The current thread goes to its Linux task, which is woken once the CPU has left it. Mutexes
 * stay its own. Context: oob; never returns. */
void nk_stage_leave(int reason) HAL_NORETURN;

/* Ask @t to leave, for @reason (not 0); the first reason stays. Ends its wait with -EINTR, and
 * kicks its CPU when it runs on another. Nothing while it is in-band.
 * Context: in-band or irq; may switch; takes the rq lock. */
void nk_stage_recall(struct nk_thread *t, int reason);

/* The reason @t is recalled for, or 0. Context: any; never blocks. */
int nk_stage_recalled(const struct nk_thread *t);

#endif
