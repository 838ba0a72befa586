// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to the device with random and mutated arguments.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include "fuzz.h"

#define PAGE	4096
#define ROOM	640		/* more than any request needs */
#define MADE	4
#define KERNEL	0xffff888000100000ul

static char *area;		/* a page to write, one to read, one that is not there */
static unsigned int cells[KEEL_LATENCY_CELLS];
static unsigned int made[KEEL_TYPES][MADE];	/* ids of objects, deleted perhaps */
static unsigned int members[KEEL_SET_MAX];
static int sink, event;		/* of a proxy, of an eventfd */
static int named;		/* (a) refers to a shared object, or 0 */
static const unsigned int watchable[] = { KEEL_SEM, KEEL_EVENT, KEEL_PIPE };

volatile char *request_page(void)
{
	return area;
}

unsigned long dice_next(struct dice *d)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 7;
	d->state ^= d->state << 17;
	return d->state;
}

unsigned long dice_value(struct dice *d)
{
	static const unsigned long limits[] = {
		0, 1, KEEL_PRIO_MAX, KEEL_MAX_THREADS, KEEL_MAX_MUTEXES, KEEL_PERIOD_MIN_NS,
		KEEL_PERIOD_MAX_NS, KEEL_FOREVER, 1ul << 31, 1ul << 32, 1ul << 63, KERNEL, -1ul,
		-4096ul, 1000000,
	};
	unsigned long v = limits[dice_below(d, sizeof(limits) / sizeof(limits[0]))];

	switch (dice_below(d, 4)) {
	case 0:
		return dice_next(d);
	case 1:
		return dice_below(d, 128);
	default:
		return v + dice_below(d, 3) - 1;
	}
}

unsigned int dice_id(struct dice *d, unsigned int type)
{
	if (!type)
		type = 1 + dice_below(d, KEEL_TYPES - 1);
	if (dice_below(d, 4))
		return made[type][dice_below(d, MADE)];
	return dice_below(d, 4) << 16 | type << 10 | dice_below(d, 32);
}

static void made_note(struct dice *d, unsigned int type, unsigned int id)
{
	if (type < KEEL_TYPES)
		made[type][dice_below(d, MADE)] = id;
}

static const unsigned int known[] = {
	KEEL_IOC_INFO, KEEL_IOC_ATTACH, KEEL_IOC_DETACH, KEEL_IOC_THREAD_SET, KEEL_IOC_MUTEX_CREATE,
	KEEL_IOC_MUTEX_DELETE, KEEL_IOC_LATENCY_START, KEEL_IOC_LATENCY_READ, KEEL_IOC_LATENCY_STOP,
	KEEL_IOC_OBJECT_CREATE, KEEL_IOC_OBJECT_DELETE, KEEL_IOC_LIST, KEEL_IOC_NAME_CREATE,
	KEEL_IOC_NAME_BIND, KEEL_IOC_NAME_DELETE,
	KEEL_IOC_SCHED_SET, KEEL_IOC_SCHED_GET, KEEL_IOC_GROUP_SET, KEEL_IOC_FRAME_SET, KEEL_IOC_TRACE_MARK,
	KEEL_IOC_FILE_CREATE, KEEL_IOC_FILE_BIND,
	KEEL_IOC_THREAD_CHANGE, KEEL_IOC_PROXY_DRAIN, KEEL_IOC_GROUP_ADD, KEEL_IOC_GROUP_GET, KEEL_IOC_FRAME_GET,
};

static unsigned int request_number(struct dice *d)
{
	unsigned int cmd = known[dice_below(d, sizeof(known) / sizeof(known[0]))];

	if (others_asked(d))
		return KEEL_IOC_THREAD_CHANGE;
	if (dice_below(d, 8))
		return cmd;
	/* Another number, size or direction. Never KEEL_IOC_CONTROL, which ends the test. */
	cmd ^= 1u << dice_below(d, 32);
	return cmd == KEEL_IOC_CONTROL ? KEEL_IOC_INFO : cmd;
}

/* The device of some pipe, or no descriptor. */
static int rtp_file(struct dice *d)
{
	static int fd = -1;
	char path[32];

	if (fd >= 0)
		close(fd);
	snprintf(path, sizeof(path), KEEL_PIPE_DEVICE "%u", (unsigned int)dice_below(d, 4));
	fd = open(path, O_RDWR | O_NONBLOCK);
	return fd;
}

