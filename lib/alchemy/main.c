// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * With -Wl,--wrap=main the program's main() sees a command line without the library's options. In an
 * archive of its own, as the linker wraps nothing in a shared library.
 */
#include <xenomai/init.h>

int __real_main(int argc, char **argv, char **envp);
int __wrap_main(int argc, char **argv, char **envp);

int __wrap_main(int argc, char **argv, char **envp)
{
	char *const *rest = argv;

	xenomai_init(&argc, &rest);
	return __real_main(argc, (char **)rest, envp);
}
