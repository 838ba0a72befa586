// SPDX-License-Identifier: GPL-2.0
/*
 * posixrows [ROW...] | --list: what POSIX says of threads, for a libc alone and for one with the skin:
 * nothing here knows of Keel. Each row runs in a process of its own, and most mix real-time threads with
 * the first one, which is not. "ok ROW" or "fail ROW: ..." for each; a row is killed after 20 s.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
#include "../checks.h"

#define PRIO 50
#define ROUNDS 200

static pthread_t start(void *(*fn)(void *), void *arg)
{
	return start_as(SCHED_FIFO, PRIO, fn, arg);
}

static void *join(pthread_t thread)
{
	void *ret;

	check(!pthread_join(thread, &ret));
	return ret;
}

static void ms_sleep(int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static struct timespec in_ms(clockid_t clock, int ms)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	ts.tv_nsec += ms * 1000000L + 1000000000;
	ts.tv_sec += ts.tv_nsec / 1000000000 - 1;
	ts.tv_nsec %= 1000000000;
	return ts;
}

static int passed(clockid_t clock, const struct timespec *ts)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec > ts->tv_sec || (now.tv_sec == ts->tv_sec && now.tv_nsec >= ts->tv_nsec);
}

static void on_cpu(int number)
{
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(number, &cpu);
	check(!sched_setaffinity(0, sizeof(cpu), &cpu));
}

static volatile int turns[2];
static sem_t turns_go;

/* Until the other one has run as well. */
static void *spins(void *arg)
{
	int me = *(int *)arg;

	check(!sem_wait(&turns_go));
	for (turns[me] = 1; !turns[!me]; )
		;
	return NULL;
}

/* Both on one CPU, this thread elsewhere. */
static void row_rr(void)
{
	int first = 0, second = 1;
	pthread_t a, b;

	check(!sem_init(&turns_go, 0, 0));
	on_cpu(0);
	a = start_as(SCHED_RR, PRIO, spins, &first);
	b = start_as(SCHED_RR, PRIO, spins, &second);
	on_cpu(1);
	check(!sem_post(&turns_go) && !sem_post(&turns_go));
	join(a);
	join(b);
}

/* The first key that a program makes: nobody else has put anything there. */
static void *first_key(void *arg)
{
	static const pthread_key_t first;
	pthread_key_t key;

	check(!pthread_getspecific(first));
	ms_sleep(1);
	check(!pthread_key_create(&key, NULL) && key == first && !pthread_getspecific(key));
	check(!pthread_setspecific(key, arg) && pthread_getspecific(first) == arg && !pthread_key_delete(key));
	return arg;
}

static void row_first_key(void)
{
	first_key(&turns_go);
	join(start(first_key, &turns_go));
	first_key(&turns_go);
}

static int attr_arg;

static void *nothing(void *arg)
{
	return arg;
}

/* ---- threads -------------------------------------------------------------------------------------- */

static void *read_policy(void *arg)
{
	struct sched_param param;
	int policy;

	check(!pthread_getschedparam(pthread_self(), &policy, &param));
	check(policy == *(int *)arg && param.sched_priority == PRIO);
	check(sched_getscheduler(0) == policy);
	return arg;
}

static void row_create(void)
{
	int fifo = SCHED_FIFO, rr = SCHED_RR;

	check(join(start_as(fifo, PRIO, read_policy, &fifo)) == &fifo);
	check(join(start_as(rr, PRIO, read_policy, &rr)) == &rr);
}

static void *change_policy(void *arg)
{
	struct sched_param param = { .sched_priority = 10 };

	(void)arg;
	check(!sched_setscheduler(0, SCHED_FIFO, &param));
	ms_sleep(1);
	param.sched_priority = 20;
	check(!pthread_setschedparam(pthread_self(), SCHED_RR, &param));
	param.sched_priority = 100;
	check(pthread_setschedparam(pthread_self(), SCHED_RR, &param) == EINVAL);
	check(!pthread_setschedprio(pthread_self(), 30));
	check(!sched_getparam(0, &param) && param.sched_priority == 30);
	ms_sleep(1);
	param.sched_priority = 0;
	check(!pthread_setschedparam(pthread_self(), SCHED_OTHER, &param));
	check(sched_getscheduler(0) == SCHED_OTHER);
	ms_sleep(1);
	return NULL;
}

static void row_policy(void)
{
	pthread_t thread;

	check(!pthread_create(&thread, NULL, change_policy, NULL));
	join(thread);
}

