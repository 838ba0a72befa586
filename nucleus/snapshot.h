/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What people want to see of threads and objects, each copied as it is at one moment: masked, under
 * its locks, in a bounded number of steps. The caller sees to it that what it names stays.
 */
#ifndef NUCLEUS_SNAPSHOT_H
#define NUCLEUS_SNAPSHOT_H

#include "nucleus/thread.h"

struct nk_barrier;
struct nk_event;
struct nk_heap;
struct nk_mutex;
struct nk_rwlock;
struct nk_sem;
struct nk_waitq;

struct nk_thread_snapshot {
	enum nk_thread_state state;
	int cpu, base_prio, eprio;
	int holds;			/* mutexes, that the nucleus knows of */
	const struct nk_waitq *wait_on;	/* by now perhaps gone: an address to compare */
	int owner;			/* tid of who has the mutex waited for, or 0 */
	nk_time_t run_ns;
	nk_time_t until;		/* its timer's deadline, or 0 */
	nk_time_t period, release;
	unsigned long switches, overruns;
	struct nk_sched_attr attr;
	struct nk_budget budget;	/* of the present period, slice or window */
	unsigned long budget_overruns;
};

/* Context: in-band, or oob and hard masked; @t is not being destroyed; takes the class lock, a wait queue's, the thread and rq
 * locks. */
void nk_thread_snapshot(struct nk_thread *t, struct nk_thread_snapshot *s);

struct nk_object_snapshot {
	int owner;			/* tid, or 0 */
	unsigned int value, limit;
	int kind;
};

/* What the fields mean of each is in uapi/keel/list.h.
 * Context: in-band, the object stays; takes its lock. */
void nk_mutex_snapshot(struct nk_mutex *m, struct nk_object_snapshot *s);
void nk_rwlock_snapshot(struct nk_rwlock *l, struct nk_object_snapshot *s);
void nk_sem_snapshot(struct nk_sem *sem, struct nk_object_snapshot *s);
void nk_event_snapshot(struct nk_event *e, struct nk_object_snapshot *s);
void nk_barrier_snapshot(struct nk_barrier *b, struct nk_object_snapshot *s);

struct nk_heap_snapshot {
	unsigned long size, used;	/* bytes */
	unsigned long largest;		/* of a free block: the largest, or less than a sixteenth smaller */
};

/* Context: as these. */
void nk_heap_snapshot(struct nk_heap *h, struct nk_heap_snapshot *s);

struct nk_cpu_snapshot {
	int prio, tid;			/* of who runs; 0: Linux */
	int living;
	nk_time_t now, run_ns;
	unsigned long slices;
	nk_time_t share, watchdog;	/* deadlines, or 0 */
};

/* Context: in-band; takes the rq lock. */
void nk_cpu_snapshot(int cpu, struct nk_cpu_snapshot *s);

#endif
