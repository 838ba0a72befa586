/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects that processes share by a name. Context of all: in-band, may sleep.
 */
#ifndef KMOD_NAMES_H
#define KMOD_NAMES_H

struct keel_name;
struct keel_process;
struct native_memory;

/* Answer these requests, see keel/messaging.h: 0 or -errno. */
long names_create(struct keel_process *p, struct keel_name *req);
long names_bind(struct keel_process *p, struct keel_name *req);
long names_delete(const struct keel_name *req);

/* A process has no id of the shared object in @mem any more. */
void names_put(struct native_memory *mem);

/* How many objects with a name there are, also those whose name was deleted. */
int names_count(void);

#endif
