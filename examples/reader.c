// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The Linux side of the queue: an ordinary program and an ordinary file, see queue.c. One read() is one
 * message; poll() and select() work as well.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VALUES 5

int main(void)
{
	static const char answer[] = "enough";
	char text[64];
	int fd = open("/dev/rtp0", O_RDWR);

	if (fd < 0) {
		perror("/dev/rtp0");
		return 1;
	}
	for (int i = 0; i < VALUES; i++) {
		ssize_t size = read(fd, text, sizeof(text) - 1);

		if (size <= 0) {
			perror("read");
			return 1;
		}
		text[size] = '\0';
		printf("reader: \"%s\"\n", text);
	}
	return write(fd, answer, strlen(answer)) < 0;
}
