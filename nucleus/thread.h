/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads. A thread lives on one CPU from its start, or nk_stage_enter(), until it exits or
 * leaves for in-band; so its rq is fixed for all that time. User threads belong to a Linux
 * task that prepares ctx and crosses by stage.h; kernel threads are started here.
 *
 * Ending a wait is won under the rq lock: whoever finds waiting set clears it and gives the
 * reason; all later ones lose. wait.c has the full story.
 *
 * Keys: (t) thread lock, (w) lock of the wait queue it is on, (q) lock of its CPU's rq,
 * (o) the thread itself, (m) its CPU, hard masked, (c) constant after init, (a) atomic; (t+q) either to read, both to
 * write.
 */
#ifndef NUCLEUS_THREAD_H
#define NUCLEUS_THREAD_H

#include "nucleus/list.h"
#include "nucleus/lock.h"
#include "nucleus/timer.h"

struct nk_class;
struct nk_signals;
struct nk_waitq;

enum nk_thread_state {
	NK_DORMANT,	/* never started */
	NK_READY,	/* wants a CPU */
	NK_RUNNING,	/* has it */
	NK_BLOCKED,	/* waits */
	NK_INBAND,	/* its Linux task has it */
	NK_DEAD,	/* a kernel thread that exited */
};

#define NK_REPL_MAX	8	/* replenishments of a sporadic server under way */

enum nk_class_kind { NK_FIFO, NK_RR, NK_EDF, NK_SPORADIC, NK_QUOTA, NK_TP, NK_WEAK, NK_CLASSES };

/* What a user asks for. Not all of it is for each class; what is not must be 0. */
struct nk_sched_attr {
	int kind;
	int prio;		/* all but EDF and weak; t->prio counts */
	int low_prio;		/* sporadic: once the budget is used */
	int max_repl;		/* sporadic: 1 to NK_REPL_MAX */
	int group;		/* quota: group; partitions: partition */
	nk_time_t budget;	/* EDF, sporadic: per period; RR: slice */
	nk_time_t period;	/* EDF, sporadic */
};

/* What a thread may run yet, below 0 if it has run for longer; of how much: 0: without end. */
struct nk_budget {
	nk_time_t left, of;
};

struct nk_repl {
	nk_time_t at, amount;
};

/* Of a thread that has a class; (l) lock of its CPU's classes. */
struct nk_sched {
	struct nk_sched_attr attr;	/* (l) */
	int cpu;			/* (l) where it is admitted */
	struct nk_list node;		/* (l) EDF threads of the CPU, members of a gate */
	struct nk_timer timer;		/* replenishes */
	nk_time_t left;			/* (m) of the budget, or slice */
	nk_time_t deadline;		/* (q) EDF */
	int held;			/* (l) EDF: until the deadline; sporadic: at low_prio */
	nk_time_t active;		/* (m) sporadic: ready since, or replenished */
	nk_time_t used;			/* (m) sporadic: since then */
	int pending;			/* (m) sporadic: of repl, by time */
	struct nk_repl repl[NK_REPL_MAX];
};

struct nk_thread {
	struct hal_context ctx;		/* first: hal finds the thread by it */
	struct nk_lock lock;

	enum nk_thread_state state;	/* (q) */
	int cpu;			/* (t+q) changes only while in-band */
	int eprio;			/* (t+q) effective priority */
	int waiting;			/* (q) a wait has begun and nobody ended it */
	int wait_error;			/* (q) how it ended */
	union {
		struct {
			int recall;	/* (q) reason to go in-band, 0: none */
			int suspends;	/* (q) it may not go back to user mode, so often */
		};
		long held_back;		/* either */
	};
	int stopped;			/* (q) its wait is for suspends to be 0 */
	struct nk_list run_node;	/* (q) in rq->ready while READY or RUNNING, unless eprio is 0 */
	const struct nk_class *class;	/* (q) NULL: FIFO; changes as class.c says */

	int prio;			/* (t) as the user set it */
	int limit;			/* (a) what may be set, and what a ceiling lends; set by the owner */
	int base_prio;			/* (t) what that, or the class, makes of it now: nk_class_base() */
	int sched_locks;		/* (t) how often it has the scheduler lock */
	struct nk_plist owned;		/* (t) mutexes, by their top waiter's priority or 0 */
	struct nk_waitq *wait_on;	/* (w+t) */
	struct nk_plist_node wait_node;	/* (w) in wait_on, by eprio */
	unsigned int wait_round;	/* (w) of the queue when this entered it */
	void *wait_data;		/* (w) what the object wants to know of this wait */

	struct nk_timer timer;		/* (o) end of a wait; armed on cpu only */
	int timeout_error;		/* (o) what the timer ends the wait with */
	nk_time_t period;		/* (o) 0: not periodic */
	nk_time_t release;		/* (o) next point of the grid */

