// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of a thread that is not attached: ioctl, mmap, lseek, read and write.
 */
#include "badinput.h"

#define IOC(dir, nr, size)	_IOC(dir, KEEL_IOC_MAGIC, nr, size)
#define RW			(_IOC_READ | _IOC_WRITE)
#define KERNEL_ADDRESS		((void *)0xffffffff81000000ul)

#define ATTACH(level, prio_, cpu_) \
	KEEL_IOC_ATTACH, &(struct keel_attach){ .abi_level = level, .prio = prio_, .cpu = cpu_ }
#define SET(prio_, cpu_) \
	KEEL_IOC_THREAD_SET, &(struct keel_thread_set){ .prio = prio_, .cpu = cpu_ }
#define DELETE(id_, pad_) \
	KEEL_IOC_MUTEX_DELETE, &(struct keel_mutex_req){ .id = id_, .pad = pad_ }
#define START(kind_, cpu_, prio_, pad_, period) \
	KEEL_IOC_LATENCY_START, &(struct keel_latency_start){ \
		.kind = kind_, .cpu = cpu_, .prio = prio_, .pad = pad_, .period_ns = period }
#define CONTROL(command_, pad_) \
	KEEL_IOC_CONTROL, &(struct keel_control){ .command = command_, .pad = pad_ }
#define LEVEL	KEEL_ABI_LEVEL
#define IRQ	KEEL_LATENCY_IRQ
#define THREAD	KEEL_LATENCY_KTHREAD

static const struct keel_attach in_rodata = {
	.abi_level = KEEL_ABI_LEVEL, .prio = 10, .cpu = -1,
};

/* Overlong ones are all bytes that a larger structure could hold. */
static char bytes[256];

static const struct request unknown[] = {
	{ "number 12", IOC(_IOC_NONE, 12, 0), bytes, -ENOTTY },
	{ "number 255", IOC(RW, 255, 8), bytes, -ENOTTY },
	{ "another magic", _IOW('k', 1, struct keel_attach), bytes, -ENOTTY },
	{ "of terminals", 0x5401, bytes, -ENOTTY },
	{ "0", 0, bytes, -ENOTTY },
	{ "attach, a byte short", IOC(RW, 1, sizeof(struct keel_attach) - 1), bytes, -ENOTTY },
	{ "attach, a byte long", IOC(RW, 1, sizeof(struct keel_attach) + 1), bytes, -ENOTTY },
	{ "attach, another direction", IOC(_IOC_WRITE, 1, sizeof(struct keel_attach)), bytes,
	  -ENOTTY },
	{ "info, a byte short", IOC(_IOC_READ, 0, sizeof(struct keel_info) - 1), bytes, -ENOTTY },
	{ "detach, with a size", IOC(_IOC_WRITE, 2, 4), bytes, -ENOTTY },
	{ "control, larger", IOC(_IOC_WRITE, 9, 16), bytes, -ENOTTY },
};

static const struct request pointers[] = {
	{ "info, no pointer", KEEL_IOC_INFO, NULL, -EFAULT },
	{ "info, kernel address", KEEL_IOC_INFO, KERNEL_ADDRESS, -EFAULT },
	{ "info, read-only", KEEL_IOC_INFO, (void *)&in_rodata, -EFAULT },
	{ "attach, no pointer", KEEL_IOC_ATTACH, NULL, -EFAULT },
	{ "attach, kernel address", KEEL_IOC_ATTACH, KERNEL_ADDRESS, -EFAULT },
	{ "attach, no address at all", KEEL_IOC_ATTACH, (void *)(1ul << 62), -EFAULT },
	{ "attach, read-only", KEEL_IOC_ATTACH, (void *)&in_rodata, -EFAULT },
	{ "set, no pointer", KEEL_IOC_THREAD_SET, (void *)8, -EFAULT },
	{ "mutex create, no pointer", KEEL_IOC_MUTEX_CREATE, NULL, -EFAULT },
	{ "mutex create, read-only", KEEL_IOC_MUTEX_CREATE, (void *)&in_rodata, -EFAULT },
	{ "mutex delete, no pointer", KEEL_IOC_MUTEX_DELETE, NULL, -EFAULT },
	{ "latency start, no pointer", KEEL_IOC_LATENCY_START, NULL, -EFAULT },
	{ "latency read, no pointer", KEEL_IOC_LATENCY_READ, NULL, -EFAULT },
	{ "control, kernel address", KEEL_IOC_CONTROL, KERNEL_ADDRESS, -EFAULT },
};

