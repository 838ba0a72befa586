// SPDX-License-Identifier: GPL-2.0
/*
 * xcpu LIMIT [one]: hard threads that never let Linux have their CPU are relaxed after LIMIT ms,
 * with SIGXCPU; one that leaves Linux a fifth never is; or only one of them. On the last CPU; this thread is on CPU 0.
 */
#include <signal.h>
#include <sys/wait.h>
#include "hard.h"

static int limit_ms;
static int last_cpu;
static __thread volatile int signals;

static void on_xcpu(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	signals += info->si_code == SI_QUEUE && info->si_int == KEEL_WARNED + KEEL_RELAX_WATCHDOG ? 1 : 1000;
}

/* Spins until the watchdog comes; returns how many ms that took. The handler may run much later:
 * Linux takes the time of a hard thread for its task's, and throttles real-time tasks. */
static void *hog(void *arg)
{
	int64_t begin = keel_clock_ns(), now = begin, last = begin;
	struct keel_stats stats;

	(void)arg;
	check(keel_is_hard());
	while (!signals) {
		last = now;
		now = keel_clock_ns();
	}
	check(!keel_is_hard());
	check(signals == 1);
	must(keel_stats_get(&stats));
	check(stats.last_reason == KEEL_RELAX_WATCHDOG);
	check(stats.relaxes[KEEL_RELAX_WATCHDOG] == 1);
	must(keel_sleep(MS));
	check(keel_is_hard());
	printf("%ld ms until the handler has run\n", (long)((now - begin) / MS));
	return (void *)((last - begin) / MS);
}

/* The limit runs from a little before the thread has looked at its clock. That is the host's, whose
 * scheduling is in the upper bound. */
static void time_check(const char *what, void *ms, long low, long high)
{
	long took = (long)ms;

	printf("%s: relaxed after %ld ms\n", what, took);
	if (took < low || took > high + 1000)
		fail("%s: relaxed after %ld ms, limit %d ms", what, took, limit_ms);
}

static void one_hog(void)
{
	void *took;

	pthread_join(hard_create("hog", 30, last_cpu, hog, NULL), &took);
	time_check("one", took, limit_ms * 9 / 10, limit_ms);
}

static int go;

static void *hog_when_told(void *arg)
{
	while (!flag_get(&go))
		must(keel_sleep(MS));
	return hog(arg);
}

static void *set_go(void *arg)
{
	flag_set(&go, 1);
	return arg;
}

/* Linux has not run when the upper one is sent there, so the lower one follows an eighth of the
 * limit later; it may not have begun before, or else be the one that Linux waited for first. */
static void two_hogs(void)
{
	pthread_t upper = hard_create("upper", 30, last_cpu, hog_when_told, NULL);
	pthread_t lower = hard_create("lower", 20, last_cpu, hog_when_told, NULL);
	void *first, *second;

	pthread_join(hard_create("go", 40, last_cpu, set_go, NULL), NULL);
	pthread_join(upper, &first);
	pthread_join(lower, &second);
	time_check("upper of two", first, limit_ms * 9 / 10, limit_ms);
	time_check("lower of two", second, 0, limit_ms * 9 / 8);
}

/* Without a handler SIGXCPU ends the process. */
static void fatal_hog(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		signal(SIGXCPU, SIG_DFL);
		pthread_join(hard_create("fatal", 30, last_cpu, hog, NULL), NULL);
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU);
}

/* Four fifths of the CPU for two and a half limits. */
static void *heavy(void *arg)
{
	int64_t end = keel_clock_ns() + limit_ms * MS * 5 / 2;
	struct keel_stats stats;

	must(keel_period_set(0, 10 * MS));
	while (keel_clock_ns() < end) {
		int64_t until = keel_clock_ns() + 8 * MS;

		while (keel_clock_ns() < until)
			;
		must(keel_sleep(2 * MS));
	}
	check(keel_is_hard());
	keel_relax();
	must(keel_stats_get(&stats));
	check(stats.relaxes[KEEL_RELAX_WATCHDOG] == 0 && !signals);
	return arg;
}

static void no_hog(void)
{
	pthread_join(hard_create("heavy", 30, last_cpu, heavy, NULL), NULL);
}

/* The limit runs from when Linux has something to do there. */
static void *wants_cpu(void *arg)
{
	bind_cpu(last_cpu);
	for (;;)
		sleep_ms(1);
	return arg;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = on_xcpu, .sa_flags = SA_SIGINFO };

	pthread_t thread;

	if (argc != 2 && !(argc == 3 && !strcmp(argv[2], "one")))
		fail("usage: xcpu LIMIT [one]");
	limit_ms = atoi(argv[1]);
	last_cpu = get_nprocs() - 1;
	bind_cpu(0);
	sigaction(SIGXCPU, &sa, NULL);
	setlinebuf(stdout);
	if (pthread_create(&thread, NULL, wants_cpu, NULL))
		fail("pthread_create");
	one_hog();
	if (argc == 3)
		return 0;
	two_hogs();
	fatal_hog();
	no_hog();
	return 0;
}
