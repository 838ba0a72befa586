// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of names. An object is counted by the ids that refer to it; one that has no name any
 * more lives on, closed, until the last of these goes.
 *
 *	process A, last id goes			process B, binds
 *						lock; found; refs 2; unlock
 *	lock; refs 1; unlock
 *						an id
 *
 * and in the other order B does not find it.
 */
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <keel/abi.h>
#include "names.h"
#include "objects.h"
#include "process.h"
#include "skins/native/objects.h"

struct named {
	struct native_memory mem;	/* first */
	struct list_head link;		/* in names; by itself: it has none */
	int refs;
	char name[KEEL_NAMED_LEN];
	kuid_t uid;
	kgid_t gid;
	u32 mode;
	bool kept;			/* the name counts as an id */
};

static LIST_HEAD(names);
static DEFINE_MUTEX(lock);		/* names, refs */
static DECLARE_WAIT_QUEUE_HEAD(binders);
static atomic_t created = ATOMIC_INIT(0);	/* how often there was a new name */
static atomic_t count = ATOMIC_INIT(0);

static bool name_is_valid(const char *name)
{
	size_t n = strnlen(name, KEEL_NAMED_LEN);

	for (size_t i = 0; i < n; i++)
		if (!isgraph(name[i]) || !isascii(name[i]))
			return false;
	return n && n < KEEL_NAMED_LEN;
}

static struct named *name_find(u32 type, const char *name)
{
	struct named *n;

	list_for_each_entry(n, &names, link)
		if (n->mem.type == type && !strcmp(n->name, name))
			return n;
	return NULL;
}

/* A name is never another one, and stays as long as the memory. */
void names_copy(const struct native_memory *mem, char *to)
{
	strscpy(to, container_of(mem, struct named, mem)->name, KEEL_NAMED_LEN);
}

/* @mode: what is to be done, 4 and 2; 0 is both. */
static bool may_use(const struct named *n, u32 mode)
{
	u32 bits = n->mode;

	if (uid_eq(current_fsuid(), n->uid))
		bits >>= 6;
	else if (in_group_p(n->gid))
		bits >>= 3;
	mode = mode ?: 6;
	return (bits & mode) == mode || capable(CAP_DAC_OVERRIDE);
}

static bool may_delete(const struct named *n)
{
	return uid_eq(current_fsuid(), n->uid) || capable(CAP_FOWNER);
}

static void named_free(struct named *n)
{
	native_memory_quiesce(&n->mem);
	memory_free(&n->mem);
	kfree(n);
	atomic_dec(&count);
}

void names_put(struct native_memory *mem)
{
	struct named *n = container_of(mem, struct named, mem);
	bool last;

	mutex_lock(&lock);
	last = !--n->refs;
	if (last)
		list_del_init(&n->link);
	mutex_unlock(&lock);
	if (last)
		named_free(n);
}

/* ---- create ----------------------------------------------------------------------------------- */

static struct named *named_alloc(const struct keel_name *req, const struct keel_object *o)
{
	struct named *n = kzalloc(sizeof(*n), GFP_KERNEL);
	int err = -ENOMEM;

	if (n)
		err = memory_alloc(&n->mem, o, true);
	if (err) {
		kfree(n);
		return ERR_PTR(err);
	}
	INIT_LIST_HEAD(&n->link);
	n->kept = req->mode & KEEL_NAME_KEPT;
	n->refs = 1 + n->kept;
	strscpy(n->name, req->name, sizeof(n->name));
	n->uid = current_fsuid();
	n->gid = current_fsgid();
	n->mode = req->mode & 0777;
	atomic_inc(&count);
	return n;
}

static long create_locked(struct keel_process *p, struct keel_name *req,
			  struct native_memory **old)
{
	struct keel_object o = { .type = req->type, .args = { req->args[0], req->args[1] } };
	struct named *n;
	long id;

	if (name_find(req->type, req->name))
		return -EEXIST;
	n = named_alloc(req, &o);
	if (IS_ERR(n))
		return PTR_ERR(n);
	mutex_lock(&p->lock);
	id = native_object_create(p->space, &o, NULL, &n->mem, old);
	mutex_unlock(&p->lock);
	if (id < 0) {
		memory_free(&n->mem);
		kfree(n);
		atomic_dec(&count);
	} else {
		list_add(&n->link, &names);
		req->id = id;
		req->data = objects_area(&n->mem, id);
	}
	return id;
}

