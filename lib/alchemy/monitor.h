/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What queues and buffers stand on: memory, a mutex that holds it, and two conditions to wait for. While
 * nobody contends or waits, a way through takes no system call.
 *
 * The mutex is Keel's, with inheritance. Deleting takes it and closes it, by calls that a hard thread stays hard in,
 * and then ends the waits: -EIDRM from any call below means that the memory may be gone, and is not to be
 * touched, nor the monitor left.
 *
 *	read, CPU 0				delete, CPU 1
 *	waits for a condition
 *						lock; close it
 *						the condition goes: -EIDRM; the memory goes
 *	wants the mutex: -EIDRM
 */
#ifndef LIBKEEL_ALCHEMY_MONITOR_H
#define LIBKEEL_ALCHEMY_MONITOR_H

#include <keel/heap.h>
#include <keel/sync.h>

struct alchemy_object;

struct alchemy_monitor {
	struct keel_heap memory;
	struct keel_mutex lock;
	struct keel_cond conds[2];
	void *state;			/* what the lock holds: in the object, or in the shared page */
};

/* Of @o: @size bytes, @state of them its own, and waits in order of time with @fifo. 0 or -errno.
 * Context: in-band. */
int alchemy_monitor_make(struct alchemy_monitor *m, struct alchemy_object *o, void *state, size_t size,
			 int fifo);
int alchemy_monitor_attach(struct alchemy_monitor *m, struct alchemy_object *o);
int alchemy_monitor_unmake(struct alchemy_monitor *m, struct alchemy_object *o);

/* Before unmake, of what somebody may use: nobody has the lock from now on. Context: any; hardens. */
int alchemy_monitor_close(struct alchemy_monitor *m);

/* Take and give the lock; the caller is attached. 0 or -errno: it is not the caller's. Enter is for the
 * begin of a call and also attaches, leave for its end. Context: any; enter blocks. */
int alchemy_monitor_enter(struct alchemy_monitor *m);
void alchemy_monitor_leave(struct alchemy_monitor *m);
/* The first half of leave: without the lock, and still attached. */
void alchemy_monitor_unlock(struct alchemy_monitor *m);

/* Wait for condition @which, counted by @waiters meanwhile, with the lock, which is the caller's again
 * afterwards but with -EIDRM. Cancelled: nothing of it is left. Context: with the lock; blocks. */
int alchemy_monitor_wait(struct alchemy_monitor *m, int which, int *waiters, int64_t until);

/* The first who waits for @which, or all, go on as they get the lock: how many. */
int alchemy_monitor_wake(struct alchemy_monitor *m, int which, int all);

#endif
