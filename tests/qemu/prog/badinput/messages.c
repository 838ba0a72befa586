// SPDX-License-Identifier: GPL-2.0
/*
 * Queues, buffers, channels, heaps and names: what is out of range, of another type, gone, or not in
 * hand.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <keel/name.h>
#include "badinput.h"

#define CREATE(...) KEEL_IOC_OBJECT_CREATE, &(struct keel_object){ __VA_ARGS__ }
#define NAMED(cmd, kind, ...) cmd, &(struct keel_name){ .type = kind, __VA_ARGS__ }
#define NAME(...) NAMED(KEEL_IOC_NAME_CREATE, KEEL_SEM, .args = { 0, 1 }, __VA_ARGS__)
#define NAME_OF(kind, ...) NAMED(KEEL_IOC_NAME_CREATE, kind, .name = "x", __VA_ARGS__)
#define BIND_OF(kind, ...) NAMED(KEEL_IOC_NAME_BIND, kind, __VA_ARGS__)
#define BIND(...) BIND_OF(KEEL_SEM, __VA_ARGS__)
#define UNNAME(...) NAMED(KEEL_IOC_NAME_DELETE, KEEL_SEM, __VA_ARGS__)
#define ROW(name, expr) static long name(void) { return (expr); }

#define LONG_NAME "no-room-for-what-ends-a-name.32!"

static const struct request requests[] = {
	{ "queue of none", CREATE(.type = KEEL_QUEUE, .args = { 0, 8 }), -EINVAL },
	{ "queue of too many", CREATE(.type = KEEL_QUEUE, .args = { KEEL_QUEUE_COUNT + 1, 8 }), -EINVAL },
	{ "queue of nothing", CREATE(.type = KEEL_QUEUE, .args = { 1, 0 }), -EINVAL },
	{ "queue of too long ones", CREATE(.type = KEEL_QUEUE, .args = { 1, KEEL_MESSAGE_SIZE + 1 }),
	  -EINVAL },
	{ "queue of more than an area", CREATE(.type = KEEL_QUEUE, .args = { 4096, 65536 }), -EINVAL },
	{ "queue with data", CREATE(.type = KEEL_QUEUE, .args = { 1, 8 }, .data = 1), -EINVAL },
	{ "buffer of nothing", CREATE(.type = KEEL_BUFFER), -EINVAL },
	{ "buffer too large", CREATE(.type = KEEL_BUFFER, .args = { KEEL_BUFFER_SIZE + 1 }), -EINVAL },
	{ "buffer with a second value", CREATE(.type = KEEL_BUFFER, .args = { 8, 1 }), -EINVAL },
	{ "channel without a flow", CREATE(.type = KEEL_CHANNEL, .args = { 0, 8 }), -EINVAL },
	{ "channel of too many", CREATE(.type = KEEL_CHANNEL, .args = { KEEL_CHANNEL_FLOWS + 1, 8 }),
	  -EINVAL },
	{ "channel of nothing", CREATE(.type = KEEL_CHANNEL, .args = { 1, 0 }), -EINVAL },
	{ "channel of too long ones", CREATE(.type = KEEL_CHANNEL, .args = { 1, KEEL_MESSAGE_SIZE + 1 }),
	  -EINVAL },
	{ "heap of nothing", CREATE(.type = KEEL_HEAP), -EINVAL },
	{ "heap too large", CREATE(.type = KEEL_HEAP, .args = { KEEL_AREA_MAX + 1 }), -EINVAL },
	{ "heap, 2^32 - 1", CREATE(.type = KEEL_HEAP, .args = { -1 }), -EINVAL },
	{ "name, no pointer", KEEL_IOC_NAME_CREATE, NULL, -EFAULT },
	{ "bind, no pointer", KEEL_IOC_NAME_BIND, NULL, -EFAULT },
	{ "delete a name, no pointer", KEEL_IOC_NAME_DELETE, NULL, -EFAULT },
	{ "no name", NAME(.mode = 0600), -EINVAL },
	{ "name without an end", NAME(.name = LONG_NAME), -EINVAL },
	{ "name with a blank", NAME(.name = "a b"), -EINVAL },
	{ "name of another kind of letters", NAME(.name = "\xc3\xa4"), -EINVAL },
	{ "name, mode of a set-uid file", NAME(.name = "x", .mode = 04600), -EINVAL },
	{ "name, id", NAME(.name = "x", .id = 1), -EINVAL },
	{ "name, data", NAME(.name = "x", .data = 1), -EINVAL },
	{ "name, until", NAME(.name = "x", .until = 1), -EINVAL },
	{ "name, padding", NAME(.name = "x", .pad = 1), -EINVAL },
	{ "name, type 0", NAME_OF(0, .mode = 0600), -EINVAL },
	{ "name, type behind the last", NAME_OF(KEEL_TYPES, .mode = 0600), -EINVAL },
	{ "name of a set", NAME_OF(KEEL_SET, .mode = 0600), -EINVAL },
	{ "name, semaphore over its maximum", NAME_OF(KEEL_SEM, .args = { 2, 1 }), -EINVAL },
	{ "name, queue of none", NAME_OF(KEEL_QUEUE, .mode = 0600), -EINVAL },
	{ "bind no name", BIND(.until = 0), -EINVAL },
	{ "bind what is not there", BIND(.name = "x"), -ENOENT },
	{ "bind, long ago", BIND(.name = "x", .until = 1), -ETIMEDOUT },
	{ "bind until -1", BIND(.name = "x", .until = -1), -EINVAL },
	{ "bind, type 0", BIND_OF(0, .name = "x"), -EINVAL },
	{ "bind, type behind the last", BIND_OF(KEEL_TYPES, .name = "x"), -EINVAL },
	{ "bind, a value", BIND(.name = "x", .args = { 1 }), -EINVAL },
	{ "bind, mode", BIND(.name = "x", .mode = 0600), -EINVAL },
	{ "bind, padding", BIND(.name = "x", .pad = 1), -EINVAL },
	{ "bind a name without an end", BIND(.name = LONG_NAME), -EINVAL },
	{ "delete no name", UNNAME(.id = 0), -EINVAL },
	{ "delete a name that is not there", UNNAME(.name = "x"), -ENOENT },
	{ "delete a name, id", UNNAME(.name = "x", .id = 1), -EINVAL },
	{ "delete a name, until", UNNAME(.name = "x", .until = 1), -EINVAL },
	{ "delete a name, mode", UNNAME(.name = "x", .mode = 1), -EINVAL },
	{ "delete a name, mode to keep", UNNAME(.name = "x", .mode = KEEL_NAME_KEPT), -EINVAL },
	{ "unlink what is not there", UNNAME(.name = "x", .mode = KEEL_NAME_UNLINK), -ENOENT },
	{ "bind, to be run", BIND(.name = "x", .mode = 1), -EINVAL },
	{ "name to unlink", NAME(.name = "x", .mode = KEEL_NAME_UNLINK), -EINVAL },
	{ "delete a name, padding", UNNAME(.name = "x", .pad = 1), -EINVAL },
};

/* ---- areas --------------------------------------------------------------------------------- */