static void row_attr_errors(void)
{
	void *rows_arg = &attr_arg;
	struct sched_param param = { .sched_priority = 0 };
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	check(pthread_attr_setschedparam(&attr, &param) == 0);
	check(pthread_attr_setschedpolicy(&attr, 77) != 0);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	check(!pthread_create(&thread, &attr, nothing, rows_arg));
	check(join(thread) == rows_arg);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	check(!pthread_create(&thread, &attr, nothing, NULL));
}

/* ---- mutexes -------------------------------------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static int count, stage;

static void *lock_and_count(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		check(!pthread_mutex_lock(&mutex));
		count++;
		check(!pthread_mutex_unlock(&mutex));
		if (i % 16 == 0)
			ms_sleep(1);
	}
	return NULL;
}

/* Locked before there is any real-time thread. */
static void row_mutex_mixed(void)
{
	pthread_t a, b, c;

	check(!pthread_mutex_lock(&mutex));
	a = start(lock_and_count, NULL);
	b = start_as(SCHED_RR, PRIO - 1, lock_and_count, NULL);
	check(!pthread_create(&c, NULL, lock_and_count, NULL));
	ms_sleep(10);
	check(count == 0);
	check(!pthread_mutex_unlock(&mutex));
	lock_and_count(NULL);
	join(a);
	join(b);
	join(c);
	check(count == 4 * ROUNDS);
	check(!pthread_mutex_destroy(&mutex));
}

/* Two mutexes, each locked by one thread and unlocked by the other. */
static void *second_hand(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		check(!pthread_mutex_lock(&mutex));
		count++;
		check(!pthread_mutex_unlock(&other));
	}
	return NULL;
}

static void row_mutex_handed(void)
{
	pthread_t thread;

	pthread_mutex_lock(&mutex);
	pthread_mutex_lock(&other);
	thread = start(second_hand, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		check(count == i);
		check(!pthread_mutex_unlock(&mutex));
		check(!pthread_mutex_lock(&other));
	}
	join(thread);
}

static void *use_types(void *arg)
{
	struct timespec ts;
	pthread_mutexattr_t attr;
	pthread_mutex_t m;

	(void)arg;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	check(!pthread_mutex_init(&m, &attr));
	check(!pthread_mutex_lock(&m) && !pthread_mutex_lock(&m) && !pthread_mutex_trylock(&m));
	check(!pthread_mutex_unlock(&m) && !pthread_mutex_unlock(&m) && !pthread_mutex_unlock(&m));
	check(pthread_mutex_unlock(&m) == EPERM);
	check(!pthread_mutex_destroy(&m));
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	check(!pthread_mutex_init(&m, &attr));
	check(pthread_mutex_unlock(&m) == EPERM);
	check(!pthread_mutex_lock(&m) && pthread_mutex_lock(&m) == EDEADLK);
	check(pthread_mutex_trylock(&m) && pthread_mutex_destroy(&m) == EBUSY);
	check(!pthread_mutex_unlock(&m) && !pthread_mutex_destroy(&m));
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_NORMAL);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_NONE);
	check(!pthread_mutex_init(&m, &attr));
	check(!pthread_mutex_lock(&m));
	check(pthread_mutex_trylock(&m) == EBUSY);
	ts = in_ms(CLOCK_REALTIME, 20);
	check(pthread_mutex_timedlock(&m, &ts) == ETIMEDOUT && passed(CLOCK_REALTIME, &ts));
	ts = in_ms(CLOCK_MONOTONIC, 20);
	check(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &ts) == ETIMEDOUT);
	check(passed(CLOCK_MONOTONIC, &ts));
	ts.tv_nsec = -1;
	check(pthread_mutex_timedlock(&m, &ts) == EINVAL);
	check(!pthread_mutex_unlock(&m) && !pthread_mutex_timedlock(&m, &ts));
	check(!pthread_mutex_unlock(&m) && !pthread_mutex_destroy(&m));
	return NULL;
}

static void row_mutex_types(void)
{
	use_types(NULL);
	join(start(use_types, NULL));
	use_types(NULL);
}

static void *die_with(void *arg)
{
	check(!pthread_mutex_lock(arg));
	return NULL;
}

