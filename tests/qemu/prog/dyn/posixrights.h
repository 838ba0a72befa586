/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c: processes that give up root's rights, before they use anything or after. For that file alone.
 */
#ifndef POSIXRIGHTS_H
#define POSIXRIGHTS_H

#define NOBODY 65534

static void give_up_rights(void)
{
	check(!setgid(NOBODY) && !setuid(NOBODY));
}

/* ---- scheduling ------------------------------------------------------------------------------------------------- */

/* Of the caller's thread, of another process of root's, and of new threads. */
static void *sched_of_nobody(void *arg)
{
	struct sched_param better = { .sched_priority = PRIO + 1 }, worse = { .sched_priority = PRIO - 1 };
	struct sched_param none = { 0 }, param;
	pthread_attr_t attr;
	pthread_t thread;
	int policy = -1;

	say(sched_setparam(0, &better));
	say(pthread_setschedprio(pthread_self(), PRIO + 1));
	say(pthread_setschedparam(pthread_self(), SCHED_RR, &worse));
	say(sched_setscheduler(0, SCHED_FIFO, &better));
	say(sched_setscheduler(getppid(), SCHED_FIFO, &worse));
	say(sched_setscheduler(getppid(), SCHED_OTHER, &none));
	say(sched_setparam(getppid(), &none));
	say(sched_getscheduler(getppid()) >= 0);
	say(kill(getppid(), 0));
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_RR);
	pthread_attr_setschedparam(&attr, &better);
	say(pthread_create(&thread, &attr, nothing, NULL));
	say(pthread_getschedparam(pthread_self(), &policy, &param));
	say(policy * 1000 + param.sched_priority);
	say(sched_setparam(0, &worse));
	say(pthread_setschedprio(pthread_self(), PRIO - 1));
	say(pthread_setschedprio(pthread_self(), PRIO));
	say(sched_yield());
	say(pthread_getschedparam(pthread_self(), &policy, &param));
	say(policy * 1000 + param.sched_priority);
	say(pthread_setschedparam(pthread_self(), SCHED_OTHER, &none));
	say(sched_yield());
	say(sched_setscheduler(0, SCHED_FIFO, &worse));
	return arg;
}

/* Threads that are real-time since before, of a process that was and one that was not when it gave up. */
static void *waits_then_tries(void *arg)
{
	check(!sem_wait(&turns_go));
	return sched_of_nobody(arg);
}

static void row_rights_sched(void)
{
	int status;
	pthread_t thread;

	check(!sem_init(&turns_go, 0, 0));
	for (int i = 0; i < 3; i++) {
		fflush(stdout);
		if (!fork()) {
			alarm(20);
			if (i)
				thread = start(waits_then_tries, NULL);
			if (i == 2)
				ms_sleep(20);
			give_up_rights();
			if (!i)
				sched_of_nobody(NULL);
			if (i)
				check(!sem_post(&turns_go));
			if (i)
				join(thread);
			fflush(stdout);
			_exit(0);
		}
		check(wait(&status) > 0 && !status);
	}
}

/* ---- threads that come later ------------------------------------------------------------------------------------ */

static pthread_mutex_t rights_mutex = PTHREAD_MUTEX_INITIALIZER;

static void *posts_as_nobody(void *arg)
{
	ms_sleep(5);	/* it waits by now */
	check(!pthread_mutex_lock(&rights_mutex));
	check(!sem_post(arg));
	check(!pthread_mutex_unlock(&rights_mutex));
	return arg;
}

static void *waits_for_nobody(void *arg)
{
	check(!pthread_mutex_lock(&rights_mutex) && !sem_post(&turns_go));
	check(!pthread_mutex_unlock(&rights_mutex));
	for (int i = 0; i < 4; i++)
		check(!sem_wait(arg));
	return arg;
}

/* They use what a real-time thread has used before there were no rights any more. */
static void threads_as_nobody(void)
{
	pthread_t thread, posts[4];
	sem_t posted;
	char *room;

	check(!sem_init(&posted, 0, 0));
	thread = start(waits_for_nobody, &posted);
	check(!sem_wait(&turns_go));
	give_up_rights();
	room = malloc(32 << 20);
	check(room);
	memset(room, 1, 32 << 20);
	for (int i = 0; i < 4; i++)
		check(!pthread_create(&posts[i], NULL, posts_as_nobody, &posted));
	for (int i = 0; i < 4; i++)
		join(posts[i]);
	join(thread);
}

static void row_rights_threads(void)
{
	int status;

	check(!sem_init(&turns_go, 0, 0));
	if (!fork()) {
		alarm(20);
		threads_as_nobody();
		_exit(0);
	}
	check(wait(&status) > 0 && !status);
}

/* ---- objects of root's ------------------------------------------------------------------------------------------- */