static struct keel_queue queue, gone;
static struct keel_buffer buffer;
static struct keel_channel chan;
static struct keel_heap heap;
static struct keel_sem sem;
static char text[64];

static long map(unsigned long place, size_t at, size_t size, int prot, int flags)
{
	void *p = mmap(NULL, size, prot, flags, device_fd(),
		       KEEL_AREA_OFFSET + place * KEEL_AREA_MAX + at);

	return p == MAP_FAILED ? -errno : 0;
}

#define PLACE(of) ((of).id % KEEL_MAX_OBJECTS)

static void areas_test(void)
{
	int rw = PROT_READ | PROT_WRITE;

	check(map(PLACE(queue), 0, 8192, rw, MAP_SHARED) == -EINVAL);
	check(map(PLACE(queue), 4096, 4096, rw, MAP_SHARED) == -EINVAL);
	check(map(PLACE(queue), 0, 4096, rw, MAP_PRIVATE) == -EACCES);
	check(map(PLACE(buffer), 0, 4096, rw, MAP_SHARED) == -EINVAL);
	check(map(PLACE(chan), 0, 4096, rw, MAP_SHARED) == -EINVAL);
	check(map(PLACE(sem), 0, 4096, rw, MAP_SHARED) == -EINVAL);
	check(map(PLACE(gone), 0, 4096, rw, MAP_SHARED) == -EINVAL);
	check(map(KEEL_MAX_OBJECTS, 0, 4096, rw, MAP_SHARED) == -EINVAL);
	check(map(1ul << 20, 0, 4096, rw, MAP_SHARED) == -EINVAL);
}

/* ---- calls --------------------------------------------------------------------------------- */

/* Ids of another type. */
#define AS(kind, of) (&(struct keel_##kind){ .id = (of).id })
#define MONO CLOCK_MONOTONIC

static void *block, *had;
static unsigned int flow;

