/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The native skin, kernel side: Keel calls of user threads, mapped to the nucleus. Checks
 * arguments and maps ids; takes no nucleus lock. Freestanding. Calls on objects are in sync.c,
 * the objects themselves in objects.c.
 */
#ifndef SKINS_NATIVE_H
#define SKINS_NATIVE_H

struct native_space;

/* Keel call @nr (KEEL_CALL_*, but not RELAX) of the current thread, with two @more arguments. Returns
 * its value or a negative errno. Context: oob, hard masked; may block. */
long native_call(struct native_space *s, long nr, unsigned long a, unsigned long b,
		 unsigned long c, const unsigned long *more);

#endif
