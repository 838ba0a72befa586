// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Other programs: what was printed before they are begun comes out before what they print. fork() has handlers
 * for that, and these calls don't run them.
 */
#include "print.h"

POSIX_PRINT_AFTER(FILE *, popen, posix_print_drain(NULL), (const char *command, const char *type), command, type);
POSIX_PRINT_AFTER(int, system, posix_print_drain(NULL), (const char *command), command);
POSIX_PRINT_AFTER(int, posix_spawn, posix_print_drain(NULL),
		  (pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		   const posix_spawnattr_t *attr, char *const argv[], char *const envp[]),
		  pid, path, actions, attr, argv, envp);
POSIX_PRINT_AFTER(int, posix_spawnp, posix_print_drain(NULL),
		  (pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
		   const posix_spawnattr_t *attr, char *const argv[], char *const envp[]),
		  pid, file, actions, attr, argv, envp);
