// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tasks that others end, or wait for.
 *
 * Deleting is pthread_cancel(), which takes effect where the task waits. One that computes does not come to
 * that: it is made an ordinary thread of Linux's and sent a signal, whose handler ends it when it finds it in
 * the program's own code; in a library's it may have a lock that others need, and then the next signal, a
 * millisecond later, may find it elsewhere. A static program does not tell the two apart: there a task
 * ends where it waits.
 *
 * A hard caller would leave its CPU to a hard task of lower priority that computes, when it goes to Linux
 * to end it, and come back when that has stopped by itself:
 *
 *	CPU 0
 *	task, 20		computes
 *	caller, 21		rt_task_delete(): goes in-band
 *	task, 20		computes on; Linux, and the caller, wait
 *
 * So it suspends it first.
 */
#include <link.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <keel/sched.h>
#include "remote.h"
#include "tasks.h"

#define RANGES	64
#define POKE_NS	1000000
#define STACK	(64 << 10)

static pthread_cond_t some_end = PTHREAD_COND_INITIALIZER;

/* ---- whose code ---------------------------------------------------------------------------------- */

static struct range {
	uintptr_t from, to;
} kept[RANGES];			/* from ends_begin on */
static int kept_count;
static int kept_libc;

/* What has locks that a task must not end with. */
static int has_locks(const char *path)
{
	static const char *const names[] = {
		"libc.so", "libc-", "ld-linux", "libpthread", "libkeel", "libstdc++", "vdso",
	};
	const char *name = strrchr(path, '/');
	size_t i;

	name = name ? name + 1 : path;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strstr(name, names[i]))
			return 1;
	return 0;
}

static int note_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *path = info->dlpi_name ? info->dlpi_name : "";
	int i;

	(void)size;
	(void)arg;
	if (!has_locks(path))
		return 0;
	kept_libc |= strstr(path, "libc") != NULL;
	for (i = 0; i < info->dlpi_phnum && kept_count < RANGES; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD && ph->p_flags & PF_X)
			kept[kept_count++] = (struct range){
				info->dlpi_addr + ph->p_vaddr,
				info->dlpi_addr + ph->p_vaddr + ph->p_memsz,
			};
	}
	return 0;
}

static void *pauses(void *arg)
{
	pause();
	return arg;
}

/* These are there from the begin of the program, and stay. */
void alchemy_task_ends_begin(void)
{
	dl_iterate_phdr(note_object, NULL);
}

/* The C library loads what it ends threads with when it first does so, and a signal's handler is not to: so one
 * thread is ended now. */
void alchemy_task_ends_from_afar(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	if (!pthread_create(&thread, &attr, pauses, NULL)) {
		pthread_cancel(thread);
		pthread_join(thread, NULL);
	}
	pthread_attr_destroy(&attr);
}

static int may_end_at(uintptr_t ip)
{
	int i;

	for (i = 0; i < kept_count; i++)
		if (ip >= kept[i].from && ip < kept[i].to)
			return 0;
	return kept_libc;
}

void alchemy_task_end_from_afar(struct alchemy_task *t)
{
	if (__atomic_load_n(&t->known->ask_end, __ATOMIC_ACQUIRE) &&
	    !__atomic_exchange_n(&t->ask_end, 1, __ATOMIC_ACQ_REL))
		pthread_cancel(pthread_self());
}

int alchemy_task_end_at(struct alchemy_task *t, uintptr_t ip)
{
	if (!__atomic_load_n(&t->ask_end, __ATOMIC_ACQUIRE))
		return 0;
	if (may_end_at(ip)) {
		alchemy_cancel_begin();
		pthread_testcancel();
	}
	return 1;
}

/* ---- delete -------------------------------------------------------------------------------------- */

void alchemy_task_ended(void)
{
	pthread_cond_broadcast(&some_end);
}

static void unlock(void *lock)
{
	pthread_mutex_unlock(lock);
}

static int is_there(const struct alchemy_task *t, uintptr_t handle)
{
	return alchemy_object_find(handle, ALCHEMY_TASK) == t && !t->ended;
}

/* Ordinary from now on, and told to end. */
static void end_ask_locked(struct alchemy_task *t)
{
	const struct keel_sched weak = { .sched_class = KEEL_CLASS_WEAK };

	keel_sched_set(t->known->tid, &weak);
	__atomic_store_n(&t->ask_end, 1, __ATOMIC_RELEASE);	/* first: or it could stop, suspended, in the signal */
	pthread_cancel(t->thread);
	alchemy_task_poke(t);
}

/* Until the next look at it. */
static void end_wait_locked(void)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_nsec += POKE_NS;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	pthread_cond_timedwait(&some_end, &alchemy_task_lock, &at);
}

/* It frees itself when it ends; a place that is another's by then shows by its handle. */
static void end_other(struct alchemy_task *t, uintptr_t handle, pid_t stopped)
{
	pthread_mutex_lock(&alchemy_task_lock);
	pthread_cleanup_push(unlock, &alchemy_task_lock);
	if (is_there(t, handle)) {
		end_ask_locked(t);
		if (stopped) {
			keel_thread_resume(stopped);
			keel_relax();
		}
	}
	while (is_there(t, handle)) {
		end_wait_locked();
		if (is_there(t, handle))
			alchemy_task_poke(t);
	}
	pthread_cleanup_pop(1);
}

int rt_task_delete(RT_TASK *task)
{
	int err = -EINVAL;
	struct alchemy_task *t = alchemy_task_of(task, &err);
	uintptr_t handle;
	pid_t stopped;

	if (!t)
		return err;
	if (t->o.bound)
		return alchemy_remote_delete(t);
	if (t == alchemy_self.task)
		pthread_exit(NULL);
	handle = t->self.handle;
	stopped = keel_is_hard() ? t->known->tid : 0;
	if (stopped && keel_thread_suspend(stopped))
		stopped = 0;
	keel_relax();
	end_other(t, handle, stopped);
	return 0;
}

/* ---- join ---------------------------------------------------------------------------------------- */

static int join_check(struct alchemy_task *t)
{
	if (!t)
		return -ESRCH;
	if (t == alchemy_self.task)
		return -EDEADLK;
	if (t->o.bound)
		return -ESRCH;
	if (!(t->mode & T_JOINABLE) || t->joined)
		return -EINVAL;
	t->joined = 1;
	return 0;
}

int rt_task_join(RT_TASK *task)
{
	struct alchemy_task *t;
	int err;

	if (!task)
		return -EINVAL;
	keel_relax();
	pthread_mutex_lock(&alchemy_task_lock);
	t = alchemy_object_find(task->handle, ALCHEMY_TASK);
	err = join_check(t);
	pthread_mutex_unlock(&alchemy_task_lock);
	if (err)
		return err;
	err = -pthread_join(t->thread, NULL);
	alchemy_object_free(&t->o);
	return err;
}