static void *use_robust(void *arg)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;
	int rt = arg != NULL;
	pthread_t thread;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	check(!pthread_mutex_init(&m, &attr));
	if (rt)
		check(!pthread_mutex_lock(&m) && !pthread_mutex_unlock(&m));
	for (int i = 0; i < 2; i++) {
		if (i)
			thread = start(die_with, &m);
		else
			check(!pthread_create(&thread, NULL, die_with, &m));
		join(thread);
		check(pthread_mutex_lock(&m) == EOWNERDEAD);
		check(!pthread_mutex_consistent(&m) && !pthread_mutex_unlock(&m));
	}
	join(start(die_with, &m));
	check(pthread_mutex_lock(&m) == EOWNERDEAD && !pthread_mutex_unlock(&m));
	check(pthread_mutex_lock(&m) == ENOTRECOVERABLE);
	check(!pthread_mutex_destroy(&m));
	return NULL;
}

static void row_mutex_robust(void)
{
	use_robust(NULL);
	join(start(use_robust, &mutex));
}

#include "posixconds.h"

/* ---- semaphores -------------------------------------------------------------------------------------- */

static sem_t sem, back;

static void *take_and_post(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		while (sem_wait(&sem))
			check(errno == EINTR);
		check(!sem_post(&back));
	}
	return NULL;
}

/* Posted, and waited for, before there is any real-time thread; nothing is lost or made. */
static void row_sem_mixed(void)
{
	pthread_t thread[4];
	int value;

	check(!sem_init(&sem, 0, 0) && !sem_init(&back, 0, 3));
	check(!pthread_create(&thread[0], NULL, take_and_post, NULL));
	check(!pthread_create(&thread[1], NULL, take_and_post, NULL));
	ms_sleep(20);
	thread[2] = start(take_and_post, NULL);
	thread[3] = start(take_and_post, NULL);
	for (int i = 0; i < 4 * ROUNDS; i++) {
		check(!sem_post(&sem));
		if (i % 16 == 0)
			ms_sleep(1);
	}
	for (int i = 0; i < 4; i++)
		join(thread[i]);
	for (int i = 0; i < 4 * ROUNDS; i++)
		check(!sem_wait(&back));
	check(!sem_getvalue(&back, &value) && value == 3);
	check(!sem_getvalue(&sem, &value) && value == 0);
	check(!sem_destroy(&sem) && !sem_destroy(&back));
}

static void *sem_errors(void *arg)
{
	struct timespec ts;
	sem_t s;

	check(!sem_init(&s, 0, 1) && !sem_trywait(&s));
	check(sem_trywait(&s) == -1 && errno == EAGAIN);
	ts = in_ms(CLOCK_REALTIME, 20);
	check(sem_timedwait(&s, &ts) == -1 && errno == ETIMEDOUT && passed(CLOCK_REALTIME, &ts));
	ts = in_ms(CLOCK_MONOTONIC, 20);
	check(sem_clockwait(&s, CLOCK_MONOTONIC, &ts) == -1 && errno == ETIMEDOUT);
	ts.tv_nsec = -1;
	check(sem_timedwait(&s, &ts) == -1 && errno == EINVAL);
	check(!sem_destroy(&s));
	return arg;
}

static void row_sem_errors(void)
{
	sem_errors(NULL);
	join(start(sem_errors, NULL));
	sem_errors(NULL);
}

#include "posixlocks.h"
#include "posixmq.h"
#include "posixshared.h"
#include "posixpoll.h"
#include "posixtime.h"
#include "posixset.h"
#include "posixsignals.h"
#include "posixstorm.h"
#include "posixvalues.h"
#include "posixtell.h"
#include "posixapart.h"
#include "posixforks.h"
#include "posixcancel.h"
#include "posixpending.h"
#include "posixprio.h"
#include "posixrights.h"
#include "posixjumps.h"

