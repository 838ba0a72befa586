// SPDX-License-Identifier: GPL-2.0
/*
 * cycles N UP DOWN: run the shell commands UP and DOWN N times, with 210 processes asleep.
 *
 * They stand in three groups, and each process sleeps in one of five ways:
 * nanosleep, reading a pipe, poll, futex, wait4. A sleep begins before UP, during UP, between the
 * two, during DOWN, or after it, and ends at another of these times:
 *
 *	group	before	UP	between		DOWN	after
 *	0	|--------------|  |-----------------------|  |-|
 *	1		|-------------------------------------|
 *	2					|-------------|
 *
 * Each must wake, with the right result, and in the end exit with 0.
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include "hard.h"

#define GROUPS	3
#define CHILD_STATUS 7

enum kind { NANOSLEEP, PIPE, POLL, FUTEX, WAIT4, KINDS };

static const int members[KINDS] = { 17, 17, 17, 13, 6 };
#define MEMBERS 70

static struct group {
	int enter;	/* futex: the number of the sleep that may begin */
	int wake;	/* futex: the number of the last sleep that is over */
	int entered;	/* how many began the sleep, */
	int woken;	/* and how many ended it */
	int quit;
	int pipe[2], poll[2], child[2];
} *groups;

static pid_t pids[GROUPS][MEMBERS];

static void futex_wait(int *word, int seen)
{
	syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void futex_wake(int *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1 << 20, NULL, NULL, 0);
}

/* ---- a sleeper ---------------------------------------------------------------------------- */

static void sleep_nanosleep(struct group *g, int n)
{
	struct timespec t = { .tv_nsec = 20 * MS };

	while (flag_get(&g->wake) < n)
		check(!nanosleep(&t, NULL));
}

static void sleep_pipe(struct group *g)
{
	char c;

	check(read(g->pipe[0], &c, 1) == 1 && c == 'p');
}

static void sleep_poll(struct group *g)
{
	struct pollfd p = { .fd = g->poll[0], .events = POLLIN };

	check(poll(&p, 1, -1) == 1 && p.revents == POLLIN);
}

static void sleep_futex(struct group *g, int n)
{
	int seen;

	while ((seen = flag_get(&g->wake)) < n)
		futex_wait(&g->wake, seen);
}

static void sleep_wait4(struct group *g)
{
	int status;
	pid_t pid = fork();
	char c;

	check(pid >= 0);
	if (!pid)
		_exit(read(g->child[0], &c, 1) == 1 ? CHILD_STATUS : 1);
	check(wait4(pid, &status, 0, NULL) == pid);
	check(WIFEXITED(status) && WEXITSTATUS(status) == CHILD_STATUS);
}

static void sleep_once(struct group *g, enum kind kind, int n)
{
	__atomic_add_fetch(&g->entered, 1, __ATOMIC_RELEASE);
	switch (kind) {
	case NANOSLEEP:
		sleep_nanosleep(g, n);
		break;
	case PIPE:
		sleep_pipe(g);
		break;
	case POLL:
		sleep_poll(g);
		break;
	case FUTEX:
		sleep_futex(g, n);
		break;
	default:
		sleep_wait4(g);
	}
	check(flag_get(&g->wake) == n);
	__atomic_add_fetch(&g->woken, 1, __ATOMIC_RELEASE);
}

/* The conductor may run above the load; nobody it wakes does. */
static void sleeper(struct group *g, enum kind kind)
{
	struct sched_param ordinary = { 0 };

	check(!sched_setscheduler(0, SCHED_OTHER, &ordinary));
	for (int n = 1;; n++) {
		while (flag_get(&g->enter) < n)
			futex_wait(&g->enter, n - 1);
		if (flag_get(&g->quit))
			_exit(0);
		sleep_once(g, kind, n);
	}
}

/* ---- the conductor ------------------------------------------------------------------------- */

static void enter(struct group *g)
{
	g->entered = g->woken = 0;
	__atomic_add_fetch(&g->enter, 1, __ATOMIC_RELEASE);
	futex_wake(&g->enter);
}

static void asleep(struct group *g)
{
	for (int ms = 0; __atomic_load_n(&g->entered, __ATOMIC_ACQUIRE) < MEMBERS; ms++) {
		if (ms == 60000)
			fail("only %d of %d began to sleep", g->entered, MEMBERS);
		sleep_ms(1);
	}
}

static void put(int fd, char c, int count)
{
	while (count--)
		check(write(fd, &c, 1) == 1);
}

static void wake(struct group *g)
{
	char c;

	asleep(g);
	__atomic_add_fetch(&g->wake, 1, __ATOMIC_RELEASE);
	futex_wake(&g->wake);
	put(g->pipe[1], 'p', members[PIPE]);
	put(g->poll[1], 'o', 1);
	put(g->child[1], 'c', members[WAIT4]);
	for (int ms = 0; flag_get(&g->woken) < MEMBERS; ms++) {
		if (ms == 60000)
			fail("only %d of %d woke", g->woken, MEMBERS);
		sleep_ms(1);
	}
	check(read(g->poll[0], &c, 1) == 1);
}

static pid_t begin(const char *command)
{
	pid_t pid = fork();

	check(pid >= 0);
	if (!pid) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	return pid;
}

static void finish(pid_t pid, const char *command)
{
	int status;

	check(waitpid(pid, &status, 0) == pid);
	if (status)
		fail("%s: status %#x", command, status);
}

static void cycle(const char *up, const char *down)
{
	pid_t pid;

	enter(&groups[0]);
	asleep(&groups[0]);
	pid = begin(up);
	enter(&groups[1]);
	finish(pid, up);
	wake(&groups[0]);
	enter(&groups[0]);
	asleep(&groups[0]);
	pid = begin(down);
	enter(&groups[2]);
	finish(pid, down);
	for (int i = 0; i < GROUPS; i++)
		wake(&groups[i]);
	enter(&groups[0]);
	wake(&groups[0]);
}

static void group_start(int i)
{
	struct group *g = &groups[i];
	int n = 0;

	check(!pipe(g->pipe) && !pipe(g->poll) && !pipe(g->child));
	for (enum kind kind = 0; kind < KINDS; kind++)
		for (int k = 0; k < members[kind]; k++, n++) {
			pids[i][n] = fork();
			check(pids[i][n] >= 0);
			if (!pids[i][n])
				sleeper(g, kind);
		}
	check(n == MEMBERS);
}

static void group_end(int i)
{
	flag_set(&groups[i].quit, 1);
	enter(&groups[i]);
	for (int n = 0; n < MEMBERS; n++)
		finish(pids[i][n], "a sleeper");
}

int main(int argc, char **argv)
{
	if (argc != 4)
		fail("usage: cycles N UP DOWN");
	groups = shared_alloc(GROUPS * sizeof(*groups));
	for (int i = 0; i < GROUPS; i++)
		group_start(i);
	for (int n = atoi(argv[1]); n; n--)
		cycle(argv[2], argv[3]);
	for (int i = 0; i < GROUPS; i++)
		group_end(i);
	return 0;
}