static void *takes_from_root(void *arg)
{
	struct together *t = arg;

	check(!sem_wait(&t->sem[0]));
	check(!pthread_mutex_lock(&t->mutex));
	t->count++;
	check(!pthread_cond_broadcast(&t->cond));
	check(!pthread_mutex_unlock(&t->mutex));
	check(!pthread_rwlock_wrlock(&t->rwlock) && !pthread_rwlock_unlock(&t->rwlock));
	pthread_barrier_wait(&t->barrier);
	check(!sem_post(&t->sem[1]));
	return arg;
}

static void share_all(void)
{
	pthread_condattr_t cond;
	pthread_rwlockattr_t rwlock;
	pthread_barrierattr_t barrier;

	share_memory();
	share_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT);
	pthread_condattr_init(&cond);
	pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
	pthread_rwlockattr_init(&rwlock);
	pthread_rwlockattr_setpshared(&rwlock, PTHREAD_PROCESS_SHARED);
	pthread_barrierattr_init(&barrier);
	pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
	check(!pthread_cond_init(&together->cond, &cond) && !pthread_rwlock_init(&together->rwlock, &rwlock));
	check(!pthread_barrier_init(&together->barrier, &barrier, 2));
	check(!sem_init(&together->sem[0], 1, 0) && !sem_init(&together->sem[1], 1, 0));
}

/* The child has used none of them when it gives up its rights. */
static void *shares_with_nobody(void *arg)
{
	int status;
	pid_t pid;

	share_all();
	close(0);
	pid = fork();
	check(open("/dev/null", O_RDONLY) == 0);	/* in both: POSIX says which descriptor is the next */
	if (!pid) {
		alarm(20);
		give_up_rights();
		takes_from_root(together);
		_exit(0);
	}
	check(!sem_post(&together->sem[0]));
	check(!pthread_mutex_lock(&together->mutex));
	while (!together->count)
		check(!pthread_cond_wait(&together->cond, &together->mutex));
	check(!pthread_mutex_unlock(&together->mutex));
	pthread_barrier_wait(&together->barrier);
	check(!sem_wait(&together->sem[1]));
	check(waitpid(pid, &status, 0) == pid && !status);
	return arg;
}

static void row_rights_shared(void)
{
	shares_with_nobody(NULL);
	join(start(shares_with_nobody, NULL));
}

/* Those that it has open, and those that it may and may not open. */
static void *opens_as_nobody(void *arg)
{
	mqd_t had = queue_new(O_RDWR | O_NONBLOCK, 2, 8), d;
	sem_t *held;
	char text[8];
	int status;

	sem_unlink(SEM);
	held = sem_open(SEM, O_CREAT | O_EXCL, 0600, 1);
	check(held != SEM_FAILED);
	fflush(stdout);
	if (!fork()) {
		alarm(20);
		give_up_rights();
		as_another(NULL);
		say(sem_trywait(held));
		say(sem_trywait(held));
		say(sem_post(held));
		say(mq_send(had, "text", 4, 0));
		say(mq_receive(had, text, 8, NULL));
		say((d = mq_open("/posixrows-own", O_CREAT | O_EXCL | O_RDWR, 0200, NULL)) < 0 ? -1 : 0);
		say(mq_open("/posixrows-own", O_RDWR) < 0 ? -1 : 0);
		say(mq_open("/posixrows-own", O_RDONLY) < 0 ? -1 : 0);
		say(mq_unlink("/posixrows-own"));
		say(mq_close(d));
		say(sem_close(held));
		fflush(stdout);
		_exit(0);
	}
	check(wait(&status) > 0 && !status);
	check(!sem_close(held) && !sem_unlink(SEM));
	queue_end(had);
	return arg;
}

static void row_rights_names(void)
{
	values_of(opens_as_nobody);
}

/* Everything that is the process's own, when it has no rights from the start. */
static void *alone_as_nobody(void *arg)
{
	struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	struct timespec ts = in_ms(CLOCK_REALTIME, 2);
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	timer_t timer;
	sem_t s;

	say(pthread_mutex_lock(&m) | pthread_mutex_unlock(&m));
	say(sem_init(&s, 1, 1) | sem_wait(&s));
	say(sem_timedwait(&s, &ts));
	say(timer_create(CLOCK_MONOTONIC, &event, &timer) | timer_settime(timer, 0, &soon, NULL));
	say(timer_delete(timer) | sem_destroy(&s));
	share_all();
	check(!sem_post(&together->sem[0]));
	if (!fork())
		_exit(takes_from_root(together) == NULL);
	pthread_barrier_wait(&together->barrier);
	say(sem_wait(&together->sem[1]));
	say(clock_settime(CLOCK_REALTIME, &ts));
	return arg;
}

static void row_rights_none(void)
{
	int status;

	fflush(stdout);
	if (!fork()) {
		alarm(20);
		give_up_rights();
		alone_as_nobody(NULL);
		fflush(stdout);
		_exit(0);
	}
	check(wait(&status) > 0 && !status);
}

#endif
