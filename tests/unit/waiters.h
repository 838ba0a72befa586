/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One object of each kind, and functions for threads that wait on them and note what came of it.
 */
#ifndef TESTS_UNIT_WAITERS_H
#define TESTS_UNIT_WAITERS_H

#include "tests/unit/unit.h"

#define THREE 3

extern struct nk_event e, other;
extern struct nk_sem sem;
extern struct nk_cond cond;
extern struct nk_mutex mutex;	/* robust */
extern struct nk_rwlock rwlock;
extern struct nk_barrier barrier;	/* for THREE and one more */
extern struct unit_thread *three[THREE];

/* A fresh machine, with two CPUs or @cpus. */
void waiters_setup(void);
void waiters_setup_cpus(int cpus);

/* Nobody waits any more, and each object is as it was at first. */
void waiters_teardown(void);

/* For bit 1 of e; the second consumes it. */
void waits_for_bit(struct unit_thread *u);
void eats_bit(struct unit_thread *u);

void waits_for_sem(struct unit_thread *u);

/* With the mutex, given back afterwards if it is had. */
void waits_for_signal(struct unit_thread *u);

void waits_for_mutex(struct unit_thread *u);
void reads(struct unit_thread *u);
void meets(struct unit_thread *u);

/* The semaphore, until the time that arg points to, if it does. */
void watches(struct unit_thread *u);

#endif
