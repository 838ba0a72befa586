/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c: waiting for signals, sending them, timers. For that file alone.
 */
#ifndef POSIXSIGNALS_H
#define POSIXSIGNALS_H

#define TICK_MS 5

static sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, a);
	if (b)
		sigaddset(&set, b);
	return set;
}

static void block(int a, int b)
{
	sigset_t set = set_of(a, b);

	check(!pthread_sigmask(SIG_BLOCK, &set, NULL));
}

/* ---- signals --------------------------------------------------------------------------------------- */

/* Answers each of SIGUSR1 by one of SIGUSR2 to the thread at @arg. */
static void *answers(void *arg)
{
	sigset_t set = set_of(SIGUSR1, 0);
	int sig;

	for (int i = 0; i < ROUNDS; i++) {
		check(!sigwait(&set, &sig) && sig == SIGUSR1);
		check(!pthread_kill(*(pthread_t *)arg, SIGUSR2));
	}
	return NULL;
}

static void *asks(void *arg)
{
	sigset_t set = set_of(SIGUSR2, 0);
	pthread_t self = pthread_self(), other_one;
	siginfo_t info;

	other_one = arg ? start_as(SCHED_FIFO, PRIO - 1, answers, &self) : start(answers, &self);
	for (int i = 0; i < ROUNDS; i++) {
		check(!pthread_kill(other_one, SIGUSR1));
		check(sigwaitinfo(&set, &info) == SIGUSR2 && info.si_signo == SIGUSR2);
		check(info.si_code == SI_USER && info.si_pid == getpid() && info.si_uid == getuid());
	}
	join(other_one);
	return NULL;
}

/* Between real-time threads, and between one of these and the first. */
static void row_sigwait(void)
{
	block(SIGUSR1, SIGUSR2);
	join(start(asks, NULL));
	join(start(asks, &mutex));
	asks(NULL);
}

static void *queues(void *arg)
{
	sigset_t set = set_of(SIGRTMIN + 1, SIGRTMIN + 2), pending;
	struct timespec none = { 0 }, little = { .tv_nsec = 5000000 }, until;
	siginfo_t info;

	(void)arg;
	sigaddset(&set, SIGUSR1);
	check(sigtimedwait(&set, &info, &none) == -1 && errno == EAGAIN);
	until = in_ms(CLOCK_MONOTONIC, 5);
	check(sigtimedwait(&set, &info, &little) == -1 && errno == EAGAIN);
	check(passed(CLOCK_MONOTONIC, &until));
	little.tv_nsec = 1000000000;
	check(sigtimedwait(&set, &info, &little) == -1 && errno == EINVAL);
	for (int i = 0; i < 3; i++) {
		check(!pthread_sigqueue(pthread_self(), SIGRTMIN + 2, (union sigval){ .sival_int = i }));
		check(!pthread_sigqueue(pthread_self(), SIGRTMIN + 1, (union sigval){ .sival_int = 10 + i }));
		check(!raise(SIGUSR1));
	}
	check(sigtimedwait(&set, &info, &none) == SIGUSR1 && info.si_code == SI_USER);
	for (int i = 0; i < 6; i++) {
		check(sigwaitinfo(&set, &info) == SIGRTMIN + (i < 3 ? 1 : 2));
		check(info.si_code == SI_QUEUE && info.si_value.sival_int == (i < 3 ? 10 + i : i - 3));
	}
	check(sigtimedwait(&set, &info, &none) == -1 && errno == EAGAIN);
	check(!raise(SIGUSR1) && !sigpending(&pending) && sigismember(&pending, SIGUSR1) == 1);
	check(sigwaitinfo(&set, NULL) == SIGUSR1);
	check(!sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 7 }));
	check(sigwaitinfo(&set, &info) == SIGRTMIN + 1 && info.si_value.sival_int == 7);
	check(!kill(getpid(), SIGUSR1) && sigwaitinfo(&set, &info) == SIGUSR1);
	check(info.si_code == SI_USER && info.si_pid == getpid());
	return NULL;
}

static void row_sigqueue(void)
{
	block(SIGUSR1, SIGRTMIN + 1);
	block(SIGRTMIN + 2, 0);
	join(start(queues, NULL));
	queues(NULL);
	check(pthread_kill(pthread_self(), 65) == EINVAL && raise(-1) == -1 && errno == EINVAL);
	check(!pthread_kill(pthread_self(), 0));
}

static volatile int outside_taken;

/* What another process sends, to the thread's process; a handler in between. */
static void *waits_for_all(void *arg)
{
	sigset_t set = set_of(SIGUSR1, 0);
	siginfo_t info;
	int sig;

	check(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_pid == *(pid_t *)arg);
	outside_taken = 1;
	check(sigwaitinfo(&set, &info) == -1 && errno == EINTR && handled == 1);
	check(!sigwait(&set, &sig) && sig == SIGUSR1 && handled == 2);
	return NULL;
}

