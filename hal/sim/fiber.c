// SPDX-License-Identifier: GPL-2.0
/*
 * Fibers. The switch is our own: that of libc enters the kernel for the signal mask each
 * time, and the address sanitizer warns of it in each process.
 */
#include "hal/sim/fiber.h"

#include <stdint.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(fake, bottom, size) ((void)(bottom), (void)(size))
#define __sanitizer_finish_switch_fiber(fake, bottom, size) ((void)0)
#define __asan_unpoison_memory_region(stack, size) ((void)0)
#endif

#define SAVED_REGISTERS 6

/* Who runs now, and who gave way to it. */
static struct sim_fiber *running, *before;

/* Keep what a call must preserve on the old stack and go on on the new one. */
void fiber_swap_stacks(void **save, void *next);
__asm__(".text\n"
	".type fiber_swap_stacks, @function\n"
	"fiber_swap_stacks:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n"
	".size fiber_swap_stacks, . - fiber_swap_stacks\n");

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
	void **top = (void **)(((uintptr_t)stack + size) & ~(uintptr_t)15);
	int i;

	/* A fiber that was given up in an earlier run leaves marks behind. */
	__asan_unpoison_memory_region(stack, size);
	f->stack = stack;
	f->size = size;
	f->fake_stack = NULL;
	f->entry = entry;
	f->arg = arg;
	f->waiting = 0;
	*--top = NULL;		/* start() finds the stack as if it were called */
	*--top = (void *)start;
	for (i = 0; i < SAVED_REGISTERS; i++)
		*--top = NULL;
	f->sp = top;
}

void fiber_switch(struct sim_fiber *from, struct sim_fiber *to)
{
	before = from;
	running = to;
	__sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->size);
	fiber_swap_stacks(&from->sp, to->sp);
	arrived();
}
