// SPDX-License-Identifier: GPL-2.0
#include <alchemy/queue.h>
#include <alchemy/task.h>
#include "callers.h"

#define POOL 4096

static RT_QUEUE queue;

static void create(void)
{
	gives(rt_queue_create(&queue, NULL, POOL, 10, Q_PRIO), 0);
}

static void delete(void)
{
	gives(rt_queue_delete(&queue), 0);
}

static void give(void)
{
	gives(rt_queue_write(&queue, "12345", 5, Q_NORMAL), 1);
}

static RT_QUEUE_INFO info_of(void)
{
	RT_QUEUE_INFO info;

	gives(rt_queue_inquire(&queue, &info), 0);
	return info;
}

static int waiting(void)
{
	return info_of().nwaiters;
}

static long forever(void)
{
	void *message;
	ssize_t n = rt_queue_receive(&queue, &message, TM_INFINITE);

	if (n >= 0)
		gives(rt_queue_free(&queue, message), 0);
	return n;
}

static long read_forever(void)
{
	char bytes[100];

	return rt_queue_read(&queue, bytes, sizeof(bytes), TM_INFINITE);
}

static long relative(RTIME timeout)
{
	void *m;

	return rt_queue_receive(&queue, &m, timeout);
}

static long until(RTIME date)
{
	void *m;

	return rt_queue_receive_until(&queue, &m, date);
}

static long timed(const struct timespec *date)
{
	void *m;

	return rt_queue_receive_timed(&queue, &m, date);
}

static long read_relative(RTIME timeout)
{
	char bytes[8];

	return rt_queue_read(&queue, bytes, sizeof(bytes), timeout);
}

static long read_until(RTIME date)
{
	char bytes[8];

	return rt_queue_read_until(&queue, bytes, sizeof(bytes), date);
}

static long read_timed(const struct timespec *date)
{
	char bytes[8];

	return rt_queue_read_timed(&queue, bytes, sizeof(bytes), date);
}

static void create_delete(void)
{
	RT_QUEUE q, other;
	char got[4];

	gives(rt_queue_create(&q, "of one's own", 16, Q_UNLIMITED, Q_FIFO), 0);
	fails(rt_queue_create(&other, "of one's own", 16, 1, Q_FIFO), EEXIST);
	gives(rt_queue_write(&q, "abcd", 4, Q_NORMAL), 0);
	gives(rt_queue_read(&q, got, 4, TM_NONBLOCK), 4);
	check(!memcmp(got, "abcd", 4));
	gives(rt_queue_delete(&q), 0);
	fails(rt_queue_write(&q, "abcd", 4, Q_NORMAL), EINVAL);
	fails(rt_queue_delete(&q), EINVAL);
}

ROW(rt_queue_create)
{
	everywhere(create_delete);
	fails(rt_queue_create(&queue, NULL, 0, 1, Q_PRIO), EINVAL);
	fails(rt_queue_create(&queue, NULL, 10, 1, 2), EINVAL);
	fails(rt_queue_create(&queue, NULL, 1ul << 40, 1, Q_PRIO), ENOMEM);
}

/* A hard task goes in-band for it, and once. */
static void deletes(void *arg)
{
	RT_TASK_INFO before, after;

	(void)arg;
	gives(rt_queue_write(&queue, "x", 1, Q_NORMAL), 0);
	gives(rt_task_inquire(NULL, &before), 0);
	gives(rt_queue_delete(&queue), 0);
	gives(rt_task_inquire(NULL, &after), 0);
	gives(after.stat.msw - before.stat.msw, 1);
}

ROW(rt_queue_delete)
{
	RT_QUEUE none = { 0 };
	RT_TASK task;

	create();
	gives(rt_task_spawn(&task, NULL, 0, 50, T_JOINABLE, deletes, NULL), 0);
	gives(rt_task_join(&task), 0);
	everywhere(create_delete);
	fails(rt_queue_delete(&none), EINVAL);
}

/* Memory for messages, up to what the pool has, and back. */
static void allocs(void)
{
	char *m[4];

	for (int i = 0; i < 4; i++) {
		m[i] = rt_queue_alloc(&queue, POOL / 4);
		check(m[i]);
		memset(m[i], i, POOL / 4);
	}
	check(!rt_queue_alloc(&queue, 1));
	gives(info_of().usedmem, POOL);
	for (int i = 0; i < 4; i++) {
		check(m[i][0] == i && m[i][POOL / 4 - 1] == i);
		gives(rt_queue_free(&queue, m[i]), 0);
	}
	gives(info_of().usedmem, 0);
}

ROW(rt_queue_alloc)
{
	void *empty;

	create();
	everywhere(allocs);
	check(!rt_queue_alloc(&queue, POOL + 1));
	empty = rt_queue_alloc(&queue, 0);
	check(empty);
	gives(rt_queue_send(&queue, empty, 0, Q_NORMAL), 0);
	gives(rt_queue_receive(&queue, &empty, TM_NONBLOCK), 0);
	gives(rt_queue_free(&queue, empty), 0);
	delete();
	check(!rt_queue_alloc(&queue, 1));
}

