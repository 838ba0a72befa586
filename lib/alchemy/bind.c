// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who looks for an object by its name. What is there already a hard thread finds without leaving hard mode; what is
 * not yet there it waits for, hard, by a condition of Keel's that all who bind in this process share:
 *
 *	bind, CPU 0				publish, CPU 1
 *	binders = 1
 *	lock; no such name
 *						it has the name; binders is 1
 *	waits: unlocked				lock; broadcast; unlock
 *	goes on, locked; it is there
 *
 * In a session a page is found by its name before it is complete: magic is written last, by announce, and who
 * binds looks for it until its time is up, in-band.
 */
#include <stdio.h>
#include <string.h>
#include <keel/name.h>
#include <keel/sync.h>
#include "kind.h"

#define LOOK_NS		1000000

static struct {
	pthread_mutex_t begin;
	int made;			/* (begin) the next two are */
	struct keel_mutex lock;
	struct keel_cond published;
	int binders;			/* (a) who look for a name, or wait for it */
} wait = {
	.begin = PTHREAD_MUTEX_INITIALIZER,
};

static void fork_child(void)
{
	pthread_mutex_init(&wait.begin, NULL);
	wait.made = 0;
	wait.binders = 0;
}

__attribute__((constructor)) static void begin(void)
{
	pthread_atfork(NULL, NULL, fork_child);
}

/* ---- in this process --------------------------------------------------------------------------------- */

static long tell(void)
{
	int err = alchemy_mutex_retake(&wait.lock);

	if (err)
		return err;
	keel_cond_broadcast(&wait.published);
	return keel_mutex_unlock(&wait.lock);
}

void alchemy_bind_published(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&wait.binders, __ATOMIC_SEQ_CST))
		ALCHEMY_CALL(tell());
}

static int wait_make(void)
{
	int err = 0;

	if (__atomic_load_n(&wait.made, __ATOMIC_ACQUIRE))
		return 0;
	pthread_mutex_lock(&wait.begin);
	if (!wait.made) {
		err = keel_mutex_create_as(&wait.lock, KEEL_MUTEX_ERRORCHECK, 0);
		if (!err) {
			err = keel_cond_create(&wait.published);
			if (err)
				keel_mutex_delete(&wait.lock);
		}
		__atomic_store_n(&wait.made, !err, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&wait.begin);
	return err;
}

/* The lock may be the caller's again or not: it is errorchecked, so taking it tells. */
static void cancelled(void *arg)
{
	int err = alchemy_mutex_retake(&wait.lock);

	(void)arg;
	__atomic_fetch_sub(&wait.binders, 1, __ATOMIC_SEQ_CST);
	if (!err || err == -EDEADLK)
		keel_mutex_unlock(&wait.lock);
}

/* With the lock, before and afterwards, unless it went: something is published, or -errno. */
static int await_locked(int64_t until)
{
	int err, again;
	int old = alchemy_cancel_begin();

	err = alchemy_mutex_got(keel_cond_clockwait(&wait.published, &wait.lock, CLOCK_MONOTONIC, until));
	alchemy_cancel_end(old);
	again = err == -EINTR ? alchemy_mutex_retake(&wait.lock) : 0;
	return again ? again : err;
}

static long await_name(enum alchemy_type type, const char *name, int64_t until, uintptr_t *handle)
{
	volatile int err;	/* the cleanup may come by a jump */

	__atomic_fetch_add(&wait.binders, 1, __ATOMIC_SEQ_CST);
	pthread_cleanup_push(cancelled, NULL);
	err = alchemy_mutex_retake(&wait.lock);
	while (!(*handle = alchemy_object_named(type, name)) && !err)
		err = await_locked(until);
	pthread_cleanup_pop(1);
	return *handle ? 0 : err;
}

static int bind_own(enum alchemy_type type, const char *name, int64_t until, uintptr_t *handle)
{
	int err;

	if (until == ALCHEMY_POLL)
		return -EWOULDBLOCK;
	if (!__atomic_load_n(&wait.made, __ATOMIC_ACQUIRE)) {
		err = alchemy_inband();
		if (!err)
			err = wait_make();
		if (err)
			return err;
	}
	return ALCHEMY_CALL(await_name(type, name, until, handle));
}

/* ---- in a session ------------------------------------------------------------------------------------- */

/* Until @until; ALCHEMY_POLL has passed. */
static int look_again(int64_t until)
{
	const struct timespec moment = { .tv_nsec = LOOK_NS };

	if (until == ALCHEMY_POLL)
		return -EWOULDBLOCK;
	if (keel_clock_ns() >= until)
		return -ETIMEDOUT;
	return nanosleep(&moment, NULL) ? -EINTR : 0;
}

static int page_bind(struct alchemy_object *o, int64_t until)
{
	char name[KEEL_NAMED_LEN];
	struct alchemy_page *page;
	struct keel_heap heap;
	int err;

	alchemy_part_name(o, '.', name);
	err = keel_heap_name_bind(&heap, name, until);
	if (err)
		return err == -ENOENT ? -EWOULDBLOCK : err;
	page = alchemy_page_set(o, &heap);
	o->shared = page->data;
	o->bound = 1;
	while (!err && __atomic_load_n(&page->magic, __ATOMIC_ACQUIRE) != ALCHEMY_PAGE_MAGIC)
		err = look_again(until);
	return err;
}

/* Who was faster in this process has made it known already: that one's handle is as good. */
static int bind_shared(enum alchemy_type type, size_t size, const char *name, int64_t until,
		       int (*attach)(struct alchemy_object *o), uintptr_t *handle)
{
	struct alchemy_object *o = alchemy_object_new(type, size, name);
	int err;

	if (!o)
		return -ENOMEM;
	err = page_bind(o, until);
	if (!err)
		err = attach(o);
	if (!err)
		err = alchemy_object_publish(o);
	if (err)
		alchemy_object_free(o);
	else
		*handle = o->handle;
	return err;
}

/* ---- both ---------------------------------------------------------------------------------------------- */

int alchemy_object_bind(enum alchemy_type type, size_t size, const char *name, RTIME timeout,
			int (*attach)(struct alchemy_object *o), uintptr_t *handle)
{
	int64_t until = alchemy_rel(timeout);
	char cut[XNOBJECT_NAME_LEN];
	int err;

	if (!name || !*name)
		return -EINVAL;
	snprintf(cut, sizeof(cut), "%s", name);
	*handle = alchemy_object_named(type, cut);
	if (*handle)
		return 0;
	if (!alchemy_settings.session)
		return bind_own(type, cut, until, handle);
	err = alchemy_inband();
	while (!err) {
		err = bind_shared(type, size, cut, until, attach, handle);
		if (err != -EEXIST)
			break;
		*handle = alchemy_object_named(type, cut);
		err = *handle ? 0 : look_again(until);	/* it is just being deleted */
		if (*handle)
			break;
	}
	return err;
}

int alchemy_object_unbind(enum alchemy_type type, uintptr_t *handle, int (*detach)(struct alchemy_object *o))
{
	struct alchemy_object *o = alchemy_object_find(*handle, type);

	if (!o)
		return -EINVAL;
	if (o->bound) {
		if (!alchemy_object_close(*handle, type))
			return -EINVAL;
		alchemy_inband();
		detach(o);
		alchemy_object_free(o);
	}
	*handle = 0;
	return 0;
}
