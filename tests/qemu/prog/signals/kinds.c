// SPDX-License-Identifier: GPL-2.0
/*
 * Kinds of signals and of handlers.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include "hard.h"
#include "hold.h"
#include "signals.h"

#define QUEUED	32
#define TICKS	50

static pid_t tid;
static int begun, ended;
static volatile int handled;

static void mask_set(int how, int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	pthread_sigmask(how, &set, NULL);
}

static void action_set(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	sigaction(signal, &sa, NULL);
}

static void queue(int signal, int value)
{
	siginfo_t info = { .si_signo = signal, .si_code = SI_QUEUE, .si_pid = getpid() };

	info.si_value.sival_int = value;
	check(!syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, signal, &info));
}

static uint64_t relaxes(int reason)
{
	struct keel_stats stats;

	must(keel_stats_get(&stats));
	return stats.relaxes[reason];
}

static pthread_t target_start(void *(*fn)(void *))
{
	pthread_t thread = hard_create("target", 15, get_nprocs() - 1, fn, NULL);

	await(&begun, 1, "the target");
	return thread;
}

/* ---- nested ---------------------------------------------------------------------------------- */

#define DEPTH	4

static struct hold holds[DEPTH];
static int depth;

/* Each handler is hard with a pattern of its own when the next signal comes, also the same one. */
static void on_nested(int signal, siginfo_t *info, void *context)
{
	struct hold *below = &holds[depth], *h = below + 1;

	hold_signal(below, context, 100 + depth);
	below->flag = 1;
	check(info->si_value.sival_int == depth);
	if (++depth < DEPTH) {
		hold_begin(h, hold_spin, 50 + depth);
		must(keel_harden());
		flag_set(&begun, 1 + depth);
		hold_spin(h);
		hold_end(h);
		must(keel_harden());
	}
	handled++;
	(void)signal;
}

static void *nested(void *arg)
{
	tid = gettid();
	hold_begin(&holds[0], hold_spin, 50);
	must(keel_harden());
	flag_set(&begun, 1);
	hold_spin(&holds[0]);
	hold_end(&holds[0]);
	check(handled == DEPTH);
	return arg;
}

void kind_nested(void)
{
	pthread_t thread;

	action_set(SIGUSR1, on_nested, SA_NODEFER);
	action_set(SIGUSR2, on_nested, 0);
	thread = target_start(nested);
	for (int i = 0; i < DEPTH; i++) {
		await(&begun, 1 + i, "the next level");
		sleep_ms(2);
		queue(i == 2 ? SIGUSR2 : SIGUSR1, i);
	}
	pthread_join(thread, NULL);
}

/* ---- blocked and queued ---------------------------------------------------------------------- */

static int values[QUEUED];

static void on_queued(int signal, siginfo_t *info, void *context)
{
	if (handled < QUEUED)
		values[handled] = info->si_value.sival_int;
	handled++;
	(void)signal;
	(void)context;
}

/* Blocked they cost a hard thread nothing; afterwards they come all, and in their order. */
static void *queued(void *arg)
{
	tid = gettid();
	mask_set(SIG_BLOCK, SIGRTMIN + 5);
	must(keel_harden());
	flag_set(&begun, 1);
	while (!flag_get(&ended))
		must(keel_sleep(MS));
	check(keel_is_hard() && relaxes(KEEL_RELAX_SIGNAL) == 0 && handled == 0);
	mask_set(SIG_UNBLOCK, SIGRTMIN + 5);
	if (handled != QUEUED)
		fail("%d signals came", handled);
	for (int i = 0; i < QUEUED; i++)
		check(values[i] == i * 3);
	return arg;
}

void kind_queue(void)
{
	pthread_t thread;

	action_set(SIGRTMIN + 5, on_queued, 0);
	thread = target_start(queued);
	for (int i = 0; i < QUEUED; i++)
		queue(SIGRTMIN + 5, i * 3);
	flag_set(&ended, 1);
	pthread_join(thread, NULL);
}

/* ---- taken without a handler ------------------------------------------------------------------ */

/* Ends when it got all; @take returns the next value. */
static void *taken(int (*take)(const sigset_t *set))
{
	sigset_t set;

	tid = gettid();
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 6);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	must(keel_harden());
	flag_set(&begun, 1);
	for (int i = 0; i < QUEUED; i++) {
		must(keel_sleep(300 * US));
		check(keel_is_hard());
		check(take(&set) == i + 7);
	}
	check(relaxes(KEEL_RELAX_SIGNAL) == 0);
	return NULL;
}

static int take_wait(const sigset_t *set)
{
	siginfo_t info;

	check(sigwaitinfo(set, &info) == SIGRTMIN + 6);
	return info.si_value.sival_int;
}

static int take_fd(const sigset_t *set)
{
	static int fd = -1;
	struct signalfd_siginfo info;

	if (fd < 0)
		fd = signalfd(-1, set, SFD_CLOEXEC);
	check(read(fd, &info, sizeof(info)) == sizeof(info));
	check(info.ssi_signo == (unsigned int)SIGRTMIN + 6);
	return info.ssi_int;
}

static void *taken_wait(void *arg)
{
	(void)arg;
	return taken(take_wait);
}

static void *taken_fd(void *arg)
{
	(void)arg;
	return taken(take_fd);
}

static void taken_rounds(void *(*fn)(void *))
{
	pthread_t thread = target_start(fn);

	for (int i = 0; i < QUEUED; i++) {
		queue(SIGRTMIN + 6, i + 7);
		usleep(i * 997 % 2000);
	}
	pthread_join(thread, NULL);
}

