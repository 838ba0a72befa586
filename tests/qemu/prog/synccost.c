// SPDX-License-Identifier: GPL-2.0
/*
 * synccost: what threads of one priority on one CPU pay for a mutex that nobody contends, for one
 * that goes from one to the other each time, and for a semaphore, message or byte there and another one
 * back; for Keel's and Linux's own, with inheritance. Beside Linux's message queues and pipes Keel's
 * queues and buffers; beside a message and a reply by pipes what a channel does, and what a hard thread
 * and one of Linux's at the same priority pay, that reads and writes the pipe's device: the message there by the pipe,
 * a proxy or an eventfd, and back by the pipe. In ns of one, which are guest instructions where the guest
 * counts them; then no system call fits into what Keel's uncontended ones may take.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <time.h>
#include <keel/heap.h>
#include <keel/message.h>
#include <keel/pipe.h>
#include <keel/proxy.h>
#include <sys/eventfd.h>
#include "hard.h"

#define PRIO	50
#define ALONE	100000
#define TURNS	10000

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static void report(const char *name, int64_t took, long count)
{
	printf("%s %ld\n", name, (long)(took / count));
}

/* ---- alone ------------------------------------------------------------------------------------ */

static struct keel_mutex kmutex;
static pthread_mutex_t lmutex;

/* Less what the loop itself takes. */
#define LOOP(name, what)							\
	do {									\
		int64_t empty = now(), took;					\
		for (long i = 0; i < ALONE; i++)				\
			__asm__ volatile("");					\
		empty = now() - empty;						\
		took = now();							\
		for (long i = 0; i < ALONE; i++)				\
			what;							\
		report(name, now() - took - empty, ALONE);			\
	} while (0)

static void *alone(void *arg)
{
	must(keel_mutex_lock(&kmutex));
	must(keel_mutex_unlock(&kmutex));
	LOOP("keel_alone", ({ keel_mutex_lock(&kmutex); keel_mutex_unlock(&kmutex); }));
	LOOP("linux_alone", ({ pthread_mutex_lock(&lmutex); pthread_mutex_unlock(&lmutex); }));
	return arg;
}

/* ---- in turns ---------------------------------------------------------------------------------- */

static struct keel_sem kthere, kback;
static sem_t lthere, lback;
static int64_t begin, end;
static int started;

static void keel_mutex_turn(void)
{
	keel_mutex_unlock(&kmutex);
	keel_mutex_lock(&kmutex);
}

static void linux_mutex_turn(void)
{
	pthread_mutex_unlock(&lmutex);
	pthread_mutex_lock(&lmutex);
}

static void keel_sem_ping(void)
{
	keel_sem_post(&kthere);
	keel_sem_wait(&kback);
}

static void keel_sem_pong(void)
{
	keel_sem_wait(&kthere);
	keel_sem_post(&kback);
}

static void linux_sem_ping(void)
{
	sem_post(&lthere);
	sem_wait(&lback);
}

static void linux_sem_pong(void)
{
	sem_wait(&lthere);
	sem_post(&lback);
}

#define MESSAGE 64

static struct keel_queue kthere_queue, kback_queue;
static struct keel_buffer kthere_buffer, kback_buffer;
static struct keel_channel kchannel;
static mqd_t lthere_queue, lback_queue;
static int lthere_pipe[2], lback_pipe[2];
static __thread char message[MESSAGE];

static void keel_queue_ping(void)
{
	keel_queue_send(&kthere_queue, message, MESSAGE, 0);
	keel_queue_receive(&kback_queue, message, MESSAGE, NULL);
}

static void keel_queue_pong(void)
{
	keel_queue_receive(&kthere_queue, message, MESSAGE, NULL);
	keel_queue_send(&kback_queue, message, MESSAGE, 0);
}

static void keel_place_send(struct keel_queue *q)
{
	void *m;

	must(keel_queue_alloc(q, &m, CLOCK_MONOTONIC, KEEL_FOREVER));
	keel_queue_pass(q, m, MESSAGE, 0);
}

static void keel_place_receive(struct keel_queue *q)
{
	void *m;

	must(keel_queue_take(q, &m, NULL, CLOCK_MONOTONIC, KEEL_FOREVER));
	keel_queue_free(q, m);
}

static void keel_place_ping(void)
{
	keel_place_send(&kthere_queue);
	keel_place_receive(&kback_queue);
}

static void keel_place_pong(void)
{
	keel_place_receive(&kthere_queue);
	keel_place_send(&kback_queue);
}