	int pins;			/* (a) chain walks, and others, that hold a pointer to this */
	int leaving;			/* (a) off the rq, but its CPU still stands on its stack */
	int leave_reason;		/* (o) as given to nk_stage_leave() */
	int user;			/* (c) belongs to a Linux task; set by the owner */
	int tid;			/* (c) Linux's number of its owner, for people; set by the owner */
	int warns;			/* (o) for its owner: KEEL_WARN_*, what is to be told by a signal */
	unsigned long switches;		/* (q) times it was given the CPU */
	unsigned long charges;		/* (o) times it was taken off, and the next counted */
	nk_time_t run_ns;		/* (o) time on a CPU, without the residence that lasts */
	unsigned long overruns;		/* (o) release points missed */
	unsigned long budget_overruns;	/* (m) times its class found it with nothing left */
	struct nk_sched sched;		/* of its class */
	struct nk_signals *signals;	/* (c) NULL: it gets none; set by the owner */
	char name[NK_NAME_LEN];		/* (c) */
};

/* @cpu: where it will start. Clears ctx too: prepare that afterwards.
 * Context: any; never blocks. */
void nk_thread_init(struct nk_thread *t, const char *name, int prio, int cpu);

/* Make a kernel thread, its ctx prepared, ready on its CPU.
 * Context: any; may switch; takes the rq lock. */
void nk_thread_start(struct nk_thread *t);

/* End the calling kernel thread; mutexes it holds are abandoned.
 * Context: oob; never returns. */
void nk_thread_exit(void) HAL_NORETURN;

/* 1 once an exited thread has left its stack for good. Context: any; never blocks. */
int nk_thread_is_dead(const struct nk_thread *t);

/* Nothing of the nucleus refers to @t afterwards. It must be dormant, dead or in-band and hold
 * no mutex. Context: in-band; waits for chain walks passing by. */
void nk_thread_destroy(struct nk_thread *t);

/* What may be set for it at most. Context: any. */
static inline int nk_thread_limit(const struct nk_thread *t)
{
	return __atomic_load_n(&t->limit, __ATOMIC_RELAXED);
}

/* Set the priority; those it waits for, directly or not, follow. 0, or -EINVAL: its class has none, or
 * not that one; -EPERM: its limit. Context: any; may switch; takes all ranks up to rq. */
int nk_thread_set_prio(struct nk_thread *t, int prio);

/* End @t's wait early with @error; 1 when it waited, else nothing happens.
 * Context: any; may switch; takes the rq lock. */
int nk_thread_unblock(struct nk_thread *t, int error);

/* @t, which may be the caller, is to stop where it would go back to user mode: what it does or waits for
 * until then is not touched. Adds up: 0, or -EOVERFLOW: 65535 times.
 * Context: any, hard masked; never blocks; takes the rq lock. */
int nk_thread_suspend(struct nk_thread *t);

/* One less; with the last it goes on. 1, or 0 when it was not suspended. Does not switch.
 * Context: as above. */
int nk_thread_resume(struct nk_thread *t);

/* The caller, a user thread, stops while it is suspended: 0, or -EINTR: it is recalled.
 * Context: oob, hard masked; may block; takes the rq lock. */
int nk_thread_stop(void);

/* @t, which was pinned, may go. Context: hard masked. */
static inline void nk_thread_unpin(struct nk_thread *t)
{
	__atomic_fetch_sub(&t->pins, 1, __ATOMIC_RELEASE);
}

/* Sleep until @abs, which may be one of nk_until_realtime(): 0, or -EINTR when unblocked or recalled. Context: oob; may block. */
int nk_sleep_until(nk_time_t abs);

/* Release points first + k * period; first 0: now + period; period 0: switch off. @t is the
 * caller, or does not run (dormant, in-band). Returns 0 or -EINVAL for times below 0.
 * Context: any; never blocks. */
int nk_thread_set_periodic(struct nk_thread *t, nk_time_t first, nk_time_t period);

/* Sleep until the next release point. A point already passed returns at once; those passed
 * before the newest one are counted in @overruns (may be NULL). Each return stands for
 * 1 + overruns points. 0, -EWOULDBLOCK when not periodic, -EINTR: the point stays due.
 * Context: oob; may block. */
int nk_thread_wait_period(unsigned long *overruns);

/* Begin a wait that is not on a queue: -EINTR when recalled.
 * Context: oob, hard masked; never blocks; takes the rq lock. */
int nk_thread_wait_begin(struct nk_thread *t);

/* Block until the wait that was begun is ended, or @deadline, maybe one of nk_until_realtime(), which
 * ends it with @timeout_error. Returns the reason. Context: oob, hard masked; may block; takes the rq lock. */
int nk_thread_wait_commit(struct nk_thread *t, nk_time_t deadline, int timeout_error);

/* End @t's wait with @error and make it ready; 1 when it waited. Does not switch.
 * Context: any, hard masked; never blocks; takes the rq lock. */
int nk_thread_wake(struct nk_thread *t, int error);

/* ---- trace, see trace.h ---- */

static inline void nk_trace_wake(const struct nk_thread *t)
{
	if (nk_unlikely(hal_tracing()))
		hal_trace(HAL_TRACE_WAKE, &t->ctx, NULL, t->wait_error, t->eprio);
}

static nk_cold void nk_trace_expiry(const struct nk_thread *t)
{
	hal_trace(HAL_TRACE_TIMER, &t->ctx, NULL, t->timer.node.key, hal_clock_now());
	hal_trace(HAL_TRACE_WAKE, &t->ctx, NULL, t->wait_error, t->eprio);
}

/* @t's timer ended its wait: two events at the price of one. */
static inline void nk_trace_timeout(const struct nk_thread *t)
{
	if (nk_unlikely(hal_tracing()))
		nk_trace_expiry(t);
}

#endif
