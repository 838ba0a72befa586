// SPDX-License-Identifier: LGPL-2.1-or-later
#include <keel/name.h>
#include "kind.h"
#include "monitor.h"

#define PART_LOCK	'l'
#define PART_MEMORY	'p'

static const char part_conds[] = { 'r', 'w' };

/* ---- made and gone --------------------------------------------------------------------------------- */

static int memory_make(struct alchemy_monitor *m, struct alchemy_object *o, size_t size)
{
	char name[KEEL_NAMED_LEN];

	if (o->shared)
		alchemy_part_name(o, PART_MEMORY, name);
	return libkeel_heap_create(&m->memory, o->shared ? name : NULL, 0666, size, 0);
}

static void memory_free(struct alchemy_monitor *m, struct alchemy_object *o)
{
	char name[KEEL_NAMED_LEN];

	if (o->shared && !o->bound) {
		alchemy_part_name(o, PART_MEMORY, name);
		keel_name_delete(name, KEEL_HEAP);
	}
	keel_heap_delete(&m->memory);
}

static void conds_delete(struct alchemy_monitor *m, struct alchemy_object *o, int count)
{
	while (count-- > 0)
		alchemy_part_delete(o, part_conds[count], KEEL_COND, m->conds[count].id);
}

static int conds_make(struct alchemy_monitor *m, struct alchemy_object *o, int fifo)
{
	int err = 0, i;

	for (i = 0; i < 2 && !err; i++)
		err = alchemy_part_create(o, part_conds[i], KEEL_COND, fifo ? KEEL_FIFO : 0, 0,
					  &m->conds[i].id);
	if (err)
		conds_delete(m, o, i - 1);
	return err;
}

int alchemy_monitor_make(struct alchemy_monitor *m, struct alchemy_object *o, void *state, size_t size,
			 int fifo)
{
	int err = memory_make(m, o, size);

	if (err)
		return err == -EINVAL ? -ENOMEM : err;
	m->state = o->shared ? o->shared : state;
	err = alchemy_part_create(o, PART_LOCK, KEEL_MUTEX, KEEL_MUTEX_ERRORCHECK, 0, &m->lock.id);
	if (err)
		goto free;
	err = conds_make(m, o, fifo);
	if (!err)
		return 0;
	alchemy_part_delete(o, PART_LOCK, KEEL_MUTEX, m->lock.id);
free:
	memory_free(m, o);
	return err;
}

static int conds_attach(struct alchemy_monitor *m, struct alchemy_object *o)
{
	int err = 0, i;

	for (i = 0; i < 2 && !err; i++)
		err = alchemy_part_bind(o, part_conds[i], KEEL_COND, &m->conds[i].id);
	if (err)
		conds_delete(m, o, i - 1);
	return err;
}

int alchemy_monitor_attach(struct alchemy_monitor *m, struct alchemy_object *o)
{
	char name[KEEL_NAMED_LEN];
	int err;

	alchemy_part_name(o, PART_MEMORY, name);
	err = keel_heap_name_bind(&m->memory, name, 0);
	if (err)
		return err;
	m->state = o->shared;
	err = alchemy_part_bind(o, PART_LOCK, KEEL_MUTEX, &m->lock.id);
	if (err)
		goto free;
	err = conds_attach(m, o);
	if (!err)
		return 0;
	alchemy_part_delete(o, PART_LOCK, KEEL_MUTEX, m->lock.id);
free:
	memory_free(m, o);
	return err;
}

int alchemy_monitor_close(struct alchemy_monitor *m)
{
	int err = alchemy_monitor_enter(m);

	if (err)
		return err == -EIDRM ? -EINVAL : err;
	err = libkeel_call(KEEL_CALL_MUTEX_CLOSE, m->lock.id, 0);
	alchemy_leave();
	return err;
}

int alchemy_monitor_unmake(struct alchemy_monitor *m, struct alchemy_object *o)
{
	conds_delete(m, o, 2);
	alchemy_mutex_delete(o, PART_LOCK, m->lock.id);
	memory_free(m, o);
	return 0;
}

/* ---- in use ------------------------------------------------------------------------------------------ */

int alchemy_monitor_enter(struct alchemy_monitor *m)
{
	int err = alchemy_enter();

	if (err || libkeel_mutex_take(m->lock.id))
		return err;
	err = alchemy_mutex_retake(&m->lock);
	if (err)
		alchemy_leave();
	return err;
}

void alchemy_monitor_unlock(struct alchemy_monitor *m)
{
	if (!libkeel_mutex_give(m->lock.id))
		keel_mutex_unlock(&m->lock);
}

void alchemy_monitor_leave(struct alchemy_monitor *m)
{
	alchemy_monitor_unlock(m);
	alchemy_leave();
}

struct waiting {
	struct alchemy_monitor *m;
	int *waiters;
};

/* The lock may be the caller's again or not: it is errorchecked, so taking it tells. */
static void cancelled(void *arg)
{
	struct waiting *w = arg;
	int err = alchemy_mutex_retake(&w->m->lock);

	if (err && err != -EDEADLK)
		return;
	--*w->waiters;
	keel_mutex_unlock(&w->m->lock);
}

int alchemy_monitor_wait(struct alchemy_monitor *m, int which, int *waiters, int64_t until)
{
	struct keel_mutex lock = m->lock;	/* the monitor may be another one when the wait ends */
	struct waiting w = { m, waiters };
	int err, again = 0, old;

	++*waiters;
	pthread_cleanup_push(cancelled, &w);
	old = alchemy_cancel_begin();
	err = alchemy_mutex_got(keel_cond_clockwait(&m->conds[which], &lock, CLOCK_MONOTONIC, until));
	alchemy_cancel_end(old);
	pthread_cleanup_pop(0);
	if (err == -EINTR)
		again = alchemy_mutex_retake(&lock);
	if (again || err == -EIDRM || err == -EINVAL)
		return -EIDRM;
	--*waiters;
	return err;
}

int alchemy_monitor_wake(struct alchemy_monitor *m, int which, int all)
{
	return libkeel_call(all ? KEEL_CALL_COND_BROADCAST : KEEL_CALL_COND_SIGNAL, m->conds[which].id, 0);
}
