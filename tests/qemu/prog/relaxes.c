// SPDX-License-Identifier: GPL-2.0
/*
 * relaxes: threads that leave hard mode so many times, each for another reason, at lines that are
 * printed: REASON TID COUNT LINE. Each asks to once more as it begins. Then "ready", and they stay
 * until this is killed. A heap of 64 KiB with 4 KiB in use is there, and one by a name.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <keel/heap.h>
#include <keel/name.h>
#include "hard.h"

#define PAGE 4096

static int done;

static void say(const char *what, int count, int line)
{
	printf("%s %ld %d %d\n", what, syscall(SYS_gettid), count, line);
	fflush(stdout);
}

static void stay(void)
{
	__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

/* By libc's write(), whose caller is the one to be found. */
static __attribute__((noinline)) int writes(int n)
{
	while (n--) {
		must(keel_harden());
		must(write(1, "", 0));
	}
	return __LINE__ - 2;
}

static void *in_call(void *arg)
{
	say("syscall", 7, writes(7));
	stay();
	return arg;
}

static __attribute__((noinline)) int faults(int n)
{
	while (n--) {
		volatile char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		munlock((void *)page, PAGE);
		madvise((void *)page, PAGE, MADV_DONTNEED);
		must(keel_harden());
		page[0] = 1;
	}
	return __LINE__ - 2;
}

static void *in_fault(void *arg)
{
	say("fault", 5, faults(5));
	stay();
	return arg;
}

static void *by_itself(void *arg)
{
	int line = 0;

	for (int i = 0; i < 3; i++) {
		must(keel_harden());
		keel_relax();
		line = __LINE__ - 1;
	}
	say("call", 3, line);
	stay();
	return arg;
}

static void on_signal(int signal)
{
	(void)signal;
}

/* main() signals it so often, each time it sleeps again. */
static int sleeps;

static void *by_signal(void *arg)
{
	int64_t forever = keel_clock_ns() + 3600000 * MS;
	int line = 0;

	for (int i = 0; i < 4; i++) {
		must(keel_harden());
		flag_set(&sleeps, i + 1);
		keel_sleep_until(forever);
		line = __LINE__ - 1;
	}
	say("signal", 4, line);
	stay();
	return arg;
}

static struct keel_heap own, shared;

static void *takes(void *arg)
{
	void *block;

	must(keel_heap_alloc(&own, PAGE, &block));
	return arg;
}

static void heaps(void)
{
	must(keel_heap_create(&own, 16 * PAGE));
	must(keel_heap_name_create(&shared, "relaxes", 0600, PAGE));
	pthread_join(hard_create("takes", 20, 0, takes, NULL), NULL);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	pthread_t thread;

	sigaction(SIGUSR1, &sa, NULL);
	must(keel_open());
	heaps();
	/* One after the other: who attaches locks all memory, so the page that another means to fault on is there. */
	hard_create("syscall", 20, 0, in_call, NULL);
	await(&done, 1, "syscall");
	hard_create("fault", 21, 0, in_fault, NULL);
	await(&done, 2, "fault");
	hard_create("call", 22, 0, by_itself, NULL);
	await(&done, 3, "call");
	thread = hard_create("signal", 23, 0, by_signal, NULL);
	for (int i = 1; i <= 4; i++) {
		await(&sleeps, i, "sleep");
		sleep_ms(50);
		pthread_kill(thread, SIGUSR1);
	}
	await(&done, 4, "threads");
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
