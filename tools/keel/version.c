// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "keel.h"

/* Not device_open(): here versions that do not fit are the answer, and no error. */
int cmd_version(int argc, char **argv)
{
	struct keel_info info;
	int fd;

	parse_no_arguments(argc, argv, "Print the versions of this tool and of the module.");
	printf("tool " KEEL_VERSION ", ABI level %d\n", KEEL_ABI_LEVEL);
	fd = open(KEEL_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, KEEL_IOC_INFO, &info) == 0)
		printf("module %.*s, ABI levels %u to %u\n", (int)sizeof(info.release),
		       info.release, info.abi_base, info.abi_level);
	else
		printf("module not loaded, or no right to ask it\n");
	if (fd >= 0)
		close(fd);
	return 0;
}
