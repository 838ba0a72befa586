/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where Linux 6.1 and 6.12 differ: the only version tests in the tree.
 */
#ifndef HAL_X86_COMPAT_H
#define HAL_X86_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0) && LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define KEEL_LINUX_612 1
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0) && LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define KEEL_LINUX_612 0
#else
#error "Keel serves Linux 6.1 and 6.12; build it with the headers of one of them"
#endif

/* For thunks.S: nothing lies above this frame. */
#if KEEL_LINUX_612
#define KEEL_HINT_END_OF_STACK	UNWIND_HINT_END_OF_STACK
#else
#define KEEL_HINT_END_OF_STACK	UNWIND_HINT_EMPTY
#endif

#ifndef __ASSEMBLY__

#include <linux/module.h>

/* A module's code that stays after init, and the part that init frees. */
struct module_text {
	unsigned long start, size;
	unsigned long init_start, init_size;
};

static inline struct module_text module_text_get(const struct module *mod)
{
#if KEEL_LINUX_612
	return (struct module_text){
		(unsigned long)mod->mem[MOD_TEXT].base, mod->mem[MOD_TEXT].size,
		(unsigned long)mod->mem[MOD_INIT_TEXT].base, mod->mem[MOD_INIT_TEXT].size,
	};
#else
	return (struct module_text){
		(unsigned long)mod->core_layout.base, mod->core_layout.text_size,
		(unsigned long)mod->init_layout.base, mod->init_layout.text_size,
	};
#endif
}

/* Names of what was renamed in between. */
#if KEEL_LINUX_612
#define KEEL_SYM_SAFE_HALT	"pv_native_safe_halt"
#define KEEL_SYM_TOP_OF_STACK	"pcpu_hot"
#define KEEL_TOP_OF_STACK_OFFSET offsetof(struct pcpu_hot, top_of_stack)
#define KEEL_SYM_EOI		"__SCK__apic_call_eoi"
#else
#define KEEL_SYM_SAFE_HALT	"native_safe_halt"
#define KEEL_SYM_TOP_OF_STACK	"cpu_current_top_of_stack"
#define KEEL_TOP_OF_STACK_OFFSET 0
#define KEEL_SYM_EOI		"apic"
#endif

/* A mapping of Keel's own pages: not inherited by fork, not grown, and never to be written, but the
 * @heap, by whom it is shared with. */
#include <linux/mm.h>

static inline void window_vma_flags(struct vm_area_struct *vma, bool heap)
{
	unsigned long never = heap && (vma->vm_flags & VM_SHARED) ? 0 : VM_MAYWRITE;

#if KEEL_LINUX_612
	vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND, never);
#else
	vma->vm_flags = (vma->vm_flags | VM_DONTCOPY | VM_DONTEXPAND) & ~never;
#endif
}

/* Second-level TLB hook of an mmu notifier, called after a PTE changed, before pages go. */
#if KEEL_LINUX_612
#define KEEL_NOTIFIER_INVALIDATE .arch_invalidate_secondary_tlbs
#else
#define KEEL_NOTIFIER_INVALIDATE .invalidate_range
#endif

/* Add @n to an eventfd, from where nothing sleeps. */
#include <linux/eventfd.h>

static inline void eventfd_signal_times(struct eventfd_ctx *ctx, unsigned int n)
{
#if KEEL_LINUX_612
	while (n--)
		eventfd_signal(ctx);
#else
	eventfd_signal(ctx, n);
#endif
}

#endif /* __ASSEMBLY__ */

#endif
