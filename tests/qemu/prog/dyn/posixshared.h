/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows: named semaphores, and objects in memory that processes share. The first process has
 * real-time threads in one round, and a child is what the other end is.
 */
#ifndef POSIXSHARED_H
#define POSIXSHARED_H

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>

#define SEM "/posixrows-sem"
#define TURNS 50
#define POSTS 400

struct together {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	pthread_rwlock_t rwlock;
	pthread_barrier_t barrier;
	sem_t sem[2];
	int count, turn, serials;
};

static struct together *together;

static void share_memory(void)
{
	together = mmap(NULL, sizeof(*together), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(together != MAP_FAILED);
}

static void share_mutex(int type, int robust, int protocol)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_settype(&attr, type);
	pthread_mutexattr_setrobust(&attr, robust);
	pthread_mutexattr_setprotocol(&attr, protocol);
	check(!pthread_mutex_init(&together->mutex, &attr));
}

/* @fn in a thread of a child: real-time, or Linux's; and in the other one here. */
static void with_child(void *(*fn)(void *))
{
	for (int i = 0; i < 4; i++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			alarm(20);
			if (i & 1)
				join(start(fn, together));
			else
				fn(together);
			_exit(0);
		}
		if (i & 2)
			join(start(fn, together));
		else
			fn(together);
		check(waitpid(pid, &status, 0) == pid && !status);
	}
}

static void *count_shared(void *arg)
{
	struct together *t = arg;

	for (int i = 0; i < TURNS; i++) {
		check(!pthread_mutex_lock(&t->mutex));
		t->count++;
		check(!pthread_mutex_unlock(&t->mutex));
		if (i % 16 == 0)
			ms_sleep(1);
	}
	return arg;
}

static void row_shared_mutex(void)
{
	share_memory();
	for (int i = 0; i < 3; i++) {
		share_mutex(i == 1 ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED,
			    i == 2 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE);
		together->count = 0;
		with_child(count_shared);
		check(together->count == 8 * TURNS);
		check(!pthread_mutex_lock(&together->mutex));
		check(pthread_mutex_destroy(&together->mutex) == EBUSY);
		check(!pthread_mutex_unlock(&together->mutex) && !pthread_mutex_destroy(&together->mutex));
	}
}

static void *lock_and_die(void *arg)
{
	check(!pthread_mutex_lock(&together->mutex));
	_exit(arg == NULL);
}

/* A process dies with it. */
static void row_shared_robust(void)
{
	int status;

	share_memory();
	share_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE);
	for (int i = 0; i < 2; i++) {
		if (!fork()) {
			if (i)
				start(lock_and_die, together);
			else
				lock_and_die(together);
			pause();
		}
		check(wait(&status) > 0 && !status);
		check(pthread_mutex_lock(&together->mutex) == EOWNERDEAD);
		check(!pthread_mutex_consistent(&together->mutex));
		check(!pthread_mutex_unlock(&together->mutex));
	}
	check(!pthread_mutex_destroy(&together->mutex));
}

/* Each of the two lets the other one go. */
static void *take_turns(void *arg)
{
	struct together *t = arg;
	int me;

	check(!pthread_mutex_lock(&t->mutex));
	me = t->count++ & 1;
	for (int i = 0; i < TURNS; i++) {
		while (t->turn != me)
			check(!pthread_cond_wait(&t->cond, &t->mutex));
		t->turn = !me;
		check(!pthread_cond_signal(&t->cond));
	}
	check(!pthread_mutex_unlock(&t->mutex));
	return arg;
}

static void row_shared_cond(void)
{
	pthread_condattr_t attr;
	struct timespec ts;

	share_memory();
	share_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE);
	pthread_condattr_init(&attr);
	pthread_condattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	check(!pthread_cond_init(&together->cond, &attr));
	with_child(take_turns);
	check(!pthread_mutex_lock(&together->mutex));
	ts = in_ms(CLOCK_MONOTONIC, 20);
	check(pthread_cond_timedwait(&together->cond, &together->mutex, &ts) == ETIMEDOUT);
	check(passed(CLOCK_MONOTONIC, &ts) && !pthread_mutex_unlock(&together->mutex));
	check(!pthread_cond_destroy(&together->cond) && !pthread_mutex_destroy(&together->mutex));
}

static void *read_and_write_shared(void *arg)
{
	struct together *t = arg;

	for (int i = 0; i < TURNS; i++) {
		int before;

		check(!pthread_rwlock_rdlock(&t->rwlock));
		before = t->count;
		check(t->turn == before && !pthread_rwlock_unlock(&t->rwlock));
		check(!pthread_rwlock_wrlock(&t->rwlock));
		t->count++;
		t->turn++;
		check(!pthread_rwlock_unlock(&t->rwlock));
	}
	return arg;
}

static void row_shared_rwlock(void)
{
	pthread_rwlockattr_t attr;

	share_memory();
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	check(!pthread_rwlock_init(&together->rwlock, &attr));
	with_child(read_and_write_shared);
	check(together->count == 8 * TURNS);
	check(!pthread_rwlock_wrlock(&together->rwlock));
	check(pthread_rwlock_tryrdlock(&together->rwlock) == EBUSY);
	check(!pthread_rwlock_unlock(&together->rwlock) && !pthread_rwlock_destroy(&together->rwlock));
}

static void *meet_shared(void *arg)
{
	struct together *t = arg;

	for (int i = 0; i < TURNS; i++) {
		int ret = pthread_barrier_wait(&t->barrier);

		check(!ret || ret == PTHREAD_BARRIER_SERIAL_THREAD);
		if (ret)
			__atomic_add_fetch(&t->serials, 1, __ATOMIC_SEQ_CST);
	}
	return arg;
}

