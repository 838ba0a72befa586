// SPDX-License-Identifier: GPL-2.0
/*
 * Rows on what carries messages: queues, buffers, channels; and on heaps, and memory that is not
 * there.
 */
#include <keel/heap.h>
#include <keel/message.h>
#include "objects.h"

#define COUNT	3
#define SIZE	100
#define BIG	60000

static struct keel_queue queue;
static struct keel_buffer buffer;
static struct keel_channel chan;
static struct keel_heap heap;
static struct keel_sem sem;
static struct keel_set set;
static char text[SIZE];
static unsigned int prio;
static uint32_t bits;

/* ---- queues --------------------------------------------------------------------------------------- */

CALL(send_a1, keel_queue_send(&queue, "a", 2, 1))
CALL(send_b9, keel_queue_send(&queue, "b", 2, 9))
CALL(send_c9, keel_queue_send(&queue, "c", 2, 9))
CALL(send_now, keel_queue_clocksend(&queue, "x", 2, 0, CLOCK_MONOTONIC, 0))
CALL(send_20, keel_queue_clocksend(&queue, "x", 2, 0, CLOCK_REALTIME, real_in(20)))
CALL(receive, keel_queue_receive(&queue, text, SIZE, &prio))
CALL(receive_now, keel_queue_clockreceive(&queue, text, SIZE, NULL, CLOCK_MONOTONIC, 0))
CALL(receive_20, keel_queue_clockreceive(&queue, text, SIZE, NULL, CLOCK_MONOTONIC, in(20)))
CALL(queue_count, keel_queue_count(&queue))

static void expect(const char *what, unsigned int priority)
{
	check(hard_call(receive) == 2);
	check(!strcmp(text, what) && prio == priority);
}

void queue_order(void)
{
	must(keel_open());
	must(keel_queue_create(&queue, COUNT, SIZE));
	check(hard_call(receive_now) == -EWOULDBLOCK);
	check(hard_call(receive_20) == -ETIMEDOUT);
	check(hard_call(send_a1) == 0);
	check(hard_call(send_b9) == 0);
	check(hard_call(send_c9) == 0);
	check(hard_call(queue_count) == COUNT);
	check(hard_call(send_now) == -EWOULDBLOCK);
	check(hard_call(send_20) == -ETIMEDOUT);
	waiter_start(0, 20, send_b9);
	expect("b", 9);
	waiter_end(0, 0);
	expect("c", 9);
	expect("b", 9);
	expect("a", 1);
	waiter_start(0, 20, receive);
	check(hard_call(send_a1) == 0);
	waiter_end(0, 2);
	waiter_start(0, 20, receive);
	must(keel_queue_delete(&queue));
	waiter_end(0, -EIDRM);
	check(hard_call(receive_now) == -EINVAL);
}

/* The message stays where it was written. */
static long pass_on(void)
{
	void *message, *same, *other[COUNT];
	long size;

	must(keel_queue_alloc(&queue, &message, CLOCK_MONOTONIC, KEEL_FOREVER));
	strcpy(message, "in place");
	must(keel_queue_pass(&queue, message, 9, 3));
	check(keel_queue_pass(&queue, message, 9, 3) == -EINVAL);
	size = must(keel_queue_take(&queue, &same, &prio, CLOCK_MONOTONIC, KEEL_FOREVER));
	check(size == 9 && prio == 3 && same == message && !strcmp(same, "in place"));
	must(keel_queue_free(&queue, same));
	check(keel_queue_free(&queue, same) == -EINVAL);
	check(keel_queue_free(&queue, (char *)same + 1) == -EINVAL);
	check(keel_queue_free(&queue, text) == -EINVAL);
	for (int i = 0; i < COUNT; i++)
		must(keel_queue_alloc(&queue, &other[i], CLOCK_MONOTONIC, 0));
	check(keel_queue_alloc(&queue, &message, CLOCK_MONOTONIC, 0) == -EWOULDBLOCK);
	check(keel_queue_alloc(&queue, &message, CLOCK_MONOTONIC, in(20)) == -ETIMEDOUT);
	for (int i = 0; i < COUNT; i++)
		must(keel_queue_free(&queue, other[i]));
	check(keel_queue_take(&queue, &same, NULL, CLOCK_MONOTONIC, 0) == -EWOULDBLOCK);
	return 0;
}

void queue_in_place(void)
{
	must(keel_open());
	must(keel_queue_create(&queue, COUNT, SIZE));
	check(hard_call(pass_on) == 0);
	must(keel_queue_delete(&queue));
}

CALL(notify, keel_queue_notify(&queue, &sem))
CALL(notify_not, keel_queue_notify(&queue, NULL))
CALL(sem_take, keel_sem_trywait(&sem))

