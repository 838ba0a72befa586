/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The boost of a thread that is in-band, made known to Linux: its task has there the priority that
 * Keel gives the thread. By Linux's own inheritance, so that nothing has to be put back.
 */
#ifndef KMOD_BOOST_H
#define KMOD_BOOST_H

#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/rtmutex.h>

struct boost {
	struct rt_mutex mutex;		/* owned by the task from attach to its end */
	struct task_struct *booster;	/* waits for it, at the priority to be had */
	struct irq_work irq;
	struct kthread_work work;
	int level;			/* (a) that priority, 0: the booster sleeps */
	int over;			/* (a) never again */
};

/* The worker that all share. Context: in-band, may sleep. */
int boost_init(void);
void boost_exit(void);

/* For current: 0 or a negative errno, and then there is nothing to undo.
 * Context: in-band, may sleep. */
int boost_begin(struct boost *b);

/* Whoever may call boost_kick() has ended; the task still exists. Context: in-band, may sleep. */
void boost_end(struct boost *b);

/* Something may have changed: look, soon. Context: any; never blocks. */
static inline void boost_kick(struct boost *b)
{
	irq_work_queue(&b->irq);
}

/* What the task is to have, 0: nothing but its own. By kmod/shadow.c. Context: any. */
int shadow_boost(const struct boost *b);

/* The task begins to have it. By kmod/shadow.c. Context: in-band, may sleep. */
void shadow_boosted(struct boost *b);

#endif
