/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals of a hard thread: those that it blocks in Linux, so that nothing is to be done about them until
 * it asks. They are kept here while it is hard, for its nk_signal_wait(); when it goes in-band they become
 * Linux's, and so does at once what is sent to a thread that does not block it. So Linux knows all that
 * is pending whenever a call of Linux could ask. What Linux has itself is not taken here: the waiter is
 * told to fetch it there.
 */
#ifndef NUCLEUS_SIGNAL_H
#define NUCLEUS_SIGNAL_H

#include "nucleus/thread.h"

#define NK_SIGNALS	32	/* most that are kept */
#define NK_SIGNO_MAX	64
#define NK_SIGNO_QUEUED	32	/* from here on each one is kept, below one of a number */

struct nk_signal {
	int signo;
	int code;		/* who sent it, as Linux has it */
	nk_u64 value;
	nk_u32 timer;		/* the id of the timer, or 0 */
	unsigned int overrun;	/* of that: how many came while this was waiting */
};

/* What does not fit in what a call returns. */
struct nk_signal_rest {
	nk_u64 value;
	nk_u32 timer, overrun;
};

struct nk_signals {
	struct nk_lock lock;
	struct nk_signal_rest *out;	/* (c) where its user looks */
	struct nk_thread *thread;	/* (c) */
	const nk_u64 *inband[2];	/* (c) what Linux has pending, for it and for its process */
	int open;			/* (l) it is hard */
	nk_u64 blocked;			/* (l) in Linux; a bit each from signo 1 on */
	nk_u64 wanted;			/* (l, a) it waits for these */
	int count;			/* (l) */
	struct nk_signal kept[NK_SIGNALS]; /* (l) in the order of arrival */
};

static inline nk_u64 nk_signal_bit(int signo)
{
	return (nk_u64)1 << (signo - 1);
}

/* How many threads wait for signals, to be read by who has none to bring. */
extern int nk_signal_waiters;

/* Context: any. */
void nk_signals_init(struct nk_signals *s, struct nk_thread *t, const nk_u64 *own, const nk_u64 *shared);

/* The thread is about to become hard, and Linux delivers none of @blocked.
 * Context: in-band; takes the lock. */
void nk_signals_open(struct nk_signals *s, nk_u64 blocked);

/* It is in-band again: nothing is kept any more. Context: in-band; takes the lock. */
void nk_signals_close(struct nk_signals *s);

/* The next of those that are left, for Linux: 1, or 0: none. Context: in-band, closed. */
int nk_signals_next(struct nk_signals *s, struct nk_signal *sig);

/* The caller waits for one of @set, all blocked, until @until, 0: it does not wait. The lowest number goes
 * first, and of one number the oldest. 0, -EBUSY: Linux has one; -EINVAL: one is not blocked; -ETIMEDOUT,
 * -EINTR. Context: oob; may block; takes the lock. */
int nk_signal_wait(nk_u64 set, nk_time_t until, struct nk_signal *sig);

/* @sig for the thread of @s: 1, or 2: one that is kept stands for it; 0: it is Linux's to deliver. Does not switch.
 * Context: any, hard masked; never blocks; takes the lock. */
int nk_signal_send(struct nk_signals *s, const struct nk_signal *sig);

/* The same only if it waits for that. */
int nk_signal_offer(struct nk_signals *s, const struct nk_signal *sig);

/* Linux has got @signo for the thread of @s. Context: in-band; may switch; takes the lock. */
void nk_signal_inband(struct nk_signals *s, int signo);

#endif
