/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects that processes share, by a name of up to 31 characters, none of them a blank. A name is of
 * one type, KEEL_MUTEX, KEEL_SEM and so on; sets have none. The object goes when the last process has
 * deleted it or ended, or when its owner deletes the name: then waits end with -EIDRM.
 *
 * A process that dies gives up what it had: mutexes as when a thread dies, messages in hand, its
 * part as a server. A mutex that is shared is locked by a call each time.
 *
 * Context of all: any thread; in-band.
 */
#ifndef KEEL_NAME_H
#define KEEL_NAME_H

#include <keel/heap.h>
#include <keel/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Make it, with @a and @b as the type's create takes them: @id goes into a struct keel_mutex, keel_sem and
 * so on. @mode: who may bind it, as for a file that is read and written. -EEXIST; -EINVAL. */
int keel_name_create(const char *name, unsigned int mode, unsigned int type, unsigned int a,
		     unsigned int b, unsigned int *id);

/* Wait until @deadline, on CLOCK_MONOTONIC, until there is one: 0: -ENOENT, KEEL_FOREVER: as long as
 * it takes. -EACCES: @mode does not let the caller; -ETIMEDOUT, -EINTR. */
int keel_name_bind(const char *name, unsigned int type, int64_t deadline, unsigned int *id);

/* By its owner, or with CAP_FOWNER. The caller's own id, if it has one, is deleted as without a name.
 * -ENOENT; -EACCES; -EBUSY: a mutex, read-write lock or barrier that is in use. */
int keel_name_delete(const char *name, unsigned int type);

/* The same for what is mapped too. */
int keel_queue_name_create(struct keel_queue *queue, const char *name, unsigned int mode,
			   unsigned int count, unsigned int size);
int keel_queue_name_bind(struct keel_queue *queue, const char *name, int64_t deadline);
int keel_heap_name_create(struct keel_heap *heap, const char *name, unsigned int mode, size_t size);
int keel_heap_name_bind(struct keel_heap *heap, const char *name, int64_t deadline);

#ifdef __cplusplus
}
#endif

#endif
