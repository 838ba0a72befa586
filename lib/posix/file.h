/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors that the skin knows. Each is one of Linux's as well, so it can be polled there, inherited and
 * passed on; what is kept here is what the calls on it need, in one table by number. Entries are used
 * again and never freed, so a call that meets one just closed finds an id that is none.
 */
#ifndef LIBKEEL_POSIX_FILE_H
#define LIBKEEL_POSIX_FILE_H

#include <keel/message.h>
#include "posix.h"

#define POSIX_FILES 4096	/* numbers from here on stay glibc's */

enum posix_file_type { POSIX_NO_FILE, POSIX_MQ, POSIX_TIMER, POSIX_EPOLL };

struct posix_notice;

struct posix_mq {
	struct keel_queue queue;	/* its id, no area */
	int flags;			/* (a) O_ACCMODE, O_NONBLOCK */
	unsigned int count, size;
	struct posix_notice *notice;	/* (files) what mq_notify() asked for, or NULL */
	int signals;			/* (a) and that is a signal */
};

/* Of what is looked at again when somebody says so: ready.h. */
struct posix_change {
	struct keel_mutex lock;
	struct keel_sem told;
	int waiters;			/* (lock) */
};

struct posix_timer {
	struct posix_change change;
	clockid_t clock;
	int nonblock;
	int64_t next, interval;		/* (lock) ns; 0: not armed, once */
};

struct posix_registered {
	int fd;
	uint32_t events;
	uint64_t data;
};

#define POSIX_EPOLL_MAX (KEEL_POLL_MAX - 1)

struct posix_epoll {
	struct posix_change change;
	int linux_too;			/* (lock) there is, or was, something else */
	int count;			/* (lock) */
	struct posix_registered of[POSIX_EPOLL_MAX];	/* (lock) */
};

struct posix_file {
	int type;			/* (a) POSIX_NO_FILE: free */
	struct posix_file *next;	/* (files) free */
	union {
		struct posix_mq mq;
		struct posix_timer timer;
		struct posix_epoll epoll;
	};
};

/* What @fd is, if it is of that type, or NULL. Context: any; never blocks. */
struct posix_file *posix_file_find(int fd, enum posix_file_type type);

/* An entry for @fd, which is @file; -EMFILE, -ENOMEM. Context: in-band. */
int posix_file_add(int fd, const struct posix_file *file);

/* @fd is closed: what it was is put away. Context: in-band. */
void posix_file_drop(int fd);

/* There may be descriptors of Keel's that are not in the table, inherited or handed over. */
extern int posix_files_had;

/* For notices, too. Context: in-band. */
void posix_files_lock(void);
void posix_files_unlock(void);

/* Around fork(); the child finds an empty table: 1 if there were message queues in it. */
int posix_files_child(void);

/* Keel serves the caller: the device is open, and it is attached. Context: in-band. */
int posix_core_ready(void);

/* What mq_notify() is about, of one process and queue. */
struct sigevent;
int posix_notice_start(struct posix_mq *mq, const struct sigevent *event);
/* How many signals were raised, and: after the caller's message to @mq, which was to raise one, when that
 * was the number, wait until it is. Context: in-band. */
unsigned int posix_notices_raised(void);
void posix_notice_await(struct posix_mq *mq, unsigned int raised);
/* It is not wanted any more. Context: in-band, files locked. */
void posix_notice_stop(struct posix_mq *mq);

/* Keel's name for one of POSIX's without its first slash. */
void posix_name(char to[KEEL_NAMED_LEN], const char *name);

/* @mode less what the process's mask takes. Context: in-band. */
unsigned int posix_masked(unsigned int mode);

#endif
