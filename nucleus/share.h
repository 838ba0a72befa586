/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Linux's share of a CPU. When real-time threads leave Linux less than nk_share_percent of the
 * time, and Linux wants it, root gets a slice above all threads. See share.c.
 */
#ifndef NUCLEUS_SHARE_H
#define NUCLEUS_SHARE_H

#include "nucleus/timer.h"

struct nk_rq;

#define NK_SHARE_PERIOD	100000000LL	/* ns */
#define NK_SHARE_MAX	50		/* percent */

struct nk_share {
	struct nk_timer timer;
	int percent;			/* (o) for which the timer runs */
	nk_time_t debt;			/* (o) owed to root, when it got the CPU last */
	nk_time_t root_since;		/* (o) when that was */
	nk_time_t crossing;		/* (o) of root's that does not count, from then */
	nk_time_t took;			/* (o) from there to the next entry, last time it was at once */
	nk_time_t left;			/* (o) when it lost the CPU, if after that */
	int at_once;			/* (o) a wake-up was due before its time could count */
	nk_time_t silent_until;		/* (o) no message before that */
	unsigned long slices;		/* (a) given */
};

/* 0: no share. Changed by nk_share_set() only, or before nk_init(). */
extern int nk_share_percent;

/* ns of root's that do not count, each time that it gets the CPU: more than it takes from there to the next
 * entry. Set by tests only. */
extern nk_time_t nk_share_crossing;

/* Context: in-band, before @rq's CPU runs anything; never blocks. */
void nk_share_init(struct nk_rq *rq);

/* Context: in-band; waits for the handler on another CPU. */
void nk_share_exit(struct nk_rq *rq);

/* Another share, 0 to NK_SHARE_MAX, from now on. Context: in-band, one caller at a time. */
void nk_share_set(int percent);

/* Threads may be about to take the CPU from root, not by a tick: the clock is read, and the timer
 * runs. Context: hard masked, on the CPU of @rq; takes the base lock. */
void nk_share_watch(struct nk_rq *rq);

/* The tick of @now, in which handlers may have run, is at its end. Context: as nk_share_watch(). */
void nk_share_ticked(struct nk_rq *rq, nk_time_t now);

/* What root is owed, in percent of ns, at @now. Context: hard masked, on the CPU of @rq. */
nk_time_t nk_share_debt(const struct nk_rq *rq, nk_time_t now);

#endif
