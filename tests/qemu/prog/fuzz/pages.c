// SPDX-License-Identifier: GPL-2.0
/*
 * The windows and the clock: every way to write them fails, and neither they nor the answers hold an
 * address of the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "fuzz.h"

#define PAGE		4096
#define KERNEL_FIRST	0xffff800000000000ul
#define KERNEL_LAST	0xfffffffffefffffful	/* above are small negative numbers */

static const struct {
	const char *what;
	off_t at;
	size_t size;
} ranges[] = {
	{ "windows", 0, KEEL_WINDOWS_SIZE },
	{ "clock", KEEL_CLOCK_OFFSET, PAGE },
};

static void scan(const char *what, const void *data, size_t size)
{
	for (size_t i = 0; i + 8 <= size; i += 8) {
		unsigned long v;

		memcpy(&v, (const char *)data + i, 8);
		if (v >= KERNEL_FIRST && v <= KERNEL_LAST)
			fail("%s: an address of the kernel, %#lx, at %zu", what, v, i);
	}
}

static void by_file(const char *what, char *p)
{
	int mem = open("/proc/self/mem", O_RDWR);

	if (mem < 0)
		fail("/proc/self/mem: %m");
	if (pwrite(mem, "x", 1, (off_t)p) >= 0)
		fail("%s: written by way of /proc/self/mem", what);
	close(mem);
}

static void by_vm(const char *what, char *p)
{
	struct iovec from = { "x", 1 }, to = { p, 1 };

	if (process_vm_writev(getpid(), &from, 1, &to, 1, 0) >= 0)
		fail("%s: written by process_vm_writev()", what);
}

/* A child maps it anew, as mappings of the device are not inherited, and is poked. */
static void by_ptrace(const char *what, int fd, off_t at, size_t size, int flags)
{
	int status, told[2];
	long *p, word;
	pid_t pid;

	if (pipe(told))
		fail("pipe: %m");
	pid = fork();
	if (pid == 0) {
		p = mmap(NULL, size, PROT_READ, flags, fd, at);
		ptrace(PTRACE_TRACEME);
		if (write(told[1], &p, sizeof(p)) != sizeof(p))
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	if (read(told[0], &p, sizeof(p)) != sizeof(p) || p == MAP_FAILED)
		fail("%s: a child could not map it", what);
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		fail("%s: the child did not stop", what);
	word = 0x7878787878787878;
	if (ptrace(PTRACE_POKEDATA, pid, p, word) == 0)
		fail("%s: written by ptrace", what);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(told[0]);
	close(told[1]);
}

static void range_check(int fd, int r, int flags)
{
	const char *what = ranges[r].what;
	size_t size = ranges[r].size;
	char *p;

	p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, ranges[r].at);
	if (p != MAP_FAILED)
		fail("%s: mapped to be written", what);
	p = mmap(NULL, size, PROT_READ, flags, fd, ranges[r].at);
	if (p == MAP_FAILED)
		fail("%s: %m", what);
	if (!mprotect(p, size, PROT_READ | PROT_WRITE))
		fail("%s: made writable", what);
	if (mremap(p, size, size + PAGE, MREMAP_MAYMOVE) != MAP_FAILED)
		fail("%s: mapped longer than it is", what);
	by_file(what, p);
	by_vm(what, p);
	by_ptrace(what, fd, ranges[r].at, size, flags);
	scan(what, p, size);
	munmap(p, size);
}

static void answers_scan(int fd)
{
	struct keel_info info;
	struct keel_mutex_req mutex;
	struct keel_attach attach = { .abi_level = KEEL_ABI_LEVEL, .prio = 1, .cpu = -1 };

	if (ioctl(fd, KEEL_IOC_INFO, &info) || ioctl(fd, KEEL_IOC_MUTEX_CREATE, &mutex) ||
	    ioctl(fd, KEEL_IOC_ATTACH, &attach))
		fail("a good request: %m");
	scan("KEEL_IOC_INFO", &info, sizeof(info));
	scan("KEEL_IOC_MUTEX_CREATE", &mutex, sizeof(mutex));
	scan("KEEL_IOC_ATTACH", &attach, sizeof(attach));
	ioctl(fd, KEEL_IOC_DETACH);
	ioctl(fd, KEEL_IOC_MUTEX_DELETE, &mutex);
}

void pages_check(int fd)
{
	answers_scan(fd);
	for (int r = 0; r < 2; r++) {
		range_check(fd, r, MAP_SHARED);
		range_check(fd, r, MAP_PRIVATE);
	}
}