ROW(send_long, keel_queue_send(&queue, text, 33, 0))
ROW(send_huge, keel_queue_send(&queue, text, 1ul << 32, 0))
ROW(send_prio, keel_queue_send(&queue, text, 1, KEEL_QUEUE_PRIOS))
ROW(send_nowhere, keel_queue_send(&queue, (void *)-64ul, 8, 0))
ROW(send_sem, keel_queue_send(AS(queue, sem), text, 1, 0))
ROW(send_gone, keel_queue_send(&gone, text, 1, 0))
ROW(send_clock, keel_queue_clocksend(&queue, text, 1, 0, CLOCK_BOOTTIME, 0))
ROW(send_negative, keel_queue_clocksend(&queue, text, 1, 0, MONO, -1))
ROW(receive_little, keel_queue_receive(&queue, text, 31, NULL))
ROW(receive_none, keel_queue_clockreceive(&queue, text, 64, NULL, MONO, 0))
ROW(receive_past, keel_queue_clockreceive(&queue, text, 64, NULL, CLOCK_REALTIME, 1))
ROW(receive_sem, keel_queue_receive(AS(queue, sem), text, 64, NULL))
ROW(receive_clock, keel_queue_clockreceive(&queue, text, 64, NULL, 99, 0))
ROW(alloc_sem, keel_queue_alloc(AS(queue, sem), &block, MONO, 0))
ROW(alloc_clock, keel_queue_alloc(&queue, &block, 99, 0))
ROW(alloc, keel_queue_alloc(&queue, &had, MONO, 0))
ROW(pass_long, keel_queue_pass(&queue, had, 33, 0))
ROW(pass_prio, keel_queue_pass(&queue, had, 1, KEEL_QUEUE_PRIOS))
ROW(pass_other, keel_queue_pass(&queue, (char *)had + 32, 1, 0))
ROW(pass_within, keel_queue_pass(&queue, (char *)had + 8, 1, 0))
ROW(pass_text, keel_queue_pass(&queue, text, 1, 0))
ROW(take_none, keel_queue_take(&queue, &block, NULL, MONO, 0))
ROW(take_past, keel_queue_take(&queue, &block, NULL, MONO, 1))
ROW(free_text, keel_queue_free(&queue, text))
ROW(free_other, keel_queue_free(&queue, (char *)had + 32))
ROW(free_far, syscall(KEEL_CALL_QUEUE_FREE, queue.id, 1l << 32) < 0 ? -errno : 0)
ROW(free_it, keel_queue_free(&queue, had))
ROW(notify_event, keel_queue_notify(&queue, AS(sem, queue)))
ROW(notify_sem, keel_queue_notify(AS(queue, sem), &sem))
ROW(count_sem, keel_queue_count(AS(queue, sem)))
ROW(write_none, keel_buffer_write(&buffer, text, 0))
ROW(write_much, keel_buffer_write(&buffer, text, 17))
ROW(write_nowhere, keel_buffer_write(&buffer, (void *)-64ul, 8))
ROW(write_sem, keel_buffer_write(AS(buffer, sem), text, 1))
ROW(write_clock, keel_buffer_clockwrite(&buffer, text, 1, 99, 0))
ROW(write_negative, keel_buffer_clockwrite(&buffer, text, 1, MONO, -1))
ROW(read_none, keel_buffer_clockread(&buffer, text, 1, MONO, 0))
ROW(read_past, keel_buffer_clockread(&buffer, text, 1, MONO, 1))
ROW(read_much, keel_buffer_read(&buffer, text, 17))
ROW(read_sem, keel_buffer_read(AS(buffer, sem), text, 1))
ROW(fill_sem, keel_buffer_count(AS(buffer, sem)))
ROW(ask_long, keel_channel_send(&chan, text, 33, text, 64))
ROW(ask_sem, keel_channel_send(AS(channel, sem), text, 1, text, 64))
ROW(ask_past, keel_channel_clocksend(&chan, text, 1, text, 64, MONO, 0))
ROW(ask_clock, keel_channel_clocksend(&chan, text, 1, text, 64, 99, 0))
ROW(ask_huge, keel_channel_send(&chan, text, 1, NULL, 1ul << 32))
ROW(ask_nowhere, keel_channel_send(&chan, (void *)-64ul, 8, text, 64))
ROW(hear_little, keel_channel_receive(&chan, text, 31, &flow))
ROW(hear_none, keel_channel_clockreceive(&chan, text, 64, &flow, MONO, 0))
ROW(hear_sem, keel_channel_receive(AS(channel, sem), text, 64, &flow))
ROW(ask_oneself, keel_channel_send(&chan, text, 1, text, 64))
ROW(answer_none, keel_channel_reply(&chan, 0, text, 1))
ROW(answer_any, keel_channel_reply(&chan, 256, text, 1))
ROW(answer_far, keel_channel_reply(&chan, -1, text, 1))
ROW(answer_sem, keel_channel_reply(AS(channel, sem), 256, text, 1))
ROW(heap_none, keel_heap_alloc(&heap, 0, &block))
ROW(heap_much, keel_heap_alloc(&heap, 4097, &block))
ROW(heap_huge, keel_heap_alloc(&heap, -1ul, &block))
ROW(heap_sem, keel_heap_alloc(AS(heap, sem), 1, &block))
ROW(heap_clock, keel_heap_clockalloc(&heap, 1, &block, 99, 0))
ROW(heap_negative, keel_heap_clockalloc(&heap, 1, &block, MONO, -1))
ROW(heap_all, keel_heap_alloc(&heap, 4096, &had))
ROW(heap_full, keel_heap_clockalloc(&heap, 1, &block, MONO, 0))
ROW(heap_past, keel_heap_clockalloc(&heap, 1, &block, CLOCK_REALTIME, 1))
ROW(unheap_within, keel_heap_free(&heap, (char *)had + 64))
ROW(unheap_odd, keel_heap_free(&heap, (char *)had + 1))
ROW(unheap_text, keel_heap_free(&heap, text))
ROW(unheap_sem, keel_heap_free(AS(heap, sem), had))
ROW(unheap, keel_heap_free(&heap, had))

