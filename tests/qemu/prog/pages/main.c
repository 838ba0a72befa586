// SPDX-License-Identifier: GPL-2.0
/*
 * pages ROW... | --list | --list-seen: run the rows, each in a process of its own. --list-seen leaves
 * out those that a stale translation does not fail for certain.
 */
#include <sys/wait.h>
#include "pages.h"

static void list(int all)
{
	for (int i = 0; i < rows_count; i++)
		if (all || !rows[i].unseen)
			printf("%s\n", rows[i].name);
}

static const struct row *row_find(const char *name)
{
	for (int i = 0; i < rows_count; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	fail("no row %s", name);
}

static int row_run(const struct row *row)
{
	int64_t begin = keel_clock_ns();
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		bind_cpu(0);
		busy_start();
		taker_start();
		for (int i = 0; i < row->rounds; i++)
			round_run(row);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("fork, wait: %m");
	printf("%s: %ld ms\n", row->name, (long)((keel_clock_ns() - begin) / MS));
	return status;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strncmp(argv[1], "--list", 6)) {
		list(!strcmp(argv[1], "--list"));
		return 0;
	}
	for (int i = 1; i < argc; i++)
		if (row_run(row_find(argv[i])))
			return 1;
	return 0;
}
