// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Threads: attaching, creating, leaving. Everything Linux has to do for a thread is done before it
 * becomes hard.
 */
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <keel/keel.h>
#include "core.h"

#define PREFAULT_BYTES	65536
#define PREFAULT_MARGIN	16384	/* left for what touching them needs itself */

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_error;

/* What keel_thread_create() hands to its thread; on the creator's stack. */
struct start {
	const struct keel_thread_attr *attr;
	void *(*fn)(void *arg);
	void *arg;
	int error;
	sem_t done;
};

static void thread_exit(void *unused)
{
	(void)unused;
	keel_thread_detach();
}

/* The first one is left to the program: where it looks at a key before it has made it, which is 0 then, there is nothing,
 * as there is without this library. */
int libkeel_key_create(pthread_key_t *to, void (*end)(void *value))
{
	pthread_key_t first;
	int none = pthread_key_create(&first, NULL), err = pthread_key_create(to, end);

	if (!none)
		pthread_key_delete(first);
	return -err;
}

static void key_create(void)
{
	key_error = libkeel_key_create(&key, thread_exit);
}

/* 1 when the stack has room to be touched, and has to be. Stacks of pthread_create() are locked whole
 * by mlockall(); only the first thread's grows. */
static int stack_has_room(const char *here)
{
	pthread_attr_t attr;
	void *low;
	size_t size;
	int err;

	if (gettid() != getpid())
		return 0;
	if (pthread_getattr_np(pthread_self(), &attr))
		return 1;
	err = pthread_attr_getstack(&attr, &low, &size);
	pthread_attr_destroy(&attr);
	return !err && here - (char *)low > PREFAULT_BYTES + PREFAULT_MARGIN;
}

static __attribute__((noinline)) void stack_touch(void)
{
	volatile char bytes[PREFAULT_BYTES];
	size_t i;

	for (i = 0; i < sizeof(bytes); i += 4096)
		bytes[i] = 0;
}

/* mlockall() looks at each page of the process: once is enough, as it holds for what comes later. It
 * leaves out the page from which the vDSO reads the clock, so that is read. Who has root's rights may give them up: what
 * the process allocates then is locked as well, whatever the limit was. */
static int lock_memory(void)
{
	static const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };
	int *locked = &libkeel_device.memory_locked;
	char here;

	/* With a limit of 0 Linux says EPERM: the limit all the same. */
	if (!__atomic_load_n(locked, __ATOMIC_RELAXED) && mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		return errno == EPERM ? -ENOMEM : -errno;
	if (!__atomic_load_n(locked, __ATOMIC_RELAXED))
		libkeel_syscall(SYS_setrlimit, RLIMIT_MEMLOCK, (long)&any, 0);	/* whose errno is nobody's */
	__atomic_store_n(locked, 1, __ATOMIC_RELAXED);
	if (stack_has_room(&here))
		stack_touch();
	keel_clock_ns();
	return 0;
}

