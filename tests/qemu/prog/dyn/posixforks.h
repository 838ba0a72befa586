/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c: children of real-time threads. For that file alone.
 */
#ifndef POSIXFORKS_H
#define POSIXFORKS_H

#define CEILING	(PRIO - 10)

/* What fork() gives is 0 when @child has found all as it is to be. */
static void child_does(void (*child)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		child();
		_exit(0);
	}
	check(pid > 0 && waitpid(pid, &status, 0) == pid && !status);
}

/* Above the ceiling, as its parent is, and not any more, by its own first call. */
static void lower_itself(void)
{
	struct sched_param param = { .sched_priority = CEILING - 1 };
	pthread_mutexattr_t attr;
	static pthread_mutex_t m;
	int policy;

	check(!pthread_setschedparam(pthread_self(), SCHED_FIFO, &param));
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_PROTECT);
	pthread_mutexattr_setprioceiling(&attr, CEILING);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	check(!pthread_mutex_init(&m, &attr));
	check(!sched_yield() && !pthread_mutex_lock(&m) && !pthread_mutex_unlock(&m));
	param.sched_priority = CEILING + 1;
	check(!pthread_setschedparam(pthread_self(), SCHED_RR, &param));
	check(!sched_yield() && pthread_mutex_lock(&m) == EINVAL);
	check(!pthread_getschedparam(pthread_self(), &policy, &param));
	check(policy == SCHED_RR && param.sched_priority == CEILING + 1);
}

static void *fork_policy(void *arg)
{
	child_does(lower_itself);
	return arg;
}

static void row_fork_policy(void)
{
	join(start(fork_policy, NULL));
}

/* ---- a signal for a child that has just begun ----------------------------------------------------------------- */

#define SIGNALLED 8

static volatile int next_child, signalled;
static sem_t child_counts;

/* Whatever process comes next gets it as early as can be. */
static void *signals_next(void *arg)
{
	int pid;

	on_cpu(1);
	while ((pid = next_child) >= 0)
		if (pid && !kill(pid, SIGUSR1))
			next_child = 0;
	return arg;
}

static void on_early(int sig)
{
	check(!sem_post(&child_counts) && !sem_trywait(&child_counts) && !sched_yield());
	signalled = sig;
}

static int last_pid(void)
{
	FILE *f = fopen("/proc/sys/kernel/ns_last_pid", "r");
	int pid = 0;

	check(f && fscanf(f, "%d", &pid) == 1 && !fclose(f));
	return pid;
}

static void *forks_signalled(void *arg)
{
	int status;
	pid_t pid;

	for (int i = 0; i < SIGNALLED; i++) {
		next_child = last_pid() + 1;
		pid = fork();
		if (!pid) {
			while (!signalled)
				;
			_exit(0);
		}
		kill(pid, SIGUSR1);
		check(waitpid(pid, &status, 0) == pid);
		if (status)
			printf("%s: child %d: status 0x%x\n", row_name, i, status);
		check(!status);
	}
	return arg;
}

static void row_fork_signal(void)
{
	pthread_t thread;

	check(signal(SIGUSR1, on_early) != SIG_ERR && !sem_init(&child_counts, 0, 0));
	on_cpu(0);
	check(!pthread_create(&thread, NULL, signals_next, NULL));
	forks_signalled(NULL);
	join(start(forks_signalled, NULL));
	next_child = -1;
	join(thread);
}

static void kill_itself(void)
{
	kill(getpid(), SIGUSR1);
}

/* Who ends as the last thread of a process goes through exit(), with the signals that it had. */
static void *end_as_last(void *arg)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		atexit(kill_itself);
		pthread_exit(NULL);
	}
	check(pid > 0 && waitpid(pid, &status, 0) == pid);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
	return arg;
}

static void row_exit_last(void)
{
	end_as_last(NULL);
	join(start(end_as_last, NULL));
}

#endif