/* ---- all of them -------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*run)(void);
} rows[] = {
	{ "create", row_create },
	{ "policy", row_policy }, { "rr", row_rr },
	{ "first-key", row_first_key },
	{ "attr-errors", row_attr_errors },
	{ "mutex-mixed", row_mutex_mixed },
	{ "mutex-handed", row_mutex_handed },
	{ "mutex-types", row_mutex_types },
	{ "mutex-robust", row_mutex_robust },
	{ "cond-mixed", row_cond_mixed },
	{ "cond-before", row_cond_before },
	{ "cond-timed", row_cond_timed },
	{ "cond-destroy", row_cond_destroy },
	{ "sem-mixed", row_sem_mixed },
	{ "sem-errors", row_sem_errors },
	{ "rwlock", row_rwlock },
	{ "barrier", row_barrier },
	{ "spin", row_spin },
	{ "sleep", row_sleep },
	{ "sleep-signal", row_sleep_signal },
	{ "sem-signal", row_sem_signal },
	{ "cancel", row_cancel },
	{ "fork", row_fork },
	{ "fork-policy", row_fork_policy },
	{ "exit-last", row_exit_last },
	{ "sigwait", row_sigwait },
	{ "sigqueue", row_sigqueue },
	{ "sigwait-outside", row_sigwait_outside },
	{ "timer-sigwait", row_timer_sigwait },
	{ "timer-handler", row_timer_handler },
	{ "timer-thread", row_timer_thread },
	{ "timer-fine", row_timer_fine }, { "timer-errors", row_timer_errors },
	{ "c11", row_c11 },
	{ "c11-threads", row_c11_threads },
	{ "clock-set", row_clock_set },
	{ "mq-order", row_mq_order },
	{ "mq-errors", row_mq_errors },
	{ "mq-mixed", row_mq_mixed },
	{ "mq-fork", row_mq_fork },
	{ "mq-dup", row_mq_dup },
	{ "mq-notify", row_mq_notify },
	{ "mq-signal", row_mq_signal },
	{ "mq-cancel", row_mq_cancel },
	{ "mq-poll", row_mq_poll },
	{ "shared-mutex", row_shared_mutex },
	{ "shared-robust", row_shared_robust },
	{ "shared-cond", row_shared_cond },
	{ "shared-rwlock", row_shared_rwlock },
	{ "shared-barrier", row_shared_barrier },
	{ "shared-sem", row_shared_sem },
	{ "sem-named", row_sem_named },
	{ "sem-race", row_sem_race },
	{ "timerfd", row_timerfd },
	{ "timerfd-set", row_timerfd_set },
	{ "poll", row_poll },
	{ "select", row_select },
	{ "epoll", row_epoll },
	{ "poll-signal", row_poll_signal },
	{ "poll-cancel", row_poll_cancel },
	{ "mutex-values", row_mutex_values },
	{ "ceiling-values", row_ceiling_values },
	{ "cond-values", row_cond_values },
	{ "cond-robust", row_cond_robust },
	{ "lock-values", row_lock_values },
	{ "sem-values", row_sem_values },
	{ "named-values", row_named_values },
	{ "mq-values", row_mq_values },
	{ "mq-notice-values", row_mq_notice_values },
	{ "timer-values", row_timer_values },
	{ "sched-values", row_sched_values },
	{ "apart", row_apart },
	{ "storm", row_storm },
	{ "cancel-points", row_cancel_points },
	{ "cancel-not", row_cancel_not },
	{ "cancel-async", row_cancel_async },
	{ "cancel-free", row_cancel_free }, { "cancel-pending", row_cancel_pending }, { "fork-signal", row_fork_signal },
	{ "cancel-first", row_cancel_first },
	{ "prio-raised", row_prio_raised }, { "prio-lowered", row_prio_lowered }, { "prio-busy", row_prio_busy },
	{ "prio-process", row_prio_process },
	{ "rights-sched", row_rights_sched }, { "rights-threads", row_rights_threads }, { "rights-shared", row_rights_shared },
	{ "rights-names", row_rights_names }, { "rights-none", row_rights_none },
	{ "jumps", row_jumps }, { "jumps-hard", row_jumps_hard },
	{ "atfork", row_atfork }, { "programs", row_programs }, { "programs-order", row_programs_order },
};

#define ROWS (int)(sizeof(rows) / sizeof(rows[0]))

static int run_row(int i)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		row_name = rows[i].name;
		alarm(60);
		setvbuf(stdout, NULL, _IOLBF, 0);
		rows[i].run();
		printf("ok %s\n", row_name);
		fflush(stdout);
		_exit(0);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && !status)
		return 0;
	printf("fail %s: status 0x%x\n", rows[i].name, status);
	return 1;
}

int main(int argc, char **argv)
{
	int failed = errno != 0, a;

	if (failed)
		printf("fail: errno %d to begin with\n", errno);
	for (int i = 0; i < ROWS; i++) {
		for (a = 1; a < argc && strcmp(argv[a], rows[i].name); a++)
			;
		if (argc == 2 && !strcmp(argv[1], "--list"))
			puts(rows[i].name);
		else if (argc == 1 || a < argc)
			failed += run_row(i);
	}
	return failed != 0;
}
