// SPDX-License-Identifier: GPL-2.0
/*
 * Rows on objects that two processes share: the row itself, and a child, which may be killed.
 */
#include <sys/wait.h>
#include <keel/name.h>
#include "objects.h"

#define NOBODY	65534
#define ROUNDS	20

static struct keel_queue queue;
static struct keel_heap heap;
static struct keel_mutex mutex;
static struct keel_sem sem;
static struct keel_event event;
static struct keel_cond cond;
static struct keel_rwlock lock;
static struct keel_barrier barrier;
static struct keel_channel chan;
static char text[64];
static int *ready;	/* shared with children */

/* A child's threads make its calls; the row sees to its end. */
static pid_t child_start(void (*run)(void))
{
	pid_t pid;

	ready = ready ?: shared_alloc(4096);
	flag_set(ready, 0);
	pid = fork();
	if (pid == 0) {
		must(keel_open());
		run();
		flag_set(ready, 1);
		_exit(0);
	}
	check(pid > 0);
	return pid;
}

static void child_end(pid_t pid, int status)
{
	int got;

	check(waitpid(pid, &got, 0) == pid);
	if (got != status)
		fail("the child ended with status %#x, not %#x", got, status);
}

/* ---- by a name ------------------------------------------------------------------------------------ */

CALL(queue_send_, keel_queue_send(&queue, "from the child", 15, 4))
CALL(queue_receive_, keel_queue_receive(&queue, text, sizeof(text), NULL))
CALL(sem_wait_, keel_sem_wait(&sem))
CALL(sem_post_, keel_sem_post(&sem))
CALL(event_wait_, keel_event_wait(&event, 6, KEEL_EVENT_ALL, NULL))
CALL(event_post_, keel_event_post(&event, 6))
CALL(barrier_wait_, keel_barrier_wait(&barrier) < 0)
CALL(write_lock, keel_rwlock_write(&lock) ?: keel_rwlock_unlock(&lock))
CALL(mutex_keep, keel_mutex_lock(&mutex))
CALL(cond_wait_, keel_mutex_lock(&mutex) ?: keel_cond_wait(&cond, &mutex) ?: keel_mutex_unlock(&mutex))
CALL(cond_signal_, keel_mutex_lock(&mutex) ?: keel_cond_signal(&cond) ?: keel_mutex_unlock(&mutex))
CALL(ask, keel_channel_send(&chan, "?", 2, text, sizeof(text)))

static void all_bind(void)
{
	must(keel_queue_name_bind(&queue, "queue", KEEL_FOREVER));
	must(keel_heap_name_bind(&heap, "heap", KEEL_FOREVER));
	must(keel_name_bind("m", KEEL_MUTEX, KEEL_FOREVER, &mutex.id));
	must(keel_name_bind("m", KEEL_SEM, KEEL_FOREVER, &sem.id));
	must(keel_name_bind("m", KEEL_EVENT, KEEL_FOREVER, &event.id));
	must(keel_name_bind("m", KEEL_COND, KEEL_FOREVER, &cond.id));
	must(keel_name_bind("m", KEEL_RWLOCK, KEEL_FOREVER, &lock.id));
	must(keel_name_bind("m", KEEL_BARRIER, KEEL_FOREVER, &barrier.id));
	must(keel_name_bind("m", KEEL_CHANNEL, KEEL_FOREVER, &chan.id));
}

static long answer(void)
{
	unsigned int flow;
	char m[64];

	must(keel_channel_receive(&chan, m, sizeof(m), &flow));
	must(keel_channel_reply(&chan, flow, m, 1));
	return 0;
}

static void shares_all(void)
{
	all_bind();
	check(hard_call(queue_send_) == 0);
	check(hard_call(sem_post_) == 0);
	check(hard_call(event_post_) == 0);
	check(hard_call(barrier_wait_) == 0);
	check(hard_call(write_lock) == 0);
	check(hard_call(answer) == 0);
	sleep_ms(50);
	check(hard_call(cond_signal_) == 0);
	strcpy(heap.area + 128, "seen by both");
}