static int set_affinity(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return -pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/* Linux is asked, and told, past glibc: a thread of which glibc knows a policy hands that on to children whose
 * attributes are to be explicit and name none, which else are SCHED_OTHER. And past a skin that follows. */
static int get_linux_priority(struct libkeel_self *self)
{
	self->policy = sched_getscheduler(0);
	return self->policy < 0 || sched_getparam(0, &self->param) ? -errno : 0;
}

static int set_linux_priority(const struct libkeel_self *self, int prio)
{
	struct sched_param param = { .sched_priority = prio };

	return syscall(SYS_sched_setscheduler, 0, SCHED_FIFO | (self->policy & SCHED_RESET_ON_FORK), &param) ? -errno : 0;
}

static void restore_linux(const struct libkeel_self *self)
{
	pthread_setaffinity_np(pthread_self(), sizeof(self->cpus), &self->cpus);
	syscall(SYS_sched_setscheduler, 0, self->policy, &self->param);
}

/* What Linux has to give the thread, undone whole on an error. */
static int prepare_linux(struct libkeel_self *self, int prio, int cpu)
{
	int err;

	err = lock_memory();
	if (!err)
		err = get_linux_priority(self);
	if (!err)
		err = -pthread_getaffinity_np(pthread_self(), sizeof(self->cpus), &self->cpus);
	if (err)
		return err;
	err = set_linux_priority(self, prio);
	if (!err && cpu >= 0)
		err = set_affinity(cpu);
	if (err)
		restore_linux(self);
	return err;
}

/* The window goes in last: from then on the thread counts as attached. */
static int attach_device(struct libkeel_self *self, const char *name, int prio, int cpu)
{
	struct keel_attach req = { .abi_level = KEEL_ABI_LEVEL, .prio = prio, .cpu = cpu };
	int err;

	if (name) {
		memcpy(req.name, name, strnlen(name, KEEL_NAME_LEN - 1));
		pthread_setname_np(pthread_self(), req.name);
	}
	err = libkeel_ioctl(KEEL_IOC_ATTACH, &req);
	if (err)
		return err;
	err = -pthread_setspecific(key, self);
	if (!err && (req.index + 1) * KEEL_WINDOW_SIZE > libkeel_device.windows_size)
		err = -EPROTO;
	if (err) {
		libkeel_ioctl(KEEL_IOC_DETACH, NULL);
		return err;
	}
	self->window = (void *)(libkeel_device.windows + req.index * KEEL_WINDOW_SIZE);
	self->clock = libkeel_device.clock;
	self->hard = &self->window->hard;
	self->heap = libkeel_device.heap;
	self->number = req.index + 1;
	return 0;
}

static int attach(struct libkeel_self *self, const char *name, int prio, int cpu)
{
	int err;

	err = libkeel_device_get();
	if (err)
		return err;
	err = prepare_linux(self, prio, cpu);
	if (err)
		goto put;
	err = attach_device(self, name, prio, cpu);
	if (err)
		goto restore;
	self->prepared = 1;
	return 0;
restore:
	restore_linux(self);
put:
	libkeel_device_put();
	return err;
}

int keel_thread_attach(const char *name, int prio, int cpu)
{
	struct libkeel_self *self = &libkeel_self;
	int err;

	if (self->window)
		return -EALREADY;
	if (prio < KEEL_PRIO_MIN || prio > KEEL_PRIO_MAX || cpu < -1 || cpu >= CPU_SETSIZE)
		return -EINVAL;
	pthread_once(&key_once, key_create);
	if (key_error)
		return key_error;
	err = attach(self, name, prio, cpu);
	if (err)
		return err;
	err = libkeel_harden();
	if (err)
		keel_thread_detach();
	return err;
}

int libkeel_attach_weak(void)
{
	struct libkeel_self *self = &libkeel_self;
	int err;

	if (self->window)
		return 0;
	pthread_once(&key_once, key_create);
	if (key_error)
		return key_error;
	err = libkeel_device_get();
	if (err)
		return err;
	err = attach_device(self, NULL, KEEL_PRIO_MIN, -1);
	if (err)
		libkeel_device_put();
	return err;
}

int keel_thread_detach(void)
{
	struct libkeel_self *self = &libkeel_self;
	int err;

	if (!self->window)
		return -EPERM;
	keel_relax();
	err = libkeel_ioctl(KEEL_IOC_DETACH, NULL);
	self->window = NULL;
	self->hard = libkeel_nobody.hard;
	self->clock = NULL;
	self->heap = NULL;
	pthread_setspecific(key, NULL);
	if (self->prepared)
		restore_linux(self);
	self->prepared = 0;
	libkeel_device_put();
	return err;
}

/* Telling the creator is a Linux call, so the thread is hard, then in-band, then hard again:
 * only the first shows whether it can be hard at all. */
static void *start_thread(void *arg)
{
	struct start *start = arg;
	void *(*fn)(void *) = start->fn;
	void *fn_arg = start->arg;
	int err;

	err = keel_thread_attach(start->attr->name, start->attr->prio, start->attr->cpu);
	start->error = err;
	keel_relax();
	sem_post(&start->done);
	if (err)
		return NULL;
	keel_harden();
	return fn(fn_arg);
}

static int create(pthread_t *thread, struct start *start)
{
	pthread_attr_t attr;
	int err;

	err = -pthread_attr_init(&attr);
	if (err)
		return err;
	if (start->attr->stack)
		err = -pthread_attr_setstacksize(&attr, start->attr->stack);
	if (!err)
		err = -pthread_create(thread, &attr, start_thread, start);
	pthread_attr_destroy(&attr);
	return err;
}

int keel_thread_create(pthread_t *thread, const struct keel_thread_attr *attr,
		       void *(*fn)(void *arg), void *arg)
{
	struct start start = { .attr = attr, .fn = fn, .arg = arg };
	int cancel, err;

	if (sem_init(&start.done, 0, 0) < 0)
		return -errno;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);	/* @start is needed */
	err = create(thread, &start);
	if (!err) {
		while (sem_wait(&start.done) < 0)
			;	/* a signal: EINTR is its only error here */
		err = start.error;
		if (err)
			pthread_join(*thread, NULL);
	}
	pthread_setcancelstate(cancel, NULL);
	sem_destroy(&start.done);
	return err;
}

int keel_priority_set(int prio)
{
	struct keel_thread_set set = { .prio = prio, .cpu = -1 };
	int err;

	if (!libkeel_self.window)
		return -EPERM;
	if (prio < KEEL_PRIO_MIN || prio > KEEL_PRIO_MAX)
		return -EINVAL;
	if (libkeel_self.window->hard)
		return libkeel_call(KEEL_CALL_PRIORITY_SET, prio, 0);
	err = set_linux_priority(&libkeel_self, prio);
	return err ? err : libkeel_ioctl(KEEL_IOC_THREAD_SET, &set);
}

int keel_cpu_set(int cpu)
{
	struct keel_thread_set set = { .cpu = cpu };
	int hard, err;

	if (!libkeel_self.window)
		return -EPERM;
	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return -EINVAL;
	hard = libkeel_self.window->hard;
	keel_relax();
	err = set_affinity(cpu);
	if (!err)
		err = libkeel_ioctl(KEEL_IOC_THREAD_SET, &set);
	if (hard) {
		int again = libkeel_harden();

		err = err ? err : again;
	}
	return err;
}
