// SPDX-License-Identifier: GPL-2.0
/*
 * A signal in each state of a hard thread, by each kind of sender, with and without SA_RESTART
 * and an alternate stack: the handler sees true registers, and those that it puts in their place
 * are the ones the thread goes on with.
 */
#include <asm/prctl.h>
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include "hard.h"
#include "hold.h"
#include "signals.h"

#define ROUNDS		40
#define STACK		65536
#define UNTIL		(8 * MS)	/* how long a wait lasts that nothing breaks off */
#define GSBASE		0x123456789000
#define SIGNAL		(SIGRTMIN + 3)
#define TIMER_VALUE	4711

enum sender { TGKILL, KILL, QUEUE_THREAD, QUEUE_PROCESS, TIMER, SENDERS };

/* Of one row. */
static struct {
	hold_fn fn;
	void (*prepare)(struct hold *h);	/* the call */
	struct hold h;
	timer_t timer;
	pid_t tid;
	uint64_t fsbase;
	char *stack;
	int restart, onstack, sender, round;
	int broken_off;		/* waits that a signal broke off */
	int eintr;		/* this round's */
	int64_t sent, worst;	/* from there to the handler */
	int begun, handled, done;
	int orders;		/* a pipe to the other process */
	struct keel_mutex mutex;
	int held;
} s;

static uint64_t base_get(int which)
{
	uint64_t base;

	syscall(SYS_arch_prctl, which, &base);
	return base;
}

static void siginfo_check(const siginfo_t *info)
{
	static const int codes[SENDERS] = { SI_TKILL, SI_USER, SI_QUEUE, SI_QUEUE, SI_TIMER };

	if (info->si_code != codes[s.sender])
		fail("sender %d: si_code %d", s.sender, info->si_code);
	if (s.sender >= QUEUE_THREAD &&
	    info->si_value.sival_int != (s.sender == TIMER ? TIMER_VALUE : s.round))
		fail("sender %d: value %d", s.sender, info->si_value.sival_int);
}

/* Where it stood: behind a call that was broken off, at one that is to be made again, elsewhere. */
static void call_check(const mcontext_t *m)
{
	const char *ip = (const char *)m->gregs[REG_RIP];

	if (ip == hold_call_insn + 2 && m->gregs[REG_RAX] == -EINTR) {
		if (s.restart)
			fail("EINTR in spite of SA_RESTART");
		s.broken_off++;
		s.eintr = 1;
	}
	if (ip == hold_call_insn && m->gregs[REG_RAX] != s.h.call[0])
		fail("a restart with %llx for the call's number", m->gregs[REG_RAX]);
	if (ip == hold_call_insn && s.restart)
		s.broken_off++;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	char here;

	if (signal != SIGNAL)
		fail("signal %d", signal);
	if (s.sender == TGKILL && keel_clock_ns() - s.sent > s.worst)
		s.worst = keel_clock_ns() - s.sent;
	siginfo_check(info);
	check(base_get(ARCH_GET_FS) == s.fsbase && base_get(ARCH_GET_GS) == GSBASE);
	check((&here >= s.stack && &here < s.stack + STACK) == s.onstack);
	if (s.fn == hold_call)
		call_check(&uc->uc_mcontext);
	hold_signal(&s.h, uc, s.round + 77);
	s.h.flag = 1;
	s.handled++;
	if (s.round % 3 == 0)
		must(keel_sleep(50 * US));
}

static void action_set(void)
{
	struct sigaction sa = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO | (s.restart ? SA_RESTART : 0) | (s.onstack ? SA_ONSTACK : 0),
	};

	sigaction(SIGNAL, &sa, NULL);
}

static void mask_set(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGNAL);
	pthread_sigmask(how, &set, NULL);
}

static void target_prepare(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGNAL,
		.sigev_value.sival_int = TIMER_VALUE,
	};
	stack_t stack = { .ss_size = STACK };

	s.stack = stack.ss_sp = malloc(STACK);
	memset(s.stack, 0, STACK);
	sigaltstack(&stack, NULL);
	s.tid = event._sigev_un._tid = gettid();
	check(!timer_create(CLOCK_MONOTONIC, &event, &s.timer));
	s.fsbase = base_get(ARCH_GET_FS);
	syscall(SYS_arch_prctl, ARCH_SET_GS, GSBASE);
	mask_set(SIG_UNBLOCK);
}

/* What the call said must fit what the handler saw. */
static void round_check(void)
{
	hold_end(&s.h);
	check(s.handled == s.round + 1);
	if (s.fn != hold_call || s.h.ret == NOT_CALLED)
		return;
	if (s.eintr)
		check(s.h.ret == -EINTR);
	else if (s.h.ret < 0 && s.h.ret != -ETIMEDOUT && s.h.ret != -ENOSYS)
		fail("the call returned %ld", s.h.ret);	/* ENOSYS: made in-band */
}

static void *target(void *arg)
{
	struct keel_stats stats;

	target_prepare();
	for (s.round = 0; s.round < ROUNDS; s.round++) {
		s.sender = s.round % SENDERS;
		s.restart = s.round / 5 & 1;
		s.onstack = s.round / 10 & 1;
		s.eintr = 0;
		action_set();
		hold_begin(&s.h, s.fn, s.round + 1);
		must(keel_harden());
		if (s.prepare)
			s.prepare(&s.h);
		flag_set(&s.begun, s.round + 1);
		s.fn(&s.h);
		round_check();
		flag_set(&s.done, s.round + 1);
	}
	must(keel_stats_get(&stats));
	check(stats.relaxes[KEEL_RELAX_FAULT] == 0);
	check(s.fn == hold_cross || stats.relaxes[KEEL_RELAX_SIGNAL] > ROUNDS / 2);
	return arg;
}