static const struct request values[] = {
	{ "level 0", ATTACH(0, 10, -1), -EPROTONOSUPPORT },
	{ "level of tomorrow", ATTACH(LEVEL + 1, 10, -1), -EPROTONOSUPPORT },
	{ "level -1", ATTACH(-1, 10, -1), -EPROTONOSUPPORT },
	{ "priority 0", ATTACH(LEVEL, 0, -1), -EINVAL },
	{ "priority 100", ATTACH(LEVEL, 100, -1), -EINVAL },
	{ "priority -1", ATTACH(LEVEL, -1, -1), -EINVAL },
	{ "priority -2^31", ATTACH(LEVEL, -2147483647 - 1, -1), -EINVAL },
	{ "CPU 2 of 2", ATTACH(LEVEL, 10, 2), -EINVAL },
	{ "CPU -2", ATTACH(LEVEL, 10, -2), -EINVAL },
	{ "CPU 2^31-1", ATTACH(LEVEL, 10, 2147483647), -EINVAL },
	{ "detach, not attached", KEEL_IOC_DETACH, NULL, -EPERM },
	{ "set, not attached", SET(20, -1), -EPERM },
	{ "set priority 100", SET(100, -1), -EINVAL },
	{ "set priority -1", SET(-1, -1), -EINVAL },
	{ "set CPU 2 of 2", SET(0, 2), -EINVAL },
	{ "delete 0, which is not there", DELETE(0, 0), -EINVAL },
	{ "delete behind the last", DELETE(KEEL_TYPES << 10, 0), -EINVAL },
	{ "delete -1", DELETE(-1, 0), -EINVAL },
	{ "delete, padding", DELETE(0, 1), -EINVAL },
	{ "latency read, none runs", KEEL_IOC_LATENCY_READ, bytes, -ENOENT },
	{ "latency stop, none runs", KEEL_IOC_LATENCY_STOP, NULL, -ENOENT },
	{ "latency, kind 2", START(2, 0, 10, 0, MS), -EINVAL },
	{ "latency, padding", START(IRQ, 0, 10, 1, MS), -EINVAL },
	{ "latency, CPU 2 of 2", START(IRQ, 2, 10, 0, MS), -EINVAL },
	{ "latency, CPU -1", START(IRQ, -1, 10, 0, MS), -EINVAL },
	{ "latency, period 0", START(IRQ, 0, 10, 0, 0), -EINVAL },
	{ "latency, period -1", START(IRQ, 0, 10, 0, -1), -EINVAL },
	{ "latency, too short", START(IRQ, 0, 10, 0, KEEL_PERIOD_MIN_NS - 1), -EINVAL },
	{ "latency, too long", START(IRQ, 0, 10, 0, KEEL_PERIOD_MAX_NS + 1), -EINVAL },
	{ "latency, priority 0", START(THREAD, 0, 0, 0, MS), -EINVAL },
	{ "latency, priority 100", START(THREAD, 0, 100, 0, MS), -EINVAL },
	{ "control 2", CONTROL(2, 0), -EINVAL },
	{ "control, padding", CONTROL(KEEL_CONTROL_START, 1), -EINVAL },
};

/* One measurement runs. */
static const struct request measuring[] = {
	{ "a second one", START(IRQ, 0, 10, 0, MS), -EBUSY },
	{ "cells, kernel address", KEEL_IOC_LATENCY_READ,
	  &(struct keel_latency_read){ .cells = 0xffffffff81000000ul }, -EFAULT },
	{ "cells, none there", KEEL_IOC_LATENCY_READ, &(struct keel_latency_read){ .cells = 8 },
	  -EFAULT },
	{ "answer read-only", KEEL_IOC_LATENCY_READ, (void *)&in_rodata, -EFAULT },
};

/* ---- the rest of the file operations -------------------------------------------------------- */

static long map(size_t size, int prot, int flags, off_t offset)
{
	void *p = mmap(NULL, size, prot, flags, badinput_fd, offset);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, size);
	return 0;
}

#define MAP(name, ...) static long name(void) { return map(__VA_ARGS__); }
MAP(map_writable, KEEL_WINDOWS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0)
MAP(map_private, KEEL_WINDOWS_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0)
MAP(map_page, 4096, PROT_READ, MAP_SHARED, 0)
MAP(map_large, KEEL_WINDOWS_SIZE + 4096, PROT_READ, MAP_SHARED, 0)
MAP(map_offset, KEEL_WINDOWS_SIZE, PROT_READ, MAP_SHARED, 4096)
MAP(map_last, KEEL_WINDOWS_SIZE, PROT_READ, MAP_SHARED, 0x7ffffffffffff000)
MAP(map_clock_writable, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, KEEL_CLOCK_OFFSET)
MAP(map_clock_large, 8192, PROT_READ, MAP_SHARED, KEEL_CLOCK_OFFSET)
MAP(map_heap_large, 3 * 4096, PROT_READ, MAP_SHARED, KEEL_HEAP_OFFSET)
MAP(map_heap_private, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, KEEL_HEAP_OFFSET)
MAP(map_heap, 2 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, KEEL_HEAP_OFFSET)
MAP(map_good, KEEL_WINDOWS_SIZE, PROT_READ, MAP_SHARED, 0)

