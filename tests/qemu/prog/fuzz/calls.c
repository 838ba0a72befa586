// SPDX-License-Identifier: GPL-2.0
/*
 * Keel calls with random numbers and arguments.
 */
#include <sys/syscall.h>
#include "fuzz.h"

#define BURST	20		/* calls without a wait of its own: Linux must get its CPU */

static unsigned long argument(struct dice *d)
{
	switch (dice_below(d, 4)) {
	case 0:
		return dice_value(d);
	case 1:
		return keel_clock_ns() + dice_below(d, MS);
	default:
		return dice_below(d, 16);	/* bits, or a priority */
	}
}

/* Mostly Keel's; the next ones too, and what Linux has. */
static long number(struct dice *d)
{
	static const int linux_has[] = { SYS_getpid, SYS_sched_yield, SYS_gettid, 4000 };

	switch (dice_below(d, 16)) {
	case 0:
		return linux_has[dice_below(d, 4)];
	case 1:
		return (long)(dice_next(d) << 32 | (KEEL_CALL_BASE + dice_below(d, KEEL_CALL_COUNT)));
	default:
		return KEEL_CALL_BASE - 1 + (long)dice_below(d, KEEL_CALL_COUNT + 2);
	}
}

static long call5(long nr, unsigned long a, unsigned long b, unsigned long c, unsigned long d,
		  unsigned long e)
{
	register unsigned long r10 __asm__("r10") = d;
	register unsigned long r9 __asm__("r9") = e;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static long call(long nr, unsigned long a, unsigned long b, unsigned long c)
{
	return call5(nr, a, b, c, 0, 0);
}

static __thread unsigned int flow;	/* received last */

enum { NEVER, B, C, D };	/* which argument ends the wait */

/* What each call's first argument is the id of, when it ends, and what the second is the id of. */
static const struct {
	unsigned char type, until, second;
} takes[KEEL_CALL_COUNT] = {
#define TAKES(name, ...) [KEEL_CALL_##name - KEEL_CALL_BASE] = { __VA_ARGS__ }
	TAKES(MUTEX_LOCK, KEEL_MUTEX, B), TAKES(MUTEX_TRYLOCK, KEEL_MUTEX),
	TAKES(MUTEX_UNLOCK, KEEL_MUTEX), TAKES(MUTEX_CONSISTENT, KEEL_MUTEX),
	TAKES(MUTEX_CEILING, KEEL_MUTEX), TAKES(COND_WAIT, KEEL_COND, C, KEEL_MUTEX),
	TAKES(COND_LEAVE, KEEL_COND, C, KEEL_MUTEX), TAKES(POLL_ONE, KEEL_QUEUE, C),
	TAKES(COND_SIGNAL, KEEL_COND), TAKES(COND_BROADCAST, KEEL_COND),
	TAKES(SEM_WAIT, KEEL_SEM, B), TAKES(SEM_TRYWAIT, KEEL_SEM), TAKES(SEM_POST, KEEL_SEM),
	TAKES(SEM_BROADCAST, KEEL_SEM), TAKES(SEM_FLUSH, KEEL_SEM), TAKES(SEM_COUNT, KEEL_SEM),
	TAKES(EVENT_WAIT, KEEL_EVENT, C), TAKES(EVENT_TRYWAIT, KEEL_EVENT),
	TAKES(EVENT_POST, KEEL_EVENT), TAKES(EVENT_BROADCAST, KEEL_EVENT),
	TAKES(EVENT_CLEAR, KEEL_EVENT), TAKES(RWLOCK_READ, KEEL_RWLOCK, B),
	TAKES(RWLOCK_WRITE, KEEL_RWLOCK, B), TAKES(RWLOCK_TRYREAD, KEEL_RWLOCK),
	TAKES(RWLOCK_TRYWRITE, KEEL_RWLOCK), TAKES(RWLOCK_UNLOCK, KEEL_RWLOCK),
	TAKES(BARRIER_WAIT, KEEL_BARRIER, B), TAKES(SET_WAIT, KEEL_SET, B),
	TAKES(QUEUE_SEND, KEEL_QUEUE, D), TAKES(QUEUE_RECEIVE, KEEL_QUEUE, D),
	TAKES(QUEUE_ALLOC, KEEL_QUEUE, B), TAKES(QUEUE_PASS, KEEL_QUEUE),
	TAKES(QUEUE_TAKE, KEEL_QUEUE, B), TAKES(QUEUE_FREE, KEEL_QUEUE),
	TAKES(QUEUE_NOTIFY, KEEL_QUEUE, NEVER, KEEL_SEM), TAKES(QUEUE_COUNT, KEEL_QUEUE),
	TAKES(BUFFER_WRITE, KEEL_BUFFER, D), TAKES(BUFFER_READ, KEEL_BUFFER, D),
	TAKES(BUFFER_COUNT, KEEL_BUFFER), TAKES(CHANNEL_SEND, KEEL_CHANNEL, D),
	TAKES(CHANNEL_RECEIVE, KEEL_CHANNEL, D), TAKES(CHANNEL_REPLY, KEEL_CHANNEL),
	TAKES(HEAP_ALLOC, KEEL_HEAP, C), TAKES(HEAP_FREE, KEEL_HEAP),
	TAKES(PIPE_WRITE, KEEL_PIPE, D), TAKES(PIPE_READ, KEEL_PIPE, D), TAKES(PIPE_FLUSH, KEEL_PIPE),
	TAKES(PROXY_WRITE, KEEL_PROXY, D), TAKES(PROXY_LOST, KEEL_PROXY),
	TAKES(EVENTFD_SIGNAL, KEEL_EVENTFD), TAKES(MUTEX_CLOSE, KEEL_MUTEX),
	TAKES(MUTEX_OWNER, KEEL_MUTEX), TAKES(HEAP_USED, KEEL_HEAP), TAKES(WAITERS, KEEL_SEM),
	TAKES(TIMER_SET, KEEL_TIMER, B),
	TAKES(TIMER_GET, KEEL_TIMER), TAKES(TIMER_OVERRUN, KEEL_TIMER), TAKES(TIMER_WAIT, KEEL_TIMER, B),
#undef TAKES
};

/* Where a message may come from or go to: mostly all of it is there. */
static volatile char *place_random(struct dice *d)
{
	return request_page() + dice_below(d, dice_below(d, 4) ? 4096 : 3 * 4096);
}

/* Mostly what the calling thread received last, else another's. */
static unsigned int flow_random(struct dice *d)
{
	return dice_below(d, 4) ? flow : dice_value(d);
}

/* What KEEL_CALL_POLL takes. */
static void poll_random(struct dice *d, unsigned long *items, unsigned long *count)
{
	static const unsigned int types[] = { KEEL_SEM, KEEL_QUEUE, KEEL_EVENT, KEEL_PIPE, KEEL_MUTEX };
	volatile struct keel_poll *item = (void *)(request_page() + 8 * dice_below(d, 256));

	*items = (unsigned long)item;
	*count = 1 + dice_below(d, 4);
	for (unsigned int i = 0; i < *count; i++) {
		item[i].id = dice_id(d, types[dice_below(d, 5)]);
		item[i].events = dice_below(d, 4);
	}
}

/* Mostly what may be carried out. Waits end soon: the next thing to draw is worth more than the rest
 * of this one. */
static void bound(struct dice *d, long nr, unsigned long *a, unsigned long *b, unsigned long *c,
		  unsigned long *d4)
{
	unsigned long i = (unsigned long)nr - KEEL_CALL_BASE, soon = keel_clock_ns() + dice_below(d, MS);

	if (!dice_below(d, 16) || i >= KEEL_CALL_COUNT)
		return;
	if (takes[i].type)
		*a = dice_id(d, takes[i].type);
	if (takes[i].until && !dice_below(d, 4))
		*a |= KEEL_REALTIME;
	if (takes[i].second)
		*b = dice_id(d, takes[i].second);
	else if (takes[i].type == KEEL_EVENT)
		*b = dice_below(d, 8) | (unsigned long)dice_below(d, 9) << 32;
	if (takes[i].until == B)
		*b = soon;
	else if (takes[i].until == C)
		*c = soon;
	else if (takes[i].until == D)
		*d4 = dice_below(d, 4) ? soon : 0;
	if (takes[i].until == D && dice_below(d, 8)) {
		*b = (unsigned long)place_random(d);
		*c = dice_below(d, 9) | (unsigned long)dice_below(d, 9) << 32;
	}
	if (nr == KEEL_CALL_PIPE_WRITE && dice_below(d, 2))
		*c = (dice_below(d, 2) ? KEEL_PIPE_JOIN : KEEL_PIPE_URGENT) | dice_below(d, 9);
	if (nr == KEEL_CALL_CHANNEL_REPLY && dice_below(d, 4)) {
		*b = flow_random(d);
		*c = (unsigned long)place_random(d);
		*d4 = dice_below(d, 9);
	}
	if (nr == KEEL_CALL_POLL) {
		poll_random(d, a, b);
		*c = soon;
	}
	if (nr == KEEL_CALL_THREAD_UNBLOCK || nr == KEEL_CALL_THREAD_SUSPEND ||
	    nr == KEEL_CALL_THREAD_RESUME || nr == KEEL_CALL_THREAD_PRIORITY ||
	    nr == KEEL_CALL_THREAD_STATE)
		*a = tid_random(d);
	if (nr == KEEL_CALL_TIMER_SET && dice_below(d, 4))
		*c = dice_below(d, 2) * (KEEL_PERIOD_MIN_NS + dice_below(d, MS));
	if (nr == KEEL_CALL_SIGNAL_WAIT) {
		*a = 1ul << (SIGURG - 1) | (dice_below(d, 4) ? 0 : 1ul << (SIGRTMIN - 1));
		*b = dice_below(d, 4) ? soon : 0;
	}
	if (nr == KEEL_CALL_SIGNAL_SEND) {
		*a = dice_below(d, 2) ? tid_random(d) : 0;
		*b = dice_below(d, 2) ? SIGURG : SIGRTMIN;
	}
	if (nr == KEEL_CALL_SLEEP_UNTIL || nr == KEEL_CALL_PERIOD_SET)
		*a = soon;
	if (nr == KEEL_CALL_CLOCK_SLEEP) {
		*a = (dice_below(d, 4) ? KEEL_REALTIME : dice_below(d, 2)) |
		     (dice_below(d, 2) ? 0 : KEEL_SLEEP_SIGNAL);
		*b = soon;
	}
	if (nr == KEEL_CALL_PERIOD_SET)
		*b = dice_below(d, 2 * MS);
	if (nr == KEEL_CALL_THREAD_PRIORITY)
		*b = dice_below(d, 32);
	if (nr == KEEL_CALL_THREAD_STATE)
		*b = (unsigned long)place_random(d);
	if (nr == KEEL_CALL_THREAD_WARN)
		*a = dice_below(d, KEEL_WARN_ALL + 2);
}

/* A word of the heap: what another thread's looks like, or anything. */
static void word_random(struct dice *d, struct keel_word *heap)
{
	struct keel_word *w = &heap[dice_below(d, 32)];

	switch (dice_below(d, 4)) {
	case 0:
		w->word = dice_value(d);
		break;
	case 1:
		w->word |= KEEL_WORD_KERNEL;
		break;
	default:
		w->word = dice_below(d, 6);
	}
	if (!dice_below(d, 8))
		w->id = dice_below(d, 2) ? dice_id(d, KEEL_MUTEX) : dice_value(d);
}

/* Mutexes by the library, whatever the words say. */
static void mutex_random(struct dice *d)
{
	struct keel_mutex m = { dice_below(d, 2) << 16 | KEEL_MUTEX << 10 | dice_below(d, 32) };

	switch (dice_below(d, 4)) {
	case 0:
		keel_mutex_unlock(&m);
		break;
	case 1:
		keel_mutex_trylock(&m);
		break;
	default:
		keel_mutex_timedlock(&m, keel_clock_ns() + dice_below(d, MS));
	}
}

/* Ways out of hard mode that are no calls of Keel's. */
static void leave_random(struct dice *d)
{
	unsigned int ax = SYS_getpid;

	switch (dice_below(d, 4)) {
	case 0:
		request_page()[dice_below(d, 4096)]++;
		break;
	case 1:
		__asm__ volatile("int $0x80" : "+a"(ax) : : "memory");
		break;
	case 2:
		call(SYS_sched_yield, 0, 0, 0);
		break;
	default:
		keel_relax();
	}
}

void *hard_random(void *arg)
{
	struct dice d = { (unsigned long)arg | 1 };
	struct keel_word *heap = mmap(NULL, KEEL_HEAP_SIZE, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_POPULATE, device_fd(), KEEL_HEAP_OFFSET);

	if (heap == MAP_FAILED)
		fail("the heap: %m");
	tid_note();
	for (;;) {
		for (int i = dice_below(&d, BURST); i > 0; i--) {
			long nr = number(&d);
			unsigned long a = argument(&d), b = argument(&d), c = argument(&d), d4 = argument(&d);
			long ret;

			bound(&d, nr, &a, &b, &c, &d4);
			ret = call5(nr, a, b, c, d4, (unsigned long)place_random(&d));
			if (nr == KEEL_CALL_CHANNEL_RECEIVE && ret > 0)
				flow = ret;
			if (nr == KEEL_CALL_THREAD_SUSPEND)	/* or soon nobody would run */
				call5(KEEL_CALL_THREAD_RESUME, a, 0, 0, 0, 0);
			mutex_random(&d);
			word_random(&d, heap);
		}
		if (!dice_below(&d, 8))
			leave_random(&d);
		keel_sleep_until(keel_clock_ns() + 200 * US + dice_below(&d, MS));
	}
	return NULL;
}

void inband_random(struct dice *d)
{
	long nr = KEEL_CALL_BASE - 1 + (long)dice_below(d, KEEL_CALL_COUNT + 2);

	if (!keel_is_hard())
		call(nr, argument(d), argument(d), argument(d));
}
