// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <alchemy/pipe.h>
#include "callers.h"

static RT_PIPE pipe_;
static int fd = -1, in_read;

/* Linux's end. */
static void linux_open(int minor)
{
	char path[32];

	snprintf(path, sizeof(path), KEEL_PIPE_DEVICE "%d", minor);
	fd = open(path, O_RDWR | O_NONBLOCK);
	if (fd < 0)
		fail("%s: %m", path);
}

static void create(void)
{
	linux_open(must(rt_pipe_create(&pipe_, NULL, P_MINOR_AUTO, 0)));
}

static void delete(void)
{
	gives(rt_pipe_delete(&pipe_), 0);
	close(fd);
}

static void linux_writes(void)
{
	gives(write(fd, "12345", 5), 5);
}

/* It is about to, or does. */
static int waiting(void)
{
	return flag_get(&in_read);
}

static long forever(void)
{
	char got[8];
	long ret;

	__atomic_add_fetch(&in_read, 1, __ATOMIC_SEQ_CST);
	ret = rt_pipe_read(&pipe_, got, sizeof(got), TM_INFINITE);
	__atomic_sub_fetch(&in_read, 1, __ATOMIC_SEQ_CST);
	return ret;
}

static long relative(RTIME timeout)
{
	char got[8];

	return rt_pipe_read(&pipe_, got, sizeof(got), timeout);
}

static long until(RTIME date)
{
	char got[8];

	return rt_pipe_read_until(&pipe_, got, sizeof(got), date);
}

static long timed(const struct timespec *date)
{
	char got[8];

	return rt_pipe_read_timed(&pipe_, got, sizeof(got), date);
}

static void create_delete(void)
{
	RT_PIPE p, other;

	gives(rt_pipe_create(&p, "of one's own", 7, 1000), 7);
	fails(rt_pipe_create(&other, "of one's own", 8, 1000), EEXIST);
	fails(rt_pipe_create(&other, NULL, 7, 1000), EBUSY);
	gives(rt_pipe_delete(&p), 0);
	fails(rt_pipe_write(&p, "1", 1, P_NORMAL), EINVAL);
	fails(rt_pipe_delete(&p), EINVAL);
}

ROW(rt_pipe_create)
{
	RT_PIPE many[KEEL_PIPE_MINORS];

	for (int i = 0; i < KEEL_PIPE_MINORS; i++)
		must(rt_pipe_create(&many[i], NULL, P_MINOR_AUTO, 100));
	fails(rt_pipe_create(&pipe_, NULL, P_MINOR_AUTO, 100), ENOSPC);
	for (int i = 0; i < KEEL_PIPE_MINORS; i++)
		gives(rt_pipe_delete(&many[i]), 0);
	everywhere(create_delete);
	fails(rt_pipe_create(&pipe_, NULL, -2, 0), ENODEV);
	fails(rt_pipe_create(&pipe_, NULL, 1000, 0), ENODEV);
}

ROW(rt_pipe_delete)
{
	RT_PIPE none = { 0 };

	everywhere(create_delete);
	fails(rt_pipe_delete(&none), EINVAL);
}

static void reads(void)
{
	char got[8];

	gives(rt_pipe_read(&pipe_, got, 0, TM_INFINITE), 0);
	linux_writes();
	gives(rt_pipe_read(&pipe_, got, 0, TM_INFINITE), 0);
	fails(rt_pipe_read(&pipe_, got, 4, TM_INFINITE), ENOBUFS);
	gives(rt_pipe_read(&pipe_, got, sizeof(got), TM_INFINITE), 5);
	check(!memcmp(got, "12345", 5));
}

ROW(rt_pipe_read)
{
	create();
	everywhere(reads);
	times_relative(relative);
	delete();
	fails(relative(TM_NONBLOCK), EINVAL);
	contract(&(struct contract){ create, delete, forever, waiting, linux_writes, 5 });
}

ROW(rt_pipe_read_until)
{
	create();
	times_until(until);
	linux_writes();
	fails(rt_pipe_read_until(&pipe_, &(char){ 0 }, 1, TM_INFINITE), ENOBUFS);
	gives(until(TM_INFINITE), 5);
	delete();
	fails(until(TM_NONBLOCK), EINVAL);
	ends_until(until, create, delete);
}

ROW(rt_pipe_read_timed)
{
	create();
	times_timed(timed);
	linux_writes();
	fails(rt_pipe_read_timed(&pipe_, &(char){ 0 }, 1, NULL), ENOBUFS);
	gives(timed(NULL), 5);
	delete();
	fails(timed(NULL), EINVAL);
	ends_timed(timed, create, delete);
}

static void writes(void)
{
	char got[8] = "";

	gives(rt_pipe_write(&pipe_, "abc", 3, P_NORMAL), 3);
	gives(rt_pipe_write(&pipe_, "urgent", 6, P_URGENT), 6);
	gives(rt_pipe_write(&pipe_, "", 0, P_NORMAL), 0);
	gives(read(fd, got, sizeof(got)), 6);
	check(!strcmp(got, "urgent"));
	gives(read(fd, got, sizeof(got)), 3);
	check(!memcmp(got, "abc", 3));
}

ROW(rt_pipe_write)
{
	static char large[16385];
	int n = 0;

	create();
	everywhere(writes);
	fails(rt_pipe_write(&pipe_, large, sizeof(large), P_NORMAL), ENOMEM);
	fails(rt_pipe_write(&pipe_, large, 1, 2), EINVAL);
	while (rt_pipe_write(&pipe_, large, 16384, P_NORMAL) == 16384)
		n++;
	check(n >= 8);
	fails(rt_pipe_write(&pipe_, large, 1, P_NORMAL), ENOMEM);
	delete();
	fails(rt_pipe_write(&pipe_, large, 1, P_NORMAL), EINVAL);
}

