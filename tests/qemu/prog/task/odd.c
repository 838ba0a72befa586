// SPDX-License-Identifier: GPL-2.0
/*
 * Rarely used rights and restrictions: a thread that has them is refused, one that runs beside a
 * task that has them gets none.
 */
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/io.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "task.h"

#define PORT	0x80
#define ROUNDS	100

static sigjmp_buf out;
static volatile siginfo_t told;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	told = *info;
	siglongjmp(out, 1);
}

static void handler_set(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, NULL);
}

static void refused(unsigned int why)
{
	check(keel_harden() == -EOPNOTSUPP);
	if (keel_refusal() != why)
		fail("refused with: %s", keel_strrefusal(keel_refusal()));
	check(!keel_is_hard());
}

static void served(void)
{
	must(keel_sleep(MS));
	check(keel_is_hard());
}

static void *has_odd_state(void *arg)
{
	static char selector;

	(void)arg;
	check(ioperm(PORT, 1, 1) == 0);
	refused(KEEL_REFUSE_IOPERM);
	check(ioperm(PORT, 1, 0) == 0);
	served();
	check(iopl(3) == 0);
	refused(KEEL_REFUSE_IOPERM);
	check(iopl(0) == 0);
	served();
	check(prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0);
	refused(KEEL_REFUSE_NOTSC);
	check(prctl(PR_SET_TSC, PR_TSC_ENABLE) == 0);
	served();
	/* A selector of 0 lets every call pass. */
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector))
		fail("user dispatch: %m");
	refused(KEEL_REFUSE_DISPATCH);
	check(!prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0));
	served();
	return NULL;
}

void odd_refused(void)
{
	hard_run(0, has_odd_state, NULL);
}

static void *has_ldt(void *arg)
{
	struct user_desc d = { .entry_number = 0, .limit = 0xfffff, .seg_32bit = 1,
			       .limit_in_pages = 1, .useable = 1 };

	(void)arg;
	if (syscall(SYS_modify_ldt, 1, &d, sizeof(d)))
		fail("modify_ldt: %m");
	refused(KEEL_REFUSE_LDT);
	return NULL;
}

void odd_ldt(void)
{
	hard_run(0, has_ldt, NULL);
}

/* ---- thread-local state -------------------------------------------------------------------------- */

static __thread volatile long own;

/* Between hard and in-band, and beside two others on its CPU. */
static void *has_own(void *arg)
{
	unsigned long gs;

	check(syscall(SYS_arch_prctl, ARCH_SET_GS, (unsigned long)&own) == 0);
	for (long i = 0; i < ROUNDS; i++) {
		own = (long)arg + i;
		must(keel_sleep(100 * US));
		check(own == (long)arg + i);
		asm volatile("mov %%gs:0, %0" : "=r"(gs));
		check((long)gs == own && keel_is_hard());
		if (i % 10)
			continue;
		check(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs) == 0 && gs == (unsigned long)&own);
		check(own == (long)arg + i);
	}
	return NULL;
}

void odd_own(void)
{
	pthread_t threads[3];

	for (long i = 0; i < 3; i++)
		threads[i] = hard_create("task", 15 + i, 0, has_own, (void *)(i * 1000));
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

/* ---- neighbours --------------------------------------------------------------------------------- */

static void ports_get(void)
{
	check(iopl(3) == 0);
}

static void ports_use(void)
{
	inb(PORT);
}

static void *reads_port(void *arg)
{
	volatile int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		if (!sigsetjmp(out, 1)) {
			must(keel_sleep(MS));
			inb(PORT);
			fail("a hard thread read a port by its neighbour's right");
		}
		check(told.si_signo == SIGSEGV);
	}
	return NULL;
}

void odd_ports(void)
{
	handler_set();
	neighbour_start(ports_get, ports_use);
	hard_run(1, reads_port, NULL);
	neighbour_end();
}

static void tsc_forbid(void)
{
	handler_set();
	check(prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0);
}

static void tsc_forbidden(void)
{
	if (!sigsetjmp(out, 1)) {
		__builtin_ia32_rdtsc();
		fail("the neighbour may read the TSC");
	}
}

static void *reads_tsc(void *arg)
{
	struct keel_stats stats;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		must(keel_sleep(MS));
		__builtin_ia32_rdtsc();
	}
	must(keel_stats_get(&stats));
	check(stats.relaxes[KEEL_RELAX_FAULT] == 0);
	return NULL;
}

void odd_tsc(void)
{
	neighbour_start(tsc_forbid, tsc_forbidden);
	hard_run(1, reads_tsc, NULL);
	neighbour_end();
}

/* ---- protection keys ------------------------------------------------------------------------------ */

static volatile char *page;
static int key;

static void page_protect(void)
{
	page = shared_alloc(4096);
	*page = 1;
	key = pkey_alloc(0, 0);
	if (key < 0 || pkey_mprotect((void *)page, 4096, PROT_READ | PROT_WRITE, key))
		fail("pkey: %m");
}

/* @arg: what of it this thread forbids itself; the page is touched only if nothing. */
static void *has_rights(void *arg)
{
	unsigned int rights = (long)arg;
	struct keel_stats stats;

	check(pkey_set(key, rights) == 0);
	for (int i = 0; i < ROUNDS; i++) {
		must(keel_sleep(100 * US));
		if (!rights)
			*page = i;
		check((unsigned int)pkey_get(key) == rights);
	}
	must(keel_stats_get(&stats));
	check(stats.relaxes[KEEL_RELAX_FAULT] == 0);
	getppid();
	check((unsigned int)pkey_get(key) == rights);
	return NULL;
}

static void none(void)
{
}

/* Three threads on one CPU, each with its own rights, over a neighbour with none. */
void odd_pkeys(void)
{
	pthread_t threads[3];

	page_protect();
	check(pkey_set(key, PKEY_DISABLE_ACCESS) == 0);
	neighbour_start(none, none);
	check(pkey_set(key, 0) == 0);
	for (long i = 0; i < 3; i++)
		threads[i] = hard_create("task", 15 + i, 1, has_rights, (void *)i);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	neighbour_end();
}

static void *meets_key(void *arg)
{
	struct keel_stats stats;

	(void)arg;
	if (!sigsetjmp(out, 1)) {
		must(keel_harden());
		check(pkey_set(key, PKEY_DISABLE_WRITE) == 0);
		check(*page == 1 && keel_is_hard());
		*page = 2;
		fail("a write against a protection key went unpunished");
	}
	check(told.si_code == SEGV_PKUERR && (int)told.si_pkey == key);
	check(told.si_addr == (void *)page);
	must(keel_stats_get(&stats));
	check(stats.relaxes[KEEL_RELAX_FAULT] == 1 && stats.last_fault == (uint64_t)page);
	check(pkey_set(key, 0) == 0);
	must(keel_harden());
	*page = 3;
	check(keel_is_hard());
	return NULL;
}

void odd_pkey_fault(void)
{
	handler_set();
	page_protect();
	hard_run(0, meets_key, NULL);
}
