/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects that processes share by a name. Context of all: in-band, may sleep.
 */
#ifndef KMOD_NAMES_H
#define KMOD_NAMES_H

#include <linux/types.h>

struct keel_name;
struct keel_process;
struct native_memory;

/* Answer these requests, see keel/messaging.h: 0 or -errno. */
long names_create(struct keel_process *p, struct keel_name *req);
long names_bind(struct keel_process *p, struct keel_name *req);
long names_delete(const struct keel_name *req);

/* One more reference to the shared object that @p has as @id; -EINVAL: it has none. */
struct native_memory *names_get(struct keel_process *p, u32 id);

/* An id of @p's for the shared object in @mem, which the caller has a reference to; or -errno. */
long names_bind_memory(struct keel_process *p, struct native_memory *mem);

/* There is a reference less to the shared object in @mem, an id or from names_get(). */
void names_put(struct native_memory *mem);

/* The device has gone: free what was kept. */
void names_exit(void);

/* The name of the shared object in @mem, which somebody holds, into KEEL_NAMED_LEN bytes. */
void names_copy(const struct native_memory *mem, char *to);

/* How many objects with a name there are, also those whose name was deleted. */
int names_count(void);

#endif
