// SPDX-License-Identifier: GPL-2.0
/*
 * What takes several requests, or is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "fuzz.h"

#define NOBODY	65534
#define PAGE	4096

static void control(int fd, unsigned int command, unsigned int pad)
{
	struct keel_control c = { .command = command, .pad = pad };

	ioctl(fd, KEEL_IOC_CONTROL, &c);
}

/* A child that uses what it inherited, beside its parent. */
static void fork_random(struct dice *d, int fd)
{
	unsigned long seed = dice_next(d) | 1;
	pid_t pid = fork();

	if (pid == 0) {
		struct dice own = { seed };

		alarm(2);
		if (dice_below(&own, 2)) {
			if (setresuid(NOBODY, NOBODY, NOBODY))
				_exit(1);
			control(fd, KEEL_CONTROL_STOP, 0);
		}
		for (int i = 0; i < 20; i++)
			ioctl_random(&own, fd);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* Opened and closed, as another process that comes and goes. */
static void open_random(struct dice *d)
{
	int fd = open(KEEL_DEVICE, dice_below(d, 2) ? O_RDWR : O_RDONLY);

	if (fd < 0)
		return;
	for (int i = dice_below(d, 4); i > 0; i--)
		ioctl_random(d, fd);
	close(fd);
}

static void twin_random(struct dice *d, int fd)
{
	int twin = dup(fd);

	ioctl_random(d, twin);
	close(twin);
}

static void signal_random(struct dice *d)
{
	pid_t tid = tids[dice_below(d, THREADS_MAX)];

	if (tid)
		syscall(SYS_tgkill, getpid(), tid, dice_below(d, 2) ? SIGUSR1 : SIGUSR2);
}

static void affinity_random(struct dice *d)
{
	pid_t tid = tids[dice_below(d, THREADS_MAX)];
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(dice_below(d, get_nprocs()), &set);
	if (tid && dice_below(d, 2))
		for (int i = 0; i < get_nprocs(); i++)
			CPU_SET(i, &set);
	if (tid)
		sched_setaffinity(tid, sizeof(set), &set);
}

/* The page in which others' requests lie goes, comes, and is empty then. */
static void page_random(struct dice *d)
{
	static const int protections[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	char *p = (char *)request_page() + PAGE;

	for (int i = 0; i < 20; i++)
		mprotect(p, PAGE, protections[dice_below(d, 3)]);
	madvise((char *)request_page(), PAGE, MADV_DONTNEED);
}

void control_on(void)
{
	int fd = open(KEEL_DEVICE, O_RDWR);

	control(fd, KEEL_CONTROL_START, 0);
	close(fd);
}

/* What stops Keel starts it again; if it is killed before, the next one or the end does. */
static void control_random(struct dice *d, int fd)
{
	if (dice_below(d, 64)) {
		control(fd, 2 + dice_value(d) % 1000, dice_below(d, 2));
	} else {
		control(fd, KEEL_CONTROL_STOP, 0);
		for (int i = dice_below(d, 20); i > 0; i--)
			ioctl_random(d, fd);
		control(fd, KEEL_CONTROL_START, 0);
	}
}

static void latency_random(struct dice *d, int fd)
{
	struct keel_latency_start start = {
		.kind = dice_below(d, 2), .cpu = dice_below(d, 2), .prio = 50,
		.period_ns = 1000000, .samples = dice_below(d, 20),
	};
	struct keel_latency_read read = { .cells = dice_below(d, 4) ? 0 : dice_value(d) };

	ioctl(fd, KEEL_IOC_LATENCY_START, &start);
	sleep_ms(dice_below(d, 10));
	ioctl(fd, KEEL_IOC_LATENCY_READ, &read);
	ioctl(fd, KEEL_IOC_LATENCY_STOP);
}

static void *crowd_attach(void *arg)
{
	struct keel_attach attach = { .abi_level = KEEL_ABI_LEVEL, .prio = 1, .cpu = -1 };

	ioctl(*(int *)arg, KEEL_IOC_ATTACH, &attach);
	pause();
	return NULL;
}

/* All the mutexes, and now and then all the threads, that one file can have, and some more. */
static void crowd(struct dice *d)
{
	int fd = open(KEEL_DEVICE, O_RDWR), count = dice_below(d, 8) ? 0 : KEEL_MAX_THREADS + 4;
	struct keel_mutex_req mutex;
	pthread_attr_t attr;
	pthread_t t;

	for (int i = 0; i < KEEL_MAX_MUTEXES + 4; i++)
		ioctl(fd, KEEL_IOC_MUTEX_CREATE, &mutex);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16 << 10);
	while (count--)
		pthread_create(&t, &attr, crowd_attach, &fd);
	sleep_ms(50);
	_exit(0);
}

static void crowd_random(struct dice *d)
{
	pid_t pid = fork();

	if (pid == 0)
		crowd(d);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

void scene_random(struct dice *d, int fd)
{
	switch (dice_below(d, 256)) {
	case 0:
		crowd_random(d);
		break;
	case 1 ... 24:
		fork_random(d, fd);
		break;
	case 25 ... 64:
		control_random(d, fd);
		break;
	case 65 ... 80:
		latency_random(d, fd);
		break;
	case 81 ... 96:
		affinity_random(d);
		break;
	case 97 ... 120:
		page_random(d);
		break;
	case 121 ... 140:
		signal_random(d);
		break;
	case 141 ... 190:
		open_random(d);
		break;
	default:
		twin_random(d, fd);
	}
}
