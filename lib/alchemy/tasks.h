/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A task, as task.c, end.c, control.c and messages.c see it.
 *
 * What Linux and Keel let only a thread itself do, it is asked for: a note in ask, and a signal if the
 * task has begun. It obeys in the handler, in-band, or before its entry.
 */
#ifndef LIBKEEL_ALCHEMY_TASKS_H
#define LIBKEEL_ALCHEMY_TASKS_H

#include <signal.h>
#include <alchemy/task.h>
#include "internal.h"

#define ALCHEMY_POKE	(SIGRTMIN + 1)
#define ALCHEMY_FLOWS	16	/* messages that a task has received and not replied to, or are on their way */

/* What processes of a session know of a task. */
struct alchemy_task_shared {
	pid_t pid;			/* 0: it has ended */
	pid_t tid;
	int receiving;			/* (a) */
	int suspends;			/* (a) */
	int unblocked;			/* (a) by rt_task_unblock(), since it began to sleep */
	int ask_end;			/* (a) it is being deleted by another process */
	int prio;			/* (a) 0: Linux's */
	int started;			/* (a) rt_task_start() was called */
	int running;			/* (a) its entry was called, or it is a shadow */
	void (*entry)(void *arg);	/* in its own process, as the next */
	void *arg;
};

struct alchemy_task {
	struct alchemy_object o;
	RT_TASK self;			/* what rt_task_self() gives */
	struct alchemy_task_shared own;	/* or that at known */
	struct alchemy_task_shared *known;
	pthread_t thread;
	struct alchemy_self *of;	/* (a) the thread's own; NULL: it has not begun, or is bound */
	const volatile struct keel_window *window;
	int mode;			/* as it is now, and T_JOINABLE */
	int first_mode;
	int ended;			/* (lock) */
	int joined;			/* (lock) */
	unsigned int start;		/* a semaphore's id; 0: none */
	int error;			/* of its begin */
	int ask_end;			/* (a) it is being deleted */
	int64_t ask_first;		/* (a) of ask_period */
	int64_t ask_period;		/* (a) ns; below 0: nothing is asked */
	unsigned int channel;		/* (a) its id; 0: not yet */
	char *inbox;
	int rooms[ALCHEMY_FLOWS];	/* for the reply to each, by flow */
};

/* Of all tasks: their ends, and channels that are made. Not held around waits. */
extern pthread_mutex_t alchemy_task_lock;

/* The task that @task means, NULL: the caller's, if it is alive; or NULL and in @err -EPERM or -EINVAL. */
struct alchemy_task *alchemy_task_of(RT_TASK *task, int *err);
/* Its priority now: 0: it is Linux's. */
static inline int alchemy_task_prio(const struct alchemy_task *t)
{
	return __atomic_load_n(&t->known->prio, __ATOMIC_ACQUIRE);
}

/* The caller does what it was asked for. Context: a task. */
void alchemy_task_obey(struct alchemy_task *t);
/* @t is to obey soon. Context: any; goes in-band. */
void alchemy_task_poke(struct alchemy_task *t);
/* The caller, a task that is interrupted at @ip, ends if it is to and may there. 1: it is to, but not there; it
 * obeys nothing else. Context: a signal. */
int alchemy_task_end_at(struct alchemy_task *t, uintptr_t ip);
/* @t, the caller, ends soon if another process has asked for it. Context: a signal. */
void alchemy_task_end_from_afar(struct alchemy_task *t);
/* Before the first task of this process, and before the first that others of the session find. Context: in-band. */
void alchemy_task_ends_begin(void);
void alchemy_task_ends_from_afar(void);
/* Some task has ended. Context: in-band, with the lock. */
void alchemy_task_ended(void);
/* Change the mode of the caller, which is a task. */
int alchemy_task_modes(struct alchemy_task *t, int clear, int set);

/* Nobody can send to it any more. Context: in-band, with the lock. */
void alchemy_task_channel_end(struct alchemy_task *t);

#endif
