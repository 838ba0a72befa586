// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <keel/keel.h>
#include "core.h"

#define CLOCK_SIZE 4096
#define SPARE_FD 100

struct libkeel_device libkeel_device = {
	.fd = -1, .spare = -1,
};

static const uint32_t never;

const struct libkeel_self libkeel_nobody = { .hard = &never };

__thread struct libkeel_self libkeel_self = { .hard = &never };

enum { UNLOCKED, LOCKED, WAITED_FOR };

/* Not a mutex of the C library's: a skin that has taken the place of its calls attaches the caller in the midst of
 * one, which comes here. The three states: U. Drepper, "Futexes Are Tricky". */
static void device_lock(void)
{
	int was = UNLOCKED;

	if (__atomic_compare_exchange_n(&libkeel_device.lock, &was, LOCKED, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&libkeel_device.lock, WAITED_FOR, __ATOMIC_ACQUIRE) != UNLOCKED)
		syscall(SYS_futex, &libkeel_device.lock, FUTEX_WAIT_PRIVATE, WAITED_FOR, NULL);
}

static void device_unlock(void)
{
	if (__atomic_exchange_n(&libkeel_device.lock, UNLOCKED, __ATOMIC_RELEASE) == WAITED_FOR)
		syscall(SYS_futex, &libkeel_device.lock, FUTEX_WAKE_PRIVATE, 1);
}

#define FIRST	101			/* the earliest that a program may ask for */

/*
 * A signal's handler that runs in the child must not find there what is the parent's: its window is not mapped.
 *
 *	parent				child				somebody
 *	signals blocked
 *	fork()				begins				sends it a signal
 *					begins anew
 *					signals as before: the handler
 */
static sigset_t fork_signals;		/* (device_lock) what the caller of fork() had blocked */

static void fork_prepare(void)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	device_lock();
	fork_signals = before;
}

static void fork_parent(void)
{
	sigset_t before = fork_signals;

	device_unlock();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Daemons close all descriptors, and the number may be another file's. */
static int spare_is_ours(void)
{
	struct keel_info info;

	return libkeel_device.spare >= 0 && !libkeel_syscall(SYS_ioctl, libkeel_device.spare, KEEL_IOC_INFO, (long)&info);
}

/* Out of the way: a child may count on which descriptor is the next. */
void libkeel_device_spare(void)
{
	long fd = libkeel_syscall(SYS_openat, AT_FDCWD, (long)KEEL_DEVICE, O_RDWR | O_CLOEXEC), away;

	if (fd < 0)
		return;
	away = libkeel_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, SPARE_FD);
	if (away >= 0)
		libkeel_syscall(SYS_close, fd, 0, 0);
	libkeel_device.spare = away >= 0 ? away : fd;
}

/* The windows are not mapped here, and neither the thread nor its mutexes are Keel's: begin
 * again from nothing. What Linux gave the thread at attach is inherited as for any fork. */
static void fork_child(void)
{
	if (libkeel_device.fd >= 0)
		libkeel_syscall(SYS_close, libkeel_device.fd, 0, 0);	/* fork() is no cancellation point */
	if (spare_is_ours())
		libkeel_syscall(SYS_close, libkeel_device.spare, 0, 0);
	libkeel_device.fd = -1;
	libkeel_device.spare = -1;
	libkeel_device.users = 0;
	libkeel_device.memory_locked = 0;
	libkeel_device.windows = NULL;
	libkeel_device.clock = NULL;
	libkeel_device.heap = NULL;
	libkeel_self = libkeel_nobody;
	fork_parent();
}

