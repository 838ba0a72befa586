/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * [3] Ways between hard threads and Linux: pipes, of which Linux has the end /dev/rtpN, proxies, by
 * which hard threads write to a file of Linux, and eventfds. Included by abi.h.
 */
#ifndef KEEL_UAPI_RTP_H
#define KEEL_UAPI_RTP_H

#include <linux/ioctl.h>

#define KEEL_PIPE_DEVICE	"/dev/rtp"	/* and its number */
#define KEEL_PIPE_MINORS	32
#define KEEL_PIPE_ANY		(~0ull)		/* the first number that is free */
#define KEEL_PIPE_BIND		(~0u)		/* as places, with size 0: that whose device data, a descriptor, can read and write */
#define KEEL_PIPE_PLACES	1024		/* most messages under way in one direction */
#define KEEL_PIPE_SIZE		65536		/* longest message */
#define KEEL_PIPE_URGENT	0x80000000u	/* or-ed to the size of a message that is sent: in front of all others */
#define KEEL_PIPE_JOIN		0x40000000u	/* the same: behind the last, in one message, if that was so sent and has room */

/* What is flushed; may be or-ed. */
#define KEEL_PIPE_TO_LINUX	1
#define KEEL_PIPE_TO_RT		2

/* ioctl() on /dev/rtpN, with what is to be flushed: how many messages were dropped. */
#define KEEL_IOC_PIPE_FLUSH	_IO(0x4b, 64)

/* How many signals of an eventfd Linux has not seen yet at most; then -EAGAIN. */
#define KEEL_EVENTFD_MAX	4096

#endif