static void row_sigwait_outside(void)
{
	static pid_t child;
	pthread_t thread;

	block(SIGUSR1, 0);
	handle(SIGUSR2, SA_RESTART);
	child = fork();
	if (!child) {
		ms_sleep(100);
		check(!kill(getppid(), SIGUSR1));
		_exit(0);
	}
	thread = start(waits_for_all, &child);
	check(waitpid(child, NULL, 0) == child);
	while (!outside_taken)
		ms_sleep(1);
	ms_sleep(100);
	for (int i = 1; i < 3; i++) {
		check(!pthread_kill(thread, SIGUSR2));
		while (handled < i)
			ms_sleep(1);
		ms_sleep(100);
	}
	check(!pthread_kill(thread, SIGUSR1));
	join(thread);
}

/* ---- timers ---------------------------------------------------------------------------------------- */

static timer_t make_timer(clockid_t clock, int how, int sig, int value)
{
	struct sigevent event = { .sigev_notify = how, .sigev_signo = sig, .sigev_value.sival_int = value };
	timer_t id;

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
	if (how == SIGEV_THREAD_ID)
		event.sigev_notify_thread_id = gettid();
	check(!timer_create(clock, &event, &id));
	return id;
}

static struct itimerspec every_ms(int ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000L };

	return (struct itimerspec){ .it_value = ts, .it_interval = ts };
}

/* No expiry is lost, none comes too early: told ones and overruns fill the time. */
static void *takes_ticks(void *arg)
{
	int how = *(int *)arg, told = 0;
	sigset_t set = set_of(SIGRTMIN + 3, 0);
	struct itimerspec tick = every_ms(TICK_MS), off = { 0 }, old;
	struct timespec now, begin;
	timer_t id = make_timer(CLOCK_MONOTONIC, how, SIGRTMIN + 3, 4711);
	siginfo_t info;
	long ns;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	check(!timer_settime(id, 0, &tick, NULL));
	for (int i = 0; i < 50; i++) {
		int overrun;

		check(sigwaitinfo(&set, &info) == SIGRTMIN + 3);
		check(info.si_code == SI_TIMER && info.si_value.sival_int == 4711);
		overrun = timer_getoverrun(id);
		check(overrun >= 0 && info.si_overrun >= 0);
		told += 1 + overrun;
		clock_gettime(CLOCK_MONOTONIC, &now);
		ns = (now.tv_sec - begin.tv_sec) * 1000000000L + now.tv_nsec - begin.tv_nsec;
		check(told <= ns / (TICK_MS * 1000000));
		if (i == 20)
			ms_sleep(5 * TICK_MS);
	}
	check(told >= 54);
	check(!timer_settime(id, 0, &off, &old));
	check(old.it_interval.tv_nsec == TICK_MS * 1000000 && old.it_value.tv_nsec <= TICK_MS * 1000000);
	check(!timer_gettime(id, &old) && !old.it_value.tv_sec && !old.it_value.tv_nsec);
	check(!timer_delete(id));
	return NULL;
}

static void row_timer_sigwait(void)
{
	int to_thread = SIGEV_THREAD_ID, to_process = SIGEV_SIGNAL;

	block(SIGRTMIN + 3, 0);
	join(start(takes_ticks, &to_thread));
	join(start(takes_ticks, &to_process));
	takes_ticks(&to_thread);
}

static volatile sig_atomic_t ticks, tick_value, most_overrun;
static timer_t handled_timer;

static void on_tick(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	if (info->si_code == SI_TIMER)
		ticks++;
	tick_value = info->si_value.sival_int;
	if (timer_getoverrun(handled_timer) > most_overrun)
		most_overrun = timer_getoverrun(handled_timer);
	if (info->si_overrun > most_overrun)
		most_overrun = info->si_overrun;
}

