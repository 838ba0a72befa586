/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c: what leaves the usual path: jumps out of signals' handlers, handlers of fork(), and other
 * programs by the C library. For that file alone.
 */
#ifndef POSIXJUMPS_H
#define POSIXJUMPS_H

#include <setjmp.h>

#define JUMPS 40

/* ---- out of a handler ------------------------------------------------------------------------------------------- */

static sigjmp_buf before_jump;
static volatile int jumped;

static void on_jump(int sig)
{
	jumped++;
	siglongjmp(before_jump, sig);
}

static void jumps_on(int sig)
{
	struct sigaction act = { .sa_handler = on_jump };

	check(!sigaction(sig, &act, NULL));
}

/* From the midst of waits: what comes then is there, for who waits next. */
static void *jumps_from_waits(void *arg)
{
	static sem_t s;
	static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	struct itimerspec soon = { .it_value.tv_nsec = 500000 };
	struct timespec later = { .tv_sec = 10 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	mqd_t d = queue_new(O_RDWR, 1, 8);
	volatile int i = 0;
	timer_t timer;
	char text[8];

	check(!sem_init(&s, 0, 0) && !timer_create(CLOCK_MONOTONIC, &event, &timer));
	jumps_on(SIGUSR2);
	jumped = 0;
	for (; i < JUMPS; i++) {
		if (!sigsetjmp(before_jump, 1)) {
			check(!pthread_mutex_lock(&m) && !pthread_mutex_unlock(&m));
			soon.it_value.tv_nsec = 300000 + i * 50000;
			check(!timer_settime(timer, 0, &soon, NULL));
			switch (i % 4) {
			case 0:
				sem_wait(&s);
				break;
			case 1:
				nanosleep(&later, NULL);
				break;
			case 2:
				mq_receive(d, text, 8, NULL);
				break;
			default:
				for (;;)
					;
			}
			check(0);
		}
		check(jumped == i + 1);
		check(!sem_post(&s) && !sem_wait(&s));
		check(!mq_send(d, "text", 4, 0) && mq_receive(d, text, 8, NULL) == 4);
		check(!pthread_mutex_lock(&m) && !pthread_mutex_unlock(&m));
	}
	check(!timer_delete(timer) && !sem_destroy(&s));
	queue_end(d);
	return arg;
}

/* What it does is wrong, time and again. */
static void *jumps_from_faults(void *arg)
{
	static int *volatile nowhere;
	volatile int i = 0;
	sem_t s;

	check(!sem_init(&s, 0, 0));
	jumps_on(SIGSEGV);
	jumps_on(SIGFPE);
	jumped = 0;
	for (; i < JUMPS; i++) {
		if (!sigsetjmp(before_jump, 1)) {
			check(!sem_post(&s) && !sem_wait(&s));
			if (i % 2)
				*nowhere = 1;
			else
				raise(SIGFPE);
			check(0);
		}
		check(jumped == i + 1 && !sem_post(&s) && !sem_wait(&s));
	}
	check(!sem_destroy(&s));
	return arg;
}

static void row_jumps(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	jumps_from_waits(NULL);
	jumps_from_faults(NULL);
	check(!pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	join(start(jumps_from_faults, NULL));
}

/* The only thread that takes the signal is real-time. */
static void *jumps_alone(void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	check(!pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	return jumps_from_waits(arg);
}

static void row_jumps_hard(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	check(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	join(start(jumps_alone, NULL));
}

/* ---- handlers of fork() --------------------------------------------------------------------------------------------- */

static pthread_mutex_t forked_mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t forked_sem;
static char forked[8];

static void before_fork(void)
{
	strcat(forked, "b");
	check(!pthread_mutex_lock(&forked_mutex));
}

static void in_parent(void)
{
	strcat(forked, "p");
	check(!pthread_mutex_unlock(&forked_mutex) && !sem_post(&forked_sem));
}

static void in_child(void)
{
	strcat(forked, "c");
	check(!pthread_mutex_unlock(&forked_mutex) && !sem_post(&forked_sem));
}

/* As a library does it that is not to be caught in the midst of something. */
static void *forks_with_handlers(void *arg)
{
	int status, value;
	pid_t pid;

	check(!sem_init(&forked_sem, 0, 0));
	forked[0] = 0;
	check(!pthread_mutex_lock(&forked_mutex) && !pthread_mutex_unlock(&forked_mutex));
	pid = fork();
	if (!pid) {
		check(!strcmp(forked, "bc"));
		check(!sem_getvalue(&forked_sem, &value) && value == 1 && !sem_wait(&forked_sem));
		check(!pthread_mutex_trylock(&forked_mutex) && !pthread_mutex_unlock(&forked_mutex));
		join(start(nothing, NULL));
		_exit(7);
	}
	check(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
	check(!strcmp(forked, "bp") && !sem_wait(&forked_sem));
	check(!pthread_mutex_trylock(&forked_mutex) && !pthread_mutex_unlock(&forked_mutex));
	return arg;
}

static void row_atfork(void)
{
	check(!pthread_atfork(before_fork, in_parent, in_child));
	forks_with_handlers(NULL);
	join(start(forks_with_handlers, NULL));
	forks_with_handlers(NULL);
}

/* ---- other programs ---------------------------------------------------------------------------------------------------- */

static void *runs_programs(void *arg)
{
	struct sigaction old, is;
	char line[32];
	FILE *f;

	check(!sigaction(SIGINT, NULL, &old));
	say(system(NULL) != 0);
	say(system("exit 3"));
	say(system("kill -9 $$"));
	say(system("/nowhere 2>/dev/null"));
	check(!sigaction(SIGINT, NULL, &is) && is.sa_handler == old.sa_handler);
	f = popen("echo one; echo two", "r");
	while (f && fgets(line, sizeof(line), f))
		printf("%s: %s", row_name, line);
	say(pclose(f));
	fflush(stdout);
	f = popen("cat; exit 5", "w");
	check(f && fprintf(f, "%s: by cat\n", row_name) > 0);
	say(pclose(f));
	return arg;
}

static void row_programs(void)
{
	runs_programs(NULL);
	join(start(runs_programs, NULL));
}

#define MUCH	(85 * 1000)	/* more than a pipe takes, and less than that and 256 texts of 100 bytes */

/* Begins late, so that all who write wait for it: how much comes before the first line of a program's. */
static void *reads_late(void *arg)
{
	static char all[2 * MUCH];
	size_t at = 0;
	ssize_t n;

	ms_sleep(300);
	while ((n = read(*(int *)arg, all + at, sizeof(all) - 1 - at)) > 0)
		at += n;
	all[at] = '\0';
	return (void *)(strstr(all, "program\n") - all);
}

static void by_system(void)
{
	check(!system("echo program"));
}

static void by_popen(void)
{
	FILE *f = popen("cat", "w");

	check(f && fputs("program\n", f) > 0 && !pclose(f));
}

static void by_spawn(void)
{
	char *argv[] = { "sh", "-c", "echo program", NULL };
	int status;
	pid_t pid;

	check(!posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ));
	check(waitpid(pid, &status, 0) == pid && !status);
	check(!posix_spawnp(&pid, "sh", NULL, NULL, argv, environ));
	check(waitpid(pid, &status, 0) == pid && !status);
}

/* Standard output is a pipe meanwhile. */
static long printed_before(void (*program)(void))
{
	int ends[2], saved = dup(1);
	pthread_t reader;
	void *before;

	fflush(stdout);
	check(saved >= 0 && !pipe(ends) && dup2(ends[1], 1) == 1 && !close(ends[1]));
	check(!pthread_create(&reader, NULL, reads_late, &ends[0]));
	for (int i = 0; i < MUCH / 100; i++)
		printf("%099d\n", i);
	fflush(stdout);
	program();
	check(dup2(saved, 1) == 1 && !close(saved));
	check(!pthread_join(reader, &before) && !close(ends[0]));
	return (long)before;
}

static void *prints_before(void *arg)
{
	say(printed_before(by_system));
	say(printed_before(by_popen));
	say(printed_before(by_spawn));
	return arg;
}

/* What was printed before a program was begun comes out before what it prints. */
static void row_programs_order(void)
{
	prints_before(NULL);
	join(start(prints_before, NULL));
}

#endif
