// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Objects that processes share by a name.
 */
#include <string.h>
#include <keel/name.h>
#include "area.h"
#include "core.h"

/* A name that is too long fills the request, and Keel refuses it. */
static struct keel_name request(const char *name, unsigned int type)
{
	struct keel_name req = { .type = type };
	size_t n = strnlen(name, sizeof(req.name));

	memcpy(req.name, name, n);
	return req;
}

static int name_create(struct keel_name *req, unsigned int mode, unsigned int a, unsigned int b)
{
	req->mode = mode;
	req->args[0] = a;
	req->args[1] = b;
	return libkeel_ioctl(KEEL_IOC_NAME_CREATE, req);
}

static int name_bind(struct keel_name *req, int64_t deadline)
{
	req->until = deadline;
	return libkeel_ioctl(KEEL_IOC_NAME_BIND, req);
}

int keel_name_create(const char *name, unsigned int mode, unsigned int type, unsigned int a,
		     unsigned int b, unsigned int *id)
{
	struct keel_name req = request(name, type);
	int err = name_create(&req, mode, a, b);

	if (!err)
		*id = req.id;
	return err;
}

int keel_name_bind(const char *name, unsigned int type, int64_t deadline, unsigned int *id)
{
	struct keel_name req = request(name, type);
	int err = name_bind(&req, deadline);

	if (!err)
		*id = req.id;
	return err;
}

int keel_name_delete(const char *name, unsigned int type)
{
	struct keel_name req = request(name, type);

	return libkeel_ioctl(KEEL_IOC_NAME_DELETE, &req);
}

static int queue_had(struct keel_queue *q, const struct keel_name *req)
{
	q->id = req->id;
	return libkeel_queue_map(q, req->args[0], req->args[1], req->data);
}

int keel_queue_name_create(struct keel_queue *q, const char *name, unsigned int mode,
			   unsigned int count, unsigned int size)
{
	struct keel_name req = request(name, KEEL_QUEUE);
	int err = name_create(&req, mode, count, size);

	return err ? err : queue_had(q, &req);
}

int keel_queue_name_bind(struct keel_queue *q, const char *name, int64_t deadline)
{
	struct keel_name req = request(name, KEEL_QUEUE);
	int err = name_bind(&req, deadline);

	return err ? err : queue_had(q, &req);
}

static int heap_had(struct keel_heap *h, const struct keel_name *req)
{
	h->id = req->id;
	return libkeel_heap_map(h, req->args[0], req->data);
}

int libkeel_heap_create(struct keel_heap *h, const char *name, unsigned int mode, size_t size,
			unsigned int flags)
{
	struct keel_name req = request(name ? name : "", KEEL_HEAP);
	int err;

	if (size > UINT32_MAX)
		return -EINVAL;
	if (name)
		err = name_create(&req, mode, size, flags);
	else
		err = libkeel_object_create(KEEL_HEAP, size, flags, (uint64_t *)&req.data, &req.id);
	req.args[0] = size;
	return err ? err : heap_had(h, &req);
}

int keel_heap_name_create(struct keel_heap *h, const char *name, unsigned int mode, size_t size)
{
	return libkeel_heap_create(h, name ? name : "", mode, size, 0);
}

int keel_heap_name_bind(struct keel_heap *h, const char *name, int64_t deadline)
{
	struct keel_name req = request(name, KEEL_HEAP);
	int err = name_bind(&req, deadline);

	return err ? err : heap_had(h, &req);
}