/* By a handler, which runs where the signal is not blocked; and what came while it was. */
static void *handles_ticks(void *arg)
{
	struct itimerspec tick = every_ms(1), once = { .it_value.tv_nsec = 1000000 };
	sigset_t set = set_of(SIGUSR2, 0);
	siginfo_t info;
	timer_t id = make_timer(arg ? CLOCK_REALTIME : CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR2, 5);

	ticks = 0;
	handled_timer = id;
	check(!timer_settime(id, 0, &tick, NULL));
	while (ticks < 5)
		ms_sleep(1);
	check(tick_value == 5);
	check(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	ms_sleep(2);
	ticks = 0;
	most_overrun = 0;
	ms_sleep(40);
	check(ticks == 0);
	check(!pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	check(ticks && most_overrun >= 15);
	check(!pthread_sigmask(SIG_BLOCK, &set, NULL) && !timer_settime(id, 0, &once, NULL));
	while (sigwaitinfo(&set, &info) == SIGUSR2 && !timer_gettime(id, &tick) && tick.it_value.tv_nsec)
		;
	check(timer_getoverrun(id) == 0);
	check(!pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	check(!timer_delete(id) && timer_delete(id) == -1 && errno == EINVAL);
	return NULL;
}

static void row_timer_handler(void)
{
	struct sigaction act = { .sa_sigaction = on_tick, .sa_flags = SA_SIGINFO };

	check(!sigaction(SIGUSR2, &act, NULL));
	join(start(handles_ticks, NULL));
	join(start(handles_ticks, &ticks));
	handles_ticks(NULL);
}

static int called, called_policy;
static sem_t called_often;

static void on_call(union sigval value)
{
	check(value.sival_ptr == &called);
	called_policy = sched_getscheduler(0);
	if (++called >= 10)
		sem_post(&called_often);
	if (called == 5)
		pthread_exit(NULL);	/* there is another for the next */
}

static void *calls(void *arg)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_call,
		.sigev_value.sival_ptr = &called, .sigev_notify_attributes = arg,
	};
	struct itimerspec tick = every_ms(TICK_MS), off = { 0 };
	timer_t id;

	called = 0;
	check(!sem_init(&called_often, 0, 0));
	check(!timer_create(CLOCK_MONOTONIC, &event, &id));
	check(!timer_settime(id, 0, &tick, NULL));
	check(!sem_wait(&called_often));
	check(!timer_settime(id, 0, &off, NULL) && !timer_delete(id));
	check(called_policy == (arg ? SCHED_FIFO : sched_getscheduler(0)));
	ms_sleep(20);
	return NULL;
}

static void row_timer_thread(void)
{
	struct sched_param param = { .sched_priority = PRIO + 1 };
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	calls(&attr);
	join(start(calls, &attr));
	calls(NULL);
}

/* The overruns are those of its own interval, be that shorter than any machine's. */
static void *fine(void *arg)
{
	struct itimerspec set = { .it_value.tv_nsec = 1000000, .it_interval.tv_nsec = 200 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	static const struct timespec none;
	sigset_t signals = set_of(SIGUSR1, 0);
	siginfo_t info;
	timer_t id;

	block(SIGUSR1, 0);
	check(!timer_create(CLOCK_MONOTONIC, &event, &id) && !timer_settime(id, 0, &set, NULL));
	ms_sleep(30);
	check(sigwaitinfo(&signals, &info) == SIGUSR1 && info.si_overrun > 100000);
	check(timer_getoverrun(id) > 100000 && !timer_delete(id));
	sigtimedwait(&signals, NULL, &none);	/* the next one */
	return arg;
}

static void row_timer_fine(void)
{
	fine(NULL);
	join(start(fine, NULL));
}

static void *timer_errors(void *arg)
{
	struct itimerspec bad = { .it_value.tv_nsec = 1000000000 }, far = { .it_value.tv_sec = 1000 }, now;
	struct itimerspec soon = { 0 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65 };
	sigset_t set = set_of(SIGALRM, 0);
	siginfo_t info;
	timer_t id;

	check(timer_create(CLOCK_MONOTONIC, &event, &id) == -1 && errno == EINVAL);
	event.sigev_notify = SIGEV_NONE;
	check(timer_create(4711, &event, &id) == -1 && errno == EINVAL);
	check(!timer_create(CLOCK_MONOTONIC, &event, &id));
	check(timer_settime(id, 0, &bad, NULL) == -1 && errno == EINVAL);
	check(!timer_settime(id, 0, &far, NULL) && !timer_gettime(id, &now));
	check(now.it_value.tv_sec >= 998 && now.it_value.tv_sec < 1000 && !now.it_interval.tv_sec);
	check(timer_settime(id, 0, &bad, NULL) == -1 && errno == EINVAL);
	bad.it_value.tv_nsec = -1;
	check(timer_settime(id, 0, &bad, NULL) == -1 && errno == EINVAL);
	check(!timer_delete(id));
	check(timer_settime(id, 0, &far, NULL) == -1 && errno == EINVAL);
	check(timer_gettime(id, &now) == -1 && errno == EINVAL);
	check(timer_getoverrun(id) == -1 && errno == EINVAL);
	check(!timer_create(CLOCK_REALTIME, NULL, &id));
	soon.it_value = in_ms(CLOCK_REALTIME, 10);
	check(!timer_settime(id, TIMER_ABSTIME, &soon, NULL));
	check(sigwaitinfo(&set, &info) == SIGALRM && info.si_code == SI_TIMER);
	check(passed(CLOCK_REALTIME, &soon.it_value));
	check(!timer_settime(id, TIMER_ABSTIME, &soon, NULL));	/* it is past */
	check(sigwaitinfo(&set, &info) == SIGALRM && !timer_delete(id));
	return arg;
}

static void row_timer_errors(void)
{
	block(SIGALRM, 0);
	join(start(timer_errors, NULL));
	timer_errors(NULL);
}

#endif
