// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Named semaphores: process-shared ones in files of their own, beside glibc's and under other names, as
 * programs without the skin take what they find there for glibc's. A file appears with all that is in it,
 * its count too, so that it is there when no process has it open.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "file.h"
#include "shared.h"

#define PREFIX "/dev/shm/keel-sem."

union storage {
	sem_t sem;
	struct posix_shared shared;
};

struct opened {
	struct opened *next;
	dev_t dev;
	ino_t ino;
	int times;
	union storage *at;
};

static struct opened *opened;		/* (lock) */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int path_of(char *path, size_t size, const char *name)
{
	while (*name == '/')
		name++;
	if (!*name || strchr(name, '/') || strlen(name) > NAME_MAX)
		return EINVAL;
	if (strlen(name) + strlen("sem.") > NAME_MAX)
		return ENAMETOOLONG;
	/* What is too long with this prefix goes by its hash. */
	if (strlen(name) + strlen("keel-sem.") > NAME_MAX) {
		char hashed[KEEL_NAMED_LEN];

		posix_name(hashed, name);
		snprintf(path, size, PREFIX ".%s", hashed + 2);
	} else {
		snprintf(path, size, PREFIX "%s", name);
	}
	return 0;
}

/* ---- files ---------------------------------------------------------------------------------------- */

/* The mapping of an open file, the same for each time it is opened. */
static union storage *map(int fd)
{
	struct opened *o;
	struct stat st;
	void *at;

	if (fstat(fd, &st))
		return NULL;
	for (o = opened; o; o = o->next) {
		if (o->dev != st.st_dev || o->ino != st.st_ino)
			continue;
		o->times++;
		return o->at;
	}
	if (st.st_size != sizeof(union storage)) {
		errno = EINVAL;
		return NULL;
	}
	o = malloc(sizeof(*o));
	at = o ? mmap(NULL, sizeof(union storage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0) :
		 MAP_FAILED;
	if (at == MAP_FAILED) {
		free(o);
		return NULL;
	}
	*o = (struct opened){ .next = opened, .dev = st.st_dev, .ino = st.st_ino, .times = 1, .at = at };
	opened = o;
	return at;
}

static union storage *file_open(const char *path)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	union storage *at;

	if (fd < 0)
		return NULL;
	at = map(fd);
	REAL(close)(fd);
	return at;
}

/* A file without a name gets one when all is in it. */
static union storage *file_create(const char *path, mode_t mode, unsigned int value)
{
	int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	union storage s, *at = NULL;
	char self[32];

	if (fd < 0)
		return NULL;
	memset(&s, 0, sizeof(s));
	posix_shared_fill(&s.shared, POSIX_SEM, value, 0);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (write(fd, &s, sizeof(s)) == sizeof(s) &&
	    !linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW))
		at = map(fd);
	REAL(close)(fd);
	return at;
}

/* Whoever unlinks it in between makes another round. */
static union storage *any_open(const char *path, int flags, mode_t mode, unsigned int value)
{
	union storage *at = NULL;

	do {
		if (!(flags & O_CREAT) || !(flags & O_EXCL))
			at = file_open(path);
		if (!at && (flags & O_CREAT) && (errno == ENOENT || (flags & O_EXCL)))
			at = file_create(path, mode, value);
	} while (!at && errno == EEXIST && !(flags & O_EXCL));
	return at;
}

/* ---- calls ------------------------------------------------------------------------------------------ */

static sem_t *open_core(const char *name, int flags, mode_t mode, unsigned int value)
{
	char path[PATH_MAX];
	union storage *at;
	int err = path_of(path, sizeof(path), name), cancel;

	if (!err && (flags & O_CREAT) && value > SEM_VALUE_MAX)
		err = EINVAL;
	if (err) {
		errno = err;
		return SEM_FAILED;
	}
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);	/* no cancellation point, as in glibc */
	REAL(pthread_mutex_lock)(&lock);
	at = any_open(path, flags, mode, value);
	REAL(pthread_mutex_unlock)(&lock);
	pthread_setcancelstate(cancel, NULL);
	if (!at && errno == ENOENT)	/* it may be glibc's */
		return REAL(sem_open)(name, flags);
	return at ? &at->sem : SEM_FAILED;
}

sem_t *__wrap_sem_open(const char *name, int flags, ...)
{
	unsigned int value = 0;
	mode_t mode = 0;
	va_list args;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		value = va_arg(args, unsigned int);
		va_end(args);
	}
	if (posix_core_ready()) {
		CORE(sem_open);
		return open_core(name, flags, mode, value);
	}
	GLIBC(sem_open);
	return REAL(sem_open)(name, flags, mode, value);
}
EXPORT(sem_open);

/* -1: it is none of these. */
static int close_core(const sem_t *s)
{
	struct opened **o, *gone;
	int times = -1;

	REAL(pthread_mutex_lock)(&lock);
	for (o = &opened; *o && &(*o)->at->sem != s; o = &(*o)->next)
		;
	gone = *o;
	if (gone)
		times = --gone->times;
	if (!times) {
		*o = gone->next;
		posix_object_drop(gone->at);
		munmap(gone->at, sizeof(union storage));
		free(gone);
	}
	REAL(pthread_mutex_unlock)(&lock);
	return times < 0 ? -1 : 0;
}

int __wrap_sem_close(sem_t *s)
{
	if (!close_core(s)) {
		CORE(sem_close);
		return 0;
	}
	GLIBC(sem_close);
	return REAL(sem_close)(s);
}
EXPORT(sem_close);

int __wrap_sem_unlink(const char *name)
{
	char path[PATH_MAX];
	int err = path_of(path, sizeof(path), name);

	if (err || !posix_core_ready()) {
		GLIBC(sem_unlink);
		return REAL(sem_unlink)(name);
	}
	CORE(sem_unlink);
	if (!unlink(path))
		return 0;
	if (errno == ENOENT)
		return REAL(sem_unlink)(name);
	errno = errno == EPERM ? EACCES : errno;
	return -1;
}
EXPORT(sem_unlink);
