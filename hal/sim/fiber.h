/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fibers: one host thread, many stacks. Knows the address sanitizer, which must be told of
 * each change of stack.
 */
#ifndef HAL_SIM_FIBER_H
#define HAL_SIM_FIBER_H

#include <stddef.h>

struct sim_fiber {
	void *sp;		/* while it does not run */
	void *stack;		/* NULL: the stack of the caller of fiber_adopt() */
	size_t size;
	void *fake_stack;	/* the sanitizer's */
	void (*entry)(void *arg);
	void *arg;
	int waiting;		/* see sim.c */
};

/* The running host context becomes @f. */
void fiber_adopt(struct sim_fiber *f);

/* @f will start in @entry(@arg), which must not return. */
void fiber_init(struct sim_fiber *f, void *stack, size_t size, void (*entry)(void *), void *arg);

/* Leave @from, which runs, for @to. */
void fiber_switch(struct sim_fiber *from, struct sim_fiber *to);

#endif