/* Another process, made before there is a thread: forks would cost the hard ones page faults. */
static void other_process(int orders, pid_t target)
{
	union sigval value;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(orders, &value.sival_int, sizeof(int)) == sizeof(int)) {
		if (value.sival_int < 0)
			kill(target, SIGNAL);
		else
			sigqueue(target, SIGNAL, value);
	}
	_exit(0);
}

static void other_process_start(void)
{
	pid_t parent = getpid();
	int fds[2];

	if (pipe(fds))
		fail("pipe: %m");
	if (fork() == 0) {
		close(fds[1]);
		other_process(fds[0], parent);
	}
	close(fds[0]);
	s.orders = fds[1];
}

static void send(void)
{
	struct itimerspec soon = { .it_value.tv_nsec = 100 * US };
	int order = s.sender == KILL ? -1 : s.round;
	siginfo_t info = {
		.si_signo = SIGNAL, .si_code = SI_QUEUE,
		.si_value.sival_int = s.round,
	};

	s.sent = keel_clock_ns();
	switch (s.sender) {
	case TGKILL:
		syscall(SYS_tgkill, getpid(), s.tid, SIGNAL);
		break;
	case QUEUE_THREAD:
		info.si_pid = getpid();
		syscall(SYS_rt_tgsigqueueinfo, getpid(), s.tid, SIGNAL, &info);
		break;
	case TIMER:
		timer_settime(s.timer, 0, &soon, NULL);
		break;
	default:
		check(write(s.orders, &order, sizeof(order)) == sizeof(order));
	}
}

/* Where the guest's clock is its own, the case says how long a signal may take. */
static void bound_check(void)
{
	const char *bound = getenv("SIGNAL_BOUND_MS");

	if (!bound)
		return;
	printf("%ld us from a signal to its handler\n", s.worst / 1000);
	check(s.worst <= atoi(bound) * MS);
}

static void rounds(hold_fn fn, void (*prepare)(struct hold *h))
{
	pthread_t thread;

	s.fn = fn;
	s.prepare = prepare;
	mask_set(SIG_BLOCK);
	other_process_start();
	thread = hard_create("target", 15, get_nprocs() - 1, target, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		await(&s.begun, i + 1, "the target");
		hold_await(&s.h);
		usleep(i * 997 % 3000);
		send();
		await(&s.done, i + 1, "the handler");
	}
	pthread_join(thread, NULL);
	bound_check();
}

/* Some signals come before or after the wait, but not all. */
static void waits(void (*prepare)(struct hold *h))
{
	rounds(hold_call, prepare);
	if (s.broken_off < ROUNDS / 4)
		fail("%d of %d signals came in the wait", s.broken_off, ROUNDS);
}

void state_running(void)
{
	rounds(hold_spin, NULL);
}

/* Two of three milliseconds. */
static void *keeps_busy(void *arg)
{
	must(keel_period_set(0, 3 * MS));
	for (;;) {
		int64_t until = keel_clock_ns() + 2 * MS;

		while (keel_clock_ns() < until)
			;
		must(keel_period_wait(NULL));
	}
	return arg;
}

void state_ready(void)
{
	mask_set(SIG_BLOCK);
	hard_create("above", 17, get_nprocs() - 1, keeps_busy, NULL);
	rounds(hold_spin, NULL);
}

static void call_set(struct hold *h, long nr, int64_t a, int64_t b)
{
	h->call[0] = nr;
	h->call[1] = a;
	h->call[2] = b;
}

static void prepare_sleep(struct hold *h)
{
	call_set(h, KEEL_CALL_SLEEP_UNTIL, keel_clock_ns() + UNTIL, 0);
}

void state_sleep(void)
{
	waits(prepare_sleep);
}

static void prepare_period(struct hold *h)
{
	must(keel_period_set(0, UNTIL));
	call_set(h, KEEL_CALL_PERIOD_WAIT, 0, 0);
}

void state_period(void)
{
	waits(prepare_period);
}

static void *holder(void *arg)
{
	must(keel_mutex_lock(&s.mutex));
	flag_set(&s.held, 1);
	for (;;)
		must(keel_sleep(1000 * MS));
	return arg;
}

static void prepare_mutex(struct hold *h)
{
	call_set(h, KEEL_CALL_MUTEX_LOCK, s.mutex.id, keel_clock_ns() + UNTIL);
}

void state_mutex(void)
{
	mask_set(SIG_BLOCK);
	must(keel_open());
	must(keel_mutex_create(&s.mutex));
	hard_create("holder", 10, 0, holder, NULL);
	await(&s.held, 1, "the holder");
	waits(prepare_mutex);
}

static void prepare_crossing(struct hold *h)
{
	call_set(h, SYS_lseek, device_fd(), KEEL_PARK_HARDEN);
}

/* In the middle of becoming hard, and of going in-band. */
void state_crossing(void)
{
	rounds(hold_cross, prepare_crossing);
}
