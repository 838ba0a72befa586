// SPDX-License-Identifier: GPL-2.0
/*
 * nomem: whatever a process asks of Keel that takes memory is asked with the first allocation failing,
 * then the second, and so on until none is left to fail: each time the answer is ENOMEM and nothing
 * stays behind. Needs keel-counted.ko.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include "hard.h"

#define FAIL	"/sys/module/keel/parameters/fail_alloc"
#define OBJECTS	"/sys/kernel/debug/keel/objects"
#define AREAS	"/proc/vmallocinfo"
#define MOST	40	/* allocations of one request */

static int fd = -1;

static void file_read(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		fail("%s: %m", path);
	n = fread(buf, 1, size - 1, f);
	buf[n] = 0;
	fclose(f);
}

static void fail_set(int n)
{
	FILE *f = fopen(FAIL, "w");

	if (!f || fprintf(f, "%d\n", n) < 0 || fclose(f))
		fail(FAIL ": %m");
}

static int fail_left(void)
{
	char buf[32];

	file_read(FAIL, buf, sizeof(buf));
	return atoi(buf);
}

/* What Keel has: of its own count, and areas of Linux's. */
struct held {
	char objects[256];
	int areas;
};

static int areas_count(void)
{
	FILE *f = fopen(AREAS, "r");
	char line[512];
	int n = 0;

	if (!f)
		fail(AREAS ": %m");
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "keel") != NULL;
	fclose(f);
	return n;
}

static struct held held_now(void)
{
	struct held held;

	file_read(OBJECTS, held.objects, sizeof(held.objects));
	held.areas = areas_count();
	return held;
}

/* What an ended thread leaves is freed by a worker. */
static void held_await(const struct held *want, const char *what, int n)
{
	struct held have;

	for (int i = 0; i < 1000; i++) {
		have = held_now();
		if (!strcmp(have.objects, want->objects) && have.areas == want->areas)
			return;
		sleep_ms(5);
	}
	fail("%s, allocation %d: left behind: %d areas and\n%snot %d and\n%s", what, n, have.areas,
	     have.objects, want->areas, want->objects);
}

static int file_open(void)
{
	fd = open(KEEL_DEVICE, O_RDWR);
	return fd < 0 ? -errno : 0;
}

static void file_close(void)
{
	close(fd);
}

static int request(unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

static int attach(void)
{
	struct keel_attach req = { .abi_level = KEEL_ABI_LEVEL, .prio = 10, .cpu = -1 };

	return request(KEEL_IOC_ATTACH, &req);
}

static void detach(void)
{
	must(request(KEEL_IOC_DETACH, NULL));
}

static struct keel_object object;

static int set_create(void)
{
	struct keel_object sem = { .type = KEEL_SEM, .args = { 0, 1 } };
	int err = request(KEEL_IOC_OBJECT_CREATE, &sem);

	if (err)
		return err;
	object = (struct keel_object){ .type = KEEL_SET, .args = { 1 }, .data = (uintptr_t)&sem.id };
	err = request(KEEL_IOC_OBJECT_CREATE, &object);
	sem = (struct keel_object){ .type = KEEL_SEM, .id = sem.id };
	must(request(KEEL_IOC_OBJECT_DELETE, &sem));
	return err;
}

static void set_delete(void)
{
	object = (struct keel_object){ .type = KEEL_SET, .id = object.id };
	must(request(KEEL_IOC_OBJECT_DELETE, &object));
}

static int latency(void)
{
	struct keel_latency_start req = {
		.kind = KEEL_LATENCY_KTHREAD, .prio = 90, .period_ns = MS,
	};

	return request(KEEL_IOC_LATENCY_START, &req);
}

static void latency_end(void)
{
	must(request(KEEL_IOC_LATENCY_STOP, NULL));
}

static int list(void)
{
	struct keel_thread_info infos[4];
	struct keel_list req = {
		.kind = KEEL_LIST_THREADS, .size = sizeof(infos[0]), .room = 4,
		.data = (uintptr_t)infos,
	};

	return request(KEEL_IOC_LIST, &req);
}

static void nothing(void)
{
}

static const struct {
	const char *what;
	int (*ask)(void);
	void (*undo)(void);
	int least;		/* that it allocates */
} requests[] = {
	{ "open", file_open, file_close, 6 },
	{ "attach", attach, detach, 5 },
	{ "objects", set_create, set_delete, 0 },
	{ "latency", latency, latency_end, 2 },
	{ "list", list, nothing, 1 },
};

static int try(int i, int n)
{
	struct held before = held_now();
	int err, left;

	fail_set(n);
	err = requests[i].ask();
	left = fail_left();
	fail_set(0);
	if (!left && err != -ENOMEM)
		fail("%s, allocation %d failed: %d", requests[i].what, n, err);
	if (left && err)
		fail("%s: %d", requests[i].what, err);
	if (!err)
		requests[i].undo();
	held_await(&before, requests[i].what, n);
	return left;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		int n = 1;

		while (n < MOST && !try(i, n))
			n++;
		printf("%s: %d allocations\n", requests[i].what, n - 1);
		if (n == MOST || n - 1 < requests[i].least)
			fail("%s: that is not right", requests[i].what);
		if (i == 0)
			must(file_open());
	}
	file_close();
	return 0;
}
