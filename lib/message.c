// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Queues, buffers, channels and heaps. Areas are mapped as the objects are made, in-band.
 */
#include <sys/mman.h>
#include <keel/heap.h>
#include <keel/message.h>
#include "area.h"
#include "core.h"

#define PAGE 4096

/* ---- areas -------------------------------------------------------------------------------- */

int libkeel_area_map(size_t size, uint64_t offset, char **area, size_t *area_size)
{
	void *map;

	*area_size = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
	map = mmap(NULL, *area_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		   libkeel_device.fd, offset);
	if (map == MAP_FAILED)
		return -errno;
	*area = map;
	return 0;
}

int libkeel_queue_map(struct keel_queue *q, unsigned int count, unsigned int size, uint64_t offset)
{
	int err;

	q->stride = (size + 7) & ~7u;
	err = libkeel_area_map((size_t)count * q->stride, offset, &q->area, &q->area_size);
	if (err)
		libkeel_object_delete(KEEL_QUEUE, q->id);
	return err;
}

int libkeel_heap_map(struct keel_heap *h, size_t size, uint64_t offset)
{
	int err;

	size = (size + KEEL_HEAP_UNIT - 1) & ~(size_t)(KEEL_HEAP_UNIT - 1);
	err = libkeel_area_map(size, offset, &h->area, &h->area_size);
	if (err)
		libkeel_object_delete(KEEL_HEAP, h->id);
	return err;
}

/* ---- calls that copy ---------------------------------------------------------------------- */

static long copy_call(long nr, long a, const void *b, long c, long d)
{
	return libkeel_call5(nr, a, (long)b, c, d, 0);
}

static int is_bad(size_t size, clockid_t clock)
{
	if (!libkeel_clock_is_known(clock))
		return -EINVAL;
	return size > UINT32_MAX ? -EMSGSIZE : 0;
}

/* ---- queues ------------------------------------------------------------------------------- */

int keel_queue_create(struct keel_queue *q, unsigned int count, unsigned int size)
{
	uint64_t offset = 0;
	int err = libkeel_object_create(KEEL_QUEUE, count, size, &offset, &q->id);

	return err ? err : libkeel_queue_map(q, count, size, offset);
}

int keel_queue_delete(struct keel_queue *q)
{
	int err = libkeel_object_delete(KEEL_QUEUE, q->id);

	if (!err)
		munmap(q->area, q->area_size);
	return err;
}

int keel_queue_clocksend(struct keel_queue *q, const void *message, size_t size, unsigned int prio,
			 clockid_t clock, int64_t deadline)
{
	int err = is_bad(size, clock);

	return err ? err : copy_call(KEEL_CALL_QUEUE_SEND, libkeel_id_on(clock, q->id),
				     message, size | (long)prio << 32, deadline);
}

int keel_queue_send(struct keel_queue *q, const void *message, size_t size, unsigned int prio)
{
	return keel_queue_clocksend(q, message, size, prio, CLOCK_MONOTONIC, KEEL_FOREVER);
}

long keel_queue_clockreceive(struct keel_queue *q, void *message, size_t room, unsigned int *prio,
			     clockid_t clock, int64_t deadline)
{
	long ret = is_bad(room, clock);

	if (!ret)
		ret = copy_call(KEEL_CALL_QUEUE_RECEIVE, libkeel_id_on(clock, q->id),
				message, room, deadline);
	if (ret >= 0 && prio)
		*prio = ret >> 32;
	return ret < 0 ? ret : (uint32_t)ret;
}

long keel_queue_receive(struct keel_queue *q, void *message, size_t room, unsigned int *prio)
{
	return keel_queue_clockreceive(q, message, room, prio, CLOCK_MONOTONIC, KEEL_FOREVER);
}

/* Which message of the area that is; one that is none has a number too large. */
static unsigned int slot_of(const struct keel_queue *q, const void *message)
{
	size_t at = (const char *)message - q->area;

	return at < q->area_size && at % q->stride == 0 ? at / q->stride : UINT32_MAX;
}

int keel_queue_alloc(struct keel_queue *q, void **message, clockid_t clock, int64_t deadline)
{
	long slot = is_bad(0, clock);

	if (!slot)
		slot = libkeel_call(KEEL_CALL_QUEUE_ALLOC, libkeel_id_on(clock, q->id), deadline);
	if (slot >= 0)
		*message = q->area + (size_t)slot * q->stride;
	return slot < 0 ? slot : 0;
}

int keel_queue_pass(struct keel_queue *q, void *message, size_t size, unsigned int prio)
{
	if (size > UINT32_MAX)
		return -EMSGSIZE;
	return libkeel_call3(KEEL_CALL_QUEUE_PASS, q->id, slot_of(q, message), size | (long)prio << 32);
}

long keel_queue_take(struct keel_queue *q, void **message, unsigned int *prio, clockid_t clock,
		     int64_t deadline)
{
	long ret = is_bad(0, clock);

	if (!ret)
		ret = libkeel_call(KEEL_CALL_QUEUE_TAKE, libkeel_id_on(clock, q->id), deadline);
	if (ret < 0)
		return ret;
	*message = q->area + (size_t)(ret & 0xffff) * q->stride;
	if (prio)
		*prio = ret >> 16 & 0xffff;
	return ret >> 32;
}

int keel_queue_free(struct keel_queue *q, void *message)
{
	return libkeel_call(KEEL_CALL_QUEUE_FREE, q->id, slot_of(q, message));
}

int keel_queue_notify(struct keel_queue *q, struct keel_sem *sem)
{
	return libkeel_call(KEEL_CALL_QUEUE_NOTIFY, q->id, sem ? sem->id : 0);
}

