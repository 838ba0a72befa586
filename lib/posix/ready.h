/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting for descriptors that are all Keel's, in hard mode.
 */
#ifndef LIBKEEL_POSIX_READY_H
#define LIBKEEL_POSIX_READY_H

#include <poll.h>
#include <stdint.h>

struct posix_change;
struct posix_timer;

/* For threads that wait for @w's owner to change: it is said to them by a semaphore. */
int posix_change_begin(struct posix_change *c);		/* 0 or -errno. Context: in-band */
void posix_change_end(struct posix_change *c);		/* Context: in-band */
int posix_change_lock(struct posix_change *c);		/* 0 or an errno. Context: attached */
void posix_change_unlock(struct posix_change *c);
void posix_change_tell(struct posix_change *c);		/* with the lock */

/* Around a wait for being told. Context: attached. */
void posix_waiter_begins(struct posix_change *c);
void posix_waiter_ends(struct posix_change *c);

/* When @t has something to be read: 0: now; KEEL_FOREVER: it is not armed. On CLOCK_MONOTONIC.
 * Context: attached. */
int64_t posix_timer_due(struct posix_timer *t);

/* As poll(), for a real-time thread, until that time on CLOCK_MONOTONIC: how many are ready, or a negative
 * errno; -ENOTSUP: not all are Keel's, or too many. @more: what ends it as well, or NULL: -EAGAIN.
 * Context: attached; blocks; a cancellation point. */
int posix_poll_core(struct pollfd *fds, nfds_t n, int64_t until, struct posix_change *more);

#endif
