// SPDX-License-Identifier: GPL-2.0
/*
 * System call filters. Keel calls of a hard thread meet none, so none becomes hard whose filter would
 * not let them pass; what the filter orders is done.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "task.h"

static long filter_install(struct sock_filter *code, int count, int flags)
{
	struct sock_fprog prog = { .len = count, .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fail("no_new_privs: %m");
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

/* @action for the calls from @first to @last, all others pass. */
static long filter_range(unsigned int first, unsigned int last, unsigned int action, int flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	long ret = filter_install(code, sizeof(code) / sizeof(code[0]), flags);

	if (ret < 0)
		fail("seccomp: %m");
	return ret;
}

#define LAST_CALL	(KEEL_CALL_BASE + KEEL_CALL_COUNT - 1)

/* For the last of the Keel calls: it alone forbids them all. */
static void filter_keel(unsigned int action)
{
	filter_range(LAST_CALL, LAST_CALL, action, 0);
}

/* In-band, by hand, as the library would have to harden. */
static long call_bare(void)
{
	long ret = syscall(LAST_CALL);

	return ret < 0 ? -errno : ret;
}

static void *allows(void *arg)
{
	(void)arg;
	filter_range(SYS_reboot, SYS_reboot, SECCOMP_RET_KILL_PROCESS, 0);
	for (int i = 0; i < 10; i++) {
		must(keel_sleep(MS));
		check(keel_is_hard());
		getppid();
		check(!keel_is_hard());
	}
	return NULL;
}

void filter_allows(void)
{
	hard_run(0, allows, NULL);
}

static void *errno_thread(void *arg)
{
	(void)arg;
	check(keel_is_hard());
	filter_keel(SECCOMP_RET_ERRNO | EACCES);
	check(keel_harden() == -EACCES && !keel_is_hard());
	check(keel_sleep(MS) == -EACCES && !keel_is_hard());
	check(call_bare() == -EACCES);
	return NULL;
}

void filter_errno(void)
{
	hard_run(0, errno_thread, NULL);
}

static int trapped;

static void on_trap(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	check(info->si_syscall == LAST_CALL);
	trapped++;
}

static void *trap_thread(void *arg)
{
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };

	(void)arg;
	sigaction(SIGSYS, &sa, NULL);
	filter_keel(SECCOMP_RET_TRAP);
	check(keel_harden() == -EPERM && !keel_is_hard());
	check(trapped == 1);
	return NULL;
}

void filter_trap(void)
{
	hard_run(0, trap_thread, NULL);
}

static void *kill_thread(void *arg)
{
	(void)arg;
	filter_keel(SECCOMP_RET_KILL_PROCESS);
	keel_harden();
	fail("a thread became hard against a filter that kills");
}

void filter_kill(void)
{
	hard_run(0, kill_thread, NULL);
}

static void *killed_alone(void *arg)
{
	(void)arg;
	filter_keel(SECCOMP_RET_KILL_THREAD);
	keel_harden();
	fail("a thread became hard against a filter that kills it");
}

/* The others go on, and nothing of it is left: a reference to the device would keep Keel loaded. */
void filter_kill_thread(void)
{
	hard_run(0, killed_alone, NULL);
	for (int i = 0; i < 3; i++)
		hard_run(0, allows, NULL);
}

static void *park_thread(void *arg)
{
	(void)arg;
	filter_range(SYS_lseek, SYS_lseek, SECCOMP_RET_ERRNO | ENOSYS, 0);
	check(keel_harden() == -ENOSYS && !keel_is_hard());
	check(keel_sleep(MS) == -ENOSYS && !keel_is_hard());
	return NULL;
}

void filter_park(void)
{
	hard_run(0, park_thread, NULL);
}

static void *attach_thread(void *arg)
{
	(void)arg;
	filter_range(SYS_ioctl, SYS_ioctl, SECCOMP_RET_ERRNO | EPERM, 0);
	check(keel_thread_attach("task", 15, 0) == -EPERM);
	check(!keel_is_hard());
	return NULL;
}

void filter_attach(void)
{
	pthread_t thread;

	must(keel_open());
	check(pthread_create(&thread, NULL, attach_thread, NULL) == 0);
	pthread_join(thread, NULL);
}

/* ---- a supervisor ---------------------------------------------------------------------------- */

#define NOTICES	5

static int listener = -1, over;
static int notified;

/* @number: of the call that the supervisor hears of. It forbids the last. */
static void *notify_thread(void *number)
{
	unsigned int nr = (long)number;
	long err = 0;

	flag_set(&listener, filter_range(nr, nr, SECCOMP_RET_USER_NOTIF,
					 SECCOMP_FILTER_FLAG_NEW_LISTENER));
	for (int i = 0; i < NOTICES && !err; i++) {
		err = i % 2 ? keel_sleep(MS) : keel_harden();
		check(keel_is_hard() == !err);
		if (!err)
			must(keel_relax());
	}
	check(err == -EBUSY);
	flag_set(&over, 1);
	return NULL;
}

static void supervise(unsigned int nr)
{
	struct seccomp_notif_resp answer = { 0 };
	struct seccomp_notif call = { 0 };
	struct pollfd poll_for = { .fd = listener, .events = POLLIN };

	if (poll(&poll_for, 1, 10) < 1)
		return;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
		fail("notification: %m");
	check((unsigned int)call.data.nr == nr);
	answer.id = call.id;
	if (++notified < NOTICES)
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else
		answer.error = -EBUSY;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer))
		fail("answer: %m");
}

static void notify(long nr)
{
	pthread_t thread = hard_create("task", 15, 0, notify_thread, (void *)nr);

	await(&listener, 0, "the filter");
	while (!flag_get(&over))
		supervise(nr);
	pthread_join(thread, NULL);
	check(notified == NOTICES);
}

void filter_notify(void)
{
	notify(SYS_lseek);
}

void filter_notify_keel(void)
{
	notify(LAST_CALL);
}

/* ---- others ------------------------------------------------------------------------------------- */

static int strict, outlived;

static void *strict_thread(void *arg)
{
	(void)arg;
	must(keel_relax());
	check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
	flag_set(&strict, 1);
	keel_harden();
	flag_set(&outlived, 1);
	for (;;)
		;
}

/* Linux kills the thread that asks to become hard, and that alone. */
void filter_strict(void)
{
	hard_run(0, strict_thread, NULL);
	check(strict && !outlived);
}
