// SPDX-License-Identifier: GPL-2.0
/*
 * Files that refer to shared objects, objects that are kept, and waits for several objects.
 */
#include <keel/name.h>
#include "badinput.h"

#define FILE_OF(...) KEEL_IOC_FILE_CREATE, &(struct keel_file){ __VA_ARGS__ }
#define BIND_OF(...) KEEL_IOC_FILE_BIND, &(struct keel_file){ __VA_ARGS__ }

static const struct request requests[] = {
	{ "file, no pointer", KEEL_IOC_FILE_CREATE, NULL, -EFAULT },
	{ "file of nothing", FILE_OF(.id = 0), -EINVAL },
	{ "file of no object", FILE_OF(.id = -1), -EINVAL },
	{ "file with a descriptor", FILE_OF(.fd = 1), -EINVAL },
	{ "file with a type", FILE_OF(.type = KEEL_QUEUE), -EINVAL },
	{ "file with a value", FILE_OF(.args = { 0, 1 }), -EINVAL },
	{ "file with data", FILE_OF(.data = 1), -EINVAL },
	{ "file, access 3", FILE_OF(.flags = O_ACCMODE), -EINVAL },
	{ "file to append to", FILE_OF(.flags = O_APPEND), -EINVAL },
	{ "bind, no pointer", KEEL_IOC_FILE_BIND, NULL, -EFAULT },
	{ "bind no file", BIND_OF(.fd = -1), -EBADF },
	{ "bind another file", BIND_OF(.fd = 0), -EINVAL },
	{ "bind, an id", BIND_OF(.fd = 0, .id = 1), -EINVAL },
	{ "bind, flags", BIND_OF(.fd = 0, .flags = O_RDWR), -EINVAL },
	{ "bind, a type", BIND_OF(.fd = 0, .type = 1), -EINVAL },
	{ "bind, a value", BIND_OF(.fd = 0, .args = { 1 }), -EINVAL },
	{ "bind, data", BIND_OF(.fd = 0, .data = 1), -EINVAL },
};

static struct keel_sem sem;
static struct keel_queue queue;
static struct keel_mutex mutex;

static long request(unsigned long cmd, struct keel_file *file)
{
	return result(ioctl(badinput_fd, cmd, file));
}

static long name(unsigned long cmd, unsigned int mode)
{
	struct keel_name req = { .type = KEEL_SEM, .name = "badinput-kept", .mode = mode };
	long ret;

	req.args[1] = cmd == KEEL_IOC_NAME_CREATE;
	ret = result(ioctl(badinput_fd, cmd, &req));
	return ret ? ret : req.id;
}

static long id_delete(unsigned int id)
{
	struct keel_object o = { .type = KEEL_SEM, .id = id };

	return result(ioctl(badinput_fd, KEEL_IOC_OBJECT_DELETE, &o));
}

/* What is kept stays without an id, and goes with its name; a file refers to it until it is closed. */
static void kept_test(void)
{
	struct keel_file file = { .id = name(KEEL_IOC_NAME_CREATE, 0600 | KEEL_NAME_KEPT) };
	struct keel_file again = { .fd = -1 };

	must(request(KEEL_IOC_FILE_CREATE, &file));
	must(id_delete(file.id));
	check(name(KEEL_IOC_NAME_CREATE, 0600) == -EEXIST);
	must(name(KEEL_IOC_NAME_DELETE, KEEL_NAME_UNLINK));
	check(name(KEEL_IOC_NAME_BIND, 0) == -ENOENT);
	again.fd = file.fd;
	must(request(KEEL_IOC_FILE_BIND, &again));
	check(again.type == KEEL_SEM && again.args[1] == 1 && again.flags == 0);
	must(close(file.fd));
	must(id_delete(again.id));
	check(id_delete(again.id) == -EINVAL);
}

static long poll_for(void *items, unsigned long count, long until)
{
	return result(syscall(KEEL_CALL_POLL, items, count, until));
}

static long poll_one(unsigned int id, unsigned int events, unsigned int ready)
{
	struct keel_poll item = { .id = id, .events = events, .ready = 0xffff };
	long ret = poll_for(&item, 1, 0);

	return ret > 0 && item.ready != ready ? -ERANGE : ret;
}

#define ROW(name, expr) static long name(void) { return (expr); }

static struct keel_poll many[KEEL_POLL_MAX + 1];

ROW(none, poll_for(many, 0, 0))
ROW(too_many, poll_for(many, KEEL_POLL_MAX + 1, 0))
ROW(huge, poll_for(many, 1ul << 32 | 1, 0))
ROW(negative, poll_for(many, 1, -1))
ROW(nowhere, poll_for((void *)-64ul, 1, 0))
ROW(nothing, poll_one(sem.id, 0, 0))
ROW(of_mutex, poll_one(mutex.id, KEEL_POLL_IN | KEEL_POLL_OUT, 0))
ROW(sem_out, poll_one(sem.id, KEEL_POLL_OUT, 0))
ROW(sem_in, poll_one(sem.id, KEEL_POLL_IN, KEEL_POLL_IN))
ROW(queue_in, poll_one(queue.id, KEEL_POLL_IN, 0))
ROW(queue_out, poll_one(queue.id, KEEL_POLL_IN | KEEL_POLL_OUT, KEEL_POLL_OUT))
ROW(is_gone, poll_one(-1, KEEL_POLL_IN, KEEL_POLL_GONE))
ROW(past, (many[0] = (struct keel_poll){ queue.id, KEEL_POLL_IN, 0 }, poll_for(many, 1, 1)))

static const struct row hard[] = {
	{ "poll nothing", none, -EINVAL },
	{ "poll too many", too_many, -EINVAL },
	{ "poll 2^32 and one", huge, -EINVAL },
	{ "poll until -1", negative, -EINVAL },
	{ "poll what is nowhere", nowhere, -EFAULT },
	{ "poll for nothing", nothing, -EINVAL },
	{ "poll a mutex", of_mutex, -EINVAL },
	{ "poll a semaphore to be written", sem_out, -EINVAL },
	{ "poll a semaphore", sem_in, 1 },
	{ "poll an empty queue", queue_in, -ETIMEDOUT },
	{ "poll it, to be written too", queue_out, 1 },
	{ "poll what has gone", is_gone, 1 },
	{ "poll, long ago", past, -ETIMEDOUT },
};

void poll_test(void)
{
	requests_run("requests for files", requests, COUNT(requests));
	kept_test();
	must(keel_sem_create(&sem, 1, 1));
	must(keel_queue_create(&queue, 2, 32));
	must(keel_mutex_create(&mutex));
	must(keel_thread_attach("hard", 20, -1));
	rows_run("poll, hard", hard, COUNT(hard));
	must(keel_thread_detach());
	must(keel_queue_delete(&queue));
	must(keel_sem_delete(&sem));
	must(keel_mutex_delete(&mutex));
}
