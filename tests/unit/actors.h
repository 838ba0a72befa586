/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads that lock and unlock mutexes as told, and an oracle for what their effective
 * priorities must be.
 */
#ifndef TESTS_UNIT_ACTORS_H
#define TESTS_UNIT_ACTORS_H

#include "nucleus/mutex.h"

struct unit_thread;

#define ACTORS 12
#define MUTEXES 12

enum command { LOCK, TIMEDLOCK, UNLOCK, STOP };

/* A thread that does what the test says, and then waits for the next word. */
struct actor {
	struct unit_thread *u;
	struct nk_waitq inbox;
	enum command command;
	int arg;
	nk_time_t deadline;
	int busy;		/* in a lock that has not returned */
	int wants;		/* which */
	int ret;
};

extern struct actor actors[ACTORS];
extern struct nk_mutex mutexes[MUTEXES];

/* A fresh machine; actor i has priority 10 + i and CPU i % @cpus. */
void actors_setup(int cpus);

/* Everybody gives back what it has and exits. */
void actors_teardown(void);

/* Tell @who to do @command with mutex @arg; tell() also lets all settle and returns the result,
 * which is an old one if the actor is busy waiting. */
void actors_say(int who, enum command command, int arg);
int actors_tell(int who, enum command command, int arg);

struct nk_thread *actors_thread(int who);

/* Who owns mutex @m, or -1. */
int actors_owner_of(int m);

/* 0 holds 0; 1 holds 1 and waits for 0; and so on up to @n, which only waits. */
void actors_build_chain(int n);

void actors_expect_eprio(int from, int to, int eprio);

/* Every effective priority is what the definition says, every invariant holds. */
void actors_compare_with_oracle(void);

#endif
