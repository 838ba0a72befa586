/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What programs with hard threads share. A failure is one line that begins with "fail:" and
 * the end of the process with status 1. Context of all: any thread; in-band unless it says so.
 */
#ifndef HARD_H
#define HARD_H

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include <keel/keel.h>

#define MS	1000000LL
#define US	1000LL

/* _exit: a thread that failed must not wait for others. */
static inline __attribute__((noreturn, format(printf, 1, 2))) void fail(const char *fmt, ...)
{
	char line[256];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line) - 8, fmt, args);
	va_end(args);
	dprintf(1, "fail: %.*s\n", n, line);
	_exit(1);
}

#define must(call)								\
	({									\
		long must_ret = (call);						\
		if (must_ret < 0)						\
			fail("line %d: " #call ": %s", __LINE__, strerror(-must_ret)); \
		must_ret;							\
	})

#define check(what)								\
	do {									\
		if (!(what))							\
			fail("line %d: not so: %s", __LINE__, #what);		\
	} while (0)

/* Memory that forked processes share, zeroed. */
static inline void *shared_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap: %m");
	return p;
}

static inline void sleep_ms(int ms)
{
	usleep(ms * 1000);
}

/* Until @flag is at least @value; 10 s at most. */
static inline void await(const int *flag, int value, const char *what)
{
	for (int i = 0; __atomic_load_n(flag, __ATOMIC_ACQUIRE) < value; i++) {
		if (i == 5000)
			fail("%s: not within 10 s", what);
		sleep_ms(2);
	}
}

static inline int flag_get(const int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static inline void flag_set(int *flag, int value)
{
	__atomic_store_n(flag, value, __ATOMIC_RELEASE);
}

static inline pthread_t hard_create(const char *name, int prio, int cpu, void *(*fn)(void *),
				    void *arg)
{
	struct keel_thread_attr attr = { .name = name, .prio = prio, .cpu = cpu, .stack = 256 << 10 };
	pthread_t thread;

	must(keel_thread_create(&thread, &attr, fn, arg));
	return thread;
}

/* The library's own. */
static inline int device_fd(void)
{
	char path[32], link[32];

	for (int fd = 0; fd < 64; fd++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, link, sizeof(link));
		if (n == (ssize_t)strlen(KEEL_DEVICE) && !memcmp(link, KEEL_DEVICE, n))
			return fd;
	}
	fail("no " KEEL_DEVICE " open");
}

static inline void bind_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("CPU %d: %m", cpu);
}

#endif
