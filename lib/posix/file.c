// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <stdlib.h>
#include "file.h"
#include "print.h"
#include "ready.h"

int posix_files_had;

static struct posix_file *files[POSIX_FILES];	/* (a) by number */
static struct posix_file *spare;		/* (files) */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void posix_files_lock(void)
{
	REAL(pthread_mutex_lock)(&lock);
}

void posix_files_unlock(void)
{
	REAL(pthread_mutex_unlock)(&lock);
}

static struct posix_file *at(int fd)
{
	return fd >= 0 && fd < POSIX_FILES ? __atomic_load_n(&files[fd], __ATOMIC_ACQUIRE) : NULL;
}

struct posix_file *posix_file_find(int fd, enum posix_file_type type)
{
	struct posix_file *f = at(fd);

	return f && __atomic_load_n(&f->type, __ATOMIC_ACQUIRE) == (int)type ? f : NULL;
}

/* With the lock. */
static void drop(int fd)
{
	struct posix_file *f = files[fd];

	if (!f)
		return;
	__atomic_store_n(&files[fd], NULL, __ATOMIC_RELEASE);
	if (f->type == POSIX_MQ) {
		posix_notice_stop(&f->mq);
		libkeel_object_delete(KEEL_QUEUE, f->mq.queue.id);
	} else {
		posix_change_end(f->type == POSIX_TIMER ? &f->timer.change : &f->epoll.change);
	}
	__atomic_store_n(&f->type, POSIX_NO_FILE, __ATOMIC_RELEASE);
	f->next = spare;
	spare = f;
}

int posix_file_add(int fd, const struct posix_file *file)
{
	struct posix_file *f;

	if (fd >= POSIX_FILES)
		return -EMFILE;
	posix_files_lock();
	drop(fd);
	f = spare;
	if (f)
		spare = f->next;
	else
		f = malloc(sizeof(*f));
	if (f) {
		*f = *file;
		__atomic_store_n(&files[fd], f, __ATOMIC_RELEASE);
		posix_files_had = 1;
	}
	posix_files_unlock();
	return f ? 0 : -ENOMEM;
}

void posix_file_drop(int fd)
{
	if (!at(fd))
		return;
	posix_files_lock();
	drop(fd);
	posix_files_unlock();
}

/* The parent's ids, and who waits for its notices, are not here. */
int posix_files_child(void)
{
	int i, queues = 0;

	for (i = 0; i < POSIX_FILES; i++) {
		struct posix_file *f = files[i];

		if (!f)
			continue;
		queues |= f->type == POSIX_MQ;
		files[i] = NULL;
		f->type = POSIX_NO_FILE;
		f->next = spare;
		spare = f;
	}
	posix_files_unlock();
	return queues;
}

/* Not counted: a child of vfork() calls it with its parent's memory. */
static void gone(int fd)
{
	FILE *f;

	if ((!at(fd) && !posix_print_of(fd, 0, &f)) || !posix_is_process())
		return;
	posix_file_drop(fd);
	posix_print_gone(fd);
}

int __wrap_close(int fd)
{
	gone(fd);
	return REAL(close)(fd);
}
EXPORT(close);

int __wrap_dup2(int old, int fd)
{
	if (old != fd && fcntl(old, F_GETFD) >= 0)
		gone(fd);
	return REAL(dup2)(old, fd);
}
EXPORT(dup2);

int __wrap_dup3(int old, int fd, int flags)
{
	if (old != fd && !(flags & ~O_CLOEXEC) && fcntl(old, F_GETFD) >= 0)
		gone(fd);
	return REAL(dup3)(old, fd, flags);
}
EXPORT(dup3);
