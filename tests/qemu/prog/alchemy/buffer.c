// SPDX-License-Identifier: GPL-2.0
#include <alchemy/buffer.h>
#include "callers.h"

#define SIZE 100

static RT_BUFFER buffer;
static char bytes[SIZE + 1];

static void create(void)
{
	gives(rt_buffer_create(&buffer, NULL, SIZE, B_PRIO), 0);
}

static void delete(void)
{
	gives(rt_buffer_delete(&buffer), 0);
}

static void give(void)
{
	gives(rt_buffer_write(&buffer, "0123456789", 10, TM_NONBLOCK), 10);
}

static RT_BUFFER_INFO info_of(void)
{
	RT_BUFFER_INFO info;

	gives(rt_buffer_inquire(&buffer, &info), 0);
	return info;
}

static int readers(void)
{
	return info_of().iwaiters;
}

static int writers(void)
{
	return info_of().owaiters;
}

#define waiting readers

static long forever(void)
{
	char got[10];

	return rt_buffer_read(&buffer, got, 10, TM_INFINITE);
}

static long relative(RTIME timeout)
{
	return rt_buffer_read(&buffer, bytes, 5, timeout);
}

static long until(RTIME date)
{
	return rt_buffer_read_until(&buffer, bytes, 5, date);
}

static long timed(const struct timespec *date)
{
	return rt_buffer_read_timed(&buffer, bytes, 5, date);
}

static long write_forever(void)
{
	return rt_buffer_write(&buffer, bytes, 30, TM_INFINITE);
}

static long write_relative(RTIME timeout)
{
	return rt_buffer_write(&buffer, bytes, 5, timeout);
}

static long write_until(RTIME date)
{
	return rt_buffer_write_until(&buffer, bytes, 5, date);
}

static long write_timed(const struct timespec *date)
{
	return rt_buffer_write_timed(&buffer, bytes, 5, date);
}

static void create_delete(void)
{
	RT_BUFFER b, other;
	char got[4];

	gives(rt_buffer_create(&b, "of one's own", 16, B_FIFO), 0);
	fails(rt_buffer_create(&other, "of one's own", 16, B_FIFO), EEXIST);
	gives(rt_buffer_write(&b, "abcd", 4, TM_NONBLOCK), 4);
	gives(rt_buffer_read(&b, got, 4, TM_NONBLOCK), 4);
	check(!memcmp(got, "abcd", 4));
	gives(rt_buffer_delete(&b), 0);
	fails(rt_buffer_write(&b, "abcd", 4, TM_NONBLOCK), EINVAL);
	fails(rt_buffer_delete(&b), EINVAL);
}

ROW(rt_buffer_create)
{
	everywhere(create_delete);
	fails(rt_buffer_create(&buffer, NULL, 0, B_PRIO), EINVAL);
	fails(rt_buffer_create(&buffer, NULL, 10, 2), EINVAL);
	fails(rt_buffer_create(&buffer, NULL, 1ul << 40, B_PRIO), ENOMEM);
}

ROW(rt_buffer_delete)
{
	RT_BUFFER none = { 0 };

	everywhere(create_delete);
	fails(rt_buffer_delete(&none), EINVAL);
}

/* Round the end of it, too. */
static void goes_round(void)
{
	char from[70], to[70];

	for (int i = 0; i < 10; i++) {
		memset(from, 'a' + i, sizeof(from));
		gives(rt_buffer_write(&buffer, from, sizeof(from), TM_INFINITE), 70);
		gives(rt_buffer_read(&buffer, to, sizeof(to), TM_INFINITE), 70);
		check(!memcmp(from, to, sizeof(to)));
	}
}

static void passes(void)
{
	char byte;

	gives(rt_buffer_write(&buffer, "x", 1, TM_INFINITE), 1);
	gives(rt_buffer_read(&buffer, &byte, 1, TM_INFINITE), 1);
	check(byte == 'x');
}

static long read_80(void)
{
	char got[80];

	return rt_buffer_read(&buffer, got, 80, TM_INFINITE);
}

/* Neither could ever go on, whoever waits first. */
static void both_wait(int reader_first)
{
	struct caller *r = NULL, *w;

	create();
	gives(rt_buffer_write(&buffer, bytes, 75, TM_NONBLOCK), 75);
	if (reader_first)
		r = caller_start(30, read_80, readers);
	w = caller_start(20, write_forever, reader_first ? NULL : writers);
	if (!reader_first)
		r = caller_start(30, read_80, NULL);
	caller_ends(r, 75);
	caller_ends(w, 30);
	gives(info_of().availmem, SIZE - 30);
	delete();
}

