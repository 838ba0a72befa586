/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A Linux task that is attached to Keel.
 *
 * Life: attached (in-band) → parked: asleep in lseek() while its context is hard → home again, and so on →
 * detached. Owner and context are never live together: the task returns to user mode, dies
 * or dumps core only after the context is home.
 */
#ifndef KMOD_SHADOW_H
#define KMOD_SHADOW_H

#include <linux/list.h>
#include <linux/sched.h>
#include <linux/workqueue.h>
#include "boost.h"
#include "hal/x86/context.h"
#include "nucleus/signal.h"
#include "nucleus/thread.h"

struct hal_mm;
struct keel_attach;
struct keel_process;
struct keel_thread_set;
struct keel_window;

struct shadow {
	struct nk_thread thread;	/* first */
	struct hal_user user;
	struct keel_process *proc;
	struct keel_window *window;
	struct hal_mm *mm_watch;
	struct task_struct *task;
	struct hlist_node by_task, by_group;
	struct rcu_work free;
	struct nk_signals signals;
	struct boost boost;		/* of the task, while in-band */
	bool dropped;			/* somebody is about to free it */
	unsigned int index;
	int signal;			/* to raise at home */
	bool permitted;			/* its filters were asked */
	bool away;			/* its owner parks: written by that, see change.c */
	bool wanted;			/* in-band, to be changed: by who holds change_lock */
};

int shadow_init(void);
void shadow_exit(void);

/* Attach current, whose priority is never set above @limit. Window index or -errno. Context: in-band, may sleep. */
int shadow_attach(struct keel_process *p, const struct keel_attach *req, int limit);

/* Detach current: 0 or -EPERM when it is not attached to @p. Context: in-band, may sleep. */
int shadow_detach(struct keel_process *p);

/* The caller's shadow, of @p if that is not NULL; or NULL. It stays while the caller has @p's file
 * open: who else may drop it waits for that to be closed. Context: in-band. */
struct shadow *shadow_of(struct keel_process *p);

/* Ask every hard thread to leave. Context: in-band. */
void shadow_recall_all(int reason);

/* Detach all that is left of @p; its tasks are gone or have closed the file. */
void shadow_detach_all(struct keel_process *p);

/* Park current until it is home again: the value for its ax, or -errno when it did not
 * become hard. Context: in-band, in lseek(). */
loff_t shadow_park(struct keel_process *p);

/* Change base priority (0 keeps). Context: in-band, current attached. */
int shadow_set(struct keel_process *p, const struct keel_thread_set *req);

/* Send every hard thread home and let none become hard until shadow_resume().
 * Context: in-band, may sleep. */
void shadow_suspend(void);
void shadow_resume(void);

/* Call @fn for each that is attached; it and its process stay meanwhile.
 * Context: in-band; @fn does not sleep. */
void shadow_each(void (*fn)(struct shadow *s, void *arg), void *arg);

/* Call @fn for the shadow of @task, if it is attached: whether it is. It stays meanwhile, and nobody
 * else is in one of these. Context: in-band; @fn does not sleep. */
bool shadow_with(struct task_struct *task, void (*fn)(struct shadow *s, void *arg), void *arg);

/* How many there are, those included that nobody can find any more. Context: any. */
int shadow_objects(void);

struct seq_file;
void shadow_show(struct seq_file *m);

#endif
