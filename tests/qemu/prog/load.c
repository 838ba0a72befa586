// SPDX-License-Identifier: GPL-2.0
/*
 * load fork|fault: a load for the latency tests, until killed.
 *
 * fork:  50 times fork and exec of a static program, then 50 times fork and
 *        exit, again and again.
 * fault: map 16 MB of small pages, touch each, unmap, again and again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS		50
#define MAP_SIZE	(16UL << 20)
#define PAGE		4096UL

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void spawn(const char *program)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		if (program)
			execl(program, program, "exit", NULL);
		_exit(program != NULL);
	}
	if (waitpid(pid, NULL, 0) < 0)
		die("waitpid");
}

static void load_fork(const char *self)
{
	for (int i = 0; i < ROUNDS; i++)
		spawn(self);
	for (int i = 0; i < ROUNDS; i++)
		spawn(NULL);
}

static void load_fault(void)
{
	char *map = mmap(NULL, MAP_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		die("mmap");
	if (madvise(map, MAP_SIZE, MADV_NOHUGEPAGE))
		die("madvise");
	for (size_t at = 0; at < MAP_SIZE; at += PAGE)
		map[at] = 1;
	munmap(map, MAP_SIZE);
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "exit"))
		return 0;
	while (!strcmp(what, "fork"))
		load_fork("/proc/self/exe");
	while (!strcmp(what, "fault"))
		load_fault();
	fprintf(stderr, "usage: load fork|fault\n");
	return 2;
}
