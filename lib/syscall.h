/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bare system call of x86-64. libc's wrapper would not do: errno and cancellation have no
 * place in a hard thread, and Keel calls have numbers that libc knows nothing of.
 */
#ifndef LIBKEEL_SYSCALL_H
#define LIBKEEL_SYSCALL_H

/* Returns what the kernel does: a negative errno, or the value. Context: any. */
static inline long libkeel_syscall(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a" (ret)
			 : "a" (nr), "D" (a), "S" (b), "d" (c)
			 : "rcx", "r11", "memory");
	return ret;
}

/* The same with five arguments. */
static inline long libkeel_syscall5(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r9 __asm__("r9") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a" (ret)
			 : "a" (nr), "D" (a), "S" (b), "d" (c), "r" (r10), "r" (r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#endif
