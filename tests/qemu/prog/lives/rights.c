// SPDX-License-Identifier: GPL-2.0
/*
 * Rights and limits.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <keel/abi.h>
#include <keel/sched.h>
#include <keel/sync.h>
#include "hard.h"
#include "lives.h"

#define ANYBODY	1000

/* libc signals each thread to do the same; hard ones too, in whatever state. */
static void sets_gid(void)
{
	check(!setgid(ANYBODY));
}

static int checked;

static void *has_uid(void *arg)
{
	while (getuid() != ANYBODY)
		must(keel_sleep(MS));
	check(getgid() == ANYBODY);
	must(keel_sleep(MS));
	check(keel_is_hard());
	__atomic_fetch_add(&checked, 1, __ATOMIC_RELEASE);
	return arg;
}

static void capabilities_set(unsigned int low)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { low, low, 0 }, { 0, 0, 0 } };

	check(!syscall(SYS_capset, &header, data));
}

static void memlock_set(rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	check(!setrlimit(RLIMIT_MEMLOCK, &limit));
}

/* What is attached stays, and goes on becoming hard; nothing new is attached without the right. */
void rights_setuid(void)
{
	memlock_set(RLIM_INFINITY);
	for (int cpu = 0; cpu < get_nprocs(); cpu++)
		hard_create("uid", 20, cpu, has_uid, NULL);
	some_start();
	hard_run(sets_gid);
	check(getgid() == ANYBODY && !setuid(ANYBODY));
	await(&checked, get_nprocs(), "the new uid");
	some_check();
	check(keel_thread_attach("late", 20, 0) == -EPERM);
}

/* Refused, and nothing is left of it: neither locked memory nor a real-time policy. */
static void attach_refused(int err)
{
	cpu_set_t before, after;
	int ret;

	sched_getaffinity(0, sizeof(before), &before);
	ret = keel_thread_attach("refused", 20, 0);
	if (ret != err)
		fail("attach: %s, not %s", strerror(-ret), strerror(-err));
	check(sched_getscheduler(0) == SCHED_OTHER);
	sched_getaffinity(0, sizeof(after), &after);
	check(CPU_EQUAL(&before, &after));
	check(!keel_is_hard() && keel_sleep(MS) == -EPERM);
}

void rights_memlock(void)
{
	struct keel_thread_attr attr = { .name = "refused", .prio = 20, .cpu = 0 };
	pthread_t thread;

	memlock_set(65536);
	capabilities_set(1u << CAP_SYS_NICE);
	attach_refused(-ENOMEM);
	check(keel_thread_create(&thread, &attr, has_uid, NULL) == -ENOMEM);
	memlock_set(0);
	attach_refused(-ENOMEM);
}

void rights_nothing(void)
{
	capabilities_set(1u << CAP_IPC_LOCK);
	attach_refused(-EPERM);
}

/* ---- limits of priorities ------------------------------------------------------------------------- */

#define LIMIT	60

static int device;	/* /proc is not to be read any more */

static void become_anybody(int prio)
{
	struct rlimit limit = { prio, prio };

	memlock_set(RLIM_INFINITY);
	check(!setrlimit(RLIMIT_RTPRIO, &limit));
	check(!setgid(ANYBODY) && !setuid(ANYBODY));
}

static int prio_now(void)
{
	struct keel_sched now;

	must(keel_thread_sched_get(&now));
	return now.prio;
}

static void within_limit(void)
{
	struct keel_sched above = { .sched_class = KEEL_CLASS_FIFO, .prio = LIMIT + 1 };
	struct keel_sched edf = { .sched_class = KEEL_CLASS_EDF, .budget_ns = MS, .period_ns = 10 * MS };
	struct keel_mutex m;

	check(keel_is_hard() && keel_priority_set(LIMIT + 1) == -EPERM && keel_is_hard());
	check(keel_sched_lock() == -EPERM);
	check(keel_thread_sched_set(&above) == -EPERM && keel_thread_sched_set(&edf) == -EPERM);
	must(keel_mutex_create_as(&m, KEEL_MUTEX_ERRORCHECK, LIMIT + 1));
	check(keel_mutex_lock(&m) == -EPERM && keel_mutex_unlock(&m) == -EPERM);
	check(keel_mutex_ceiling_set(&m, LIMIT) == LIMIT + 1);
	must(keel_mutex_lock(&m));
	check(keel_mutex_ceiling_set(&m, LIMIT + 1) == -EPERM);
	must(keel_mutex_unlock(&m));
	must(keel_harden());
	must(keel_priority_set(LIMIT));
	check(prio_now() == LIMIT);
}

