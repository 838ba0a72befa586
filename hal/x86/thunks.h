/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by thunks.S and C: how many stubs there are, and what their gates answer.
 * Read by the assembler, so #defines come first.
 */
#ifndef HAL_X86_THUNKS_H
#define HAL_X86_THUNKS_H

#define HAL_IRQ_STUBS		40	/* one for each interrupt entry of the kernel */
#define HAL_EXC_STUBS		32
#define HAL_SYSCALL_STUBS	4

#define HAL_TIMER_STUB		0	/* kept for the timer interrupt: the shortest way */

/* The same numbers spelt out, for the assembler's .irp. */
#define HAL_SYSCALL_STUB_LIST	0, 1, 2, 3
#define HAL_EXC_STUB_LIST						\
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,		\
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
#define HAL_IRQ_STUB_LIST	HAL_EXC_STUB_LIST, 32, 33, 34, 35, 36, 37, 38, 39

#define HAL_THUNK_CLI_LEN	9	/* an instruction that changes when Keel attaches */

#define HAL_EXC_DONE		0	/* dealt with: return from the exception */
#define HAL_EXC_NATIVE		1	/* run Linux's handler as if nothing were */
#define HAL_EXC_STALLED		2	/* run it with the flag shown as off */
#define HAL_EXC_STALLED_OPEN	3	/* the same with H open: it takes long (WARN) */

#ifndef __ASSEMBLY__

#include <linux/types.h>

struct pt_regs;
struct stack_info;
struct task_struct;
struct insn;
struct cpumask;
struct seccomp_data;

/* Slot thunks: addresses only, never called from C. */
void hal_thunk_cli(void);
extern const unsigned char hal_thunk_cli_act[], hal_thunk_cli_virtual[];
void hal_thunk_sti(void);
void hal_thunk_save(void);
void hal_safe_halt(void);
void hal_rdgsbase_inactive(void);
void hal_wrgsbase_inactive(void);
void hal_update_vsyscall(void);
void hal_int3(void);
void hal_membarrier(void);
void hal_lseek(void);
void hal_stack_info(void);
void hal_tick_irq_enter(void);
void hal_wake_up_process(void);

int hal_insn_decode(struct insn *insn, const void *kaddr, int len, int mode);
int hal_kallsyms_lookup_size_offset(unsigned long addr, unsigned long *size,
				    unsigned long *offset);
unsigned long hal_kallsyms_lookup_name(const char *name);
int hal_stop_machine_cpuslocked(int (*fn)(void *arg), void *arg, const struct cpumask *cpus);
unsigned long hal_recover_probed(unsigned char *buf, unsigned long addr);
void hal_ct_nmi_enter(void);
void hal_ct_nmi_exit(void);
long hal_sched_setaffinity(pid_t pid, const struct cpumask *mask);
void hal_send_sigtrap(struct pt_regs *regs, int error, int code);
int hal_send_sig_info(int sig, struct kernel_siginfo *info, struct task_struct *task, enum pid_type type);
int hal_secure_computing(const struct seccomp_data *data);

/* Entered from thunks.S only. All hard masked. */
int hal_timer_gate(struct pt_regs *regs);
int hal_irq_gate(struct pt_regs *regs, unsigned long vector, int stub);
void hal_irq_replay(void);
int hal_exc_gate(struct pt_regs *regs, unsigned long error, int stub);
void hal_int3_return(struct pt_regs *regs);
int hal_syscall_gate(struct pt_regs *regs, long nr, int stub);
void hal_user_first(struct pt_regs *regs);
int hal_guard_holds(const unsigned long *sp);
int hal_over_idle(void);

/* In-band: membarrier(2) with these arguments. */
void hal_membarrier_hard(const struct pt_regs *regs);

/* For Linux's unwinder, on a stack that is none of its own. Context: any, NMI too. */
bool hal_stack_known(const unsigned long *stack, const struct task_struct *task,
		     struct stack_info *info);

void hal_switch_stack(void);	/* not by the C calling convention */
void hal_start_kernel(void);
void hal_start_user(void);
void hal_unset(void);
void hal_preempt_guard(void);

/* The stubs, and the places in them that hold a displacement, gathered by thunks.S. */
extern const unsigned long hal_irq_stubs[], hal_inner_stubs[], hal_exc_stubs[],
			   hal_syscall_stubs[];
extern const unsigned long hal_irq_jmp[], hal_inner_call[], hal_inner_jmp[], hal_exc_jmp[],
			   hal_exc_call[], hal_syscall_jmp[], hal_linux_jmp[],
			   hal_int3_call[], hal_int3_jmp[], hal_vsyscall_call[], hal_stack_call[],
			   hal_open_call[], hal_open_jmp[],
			   hal_user_exit[], hal_preempt_jmp[];

#endif
#endif
