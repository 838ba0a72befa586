// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kind.h"

int alchemy_kind_create(const struct alchemy_kind *k, const char *name, void *arg, uintptr_t *handle)
{
	struct alchemy_object *o;
	int err = alchemy_inband();

	if (err)
		return err;
	o = alchemy_object_new(k->type, k->size, name);
	if (!o)
		return -ENOMEM;
	err = alchemy_object_share(o, k->shared_size);
	if (err)
		goto free;
	err = k->make(o, arg);
	if (err == -ENOSPC && k->type != ALCHEMY_PIPE)
		err = -ENOMEM;		/* Keel has no more of them for a process */
	if (err)
		goto free;
	err = alchemy_object_publish(o);
	if (err) {
		k->unmake(o);
		goto free;
	}
	*handle = o->handle;
	return 0;
free:
	alchemy_object_free(o);
	return err;
}

int alchemy_kind_delete(const struct alchemy_kind *k, uintptr_t handle)
{
	struct alchemy_object *o = alchemy_object_close(handle, k->type);
	int err;

	if (!o)
		return -EINVAL;
	err = k->close && !o->bound ? k->close(o) : 0;
	if (!err)
		err = alchemy_inband();
	if (!err)
		err = k->unmake(o);
	if (err)
		alchemy_object_reopen(o);
	else
		alchemy_object_free(o);
	return err;
}

int alchemy_kind_bind(const struct alchemy_kind *k, const char *name, RTIME timeout, uintptr_t *handle)
{
	return alchemy_object_bind(k->type, k->size, name, timeout, k->attach, handle);
}

int alchemy_kind_unbind(const struct alchemy_kind *k, uintptr_t *handle)
{
	return alchemy_object_unbind(k->type, handle, k->unmake);
}

int alchemy_mutex_delete(const struct alchemy_object *o, char part, unsigned int id)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int err, i;

	for (i = 0; i < 1000; i++) {
		err = alchemy_part_delete(o, part, KEEL_MUTEX, id);
		if (err != -EBUSY)
			break;
		nanosleep(&moment, NULL);
	}
	return err;
}

int alchemy_mutex_retake(struct keel_mutex *m)
{
	int err;

	do
		err = keel_mutex_lock(m);
	while (err == -EINTR);
	return alchemy_mutex_got(err);
}

int alchemy_waiters(unsigned int id)
{
	return ALCHEMY_CALL(libkeel_call(KEEL_CALL_WAITERS, id, 0));
}
