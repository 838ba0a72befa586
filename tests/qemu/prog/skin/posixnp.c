// SPDX-License-Identifier: GPL-2.0
/*
 * posixnp [ROW...]: what libkeel-posix has beyond POSIX: modes and their signal, scheduling classes. Each row in a
 * process of its own; to be run by keel run or not. "ok ROW" or "fail ROW: why" a line.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <keel/posix.h>
#include <keel/sched.h>
#include "../checks.h"

#define PRIO	50
#define MS	1000000L
#define PAGE	4096

static volatile sig_atomic_t reasons[32], others, handled;

static void on_debug(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	if (sigdebug_marker(info) && sigdebug_reason(info) < 32)
		reasons[sigdebug_reason(info)]++;
	else
		others++;
}

static void on_signal(int sig)
{
	handled = sig;
}

static pthread_t start(int prio, void *(*fn)(void *), void *arg)
{
	return start_as(SCHED_FIFO, prio, fn, arg);
}

static void ms_sleep(int ms)
{
	struct timespec ts = { .tv_nsec = ms * MS };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static void spin_ms(int ms)
{
	int64_t end = keel_clock_ns() + ms * MS;

	while (keel_clock_ns() < end)
		;
}

static void warn(void)
{
	int before = -1;

	check(!pthread_setmode_np(0, PTHREAD_WARNSW, &before) && !before);
	check(!others && keel_is_hard());
}

/* ---- warnings ---------------------------------------------------------------------------------- */

static void *syscalls(void *arg)
{
	int before;

	check(pthread_setmode_np(0, 4, NULL) == EINVAL);
	syscall(SYS_getppid);
	warn();
	syscall(SYS_getppid);
	check(reasons[SIGDEBUG_MIGRATE_SYSCALL] == 1);
	ms_sleep(1);
	syscall(SYS_getppid);
	syscall(SYS_getppid);			/* in-band already */
	check(reasons[SIGDEBUG_MIGRATE_SYSCALL] == 2);
	check(!pthread_setmode_np(PTHREAD_WARNSW, 0, &before) && before == PTHREAD_WARNSW);
	syscall(SYS_getppid);
	check(reasons[SIGDEBUG_MIGRATE_SYSCALL] == 2 && !others);
	return arg;
}

static void row_syscall(void)
{
	check(pthread_setmode_np(0, PTHREAD_WARNSW, NULL) == EPERM);
	pthread_join(start(PRIO, syscalls, NULL), NULL);
}

static void *faults(void *arg)
{
	volatile char *p;

	check(arg ? !mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) : !munlockall());
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	warn();
	*p = 1;
	check(reasons[arg ? SIGDEBUG_MIGRATE_FAULT : SIGDEBUG_NOMLOCK] == 1);
	ms_sleep(1);
	*p = 1;
	check(reasons[SIGDEBUG_MIGRATE_FAULT] + reasons[SIGDEBUG_NOMLOCK] == 1);
	return NULL;
}

/* The same fault, with memory that is to be locked, and without. */
static void row_fault(void)
{
	pthread_join(start(PRIO, faults, &handled), NULL);
}

static void row_memory(void)
{
	pthread_join(start(PRIO, faults, NULL), NULL);
}

static void *gets_signal(void *arg)
{
	warn();
	sem_post(arg);
	while (!handled)
		ms_sleep(50);
	check(reasons[SIGDEBUG_MIGRATE_SIGNAL] == 1);
	return NULL;
}

static void row_signal(void)
{
	pthread_t thread;
	sem_t ready;

	signal(SIGUSR1, on_signal);
	sem_init(&ready, 0, 0);
	thread = start(PRIO, gets_signal, &ready);
	sem_wait(&ready);
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
}

static pthread_mutex_t heir;
static sem_t held;