int keel_queue_notifies(struct keel_queue *q)
{
	return libkeel_call(KEEL_CALL_QUEUE_NOTIFY, q->id, KEEL_NOTIFY_ASK);
}

int keel_queue_count(struct keel_queue *q)
{
	return libkeel_call(KEEL_CALL_QUEUE_COUNT, q->id, 0);
}

/* ---- buffers ------------------------------------------------------------------------------ */

int keel_buffer_create(struct keel_buffer *b, size_t size)
{
	return size > UINT32_MAX ? -EINVAL :
	       libkeel_object_create(KEEL_BUFFER, size, 0, NULL, &b->id);
}

int keel_buffer_delete(struct keel_buffer *b)
{
	return libkeel_object_delete(KEEL_BUFFER, b->id);
}

long keel_buffer_clockwrite(struct keel_buffer *b, const void *from, size_t size, clockid_t clock,
			    int64_t deadline)
{

	return is_bad(0, clock) ? -EINVAL :
	       copy_call(KEEL_CALL_BUFFER_WRITE, libkeel_id_on(clock, b->id), from, size,
			 deadline);
}

long keel_buffer_write(struct keel_buffer *b, const void *from, size_t size)
{
	return keel_buffer_clockwrite(b, from, size, CLOCK_MONOTONIC, KEEL_FOREVER);
}

long keel_buffer_clockread(struct keel_buffer *b, void *to, size_t size, clockid_t clock,
			   int64_t deadline)
{

	return is_bad(0, clock) ? -EINVAL :
	       copy_call(KEEL_CALL_BUFFER_READ, libkeel_id_on(clock, b->id), to, size,
			 deadline);
}

long keel_buffer_read(struct keel_buffer *b, void *to, size_t size)
{
	return keel_buffer_clockread(b, to, size, CLOCK_MONOTONIC, KEEL_FOREVER);
}

int keel_buffer_count(struct keel_buffer *b)
{
	return libkeel_call(KEEL_CALL_BUFFER_COUNT, b->id, 0);
}

/* ---- channels ----------------------------------------------------------------------------- */

int keel_channel_create(struct keel_channel *c, unsigned int flows, unsigned int size)
{
	return libkeel_object_create(KEEL_CHANNEL, flows, size, NULL, &c->id);
}

int keel_channel_delete(struct keel_channel *c)
{
	return libkeel_object_delete(KEEL_CHANNEL, c->id);
}

/* The reply's memory is there before the message is sent: the server is to do its work once. */
static void touch(void *to, size_t size)
{
	uintptr_t at = (uintptr_t)to, end = at + size;

	for (; at < end; at = (at | (PAGE - 1)) + 1)
		__atomic_fetch_or((char *)at, 0, __ATOMIC_RELAXED);
}

long keel_channel_clocksend(struct keel_channel *c, const void *message, size_t size, void *reply,
			    size_t room, clockid_t clock, int64_t deadline)
{
	long ret = is_bad(size > room ? size : room, clock);

	if (ret)
		return ret;
	touch(reply, room);
	return libkeel_call5(KEEL_CALL_CHANNEL_SEND, libkeel_id_on(clock, c->id), (long)message,
			     size | (long)room << 32, deadline, (long)reply);
}

long keel_channel_send(struct keel_channel *c, const void *message, size_t size, void *reply,
		       size_t room)
{
	return keel_channel_clocksend(c, message, size, reply, room, CLOCK_MONOTONIC, KEEL_FOREVER);
}

long keel_channel_clockreceive(struct keel_channel *c, void *message, size_t room,
			       unsigned int *flow, clockid_t clock, int64_t deadline)
{
	long ret = is_bad(room, clock);

	if (!ret)
		ret = copy_call(KEEL_CALL_CHANNEL_RECEIVE, libkeel_id_on(clock, c->id),
				message, room, deadline);
	if (ret < 0)
		return ret;
	*flow = ret;
	return ret >> 32;
}

long keel_channel_receive(struct keel_channel *c, void *message, size_t room, unsigned int *flow)
{
	return keel_channel_clockreceive(c, message, room, flow, CLOCK_MONOTONIC, KEEL_FOREVER);
}

int keel_channel_reply(struct keel_channel *c, unsigned int flow, const void *reply, size_t size)
{

	return size > UINT32_MAX ? -EMSGSIZE :
	       libkeel_call5(KEEL_CALL_CHANNEL_REPLY, c->id, flow, (long)reply, size, 0);
}

/* ---- heaps -------------------------------------------------------------------------------- */

int keel_heap_create(struct keel_heap *h, size_t size)
{
	return libkeel_heap_create(h, NULL, 0, size, 0);
}

int keel_heap_delete(struct keel_heap *h)
{
	int err = libkeel_object_delete(KEEL_HEAP, h->id);

	if (!err)
		munmap(h->area, h->area_size);
	return err;
}

int keel_heap_clockalloc(struct keel_heap *h, size_t size, void **block, clockid_t clock,
			 int64_t deadline)
{
	long at;

	if (is_bad(0, clock))
		return -EINVAL;
	at = libkeel_call3(KEEL_CALL_HEAP_ALLOC, libkeel_id_on(clock, h->id), size, deadline);
	if (at >= 0)
		*block = h->area + at;
	return at < 0 ? at : 0;
}

int keel_heap_alloc(struct keel_heap *h, size_t size, void **block)
{
	return keel_heap_clockalloc(h, size, block, CLOCK_MONOTONIC, KEEL_FOREVER);
}

int keel_heap_free(struct keel_heap *h, void *block)
{
	return libkeel_call(KEEL_CALL_HEAP_FREE, h->id, (char *)block - h->area);
}
