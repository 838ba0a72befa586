/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of objects: rows of one process each, main.c has the table. A row is in-band and lets
 * hard threads make its calls.
 */
#ifndef OBJECTS_H
#define OBJECTS_H

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <keel/sync.h>
#include "hard.h"

#define WAITERS 4

/* A thread that makes one call. */
struct waiter {
	long (*call)(void);
	int going, done;
	long ret;
	pid_t tid;
	pthread_t thread;
};

extern struct waiter waiters[WAITERS];
extern int order[WAITERS];	/* who came first, and so on, by note() */

/* A call of that name. */
#define CALL(name, expr) static long name(void) { return (expr); }

/* Nanoseconds, so many ms from now. */
int64_t in(int ms);
int64_t real_in(int ms);	/* on CLOCK_REALTIME */

/* The calling waiter comes next in order; returns @ret. Where it has what it waited for. */
long note(long ret);

/* Start waiter @i, on CPU @i or modulo; it sleeps in its call on return. */
struct waiter *waiter_start(int i, int prio, long (*call)(void));

/* Waiter @i has got, or gets, @ret. */
void waiter_end(int i, long ret);

/* What a hard thread of priority 80, on the last CPU, gets for @call. */
long hard_call(long (*call)(void));

/* The effective priority of the thread @name; -1: none. */
int eff_of(const char *name);

/* Linux tells waiters of SIGUSR1 without starting their calls again. */
void signals_handle(void);

void sem_order(void);
void sem_reasons(void);
void sem_interrupt(void);
void events(void);
void rwlocks(void);
void barriers(void);
void sets(void);
void clock_sets(void);
void mutex_fast(void);
void mutex_inband(void);
void mutex_owner_dies(void);
void mutex_robust(void);
void mutex_kinds(void);
void mutex_interrupt(void);
void conds(void);
void conds_boost(void);
void queue_order(void);
void queue_in_place(void);
void queue_notify(void);
void queue_set(void);
void buffers(void);
void channel(void);
void channel_server_dies(void);
void heaps(void);
void copy_not_there(void);
void names_shared(void);
void names_notify(void);
void names_killed(void);
void names_rights(void);
void unblock_each(void);
void unblock_nobody(void);
void unblock_races(void);
void boost_shown(void);
void boost_given_up(void);
void boost_bounded(void);
void boost_dies(void);

#endif