ROW(rt_queue_free)
{
	char *m;

	create();
	everywhere(allocs);
	m = rt_queue_alloc(&queue, 64);
	fails(rt_queue_free(&queue, m + 64), EINVAL);
	fails(rt_queue_free(&queue, NULL), EINVAL);
	fails(rt_queue_free(&queue, &queue), EINVAL);
	gives(rt_queue_free(&queue, m), 0);
	fails(rt_queue_free(&queue, m), EINVAL);
	m = rt_queue_alloc(&queue, 64);
	gives(rt_queue_send(&queue, m, 64, Q_NORMAL), 0);
	fails(rt_queue_free(&queue, m), EINVAL);	/* it is the queue's */
	delete();
	fails(rt_queue_free(&queue, m), EINVAL);
}

static void sends(void)
{
	char *m = rt_queue_alloc(&queue, 10), *got;

	strcpy(m, "message");
	gives(rt_queue_send(&queue, m, 8, Q_NORMAL), 0);
	gives(rt_queue_receive(&queue, (void **)&got, TM_INFINITE), 8);
	check(got == m && !strcmp(got, "message"));
	gives(rt_queue_free(&queue, got), 0);
}

/* Urgent ones come first, the last first of all. */
static void in_order(void)
{
	static const struct { char c; int mode; } sent[] = {
		{ 'a', Q_NORMAL }, { 'b', Q_URGENT }, { 'c', Q_NORMAL }, { 'd', Q_URGENT },
	};
	char got[5] = "";

	for (int i = 0; i < 4; i++)
		gives(rt_queue_write(&queue, &sent[i].c, 1, sent[i].mode), 0);
	for (int i = 0; i < 4; i++)
		gives(rt_queue_read(&queue, &got[i], 1, TM_NONBLOCK), 1);
	if (strcmp(got, "dbac"))
		fail("they came as %s", got);
}

/* All who wait get the one message, and it is free when the last has given it back. */
static void broadcasts(void)
{
	struct caller *w[3];
	char *m = rt_queue_alloc(&queue, 100);

	for (int i = 0; i < 3; i++)
		w[i] = caller_start(i == 2 ? LINUX : 20 + i, i ? forever : read_forever, waiting);
	gives(rt_queue_send(&queue, m, 7, Q_BROADCAST), 3);
	for (int i = 0; i < 3; i++)
		caller_ends(w[i], 7);
	gives(info_of().usedmem, 0);
	gives(rt_queue_write(&queue, "1", 1, Q_BROADCAST), 0);
	gives(info_of().nmessages, 1);
	gives(rt_queue_flush(&queue), 1);
}

ROW(rt_queue_send)
{
	char *m;

	create();
	everywhere(sends);
	in_order();
	broadcasts();
	m = rt_queue_alloc(&queue, 10);
	fails(rt_queue_send(&queue, m, 11, Q_NORMAL), EINVAL);
	fails(rt_queue_send(&queue, m, 1, 4), EINVAL);
	fails(rt_queue_send(&queue, &queue, 1, Q_NORMAL), EINVAL);
	fails(rt_queue_send(&queue, NULL, 1, Q_NORMAL), EINVAL);
	for (int i = 0; i < 10; i++)
		gives(rt_queue_write(&queue, "x", 1, Q_NORMAL), 0);
	fails(rt_queue_send(&queue, m, 1, Q_NORMAL), ENOMEM);
	delete();
	fails(rt_queue_send(&queue, m, 1, Q_NORMAL), EINVAL);
}

static void writes(void)
{
	char got[8] = "";

	gives(rt_queue_write(&queue, "message", 7, Q_NORMAL), 0);
	gives(rt_queue_read(&queue, got, 3, TM_INFINITE), 3);
	check(!strcmp(got, "mes"));
	gives(info_of().usedmem, 0);
}

ROW(rt_queue_write)
{
	static char large[POOL + 1];

	create();
	everywhere(writes);
	in_order();
	fails(rt_queue_write(&queue, large, sizeof(large), Q_NORMAL), ENOMEM);
	gives(rt_queue_write(&queue, large, POOL, Q_NORMAL), 0);
	fails(rt_queue_write(&queue, large, 1, Q_NORMAL), ENOMEM);
	gives(rt_queue_flush(&queue), 1);
	fails(rt_queue_write(&queue, large, 1, 4), EINVAL);
	for (int i = 0; i < 10; i++)
		gives(rt_queue_write(&queue, "", 0, Q_NORMAL), 0);
	fails(rt_queue_write(&queue, "x", 1, Q_NORMAL), ENOMEM);
	delete();
	fails(rt_queue_write(&queue, "x", 1, Q_NORMAL), EINVAL);
}

static long a(void) { return note('a', forever()); }
static long b(void) { return note('b', forever()); }
static long c(void) { return note('c', forever()); }