void queue_notify(void)
{
	must(keel_open());
	must(keel_queue_create(&queue, COUNT, SIZE));
	must(keel_sem_create(&sem, 0, 5));
	check(hard_call(notify) == 0);
	check(hard_call(send_a1) == 0);
	check(hard_call(sem_take) == 0);
	check(hard_call(receive) == 2);
	check(hard_call(send_a1) == 0);		/* once */
	check(hard_call(sem_take) == -EWOULDBLOCK);
	check(hard_call(receive) == 2);
	check(hard_call(notify) == 0);
	check(hard_call(notify_not) == 0);
	check(hard_call(send_a1) == 0);
	check(hard_call(sem_take) == -EWOULDBLOCK);
	check(hard_call(receive) == 2);
	check(hard_call(notify) == 0);
	must(keel_sem_delete(&sem));		/* nobody to be told */
	check(hard_call(send_a1) == 0);
	must(keel_queue_delete(&queue));
}

CALL(set_wait_, keel_set_wait(&set, &bits) ?: (long)bits)
CALL(buffer_put, keel_buffer_write(&buffer, "12345", 5))
CALL(channel_20, keel_channel_clocksend(&chan, "m", 2, text, SIZE, CLOCK_MONOTONIC, in(20)))

void queue_set(void)
{
	unsigned int ids[3];

	must(keel_open());
	must(keel_queue_create(&queue, COUNT, SIZE));
	must(keel_buffer_create(&buffer, 10));
	must(keel_channel_create(&chan, 2, SIZE));
	ids[0] = queue.id;
	ids[1] = buffer.id;
	ids[2] = chan.id;
	must(keel_set_create(&set, ids, 3));
	waiter_start(0, 20, set_wait_);
	check(hard_call(send_a1) == 0);
	waiter_end(0, 1);
	check(hard_call(buffer_put) == 5);
	check(hard_call(set_wait_) == 3);
	check(hard_call(receive) == 2);
	check(hard_call(set_wait_) == 2);
	must(keel_buffer_delete(&buffer));
	check(hard_call(set_wait_) == 2);
	must(keel_set_delete(&set));
	must(keel_set_create(&set, &chan.id, 1));
	waiter_start(0, 20, set_wait_);
	check(hard_call(channel_20) == -ETIMEDOUT);
	waiter_end(0, 1);
}

/* ---- buffers -------------------------------------------------------------------------------------- */

CALL(buffer_get_3, keel_buffer_read(&buffer, text, 3))
CALL(buffer_get_8, keel_buffer_read(&buffer, text, 8))
CALL(buffer_get_now, keel_buffer_clockread(&buffer, text, 1, CLOCK_MONOTONIC, 0))
CALL(buffer_get_20, keel_buffer_clockread(&buffer, text, 10, CLOCK_REALTIME, real_in(20)))
CALL(buffer_count, keel_buffer_count(&buffer))

void buffers(void)
{
	must(keel_open());
	must(keel_buffer_create(&buffer, 10));
	check(hard_call(buffer_get_now) == -EWOULDBLOCK);
	check(hard_call(buffer_put) == 5);
	check(hard_call(buffer_get_20) == -ETIMEDOUT);
	check(hard_call(buffer_get_3) == 3 && !memcmp(text, "123", 3));
	waiter_start(0, 20, buffer_get_8);
	check(hard_call(buffer_put) == 5);
	check(!flag_get(&waiters[0].done));
	check(hard_call(buffer_count) == 7);
	check(hard_call(buffer_put) == 3);	/* else both would wait for ever */
	waiter_end(0, 8);
	check(!memcmp(text, "45123451", 8));
	check(hard_call(buffer_count) == 2);
	waiter_start(0, 20, buffer_get_3);
	must(keel_buffer_delete(&buffer));
	waiter_end(0, -EIDRM);
}

/* ---- channels ------------------------------------------------------------------------------------- */

static int serving, may_reply;

CALL(ask, keel_channel_send(&chan, "question", 9, text, SIZE))

static long serve(void)
{
	char message[SIZE];
	unsigned int flow;
	long size = keel_channel_receive(&chan, message, SIZE, &flow);

	if (size < 0)
		return size;
	check(size == 9 && !strcmp(message, "question"));
	flag_set(&serving, 1);
	while (!flag_get(&may_reply))
		must(keel_sleep(MS));
	return keel_channel_reply(&chan, flow, "answer", 7);
}

/* A row may run again in the same process. */
static void serve_start(void)
{
	flag_set(&serving, 0);
	flag_set(&may_reply, 0);
	waiter_start(1, 20, serve);
	waiter_start(0, 70, ask);
	await(&serving, 1, "the server");
}

void channel(void)
{
	must(keel_open());
	must(keel_channel_create(&chan, 2, SIZE));
	check(hard_call(channel_20) == -ETIMEDOUT);
	serve_start();
	check(eff_of("waiter") == 70);	/* the last of these is the server or has 70 */
	flag_set(&may_reply, 1);
	waiter_end(0, 7);
	check(!strcmp(text, "answer"));
	waiter_end(1, 0);
	serve_start();
	must(keel_channel_delete(&chan));
	waiter_end(0, -EIDRM);
	flag_set(&may_reply, 1);
	waiter_end(1, -EINVAL);
}

static long serve_not(void)
{
	char message[SIZE];
	unsigned int flow;

	return keel_channel_receive(&chan, message, SIZE, &flow);
}

