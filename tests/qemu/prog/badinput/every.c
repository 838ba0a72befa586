// SPDX-License-Identifier: GPL-2.0
/*
 * Every Keel call that the ABI's headers define, by what they say of its arguments: calls.inc is made of
 * that by the Makefile. Each argument in turn is what it must not be, the others being right. So a
 * new call is tried as soon as it is defined, and one of which nothing is known fails the test.
 */
#include <sys/eventfd.h>
#include <keel/heap.h>
#include <keel/message.h>
#include <keel/pipe.h>
#include <keel/proxy.h>
#include <keel/sync.h>
#include <fcntl.h>
#include "badinput.h"

static const struct every_call {
	const char *name;
	long nr;
	const char *args;
} calls[] = {
#include "calls.inc"
};

_Static_assert(COUNT(calls) == KEEL_CALL_COUNT, "a Keel call without its arguments in the header");

#define ARGS 4
#define BAD 5

/* What an argument is called, what it may be, and what not. */
struct kind {
	const char *name;
	unsigned long right;
	long want;
	unsigned long bad[BAD];
	int bads;
};

#define VALUES(...) { __VA_ARGS__ }, (int)(sizeof((unsigned long[])VALUES_(__VA_ARGS__)) / sizeof(long))
#define VALUES_(...) { __VA_ARGS__ }

static char text[64];
static const char in_rodata[64] = "";
static const struct keel_poll item_in_rodata = { .events = KEEL_POLL_IN };
static struct keel_poll item;

#define KERNEL		0xffffffff81000000ul
#define NOWHERE		0, KERNEL, 1ul << 62, -64ul
#define HERE(object)	(unsigned long)&(object)

static const struct kind kinds[] = {
	{ "id", 0, -EINVAL, VALUES(0, -1ul, 0xffffffff, 1ul << 33, KEEL_TYPES << 10) },
	{ "object id", 0, -EINVAL, VALUES(0, -1ul, 0xffffffff, 1ul << 33, KEEL_TYPES << 10) },
	{ "mutex id", 0, -EINVAL, VALUES(0, -1ul, 0xffffffff, KEEL_TYPES << 10) },
	{ "until", 0, -EINVAL, VALUES(-1ul, 1ul << 63) },
	{ "abs ns", 0, -EINVAL, VALUES(-1ul, 1ul << 63) },
	{ "first abs ns", 0, -EINVAL, VALUES(-1ul, 1ul << 63) },
	{ "period ns", MS, -EINVAL, VALUES(1, KEEL_PERIOD_MIN_NS - 1, KEEL_PERIOD_MAX_NS + 1, -1ul) },
	{ "priority", 20, -EINVAL, VALUES(0, 100, -1ul, 1ul << 32 | 20) },
	{ "bits", 1, -EINVAL, VALUES(1ul << 32, -1ul) },
	{ "bits | mode", 1, -EINVAL, VALUES(0, 1ul << 32, 3ul << 32 | 1, 8ul << 32 | 1, -1ul << 32 | 1) },
	{ "events", KEEL_POLL_IN, -EINVAL, VALUES(0, 4, 1ul << 32 | 1, -1ul) },
	{ "number", 1, -EINVAL, VALUES(1ul << 32, -1ul) },
	{ "warnings", 0, -EINVAL, VALUES(KEEL_WARN_ALL + 1, -1ul, 1ul << 32) },
	{ "signal and code", 1, -EINVAL, VALUES(0, KEEL_SIGNAL_MAX + 1, 255, 1ul << 16, -1ul) },
	{ "tid", 0, -ESRCH, VALUES(0, 1, -1ul, 1ul << 32) },
	{ "from", HERE(text), -EFAULT, VALUES(NOWHERE) },
	{ "to", HERE(text), -EFAULT, VALUES(NOWHERE, HERE(in_rodata)) },
	{ "struct keel_poll[]", HERE(item), -EFAULT, VALUES(NOWHERE, HERE(item_in_rodata)) },
	{ "how many", 1, -EINVAL, VALUES(0, KEEL_POLL_MAX + 1, 1ul << 32 | 1, -1ul) },
	{ "size", 8, 0, { 0 }, 0 },	/* what is wrong with it is told in other ways by each */
	{ "room", 64, 0, { 0 }, 0 },
	{ "slot", 0, -EINVAL, VALUES(0, 2, 1ul << 32 | 1, 0xffffffff, -1ul) },
	{ "flow", 0, -EINVAL, VALUES(0, 1ul << 31, 1ul << 32, 0xffffffff, -1ul) },
	{ "offset", 0, -EINVAL, VALUES(1, 64, 1ul << 32, -64ul, -1ul) },
	{ "semaphore's id", 0, -EINVAL, VALUES(1, 0xffffffff, 1ul << 32, -1ul) },
	{ "KEEL_PIPE_TO_", KEEL_PIPE_TO_LINUX, -EINVAL, VALUES(0, 4, 1ul << 32, -1ul) },
	{ "0 or KEEL_REALTIME", 0, -EINVAL, VALUES(1ul << 31, 1ul << 34, -1ul) },
};