/* In-band, for as long as it takes. */
static void *owns(void *arg)
{
	int64_t end;

	warn();
	check(!pthread_mutex_lock(&heir));
	sem_post(&held);
	syscall(SYS_getppid);
	end = keel_clock_ns() + 5000 * MS;
	while (!reasons[SIGDEBUG_MIGRATE_PRIOINV] && keel_clock_ns() < end)
		;
	check(reasons[SIGDEBUG_MIGRATE_PRIOINV] == 1);
	check(!pthread_mutex_unlock(&heir));
	return arg;
}

static void *wants(void *arg)
{
	sem_wait(&held);
	ms_sleep(5);
	check(!pthread_mutex_lock(&heir) && !pthread_mutex_unlock(&heir));
	return arg;
}

static void row_owner(void)
{
	pthread_t low, high;

	low = start(PRIO, owns, NULL);
	high = start(PRIO + 10, wants, NULL);
	pthread_join(low, NULL);
	pthread_join(high, NULL);
}

static void *unlocks(void *arg)
{
	check(!pthread_mutex_lock(&heir) && !pthread_mutex_unlock(&heir));
	check(pthread_mutex_unlock(&heir) == EPERM && !reasons[SIGDEBUG_RESCNT_IMBALANCE]);
	warn();
	check(pthread_mutex_unlock(&heir) == EPERM && reasons[SIGDEBUG_RESCNT_IMBALANCE] == 1);
	return arg;
}

static void row_unlock(void)
{
	pthread_join(start(PRIO, unlocks, NULL), NULL);
}

static pthread_rwlock_t shared_lock = PTHREAD_RWLOCK_INITIALIZER;

static void *unlocks_rwlock(void *arg)
{
	check(!pthread_rwlock_rdlock(&shared_lock) && !pthread_rwlock_unlock(&shared_lock));
	check(pthread_rwlock_unlock(&shared_lock) == EPERM && !reasons[SIGDEBUG_RESCNT_IMBALANCE]);
	warn();
	check(pthread_rwlock_unlock(&shared_lock) == EPERM && reasons[SIGDEBUG_RESCNT_IMBALANCE] == 1);
	return arg;
}

static void row_unlock_rwlock(void)
{
	pthread_join(start(PRIO, unlocks_rwlock, NULL), NULL);
}

static int other_ran;

static void *runs(void *arg)
{
	sem_post(&held);
	sem_wait(arg);
	other_ran = 1;
	return NULL;
}

static void *locks_sched(void *arg)
{
	check(!pthread_setmode_np(0, PTHREAD_LOCK_SCHED, NULL));
	sem_post(arg);
	spin_ms(2);
	check(!other_ran && keel_is_hard());
	check(!pthread_setmode_np(PTHREAD_LOCK_SCHED, 0, NULL));
	check(other_ran);
	return NULL;
}

static void row_lock_sched(void)
{
	pthread_t other;
	sem_t go;

	sem_init(&go, 0, 0);
	other = start(PRIO + 1, runs, &go);
	sem_wait(&held);		/* nobody else comes before it waits */
	pthread_join(start(PRIO, locks_sched, &go), NULL);
	pthread_join(other, NULL);
}

/* ---- time ------------------------------------------------------------------------------------------- */

/* It is the second that the clock has reached. */
static void *reads_time(void *arg)
{
	struct timespec ts;

	for (int i = 0; i < 2; i++) {
		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_sec++;
		ts.tv_nsec = 0;
		check(!clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL));
		check(time(NULL) >= ts.tv_sec);
	}
	return arg;
}

static void row_time(void)
{
	pthread_join(start(PRIO, reads_time, NULL), NULL);
}

/* ---- classes ------------------------------------------------------------------------------------ */

/* All of it, and that is noticed: not where the clock jumps while the CPU stands still. */
static void uses_budget(void)
{
	struct keel_sched s = { 0 };

	for (int i = 0; i < 400 && !s.budget_overruns; i++) {
		ms_sleep(1);
		spin_ms(10);
		check(!keel_thread_sched_get(&s));
	}
	check(s.budget_overruns);
}