/* Of a set: mostly what may be in one. */
static void object_good(struct dice *d, struct keel_object *o)
{
	unsigned int n = 1 + dice_below(d, 3);

	*o = (struct keel_object){
		.type = 1 + dice_below(d, KEEL_TYPES - 1),
		.args = { dice_below(d, 8), dice_below(d, 8) },
	};
	if (o->type == KEEL_PIPE)
		o->data = dice_below(d, 2) ? KEEL_PIPE_ANY : dice_below(d, KEEL_PIPE_MINORS);
	if (o->type == KEEL_PIPE && !dice_below(d, 4))
		*o = (struct keel_object){ .type = KEEL_PIPE, .args = { KEEL_PIPE_BIND }, .data = rtp_file(d) };
	if (o->type == KEEL_PROXY)
		o->data = sink;
	if (o->type == KEEL_EVENTFD)
		*o = (struct keel_object){ .type = KEEL_EVENTFD, .data = event };
	if (o->type == KEEL_TIMER)
		*o = (struct keel_object){ .type = KEEL_TIMER, .args = { dice_below(d, 2) * SIGURG } };
	if (o->type != KEEL_SET)
		return;
	for (unsigned int i = 0; i < n; i++)
		members[i] = dice_id(d, watchable[dice_below(d, 3)]);
	o->args[0] = n;
	o->args[1] = 0;
	o->data = (unsigned long)members;
}

void request_init(struct dice *d, int fd)
{
	area = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || mprotect(area + PAGE, PAGE, PROT_READ) ||
	    munmap(area + 2 * PAGE, PAGE))
		fail("pages: %m");
	sink = open("/dev/null", O_WRONLY);
	event = eventfd(0, EFD_NONBLOCK);
	for (int i = 0; i < 8 * KEEL_TYPES; i++) {
		struct keel_object o;

		object_good(d, &o);
		if (!ioctl(fd, KEEL_IOC_OBJECT_CREATE, &o))
			made_note(d, o.type, o.id);
	}
}

/* All processes share a few names. */
static void name_good(struct dice *d, unsigned int cmd, struct keel_name *n)
{
	*n = (struct keel_name){ .type = 1 + dice_below(d, KEEL_TYPES - 1) };
	snprintf(n->name, sizeof(n->name), "fuzz%u", dice_below(d, FUZZ_NAMES));
	if (cmd == KEEL_IOC_NAME_CREATE) {
		n->mode = dice_below(d, 0777) | (dice_below(d, 4) ? 0 : KEEL_NAME_KEPT);
		n->args[0] = dice_below(d, 8);
		n->args[1] = dice_below(d, 2) ? dice_below(d, 8) : 0;
	} else if (cmd == KEEL_IOC_NAME_DELETE) {
		n->mode = dice_below(d, 2) ? 0 : KEEL_NAME_UNLINK;
	} else if (cmd == KEEL_IOC_NAME_BIND && dice_below(d, 2)) {
		n->until = keel_clock_ns() + dice_below(d, 4 * MS);
	}
}

void sched_random(struct dice *d, struct keel_sched *s)
{
	*s = (struct keel_sched){
		.sched_class = dice_below(d, KEEL_CLASSES), .prio = dice_below(d, 100),
		.group = dice_below(d, 2), .budget_ns = 1000000, .period_ns = 20000000,
	};
}