static void all_create(void)
{
	must(keel_queue_name_create(&queue, "queue", 0600, 3, sizeof(text)));
	must(keel_heap_name_create(&heap, "heap", 0600, 10000));
	must(keel_name_create("m", 0600, KEEL_MUTEX, 0, 0, &mutex.id));
	must(keel_name_create("m", 0600, KEEL_SEM, 0, 1, &sem.id));
	must(keel_name_create("m", 0600, KEEL_EVENT, 0, 0, &event.id));
	must(keel_name_create("m", 0600, KEEL_COND, 0, 0, &cond.id));
	must(keel_name_create("m", 0600, KEEL_RWLOCK, 0, 0, &lock.id));
	must(keel_name_create("m", 0600, KEEL_BARRIER, 2, 0, &barrier.id));
	must(keel_name_create("m", 0600, KEEL_CHANNEL, 2, sizeof(text), &chan.id));
}

/* The child waits for each name; the row creates them later. */
void names_shared(void)
{
	pid_t pid = child_start(shares_all);
	unsigned int id;

	must(keel_open());
	sleep_ms(50);
	all_create();
	check(keel_name_create("m", 0600, KEEL_SEM, 0, 1, &id) == -EEXIST);
	check(hard_call(queue_receive_) == 15 && !strcmp(text, "from the child"));
	check(hard_call(sem_wait_) == 0);
	check(hard_call(event_wait_) == 0);
	check(hard_call(barrier_wait_) == 0);
	check(hard_call(write_lock) == 0);
	check(hard_call(ask) == 1 && text[0] == '?');
	check(hard_call(cond_wait_) == 0);
	child_end(pid, 0);
	check(!strcmp(heap.area + 128, "seen by both"));
	/* Others' waits end with the name, and it may be made again. */
	waiter_start(0, 20, sem_wait_);
	must(keel_name_delete("m", KEEL_SEM));
	waiter_end(0, -EIDRM);
	check(keel_name_delete("m", KEEL_SEM) == -ENOENT);
	check(hard_call(sem_post_) == -EIDRM);
	must(keel_sem_delete(&sem));
	check(hard_call(sem_post_) == -EINVAL);
	must(keel_name_create("m", 0600, KEEL_SEM, 1, 1, &sem.id));
	check(hard_call(sem_wait_) == 0);
	/* With the last id it goes by itself. */
	must(keel_sem_delete(&sem));
	check(keel_name_bind("m", KEEL_SEM, 0, &id) == -ENOENT);
	check(keel_name_bind("m", KEEL_SEM, in(20), &id) == -ETIMEDOUT);
	waiter_start(0, 20, queue_receive_);
	must(keel_name_delete("queue", KEEL_QUEUE));
	waiter_end(0, -EIDRM);
}

/* ---- whom a queue tells --------------------------------------------------------------------------- */

CALL(notify, keel_queue_notify(&queue, &sem))
CALL(notify_not, keel_queue_notify(&queue, NULL))

/* One process is told, and says when it wants that no more. */
static void asks_to_be_told(void)
{
	all_bind();
	check(hard_call(notify) == -EBUSY);
	check(hard_call(notify_not) == 0);	/* it is not its own to end */
	check(hard_call(notify) == -EBUSY);
	flag_set(ready, 2);
	await(ready, 3, "the other to give up");
	check(hard_call(notify) == 0);
}

void names_notify(void)
{
	pid_t pid;

	must(keel_open());
	all_create();
	check(hard_call(notify) == 0);
	check(hard_call(notify) == 0);		/* it may ask again */
	pid = child_start(asks_to_be_told);
	await(ready, 2, "the child");
	check(hard_call(notify_not) == 0);
	flag_set(ready, 3);
	child_end(pid, 0);
	check(hard_call(notify) == 0);		/* it has ended */
}

/* ---- killed --------------------------------------------------------------------------------------- */

static void *hold_all(void *unused)
{
	void *message;

	must(keel_mutex_lock(&mutex));
	must(keel_queue_alloc(&queue, &message, CLOCK_MONOTONIC, 0));
	must(keel_queue_alloc(&queue, &message, CLOCK_MONOTONIC, 0));
	must(keel_queue_notify(&queue, &sem));
	flag_set(ready, 1);
	for (;;)
		must(keel_sleep(MS));
	return unused;
}

