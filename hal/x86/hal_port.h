/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inline part of the hal contract for x86-64. Seen by freestanding code, so it needs no
 * Linux header: the hard mask is EFLAGS.IF, and what is per CPU sits in hal_cpu_data, reached
 * through %gs like any per-CPU variable of a module.
 */
#ifndef HAL_X86_HAL_PORT_H
#define HAL_X86_HAL_PORT_H

#define HAL_MAX_CPUS 128
#define HAL_NORETURN

typedef unsigned long hal_flags_t;

#define HAL_X86_IF 0x200ul

/* Ticket lock: fair, so a wait is bounded by the number of CPUs. */
struct hal_spinlock {
	unsigned short next;
	unsigned short owner;
};

struct hal_user;

struct hal_context {
	unsigned long sp;	/* offset 0: thunks.S */
	struct hal_user *user;	/* offset 8: user-space part, NULL for kernel threads and root */
	int root;		/* this is Linux on its CPU */
};

/*
 * Offsets are known to thunks.S; hal/x86/cpu.h checks them. The state word is shared with code that
 * may be interrupted anywhere: each change is one instruction.
 */
struct hal_cpu_fast {
	unsigned int state;	/* 0: PIPELINE_STALLED | PIPELINE_PENDING */
	unsigned int oob;	/* 4: 1 while an oob thread has this CPU */
	unsigned int cpu;	/* 8: this CPU's number */
	unsigned int pad;
	void *local;		/* 16: the client's */
};

static inline hal_flags_t hal_oob_save(void)
{
	hal_flags_t flags;

	__asm__ __volatile__("pushfq; popq %0; cli" : "=rm"(flags) : : "memory");
	return flags;
}

static inline void hal_oob_restore(hal_flags_t flags)
{
	if (flags & HAL_X86_IF)
		__asm__ __volatile__("sti" : : : "memory");
}

static inline int hal_oob_masked(void)
{
	hal_flags_t flags;

	__asm__ __volatile__("pushfq; popq %0" : "=rm"(flags) : : "memory");
	return !(flags & HAL_X86_IF);
}

static inline void hal_oob_gap(void)
{
	__asm__ __volatile__("sti; nop; cli" : : : "memory");
}

static inline int hal_cpu(void)
{
	int cpu;

	__asm__ __volatile__("movl %%gs:hal_cpu_data+8, %0" : "=r"(cpu));
	return cpu;
}

static inline void *hal_local(void)
{
	void *local;

	__asm__ __volatile__("movq %%gs:hal_cpu_data+16, %0" : "=r"(local));
	return local;
}

struct static_key_false;
extern struct static_key_false hal_trace_key;

/* Linux's static branch, written down here for code that sees no Linux header: a NOP that Linux
 * makes a jump while the key is on. */
static inline __attribute__((always_inline)) int hal_tracing(void)
{
	__asm__ goto("1:	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
		     "	.pushsection __jump_table, \"aw\"\n"
		     "	.balign 8\n"
		     "	.long 1b - ., %l[on] - .\n"
		     "	.quad %c0 - .\n"
		     "	.popsection" : : "i"(&hal_trace_key) : : on);
	return 0;
on:
	return 1;
}

static inline void hal_cpu_relax(void)
{
	__asm__ __volatile__("pause" : : : "memory");
}

/* The uncontended way is four instructions: it is taken several times in each wake-up. */
static inline void hal_spin_lock(struct hal_spinlock *l)
{
	unsigned short me = 1;

	__asm__ __volatile__("lock xaddw %0, %1\n"
			     "1:	cmpw %0, %2\n"
			     "	je 2f\n"
			     "	pause\n"
			     "	jmp 1b\n"
			     "2:"
			     : "+r"(me), "+m"(l->next) : "m"(l->owner) : "memory", "cc");
}

/* Only the holder writes owner; x86 keeps earlier reads and writes before this one. */
static inline void hal_spin_unlock(struct hal_spinlock *l)
{
	__asm__ __volatile__("incw %0" : "+m"(l->owner) : : "memory", "cc");
}

static inline int hal_spin_held(struct hal_spinlock *l)
{
	return __atomic_load_n(&l->next, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&l->owner, __ATOMIC_RELAXED);
}

#endif