/* In hand. */
static unsigned int flow;
static unsigned long slot;
static pid_t own_tid;

/* The longest name that @arg begins with, or NULL. */
static const struct kind *kind_of(const char *arg)
{
	const struct kind *found = NULL;

	for (int i = 0; i < COUNT(kinds); i++)
		if (!strncmp(arg, kinds[i].name, strlen(kinds[i].name)) &&
		    (!found || strlen(kinds[i].name) > strlen(found->name)))
			found = &kinds[i];
	return found;
}

static struct keel_mutex mutex;
static struct keel_cond cond;
static struct keel_sem sem;
static struct keel_event event;
static struct keel_rwlock rwlock;
static struct keel_barrier barrier;
static struct keel_set set;
static struct keel_queue queue;
static struct keel_buffer buffer;
static struct keel_channel chan;
static struct keel_heap heap;
static struct keel_pipe rtp;
static struct keel_proxy proxy;
static struct keel_eventfd event_fd;

/* One object of each type; the calls' names begin with theirs. */
static const struct {
	const char *calls;
	const unsigned int *id;
} objects[] = {
	{ "KEEL_CALL_MUTEX_", &mutex.id }, { "KEEL_CALL_COND_", &cond.id },
	{ "KEEL_CALL_SEM_", &sem.id }, { "KEEL_CALL_EVENT_", &event.id },
	{ "KEEL_CALL_RWLOCK_", &rwlock.id }, { "KEEL_CALL_BARRIER_", &barrier.id },
	{ "KEEL_CALL_SET_", &set.id }, { "KEEL_CALL_QUEUE_", &queue.id },
	{ "KEEL_CALL_BUFFER_", &buffer.id }, { "KEEL_CALL_CHANNEL_", &chan.id },
	{ "KEEL_CALL_HEAP_", &heap.id }, { "KEEL_CALL_PIPE_", &rtp.id },
	{ "KEEL_CALL_PROXY_", &proxy.id }, { "KEEL_CALL_EVENTFD_", &event_fd.id },
};

static unsigned int id_for(const struct every_call *c)
{
	for (int i = 0; i < COUNT(objects); i++)
		if (!strncmp(c->name, objects[i].calls, strlen(objects[i].calls)))
			return *objects[i].id;
	return 0;
}

static void call_is(const struct every_call *c, const unsigned long *a, long want)
{
	long ret = result(syscall(c->nr, a[0], a[1], a[2], a[3]));

	if (want == -EFAULT)
		must(keel_harden());
	if (ret != want)
		fail("%s(%#lx, %#lx, %#lx, %#lx): %ld, not %ld", c->name, a[0], a[1], a[2], a[3], ret,
		     want);
}

/* Where the arguments of @c begin; returns how many. */
static int args_of(const struct every_call *c, const char **args)
{
	const char *at = c->args;
	int n = 0;

	while (at && *at && n < ARGS) {
		args[n++] = at;
		at = strstr(at, ", ");
		at = at ? at + 2 : NULL;
	}
	return n;
}

static int call_try(const struct every_call *c)
{
	unsigned long right[ARGS] = { 0 }, a[ARGS];
	const char *args[ARGS];
	const struct kind *k;
	int n = args_of(c, args), tried = 0;

	for (int i = 0; i < n; i++) {
		k = kind_of(args[i]);
		right[i] = !k ? 0 : !strcmp(k->name, "id") ? id_for(c) :
			   !strcmp(k->name, "mutex id") ? mutex.id :
			   !strcmp(k->name, "tid") ? (unsigned long)own_tid :
			   !strcmp(k->name, "flow") ? flow :
			   !strcmp(k->name, "slot") ? slot : k->right;
	}
	for (int i = 0; i < n; i++) {
		k = kind_of(args[i]);
		for (int j = 0; k && j < k->bads; j++, tried++) {
			memcpy(a, right, sizeof(a));
			a[i] = k->bad[j];
			call_is(c, a, k->want);
		}
		/* Ids of every other type, and of what is here next. */
		for (int j = 0; k && !strcmp(k->name, "id") && j < COUNT(objects); j++, tried++) {
			memcpy(a, right, sizeof(a));
			a[i] = *objects[j].id == right[i] ? right[i] + (1 << 14) : *objects[j].id;
			call_is(c, a, -EINVAL);
		}
	}
	if (n && !tried)
		fail("%s(%s): no argument of which it is known what is wrong", c->name, c->args);
	return tried;
}

