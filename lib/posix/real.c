// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ways back to glibc, each by its default version: the oldest, which dlsym() may give, has
 * another layout for conditions. Found before main(), or by whoever calls earlier; nothing here
 * allocates.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include "posix.h"

#ifdef PIC

struct posix_real posix_real;
int posix_found;

static void *find(const char *name, const char *version)
{
	void *at = dlvsym(RTLD_NEXT, name, version);
	static const char what[] = "keel: this libc has not the functions of glibc 2.36\n";

	if (at)
		return at;
	if (write(2, what, sizeof(what) - 1) < 0)
		_exit(126);
	_exit(127);
}

void posix_real_find(void)
{
#define X(name, version, group, mode) posix_real.name = find(#name, #version);
#include "wrappers.list"
#undef X
	__atomic_store_n(&posix_found, 1, __ATOMIC_RELEASE);
}

#else

#define X(name, version, group, mode) extern __typeof__(name) __real_##name;
#include "wrappers.list"
#undef X

#define X(name, version, group, mode) .name = __real_##name,
struct posix_real posix_real = {
#include "wrappers.list"
};
#undef X

int posix_found = 1;

void posix_real_find(void)
{
}

#endif