ROW(rt_pipe_stream)
{
	static char sent[40000], got[40000];
	size_t n = 0;
	ssize_t part;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = i * 7;
	create();
	for (int i = 0; i < 3; i++)	/* to be read as one */
		gives(rt_pipe_stream(&pipe_, sent + i, i + 1), i + 1);
	gives(rt_pipe_write(&pipe_, "message", 7, P_NORMAL), 7);
	gives(rt_pipe_stream(&pipe_, sent, 2), 2);
	gives(rt_pipe_stream(&pipe_, sent + 2, 5), 5);
	gives(read(fd, got, sizeof(got)), 6);
	check(!memcmp(got, (char[]){ 0, 7, 14, 14, 21, 28 }, 6));
	gives(read(fd, got, sizeof(got)), 7);
	check(!memcmp(got, "message", 7));
	gives(read(fd, got, sizeof(got)), 7);
	check(!memcmp(got, sent, 7));
	gives(rt_pipe_stream(&pipe_, sent, sizeof(sent)), sizeof(sent));
	while (n < sizeof(got) && (part = read(fd, got + n, sizeof(got) - n)) > 0)
		n += part;
	gives(n, sizeof(got));
	check(!memcmp(sent, got, sizeof(got)));
	while (rt_pipe_stream(&pipe_, sent, sizeof(sent)) == sizeof(sent))
		;
	delete();
	fails(rt_pipe_stream(&pipe_, sent, 1), EINVAL);
}

/* ---- names --------------------------------------------------------------------------------------- */

static RT_PIPE bound;

static int bind(const char *name, RTIME timeout)
{
	return rt_pipe_bind(&bound, name, timeout);
}

static long bind_forever(void)
{
	return bind(NAME, TM_INFINITE);
}

/* In its own process. */
static void bind_here(void)
{
	struct caller *c = caller_start(LINUX, bind_forever, NULL);
	char got[8];

	fails(bind(NAME, TM_NONBLOCK), EWOULDBLOCK);
	fails(bind(NAME, 3 * MS), ETIMEDOUT);
	fails(bind(NULL, TM_NONBLOCK), EINVAL);
	linux_open(must(rt_pipe_create(&pipe_, NAME, P_MINOR_AUTO, 0)));
	caller_ends(c, 0);
	gives(rt_pipe_write(&bound, "bound", 5, P_NORMAL), 5);
	gives(read(fd, got, sizeof(got)), 5);
	delete();
	fails(rt_pipe_write(&bound, "bound", 5, P_NORMAL), EINVAL);
}

static int *stage;

/* All that a pipe does, by who did not create it. */
static void bind_in_child(void)
{
	char got[8];

	gives(bind(NAME, TM_INFINITE), 0);
	gives(rt_pipe_read(&bound, got, sizeof(got), TM_INFINITE), 5);
	check(!memcmp(got, "12345", 5));
	gives(rt_pipe_write(&bound, "last", 4, P_NORMAL), 4);
	gives(rt_pipe_write(&bound, "first", 5, P_URGENT), 5);
	gives(rt_pipe_stream(&bound, "a", 1), 1);
	gives(rt_pipe_stream(&bound, "b", 1), 1);
	fails(rt_pipe_write(&bound, got, 16385, P_NORMAL), ENOMEM);
	gives(rt_pipe_unbind(&bound), 0);
	fails(rt_pipe_write(&bound, "x", 1, P_NORMAL), EINVAL);
	gives(bind(NAME, TM_NONBLOCK), 0);
	flag_set(stage, 1);
	fails(rt_pipe_read(&bound, got, sizeof(got), TM_INFINITE), EIDRM);
	is_gone(rt_pipe_write(&bound, "x", 1, P_NORMAL));
	fails(bind("nobody's", TM_NONBLOCK), EWOULDBLOCK);
}

static void bind_unprivileged(void)
{
	fails(bind("nobody's", TM_NONBLOCK), EWOULDBLOCK);
	unprivileged();
	fails(bind(NAME, TM_NONBLOCK), EPERM);
}

static void read_is(const char *text)
{
	char got[8] = "";

	gives(read(fd, got, sizeof(got)), strlen(text));
	check(!strcmp(got, text));
}

ROW(rt_pipe_bind)
{
	pid_t pid;

	bind_here();
	session();
	stage = shared_alloc(sizeof(*stage));
	pid = in_process(bind_in_child);
	sleep_ms(20);
	linux_open(must(rt_pipe_create(&pipe_, NAME, P_MINOR_AUTO, 0)));
	linux_writes();
	await(stage, 1, "the other process");
	thread_waits(pid);
	read_is("first");
	read_is("last");
	read_is("ab");
	gives(rt_pipe_write(&pipe_, "mine", 4, P_NORMAL), 4);
	read_is("mine");
	process_ends(in_process(bind_unprivileged));
	delete();
	process_ends(pid);
	fails(bind(NAME, TM_NONBLOCK), EWOULDBLOCK);
}

ROW(rt_pipe_unbind)
{
	linux_open(must(rt_pipe_create(&pipe_, NAME, P_MINOR_AUTO, 0)));
	gives(bind(NAME, TM_NONBLOCK), 0);
	gives(rt_pipe_unbind(&bound), 0);
	fails(rt_pipe_unbind(&bound), EINVAL);
	fails(rt_pipe_write(&bound, "bound", 5, P_NORMAL), EINVAL);
	gives(rt_pipe_write(&pipe_, "still", 5, P_NORMAL), 5);
}
