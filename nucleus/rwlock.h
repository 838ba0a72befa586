/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read-write locks. The first waiter, by effective priority, decides what comes next, so a reader
 * gets in beside other readers only ahead of writers of lower priority, and neither side
 * starves the other among equals. No inheritance: readers are not known one by one. Where an
 * inversion matters take a mutex.
 */
#ifndef NUCLEUS_RWLOCK_H
#define NUCLEUS_RWLOCK_H

#include "nucleus/wait.h"

struct nk_rwlock {
	struct nk_waitq wq;
	struct nk_thread *writer;	/* (w) */
	unsigned int readers;		/* (w) */
};

/* Context: any; never blocks. */
void nk_rwlock_init(struct nk_rwlock *l);

/* 0; -EBUSY while it is held or waited for: nothing has changed.
 * Context: any; never blocks; takes the wait queue's lock. */
int nk_rwlock_destroy(struct nk_rwlock *l);

/* 0, -EDEADLK (the caller has it for writing), -ETIMEDOUT, -EINTR, -EIDRM.
 * Context: oob; may block until @deadline; takes the wait queue's lock. */
int nk_rwlock_read(struct nk_rwlock *l, nk_time_t deadline);
int nk_rwlock_write(struct nk_rwlock *l, nk_time_t deadline);

/* 0, -EBUSY, -EDEADLK or -EIDRM. Context: oob; never blocks; takes the wait queue's lock. */
int nk_rwlock_tryread(struct nk_rwlock *l);
int nk_rwlock_trywrite(struct nk_rwlock *l);

/* 0, or -EPERM when the caller is not the writer and there are no readers.
 * Context: oob; may switch; takes the wait queue's lock. */
int nk_rwlock_unlock(struct nk_rwlock *l);

/* @t is about to die. If it is the writer the lock stays held for ever, by nobody; it may still be
 * destroyed. Context: any; never blocks; takes the wait queue's lock. */
void nk_rwlock_bereave(struct nk_rwlock *l, const struct nk_thread *t);

#endif
