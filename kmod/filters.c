// SPDX-License-Identifier: GPL-2.0
/*
 * System call filters. Keel's calls of a hard thread meet none, so at the call that makes a thread hard
 * its filters are asked for each number that Keel has, and what one does to any of them is done then.
 *
 * Linux calls this in place of lseek(), before it holds anything for the call: a filter may end the
 * thread on the spot. What is held here, the open file, which keeps Keel from being unloaded while a
 * filter's supervisor thinks, is then let go by the tracepoint of the thread's end.
 */
#include <linux/audit.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/list.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/spinlock.h>
#include <keel/abi.h>
#include "hal/x86/thunks.h"
#include "hal/x86/user.h"
#include "ctl.h"
#include "filters.h"
#include "shadow.h"

struct asker {
	struct list_head list;
	struct task_struct *task;
	struct file *file;
};

static LIST_HEAD(askers);
static DEFINE_SPINLOCK(askers_lock);

static void asker_end(struct asker *a)
{
	spin_lock(&askers_lock);
	list_del(&a->list);
	spin_unlock(&askers_lock);
	fput(a->file);
}

/* Errors that are none (a handler's, a supervisor's value) are made one. */
static long filters_ask(const struct pt_regs *regs)
{
	struct seccomp_data call = { .arch = AUDIT_ARCH_X86_64, .instruction_pointer = regs->ip };

	for (int i = 0; i < KEEL_CALL_COUNT; i++) {
		call.nr = KEEL_CALL_BASE + i;
		if (hal_secure_computing(&call))
			return IS_ERR_VALUE(regs->ax) ? (long)regs->ax : -EPERM;
	}
	return 0;
}

long shadow_permit(const struct pt_regs *regs)
{
	struct asker a = { .task = current };
	struct keel_process *p;
	struct shadow *s;
	long err = 0;

	if (regs->si != KEEL_PARK_HARDEN || (unsigned int)regs->dx != SEEK_SET || !test_syscall_work(SECCOMP))
		return 0;
	a.file = fget(regs->di);
	if (!a.file)
		return 0;
	spin_lock(&askers_lock);
	list_add(&a.list, &askers);
	spin_unlock(&askers_lock);
	p = ctl_process(a.file);
	s = p ? shadow_of(p) : NULL;
	if (s)
		err = filters_ask(regs);
	if (s && !err)
		s->permitted = true;
	asker_end(&a);
	return err;
}

bool filters_permit(struct shadow *s)
{
	bool permitted = s->permitted || !test_syscall_work(SECCOMP);

	s->permitted = false;
	return permitted;
}

void filters_exit(void)
{
	struct asker *a, *found = NULL;

	if (!test_syscall_work(SECCOMP))
		return;
	spin_lock(&askers_lock);
	list_for_each_entry(a, &askers, list)
		if (a->task == current)
			found = a;
	spin_unlock(&askers_lock);
	if (found)
		asker_end(found);
}
