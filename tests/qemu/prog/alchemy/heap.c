// SPDX-License-Identifier: GPL-2.0
#include <alchemy/heap.h>
#include "callers.h"

#define SIZE 16384

static RT_HEAP heap;
static void *block;

static void create(void)
{
	gives(rt_heap_create(&heap, NULL, SIZE, H_PRIO), 0);
	gives(rt_heap_alloc(&heap, SIZE, TM_NONBLOCK, &block), 0);
}

static void delete(void)
{
	gives(rt_heap_delete(&heap), 0);
}

static void give(void)
{
	gives(rt_heap_free(&heap, block), 0);
}

static int waiting(void)
{
	RT_HEAP_INFO info;

	gives(rt_heap_inquire(&heap, &info), 0);
	return info.nwaiters;
}

static long forever(void)
{
	return rt_heap_alloc(&heap, SIZE, TM_INFINITE, &block);
}

static long relative(RTIME timeout)
{
	void *b;

	return rt_heap_alloc(&heap, 1, timeout, &b);
}

static long until(RTIME date)
{
	void *b;

	return rt_heap_alloc_until(&heap, 1, date, &b);
}

static long timed(const struct timespec *date)
{
	void *b;

	return rt_heap_alloc_timed(&heap, 1, date, &b);
}

static void create_delete(void)
{
	RT_HEAP h, other;
	void *p;

	gives(rt_heap_create(&h, "of one's own", SIZE, H_FIFO), 0);
	fails(rt_heap_create(&other, "of one's own", SIZE, H_FIFO), EEXIST);
	gives(rt_heap_alloc(&h, SIZE, TM_NONBLOCK, &p), 0);
	memset(p, 1, SIZE);
	gives(rt_heap_delete(&h), 0);
	fails(rt_heap_alloc(&h, 1, TM_NONBLOCK, &p), EINVAL);
	fails(rt_heap_delete(&h), EINVAL);
}

ROW(rt_heap_create)
{
	everywhere(create_delete);
	fails(rt_heap_create(&heap, NULL, 0, H_PRIO), EINVAL);
	fails(rt_heap_create(&heap, NULL, SIZE, 8), EINVAL);
	fails(rt_heap_create(&heap, NULL, 1ul << 40, H_PRIO), ENOMEM);
}

ROW(rt_heap_delete)
{
	RT_HEAP none = { 0 };

	everywhere(create_delete);
	fails(rt_heap_delete(&none), EINVAL);
}

/* Blocks are apart, and all of them there is. */
static void allocs(void)
{
	void *a, *b, *c;

	gives(rt_heap_alloc(&heap, SIZE / 2, TM_INFINITE, &a), 0);
	gives(rt_heap_alloc(&heap, SIZE / 2, TM_INFINITE, &b), 0);
	fails(rt_heap_alloc(&heap, 1, TM_NONBLOCK, &c), EWOULDBLOCK);
	check(labs((char *)a - (char *)b) == SIZE / 2);
	memset(a, 'a', SIZE / 2);
	memset(b, 'b', SIZE / 2);
	check(*((char *)a + SIZE / 2 - 1) == 'a');
	gives(rt_heap_free(&heap, a), 0);
	gives(rt_heap_alloc(&heap, 100, TM_NONBLOCK, &c), 0);
	gives(rt_heap_free(&heap, c), 0);
	gives(rt_heap_free(&heap, b), 0);
}

static void single(void)
{
	void *a, *b;

	gives(rt_heap_alloc(&heap, SIZE, TM_NONBLOCK, &a), 0);
	gives(rt_heap_alloc(&heap, 0, TM_NONBLOCK, &b), 0);
	check(a == b);
	memset(a, 1, SIZE);
	fails(rt_heap_alloc(&heap, SIZE + 1, TM_NONBLOCK, &b), EINVAL);
	fails(rt_heap_alloc(&heap, SIZE - 1, TM_NONBLOCK, &b), EINVAL);
	gives(rt_heap_free(&heap, a), 0);
	fails(rt_heap_free(&heap, (char *)a + 64), EINVAL);
}

ROW(rt_heap_alloc)
{
	create();
	give();
	everywhere(allocs);
	fails(rt_heap_alloc(&heap, 0, TM_NONBLOCK, &block), EINVAL);
	fails(rt_heap_alloc(&heap, SIZE + 1, TM_INFINITE, &block), EINVAL);
	delete();
	create();
	times_relative(relative);
	delete();
	fails(relative(TM_NONBLOCK), EINVAL);
	contract(&(struct contract){ create, delete, forever, waiting, give, 0 });
	gives(rt_heap_create(&heap, NULL, SIZE, H_SINGLE), 0);
	everywhere(single);
}

ROW(rt_heap_alloc_until)
{
	create();
	times_until(until);
	give();
	gives(until(TM_INFINITE), 0);
	delete();
	fails(until(TM_NONBLOCK), EINVAL);
	ends_until(until, create, delete);
}

ROW(rt_heap_alloc_timed)
{
	create();
	times_timed(timed);
	give();
	gives(timed(NULL), 0);
	delete();
	fails(timed(NULL), EINVAL);
	ends_timed(timed, create, delete);
}

ROW(rt_heap_free)
{
	create();
	fails(rt_heap_free(&heap, (char *)block + 64), EINVAL);
	fails(rt_heap_free(&heap, &heap), EINVAL);
	give();
	fails(rt_heap_free(&heap, block), EINVAL);
	everywhere(allocs);
	delete();
	fails(rt_heap_free(&heap, block), EINVAL);
}

static void inquires(void)
{
	RT_HEAP_INFO info;

	gives(rt_heap_inquire(&heap, &info), 0);
	gives(info.nwaiters, 0);
	gives(info.mode, H_FIFO);
	gives(info.heapsize, SIZE - 1);
	gives(info.usablemem, SIZE);
	gives(info.usedmem, 128);
	check(!strcmp(info.name, "inquired"));
}

ROW(rt_heap_inquire)
{
	RT_HEAP_INFO info;

	gives(rt_heap_create(&heap, "inquired", SIZE - 1, H_FIFO), 0);
	gives(rt_heap_alloc(&heap, 65, TM_NONBLOCK, &block), 0);
	everywhere(inquires);
	delete();
	fails(rt_heap_inquire(&heap, &info), EINVAL);
}

/* ---- names --------------------------------------------------------------------------------------- */

BINDING(heap, RT_HEAP, rt_heap_create(&heap, NAME, SIZE, H_SINGLE))

static void use(void)
{
	void *b;

	gives(rt_heap_alloc(&bound, 0, TM_INFINITE, &b), 0);
	strcpy(b, "used");
}

static int seen(void)
{
	gives(rt_heap_alloc(&heap, 0, TM_INFINITE, &block), 0);
	return !strcmp(block, "used");
}

static void waits_in_child(void)
{
	gives(bind(NAME, TM_INFINITE), 0);
	gives(rt_heap_alloc(&bound, SIZE, TM_INFINITE, &block), 0);
	fails(rt_heap_alloc(&bound, SIZE, TM_INFINITE, &block), EIDRM);
	is_gone(rt_heap_alloc(&bound, SIZE, TM_INFINITE, &block));
}

ROW(rt_heap_bind)
{
	pid_t pid;

	binding(&names);
	pid = in_process(waits_in_child);
	gives(rt_heap_create(&heap, NAME, SIZE, H_PRIO), 0);
	for (int i = 0; !waiting(); i++, sleep_ms(1))
		check(i < 5000);
	delete();
	process_ends(pid);
}