static void *sporadic(void *arg)
{
	struct sched_param_ex p = {
		.sched_priority = PRIO, .sched_ss_low_priority = 10, .sched_ss_max_repl = 2,
		.sched_ss_init_budget.tv_nsec = MS, .sched_ss_repl_period.tv_nsec = 100 * MS,
	}, q;
	int policy;

	check(!pthread_setschedparam_ex(pthread_self(), SCHED_SPORADIC, &p));
	check(!pthread_getschedparam_ex(pthread_self(), &policy, &q) && policy == SCHED_SPORADIC);
	check(q.sched_priority == PRIO && q.sched_ss_low_priority == 10 && q.sched_ss_max_repl == 2);
	check(q.sched_ss_init_budget.tv_nsec == MS && q.sched_ss_repl_period.tv_nsec == 100 * MS);
	uses_budget();
	p.sched_ss_low_priority = PRIO + 1;
	check(pthread_setschedparam_ex(pthread_self(), SCHED_SPORADIC, &p) == EINVAL);
	p.sched_ss_low_priority = 10;
	p.sched_ss_init_budget.tv_nsec = 1000 * MS;
	check(pthread_setschedparam_ex(pthread_self(), SCHED_SPORADIC, &p) == EINVAL);
	check(!pthread_setschedparam_ex(pthread_self(), SCHED_FIFO, &p));
	check(!pthread_getschedparam_ex(pthread_self(), &policy, &q) && policy == SCHED_FIFO);
	return arg;
}

static void row_sporadic(void)
{
	pthread_join(start(PRIO, sporadic, NULL), NULL);
	sporadic(NULL);				/* becomes real-time by it */
}

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t prio;
	uint64_t runtime, deadline, period;
};

static void *deadline(void *arg)
{
	struct attr a = { sizeof(a), SCHED_DEADLINE, 0, 0, 0, 2 * MS, 10 * MS, 10 * MS }, got;
	struct sched_attr *to = (struct sched_attr *)&got;

	check(!sched_setattr(0, (struct sched_attr *)&a, 0));
	ms_sleep(1);
	check(keel_is_hard());
	check(!sched_getattr(0, to, sizeof(got), 0) && got.policy == SCHED_DEADLINE);
	check(got.runtime == 2 * MS && got.deadline == 10 * MS && got.period == 10 * MS);
	a.runtime = 10 * MS;
	check(sched_setattr(0, (struct sched_attr *)&a, 0) == -1 && errno == EBUSY);
	a.runtime = 11 * MS;
	check(sched_setattr(0, (struct sched_attr *)&a, 0) == -1 && errno == EINVAL);
	a.period = 20 * MS;
	check(sched_setattr(0, (struct sched_attr *)&a, 0) == -1 && errno == EINVAL);
	check(!sched_getattr(0, to, sizeof(got), 0) && got.runtime == 2 * MS);
	a = (struct attr){ .size = sizeof(a), .policy = SCHED_FIFO, .prio = PRIO };
	check(!sched_setattr(0, (struct sched_attr *)&a, 0));
	check(!sched_getattr(0, to, sizeof(got), 0) && got.policy == SCHED_FIFO && got.prio == PRIO);
	return arg;
}

static void row_deadline(void)
{
	pthread_join(start(PRIO, deadline, NULL), NULL);
	deadline(NULL);
}

static void *quota(void *arg)
{
	struct sched_param_ex p = { .sched_priority = PRIO, .sched_quota_group = 3 }, q;
	int policy;

	check(pthread_setschedparam_ex(pthread_self(), SCHED_QUOTA, &p) == EINVAL);
	check(!keel_group_set(0, 3, 2 * MS, 10 * MS));
	check(!pthread_setschedparam_ex(pthread_self(), SCHED_QUOTA, &p));
	check(!pthread_getschedparam_ex(pthread_self(), &policy, &q) && policy == SCHED_QUOTA);
	check(q.sched_priority == PRIO && q.sched_quota_group == 3);
	uses_budget();
	p.sched_priority = 100;
	check(pthread_setschedparam_ex(pthread_self(), SCHED_QUOTA, &p) == EINVAL);
	p.sched_priority = PRIO;
	check(!pthread_setschedparam_ex(pthread_self(), SCHED_FIFO, &p) && !keel_group_set(0, 3, 0, 0));
	return arg;
}