static void *windows_map(void)
{
	void *p = mmap(NULL, KEEL_WINDOWS_SIZE, PROT_READ, MAP_SHARED, badinput_fd, 0);

	if (p == MAP_FAILED)
		fail("mmap of the windows: %m");
	return p;
}

static long make_writable(void)
{
	void *p = windows_map();
	long ret = result(mprotect(p, KEEL_WINDOWS_SIZE, PROT_READ | PROT_WRITE));

	munmap(p, KEEL_WINDOWS_SIZE);
	return ret;
}

static long make_larger(void)
{
	void *p = windows_map();
	void *q = mremap(p, KEEL_WINDOWS_SIZE, KEEL_WINDOWS_SIZE + 4096, MREMAP_MAYMOVE);
	long ret = q == MAP_FAILED ? -errno : 0;

	munmap(p, KEEL_WINDOWS_SIZE);
	return ret;
}

#define SEEK(name, offset, whence) \
	static long name(void) { return result(lseek(badinput_fd, offset, whence)); }
SEEK(seek_park, KEEL_PARK_HARDEN, SEEK_SET)
SEEK(seek_cur, KEEL_PARK_HARDEN, SEEK_CUR)
SEEK(seek_end, KEEL_PARK_HARDEN, SEEK_END)
SEEK(seek_zero, 0, SEEK_SET)
SEEK(seek_tell, 0, SEEK_CUR)
SEEK(seek_next, KEEL_PARK_HARDEN + 1, SEEK_SET)
SEEK(seek_negative, -1, SEEK_SET)
SEEK(seek_high, (off_t)KEEL_PARK_HARDEN | 1ll << 32, SEEK_SET)

static long file_read(void) { return result(read(badinput_fd, bytes, sizeof(bytes))); }
static long file_write(void) { return result(write(badinput_fd, bytes, sizeof(bytes))); }

static const struct row files[] = {
	{ "mmap, writable", map_writable, -EACCES },
	{ "mmap, writable and private", map_private, -EACCES },
	{ "mmap, one page", map_page, -EINVAL },
	{ "mmap, a page long", map_large, -EINVAL },
	{ "mmap, offset", map_offset, -EINVAL },
	{ "mmap, last offset", map_last, -EINVAL },
	{ "mmap, clock writable", map_clock_writable, -EACCES },
	{ "mmap, clock and more", map_clock_large, -EINVAL },
	{ "mmap, heap and more", map_heap_large, -EINVAL },
	{ "mmap, heap private and writable", map_heap_private, -EACCES },
	{ "mmap, heap", map_heap, 0 },
	{ "mmap as it should be", map_good, 0 },
	{ "mprotect", make_writable, -EACCES },
	{ "mremap", make_larger, -EFAULT },
	{ "lseek, not attached", seek_park, -EPERM },
	{ "lseek, SEEK_CUR", seek_cur, -EINVAL },
	{ "lseek, SEEK_END", seek_end, -EINVAL },
	{ "lseek to 0", seek_zero, -EINVAL },
	{ "lseek, where am I", seek_tell, -EINVAL },
	{ "lseek to the next number", seek_next, -EINVAL },
	{ "lseek to -1", seek_negative, -EINVAL },
	{ "lseek, high bits", seek_high, -EINVAL },
	{ "read", file_read, -EINVAL },
	{ "write", file_write, -EINVAL },
};

/* The table of mutexes holds what it should after all those that failed, and not one more. */
static void mutexes_test(void)
{
	static struct keel_mutex_req reqs[KEEL_MAX_MUTEXES], more;
	unsigned int i;

	for (i = 0; i < KEEL_MAX_MUTEXES; i++)
		if (ioctl(badinput_fd, KEEL_IOC_MUTEX_CREATE, &reqs[i]))
			fail("mutex %u of %u: %m", i, KEEL_MAX_MUTEXES);
	check(result(ioctl(badinput_fd, KEEL_IOC_MUTEX_CREATE, &more)) == -ENOSPC);
	for (i = 0; i < KEEL_MAX_MUTEXES; i++)
		if (ioctl(badinput_fd, KEEL_IOC_MUTEX_DELETE, &reqs[i]))
			fail("delete mutex %u: %m", reqs[i].id);
	check(result(ioctl(badinput_fd, KEEL_IOC_MUTEX_DELETE, &reqs[0])) == -EINVAL);
}

void requests_test(void)
{
	struct keel_latency_start start = { .kind = KEEL_LATENCY_IRQ, .period_ns = MS };

	requests_run("unknown requests", unknown, COUNT(unknown));
	requests_run("bad pointers", pointers, COUNT(pointers));
	requests_run("bad values", values, COUNT(values));
	if (ioctl(badinput_fd, KEEL_IOC_LATENCY_START, &start))
		fail("latency start: %m");
	requests_run("while measuring", measuring, COUNT(measuring));
	check(ioctl(badinput_fd, KEEL_IOC_LATENCY_STOP) == 0);
	rows_run("file operations", files, COUNT(files));
	mutexes_test();
}
