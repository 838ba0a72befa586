/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is the same for semaphores, mutexes and so on: how one is made, bound and deleted.
 */
#ifndef LIBKEEL_ALCHEMY_KIND_H
#define LIBKEEL_ALCHEMY_KIND_H

#include <stddef.h>
#include "internal.h"

struct keel_mutex;

struct alchemy_kind {
	enum alchemy_type type;
	size_t size;			/* of its struct, and of what is in the shared page */
	size_t shared_size;
	int (*make)(struct alchemy_object *o, void *arg);	/* all its parts, or none and -errno */
	int (*attach)(struct alchemy_object *o);		/* to those of another process: the same */
	int (*unmake)(struct alchemy_object *o);		/* undo either; -errno: it is as it was */
	int (*close)(struct alchemy_object *o);			/* NULL, or first what takes no Linux; -errno: nothing changed */
};

/* rt_x_create(), _delete(), _bind() and _unbind(), when their arguments have been looked at. @arg is make's.
 * Context: in-band; bind may block. */
int alchemy_kind_create(const struct alchemy_kind *k, const char *name, void *arg, uintptr_t *handle);
int alchemy_kind_delete(const struct alchemy_kind *k, uintptr_t handle);
int alchemy_kind_bind(const struct alchemy_kind *k, const char *name, RTIME timeout, uintptr_t *handle);
int alchemy_kind_unbind(const struct alchemy_kind *k, uintptr_t *handle);

/* How many wait for the object of Keel's with @id, or -errno. Context: any; hardens. */
int alchemy_waiters(unsigned int id);

/* Who got a mutex from one who died in the middle of something is not told: there is no way to. */
static inline int alchemy_mutex_got(int err)
{
	return err == -EOWNERDEAD ? 0 : err;
}

/* Delete a mutex that was closed, part @part of @o: those whose waits have ended may still be on their way out.
 * -EBUSY: they do not come to it within a second. Context: in-band; blocks. */
int alchemy_mutex_delete(const struct alchemy_object *o, char part, unsigned int id);

/* Take @m, of an attached caller, however often that is interrupted: 0, or what else is wrong. */
int alchemy_mutex_retake(struct keel_mutex *m);

#define ALCHEMY_BINDING(name_, type_, kind_)						\
	int rt_##name_##_bind(type_ *p, const char *name, RTIME timeout)		\
	{										\
		return p ? alchemy_kind_bind(kind_, name, timeout, &p->handle) : -EINVAL;		\
	}										\
											\
	int rt_##name_##_unbind(type_ *p)						\
	{										\
		return p ? alchemy_kind_unbind(kind_, &p->handle) : -EINVAL;				\
	}										\
											\
	_Static_assert(sizeof(((type_ *)0)->handle) == sizeof(uintptr_t), #type_)

/* The three forms of a call that waits, of one whose own takes the deadline as an int64_t. A deadline that
 * is none is below 0. @params and @args: between the object and the time, with a comma behind. */
#define ALCHEMY_FORMS(ret_, call_, wait_, type_, params_, args_)			\
	ret_ call_(type_ *p, params_ RTIME timeout)					\
	{										\
		return wait_(p, args_ alchemy_rel(timeout));				\
	}										\
											\
	ret_ call_##_until(type_ *p, params_ RTIME timeout)				\
	{										\
		return wait_(p, args_ alchemy_abs(timeout));				\
	}										\
											\
	ret_ call_##_timed(type_ *p, params_ const struct timespec *abs_timeout)	\
	{										\
		return wait_(p, args_ alchemy_timespec(abs_timeout));			\
	}										\
											\
	_Static_assert(sizeof(ret_) >= sizeof(int), #call_)

#define ALCHEMY_LIST(...) __VA_ARGS__

#endif