static int ends[2], counter;

static void create_all(void)
{
	own_tid = gettid();
	must(keel_mutex_create(&mutex));
	must(keel_cond_create(&cond));
	must(keel_sem_create(&sem, 0, 1));
	must(keel_event_create(&event, 0));
	must(keel_rwlock_create(&rwlock));
	must(keel_barrier_create(&barrier, 2));
	must(keel_set_create(&set, &sem.id, 1));
	must(keel_queue_create(&queue, 3, 64));
	must(keel_buffer_create(&buffer, 64));
	must(keel_channel_create(&chan, 3, 64));
	must(keel_heap_create(&heap, 4096));
	must(keel_pipe_create(&rtp, 7, 2, 64));
	check(!pipe(ends));
	counter = eventfd(0, 0);
	must(keel_proxy_create(&proxy, ends[1], 2, 64));
	must(keel_eventfd_create(&event_fd, counter));
}

/* Nothing is held, and nobody waits: what was refused has left no trace. */
static void delete_all(void)
{
	must(keel_mutex_delete(&mutex));
	must(keel_cond_delete(&cond));
	must(keel_sem_delete(&sem));
	must(keel_event_delete(&event));
	must(keel_rwlock_delete(&rwlock));
	must(keel_barrier_delete(&barrier));
	must(keel_set_delete(&set));
	must(keel_queue_delete(&queue));
	must(keel_buffer_delete(&buffer));
	must(keel_channel_delete(&chan));
	must(keel_heap_delete(&heap));
	must(keel_pipe_delete(&rtp));
	must(keel_proxy_delete(&proxy));
	must(keel_eventfd_delete(&event_fd));
	close(ends[0]);
	close(ends[1]);
	close(counter);
}

/* Two ask: one has been heard, the other waits to be. */
static void *asks(void *arg)
{
	char answer[64];

	check(keel_channel_send(&chan, text, 8, answer, sizeof(answer)) == 8);
	return arg;
}

/* Something to receive everywhere, and to pass on and to reply to. */
static void fill_all(pthread_t *askers)
{
	void *block;
	int fd;

	for (int i = 0; i < 2; i++)
		askers[i] = hard_create("asks", 30, 0, asks, NULL);
	check(keel_channel_receive(&chan, text, sizeof(text), &flow) == 8);
	must(keel_queue_send(&queue, text, 8, 0));
	must(keel_queue_alloc(&queue, &block, CLOCK_MONOTONIC, KEEL_FOREVER));
	slot = 1;
	check(keel_buffer_write(&buffer, text, 8) == 8);
	fd = open(KEEL_PIPE_DEVICE "7", O_WRONLY);
	check(write(fd, text, 8) == 8);
	close(fd);
	item = (struct keel_poll){ .id = chan.id, .events = KEEL_POLL_IN };
	must(keel_harden());
	check(syscall(KEEL_CALL_POLL, &item, 1, KEEL_FOREVER) == 1);
}

/* All that was there is there yet. */
static void empty_all(const pthread_t *askers)
{
	check(result(syscall(KEEL_CALL_CHANNEL_REPLY, chan.id, 1ul << 32 | flow, text, 8)) == -EINVAL);
	check(result(syscall(KEEL_CALL_CHANNEL_REPLY, chan.id, flow, text, 1ul << 32 | 8)) == -EMSGSIZE);
	for (int i = 0; i < 2; i++) {
		must(keel_channel_reply(&chan, flow, text, 8));
		check(i || keel_channel_receive(&chan, text, sizeof(text), &flow) == 8);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(askers[i], NULL);
	check(keel_queue_receive(&queue, text, sizeof(text), NULL) == 8);
	check(keel_buffer_read(&buffer, text, 8) == 8);
	check(keel_pipe_read(&rtp, text, sizeof(text)) == 8);
}

void every_test(void)
{
	static const unsigned long zeros[ARGS];
	pthread_t askers[2];
	int tried = 0;

	for (int i = 0; i < COUNT(calls); i++)
		call_is(&calls[i], zeros, -ENOSYS);
	create_all();
	must(keel_thread_attach("every", 20, -1));
	fill_all(askers);
	for (int i = 0; i < COUNT(calls); i++)
		tried += call_try(&calls[i]);
	check(keel_is_hard());
	empty_all(askers);
	must(keel_thread_detach());
	delete_all();
	printf("every call: %d\n", tried);
}