ROW(rt_buffer_read)
{
	create();
	everywhere(goes_round);
	makes_no_call(passes);
	times_relative(relative);
	gives(rt_buffer_write(&buffer, "abc", 3, TM_NONBLOCK), 3);
	times_relative(relative);	/* three are not five */
	gives(rt_buffer_read(&buffer, bytes, 0, TM_INFINITE), 0);
	fails(rt_buffer_read(&buffer, bytes, SIZE + 1, TM_INFINITE), EINVAL);
	delete();
	fails(relative(TM_NONBLOCK), EINVAL);
	contract(&(struct contract){ create, delete, forever, readers, give, 10 });
	both_wait(0);
	both_wait(1);
}

ROW(rt_buffer_read_until)
{
	create();
	times_until(until);
	give();
	gives(until(TM_INFINITE), 5);
	delete();
	fails(until(TM_NONBLOCK), EINVAL);
	ends_until(until, create, delete);
}

ROW(rt_buffer_read_timed)
{
	create();
	times_timed(timed);
	give();
	gives(timed(NULL), 5);
	delete();
	fails(timed(NULL), EINVAL);
	ends_timed(timed, create, delete);
}

static void create_full(void)
{
	create();
	gives(rt_buffer_write(&buffer, bytes, SIZE, TM_NONBLOCK), SIZE);
}

static void take(void)
{
	gives(rt_buffer_read(&buffer, bytes, 20, TM_NONBLOCK), 20);
	gives(writers(), 1);
	gives(rt_buffer_read(&buffer, bytes, 10, TM_NONBLOCK), 10);
}

ROW(rt_buffer_write)
{
	create();
	everywhere(goes_round);
	gives(rt_buffer_write(&buffer, bytes, 0, TM_INFINITE), 0);
	fails(rt_buffer_write(&buffer, bytes, SIZE + 1, TM_INFINITE), EINVAL);
	delete();
	create_full();
	times_relative(write_relative);
	delete();
	fails(write_relative(TM_NONBLOCK), EINVAL);
	contract(&(struct contract){ create_full, delete, write_forever, writers, take, 30 });
}

ROW(rt_buffer_write_until)
{
	create_full();
	times_until(write_until);
	gives(rt_buffer_clear(&buffer), 0);
	gives(write_until(TM_INFINITE), 5);
	delete();
	fails(write_until(TM_NONBLOCK), EINVAL);
	ends_until(write_until, create_full, delete);
}

ROW(rt_buffer_write_timed)
{
	create_full();
	times_timed(write_timed);
	gives(rt_buffer_clear(&buffer), 0);
	gives(write_timed(NULL), 5);
	delete();
	fails(write_timed(NULL), EINVAL);
	ends_timed(write_timed, create_full, delete);
}

static void clears(void)
{
	gives(rt_buffer_write(&buffer, bytes, SIZE, TM_NONBLOCK), SIZE);
	gives(rt_buffer_clear(&buffer), 0);
	gives(info_of().availmem, SIZE);
}

ROW(rt_buffer_clear)
{
	struct caller *w;

	create();
	everywhere(clears);
	delete();
	create_full();
	w = caller_start(30, write_forever, writers);
	gives(rt_buffer_clear(&buffer), 0);
	caller_ends(w, 30);
	delete();
	fails(rt_buffer_clear(&buffer), EINVAL);
}

static void inquires(void)
{
	RT_BUFFER_INFO info = info_of();

	gives(info.iwaiters, 0);
	gives(info.owaiters, 0);
	gives(info.totalmem, SIZE);
	gives(info.availmem, SIZE - 10);
	check(!strcmp(info.name, "inquired"));
}

ROW(rt_buffer_inquire)
{
	RT_BUFFER_INFO info;

	gives(rt_buffer_create(&buffer, "inquired", SIZE, B_PRIO), 0);
	give();
	everywhere(inquires);
	delete();
	fails(rt_buffer_inquire(&buffer, &info), EINVAL);
}

/* ---- names --------------------------------------------------------------------------------------- */

BINDING(buffer, RT_BUFFER, rt_buffer_create(&buffer, NAME, SIZE, B_PRIO))

static void use(void)
{
	gives(rt_buffer_write(&bound, "used", 4, TM_INFINITE), 4);
}

static int seen(void)
{
	return rt_buffer_read(&buffer, bytes, 4, 1000 * MS) == 4 && !memcmp(bytes, "used", 4);
}

static void waits_in_child(void)
{
	gives(bind(NAME, TM_INFINITE), 0);
	fails(rt_buffer_read(&bound, bytes, 4, TM_INFINITE), EIDRM);
	is_gone(rt_buffer_read(&bound, bytes, 4, TM_INFINITE));
}

ROW(rt_buffer_bind)
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
