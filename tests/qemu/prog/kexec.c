// SPDX-License-Identifier: GPL-2.0
/*
 * kexec [-p] KERNEL INITRD COMMAND-LINE: load a kernel to go to at `kexec -e`, or with -p for a crash.
 * kexec -e: go there, by way of the reboot notifiers.
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int must_open(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		die(path);
	return fd;
}

static void load(char **argv, unsigned long flags)
{
	int kernel = must_open(argv[0]), initrd = must_open(argv[1]);

	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[2]) + 1, argv[2], flags))
		die("kexec_file_load");
}

static void go(void)
{
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	die("reboot");
}

int main(int argc, char **argv)
{
	unsigned long flags = 0;
	int opt;

	while ((opt = getopt(argc, argv, "ep")) != -1) {
		if (opt == 'e')
			go();
		else if (opt == 'p')
			flags = KEXEC_FILE_ON_CRASH;
		else
			exit(2);
	}
	if (argc - optind != 3) {
		fprintf(stderr, "usage: kexec [-p] KERNEL INITRD COMMAND-LINE\n");
		exit(2);
	}
	load(argv + optind, flags);
	return 0;
}
