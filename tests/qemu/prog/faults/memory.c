// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that an ordinary thread of the process takes away from a hard one that sleeps after each
 * look. From the moment munmap() has returned, the hard thread must not see what was there before.
 * What else may happen to memory is the affair of `pages`.
 */
#include <setjmp.h>
#include <signal.h>
#include "hard.h"
#include "faults.h"

#define PAGE	4096
#define OLD	0x11
#define ROUNDS	50

static volatile unsigned char *page;
static int reading;		/* rounds of the reader */
static int changed;		/* the system call has returned */
static int over;		/* the reader has seen what it should */
static sigjmp_buf faulted;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(faulted, 1);
}

static void page_map(void)
{
	page = mmap((void *)page, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | (page ? MAP_FIXED : 0), -1, 0);
	if (page == MAP_FAILED)
		fail("mmap: %m");
	memset((void *)page, OLD, PAGE);
}

/* To save the signal mask is a Linux call, so become hard after that. `changed` is read before the
 * page: what is then read of it must be of after the change. */
static void look_until_fault(void)
{
	must(keel_harden());
	for (;;) {
		int late = flag_get(&changed);
		int value = *page;

		if (late)
			fail("a page that was taken away still reads 0x%x", value);
		__atomic_fetch_add(&reading, 1, __ATOMIC_RELEASE);
		must(keel_sleep(100 * US));
	}
}

static void *reader(void *arg)
{
	struct keel_stats stats;

	if (!sigsetjmp(faulted, 1))
		look_until_fault();
	must(keel_stats_get(&stats));
	if (stats.relaxes[KEEL_RELAX_FAULT] != 1 || stats.last_fault != (uint64_t)page)
		fail("%ld faults, last at %lx, not %p; last relax: %s at %lx",
		     stats.relaxes[KEEL_RELAX_FAULT], stats.last_fault, page,
		     keel_strreason(stats.last_reason), stats.last_ip);
	flag_set(&over, 1);
	return arg;
}

static void unmap(void)
{
	pthread_t thread;

	signal(SIGSEGV, on_fault);
	page_map();
	reading = changed = over = 0;
	/* Below the witnesses. */
	thread = hard_create("reader", 10, 0, reader, NULL);
	await(&reading, 3, "the reader's first looks");
	if (munmap((void *)page, PAGE))
		fail("munmap: %m");
	flag_set(&changed, 1);
	pthread_join(thread, NULL);
	check(over);
}

void memory_unmap(void)
{
	for (int i = 0; i < ROUNDS; i++)
		unmap();
}
