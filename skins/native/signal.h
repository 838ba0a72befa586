/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keel calls on signals and timers, and what hard threads use of a timer, which its part in Linux owns.
 */
#ifndef SKINS_NATIVE_SIGNAL_H
#define SKINS_NATIVE_SIGNAL_H

#include "nucleus/sem.h"
#include "nucleus/signal.h"

struct native_space;

struct native_timer {
	struct nk_timer timer;
	struct nk_lock lock;		/* of who sets it */
	struct native_space *space;	/* (c) */
	struct nk_sem expired;		/* without a signal: one post, and more */
	unsigned int more;		/* (a) */
	unsigned long skipped;		/* points of the grid, told already */
	unsigned int passed;		/* points that it stood still for, to be told */
	int deaf;			/* (a) Linux has the last signal still, or drops it */
	struct nk_signal signal;	/* (c) */
	nk_u32 tid;			/* (c) 0: the process */
	int number;			/* (c) as its user knows it */
	struct hal_work *work;		/* (c) sends what is owed */
	unsigned int owed;		/* (a) expiries that are Linux's to tell */
	int overrun;			/* (a) of the last signal that Linux got; -1: it was not Linux's */
};

/* Context: in-band. */
void native_timer_init(struct native_timer *t, struct hal_work *work);

/* Nobody uses @t by a call any more, nor does the timer afterwards. Context: in-band, not hard masked. */
void native_timer_end(struct native_timer *t);

/* Linux gets a signal, which the timer @id of @s had sent, @overrun: its number, or 0: it has gone.
 * Context: in-band. */
int native_timer_handed(struct native_space *s, nk_u32 id, unsigned int overrun);

/* See notify.h. Context: oob, hard masked; wait may block. */
long native_signal_wait(nk_u64 set, nk_time_t until);
long native_signal_send(struct native_space *s, unsigned long tid, unsigned long what, nk_u64 value);

#endif