static void keel_buffer_ping(void)
{
	keel_buffer_write(&kthere_buffer, message, MESSAGE);
	keel_buffer_read(&kback_buffer, message, MESSAGE);
}

static void keel_buffer_pong(void)
{
	keel_buffer_read(&kthere_buffer, message, MESSAGE);
	keel_buffer_write(&kback_buffer, message, MESSAGE);
}

static void keel_channel_ping(void)
{
	must(keel_channel_send(&kchannel, message, MESSAGE, message, MESSAGE));
}

static void keel_channel_pong(void)
{
	unsigned int flow;

	must(keel_channel_receive(&kchannel, message, MESSAGE, &flow));
	keel_channel_reply(&kchannel, flow, message, MESSAGE);
}

static void linux_queue_ping(void)
{
	mq_send(lthere_queue, message, MESSAGE, 0);
	mq_receive(lback_queue, message, MESSAGE, NULL);
}

static void linux_queue_pong(void)
{
	mq_receive(lthere_queue, message, MESSAGE, NULL);
	mq_send(lback_queue, message, MESSAGE, 0);
}

static void linux_pipe_ping(void)
{
	check(write(lthere_pipe[1], message, MESSAGE) == MESSAGE);
	check(read(lback_pipe[0], message, MESSAGE) == MESSAGE);
}

static void linux_pipe_pong(void)
{
	check(read(lthere_pipe[0], message, MESSAGE) == MESSAGE);
	check(write(lback_pipe[1], message, MESSAGE) == MESSAGE);
}

static struct keel_pipe kpipe;
static struct keel_proxy kproxy;
static struct keel_eventfd keventfd;
static int rtp_fd, event_fd;

static void rtp_answer(void)
{
	check(must(keel_pipe_read(&kpipe, message, MESSAGE)) == MESSAGE);
}

static void rtp_ping(void)
{
	must(keel_pipe_write(&kpipe, message, MESSAGE));
	rtp_answer();
}

static void rtp_pong(void)
{
	check(read(rtp_fd, message, MESSAGE) == MESSAGE);
	check(write(rtp_fd, message, MESSAGE) == MESSAGE);
}

static void proxy_ping(void)
{
	must(keel_proxy_write(&kproxy, message, MESSAGE));
	rtp_answer();
}

static void proxy_pong(void)
{
	check(read(lthere_pipe[0], message, MESSAGE) == MESSAGE);
	check(write(rtp_fd, message, MESSAGE) == MESSAGE);
}

static void eventfd_ping(void)
{
	must(keel_eventfd_signal(&keventfd));
	rtp_answer();
}

static void eventfd_pong(void)
{
	uint64_t count;

	check(read(event_fd, &count, sizeof(count)) == sizeof(count));
	check(write(rtp_fd, message, MESSAGE) == MESSAGE);
}

static void ways_create(void)
{
	char path[32];

	must(keel_pipe_create(&kpipe, -1, 4, MESSAGE));
	snprintf(path, sizeof(path), KEEL_PIPE_DEVICE "%d", kpipe.number);
	rtp_fd = open(path, O_RDWR);
	event_fd = eventfd(0, 0);
	check(rtp_fd >= 0 && event_fd >= 0);
	must(keel_proxy_create(&kproxy, lthere_pipe[1], 4, MESSAGE));
	must(keel_eventfd_create(&keventfd, event_fd));
}

static mqd_t linux_queue(const char *name)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = MESSAGE };
	mqd_t q = mq_open(name, O_RDWR | O_CREAT, 0600, &attr);

	if (q == (mqd_t)-1)
		fail("mq_open: %m");
	mq_unlink(name);
	return q;
}

static void messages_create(void)
{
	must(keel_queue_create(&kthere_queue, 4, MESSAGE));
	must(keel_queue_create(&kback_queue, 4, MESSAGE));
	must(keel_buffer_create(&kthere_buffer, 256));
	must(keel_buffer_create(&kback_buffer, 256));
	must(keel_channel_create(&kchannel, 4, MESSAGE));
	lthere_queue = linux_queue("/there");
	lback_queue = linux_queue("/back");
	check(!pipe(lthere_pipe) && !pipe(lback_pipe));
	ways_create();
}

/* ---- memory ------------------------------------------------------------------------------------- */

static struct keel_heap kheap;

