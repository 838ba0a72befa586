// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Process-shared objects: rule R4 of posix.h. The storage has a key instead of what glibc keeps there; the
 * object of the core's has the key as its name, is made by who uses it first, and bound by each process.
 * It goes with the last process that used it; who comes then begins anew.
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include "file.h"
#include "shared.h"

static int request(unsigned long cmd, unsigned int type, const struct posix_shared *s, unsigned int a,
		   unsigned int b, unsigned int *id)
{
	struct keel_name req = { .type = type };
	int err;

	snprintf(req.name, sizeof(req.name), "/posix/%016llx", (unsigned long long)s->key);
	if (cmd == KEEL_IOC_NAME_CREATE) {
		req.args[0] = a;
		req.args[1] = b;
		req.mode = 0666;
	}
	err = libkeel_ioctl(cmd, &req);
	if (!err && id)
		*id = req.id;
	return err;
}

/* What another process has made meanwhile is there the next time, unless it has gone again. */
static int get(unsigned int type, const struct posix_shared *s, unsigned int a, unsigned int b,
	       unsigned int *id)
{
	int err;

	do {
		err = request(KEEL_IOC_NAME_BIND, type, s, 0, 0, id);
		if (err == -ENOENT)
			err = request(KEEL_IOC_NAME_CREATE, type, s, a, b, id);
	} while (err == -EEXIST || err == -ENOENT);
	return err;
}

static int get_mutex(struct posix_object *o, const struct posix_shared *s)
{
	o->plain = s->a == POSIX_PLAIN;
	return o->plain ? get(KEEL_SEM, s, 0, 1, &o->sem.id) : get(KEEL_MUTEX, s, s->a, s->b, &o->mutex.id);
}

static int get_cond(struct posix_object *o, const struct posix_shared *s)
{
	int err = get(KEEL_COND, s, 0, 0, &o->cond.id);

	if (err)
		return err;
	err = get(KEEL_MUTEX, s, 0, 0, &o->mutex.id);
	if (err)
		keel_cond_delete(&o->cond);
	return err;
}

static int get_any(struct posix_object *o, const struct posix_shared *s)
{
	switch (o->type) {
	case POSIX_MUTEX:
		return get_mutex(o, s);
	case POSIX_COND:
		return get_cond(o, s);
	case POSIX_SEM:
		return get(KEEL_SEM, s, 0, KEEL_SEM_MAX, &o->sem.id);
	case POSIX_RWLOCK:
		return get(KEEL_RWLOCK, s, 0, 0, &o->rwlock.id);
	default:
		return get(KEEL_BARRIER, s, s->a, 0, &o->barrier.id);
	}
}

/* Two threads at a time: the first one's counts. */
static int bind(void *at, enum posix_type type, struct posix_object **found)
{
	struct posix_object o = { .type = type, .shared = at, .key = ((struct posix_shared *)at)->key };
	int err;

	if (!posix_core_ready())
		return EPERM;
	err = -get_any(&o, at);
	if (err)
		return err;
	*found = posix_object_add(at, &o);
	if (!*found || !posix_object_same(*found, &o))
		posix_object_free(&o);
	if (!*found)
		return ENOMEM;
	__atomic_store_n(&posix_active, 1, __ATOMIC_RELEASE);
	return 0;
}

int posix_shared_hold(const void *at, enum posix_type type, struct posix_object **o)
{
	*o = posix_object_find(at, type);
	if (*o && (*o)->key == ((const struct posix_shared *)at)->key)
		return 0;
	return bind((void *)at, type, o);
}

void posix_shared_fill(struct posix_shared *s, enum posix_type type, unsigned int a, unsigned int b)
{
	memset(s, 0, sizeof(*s));
	if (type == POSIX_SEM) {
		s->word = a;
	} else {
		s->a = a;
		s->b = b;
	}
	if (syscall(SYS_getrandom, &s->key, sizeof(s->key), 0) != sizeof(s->key))	/* glibc's may be cancelled */
		s->key = (uintptr_t)s ^ (uint64_t)keel_clock_ns() << 20;
	__atomic_store_n(&s->magic, POSIX_MAGIC + type, __ATOMIC_RELEASE);
}

void posix_shared_begin(void *at, enum posix_type type, unsigned int a, unsigned int b)
{
	struct posix_object *o;

	if (!posix_core_ready())
		return;
	posix_shared_fill(at, type, a, b);
	posix_shared_hold(at, type, &o);	/* so it is there for as long as the caller's process */
}

int posix_shared_end(void *at, enum posix_type type)
{
	static const unsigned char types[][2] = {
		[POSIX_MUTEX] = { KEEL_MUTEX, KEEL_SEM }, [POSIX_COND] = { KEEL_COND, KEEL_MUTEX },
		[POSIX_SEM] = { KEEL_SEM }, [POSIX_RWLOCK] = { KEEL_RWLOCK },
		[POSIX_BARRIER] = { KEEL_BARRIER },
	};
	struct posix_shared *s = at;
	int i, err;

	if (!posix_core_ready())
		return EPERM;
	if (type == POSIX_MUTEX && s->word)
		return EBUSY;
	for (i = 0; i < 2 && types[type][i]; i++) {
		err = request(KEEL_IOC_NAME_DELETE, types[type][i], s, 0, 0, NULL);
		if (err == -EBUSY)
			return EBUSY;
	}
	err = posix_object_drop(at);
	if (!err)
		__atomic_store_n(&s->magic, 0, __ATOMIC_RELEASE);
	return err;
}
