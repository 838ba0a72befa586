/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Process-shared objects.
 */
#ifndef LIBKEEL_POSIX_SHARED_H
#define LIBKEEL_POSIX_SHARED_H

#include "posix.h"

/* A mutex that is a word and a semaphore: in place of its kind. */
#define POSIX_PLAIN 0x100

/* Write it into the storage of an object of that type. Context: in-band. */
void posix_shared_fill(struct posix_shared *s, enum posix_type type, unsigned int a, unsigned int b);

/* The same for one that was initialised by glibc, if Keel serves the process. Context: in-band. */
void posix_shared_begin(void *at, enum posix_type type, unsigned int a, unsigned int b);

/* Destroy the object, for all: 0, EBUSY, EPERM. Context: in-band. */
int posix_shared_end(void *at, enum posix_type type);

#endif