static void *allocs(void *arg)
{
	void *block;

	must(keel_heap_alloc(&kheap, 100, &block));
	must(keel_heap_free(&kheap, block));
	LOOP("keel_heap_pair", ({ keel_heap_alloc(&kheap, 100, &block); keel_heap_free(&kheap, block); }));
	return arg;
}

static void nothing(void)
{
}

static void keel_lock(void) { must(keel_mutex_lock(&kmutex)); }
static void keel_unlock(void) { must(keel_mutex_unlock(&kmutex)); }
static void linux_lock(void) { pthread_mutex_lock(&lmutex); }
static void linux_unlock(void) { pthread_mutex_unlock(&lmutex); }

#define ONE	1
#define BOTH	3

static const struct pair {
	const char *name;
	int hard, per_turn;	/* hard: who is; per_turn: hand-overs, or round trips, in one turn of both */
	void (*enter)(void), (*one)(void), (*other)(void), (*leave)(void);
} pairs[] = {
	{ "keel_handover", BOTH, 2, keel_lock, keel_mutex_turn, keel_mutex_turn, keel_unlock },
	{ "linux_handover", 0, 2, linux_lock, linux_mutex_turn, linux_mutex_turn, linux_unlock },
	{ "keel_sem_round", BOTH, 1, nothing, keel_sem_ping, keel_sem_pong, nothing },
	{ "linux_sem_round", 0, 1, nothing, linux_sem_ping, linux_sem_pong, nothing },
	{ "keel_queue_round", BOTH, 1, nothing, keel_queue_ping, keel_queue_pong, nothing },
	{ "keel_in_place_round", BOTH, 1, nothing, keel_place_ping, keel_place_pong, nothing },
	{ "linux_queue_round", 0, 1, nothing, linux_queue_ping, linux_queue_pong, nothing },
	{ "keel_buffer_round", BOTH, 1, nothing, keel_buffer_ping, keel_buffer_pong, nothing },
	{ "keel_channel_round", BOTH, 1, nothing, keel_channel_ping, keel_channel_pong, nothing },
	{ "linux_pipe_round", 0, 1, nothing, linux_pipe_ping, linux_pipe_pong, nothing },
	{ "keel_rtp_round", ONE, 1, nothing, rtp_ping, rtp_pong, nothing },
	{ "keel_proxy_round", ONE, 1, nothing, proxy_ping, proxy_pong, nothing },
	{ "keel_eventfd_round", ONE, 1, nothing, eventfd_ping, eventfd_pong, nothing },
};

static const struct pair *pair;

/* The first to come has what is to be had when the second comes: both have started before. */
static void *run(void *arg)
{
	void (*turn)(void) = arg ? pair->other : pair->one;

	pair->enter();
	if (__atomic_fetch_add(&started, 1, __ATOMIC_SEQ_CST) == 0) {
		if (keel_is_hard())
			must(keel_sleep(20 * MS));
		else
			usleep(20000);
	}
	if (!arg)
		begin = now();
	for (int i = 0; i < TURNS; i++)
		turn();
	if (!arg)
		end = now();
	pair->leave();
	return NULL;
}

static pthread_t start(int hard, void *(*fn)(void *), void *arg)
{
	struct sched_param param = { .sched_priority = PRIO };
	pthread_attr_t attr;
	pthread_t thread;

	if (hard)
		return hard_create("turns", PRIO, 0, fn, arg);
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	if (pthread_create(&thread, &attr, fn, arg))
		fail("pthread_create");
	return thread;
}

static void in_turns(const struct pair *p)
{
	pthread_t one, other;

	pair = p;
	started = 0;
	one = start(p->hard & ONE, run, NULL);
	other = start(p->hard & ~ONE, run, (void *)1);
	pthread_join(one, NULL);
	pthread_join(other, NULL);
	report(p->name, end - begin, (long)TURNS * p->per_turn);
}

int main(void)
{
	pthread_mutexattr_t attr;

	setlinebuf(stdout);
	must(keel_open());
	must(keel_mutex_create(&kmutex));
	must(keel_sem_create(&kthere, 0, 1));
	must(keel_sem_create(&kback, 0, 1));
	sem_init(&lthere, 0, 0);
	sem_init(&lback, 0, 0);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&lmutex, &attr);
	messages_create();
	must(keel_heap_create(&kheap, 1 << 20));
	pthread_join(hard_create("alone", PRIO, 0, alone, NULL), NULL);
	pthread_join(hard_create("allocs", PRIO, 0, allocs, NULL), NULL);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		in_turns(&pairs[i]);
	return 0;
}
