// SPDX-License-Identifier: GPL-2.0
/*
 * Pipes that hard threads of two processes use: who made one, and who has bound it.
 */
#include <sys/wait.h>
#include "pipes.h"

static struct keel_pipe rtp, bound;
static int fd, *told;

static void begin(void)
{
	told = shared_alloc(sizeof(*told));
	must(keel_open());
	must(keel_pipe_create(&rtp, -1, PLACES, SIZE));
	fd = rtp_open(&rtp, O_RDWR);
}

static void bind(void)
{
	must(keel_open());
	must(keel_pipe_bind(&bound, fd));
	must(keel_thread_attach("bound", PRIO, 0));
}

static void child_ends(pid_t pid, int status)
{
	int got;

	check(waitpid(pid, &got, 0) == pid);
	if (got != status)
		fail("the child ended with status 0x%x", got);
}

/* Numbers come back with one added, for as long as there is a pipe. */
static void echo(void)
{
	long n;
	int ret;

	while ((ret = keel_pipe_read(&bound, &n, sizeof(n))) == sizeof(n)) {
		n++;
		must(keel_pipe_write(&bound, &n, sizeof(n)));
	}
	check(ret == -EIDRM);
	check(keel_pipe_tryread(&bound, &n, sizeof(n)) == -EIDRM);
	check(keel_pipe_trywrite(&bound, &n, sizeof(n)) == -EIDRM);
	must(keel_pipe_delete(&bound));
	check(keel_pipe_tryread(&bound, &n, sizeof(n)) == -EINVAL);
}

static void echoes(long count)
{
	long n, got;

	for (n = 0; n < count; n++) {
		check(write(fd, &n, sizeof(n)) == sizeof(n));
		check(read(fd, &got, sizeof(got)) == sizeof(got) && got == n + 1);
	}
}

/* Both serve Linux, first the one, then the other; deleting ends the wait of the one that has bound it. */
void bound_both(void)
{
	pid_t pid;
	char got[SIZE];

	begin();
	pid = fork();
	if (pid == 0) {
		bind();
		check(bound.number == rtp.number);
		flag_set(told, 1);
		echo();
		_exit(0);
	}
	await(told, 1, "the binding");
	echoes(100);
	must(keel_thread_attach("made", PRIO, 0));
	must(keel_pipe_write(&rtp, "made", 4));
	check(read(fd, got, SIZE) == 4 && !memcmp(got, "made", 4));
	must(keel_pipe_delete(&rtp));
	child_ends(pid, 0);
	check(read(fd, got, SIZE) == 0);
	close(fd);
}

/* Who has bound it gives it up, or dies while it waits: the pipe stays. */
void bound_given_up(void)
{
	char got[SIZE];
	pid_t pid;

	begin();
	pid = fork();
	if (pid == 0) {
		bind();
		must(keel_pipe_delete(&bound));
		must(keel_pipe_bind(&bound, fd));
		flag_set(told, 1);
		keel_pipe_read(&bound, got, SIZE);
		_exit(1);
	}
	await(told, 1, "the binding");
	sleep_ms(20);
	kill(pid, SIGKILL);
	child_ends(pid, SIGKILL);
	must(keel_thread_attach("made", PRIO, 0));
	must(keel_pipe_write(&rtp, "made", 4));
	check(write(fd, "linux", 5) == 5);
	check(read(fd, got, SIZE) == 4);
	check(must(keel_pipe_read(&rtp, got, SIZE)) == 5);
	must(keel_pipe_delete(&rtp));
	close(fd);
}

/* Who made it dies: it ends for who has bound it. */
void bound_orphaned(void)
{
	int *number = shared_alloc(sizeof(*number));
	pid_t pid = fork(), other;

	if (pid == 0) {
		begin();
		flag_set(number, rtp.number + 1);
		for (;;)
			sleep_ms(1000);
	}
	await(number, 1, "the pipe");
	told = shared_alloc(sizeof(*told));
	other = fork();
	if (other == 0) {
		rtp.number = *number - 1;
		fd = rtp_open(&rtp, O_RDWR);
		bind();
		close(fd);
		flag_set(told, 1);
		echo();
		_exit(0);
	}
	await(told, 1, "the binding");
	sleep_ms(20);
	kill(pid, SIGKILL);
	child_ends(pid, SIGKILL);
	child_ends(other, 0);
}

void bound_wrong(void)
{
	int only_read, only_write, null = open("/dev/null", O_RDWR);

	begin();
	only_read = rtp_open(&rtp, O_RDONLY);
	only_write = rtp_open(&rtp, O_WRONLY);
	check(keel_pipe_bind(&bound, -1) == -EBADF);
	check(keel_pipe_bind(&bound, 1000) == -EBADF);
	check(keel_pipe_bind(&bound, null) == -EINVAL);
	check(keel_pipe_bind(&bound, only_read) == -EINVAL);
	check(keel_pipe_bind(&bound, only_write) == -EINVAL);
	must(keel_pipe_bind(&bound, fd));
	must(keel_pipe_delete(&bound));
	check(keel_pipe_delete(&bound) == -EINVAL);
	must(keel_pipe_delete(&rtp));
}
