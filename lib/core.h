/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the library's files share: the process's one device and each thread's own state.
 *
 * The device is counted: keel_open() and each attached thread hold it. A thread's state lives in
 * thread-local storage that is placed when the program is loaded, so that reading it never
 * allocates.
 */
#ifndef LIBKEEL_CORE_H
#define LIBKEEL_CORE_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <time.h>
#include <keel/abi.h>

/* The bare system call of x86-64. libc's wrapper would not do: errno and cancellation have no place in a hard
 * thread, and Keel calls have numbers that libc knows nothing of. Returns what the kernel does: a negative
 * errno, or the value. Context: any. */
static inline long libkeel_syscall(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a" (ret)
			 : "a" (nr), "D" (a), "S" (b), "d" (c)
			 : "rcx", "r11", "memory");
	return ret;
}

/* The same with five arguments. */
static inline long libkeel_syscall5(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r9 __asm__("r9") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a" (ret)
			 : "a" (nr), "D" (a), "S" (b), "d" (c), "r" (r10), "r" (r9)
			 : "rcx", "r11", "memory");
	return ret;
}

struct libkeel_device {
	int lock;			/* (a) protects users, and opening and closing */
	int users;
	int fd;				/* -1: closed */
	int spare;			/* opened before it is needed, or -1; its owner may have closed it */
	char *windows;			/* read only, written by Keel */
	uint32_t windows_size;
	const volatile struct keel_clock *clock;	/* stays while any thread is attached */
	struct keel_word *heap;		/* likewise */
	int memory_locked;		/* (a) by a thread of this process */
};

struct libkeel_self {
	const volatile struct keel_window *window;	/* NULL: not attached */
	const volatile uint32_t *hard;	/* the window's; of one who is not attached: a 0 */
	const volatile struct keel_clock *clock;	/* the device's, while attached */
	struct keel_word *heap;		/* the device's, while attached */
	uint32_t number;		/* in words of mutexes */
	int64_t last;			/* last time given out */
	unsigned int refusal;
	int prepared;			/* the next three are to be restored */
	int policy;			/* of Linux before attaching, with the next two */
	struct sched_param param;
	cpu_set_t cpus;
};

extern struct libkeel_device libkeel_device;
/* Of a thread that is not attached. */
extern const struct libkeel_self libkeel_nobody;

extern __thread struct libkeel_self libkeel_self __attribute__((tls_model("initial-exec")));

/* Take or drop one use of the device. Context: in-band; takes the device's lock. */
int libkeel_device_get(void);

/* The caller, who may not be allowed to open the device later, opens it now for then. A child of fork() does not have
 * it. Context: in-band; no cancellation point. */
void libkeel_device_spare(void);
void libkeel_device_put(void);

/* ioctl() on the device, 0 or a negative errno; -EBADF when it is closed. Context: in-band. */
int libkeel_ioctl(unsigned long request, void *arg);

/* Make the attached caller hard; see KEEL_PARK_HARDEN for errors, but never -EINTR.
 * Context: in-band, returns hard. */
int libkeel_harden(void);

/* As pthread_key_create(), 0 or a negative errno, and never a program's first key. Context: in-band. */
int libkeel_key_create(pthread_key_t *to, void (*end)(void *value));

/* Attach the caller, with the lowest priority and nothing asked of Linux: a thread that stays Linux's
 * and touches Keel's objects. 0 if it is attached already. Context: in-band. */
int libkeel_attach_weak(void);

/* Make a Keel call. Linux answers -ENOSYS when a signal took the thread in-band just before: then
 * it was not carried out, and is made again. -ENOSYS from Keel itself is the caller's.
 * Context: any; hardens. */
long libkeel_call_again(long nr, long a, long b, long c, long d, long e);

/* Who is hard, as most are, needs no more than the call: no register is kept for another. */
static inline long libkeel_call5(long nr, long a, long b, long c, long d, long e)
{
	if (__builtin_expect(*libkeel_self.hard, 1)) {
		long ret = libkeel_syscall5(nr, a, b, c, d, e);

		if (__builtin_expect(ret != -ENOSYS, 1))
			return ret;
	}
	return libkeel_call_again(nr, a, b, c, d, e);
}

static inline long libkeel_call3(long nr, long a, long b, long c)
{
	if (__builtin_expect(*libkeel_self.hard, 1)) {
		long ret = libkeel_syscall(nr, a, b, c);

		if (__builtin_expect(ret != -ENOSYS, 1))
			return ret;
	}
	return libkeel_call_again(nr, a, b, c, 0, 0);
}

static inline long libkeel_call(long nr, long a, long b)
{
	return libkeel_call3(nr, a, b, 0);
}

/* Objects, as requests make and delete them; @data: of a create, in and out. Context: in-band. */
int libkeel_object_create(uint32_t type, uint32_t a, uint32_t b, uint64_t *data, unsigned int *id);
int libkeel_object_delete(uint32_t type, unsigned int id);

/* What user space has of a semaphore's count, or an event's bits: the word beside @id, which goes together
 * with it, nucleus/value.c. 0 when Keel has it, or there is none. Context: any; no system call. */
static inline uint64_t libkeel_value(uint64_t **at, unsigned int id)
{
	struct keel_word *heap = libkeel_self.heap;
	uint64_t now;

	if (__builtin_expect(!heap, 0))
		return 0;
	*at = (uint64_t *)&heap[id % KEEL_MAX_OBJECTS];
	now = __atomic_load_n(*at, __ATOMIC_ACQUIRE);
	return __builtin_expect(now >> 32 == id, 1) ? now : 0;
}

static inline int libkeel_value_swap(uint64_t *at, uint64_t *from, uint64_t to)
{
	return __atomic_compare_exchange_n(at, from, to, 0, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE);
}

/* User space has the value of @id. Context: any; no system call. */
static inline int libkeel_has_value(unsigned int id)
{
	const struct keel_word *heap = libkeel_self.heap;

	return __builtin_expect(heap && heap[id % KEEL_MAX_OBJECTS].id == id, 0);
}

/* The same by the value alone, for skins: without hardening, for whoever is attached. 1: done; 0: make the
 * call. Context: any; no system call. */
int libkeel_mutex_take(unsigned int id);
int libkeel_mutex_give(unsigned int id);
int libkeel_sem_take(unsigned int id);
int libkeel_sem_give(unsigned int id);
/* The wish is met: its bits are in @got. */
int libkeel_event_take(unsigned int id, uint32_t bits, int mode, uint32_t *got);
/* The bits are @set and @clear is cleared; what they were before is in @before. */
int libkeel_event_change(unsigned int id, uint32_t set, uint32_t clear, uint32_t *before);

/* As keel_heap_create(), and with a name, if that is not NULL; @flags: 0 or KEEL_FIFO. Context: in-band. */
struct keel_heap;
int libkeel_heap_create(struct keel_heap *heap, const char *name, unsigned int mode, size_t size,
			unsigned int flags);

/* What takes a deadline takes it on either clock. */
static inline long libkeel_id_on(clockid_t clock, unsigned int id)
{
	return clock == CLOCK_REALTIME ? KEEL_REALTIME | id : id;
}

static inline int libkeel_clock_is_known(clockid_t clock)
{
	return clock == CLOCK_MONOTONIC || clock == CLOCK_REALTIME;
}

#endif
