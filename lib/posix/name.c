// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names of POSIX as Keel has them: with one slash in front, so that programs of libkeel find them. What
 * does not fit, or has other characters, goes by a hash, with two slashes, which no name of POSIX has.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "file.h"

static uint64_t hash(const char *s, uint64_t h)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ull;
	return h;
}

static int fits(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++)
		if (!isascii((unsigned char)name[i]) || !isgraph((unsigned char)name[i]))
			return 0;
	return i <= KEEL_NAMED_LEN - 2;
}

void posix_name(char to[KEEL_NAMED_LEN], const char *name)
{
	memset(to, 0, KEEL_NAMED_LEN);
	if (fits(name))
		snprintf(to, KEEL_NAMED_LEN, "/%s", name);
	else
		snprintf(to, KEEL_NAMED_LEN, "//%016llx%013llx",
			 (unsigned long long)hash(name, 0xcbf29ce484222325ull),
			 (unsigned long long)hash(name, 0x6c62272e07bb0142ull) >> 12);
}

/* As the process is told it: to ask umask() would change it for a moment. */
unsigned int posix_masked(unsigned int mode)
{
	int fd, cancel;
	char text[512];
	const char *line = NULL;
	ssize_t n;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);	/* who is named is no cancellation point */
	fd = open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		REAL(close)(fd);
	pthread_setcancelstate(cancel, NULL);
	text[n > 0 ? n : 0] = 0;
	line = strstr(text, "\nUmask:");
	return mode & 0777 & ~(line ? strtoul(line + 7, NULL, 8) : 0);
}

int posix_core_ready(void)
{
	struct posix_self *self = posix_me();

	if (self->inside || posix_device_hold() || posix_enter())
		return 0;
	posix_leave();
	return 1;
}
