/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Message pipes between hard threads and Linux. A pipe has two directions and a device, /dev/rtpN, which
 * any Linux program that may opens as often as it likes, reads, writes and polls: one read() is one
 * message, one write() is one. A message is never torn; those of one sender keep their order. (A reader
 * that cannot take its message, as the buffer is too small or its memory is missing, puts it back; of
 * several readers another may have had the next one by then.)
 *
 * In Linux read() waits for a message and write() for a place, or fails with EAGAIN with O_NONBLOCK;
 * EMSGSIZE: the message is longer than the buffer, and stays, or than the pipe's size. When the pipe was
 * deleted, or its process has ended, read() gives what is left, then 0, and write() EPIPE.
 * ioctl(KEEL_IOC_PIPE_FLUSH, KEEL_PIPE_TO_*) drops messages and tells how many.
 *
 * keel.h says what "hardens", errors and times mean, sync.h what -EINVAL, -ETIMEDOUT, -EIDRM and -EINTR
 * do. An error changes nothing. -EFAULT: not the caller's memory. Memory that is not there, or not
 * yet, is brought in by Linux, which counts as a switch of mode.
 */
#ifndef KEEL_PIPE_H
#define KEEL_PIPE_H

#include <time.h>
#include <keel/keel.h>

#ifdef __cplusplus
extern "C" {
#endif

struct keel_pipe {
	unsigned int id;
	int number;		/* N of /dev/rtpN */
};

/* Room for @places messages (1 to KEEL_PIPE_PLACES) of up to @size bytes (1 to KEEL_PIPE_SIZE) in each
 * direction. @number: 0 to KEEL_PIPE_MINORS - 1, or -1: one that is free. -EBUSY: it is not;
 * -ENOSPC: none is, or KEEL_MAX_OBJECTS are in use; -ENOMEM; -EINVAL. Context: any thread; in-band. */
int keel_pipe_create(struct keel_pipe *pipe, int number, unsigned int places, unsigned int size);

/* The pipe whose device @fd has open to read and write, of another process or this one: hard threads here use it as
 * those there. It ends with what keel_pipe_create() gave; then -EIDRM. -EBADF; -EINVAL: @fd is another file, or not open
 * for both; -ENOSPC; -ENOMEM. Context: any thread; in-band. */
int keel_pipe_bind(struct keel_pipe *pipe, int fd);

/* Waits of hard threads end with -EIDRM; what was sent to them and not read is dropped. One from keel_pipe_bind() is only
 * given up.
 * Context: any thread; in-band. */
int keel_pipe_delete(struct keel_pipe *pipe);

/* Send @size bytes to Linux, and wait for a place. The second does not wait: -EAGAIN. -EMSGSIZE: more than
 * the pipe's size; -EINVAL also for none. Context: attached; hardens; the others block. */
int keel_pipe_write(struct keel_pipe *pipe, const void *from, size_t size);
int keel_pipe_trywrite(struct keel_pipe *pipe, const void *from, size_t size);
int keel_pipe_clockwrite(struct keel_pipe *pipe, const void *from, size_t size, clockid_t clock,
			 int64_t deadline);

/* Receive from Linux into @to, which has @room: the message's size. The second does not wait: -EAGAIN.
 * -EMSGSIZE: it is longer than @room, and stays. Context: attached; hardens; the others block. */
int keel_pipe_read(struct keel_pipe *pipe, void *to, size_t room);
int keel_pipe_tryread(struct keel_pipe *pipe, void *to, size_t room);
int keel_pipe_clockread(struct keel_pipe *pipe, void *to, size_t room, clockid_t clock,
			int64_t deadline);

/* Drop the messages of the directions in @which, KEEL_PIPE_TO_LINUX | KEEL_PIPE_TO_RT: how many.
 * Context: attached; hardens. */
int keel_pipe_flush(struct keel_pipe *pipe, int which);

#ifdef __cplusplus
}
#endif

#endif
