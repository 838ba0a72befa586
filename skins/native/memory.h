/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects whose memory is not in their place: what objects.c needs of memory.c.
 */
#ifndef SKINS_NATIVE_MEMORY_H
#define SKINS_NATIVE_MEMORY_H

#include "nucleus/types.h"

struct keel_object;
struct native_memory;
struct native_object;
struct native_space;
struct nk_thread;
struct nk_waitq;

/* As native_object_needs(), of the types from KEEL_QUEUE on. */
int native_memory_needs(const struct keel_object *req, unsigned long *body, unsigned long *area);

/* Make the object of one of these types, whose memory was had by that. 0 or -EINVAL. */
int native_memory_init(struct native_memory *mem);

/* The process of @s refers to the shared object of @o no more: what it had of it is given back. */
void native_memory_leave(struct native_space *s, struct native_object *o);

/* @t, which ends, or whose process has no id of it any more, lets go of the mutex, rwlock or channel. */
void native_let_go(struct native_object *o, nk_u32 type, struct nk_thread *t);

/* Nothing of the nucleus refers to the object any more. May wait for walks passing by. */
void native_body_quiesce(void *body, nk_u32 type);
void native_waitq_quiesce(struct nk_waitq *wq);

/* End the object: 0 or -EBUSY. */
int native_object_destroy(void *body, nk_u32 type);

#endif