/* What would be carried out, but for one or two fields. */
static void request_good(struct dice *d, unsigned int cmd, void *at)
{
	switch (cmd) {
	case KEEL_IOC_ATTACH:
		*(struct keel_attach *)at = (struct keel_attach){
			.abi_level = KEEL_ABI_LEVEL, .prio = 1 + dice_below(d, 99), .cpu = -1,
			.name = "fuzz",
		};
		break;
	case KEEL_IOC_THREAD_SET:
		*(struct keel_thread_set *)at = (struct keel_thread_set){
			.prio = dice_below(d, 100), .cpu = -1,
		};
		break;
	case KEEL_IOC_MUTEX_DELETE:
		*(struct keel_mutex_req *)at = (struct keel_mutex_req){
			.id = dice_below(d, 8) ? dice_id(d, KEEL_MUTEX) : dice_value(d),
		};
		break;
	case KEEL_IOC_OBJECT_CREATE:
		object_good(d, at);
		break;
	case KEEL_IOC_OBJECT_DELETE: {
		unsigned int id = dice_id(d, 0);

		*(struct keel_object *)at = (struct keel_object){ .type = id >> 10 & 63, .id = id };
		break;
	}
	case KEEL_IOC_PROXY_DRAIN:
		*(struct keel_object *)at = (struct keel_object){ .type = KEEL_PROXY, .id = dice_id(d, KEEL_PROXY) };
		break;
	case KEEL_IOC_LIST:
		*(struct keel_list *)at = (struct keel_list){
			.kind = 1 + dice_below(d, 6), .size = 8 * (1 + dice_below(d, 28)),
			.room = dice_below(d, 64),
			.data = dice_below(d, 4) ? (unsigned long)cells : dice_value(d),
		};
		break;
	case KEEL_IOC_NAME_CREATE:
	case KEEL_IOC_NAME_BIND:
	case KEEL_IOC_NAME_DELETE:
		name_good(d, cmd, at);
		break;
	case KEEL_IOC_FILE_CREATE:
		*(struct keel_file *)at = (struct keel_file){
			.id = dice_id(d, 0), .flags = dice_below(d, 3) | (dice_below(d, 2) ? 0 : O_NONBLOCK),
		};
		break;
	case KEEL_IOC_FILE_BIND:
		*(struct keel_file *)at = (struct keel_file){ .fd = named };
		break;
	case KEEL_IOC_SCHED_SET:
		sched_random(d, at);
		if (!dice_below(d, 4))
			((struct keel_sched *)at)->tid = tid_random(d);
		break;
	case KEEL_IOC_THREAD_CHANGE:
		change_random(d, at);
		break;
	case KEEL_IOC_GROUP_SET:
		*(struct keel_group *)at = (struct keel_group){
			.cpu = dice_below(d, 2), .group = dice_below(d, 2), .budget_ns = 1000000,
			.period_ns = 10000000,
		};
		break;
	case KEEL_IOC_GROUP_ADD:
		*(struct keel_group *)at = (struct keel_group){
			.cpu = dice_below(d, 2), .budget_ns = 1000000, .period_ns = 10000000,
		};
		break;
	case KEEL_IOC_GROUP_GET:
		*(struct keel_group *)at = (struct keel_group){
			.cpu = dice_below(d, 3), .group = dice_below(d, KEEL_GROUPS + 1),
		};
		break;
	case KEEL_IOC_LATENCY_START:
		*(struct keel_latency_start *)at = (struct keel_latency_start){
			.kind = dice_below(d, 2), .cpu = dice_below(d, 2), .prio = 50,
			.period_ns = 1000000 + dice_below(d, 1000000), .samples = dice_below(d, 20),
		};
		break;
	case KEEL_IOC_LATENCY_READ:
		*(struct keel_latency_read *)at = (struct keel_latency_read){
			.cells = dice_below(d, 4) ? (unsigned long)cells : dice_value(d),
		};
		break;
	}
}

static void request_fill(struct dice *d, unsigned int cmd, char *at)
{
	unsigned int *words = (unsigned int *)at;
	unsigned int n = dice_below(d, 3);

	request_good(d, cmd, at);
	if (!dice_below(d, 8))
		n = ROOM / 4;
	while (n--)
		words[dice_below(d, 8)] = dice_value(d);
}

static void *request_place(struct dice *d, unsigned int cmd)
{
	switch (dice_below(d, 24)) {
	case 0:
		return NULL;
	case 1:
		return (void *)KERNEL;
	case 2:
		return (void *)dice_next(d);
	case 3:
		return area + PAGE;			/* read-only */
	case 4:
		return area + 2 * PAGE - dice_below(d, 64); /* runs out of what is mapped */
	case 5:
		return area + PAGE - dice_below(d, 64);	/* runs into what is read-only */
	case 6:
		return area + dice_below(d, PAGE);	/* whatever lies there */
	default:
		request_fill(d, cmd, area + 8);
		return area + 8;
	}
}

