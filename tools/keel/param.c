// SPDX-License-Identifier: GPL-2.0
/*
 * The module's parameters that are numbers.
 */
#include <errno.h>
#include <stdio.h>
#include "keel.h"

static FILE *param_open(const char *name, const char *mode)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/module/keel/parameters/%s", name);
	return fopen(path, mode);
}

int param_read(const char *name, int *value)
{
	FILE *f = param_open(name, "re");
	int found;

	if (!f)
		return -errno;
	found = fscanf(f, "%d", value);
	fclose(f);
	return found == 1 ? 0 : -EIO;
}

int param_write(const char *name, const char *value)
{
	FILE *f = param_open(name, "we");
	int bad;

	if (!f)
		return -errno;
	bad = fputs(value, f) == EOF;
	return fclose(f) || bad ? -errno : 0;
}
