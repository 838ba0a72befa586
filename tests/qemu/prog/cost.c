// SPDX-License-Identifier: GPL-2.0
/*
 * cost: what Linux takes for a message through a pipe and its answer, for a static program from
 * fork to its end, for the least system call. For each the median of five runs, in ns of one,
 * which are guest instructions when the guest counts them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS	5
#define PIPES	10000
#define FORKS	200
#define CALLS	100000

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000l + ts.tv_nsec;
}

/* Send back what comes, until the other end is closed. */
static void echo(int from, int to)
{
	char c;

	while (read(from, &c, 1) == 1)
		if (write(to, &c, 1) != 1)
			die("write");
	_exit(0);
}

static long run_pipe(void)
{
	int there[2], back[2];
	long took;
	char c = 0;
	pid_t pid;

	if (pipe(there) || pipe(back))
		die("pipe");
	pid = fork();
	if (pid == 0) {
		close(there[1]);
		echo(there[0], back[1]);
	}
	took = now();
	for (int i = 0; i < PIPES; i++)
		if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			die("ping-pong");
	took = now() - took;
	close(there[1]);
	waitpid(pid, NULL, 0);
	close(there[0]);
	close(back[0]);
	close(back[1]);
	return took / PIPES;
}

static long run_fork(void)
{
	long took = now();
	int status;

	for (int i = 0; i < FORKS; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execl("/proc/self/exe", "cost", "exit", NULL);
			_exit(1);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			die("fork");
	}
	return (now() - took) / FORKS;
}

static long run_call(void)
{
	long took = now();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return (now() - took) / CALLS;
}

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static void report(const char *what, long (*run)(void))
{
	long took[RUNS];

	run();	/* caches, page tables, the file in memory */
	for (int i = 0; i < RUNS; i++)
		took[i] = run();
	qsort(took, RUNS, sizeof(took[0]), compare);
	printf("%s %ld\n", what, took[RUNS / 2]);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "exit"))
		return 0;
	report("pipe", run_pipe);
	report("fork", run_fork);
	report("getppid", run_call);
	return 0;
}