long names_create(struct keel_process *p, struct keel_name *req)
{
	struct native_memory *old = NULL;
	long id;

	if (!name_is_valid(req->name) || req->id || req->data || req->until || req->pad ||
	    (req->mode & ~(0777 | KEEL_NAME_KEPT)))
		return -EINVAL;
	mutex_lock(&lock);
	id = create_locked(p, req, &old);
	mutex_unlock(&lock);
	id = objects_placed(id, old);	/* what is old may have a name too */
	if (id < 0)
		return id;
	atomic_inc(&created);
	wake_up_all(&binders);
	return 0;
}

/* ---- bind ------------------------------------------------------------------------------------- */

static struct named *named_get(const struct keel_name *req)
{
	struct named *n;

	mutex_lock(&lock);
	n = name_find(req->type, req->name);
	if (n && !may_use(n, req->mode))
		n = ERR_PTR(-EACCES);
	if (!IS_ERR_OR_NULL(n))
		n->refs++;
	mutex_unlock(&lock);
	return n;
}

/* Until there is a new name. */
static int name_wait(int seen, s64 until)
{
	s64 left = until == KEEL_FOREVER ? KTIME_MAX : until - ktime_get_ns();
	int err;

	if (left <= 0)
		return -ETIMEDOUT;
	err = wait_event_interruptible_hrtimeout(binders, atomic_read(&created) != seen,
						 ns_to_ktime(left));
	return err == -ETIME ? -ETIMEDOUT : err;
}

static struct named *named_await(const struct keel_name *req)
{
	int err = req->until ? 0 : -ENOENT;

	for (;;) {
		int seen = atomic_read(&created);
		struct named *n = named_get(req);

		if (n)
			return n;
		if (!err)
			err = name_wait(seen, req->until);
		if (err)
			return ERR_PTR(err);
	}
}

/* An id of @p's for what the caller has a reference to, which becomes the id's. */
static long id_for(struct keel_process *p, struct named *n)
{
	struct native_memory *old;
	long id;

	mutex_lock(&p->lock);
	id = native_object_bind(p->space, &n->mem, &old);
	mutex_unlock(&p->lock);
	if (id < 0)
		names_put(&n->mem);
	return objects_placed(id, old);
}

long names_bind(struct keel_process *p, struct keel_name *req)
{
	struct named *n;
	long id;

	if (!name_is_valid(req->name) || !req->type || req->type >= KEEL_TYPES || req->id ||
	    req->args[0] || req->args[1] || req->data || req->until < 0 || (req->mode & ~6) ||
	    req->pad)
		return -EINVAL;
	n = named_await(req);
	if (IS_ERR(n))
		return PTR_ERR(n);
	id = id_for(p, n);
	if (id < 0)
		return id;
	req->id = id;
	req->data = objects_area(&n->mem, id);
	memcpy(req->args, n->mem.args, sizeof(req->args));
	return 0;
}

struct native_memory *names_get(struct keel_process *p, u32 id)
{
	struct native_memory *mem = ERR_PTR(-EINVAL);
	struct native_object *o;

	mutex_lock(&lock);
	mutex_lock(&p->lock);
	o = native_type(id) ? native_get(p->space, id, native_type(id)) : NULL;
	if (o && o->mem && o->mem->shared) {
		mem = o->mem;
		container_of(mem, struct named, mem)->refs++;
	}
	if (o)
		native_put(o);
	mutex_unlock(&p->lock);
	mutex_unlock(&lock);
	return mem;
}

long names_bind_memory(struct keel_process *p, struct native_memory *mem)
{
	struct named *n = container_of(mem, struct named, mem);

	mutex_lock(&lock);
	n->refs++;
	mutex_unlock(&lock);
	return id_for(p, n);
}

/* ---- delete ----------------------------------------------------------------------------------- */

/* Nobody finds it any more; true: nobody has it either. With the lock. */
static bool forget(struct named *n)
{
	list_del_init(&n->link);
	return n->kept && !--n->refs;
}

long names_delete(const struct keel_name *req)
{
	bool last = false;
	struct named *n;
	long err = -ENOENT;

	if (!name_is_valid(req->name) || req->id || req->args[0] || req->args[1] || req->data ||
	    req->until || (req->mode & ~KEEL_NAME_UNLINK) || req->pad)
		return -EINVAL;
	mutex_lock(&lock);
	n = name_find(req->type, req->name);
	if (n)
		err = may_delete(n) ? 0 : -EACCES;
	if (!err && !req->mode)
		err = native_memory_close(&n->mem);
	if (!err)
		last = forget(n);
	mutex_unlock(&lock);
	if (last)
		named_free(n);
	return err;
}

void names_exit(void)
{
	struct named *n, *next;

	list_for_each_entry_safe(n, next, &names, link)
		if (forget(n))
			named_free(n);
}

int names_count(void)
{
	return atomic_read(&count);
}
