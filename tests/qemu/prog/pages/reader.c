// SPDX-License-Identifier: GPL-2.0
/*
 * The hard thread that looks, and the processes around it.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/prctl.h>
#include "pages.h"

volatile unsigned char *page;

int faults_met;

static int looks;		/* of the reader */
static int changed;		/* the change is over */
static int over;		/* the reader has seen what it should */
static int caught;
static int64_t looks_until;	/* then the reader rests */
static sigjmp_buf back;

static void on_fault(int signal)
{
	caught = signal;
	siglongjmp(back, 1);
}

/*
 * At times the reader lets the busy process have the CPU, and wakes up on top of that one: of the
 * reader's own Linux task Linux would await an answer to its own flush. And other work of
 * Linux's has calls that each CPU must answer.
 */
static void rest(const struct row *row)
{
	if (keel_clock_ns() < looks_until)
		return;
	must(keel_sleep(500 * US));
	looks_until = keel_clock_ns() + (row->busy_ms ? row->busy_ms : 5) * MS;
}

static struct keel_stats stats_now(void)
{
	struct keel_stats stats;

	must(keel_stats_get(&stats));
	return stats;
}

/* `changed` is read before the page: what is then read of it must be of after the change. */
static int look(const struct row *row, int *late)
{
	int value;

	*late = flag_get(&changed);
	value = *page;
	if (row->ends == COUNTS)
		*page = value + 1;
	else if (row->signal < 0)
		*page = value;
	if (*late ? row->ends == DIES : row->ends != COUNTS && value != OLD && value != row->value)
		fail("%s: %s the change the page still reads 0x%x", row->name,
		     *late ? "after" : "during", value);
	if (row->ends == FAULTS)
		flag_set(&faults_met, stats_now().relaxes[KEEL_RELAX_FAULT]);
	__atomic_fetch_add(&looks, 1, __ATOMIC_RELEASE);
	return value;
}

static void see(const struct row *row, int value)
{
	struct keel_stats s = stats_now();

	if (value != row->value)
		fail("%s: the page reads 0x%x, not 0x%x", row->name, value, row->value);
	if (row->ends == FAULTS &&
	    (!s.relaxes[KEEL_RELAX_FAULT] || s.last_fault != (uint64_t)page))
		fail("%s: no page fault was met", row->name);
}

static void look_until_changed(const struct row *row)
{
	int late, value;

	do {
		value = look(row, &late);
		if (!late)
			rest(row);
	} while (!late);
	if (row->ends == WRITES)
		*page = NEW;
	else if (row->ends != COUNTS)
		see(row, value);
}

static void died(const struct row *row)
{
	struct keel_stats s = stats_now();

	if (caught != abs(row->signal))
		fail("%s: signal %d", row->name, caught);
	if (s.relaxes[KEEL_RELAX_FAULT] != 1 || s.last_fault != (uint64_t)page)
		fail("%s: %ld faults, last at %lx, not %p; last relax: %s", row->name,
		     (long)s.relaxes[KEEL_RELAX_FAULT], (long)s.last_fault, page,
		     keel_strreason(s.last_reason));
}

/* To save the signal mask is a Linux call, so become hard after that. A write that the change made
 * fault is met before: the page is touched in both ways. */
static void *reader(void *arg)
{
	const struct row *row = arg;

	if (sigsetjmp(back, 1)) {
		died(row);
	} else {
		if (row->ends == WRITES)
			*page = OLD;
		must(keel_harden());
		look_until_changed(row);
	}
	flag_set(&over, 1);
	return NULL;
}

void round_run(const struct row *row)
{
	pthread_t thread;

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	row->prepare();
	looks = changed = over = caught = faults_met = looks_until = 0;
	thread = hard_create("reader", 10, 1, reader, (void *)row);
	await(&looks, 3, "the reader's first looks");
	OK(munlockall());	/* Linux changes less of memory that is locked */
	row->change();
	flag_set(&changed, 1);
	await(&over, 1, "the reader's last look");
	pthread_join(thread, NULL);
	if (row->verify)
		row->verify();
}

/* ---- other processes ---------------------------------------------------------------------- */

void busy_start(void)
{
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		bind_cpu(1);
		for (;;)
			;
	}
}

static struct {
	int asked, done;
} *taker;

static void take(void)
{
	void *p = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || madvise(p, HUGE, MADV_NOHUGEPAGE))
		fail("taker: %m");
	memset(p, PATTERN, HUGE);
	munmap(p, HUGE);
}

void taker_start(void)
{
	taker = shared_alloc(sizeof(*taker));
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		bind_cpu(0);
		for (;; usleep(100)) {
			if (flag_get(&taker->asked) == taker->done)
				continue;
			take();
			flag_set(&taker->done, taker->done + 1);
		}
	}
}

void taker_take(void)
{
	flag_set(&taker->asked, taker->asked + 1);
	await(&taker->done, taker->asked, "the taker");
}