static void row_quota(void)
{
	pthread_join(start(PRIO, quota, NULL), NULL);
}

static void *partition(void *arg)
{
	struct sched_param_ex p = { .sched_priority = PRIO, .sched_tp_partition = 1 }, q;
	struct keel_frame frame = {
		.count = 2, .windows = { { .partition = 1, .length_ns = 5 * MS },
					 { .partition = -1, .length_ns = 5 * MS } },
	};
	int policy;

	check(!keel_frame_set(&frame));
	check(!pthread_setschedparam_ex(pthread_self(), SCHED_TP, &p));
	check(!pthread_getschedparam_ex(pthread_self(), &policy, &q) && policy == SCHED_TP);
	check(q.sched_priority == PRIO && q.sched_tp_partition == 1);
	p.sched_tp_partition = KEEL_PARTITIONS;
	check(pthread_setschedparam_ex(pthread_self(), SCHED_TP, &p) == EINVAL);
	check(!pthread_setschedparam_ex(pthread_self(), SCHED_FIFO, &p));
	frame.count = 0;
	check(!keel_frame_set(&frame));
	return arg;
}

static void row_partition(void)
{
	pthread_join(start(PRIO, partition, NULL), NULL);
}

/* A child's first call, on an object of the core's: with the priority that it has inherited. */
static void *forks(void *shared)
{
	struct keel_sched s = { 0 };
	int status;
	pid_t pid;

	check(!pthread_mutex_lock(shared) && !pthread_mutex_unlock(shared));
	pid = fork();
	if (!pid) {
		check(!pthread_mutex_lock(shared));
		check(!keel_thread_sched_get(&s) && s.prio == PRIO && s.sched_class == KEEL_CLASS_FIFO);
		check(!pthread_mutex_unlock(shared));
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid && !status);
	return NULL;
}

static void row_child(void)
{
	pthread_mutex_t *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	check(shared != MAP_FAILED && !pthread_mutex_init(shared, &attr));
	pthread_join(start(PRIO, forks, shared), NULL);
}

#include "posixlost.h"
#include "posixconfig.h"

/* ------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*run)(void);
} rows[] = {
	{ "syscall", row_syscall }, { "fault", row_fault }, { "memory", row_memory },
	{ "signal", row_signal }, { "owner", row_owner }, { "unlock", row_unlock },
	{ "unlock-rwlock", row_unlock_rwlock }, { "lost", row_lost }, { "lost-signal", row_lost_signal },
	{ "destroy", row_destroy }, { "time", row_time }, { "lock-sched", row_lock_sched }, { "sporadic", row_sporadic }, { "deadline", row_deadline },
	{ "child", row_child }, { "quota", row_quota }, { "partition", row_partition },
	{ "config-windows", row_config_windows }, { "config-groups", row_config_groups },
};

static void prepare(void)
{
	struct sigaction act = { .sa_sigaction = on_debug, .sa_flags = SA_SIGINFO | SA_RESTART };
	pthread_mutexattr_t attr;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	check(!sched_setaffinity(0, sizeof(cpu), &cpu) && !sigaction(SIGDEBUG, &act, NULL));
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	check(!pthread_mutex_init(&heir, &attr) && !sem_init(&held, 0, 0));
}

int main(int argc, char **argv)
{
	int status, failed = 0, a;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pid_t pid;

		for (a = 1; a < argc && strcmp(argv[a], rows[i].name); a++)
			;
		if (argc > 1 && a == argc)
			continue;
		pid = fork();
		if (!pid) {
			row_name = rows[i].name;
			alarm(60);
			prepare();
			rows[i].run();
			printf("ok %s\n", row_name);
			fflush(stdout);
			_exit(0);
		}
		if (pid > 0 && waitpid(pid, &status, 0) == pid && !status)
			continue;
		printf("fail %s: status 0x%x\n", rows[i].name, status);
		fflush(stdout);
		failed = 1;
	}
	return failed;
}
