/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One open file of /dev/keel: what the threads of a process share. They belong to one mm.
 */
#ifndef KMOD_PROCESS_H
#define KMOD_PROCESS_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <keel/abi.h>

struct latency;
struct native_space;
struct relaxes;

struct keel_process {
	struct list_head node;		/* in the list of all, see process_each() */
	pid_t pid;			/* of who opened it, in the first namespace, with the next */
	kuid_t uid;
	bool nice;			/* who opened it had CAP_SYS_NICE */
	struct mutex lock;		/* windows in use, objects, mm */
	struct mm_struct *mm;		/* of the first attach; compared, never followed */
	struct keel_window *windows;	/* vmalloc, mapped to user space */
	DECLARE_BITMAP(used, KEEL_MAX_THREADS);
	struct native_space *space;	/* its objects */
	struct list_head outers;	/* those with a part in Linux, see outer.h */
	struct relaxes *relaxes;	/* where its threads went in-band */
	struct latency *latency;	/* a measurement under way, or NULL */
};

/* NULL: no memory. Context: in-band, may sleep. */
struct keel_process *process_alloc(void);

/* Its threads and measurements have ended. Context: in-band, may sleep. */
void process_free(struct keel_process *p);

/* Call @fn for each there is; none comes or goes meanwhile. Context: in-band, may sleep. */
void process_each(void (*fn)(struct keel_process *p, void *arg), void *arg);

#endif