/* The last file of a shared object; the one before is polled and closed. */
static void named_note(int fd)
{
	struct pollfd p = { .fd = __atomic_exchange_n(&named, fd, __ATOMIC_SEQ_CST) };

	p.events = POLLIN | POLLOUT;
	poll(&p, 1, 0);
	if (p.fd)
		close(p.fd);
}

void ioctl_random(struct dice *d, int fd)
{
	unsigned int cmd = request_number(d);
	void *at = request_place(d, cmd);
	volatile struct keel_object *o = at;	/* a name begins like one */
	struct keel_thread_change own;		/* which no other thread writes over */

	if (at == area + 8 && cmd == KEEL_IOC_THREAD_CHANGE) {
		memcpy(&own, at, sizeof(own));
		change_noted(&own, ioctl(fd, cmd, &own) ? errno : 0);
		return;
	}
	if (ioctl(fd, cmd, at) || at != area + 8)
		return;
	if (cmd == KEEL_IOC_FILE_CREATE)
		named_note(((volatile struct keel_file *)at)->fd);
	else if (cmd == KEEL_IOC_OBJECT_CREATE || cmd == KEEL_IOC_NAME_CREATE || cmd == KEEL_IOC_NAME_BIND)
		made_note(d, o->type, o->id);
}

static void map_random(struct dice *d, int fd)
{
	static const int flags[] = { MAP_SHARED, MAP_PRIVATE, MAP_SHARED | MAP_POPULATE };
	size_t size = dice_below(d, 2) ? KEEL_WINDOWS_SIZE : (dice_below(d, 16) + 1) * PAGE;
	off_t at = dice_below(d, 3) * (dice_below(d, 2) ? KEEL_CLOCK_OFFSET : PAGE);
	char *p = mmap(NULL, size, dice_below(d, 8), flags[dice_below(d, 3)], fd, at);

	if (p == MAP_FAILED)
		return;
	mprotect(p, size, dice_below(d, 8));
	madvise(p, size, dice_below(d, 26));
	if (dice_below(d, 2))
		munmap(p, PAGE);
	munmap(p, size);
}

/* Linux's end of a pipe, whosever that is. */
static void pipe_random(struct dice *d)
{
	struct pollfd p = { .events = dice_next(d) };
	char path[32], *at = area + dice_below(d, 3 * PAGE);
	ssize_t n = 0;

	snprintf(path, sizeof(path), KEEL_PIPE_DEVICE "%u", dice_below(d, 8));
	p.fd = open(path, O_NONBLOCK | dice_below(d, 3));
	if (p.fd < 0)
		return;
	for (int i = dice_below(d, 8); i > 0; i--) {
		if (dice_below(d, 2))
			n += read(p.fd, at, dice_below(d, 40));
		else
			n += write(p.fd, at, dice_below(d, 40));
		poll(&p, 1, n & 1);
	}
	ioctl(p.fd, dice_below(d, 2) ? KEEL_IOC_PIPE_FLUSH : dice_value(d), dice_below(d, 5));
	close(p.fd);
}

static void file_random(struct dice *d, int fd)
{
	struct pollfd p = { .fd = fd, .events = dice_next(d) };
	char bytes[16] = { 0 };

	switch (dice_below(d, 8)) {
	case 5 ... 7:
		pipe_random(d);
		break;
	case 0:
		lseek(fd, dice_value(d), dice_below(d, 8));
		break;
	case 1:
		lseek(fd, KEEL_PARK_HARDEN, dice_below(d, 2));
		break;
	case 2:
		if (read(fd, bytes, sizeof(bytes)) >= 0)
			fail("the device can be read");
		break;
	case 3:
		if (write(fd, bytes, dice_below(d, 16) + 1) >= 0)
			fail("the device can be written");
		break;
	default:
		poll(&p, 1, 0);
	}
}

void request_random(struct dice *d, int fd)
{
	switch (dice_below(d, 64)) {
	case 0 ... 8:
		scene_random(d, fd);
		break;
	case 9 ... 12:
		map_random(d, fd);
		break;
	case 13 ... 20:
		file_random(d, fd);
		break;
	case 21 ... 24:
		inband_random(d);
		break;
	default:
		ioctl_random(d, fd);
	}
}