/* Of root's, as long as it has one. */
static long raise_it(pid_t tid, int prio)
{
	struct keel_thread_change change = { .tid = tid, .what = KEEL_CHANGE_PRIO, .sched.prio = prio };

	return ioctl(device, KEEL_IOC_THREAD_CHANGE, &change) ? -errno : 0;
}

/* A user with a limit has it as under Linux; root may give more. */
void rights_limit(void)
{
	int *tid = shared_alloc(2 * sizeof(*tid)), *raised = tid + 1, status;
	pid_t pid = fork();

	if (!pid) {
		must(keel_open());
		device = device_fd();
		become_anybody(LIMIT);
		check(keel_thread_attach("above", LIMIT + 1, 0) == -EPERM);
		must(keel_thread_attach("limited", LIMIT - 10, 0));
		within_limit();
		must(keel_relax());
		check(raise_it(gettid(), LIMIT + 1) == -EPERM && prio_now() == LIMIT);
		flag_set(tid, gettid());
		await(raised, 1, "root");
		check(prio_now() == LIMIT + 2);
		must(raise_it(gettid(), LIMIT));
		check(raise_it(gettid(), LIMIT + 2) == -EPERM && prio_now() == LIMIT);
		_exit(0);
	}
	must(keel_open());
	device = device_fd();
	await(tid, 1, "the child");
	must(raise_it(*tid, LIMIT + 2));
	flag_set(raised, 1);
	check(waitpid(pid, &status, 0) == pid && !status);
}

static long attach_past_linux(void)
{
	struct keel_attach attach = { .abi_level = KEEL_ABI_LEVEL, .prio = KEEL_PRIO_MIN, .cpu = -1 };

	return ioctl(device, KEEL_IOC_ATTACH, &attach) ? -errno : 0;
}

/* By a file of root's the lowest priority is to be had, and no other. */
void rights_opener(void)
{
	must(keel_open());
	device = device_fd();
	become_anybody(0);
	check(keel_thread_attach("opener", KEEL_PRIO_MIN, 0) == -EPERM);	/* Linux's word */
	must(attach_past_linux());
	check(raise_it(gettid(), KEEL_PRIO_MIN + 1) == -EPERM);
	must(ioctl(device, KEEL_IOC_DETACH));
	keel_close();
	check(keel_open() == -EACCES);
}

/* Nothing is, by one's own. */
void rights_own_file(void)
{
	int status;
	pid_t pid;

	check(!chmod(KEEL_DEVICE, 0666));
	pid = fork();
	if (!pid) {
		become_anybody(0);
		must(keel_open());
		device = device_fd();
		check(attach_past_linux() == -EPERM);
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid && !status);
	check(!chmod(KEEL_DEVICE, 0660));
}

/* A child of root's, by its parent's file: it may look, and no more. */
void rights_others_file(void)
{
	struct keel_sched other = { .tid = gettid() };
	int status;
	pid_t pid;

	must(keel_thread_attach("parent", 20, 0));
	device = dup(device_fd());	/* the library closes its own */
	pid = fork();
	if (!pid) {
		check(!ioctl(device, KEEL_IOC_SCHED_GET, &other) && other.prio == 20);
		other = (struct keel_sched){ .tid = other.tid, .sched_class = KEEL_CLASS_FIFO, .prio = 30 };
		check(ioctl(device, KEEL_IOC_SCHED_SET, &other) == -1 && errno == EPERM);
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid && !status);
	check(prio_now() == 20);
}

/* ---- limits of time ------------------------------------------------------------------------------ */

static void busy(int64_t ns)
{
	int64_t until = keel_clock_ns() + ns;

	while (keel_clock_ns() < until)
		;
}

static int limited;

/* Hard time is not Linux's: two seconds of it, at 90 %. The limit is 1 s, or less. */
static void *works_hard(void *arg)
{
	int64_t end = keel_clock_ns() + 2000 * MS;

	must(keel_period_set(0, 10 * MS));
	while (keel_clock_ns() < end) {
		busy(9 * MS);
		must(keel_period_wait(NULL));
	}
	must(keel_relax());
	flag_set(&limited, 1);
	for (;;)
		;
	return arg;
}

static void limit(int what, rlim_t soft)
{
	struct rlimit limit = { soft, RLIM_INFINITY }, none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	check(!setrlimit(what, &limit));
	hard_create("limited", 15, get_nprocs() - 1, works_hard, NULL);
	await(&limited, 1, "the end of hard time");
	sleep(30);
	fail("no SIGXCPU in-band");
}

void limit_cpu(void)
{
	limit(RLIMIT_CPU, 1);
}

void limit_rttime(void)
{
	limit(RLIMIT_RTTIME, 300000);
}
