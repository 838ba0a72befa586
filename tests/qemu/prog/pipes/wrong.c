// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is not there, or not the caller's, and everything else that pipes refuse.
 */
#include "pipes.h"

#define PAGE	4096
#define KERNEL	((void *)0xffff888000100000ul)

static struct keel_pipe rtp;
static int fd;

static char *pages(int prot)
{
	char *p = mmap(NULL, 2 * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap: %m");
	return p;
}

/* Unlocked and dropped: there again at the next touch. */
static void drop(char *p)
{
	if (munlock(p, 2 * PAGE) || madvise(p, 2 * PAGE, MADV_DONTNEED))
		fail("madvise: %m");
}

static unsigned long faults(void)
{
	struct keel_stats stats;

	must(keel_stats_get(&stats));
	return stats.relaxes[KEEL_RELAX_FAULT];
}

/*
 * What Linux can bring in is brought in, and the call is carried out once. A message lies over the
 * border of two pages, both missing, or only the second.
 */
void memory_missing(void)
{
	char got[SIZE], *from, *to;
	unsigned long before;

	must(keel_open());
	must(keel_pipe_create(&rtp, -1, PLACES, SIZE));
	fd = rtp_open(&rtp, O_RDWR | O_NONBLOCK);
	must(keel_thread_attach("missing", PRIO, 0));
	from = pages(PROT_READ | PROT_WRITE);
	to = pages(PROT_READ | PROT_WRITE);
	drop(from);
	drop(to);
	before = faults();
	must(keel_pipe_write(&rtp, from + PAGE - SIZE / 2, SIZE));
	check(faults() > before);
	must(keel_relax());
	check(read(fd, got, SIZE) == SIZE && !got[0] && !got[SIZE - 1]);
	check(read(fd, got, SIZE) < 0 && errno == EAGAIN);
	memset(got, 'g', SIZE);
	check(write(fd, got, SIZE) == SIZE && write(fd, got, SIZE) == SIZE);
	before = faults();
	check(must(keel_pipe_read(&rtp, to + PAGE - SIZE / 2, SIZE)) == SIZE);
	check(faults() > before);
	check(!memcmp(to + PAGE - SIZE / 2, got, SIZE));
	drop(to);
	to[0] = 1;
	must(keel_harden());
	before = faults();
	check(must(keel_pipe_read(&rtp, to + PAGE - SIZE / 2, SIZE)) == SIZE);
	check(faults() > before);
	check(!memcmp(to + PAGE - SIZE / 2, got, SIZE));
	before = faults();
	must(keel_pipe_write(&rtp, to, SIZE));
	check(faults() == before && keel_is_hard());
	check(keel_pipe_tryread(&rtp, got, SIZE) == -EAGAIN);
	must(keel_thread_detach());
	must(keel_pipe_delete(&rtp));
}

/* ---- refusals ----------------------------------------------------------------------------------- */

static void creates(void)
{
	struct keel_object o = { .type = KEEL_PIPE, .args = { 1, 1 }, .data = KEEL_PIPE_ANY, .pad = 1 };
	struct keel_pipe p;

	check(keel_pipe_create(&p, -2, 1, 1) == -EINVAL);
	check(keel_pipe_create(&p, KEEL_PIPE_MINORS, 1, 1) == -EINVAL);
	check(keel_pipe_create(&p, -1, 0, 1) == -EINVAL);
	check(keel_pipe_create(&p, -1, 1, 0) == -EINVAL);
	check(keel_pipe_create(&p, -1, KEEL_PIPE_PLACES + 1, 1) == -EINVAL);
	check(keel_pipe_create(&p, -1, 1, KEEL_PIPE_SIZE + 1) == -EINVAL);
	check(ioctl(device_fd(), KEEL_IOC_OBJECT_CREATE, &o) < 0 && errno == EINVAL);
	o.pad = 0;
	o.id = 1;
	check(ioctl(device_fd(), KEEL_IOC_OBJECT_CREATE, &o) < 0 && errno == EINVAL);
	check(keel_pipe_delete(&(struct keel_pipe){ .id = 0 }) == -EINVAL);
}

static void of_linux(void)
{
	char buffer[SIZE + 1] = { 0 };
	int only_read = rtp_open(&rtp, O_RDONLY), only_write = rtp_open(&rtp, O_WRONLY);

	check(write(fd, buffer, 0) == 0);
	check(read(fd, buffer, SIZE) < 0 && errno == EAGAIN);
	check(write(fd, buffer, SIZE + 1) < 0 && errno == EMSGSIZE);
	check(write(fd, KERNEL, SIZE) < 0 && errno == EFAULT);
	check(write(fd, NULL, SIZE) < 0 && errno == EFAULT);
	check(write(only_read, buffer, 1) < 0 && errno == EBADF);
	check(read(only_write, buffer, 1) < 0 && errno == EBADF);
	check(lseek(fd, 0, SEEK_SET) < 0 && errno == ESPIPE);
	check(ioctl(fd, KEEL_IOC_PIPE_FLUSH, 0) < 0 && errno == EINVAL);
	check(ioctl(fd, KEEL_IOC_PIPE_FLUSH, 4) < 0 && errno == EINVAL);
	check(ioctl(fd, KEEL_IOC_INFO, buffer) < 0 && errno == ENOTTY);
	check(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV);
	close(only_read);
	close(only_write);
}

static void of_strangers(void)
{
	char c = 0;

	check(keel_pipe_write(&rtp, &c, 1) == -EPERM);
	check(keel_pipe_trywrite(&rtp, &c, 1) == -EPERM);
	check(keel_pipe_tryread(&rtp, &c, 1) == -EPERM);
	check(keel_pipe_flush(&rtp, 1) == -EPERM);
}

static void of_hard(void)
{
	char buffer[SIZE + 1] = { 0 }, *sealed = pages(PROT_READ);
	struct keel_sem sem;
	struct keel_pipe odd;

	must(keel_sem_create(&sem, 0, 1));
	odd = (struct keel_pipe){ .id = sem.id };
	check(keel_pipe_write(&odd, buffer, 1) == -EINVAL);
	check(keel_pipe_read(&odd, buffer, 1) == -EINVAL);
	check(keel_pipe_flush(&odd, 1) == -EINVAL);
	check(keel_pipe_write(&rtp, buffer, 0) == -EINVAL);
	check(keel_pipe_write(&rtp, buffer, SIZE + 1) == -EMSGSIZE);
	check(keel_pipe_write(&rtp, buffer, -1ul) == -EMSGSIZE);
	check(keel_pipe_write(&rtp, KERNEL, SIZE) == -EFAULT);
	check(keel_pipe_write(&rtp, NULL, SIZE) == -EFAULT);
	check(keel_pipe_write(&rtp, (void *)-8ul, SIZE) == -EFAULT);
	check(keel_pipe_clockwrite(&rtp, buffer, 1, CLOCK_BOOTTIME, 1) == -EINVAL);
	check(keel_pipe_clockwrite(&rtp, buffer, 1, CLOCK_MONOTONIC, -1) == -EINVAL);
	check(keel_pipe_clockread(&rtp, buffer, 1, CLOCK_REALTIME, -1) == -EINVAL);
	check(keel_pipe_tryread(&rtp, buffer, SIZE) == -EAGAIN);
	check(keel_pipe_clockread(&rtp, buffer, SIZE, CLOCK_MONOTONIC, 0) == -ETIMEDOUT);
	check(keel_pipe_flush(&rtp, 0) == -EINVAL);
	check(keel_pipe_flush(&rtp, 7) == -EINVAL);
	must(keel_relax());
	memset(buffer, 'm', SIZE);
	check(write(fd, buffer, SIZE) == SIZE);
	check(keel_pipe_read(&rtp, buffer, SIZE - 1) == -EMSGSIZE);
	check(keel_pipe_read(&rtp, sealed, SIZE) == -EFAULT);
	check(keel_pipe_read(&rtp, KERNEL, SIZE) == -EFAULT);
	check(keel_pipe_read(&rtp, NULL, SIZE) == -EFAULT);
	check(must(keel_pipe_tryread(&rtp, buffer, SIZE)) == SIZE && buffer[0] == 'm');
	must(keel_sem_delete(&sem));
}

/* A message that is too long for the buffer, or comes to a bad one, is there for the next. */
static void of_readers(void)
{
	char buffer[SIZE];

	must(keel_pipe_write(&rtp, "0123456789", 10));
	check(read(fd, buffer, 9) < 0 && errno == EMSGSIZE);
	check(read(fd, KERNEL, 10) < 0 && errno == EFAULT);
	check(read(fd, buffer, SIZE) == 10 && !memcmp(buffer, "0123456789", 10));
}

/* All of it, and then all places are still there, in both directions. */
void wrong(void)
{
	char c = 0;

	must(keel_open());
	creates();
	must(keel_pipe_create(&rtp, -1, PLACES, SIZE));
	fd = rtp_open(&rtp, O_RDWR | O_NONBLOCK);
	of_linux();
	of_strangers();
	must(keel_thread_attach("wrong", PRIO, 0));
	of_hard();
	of_readers();
	for (int i = 0; i < PLACES; i++) {
		must(keel_pipe_trywrite(&rtp, &c, 1));
		must(keel_relax());
		check(write(fd, &c, 1) == 1);
	}
	check(keel_pipe_trywrite(&rtp, &c, 1) == -EAGAIN);
	check(write(fd, &c, 1) < 0 && errno == EAGAIN);
	must(keel_thread_detach());
	must(keel_pipe_delete(&rtp));
}