static void row_shared_barrier(void)
{
	pthread_barrierattr_t attr;

	share_memory();
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	check(!pthread_barrier_init(&together->barrier, &attr, 2));
	with_child(meet_shared);
	check(together->serials == 4 * TURNS);
	check(!pthread_barrier_destroy(&together->barrier));
}

static sem_t *ping_sem, *pong_sem;

static void *sem_turns(void *arg)
{
	struct together *t = arg;
	int me = __atomic_fetch_add(&t->count, 1, __ATOMIC_SEQ_CST) & 1;

	for (int i = 0; i < TURNS; i++) {
		check(!sem_wait(me ? ping_sem : pong_sem));
		check(!sem_post(me ? pong_sem : ping_sem));
	}
	return arg;
}

static void row_shared_sem(void)
{
	int value;

	share_memory();
	ping_sem = &together->sem[0];
	pong_sem = &together->sem[1];
	check(!sem_init(ping_sem, 1, 1) && !sem_init(pong_sem, 1, 0));
	with_child(sem_turns);
	check(!sem_getvalue(ping_sem, &value) && value == 1);
	check(!sem_getvalue(pong_sem, &value) && value == 0);
	check(sem_trywait(pong_sem) == -1 && errno == EAGAIN);
	check(!sem_destroy(ping_sem) && !sem_destroy(pong_sem));
}

static int posts_taken, posts_over;

static void *take_often(void *arg)
{
	struct timespec ts;

	while (!__atomic_load_n(&posts_over, __ATOMIC_SEQ_CST)) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		ts.tv_nsec += 50000;
		ts.tv_sec += ts.tv_nsec / 1000000000;
		ts.tv_nsec %= 1000000000;
		if (!sem_clockwait(arg, CLOCK_MONOTONIC, &ts))
			__atomic_add_fetch(&posts_taken, 1, __ATOMIC_SEQ_CST);
		else
			check(errno == ETIMEDOUT);
	}
	return arg;
}

/* Posts come while waits end by themselves: each is taken once, or still there. */
static void sem_race(int shared)
{
	struct timespec moment = { .tv_nsec = 40000 }, end = in_ms(CLOCK_MONOTONIC, 4000);
	pthread_t hard, other;
	int value, posts = 0;

	posts_taken = 0;
	posts_over = 0;
	check(!sem_init(&together->sem[0], shared, 0));
	hard = start(take_often, &together->sem[0]);
	check(!pthread_create(&other, NULL, take_often, &together->sem[0]));
	while (posts < POSTS && !passed(CLOCK_MONOTONIC, &end)) {
		check(!sem_post(&together->sem[0]));
		if (posts++ % 2)
			nanosleep(&moment, NULL);
	}
	__atomic_store_n(&posts_over, 1, __ATOMIC_SEQ_CST);
	join(hard);
	join(other);
	check(!sem_getvalue(&together->sem[0], &value) && posts_taken + value == posts);
	while (value--)
		check(!sem_trywait(&together->sem[0]));
	check(sem_trywait(&together->sem[0]) == -1 && !sem_destroy(&together->sem[0]));
}

static void row_sem_race(void)
{
	share_memory();
	sem_race(0);
	sem_race(1);
}

#define no_sem(call, err) check((call) == SEM_FAILED && errno == (err))

/* It keeps its value while nobody has it, and lives on unlinked. */
static void row_sem_named(void)
{
	char name[NAME_MAX + 2];
	sem_t *again;
	int value;

	share_memory();
	memset(name, 'n', sizeof(name));
	name[NAME_MAX + 1] = 0;
	sem_unlink(SEM);
	no_sem(sem_open(SEM, 0), ENOENT);
	no_sem(sem_open("", O_CREAT, 0600, 0), EINVAL);
	no_sem(sem_open("/a/b", O_CREAT, 0600, 0), EINVAL);
	no_sem(sem_open(name, O_CREAT, 0600, 0), EINVAL);
	name[NAME_MAX - 3] = 0;
	no_sem(sem_open(name, O_CREAT, 0600, 0), ENAMETOOLONG);
	no_sem(sem_open(SEM, O_CREAT, 0600, SEM_VALUE_MAX + 1u), EINVAL);
	check(sem_unlink(SEM) == -1 && errno == ENOENT);
	name[NAME_MAX - 4] = 0;
	again = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
	check(again != SEM_FAILED && !sem_close(again) && !sem_unlink(name));
	ping_sem = sem_open(SEM, O_CREAT | O_EXCL, 0600, 70000);
	check(ping_sem != SEM_FAILED);
	no_sem(sem_open(SEM, O_CREAT | O_EXCL, 0600, 0), EEXIST);
	again = sem_open(SEM, O_CREAT, 0600, 5);
	check(again == ping_sem && !sem_close(again));
	check(!sem_getvalue(ping_sem, &value) && value == 70000);
	check(!sem_trywait(ping_sem) && !sem_close(ping_sem));
	ping_sem = sem_open(SEM, 0);
	check(ping_sem != SEM_FAILED && !sem_getvalue(ping_sem, &value) && value == 69999);
	check(!sem_close(ping_sem) && !sem_unlink(SEM));
	ping_sem = sem_open(SEM, O_CREAT, 0600, 1);
	pong_sem = sem_open("posixrows-sem2", O_CREAT, 0600, 0);
	check(!sem_unlink(SEM) && !sem_unlink("/posixrows-sem2"));
	no_sem(sem_open(SEM, 0), ENOENT);
	with_child(sem_turns);
	check(!sem_getvalue(ping_sem, &value) && value == 1);
	check(!sem_close(ping_sem) && !sem_close(pong_sem));
}

#endif
