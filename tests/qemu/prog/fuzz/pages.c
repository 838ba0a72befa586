// SPDX-License-Identifier: GPL-2.0
/*
 * The windows and the clock: every way to write any of their words fails, and neither they nor the
 * answers hold an address of the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
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

static sigjmp_buf faulted;

static void on_fault(int unused)
{
	siglongjmp(faulted, 1);
}

/* The thread is hard each time, if it is one of Keel's. */
static void by_store(const char *what, volatile long *p, size_t size, int hard)
{
	volatile size_t i;

	for (i = 0; i < size / sizeof(*p); i++) {
		if (sigsetjmp(faulted, 1))
			continue;
		if (hard)
			must(keel_harden());
		p[i] = 0x78;
		fail("%s: word %zu was stored to", what, i);
	}
}

/* What Linux writes for a process: answers of a device, /proc/self/mem, another process's memory. */
static void by_linux(const char *what, char *p, size_t size)
{
	int mem = open("/proc/self/mem", O_RDWR), zero = open("/dev/zero", O_RDONLY);
	struct iovec from = { "xxxxxxxx", 8 };

	if (mem < 0 || zero < 0)
		fail("/proc/self/mem or /dev/zero: %m");
	for (size_t i = 0; i < size; i += 8) {
		struct iovec to = { p + i, 8 };

		if (pwrite(mem, "xxxxxxxx", 8, (off_t)(p + i)) >= 0)
			fail("%s: written by way of /proc/self/mem at %zu", what, i);
		if (read(zero, p + i, 8) >= 0)
			fail("%s: read into at %zu", what, i);
		if (process_vm_writev(getpid(), &from, 1, &to, 1, 0) >= 0)
			fail("%s: written by process_vm_writev() at %zu", what, i);
	}
	close(mem);
	close(zero);
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
	by_store(what, (long *)p, size, 0);
	by_linux(what, p, size);
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

/* A hard thread's stores fault, make it relax, and end as anybody's. */
static void *hard_check(void *arg)
{
	int fd = *(int *)arg;

	for (int r = 0; r < 2; r++) {
		long *p = mmap(NULL, ranges[r].size, PROT_READ, MAP_SHARED, fd, ranges[r].at);

		if (p == MAP_FAILED)
			fail("%s: %m", ranges[r].what);
		by_store(ranges[r].what, p, ranges[r].size, 1);
		munmap(p, ranges[r].size);
	}
	return NULL;
}

void pages_check(int fd)
{
	struct keel_thread_attr attr = { .name = "stores", .prio = 50, .stack = 64 << 10 };
	pthread_t t;

	signal(SIGSEGV, on_fault);
	answers_scan(fd);
	must(keel_thread_create(&t, &attr, hard_check, &fd));
	pthread_join(t, NULL);
	for (int r = 0; r < 2; r++) {
		range_check(fd, r, MAP_SHARED);
		range_check(fd, r, MAP_PRIVATE);
	}
	signal(SIGSEGV, SIG_DFL);
}
