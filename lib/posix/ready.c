// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A wait for queues and timers. What is not a matter of the core's, that a timer was set or an epoll instance
 * changed, is told by a semaphore to each who waits, and looked at again:
 *
 *	waiter				timerfd_settime()
 *	lock; waiters 1; unlock
 *	due: never
 *					lock; due: soon; waiters: post; unlock
 *	waits: is told; due: soon
 */
#include "file.h"
#include "ready.h"

#define IN	(POLLIN | POLLRDNORM)
#define OUT	(POLLOUT | POLLWRNORM)

/* ---- changes ----------------------------------------------------------------------------------------- */

int posix_change_begin(struct posix_change *c)
{
	int err = keel_mutex_create(&c->lock);

	if (err)
		return err;
	err = keel_sem_create(&c->told, 0, KEEL_SEM_MAX);
	if (err)
		keel_mutex_delete(&c->lock);
	c->waiters = 0;
	return err;
}

void posix_change_end(struct posix_change *c)
{
	keel_mutex_delete(&c->lock);
	keel_sem_delete(&c->told);
}

int posix_change_lock(struct posix_change *c)
{
	int err;

	do
		err = keel_mutex_lock(&c->lock);
	while (err == -EINTR || (err == -EAGAIN && posix_again(err)));
	return -err;
}

void posix_change_unlock(struct posix_change *c)
{
	keel_mutex_unlock(&c->lock);
}

/* Each of them looks again, and those who look away take it back. */
void posix_change_tell(struct posix_change *c)
{
	int i;

	for (i = 0; i < c->waiters; i++)
		keel_sem_post(&c->told);
}

void posix_waiter_begins(struct posix_change *c)
{
	if (posix_change_lock(c))
		return;
	c->waiters++;
	posix_change_unlock(c);
}

void posix_waiter_ends(struct posix_change *c)
{
	if (posix_change_lock(c))
		return;
	c->waiters--;
	if (!c->waiters)
		while (!keel_sem_trywait(&c->told))
			;
	posix_change_unlock(c);
}

/* ---- waiting --------------------------------------------------------------------------------------------- */

struct item {
	struct pollfd *p;		/* or NULL: only to look again */
	struct posix_change *change;	/* what is waited for, or NULL: a queue */
};

struct waiting {
	struct keel_poll poll[KEEL_POLL_MAX];
	struct item of[KEEL_POLL_MAX];
	int count, queues;
};

static int add(struct waiting *w, struct pollfd *p, struct posix_change *change, unsigned int id)
{
	struct keel_poll *k = &w->poll[w->count];

	if (w->count == KEEL_POLL_MAX)
		return -ENOTSUP;
	k->id = id;
	k->ready = 0;
	k->events = change ? KEEL_POLL_IN :
		    (p->events & IN ? KEEL_POLL_IN : 0) | (p->events & OUT ? KEEL_POLL_OUT : 0);
	w->of[w->count++] = (struct item){ p, change };
	w->queues += !change;
	return 0;
}

static int waiting_fill(struct waiting *w, struct pollfd *fds, nfds_t n, struct posix_change *more)
{
	int err = more ? add(w, NULL, more, more->told.id) : 0;
	struct posix_file *f;

	for (; n && !err; fds++, n--) {
		fds->revents = 0;
		if (fds->fd < 0)
			continue;
		f = posix_file_find(fds->fd, POSIX_MQ);
		if (f) {
			err = fds->events & (IN | OUT) ? add(w, fds, NULL, f->mq.queue.id) : -ENOTSUP;
			continue;
		}
		f = posix_file_find(fds->fd, POSIX_TIMER);
		err = f ? add(w, fds, &f->timer.change, f->timer.change.told.id) : -ENOTSUP;
	}
	return err;
}

/* What is ready without a question, and when the next timer is. */
static int timers_look(struct waiting *w, int64_t *until)
{
	int i, ready = 0;

	for (i = 0; i < w->count; i++) {
		struct pollfd *p = w->of[i].p;
		struct posix_file *f = p && w->of[i].change ? posix_file_find(p->fd, POSIX_TIMER) : NULL;
		int64_t due = f && p->events & IN ? posix_timer_due(&f->timer) : KEEL_FOREVER;

		if (!due) {
			p->revents = p->events & POLLIN;
			ready += p->revents != 0;
		} else if (due < *until) {
			*until = due;
		}
	}
	return ready;
}