static void *serve_never(void *unused)
{
	unsigned int flow;
	char m[64];

	must(keel_channel_receive(&chan, m, sizeof(m), &flow));
	for (;;)
		must(keel_sleep(MS));
	return unused;
}

static void holds_until_killed(void)
{
	all_bind();
	hard_create("server", 30, 0, serve_never, NULL);
	hard_create("holder", 30, 0, hold_all, NULL);
	pause();
}

/* All that the queue has can be had, and nobody else is to be told. */
static long fill(void)
{
	void *m[3];

	while (keel_queue_clockreceive(&queue, text, sizeof(text), NULL, CLOCK_MONOTONIC, 0) >= 0)
		;
	for (int i = 0; i < 3; i++)
		must(keel_queue_alloc(&queue, &m[i], CLOCK_MONOTONIC, in(1000)));
	for (int i = 0; i < 3; i++)
		must(keel_queue_free(&queue, m[i]));
	keel_sem_trywait(&sem);
	return keel_queue_notify(&queue, &sem) ?: keel_queue_notify(&queue, NULL);
}

static long mutex_clean(void)
{
	check(keel_mutex_lock(&mutex) == -EOWNERDEAD);
	return keel_mutex_unlock(&mutex);
}

/* What the dead one had is had back, or told; and its end comes at any moment. */
void names_killed(void)
{
	must(keel_open());
	all_create();
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = child_start(holds_until_killed);

		await(ready, 1, "the child");
		waiter_start(0, 50, mutex_keep);
		waiter_start(1, 40, ask);
		kill(pid, SIGKILL);
		child_end(pid, SIGKILL);
		waiter_end(0, -EOWNERDEAD);	/* and ends with it locked, too */
		waiter_end(1, -EOWNERDEAD);
		check(hard_call(mutex_clean) == 0);
		check(hard_call(fill) == 0);
		pid = child_start(shares_all);
		sleep_ms(i);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

/* ---- rights --------------------------------------------------------------------------------------- */

static void nobody_binds(void)
{
	unsigned int id;

	check(!setresgid(NOBODY, NOBODY, NOBODY) && !setresuid(NOBODY, NOBODY, NOBODY));
	check(keel_name_bind("private", KEEL_SEM, 0, &id) == -EACCES);
	check(keel_name_bind("read", KEEL_SEM, 0, &id) == -EACCES);
	check(keel_name_bind("mine", KEEL_SEM, 0, &id) == -ENOENT);
	check(keel_name_bind("group", KEEL_SEM, 0, &id) == -EACCES);
	must(keel_name_bind("others", KEEL_SEM, 0, &id));
	must(keel_name_bind("open", KEEL_SEM, 0, &id));
	check(keel_name_delete("open", KEEL_SEM) == -EACCES);
	must(keel_name_create("mine", 0, KEEL_SEM, 0, 1, &id));
	check(keel_name_bind("mine", KEEL_SEM, 0, &id) == -EACCES);
	must(keel_name_delete("mine", KEEL_SEM));
}

/* Another user of the group that the names are of: its bits count, whatever others have. */
static void member_binds(void)
{
	unsigned int id;

	check(!setresgid(0, 0, 0) && !setresuid(NOBODY, NOBODY, NOBODY));
	must(keel_name_bind("group", KEEL_SEM, 0, &id));
	check(keel_name_bind("others", KEEL_SEM, 0, &id) == -EACCES);
	check(keel_name_delete("group", KEEL_SEM) == -EACCES);
}

void names_rights(void)
{
	unsigned int id;

	must(keel_open());
	must(keel_name_create("private", 0600, KEEL_SEM, 0, 1, &id));
	must(keel_name_create("read", 0644, KEEL_SEM, 0, 1, &id));
	must(keel_name_create("open", 0666, KEEL_SEM, 0, 1, &id));
	must(keel_name_create("group", 0660, KEEL_SEM, 0, 1, &id));
	must(keel_name_create("others", 0606, KEEL_SEM, 0, 1, &id));
	child_end(child_start(nobody_binds), 0);
	child_end(child_start(member_binds), 0);
	must(keel_name_create("none", 0, KEEL_SEM, 0, 1, &id));
	must(keel_name_bind("none", KEEL_SEM, 0, &id));	/* root may */
	must(keel_name_delete("open", KEEL_SEM));
}
