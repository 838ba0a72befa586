/* SPDX-License-Identifier: GPL-2.0 */
#ifndef POSIXAPART_H
#define POSIXAPART_H

/*
 * Objects a large power of two apart: who looks for them by some bits of the address finds several at one place.
 * Each is itself, also when another one of the place has gone or comes. For posixrows.c.
 */
#define APART (256 * 1024)

static union {
	char room[APART];
	sem_t sem;
	pthread_mutex_t mutex;
} apart[3];

static int sem_count(sem_t *s)
{
	int value;

	check(!sem_getvalue(s, &value));
	return value;
}

static void *sems_apart(void *arg)
{
	sem_t *a = &apart[0].sem, *b = &apart[1].sem, *c = &apart[2].sem;

	check(!sem_init(a, 0, 1) && !sem_init(b, 0, 2) && !sem_init(c, 0, 0));
	check(!sem_trywait(a) && !sem_trywait(b) && !sem_trywait(b));
	check(sem_trywait(a) && errno == EAGAIN);
	check(!sem_post(b) && sem_trywait(a) && sem_trywait(c) && errno == EAGAIN);
	check(!sem_post(c) && !sem_post(c));
	check(sem_count(a) == 0 && sem_count(b) == 1 && sem_count(c) == 2);
	check(!sem_destroy(a) && !sem_trywait(b) && sem_trywait(b) && errno == EAGAIN);
	check(!sem_init(a, 0, 5) && !sem_trywait(a) && !sem_post(b));
	check(sem_count(a) == 4 && sem_count(b) == 1 && sem_count(c) == 2);
	check(!sem_destroy(c) && !sem_destroy(a) && !sem_trywait(b) && !sem_destroy(b));
	return arg;
}

static void *mutexes_apart(void *arg)
{
	pthread_mutex_t *a = &apart[0].mutex, *b = &apart[1].mutex;

	check(!pthread_mutex_init(a, NULL) && !pthread_mutex_init(b, NULL));
	check(!pthread_mutex_lock(a) && !pthread_mutex_lock(b));
	check(!pthread_mutex_unlock(a));
	check(pthread_mutex_trylock(b) == EBUSY && !pthread_mutex_trylock(a));
	check(!pthread_mutex_unlock(b));
	check(pthread_mutex_trylock(a) == EBUSY && !pthread_mutex_lock(b) && !pthread_mutex_unlock(b));
	check(!pthread_mutex_unlock(a) && !pthread_mutex_destroy(a));
	check(!pthread_mutex_lock(b) && !pthread_mutex_init(a, NULL));
	check(!pthread_mutex_lock(a) && !pthread_mutex_unlock(b) && pthread_mutex_trylock(a) == EBUSY);
	check(!pthread_mutex_unlock(a) && !pthread_mutex_destroy(a) && !pthread_mutex_destroy(b));
	return arg;
}

/* By real-time threads, with one of Linux's in between. */
static void row_apart(void)
{
	join(start(sems_apart, NULL));
	join(start(mutexes_apart, NULL));
	sems_apart(NULL);
	mutexes_apart(NULL);
	join(start(sems_apart, NULL));
	join(start(mutexes_apart, NULL));
}

#endif
