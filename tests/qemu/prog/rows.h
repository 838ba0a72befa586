/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PROGRAM [ROW...] | --list: run the rows of a table, all of them if none is named. A row runs in a
 * process of its own, forked before there is any thread, bound to CPU 0, and ends with the wait
 * status that the table expects. After each of them the witnesses, a hard thread on each CPU, must
 * still run, and only they may be attached. For the main.c of a program.
 */
#ifndef ROWS_H
#define ROWS_H

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "hard.h"

#define THREADS		"/sys/kernel/debug/keel/threads"
#define EXITED(code)	((code) << 8)
#define KILLED(sig)	(sig)
#define CORE_DUMPED	0x80

struct row {
	const char *name;
	void (*run)(void);
	int status;		/* as wait() tells it */
	int cpus;
};

#define ROWS(rows)	(int)(sizeof(rows) / sizeof(rows[0]))

/* ---- witnesses ------------------------------------------------------------------------------- */

static struct witness {
	int alive;
	int periods;
} *witnesses;

static inline void *witness(void *arg)
{
	struct witness *w = arg;
	unsigned long overruns;

	must(keel_period_set(0, MS));
	flag_set(&w->alive, 1);
	for (;;) {
		must(keel_period_wait(&overruns));
		flag_set(&w->periods, w->periods + 1 + overruns);
	}
	return NULL;
}

static inline pid_t witnesses_start(void)
{
	pid_t parent = getpid(), pid;

	witnesses = shared_alloc(get_nprocs() * sizeof(*witnesses));
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		for (int cpu = 0; cpu < get_nprocs(); cpu++)
			hard_create("witness", 20, cpu, witness, &witnesses[cpu]);
		for (;;)
			pause();
	}
	for (int cpu = 0; cpu < get_nprocs(); cpu++)
		await(&witnesses[cpu].alive, 1, "a witness");
	return pid;
}

static inline void witnesses_check(void)
{
	for (int cpu = 0; cpu < get_nprocs(); cpu++)
		await(&witnesses[cpu].periods, flag_get(&witnesses[cpu].periods) + 10,
		      "ten periods of a witness");
}

/* ---- leaks ------------------------------------------------------------------------------------- */

/* Attached threads but the witnesses. */
static inline int others_attached(char *first, size_t size)
{
	FILE *f = fopen(THREADS, "r");
	char line[256];
	int n = 0;

	if (!f || !fgets(line, sizeof(line), f))
		fail(THREADS ": %m");
	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, " witness"))
			continue;
		if (!n++)
			snprintf(first, size, "%s", line);
	}
	fclose(f);
	return n;
}

static inline void leaks_check(void)
{
	char line[256];

	/* The last thread of a group may go a moment after wait() has returned. */
	for (int i = 0; others_attached(line, sizeof(line)); i++) {
		if (i == 500)
			fail("left attached: %s", line);
		sleep_ms(10);
	}
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static inline void row_run(const struct row *row)
{
	int status;
	pid_t pid;

	if (get_nprocs() < row->cpus)
		return;
	printf("%s\n", row->name);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		bind_cpu(0);
		row->run();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("fork, wait: %m");
	if ((status & ~CORE_DUMPED) != row->status)
		fail("%s: ended with status 0x%x, not 0x%x", row->name, status, row->status);
	witnesses_check();
	leaks_check();
}

static inline void rows_run(const struct row *rows, int count, const char *name)
{
	int found = 0;

	for (int i = 0; i < count; i++) {
		if (name && strcmp(name, rows[i].name))
			continue;
		found = 1;
		row_run(&rows[i]);
	}
	if (!found)
		fail("no row %s", name);
}

static inline int rows_main(const struct row *rows, int count, int argc, char **argv)
{
	pid_t pid;

	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (int i = 0; i < count; i++)
			if (get_nprocs() >= rows[i].cpus)
				printf("%s\n", rows[i].name);
		return 0;
	}
	pid = witnesses_start();
	if (argc == 1)
		rows_run(rows, count, NULL);
	for (int i = 1; i < argc; i++)
		rows_run(rows, count, argv[i]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}

#endif
