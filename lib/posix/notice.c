// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Notices of message queues: the core posts a semaphore when one is due, and a thread of Linux that waits
 * for it raises the signal or is the thread that was asked for. It has all signals blocked until then.
 */
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include "file.h"

/* Of Linux's futex(). */
#define WAIT_PRIVATE	(0 | 128)
#define WAKE_PRIVATE	(1 | 128)

struct posix_notice {
	struct posix_mq *mq;		/* (files) NULL: stopped */
	struct keel_sem sem;
	struct sigevent event;
	sigset_t mask;			/* of who asked */
};

static unsigned int raised;		/* (a) signals */

static void notice_free(struct posix_notice *n)
{
	keel_sem_delete(&n->sem);
	free(n);
}

/* As the kernel does it; only a process can say so of itself. */
static void raise_for(const struct sigevent *event)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = event->sigev_signo;
	info.si_code = SI_MESGQ;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value = event->sigev_value;
	syscall(SYS_rt_sigqueueinfo, getpid(), event->sigev_signo, &info);
}

/* 1: it is due, and the queue has no notice any more. */
static int notice_take(struct posix_notice *n)
{
	long ret = posix_enter() ? -EPERM : 0;
	int due;

	while (!ret && (ret = keel_sem_wait(&n->sem)) && posix_again(ret))
		ret = 0;
	posix_leave();
	posix_files_lock();
	due = !ret && n->mq;
	if (n->mq) {
		n->mq->notice = NULL;
		__atomic_store_n(&n->mq->signals, 0, __ATOMIC_SEQ_CST);
	}
	posix_files_unlock();
	return due;
}

static void *notice_main(void *arg)
{
	struct posix_notice *n = arg;
	struct sigevent event = n->event;
	sigset_t mask = n->mask;
	int due = notice_take(n);

	notice_free(n);
	if (!due)
		return NULL;
	if (event.sigev_notify == SIGEV_SIGNAL) {
		raise_for(&event);
		__atomic_add_fetch(&raised, 1, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, &raised, WAKE_PRIVATE, INT_MAX);
		return NULL;
	}
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	event.sigev_notify_function(event.sigev_value);
	return NULL;
}

/* One that is to raise a signal needs little. */
static int notice_thread(struct posix_notice *n)
{
	const pthread_attr_t *asked = n->event.sigev_notify == SIGEV_THREAD ?
				      n->event.sigev_notify_attributes : NULL;
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN + 65536);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &n->mask);
	err = REAL(pthread_create)(&thread, asked ? asked :
				   n->event.sigev_notify == SIGEV_THREAD ? NULL : &attr, notice_main, n);
	pthread_sigmask(SIG_SETMASK, &n->mask, NULL);
	pthread_attr_destroy(&attr);
	if (!err)
		pthread_detach(thread);
	return err;
}

static int is_known(const struct sigevent *event)
{
	switch (event->sigev_notify) {
	case SIGEV_NONE:
	case SIGEV_THREAD:
		return 1;
	case SIGEV_SIGNAL:
		return event->sigev_signo >= 0 && event->sigev_signo <= 64;
	default:
		return 0;
	}
}

/* What nobody waits for is due when its semaphore was posted. */
static void none_is_over(struct posix_mq *mq)
{
	struct posix_notice *n = mq->notice;
	int count;

	if (!n || n->event.sigev_notify != SIGEV_NONE || posix_enter())
		return;
	count = keel_sem_count(&n->sem);
	posix_leave();
	if (!count)
		return;
	mq->notice = NULL;
	notice_free(n);
}

static int notice_begin(struct posix_notice *n, struct posix_mq *mq)
{
	int err = posix_enter();

	if (err)
		return err;
	err = -keel_queue_notify(&mq->queue, &n->sem);
	posix_leave();
	if (err || n->event.sigev_notify == SIGEV_NONE)
		return err;
	err = notice_thread(n);
	if (err && !posix_enter()) {
		keel_queue_notify(&mq->queue, NULL);
		posix_leave();
	}
	return err;
}

int posix_notice_start(struct posix_mq *mq, const struct sigevent *event)
{
	struct posix_notice *n;
	int err;

	if (!is_known(event))
		return EINVAL;
	none_is_over(mq);
	if (mq->notice)
		return EBUSY;
	n = calloc(1, sizeof(*n));
	if (!n)
		return ENOMEM;
	err = -keel_sem_create(&n->sem, 0, 1);
	if (err) {
		free(n);
		return err;
	}
	n->event = *event;
	n->mq = mq;
	err = notice_begin(n, mq);
	if (err) {
		notice_free(n);
		return err;
	}
	mq->notice = n;
	__atomic_store_n(&mq->signals, event->sigev_notify == SIGEV_SIGNAL, __ATOMIC_SEQ_CST);
	return 0;
}

unsigned int posix_notices_raised(void)
{
	return __atomic_load_n(&raised, __ATOMIC_SEQ_CST);
}

/*
 * Linux raises the signal while the message is sent, so a thread of Linux that sends to itself has handled
 * it when it returns:
 *
 *	sender				thread of the notice
 *	raised is N; signals is 1
 *	send: the core posts
 *					signals = 0; the signal; raised = N + 1
 *	not told any more: wait for N + 1
 *
 * With signals at 1 after N was read, the signal comes later than N.
 */
void posix_notice_await(struct posix_mq *mq, unsigned int before)
{
	const struct timespec most = { .tv_nsec = 100000000 };
	int told;

	if (posix_enter())
		return;
	told = !keel_queue_notifies(&mq->queue);
	posix_leave();
	if (told)
		while (syscall(SYS_futex, &raised, WAIT_PRIVATE, before, &most) && errno == EINTR)
			;	/* the signal itself, or another */
}

/* Who waits for it frees it. */
void posix_notice_stop(struct posix_mq *mq)
{
	struct posix_notice *n = mq->notice;

	if (!n)
		return;
	if (!posix_enter()) {
		keel_queue_notify(&mq->queue, NULL);
		posix_leave();
	}
	mq->notice = NULL;
	__atomic_store_n(&mq->signals, 0, __ATOMIC_SEQ_CST);
	if (n->event.sigev_notify == SIGEV_NONE) {
		notice_free(n);
		return;
	}
	n->mq = NULL;
	keel_sem_delete(&n->sem);
}
