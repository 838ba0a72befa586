// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "keel.h"

static const struct {
	int err;
	const char *advice;
} advices[] = {
	{ ENOENT, "load keel.ko first: insmod keel.ko" },
	{ ENODEV, "load keel.ko first: insmod keel.ko" },
	{ ENXIO, "load keel.ko first: insmod keel.ko" },
	{ EACCES, "become root, or a member of the group keel (see 70-keel.rules)" },
	{ EPERM, "become root, or give this program CAP_SYS_NICE and CAP_IPC_LOCK" },
	{ ENOMEM, "allow more locked memory: ulimit -l" },
	{ EAGAIN, "Keel is stopped: start it with: keel start" },
	{ EPROTONOSUPPORT, "install library, tool and module of one version" },
	{ ENOTTY, "install library, tool and module of one version" },
	{ ESRCH, "no such thread is attached: keel ps lists them" },
	{ EBUSY, "somebody else uses it; see the kernel log: dmesg" },
	{ EINVAL, "an argument is out of range; see the kernel log: dmesg" },
};

void complain(const char *what, int err)
{
	const char *advice = NULL;
	size_t i;

	for (i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].err == err)
			advice = advices[i].advice;
	fprintf(stderr, "keel: %s: %s%s%s\n", what, strerror(err), advice ? ": " : "",
		advice ? advice : "");
}

static int abi_fits(const struct keel_info *info)
{
	if (info->abi_base <= KEEL_ABI_LEVEL && KEEL_ABI_LEVEL <= info->abi_level)
		return 1;
	fprintf(stderr, "keel: tool level %d, module serves %u..%u: install matching versions\n",
		KEEL_ABI_LEVEL, info->abi_base, info->abi_level);
	return 0;
}

int device_open(struct keel_info *info)
{
	int fd = open(KEEL_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		complain(KEEL_DEVICE, errno);
		return -1;
	}
	if (ioctl(fd, KEEL_IOC_INFO, info) < 0)
		complain(KEEL_DEVICE, errno);
	else if (abi_fits(info))
		return fd;
	close(fd);
	return -1;
}

static int send_control(int fd, unsigned int command)
{
	struct keel_control control = { .command = command };

	if (ioctl(fd, KEEL_IOC_CONTROL, &control) == 0)
		return 0;
	if (errno == EPERM)
		fprintf(stderr, "keel: starting and stopping Keel takes root\n");
	else if (errno == EBUSY)
		fprintf(stderr, "keel: somebody else changed what Keel changed in the kernel, such as a tracer or live patch: remove that and try again\n");
	else
		fprintf(stderr, "keel: %s; see the kernel log: dmesg\n", strerror(errno));
	return STATUS_FAILED;
}

int device_control(unsigned int command)
{
	int start = command == KEEL_CONTROL_START;
	struct keel_info info;
	int fd, status = 0;

	fd = device_open(&info);
	if (fd < 0)
		return STATUS_FAILED;
	if (!!info.attached == start)
		printf("keel: is %s already\n", start ? "running" : "stopped");
	else
		status = send_control(fd, command);
	close(fd);
	return status;
}
