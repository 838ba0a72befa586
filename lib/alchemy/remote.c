// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <keel/keel.h>
#include "remote.h"
#include "tasks.h"

#define ROOM		512
#define LOOK_NS		1000000

int alchemy_remote_info(struct alchemy_task *t, struct keel_thread_info *info)
{
	struct keel_list list = { .kind = KEEL_LIST_THREADS, .size = sizeof(*info) };
	struct keel_thread_info *all = NULL;
	unsigned int i;
	int err = alchemy_inband();

	for (list.count = ROOM; !err && list.count > list.room;) {
		list.room = list.count;
		free(all);
		all = malloc(list.room * sizeof(*all));
		if (!all)
			return -ENOMEM;
		list.data = (uintptr_t)all;
		err = libkeel_ioctl(KEEL_IOC_LIST, &list);
	}
	for (i = 0; !err && i < list.count && all[i].tid != (uint32_t)t->known->tid; i++)
		;
	if (!err && i < list.count)
		*info = all[i];
	else if (!err)
		err = -EINVAL;
	free(all);
	return err;
}

static int change_to(struct alchemy_task *t, int what, const struct keel_sched *sched)
{
	struct keel_thread_change req = { .tid = t->known->tid, .what = what, .sched = *sched };
	int err = alchemy_inband();

	if (!err)
		err = libkeel_ioctl(KEEL_IOC_THREAD_CHANGE, &req);
	return err == -ESRCH ? -EINVAL : err;
}

static int change(struct alchemy_task *t, int what, int prio)
{
	return change_to(t, what, &(struct keel_sched){ .prio = prio });
}

static int poke(struct alchemy_task *t)
{
	pid_t pid = t->known->pid;

	if (!pid || !syscall(SYS_tgkill, pid, t->known->tid, ALCHEMY_POKE))
		return 0;
	return -errno;
}

/* One that is hard stops by itself; another one has to become hard for it. */
int alchemy_remote_suspend(struct alchemy_task *t)
{
	struct keel_thread_info info;
	int err = change(t, KEEL_CHANGE_SUSPEND, 0);

	if (err)
		return err;
	__atomic_fetch_add(&t->known->suspends, 1, __ATOMIC_ACQ_REL);
	err = alchemy_remote_info(t, &info);
	if (!err && info.state == KEEL_STATE_INBAND)
		err = poke(t);
	return err == -ESRCH ? -EINVAL : err;
}

int alchemy_remote_resume(struct alchemy_task *t)
{
	int now = __atomic_load_n(&t->known->suspends, __ATOMIC_ACQUIRE);

	while (now > 0 && !__atomic_compare_exchange_n(&t->known->suspends, &now, now - 1, 0, __ATOMIC_ACQ_REL,
						       __ATOMIC_ACQUIRE))
		;
	return change(t, KEEL_CHANGE_RESUME, 0);
}

int alchemy_remote_unblock(struct alchemy_task *t)
{
	return change(t, KEEL_CHANGE_UNBLOCK, 0);
}

/* To look at what has changed; one that has not begun looks at it then. */
static int ask(struct alchemy_task *t)
{
	int err = __atomic_load_n(&t->known->running, __ATOMIC_ACQUIRE) ? poke(t) : 0;

	return err == -ESRCH ? -EINVAL : err;
}

/* Whether it goes in-band behind each call is its own thread's to know. */
int alchemy_remote_priority(struct alchemy_task *t, int prio)
{
	const struct sched_param param = { .sched_priority = prio };
	int before = alchemy_task_prio(t);
	int err = change(t, KEEL_CHANGE_PRIO, prio ? prio : KEEL_PRIO_MIN);

	if (!err && sched_setscheduler(t->known->tid, prio ? SCHED_FIFO : SCHED_OTHER, &param))
		err = -errno;
	if (err)
		return err;
	__atomic_store_n(&t->known->prio, prio, __ATOMIC_RELEASE);
	return !prio == !before ? 0 : ask(t);
}

int alchemy_remote_class(struct alchemy_task *t, const struct keel_sched *sched)
{
	return change_to(t, KEEL_CHANGE_CLASS, sched);
}

/* Linux moves it when it is in-band. */
int alchemy_remote_cpus(struct alchemy_task *t, const cpu_set_t *cpus)
{
	if (sched_setaffinity(t->known->tid, sizeof(*cpus), cpus))
		return errno == ESRCH ? -EINVAL : -errno;
	return ask(t);
}

/* It ends itself where it may, and is asked until it has, or its process; end.c has the rules. */
int alchemy_remote_delete(struct alchemy_task *t)
{
	const struct timespec moment = { .tv_nsec = LOOK_NS };
	int err = alchemy_inband();

	if (err)
		return err;
	__atomic_store_n(&t->known->ask_end, 1, __ATOMIC_RELEASE);
	while (!err && __atomic_load_n(&t->known->pid, __ATOMIC_ACQUIRE)) {
		err = poke(t);
		nanosleep(&moment, NULL);
	}
	return err == -ESRCH ? 0 : err;
}