static const struct row hard[] = {
	{ "message too long", send_long, -EMSGSIZE },
	{ "message of 4 GiB", send_huge, -EMSGSIZE },
	{ "priority 32768", send_prio, -EINVAL },
	{ "message from nowhere", send_nowhere, -EFAULT },
	{ "message to a semaphore", send_sem, -EINVAL },
	{ "message to a deleted queue", send_gone, -EINVAL },
	{ "message, another clock", send_clock, -EINVAL },
	{ "message until -1", send_negative, -EINVAL },
	{ "too little room", receive_little, -EMSGSIZE },
	{ "no message", receive_none, -EWOULDBLOCK },
	{ "no message, 1970", receive_past, -ETIMEDOUT },
	{ "receive from a semaphore", receive_sem, -EINVAL },
	{ "receive, no clock", receive_clock, -EINVAL },
	{ "memory of a semaphore", alloc_sem, -EINVAL },
	{ "memory, no clock", alloc_clock, -EINVAL },
	{ "memory of a message", alloc, 0 },
	{ "pass on too much", pass_long, -EMSGSIZE },
	{ "pass on, priority 32768", pass_prio, -EINVAL },
	{ "pass on what is not in hand", pass_other, -EINVAL },
	{ "pass on the midst of one", pass_within, -EINVAL },
	{ "pass on what is no message", pass_text, -EINVAL },
	{ "take none", take_none, -EWOULDBLOCK },
	{ "take none, long ago", take_past, -ETIMEDOUT },
	{ "free what is no message", free_text, -EINVAL },
	{ "free what is not in hand", free_other, -EINVAL },
	{ "free, high bits", free_far, -EINVAL },
	{ "free it", free_it, 0 },
	{ "free it twice", free_it, -EINVAL },
	{ "tell a queue", notify_event, -EINVAL },
	{ "tell of a semaphore", notify_sem, -EINVAL },
	{ "messages of a semaphore", count_sem, -EINVAL },
	{ "write nothing", write_none, -EINVAL },
	{ "write more than there is room for", write_much, -EINVAL },
	{ "write from nowhere", write_nowhere, -EFAULT },
	{ "write to a semaphore", write_sem, -EINVAL },
	{ "write, no clock", write_clock, -EINVAL },
	{ "write until -1", write_negative, -EINVAL },
	{ "read from an empty buffer", read_none, -EWOULDBLOCK },
	{ "read, long ago", read_past, -ETIMEDOUT },
	{ "read more than there can be", read_much, -EINVAL },
	{ "read from a semaphore", read_sem, -EINVAL },
	{ "bytes of a semaphore", fill_sem, -EINVAL },
	{ "ask too much", ask_long, -EMSGSIZE },
	{ "ask a semaphore", ask_sem, -EINVAL },
	{ "ask nobody", ask_past, -ETIMEDOUT },
	{ "ask, no clock", ask_clock, -EINVAL },
	{ "room for 4 GiB", ask_huge, -EMSGSIZE },
	{ "ask from nowhere", ask_nowhere, -EFAULT },
	{ "hear, too little room", hear_little, -EMSGSIZE },
	{ "hear a semaphore", hear_sem, -EINVAL },
	{ "nothing to hear", hear_none, -EWOULDBLOCK },
	{ "ask oneself", ask_oneself, -EDEADLK },
	{ "answer 0", answer_none, -EINVAL },
	{ "answer what was not asked", answer_any, -EINVAL },
	{ "answer -1", answer_far, -EINVAL },
	{ "answer a semaphore", answer_sem, -EINVAL },
	{ "no memory", heap_none, -EINVAL },
	{ "more than the heap has", heap_much, -EINVAL },
	{ "all memory there is", heap_huge, -EINVAL },
	{ "a semaphore's memory", heap_sem, -EINVAL },
	{ "memory, no clock", heap_clock, -EINVAL },
	{ "memory until -1", heap_negative, -EINVAL },
	{ "all of the heap", heap_all, 0 },
	{ "a full heap", heap_full, -EWOULDBLOCK },
	{ "a full heap, 1970", heap_past, -ETIMEDOUT },
	{ "free the midst of it", unheap_within, -EINVAL },
	{ "free an odd address", unheap_odd, -EINVAL },
	{ "free what is not in the heap", unheap_text, -EINVAL },
	{ "free a semaphore's memory", unheap_sem, -EINVAL },
	{ "free it", unheap, 0 },
	{ "free it twice", unheap, -EINVAL },
};

