// SPDX-License-Identifier: GPL-2.0
/*
 * Attached twice, too many, the child of a fork, a user without rights, an offline CPU.
 */
#include <sched.h>
#include <sys/wait.h>
#include "badinput.h"

#define NOBODY	65534

static struct keel_attach good = { .abi_level = KEEL_ABI_LEVEL, .prio = 10, .cpu = -1 };
static int other_fd;

static int device(void)
{
	int fd = open(KEEL_DEVICE, O_RDWR);

	if (fd < 0)
		fail("%s: %m", KEEL_DEVICE);
	return fd;
}

static long attach_to(int fd)
{
	struct keel_attach a = good;

	return result(ioctl(fd, KEEL_IOC_ATTACH, &a));
}

static long detach_from(int fd)
{
	return result(ioctl(fd, KEEL_IOC_DETACH));
}

static long prio_by(int fd)
{
	struct keel_thread_set set = { .prio = 20, .cpu = -1 };

	return result(ioctl(fd, KEEL_IOC_THREAD_SET, &set));
}

static long park_by(int fd)
{
	return result(lseek(fd, KEEL_PARK_HARDEN, SEEK_SET));
}

/* ---- attached twice ---------------------------------------------------------------------- */

static void twice_test(void)
{
	must(attach_to(badinput_fd));
	other_fd = device();
	check(attach_to(badinput_fd) == -EALREADY);
	check(attach_to(other_fd) == -EALREADY);
	check(detach_from(other_fd) == -EPERM);
	check(prio_by(other_fd) == -EPERM);
	check(park_by(other_fd) == -EPERM);
	check(keel_thread_attach("third", 10, -1) == -EALREADY);
	must(detach_from(badinput_fd));
	check(detach_from(badinput_fd) == -EPERM);

	/* With its last file an attached thread is free again. */
	must(attach_to(other_fd));
	close(other_fd);
	must(attach_to(badinput_fd));
	must(detach_from(badinput_fd));
}

static int arrived, leave;

static void *member(void *error)
{
	*(long *)error = attach_to(badinput_fd);
	__atomic_add_fetch(&arrived, 1, __ATOMIC_RELEASE);
	while (!flag_get(&leave))
		sleep_ms(5);
	return NULL;
}

/* As many as there are windows, and one. Threads end without detaching. */
static void crowd_test(void)
{
	static pthread_t threads[KEEL_MAX_THREADS + 1];
	static long errors[KEEL_MAX_THREADS + 1];
	pthread_attr_t attr;
	int refused = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 32768);
	for (int i = 0; i <= KEEL_MAX_THREADS; i++)
		if (pthread_create(&threads[i], &attr, member, &errors[i]))
			fail("thread %d: %m", i);
	await(&arrived, KEEL_MAX_THREADS + 1, "a crowd of threads");
	for (int i = 0; i <= KEEL_MAX_THREADS; i++) {
		if (errors[i] && errors[i] != -EAGAIN)
			fail("thread %d: %s", i, strerror(-errors[i]));
		refused += errors[i] != 0;
	}
	check(refused == 1);
	flag_set(&leave, 1);
	for (int i = 0; i <= KEEL_MAX_THREADS; i++)
		pthread_join(threads[i], NULL);
}

static long seems_well(void) { return 0; }
static const struct row well[] = { { "all left", seems_well, 0 } };

void attach_test(void)
{
	twice_test();
	crowd_test();
	rows_run("attached twice, and too many", well, COUNT(well));
}

/* ---- other processes --------------------------------------------------------------------- */

static void in_child(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fn();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		fail("a child ended with status %#x", status);
}

/* The parent is attached by the file and by the library. */
static void child(void)
{
	check(attach_to(badinput_fd) == -EPERM);
	check(detach_from(badinput_fd) == -EPERM);
	check(prio_by(badinput_fd) == -EPERM);
	check(park_by(badinput_fd) == -EPERM);
	check(!keel_is_hard());
	check(keel_period_wait(NULL) == -EPERM);
	check(keel_thread_detach() == -EPERM);
	must(keel_thread_attach("child", 10, -1));
	must(keel_sleep(MS));
	must(keel_thread_detach());
}

/* All this with the device open from better times. */
static void nobody(void)
{
	struct keel_latency_start start = { .period_ns = MS };
	struct keel_control stop = { .command = KEEL_CONTROL_STOP };
	int fd = device();

	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		fail("becoming nobody: %m");
	check(attach_to(fd) == -EPERM);
	check(result(ioctl(fd, KEEL_IOC_LATENCY_START, &start)) == -EPERM);
	check(result(ioctl(fd, KEEL_IOC_CONTROL, &stop)) == -EPERM);
	stop.command = KEEL_CONTROL_START;
	check(result(ioctl(fd, KEEL_IOC_CONTROL, &stop)) == -EPERM);
	check(result(open(KEEL_DEVICE, O_RDWR)) == -EACCES);
	check(result(open(KEEL_DEVICE, O_RDONLY)) == -EACCES);
	check(keel_thread_attach("nobody", 10, -1) < 0);
	check(sched_getscheduler(0) == SCHED_OTHER);
}

void others_test(void)
{
	must(attach_to(badinput_fd));
	in_child(child);
	must(detach_from(badinput_fd));
	must(keel_thread_attach("parent", 10, -1));
	in_child(child);
	must(keel_thread_detach());
	in_child(nobody);
	rows_run("a child, and nobody", well, COUNT(well));
}

/* ---- an offline CPU ---------------------------------------------------------------------- */

void offline_test(int cpu)
{
	struct keel_latency_start start = { .period_ns = MS, .cpu = cpu };
	int policy = sched_getscheduler(0);

	good.cpu = cpu;
	check(attach_to(badinput_fd) == -EINVAL);
	start.kind = KEEL_LATENCY_IRQ;
	check(result(ioctl(badinput_fd, KEEL_IOC_LATENCY_START, &start)) == -EINVAL);
	start.kind = KEEL_LATENCY_KTHREAD;
	start.prio = 10;
	check(result(ioctl(badinput_fd, KEEL_IOC_LATENCY_START, &start)) == -EINVAL);
	check(keel_thread_attach("late", 10, cpu) == -EINVAL);
	check(sched_getscheduler(0) == policy);
	must(keel_thread_attach("stays", 10, 0));
	check(keel_cpu_set(cpu) == -EINVAL);
	check(keel_is_hard() && sched_getcpu() == 0);
	must(keel_thread_detach());
	rows_run("an offline CPU", well, COUNT(well));
}