void channel_server_dies(void)
{
	must(keel_open());
	must(keel_channel_create(&chan, 2, SIZE));
	waiter_start(1, 20, serve_not);
	check(hard_call(ask) == -EOWNERDEAD);
	waiter_end(1, 9);
	serve_start();			/* there may be another one */
	flag_set(&may_reply, 1);
	waiter_end(0, 7);
	waiter_end(1, 0);
	must(keel_channel_delete(&chan));
}

/* ---- heaps ---------------------------------------------------------------------------------------- */

static void *block;

CALL(heap_wait, keel_heap_alloc(&heap, 60000, &block))

static long heap_use(void)
{
	void *all, *small[10];

	must(keel_heap_alloc(&heap, 65536, &all));
	memset(all, 1, 65536);
	check(keel_heap_clockalloc(&heap, 1, &block, CLOCK_MONOTONIC, 0) == -EWOULDBLOCK);
	check(keel_heap_clockalloc(&heap, 1, &block, CLOCK_REALTIME, real_in(10)) == -ETIMEDOUT);
	must(keel_heap_free(&heap, all));
	check(keel_heap_free(&heap, all) == -EINVAL);
	for (int i = 0; i < 10; i++) {
		must(keel_heap_alloc(&heap, 100 * i + 1, &small[i]));
		memset(small[i], i, 100 * i + 1);
		check((uintptr_t)small[i] % KEEL_HEAP_UNIT == 0);
	}
	for (int i = 0; i < 10; i++) {
		for (int k = 0; k <= 100 * i; k++)
			check(((char *)small[i])[k] == i);
		check(keel_heap_free(&heap, (char *)small[i] + 1) == -EINVAL);
		must(keel_heap_free(&heap, small[i]));
	}
	must(keel_heap_alloc(&heap, 65536, &block));
	return 0;
}

CALL(heap_free, keel_heap_free(&heap, block))

void heaps(void)
{
	void *had;

	must(keel_open());
	must(keel_heap_create(&heap, 65536));
	check(hard_call(heap_use) == 0);
	had = block;
	waiter_start(0, 20, heap_wait);
	check(hard_call(heap_free) == 0);
	waiter_end(0, 0);
	check(block == had);
	waiter_start(0, 20, heap_wait);
	must(keel_heap_delete(&heap));
	waiter_end(0, -EIDRM);
}

/* ---- memory that is not there --------------------------------------------------------------------- */

static char *pages;		/* present, read-only, taken away */

/* Not there, and nobody can bring it in: where Linux was asked the thread is in-band afterwards. */
static long copy_refused(void)
{
	static void *const nowhere[] = {
		NULL, (void *)0x7ffffffff000, (void *)0x8000000000000000, (void *)-4096ul,
		(void *)0xffffffff81000000, (void *)0xffff888000100000,
	};

	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
		check(keel_queue_send(&queue, nowhere[i], BIG, 0) == -EFAULT);
	check(keel_queue_send(&queue, pages + 8192 - 8, 16, 0) == -EFAULT);
	check(keel_queue_send(&queue, pages + 8192 - 3, 7, 0) == -EFAULT);
	check(keel_queue_send(&queue, pages + 8192 - 8, 8, 0) == 0);
	check(keel_queue_receive(&queue, pages + 4096, BIG, NULL) == -EFAULT);
	return keel_queue_count(&queue);
}

/* What Linux can bring in: all is as if it had been there. */
static long copy_fetched(void)
{
	char *fresh = mmap(NULL, BIG + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(fresh != MAP_FAILED);
	for (int i = 0; i < BIG; i++)
		fresh[i] = i * 7 + i / 256;
	must(keel_queue_send(&queue, fresh, BIG, 0));
	madvise(fresh, BIG + 4096, MADV_DONTNEED);	/* refused while it is locked */
	munlock(fresh, BIG + 4096);
	madvise(fresh, BIG + 4096, MADV_DONTNEED);
	must(keel_harden());
	check(keel_queue_receive(&queue, fresh, BIG, NULL) == BIG);
	for (int i = 0; i < BIG; i++)
		if (fresh[i] != (char)(i * 7 + i / 256))
			fail("byte %d is another", i);
	munlock(fresh, BIG + 4096);
	madvise(fresh, BIG + 4096, MADV_DONTNEED);
	must(keel_harden());
	must(keel_queue_send(&queue, fresh, BIG, 0));
	check(keel_queue_receive(&queue, fresh, BIG, NULL) == BIG);
	return fresh[0] | fresh[BIG - 1];
}

void copy_not_there(void)
{
	must(keel_open());
	must(keel_queue_create(&queue, COUNT, BIG));
	pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(pages != MAP_FAILED);
	memset(pages, 1, 3 * 4096);
	check(!mprotect(pages + 4096, 4096, PROT_READ));
	check(!munmap(pages + 8192, 4096));
	check(hard_call(copy_refused) == 1);
	must(keel_queue_delete(&queue));
	must(keel_queue_create(&queue, COUNT, BIG));
	check(hard_call(copy_fetched) == 0);
	must(keel_queue_delete(&queue));
}
