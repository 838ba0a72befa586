/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Start-up. The library needs no call: it reads the environment before main(), and a program linked as
 * pkg-config --libs keel-alchemy or xeno-config --ldflags say has its options taken off the command line
 * there too. --help lists them.
 */
#ifndef XENOMAI_INIT_H
#define XENOMAI_INIT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Take the library's options off a command line, which is changed in place. --help, --version and a
 * value that is none end the process. Context: before the first object is made. */
void xenomai_init(int *argcp, char *const **argvp);

/* Print the library's options. Context: in-band. */
void xenomai_usage(void);

/* The program's own, if it has them: for --help and --version. */
void application_usage(void);
extern const char *application_version;

#ifdef __cplusplus
}
#endif

#endif
