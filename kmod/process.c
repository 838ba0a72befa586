// SPDX-License-Identifier: GPL-2.0
/*
 * What an open file of the device stands for, and its memory.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "process.h"
#include "relaxes.h"
#include "skins/native/objects.h"

static LIST_HEAD(processes);
static DEFINE_MUTEX(processes_lock);

static void space_free(struct native_space *s)
{
	if (!s)
		return;
	vfree(s->objects);
	vfree(s->heap);
	kfree(s->threads);
	kfree(s);
}

static struct native_space *space_alloc(void)
{
	struct native_space *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->heap = vmalloc_user(KEEL_HEAP_SIZE);
	s->objects = vzalloc(array_size(KEEL_MAX_OBJECTS, sizeof(*s->objects)));
	s->threads = kcalloc(KEEL_MAX_THREADS, sizeof(*s->threads), GFP_KERNEL);
	if (!s->heap || !s->objects || !s->threads) {
		space_free(s);
		return NULL;
	}
	native_space_init(s);
	return s;
}

struct keel_process *process_alloc(void)
{
	struct keel_process *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return NULL;
	mutex_init(&p->lock);
	INIT_LIST_HEAD(&p->node);
	p->pid = task_tgid_nr(current);
	p->uid = current_uid();
	p->nice = ns_capable_noaudit(&init_user_ns, CAP_SYS_NICE);
	INIT_LIST_HEAD(&p->outers);
	p->windows = vmalloc_user(KEEL_WINDOWS_SIZE);
	p->space = space_alloc();
	p->relaxes = relaxes_alloc();
	if (!p->windows || !p->space || !p->relaxes) {
		process_free(p);
		return NULL;
	}
	mutex_lock(&processes_lock);
	list_add_tail(&p->node, &processes);
	mutex_unlock(&processes_lock);
	return p;
}

void process_free(struct keel_process *p)
{
	mutex_lock(&processes_lock);
	list_del(&p->node);
	mutex_unlock(&processes_lock);
	vfree(p->windows);
	space_free(p->space);
	relaxes_free(p->relaxes);
	kfree(p);
}

void process_each(void (*fn)(struct keel_process *p, void *arg), void *arg)
{
	struct keel_process *p;

	mutex_lock(&processes_lock);
	list_for_each_entry(p, &processes, node)
		fn(p, arg);
	mutex_unlock(&processes_lock);
}