static int queues_look(struct waiting *w)
{
	int i, ready = 0;

	for (i = 0; i < w->count; i++) {
		unsigned int is = w->of[i].change ? 0 : w->poll[i].ready;
		struct pollfd *p = w->of[i].p;

		if (!is)
			continue;
		p->revents = is & KEEL_POLL_GONE ? POLLNVAL :
			     p->events & ((is & KEEL_POLL_IN ? IN : 0) | (is & KEEL_POLL_OUT ? OUT : 0));
		ready += p->revents != 0;
	}
	return ready;
}

/* One alone is asked for by what it is, without copies; what is not there is gone. */
static long wait_one(struct keel_poll *k, int64_t until)
{
	long ret = posix_wait_call(KEEL_CALL_POLL_ONE, k->id, k->events, until, 0, 0);

	if (ret != -EINVAL && ret <= 0)
		return ret;
	k->ready = ret > 0 ? ret : KEEL_POLL_GONE;
	return 1;
}

static long wait_once(struct waiting *w, int64_t until)
{
	long ret;

	if (w->count == 1)
		ret = wait_one(w->poll, until);
	else if (w->count)
		ret = posix_wait_call(KEEL_CALL_POLL, (long)w->poll, w->count, until, 0, 0);
	else
		ret = posix_wait_call(KEEL_CALL_SLEEP_UNTIL, until, KEEL_SLEEP_SIGNAL, 0, 0, 0);
	return ret ? ret : -ETIMEDOUT;
}

/* What was told is taken, and looked at. -EAGAIN: it is for the caller to do so; -EBADF: closed. */
static int changes_take(struct waiting *w)
{
	int i, ret = 0;

	for (i = 0; i < w->count; i++) {
		if (!w->of[i].change || !w->poll[i].ready)
			continue;
		if (w->poll[i].ready & KEEL_POLL_GONE)
			return -EBADF;
		if (!keel_sem_trywait(&w->of[i].change->told) && !w->of[i].p)
			ret = -EAGAIN;
	}
	return ret;
}

static long wait_all(struct waiting *w, int64_t until)
{
	for (;;) {
		int64_t next = until;
		int ready = timers_look(w, &next), look = 0;
		long ret = ready && !w->queues ? -ETIMEDOUT : wait_once(w, ready ? 1 : next);

		if (ret < 0 && ret != -ETIMEDOUT && (ret == -EINTR || !posix_again(ret)))
			return ret;
		if (ret > 0) {
			look = changes_take(w);
			ready += queues_look(w);
		}
		if (ready)
			return ready;
		if (look)
			return look;
		if (keel_clock_ns() >= until)
			return timers_look(w, &next);
	}
}

/* Of queues alone the core knows all, and when the time has passed. */
static long wait_queues(struct waiting *w, int64_t until)
{
	long ret;

	do
		ret = wait_once(w, until);
	while (ret < 0 && ret != -ETIMEDOUT && ret != -EINTR && posix_again(ret));
	return ret > 0 ? queues_look(w) : ret == -ETIMEDOUT ? 0 : ret;
}

static void waiting_end(void *arg)
{
	struct waiting *w = arg;
	int i;

	for (i = 0; i < w->count; i++)
		if (w->of[i].change)
			posix_waiter_ends(w->of[i].change);
}

int posix_poll_core(struct pollfd *fds, nfds_t n, int64_t until, struct posix_change *more)
{
	struct waiting w;	/* large: only what is used is filled in */
	int i;
	long ret;

	w.count = w.queues = 0;
	ret = waiting_fill(&w, fds, n, more);
	if (ret)
		return ret;
	if (w.queues == w.count)
		return wait_queues(&w, until);
	pthread_testcancel();
	for (i = 0; i < w.count; i++)
		if (w.of[i].change)
			posix_waiter_begins(w.of[i].change);
	pthread_cleanup_push(waiting_end, &w);
	ret = wait_all(&w, until);
	pthread_cleanup_pop(1);
	return ret;
}