static void served(int mode, const char *order)
{
	struct caller *w[3];
	size_t before = strlen(notes());

	gives(rt_queue_create(&queue, NULL, POOL, Q_UNLIMITED, mode), 0);
	w[0] = caller_start(10, a, waiting);
	w[1] = caller_start(30, b, waiting);
	w[2] = caller_start(20, c, waiting);
	for (size_t i = 0; i < 3; i++) {
		give();
		for (int j = 0; j < 5000 && strlen(notes()) != before + i + 1; j++)
			sleep_ms(1);
	}
	for (int i = 0; i < 3; i++)
		caller_ends(w[i], 5);
	if (strcmp(notes() + before, order))
		fail("served as %s, not %s", notes() + before, order);
	delete();
}

ROW(rt_queue_receive)
{
	create();
	everywhere(sends);
	times_relative(relative);
	delete();
	fails(relative(TM_NONBLOCK), EINVAL);
	contract(&(struct contract){ create, delete, forever, waiting, give, 5 });
	served(Q_PRIO, "bca");
	served(Q_FIFO, "abc");
}

static void queue_one(void)
{
	gives(rt_queue_write(&queue, "123", 3, Q_NORMAL), 0);
}

ROW(rt_queue_receive_until)
{
	create();
	times_until(until);
	queue_one();
	gives(until(TM_INFINITE), 3);
	delete();
	fails(until(TM_NONBLOCK), EINVAL);
	ends_until(until, create, delete);
}

ROW(rt_queue_receive_timed)
{
	create();
	times_timed(timed);
	queue_one();
	gives(timed(NULL), 3);
	delete();
	fails(timed(NULL), EINVAL);
	ends_timed(timed, create, delete);
}

ROW(rt_queue_read)
{
	create();
	everywhere(writes);
	times_relative(read_relative);
	delete();
	fails(read_relative(TM_NONBLOCK), EINVAL);
	contract(&(struct contract){ create, delete, read_forever, waiting, give, 5 });
}

ROW(rt_queue_read_until)
{
	create();
	times_until(read_until);
	queue_one();
	gives(read_until(TM_INFINITE), 3);
	delete();
	fails(read_until(TM_NONBLOCK), EINVAL);
	ends_until(read_until, create, delete);
}

ROW(rt_queue_read_timed)
{
	create();
	times_timed(read_timed);
	queue_one();
	gives(read_timed(NULL), 3);
	delete();
	fails(read_timed(NULL), EINVAL);
	ends_timed(read_timed, create, delete);
}

static void flushes(void)
{
	for (int i = 0; i < 10; i++)
		queue_one();
	gives(info_of().nmessages, 10);
	gives(info_of().usedmem, 30);
	gives(rt_queue_flush(&queue), 10);
	gives(info_of().nmessages, 0);
	gives(info_of().usedmem, 0);
	gives(rt_queue_flush(&queue), 0);
}

ROW(rt_queue_flush)
{
	create();
	everywhere(flushes);
	delete();
	fails(rt_queue_flush(&queue), EINVAL);
}

static void inquires(void)
{
	RT_QUEUE_INFO info = info_of();

	gives(info.nwaiters, 0);
	gives(info.nmessages, 1);
	gives(info.mode, Q_PRIO);
	gives(info.qlimit, 10);
	gives(info.poolsize, POOL);
	gives(info.usedmem, 3);
	check(!strcmp(info.name, "inquired"));
}

ROW(rt_queue_inquire)
{
	RT_QUEUE_INFO info;

	gives(rt_queue_create(&queue, "inquired", POOL, 10, Q_PRIO), 0);
	queue_one();
	everywhere(inquires);
	delete();
	fails(rt_queue_inquire(&queue, &info), EINVAL);
}

/* ---- names --------------------------------------------------------------------------------------- */

BINDING(queue, RT_QUEUE, rt_queue_create(&queue, NAME, POOL, Q_UNLIMITED, Q_PRIO))

static void use(void)
{
	char *m = rt_queue_alloc(&bound, 8);

	check(m);
	strcpy(m, "used");
	check(rt_queue_send(&bound, m, 5, Q_NORMAL) >= 0);
}

static int seen(void)
{
	char got[8] = "";

	return rt_queue_read(&queue, got, sizeof(got), 1000 * MS) == 5 && !strcmp(got, "used");
}

static void waits_in_child(void)
{
	char got[8];

	gives(bind(NAME, TM_INFINITE), 0);
	fails(rt_queue_read(&bound, got, sizeof(got), TM_INFINITE), EIDRM);
	is_gone(rt_queue_read(&bound, got, sizeof(got), TM_INFINITE));
}

ROW(rt_queue_bind)
{
	pid_t pid;

	binding(&names);
	pid = in_process(waits_in_child);
	gives(create_named(), 0);
	for (int i = 0; !waiting(); i++, sleep_ms(1))
		check(i < 5000);
	delete();
	process_ends(pid);
}
