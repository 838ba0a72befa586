// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that end, begin others, or become others.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "hard.h"
#include "lives.h"

extern char **environ;

/* The first thread, which Keel does not know, ends the process. */
void process_exit(void)
{
	some_start();
	exit(7);
}

/* ---- a creator that is cancelled ----------------------------------------------------------------- */

static pthread_t created;
static int returned;

static void *nothing(void *arg)
{
	return arg;
}

/* It is no cancellation point; what it has handed to the thread is on this stack. */
static void *creates(void *arg)
{
	struct keel_thread_attr attr = { .name = "created", .prio = 20, .cpu = 0 };

	check(!pthread_cancel(pthread_self()));
	must(keel_thread_create(&created, &attr, nothing, &returned));
	flag_set(&returned, 1);
	pthread_testcancel();
	return arg;
}

void process_create_cancelled(void)
{
	pthread_t thread;
	void *ret;

	check(!pthread_create(&thread, NULL, creates, NULL) && !pthread_join(thread, &ret));
	check(ret == PTHREAD_CANCELED && flag_get(&returned));
	check(!pthread_join(created, &ret) && ret == &returned);
	exit(0);
}

/* ---- owners that end ---------------------------------------------------------------------------- */

#define MUTEXES	100

static struct keel_mutex mutexes[MUTEXES];
static int owned, waiting, died;

static void *owns_all(void *arg)
{
	for (int i = 0; i < MUTEXES; i++)
		must(keel_mutex_lock(&mutexes[i]));
	flag_set(&owned, 1);
	while (flag_get(&waiting) < 2)
		must(keel_sleep(MS));
	must(keel_sleep(2 * MS));
	syscall(SYS_exit, 0);	/* nobody in the library hears of it */
	return arg;
}

/* One waits when the owner ends, the rest find it gone: each mutex tells so once. */
static void *takes(void *arg)
{
	long ret;

	flag_set(&waiting, flag_get(&waiting) + 1);
	for (int i = 0; i < MUTEXES; i++) {
		ret = keel_mutex_lock(&mutexes[i]);
		if (ret && ret != -EOWNERDEAD)
			fail("mutex %d: %s", i, strerror(-ret));
		if (ret)
			__atomic_fetch_add(&died, 1, __ATOMIC_RELAXED);
		must(keel_mutex_unlock(&mutexes[i]));
	}
	return arg;
}

void process_exit_owners(void)
{
	pthread_t takers[2];

	must(keel_open());
	for (int i = 0; i < MUTEXES; i++)
		must(keel_mutex_create(&mutexes[i]));
	hard_create("owner", 10, 0, owns_all, NULL);
	await(&owned, 1, "the owner");
	for (int i = 0; i < 2; i++) {
		takers[i] = hard_create("taker", 20 + i, i % get_nprocs(), takes, NULL);
		await(&waiting, i + 1, "a taker");
	}
	for (int i = 0; i < 2; i++)
		pthread_join(takers[i], NULL);
	check(died == MUTEXES);
	for (int i = 0; i < MUTEXES; i++)
		must(keel_mutex_delete(&mutexes[i]));
}

/* ---- children that share memory ---------------------------------------------------------------- */

static void child_wait(pid_t pid, int status)
{
	int got;

	check(pid > 0 && waitpid(pid, &got, 0) == pid);
	if (got != status)
		fail("a child ended with status 0x%x, not 0x%x", got, status);
	must(keel_sleep(MS));
	check(keel_is_hard());
}

/* The child has its parent's memory, and in it what the library knows of the parent: Keel knows that
 * it is another. */
static void vforks(void)
{
	for (int i = 0; i < 10; i++) {
		volatile long ret = 0;
		pid_t pid = vfork();

		if (pid == 0) {
			ret = keel_sleep(MS);
			if (i & 1)
				execl("/bin/true", "true", NULL);
			_exit(5);
		}
		check(ret == -EPERM);
		child_wait(pid, i & 1 ? 0 : 5 << 8);
	}
}

void process_vfork(void)
{
	some_start();
	hard_run(vforks);
	some_check();
}

/* Another process in the same memory, that attaches with a file of its own and ends while
 * attached; without a libc of its own, as the thread-local memory is its parent's. */
static int attaches(void *arg)
{
	struct keel_attach req = { .abi_level = KEEL_ABI_LEVEL, .prio = 25, .cpu = -1, .name = "cloned" };
	int fd = (long)arg, rounds = 0;
	long ret;

	while (!syscall(SYS_ioctl, fd, KEEL_IOC_ATTACH, &req)) {
		do
			ret = syscall(SYS_lseek, fd, KEEL_PARK_HARDEN, SEEK_SET);
		while (ret < 0 && errno == EINTR);
		if (ret)
			return 2;
		asm volatile("syscall" : "=a"(ret)
			     : "a"(KEEL_CALL_SLEEP_UNTIL), "D"(0) : "rcx", "r11", "memory");
		if (ret || rounds++)
			return 3;
	}
	return rounds == 1 && errno == EALREADY ? 0 : 4;
}

static void clones(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int fd = open(KEEL_DEVICE, O_RDWR | O_CLOEXEC);

	check(fd >= 0);
	for (int i = 0; i < 10; i++)
		child_wait(clone(attaches, stack + sizeof(stack), CLONE_VM | CLONE_FILES | SIGCHLD,
				 (void *)(long)fd), 0);
	close(fd);
}

void process_clone_vm(void)
{
	some_start();
	hard_run(clones);
	some_check();
}

static void spawns(void)
{
	static char *const argv[] = { "true", NULL };
	pid_t pid;

	for (int i = 0; i < 10; i++) {
		check(!posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ));
		child_wait(pid, 0);
	}
}

void process_spawn(void)
{
	some_start();
	hard_run(spawns);
	some_check();
}

static void systems(void)
{
	char line[16];
	FILE *f;

	for (int i = 0; i < 5; i++) {
		check(system("exit 3") == 3 << 8);
		must(keel_sleep(MS));
		f = popen("echo hello", "r");
		check(f && fgets(line, sizeof(line), f) && !strcmp(line, "hello\n"));
		check(pclose(f) == 0);
		must(keel_sleep(MS));
		check(keel_is_hard());
	}
}

void process_system(void)
{
	some_start();
	hard_run(systems);
	some_check();
}

/* ---- exec --------------------------------------------------------------------------------------- */

static void become_other(void)
{
	execl("/bin/true", "true", NULL);
	fail("exec: %m");
}

void process_exec_sibling(void)
{
	some_start();
	become_other();
}

void process_exec_hard(void)
{
	some_start();
	hard_run(become_other);
}

/* ---- daemon ------------------------------------------------------------------------------------- */

static int *works;

static void daemon_works(void)
{
	must(keel_sleep(MS));
	check(keel_is_hard());
	flag_set(works, 1);
}

/* The thread that calls daemon() is the one that goes on, and its parent ends with hard threads. */
static void becomes_daemon(void)
{
	must(keel_thread_attach("daemon", 20, 0));
	must(keel_sleep(MS));
	some_start();
	check(!daemon(0, 1));
	check(!keel_is_hard() && keel_sleep(MS) == -EPERM);
	must(keel_thread_attach("daemon", 20, 0));
	daemon_works();
	must(keel_thread_detach());
	hard_run(daemon_works);
	flag_set(works, 2);
	_exit(0);
}

void process_daemon(void)
{
	pid_t pid;
	int status;

	works = shared_alloc(sizeof(*works));
	pid = fork();
	if (pid == 0)
		becomes_daemon();
	check(waitpid(pid, &status, 0) == pid && status == 0);
	await(works, 2, "the daemon");
}
