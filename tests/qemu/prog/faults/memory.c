// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that an ordinary thread of the process takes away from a hard one. From the moment the
 * system call has returned, the hard thread must not see what was there before.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/prctl.h>
#include "hard.h"
#include "faults.h"

#define PAGE	4096
#define OLD	0x11
#define NEW	0x22
#define ROUNDS	50

static volatile unsigned char *page;
static int reading;		/* rounds of the reader */
static int changed;		/* the system call has returned */
static int over;		/* the reader has seen what it should */
static int sleeps;		/* between two looks; else every 5 ms */
static sigjmp_buf faulted;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(faulted, 1);
}

static void page_map(int value)
{
	page = mmap((void *)page, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | (page ? MAP_FIXED : 0), -1, 0);
	if (page == MAP_FAILED)
		fail("mmap: %m");
	memset((void *)page, value, PAGE);
}

/*
 * When it sleeps, the reader lets another process have the CPU and wakes up on top of that one: of
 * the reader's own Linux task Linux would await an answer to its own flush. It sleeps at all because
 * other work of Linux's has calls that each CPU must answer, and would wait for the watchdog.
 */
static void rest(void)
{
	static int64_t until;

	if (!sleeps && keel_clock_ns() < until)
		return;
	must(keel_sleep(sleeps ? 100 * US : 500 * US));
	until = keel_clock_ns() + 5 * MS;
}

/* To save the signal mask is a Linux call, so become hard after that. `changed` is read before the
 * page: what is then read of it must be of after the change. */
static void look_until_fault(int writes)
{
	must(keel_harden());
	for (;;) {
		int late = flag_get(&changed);
		int value = *page;

		if (writes)
			*page = value;
		if (late)
			fail("a page that was taken away still reads 0x%x", value);
		__atomic_fetch_add(&reading, 1, __ATOMIC_RELEASE);
		rest();
	}
}

static void *fault_reader(void *arg)
{
	struct keel_stats stats;

	if (!sigsetjmp(faulted, 1))
		look_until_fault(arg != NULL);
	must(keel_stats_get(&stats));
	if (stats.relaxes[KEEL_RELAX_FAULT] != 1 || stats.last_fault != (uint64_t)page)
		fail("%ld faults, last at %lx, not %p; last relax: %s at %lx",
		     stats.relaxes[KEEL_RELAX_FAULT], stats.last_fault, page,
		     keel_strreason(stats.last_reason), stats.last_ip);
	flag_set(&over, 1);
	return NULL;
}

/* The other process: busy on CPU 1 until this one ends. */
static void filler_start(void)
{
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		bind_cpu(1);
		for (;;)
			;
	}
}

/* @change again and again, with a reader that hardly sleeps. */
static void busy_rounds(void (*change)(void))
{
	filler_start();
	for (int i = 0; i < ROUNDS; i++)
		change();
}

static void reader_start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	signal(SIGSEGV, on_fault);
	page_map(OLD);
	reading = changed = over = 0;
	/* Below the witnesses. */
	*thread = hard_create("reader", 10, sleeps ? 0 : 1, fn, arg);
	await(&reading, 3, "the reader's first looks");
}

static void unmap(void)
{
	pthread_t thread;

	reader_start(&thread, fault_reader, NULL);
	if (munmap((void *)page, PAGE))
		fail("munmap: %m");
	flag_set(&changed, 1);
	pthread_join(thread, NULL);
	check(over);
}

void memory_unmap(void)
{
	sleeps = 1;
	for (int i = 0; i < ROUNDS; i++)
		unmap();
}

void memory_unmap_busy(void)
{
	busy_rounds(unmap);
}

static void protect(void)
{
	pthread_t thread;

	reader_start(&thread, fault_reader, "writes");
	if (mprotect((void *)page, PAGE, PROT_READ))
		fail("mprotect: %m");
	flag_set(&changed, 1);
	pthread_join(thread, NULL);
	check(over);
}

void memory_protect_busy(void)
{
	busy_rounds(protect);
}

/* The new page may be met before `changed`; between unmapping and it, a fault is no wonder. */
static void *replace_reader(void *arg)
{
	(void)arg;
	sigsetjmp(faulted, 1);
	must(keel_harden());
	for (;;) {
		int late = flag_get(&changed);
		int value = *page;

		if (late && value != NEW)
			fail("a page that was replaced still reads 0x%x", value);
		if (late)
			break;
		__atomic_fetch_add(&reading, 1, __ATOMIC_RELEASE);
		rest();
	}
	flag_set(&over, 1);
	return NULL;
}

static void replace(void)
{
	pthread_t thread;

	reader_start(&thread, replace_reader, NULL);
	page_map(NEW);
	flag_set(&changed, 1);
	pthread_join(thread, NULL);
	check(over);
}

void memory_replace_busy(void)
{
	busy_rounds(replace);
}