static const struct row stranger[] = {
	{ "send", send_prio, -EPERM },
	{ "receive", receive_none, -EPERM },
	{ "memory of a message", alloc, -EPERM },
	{ "take", take_none, -EPERM },
	{ "tell", notify_sem, -EPERM },
	{ "write", write_much, -EPERM },
	{ "read", read_none, -EPERM },
	{ "ask", ask_past, -EPERM },
	{ "hear", hear_none, -EPERM },
	{ "answer", answer_any, -EPERM },
	{ "memory", heap_full, -EPERM },
	{ "free", unheap_text, -EPERM },
};

/* ---- in use, and interrupted ----------------------------------------------------------------- */

static void *serves_too(void *arg)
{
	check(keel_channel_clockreceive(&chan, text, 64, &flow, MONO, 0) == -EBUSY);
	check(keel_name_delete("busy", KEEL_MUTEX) == -EBUSY);
	return arg;
}

static void on_alarm(int unused)
{
	(void)unused;
}

/* The caller is attached, and the channel's server since it tried to receive. */
static void busy_test(void)
{
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct keel_mutex m = { .id = 0 };
	unsigned int id;

	must(keel_name_create("busy", 0600, KEEL_MUTEX, 0, 0, &m.id));
	must(keel_mutex_lock(&m));
	pthread_join(hard_create("serves too", 10, 0, serves_too, NULL), NULL);
	check(keel_name_delete("busy", KEEL_MUTEX) == -EBUSY);
	must(keel_mutex_unlock(&m));
	must(keel_name_delete("busy", KEEL_MUTEX));
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	check(keel_name_bind("none", KEEL_SEM, KEEL_FOREVER, &id) == -EINTR);
	setitimer(ITIMER_REAL, &never, NULL);
}

void messages_test(void)
{
	requests_run("requests for messages and names", requests, COUNT(requests));
	must(keel_queue_create(&queue, 2, 32));
	must(keel_queue_create(&gone, 2, 32));
	must(keel_queue_delete(&gone));
	must(keel_buffer_create(&buffer, 16));
	must(keel_channel_create(&chan, 2, 32));
	must(keel_heap_create(&heap, 4096));
	must(keel_sem_create(&sem, 0, 1));
	areas_test();
	rows_run("messages, not attached", stranger, COUNT(stranger));
	must(keel_thread_attach("hard", 20, -1));
	rows_run("messages, hard", hard, COUNT(hard));
	busy_test();
	must(keel_thread_detach());
	must(keel_queue_delete(&queue));
	check(keel_queue_delete(&queue) == -EINVAL);
	must(keel_buffer_delete(&buffer));
	check(keel_buffer_delete(&buffer) == -EINVAL);
	must(keel_channel_delete(&chan));
	check(keel_channel_delete(&chan) == -EINVAL);
	must(keel_heap_delete(&heap));
	check(keel_heap_delete(&heap) == -EINVAL);
	must(keel_sem_delete(&sem));
}