/* Before what is built upon the library does the same, in a static program too: its handlers may still call here. */
__attribute__((constructor(FIRST))) static void fork_register(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

static int check_abi(int fd, struct keel_info *info)
{
	if (ioctl(fd, KEEL_IOC_INFO, info) < 0) {
		int err = errno == ENOTTY ? EPROTONOSUPPORT : errno;

		fprintf(stderr, "keel: %s does not answer: install matching versions\n",
			KEEL_DEVICE);
		return -err;
	}
	if (info->abi_base <= KEEL_ABI_LEVEL && KEEL_ABI_LEVEL <= info->abi_level)
		return 0;
	fprintf(stderr, "keel: library level %d, module serves %u..%u: install matching versions\n",
		KEEL_ABI_LEVEL, info->abi_base, info->abi_level);
	return -EPROTONOSUPPORT;
}

/* The device's mappings are not inherited: a child of fork() must not look as if it were hard
 * because its parent is, nor take its mutexes. */
static void *map_device(int fd, uint32_t size, long offset, int prot)
{
	void *map = mmap(NULL, size, prot, MAP_SHARED | MAP_POPULATE, fd, offset);

	return map == MAP_FAILED ? NULL : map;
}

static void unmap_all(void)
{
	struct libkeel_device *d = &libkeel_device;

	if (d->windows)
		munmap(d->windows, d->windows_size);
	if (d->clock)
		munmap((void *)d->clock, CLOCK_SIZE);
	if (d->heap)
		munmap(d->heap, KEEL_HEAP_SIZE);
	d->windows = NULL;
	d->clock = NULL;
	d->heap = NULL;
}

static int map_all(int fd, uint32_t windows_size)
{
	struct libkeel_device *d = &libkeel_device;
	int err;

	d->windows_size = windows_size;
	d->windows = map_device(fd, d->windows_size, 0, PROT_READ);
	d->clock = map_device(fd, CLOCK_SIZE, KEEL_CLOCK_OFFSET, PROT_READ);
	d->heap = map_device(fd, KEEL_HEAP_SIZE, KEEL_HEAP_OFFSET, PROT_READ | PROT_WRITE);
	if (d->windows && d->clock && d->heap)
		return 0;
	err = errno;
	unmap_all();
	return -err;
}

static int device_open(void)
{
	struct keel_info info;
	int fd, err;

	fd = spare_is_ours() ? libkeel_device.spare : open(KEEL_DEVICE, O_RDWR | O_CLOEXEC);
	libkeel_device.spare = -1;
	if (fd < 0)
		return -errno;
	err = check_abi(fd, &info);
	if (!err)
		err = map_all(fd, info.windows_size);
	if (err) {
		close(fd);
		return err;
	}
	libkeel_device.fd = fd;
	return 0;
}

int libkeel_device_get(void)
{
	int err = 0, cancel;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);	/* open() and close() are cancellation points */
	device_lock();
	if (!libkeel_device.users)
		err = device_open();
	if (!err)
		libkeel_device.users++;
	device_unlock();
	pthread_setcancelstate(cancel, NULL);
	return err;
}

void libkeel_device_put(void)
{
	int cancel;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	device_lock();
	if (libkeel_device.users && !--libkeel_device.users) {
		unmap_all();
		close(libkeel_device.fd);
		libkeel_device.fd = -1;
	}
	device_unlock();
	pthread_setcancelstate(cancel, NULL);
}

int libkeel_ioctl(unsigned long request, void *arg)
{
	return libkeel_syscall(SYS_ioctl, libkeel_device.fd, request, (long)arg);
}

int libkeel_harden(void)
{
	struct libkeel_self *self = &libkeel_self;
	long ret;

	do
		ret = libkeel_syscall(SYS_lseek, libkeel_device.fd, KEEL_PARK_HARDEN, SEEK_SET);
	while (ret == -EINTR);
	if (ret == -EOPNOTSUPP)
		self->refusal = self->window->refusal;
	return ret;
}

int keel_open(void)
{
	return libkeel_device_get();
}

void keel_close(void)
{
	libkeel_device_put();
}

long libkeel_call_again(long nr, long a, long b, long c, long d, long e)
{
	const volatile struct keel_window *window = libkeel_self.window;
	long ret;

	if (!window)
		return -EPERM;
	do {
		if (!window->hard) {
			ret = libkeel_harden();
			if (ret)
				return ret;
		}
		ret = libkeel_syscall5(nr, a, b, c, d, e);
	} while (ret == -ENOSYS && !window->hard);
	return ret;
}