void kind_sigwait(void)
{
	taken_rounds(taken_wait);
}

void kind_signalfd(void)
{
	taken_rounds(taken_fd);
}

/* ---- timers --------------------------------------------------------------------------------------- */

static struct hold ticked_hold;

static void on_tick(int signal, siginfo_t *info, void *context)
{
	handled++;
	ticked_hold.flag = 1;
	(void)signal;
	(void)info;
	(void)context;
}

/* An interval timer of the process and a clock's of the thread, at a hard thread that works. */
static void *ticked(void *arg)
{
	struct itimerval interval = { { 0, 1000 }, { 0, 1000 } };
	struct itimerspec spec = { { 0, 700 * US }, { 0, 700 * US } };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 7 };
	struct hold *h = &ticked_hold;
	timer_t timer;

	event._sigev_un._tid = gettid();
	mask_set(SIG_UNBLOCK, SIGALRM);
	check(!timer_create(CLOCK_MONOTONIC, &event, &timer));
	check(!timer_settime(timer, 0, &spec, NULL));
	check(!setitimer(ITIMER_REAL, &interval, NULL));
	must(keel_period_set(0, 300 * US));
	flag_set(&begun, 1);
	for (int i = 0; handled < TICKS; i++) {
		hold_begin(h, hold_call, i);
		h->call[0] = KEEL_CALL_PERIOD_WAIT;
		must(keel_harden());
		hold_call(h);
		hold_end(h);
	}
	memset(&interval, 0, sizeof(interval));
	setitimer(ITIMER_REAL, &interval, NULL);
	timer_delete(timer);
	check(relaxes(KEEL_RELAX_SIGNAL) >= TICKS / 4);
	return arg;
}

void kind_timers(void)
{
	action_set(SIGALRM, on_tick, 0);
	action_set(SIGRTMIN + 7, on_tick, SA_RESTART);
	mask_set(SIG_BLOCK, SIGALRM);
	pthread_join(target_start(ticked), NULL);
}

/* ---- out of a handler by a jump, hard ------------------------------------------------------------ */

static sigjmp_buf back;

static void on_jump(int signal, siginfo_t *info, void *context)
{
	must(keel_sleep(100 * US));
	check(keel_is_hard());
	siglongjmp(back, 1);
	(void)signal;
	(void)info;
	(void)context;
}

static void *jumped(void *arg)
{
	tid = gettid();
	if (sigsetjmp(back, 1))
		handled++;
	if (handled < 20) {
		must(keel_harden());
		flag_set(&begun, handled + 1);
		for (;;)
			must(keel_sleep(MS));
	}
	must(keel_sleep(MS));
	check(keel_is_hard());
	return arg;
}

void kind_handler_hard(void)
{
	pthread_t thread;

	action_set(SIGUSR1, on_jump, 0);
	thread = target_start(jumped);
	for (int i = 0; i < 20; i++) {
		await(&begun, i + 1, "the next round");
		queue(SIGUSR1, 0);
	}
	pthread_join(thread, NULL);
}

/* ---- a file that becomes shorter ------------------------------------------------------------------ */

static char *mapped;

static void on_bus(int signal, siginfo_t *info, void *context)
{
	check(signal == SIGBUS && info->si_code == BUS_ADRERR && info->si_addr == mapped);
	handled++;
	siglongjmp(back, 1);
	(void)context;
}

static void *reads_mapped(void *arg)
{
	if (!sigsetjmp(back, 1)) {
		must(keel_harden());
		flag_set(&begun, 1);
		for (;;) {
			check(*(volatile char *)mapped == 'x');
			must(keel_sleep(100 * US));
		}
	}
	check(relaxes(KEEL_RELAX_FAULT) == 1);
	return arg;
}

void kind_bus(void)
{
	int fd = memfd_create("shrinks", MFD_CLOEXEC);
	pthread_t thread;

	check(fd >= 0 && write(fd, "x", 1) == 1);
	mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	check(mapped != MAP_FAILED);
	action_set(SIGBUS, on_bus, 0);
	thread = target_start(reads_mapped);
	sleep_ms(5);
	check(!ftruncate(fd, 0));
	pthread_join(thread, NULL);
	check(handled == 1);
}

/* ---- Linux's idle task polls ------------------------------------------------------------------------ */

#define POLLS	50

/* Interrupts that other CPUs sent the last one, to look at its tasks. */
static long interrupts(void)
{
	FILE *f = fopen("/proc/interrupts", "r");
	char line[512];
	long sum = 0, n;

	check(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " RES: %*d %ld", &n) == 1 || sscanf(line, " CAL: %*d %ld", &n) == 1)
			sum += n;
	fclose(f);
	return sum;
}

static void *takes_cpu(void *arg)
{
	tid = gettid();
	for (int i = 0; i < POLLS; i++) {
		must(keel_sleep(500 * US));
		flag_set(&begun, i + 1);
		while (handled == i)
			;
	}
	return arg;
}

/* A hard thread takes the CPU from an idle task that polls: each signal must come by an interrupt all
 * the same, not by chance with the next tick. */
void kind_polling(void)
{
	pthread_t thread;
	long before;

	action_set(SIGUSR1, on_tick, 0);
	thread = target_start(takes_cpu);
	before = interrupts();
	for (int i = 0; i < POLLS; i++) {
		await(&begun, i + 1, "the target");
		usleep(i * 97 % 1000);
		queue(SIGUSR1, i);
	}
	pthread_join(thread, NULL);
	printf("%ld interrupts for %d signals\n", interrupts() - before, POLLS);
	check(interrupts() - before >= POLLS / 2);
}
