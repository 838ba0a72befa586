/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What hard threads have Linux do: write to a file by a proxy, and signal an eventfd. keel.h says what
 * "hardens", errors and times mean, sync.h what -EINVAL, -ETIMEDOUT, -EIDRM and -EINTR do.
 */
#ifndef KEEL_PROXY_H
#define KEEL_PROXY_H

#include <time.h>
#include <keel/keel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- proxies ---------------------------------------------------------------------- */

struct keel_proxy {
	unsigned int id;
};

/* What is written to the proxy is written to the file of @fd, a message in one write(), in order, by a
 * thread of Linux with the caller's credentials. @fd may be closed afterwards. There is room for
 * @places messages of up to @size bytes, as in keel_pipe_create(). -EBADF: not open, or not to write;
 * -EOPNOTSUPP: a kind of file that the kernel itself cannot write to, an eventfd or a device of an old
 * kind; -ENOMEM, -ENOSPC, -EINVAL. Context: any thread; in-band. */
int keel_proxy_create(struct keel_proxy *proxy, int fd, unsigned int places, unsigned int size);

/* Waits until all is written, as does the end of the process; but a file that takes nothing for a second,
 * or not all within ten, loses what is left. Context: any thread; in-band. */
int keel_proxy_delete(struct keel_proxy *proxy);

/* Hand over @size bytes: a message. The first does not wait: -EAGAIN when there is no room, and the message
 * is counted as lost, as with -ETIMEDOUT of the second. -EMSGSIZE, -EINVAL and -EFAULT as in
 * keel_pipe_write(). Context: attached; hardens; the second blocks. */
int keel_proxy_write(struct keel_proxy *proxy, const void *from, size_t size);
int keel_proxy_clockwrite(struct keel_proxy *proxy, const void *from, size_t size, clockid_t clock,
			  int64_t deadline);

/* How many messages were lost: no room, or the file did not take them. Context: attached; hardens. */
long keel_proxy_lost(struct keel_proxy *proxy);

/* Wait until all is written that was handed over before; in *@lost, unless that is NULL, what
 * keel_proxy_lost() tells then. -EINTR: a signal came. Context: any thread; in-band. */
int keel_proxy_drain(struct keel_proxy *proxy, unsigned long *lost);

/* ---- eventfds --------------------------------------------------------------------- */

struct keel_eventfd {
	unsigned int id;
};

/* By which hard threads add to the eventfd @fd, which may be closed afterwards. -EBADF, or -EINVAL: it
 * is none; -ENOMEM, -ENOSPC. Context: any thread; in-band. */
int keel_eventfd_create(struct keel_eventfd *eventfd, int fd);
int keel_eventfd_delete(struct keel_eventfd *eventfd);	/* what was signalled is still seen */

/* Add one. -EAGAIN: Linux has not seen KEEL_EVENTFD_MAX of these yet. Context: attached; hardens. */
int keel_eventfd_signal(struct keel_eventfd *eventfd);

#ifdef __cplusplus
}
#endif

#endif
