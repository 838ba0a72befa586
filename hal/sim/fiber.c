// SPDX-License-Identifier: GPL-2.0
/*
 * Fibers on ucontext.
 */
#include "hal/sim/fiber.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(fake, bottom, size) ((void)(bottom), (void)(size))
#define __sanitizer_finish_switch_fiber(fake, bottom, size) ((void)0)
#define __asan_unpoison_memory_region(stack, size) ((void)0)
#endif

/* Who runs now, and who gave way to it. */
static struct sim_fiber *running, *before;

/* First thing on the new stack. The sanitizer tells where an adopted stack lies. */
static void arrived(void)
{
	const void *bottom = before->stack;
	size_t size = before->size;

	__sanitizer_finish_switch_fiber(running->fake_stack, &bottom, &size);
	if (!before->stack) {
		before->stack = (void *)bottom;
		before->size = size;
	}
}

static void start(void)
{
	arrived();
	running->entry(running->arg);
}

void fiber_adopt(struct sim_fiber *f)
{
	running = f;
}

void fiber_init(struct sim_fiber *f, void *stack, size_t size, void (*entry)(void *), void *arg)
{
	/* A fiber that was given up in an earlier run leaves marks behind. */
	__asan_unpoison_memory_region(stack, size);
	getcontext(&f->context);
	f->stack = stack;
	f->size = size;
	f->fake_stack = NULL;
	f->entry = entry;
	f->arg = arg;
	f->waiting = 0;
	f->context.uc_stack.ss_sp = stack;
	f->context.uc_stack.ss_size = size;
	f->context.uc_link = NULL;
	makecontext(&f->context, start, 0);
}

void fiber_switch(struct sim_fiber *from, struct sim_fiber *to)
{
	before = from;
	running = to;
	__sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->size);
	swapcontext(&from->context, &to->context);
	arrived();
}
